/* SPDX-License-Identifier: MIT */
/*
 * The hello (wire-v1 3.5): the first frame in each direction says who is
 * there and shows that the Noise key belongs to it.
 *
 *   outbound  HELLO_SIGN -> ACK_WAIT -> VERIFY -> READY
 *   inbound   HELLO_WAIT -> VERIFY -> ACK_SIGN -> READY
 *
 * A responder decides whether it wants the node before it answers: a refused
 * initiator then sees a failed dial and waits longer each time, where v1
 * would let it believe that it is connected (8, W3).
 */
#include <stdio.h>
#include <string.h>

#include "admit.h"
#include "budget.h"
#include "common/addr.h"
#include "common/conf.h"
#include "common/cursor.h"
#include "common/imsg.h"
#include "common/imsg_types.h"
#include "common/log.h"
#include "common/nodeid.h"
#include "core.h"
#include "envelope_out.h"
#include "hello.h"
#include "jobs.h"
#include "maplink.h"
#include "montgomery.h"
#include "names.h"
#include "peers.h"
#include "proto/arena.h"
#include "proto/envelope.h"
#include "proto/message.h"
#include "session.h"

#define TEXT_MAX	256

static void	refuse(struct gossip *, struct session *, enum down_reason,
		    const char *check, const char *text);
static bool	check_rest(const struct session *, const struct job *,
		    const struct hello_msg *, const struct nodeid *,
		    const char **check, char text[TEXT_MAX]);
static void	accept_hello(struct gossip *, struct session *,
		    const struct job *, const struct hello_msg *,
		    const struct nodeid *);
static void	sign_hello(struct gossip *, struct session *);
static const char *admit_text(enum down_reason);
static void	keep_text(char out[HELLO_TEXT_MAX + 1], const struct slice *,
		    size_t n);
static bool	tag_is_ours(struct slice);
static bool	tag_is_reserved(struct slice);
static uint64_t	tag_bits(struct slice);
static bool	announces(const struct hello_msg *, uint64_t *caps);

/* Nodes of our kind know each other by it; v1 nodes pass over tags. */
#define CAP_RESERVED	"cap/"
#define CAP_PREFIX	"cap/m2."

void
hello_start(struct gossip *g, struct session *s)
{
	enum down_reason why;

	/* Whoever holds our Noise key is us. */
	if (memcmp(s->remote_static, g->noise_static, 32) == 0) {
		peers_close(g, s, DOWN_SELF);
		return;
	}
	/* One more connection to a peer we have: no need to ask its name. */
	if (peers_recognise(g, s) &&
	    (why = peers_admit(g, s)) != DOWN_NONE) {
		s->proved = true;
		refuse(g, s, why, down_reason_text(why), admit_text(why));
		return;
	}
	if (s->outbound)
		sign_hello(g, s);
	else
		s->state = PEER_HELLO_WAIT;
}

const char *
hello_advertise(const struct gossip *g)
{
	struct hostport hp;
	const char *why;
	size_t i;

	if (g->conf->network_advertise_addr[0] != '\0')
		return g->conf->network_advertise_addr;
	for (i = 0; i < g->nlistening; i++)
		if (hostport_split(g->listening[i], &hp, &why) &&
		    hp.host[0] != '\0' && strcmp(hp.host, "0.0.0.0") != 0 &&
		    strcmp(hp.host, "::") != 0)
			return g->listening[i];
	return "";
}

bool
addr_shareable(const char *addr, size_t n)
{
	char text[HOSTPORT_MAX + 1];
	struct hostport hp;
	const char *why;

	if (n == 0 || n > HOSTPORT_MAX || memchr(addr, '\0', n) != NULL)
		return false;
	memcpy(text, addr, n);
	text[n] = '\0';
	return hostport_split(text, &hp, &why) && hp.port[0] != '\0' &&
	    hp.host[0] != '\0' && strcmp(hp.host, "0.0.0.0") != 0 &&
	    strcmp(hp.host, "::") != 0;
}

static struct slice
text_slice(const char *s)
{
	return (struct slice){ (const uint8_t *)s, strlen(s) };
}

static void
sign_hello(struct gossip *g, struct session *s)
{
	struct slice tags[HELLO_TAGS_MAX];
	const struct strlist *l = &g->conf->node_tags;
	const char *addr = hello_advertise(g);
	struct hello_msg h = { .tags = tags };
	char tag[sizeof(CAP_PREFIX) + 16], name[NAME_TAG_MAX];
	size_t i;

	s->state = s->outbound ? PEER_HELLO_SIGN : PEER_ACK_SIGN;
	s->sign_at = 0;
	h.node_id = text_slice(g->id_hex);
	h.version = text_slice(HELLO_VERSION);
	for (i = 0; i < l->n && h.ntags < HELLO_TAGS_MAX - 2; i++)
		if (strncmp(l->v[i], CAP_RESERVED,
		    sizeof(CAP_RESERVED) - 1) != 0)
			tags[h.ntags++] = text_slice(l->v[i]);
	tags[h.ntags++] = (struct slice){ (const uint8_t *)tag, (size_t)snprintf(
	    tag, sizeof(tag), CAP_PREFIX "%llx",
	    (unsigned long long)maplink_caps(g)) };
	if (name_tag(g, name, &tags[h.ntags]))
		h.ntags++;
	h.reachable = addr[0] != '\0';
	h.listen_addr = text_slice(addr);
	h.pubkey = (struct slice){ g->pubkey, sizeof(g->pubkey) };
	wbuf_reset(&g->payload);
	hello_write(&g->payload, &h);
	if (!envelope_sign(g, SIGN_HELLO, s->sid, false,
	    s->outbound ? MSG_HELLO : MSG_HELLO_ACK, g->payload.p,
	    g->payload.len))
		peers_close(g, s, DOWN_RESOURCE);
}

/* The key service had too much to do; the deadline of the hello runs on. */
void
hello_retry(struct gossip *g, struct session *s)
{
	if (s->state == PEER_HELLO_SIGN || s->state == PEER_ACK_SIGN)
		sign_hello(g, s);
	s->sign_at = 0;
}

void
hello_signed(struct gossip *g, const struct signing *sg,
    enum key_status status, const void *frame, size_t len)
{
	struct session *s = peers_session(g, sg->ref);
	enum down_reason why;

	if (s == NULL ||
	    (s->state != PEER_HELLO_SIGN && s->state != PEER_ACK_SIGN))
		return;
	if (status == KEY_SLOWED) {
		s->sign_at = g->now.mono + SIGN_RETRY_MS;
		peers_due(g, s->sign_at);
		return;
	}
	/* In the meantime another connection may have been quicker. */
	if (s->state == PEER_ACK_SIGN &&
	    (why = peers_admit(g, s)) != DOWN_NONE) {
		refuse(g, s, why, down_reason_text(why), admit_text(why));
		return;
	}
	if (status != KEY_OK || !peers_send(g, s, frame, len)) {
		peers_close(g, s, DOWN_RESOURCE);
		return;
	}
	if (s->state == PEER_ACK_SIGN)
		peers_register(g, s);
	else
		s->state = PEER_ACK_WAIT;
}

/* Checks b, c, d; then e, whose answer may take a while. */
void
hello_frame(struct gossip *g, struct session *s, const void *p, size_t len)
{
	uint32_t want = s->outbound ? MSG_HELLO_ACK : MSG_HELLO;
	struct job job = { .kind = JOB_HELLO, .sid = s->sid, .len = len };
	struct hello_msg h;
	char text[TEXT_MAX];

	if (s->state != PEER_HELLO_WAIT && s->state != PEER_ACK_WAIT) {
		refuse(g, s, DOWN_HELLO, "order",
		    "a frame before it was its turn");
		return;
	}
	if (!envelope_read(&job.env, p, len)) {
		refuse(g, s, DOWN_HELLO, "envelope",
		    "unmarshal hello envelope: not an envelope");
		return;
	}
	if (job.env.msg_type != want) {
		snprintf(text, sizeof(text), "expected msg_type %u, got %u",
		    want, job.env.msg_type);
		refuse(g, s, DOWN_HELLO, "type", text);
		return;
	}
	arena_reset(&g->arena);
	if (!hello_read(&h, &g->arena, job.env.payload.p,
	    job.env.payload.n)) {
		refuse(g, s, DOWN_HELLO, "payload",
		    "unmarshal hello: not a hello");
		return;
	}
	s->state = PEER_VERIFY;
	if (h.pubkey.n != sizeof(job.pubkey)) {
		hello_verified(g, s, &job, false);
		return;
	}
	memcpy(job.pubkey, h.pubkey.p, sizeof(job.pubkey));
	job_run(g, &job);
}

static int
shown(struct slice s)
{
	return s.n < 80 ? (int)s.n : 80;
}

#define SHOW(s)	shown(s), (s).n > 0 ? (const char *)(s).p : ""

void
hello_verified(struct gossip *g, struct session *s, const struct job *job,
    bool good)
{
	char text[TEXT_MAX];
	struct hello_msg h;
	struct nodeid id;
	const char *check;

	arena_reset(&g->arena);
	if (!hello_read(&h, &g->arena, job->env.payload.p,
	    job->env.payload.n)) {
		refuse(g, s, DOWN_HELLO, "payload",
		    "unmarshal hello: not a hello");
		return;
	}
	if (!good) {
		snprintf(text, sizeof(text),
		    "invalid signature on hello from %.*s", SHOW(h.node_id));
		refuse(g, s, DOWN_HELLO, "signature", text);
		return;
	}
	nodeid_from_pubkey(&id, job->pubkey);
	if (!check_rest(s, job, &h, &id, &check, text)) {
		refuse(g, s, DOWN_HELLO, check, text);
		return;
	}
	accept_hello(g, s, job, &h, &id);
}

/* Checks f, g, h. */
static bool
check_rest(const struct session *s, const struct job *job,
    const struct hello_msg *h, const struct nodeid *id, const char **check,
    char text[TEXT_MAX])
{
	struct slice sender = job->env.sender_id;
	char hex[NODEID_HEX + 1];
	uint8_t noise[32];

	*check = "sender";
	if (sender.n != h->node_id.n ||
	    (sender.n > 0 && memcmp(sender.p, h->node_id.p, sender.n) != 0)) {
		snprintf(text, TEXT_MAX, "sender_id mismatch: envelope "
		    "\"%.*s\" vs hello \"%.*s\"", SHOW(sender),
		    SHOW(h->node_id));
		return false;
	}
	*check = "node-id";
	nodeid_hex(id, hex);
	if (h->node_id.n != NODEID_HEX ||
	    memcmp(h->node_id.p, hex, NODEID_HEX) != 0) {
		snprintf(text, TEXT_MAX, "node_id mismatch: claimed %.*s, "
		    "derived %s", SHOW(h->node_id), hex);
		return false;
	}
	*check = "x25519";
	if (!montgomery_from_edwards(job->pubkey, sizeof(job->pubkey),
	    noise)) {
		snprintf(text, TEXT_MAX, "converting peer ed25519 to x25519: "
		    "the key is not a point of the curve");
		return false;
	}
	if (memcmp(noise, s->remote_static, sizeof(noise)) != 0) {
		snprintf(text, TEXT_MAX, "x25519 key mismatch: %s does not "
		    "hold this connection", hex);
		return false;
	}
	return true;
}

/* For people: what fits, whole texts, one space between two. */
static void
keep_text(char out[HELLO_TEXT_MAX + 1], const struct slice *v, size_t nv)
{
	size_t i, n = 0;

	for (i = 0; i < nv; i++) {
		if (tag_is_reserved(v[i]) || v[i].n == 0 ||
		    v[i].n > HELLO_TEXT_MAX - n - (n > 0) ||
		    memchr(v[i].p, '\0', v[i].n) != NULL)
			continue;
		if (n > 0)
			out[n++] = ' ';
		memcpy(out + n, v[i].p, v[i].n);
		n += v[i].n;
	}
	out[n] = '\0';
}

static void
accept_hello(struct gossip *g, struct session *s, const struct job *job,
    const struct hello_msg *h, const struct nodeid *id)
{
	enum down_reason why;

	s->proved = true;
	s->id = *id;
	memcpy(s->pubkey, job->pubkey, sizeof(s->pubkey));
	s->reachable = h->reachable;
	s->capable = announces(h, &s->caps);
	/* Anything may stand there; only an address is of use. */
	if (addr_shareable((const char *)h->listen_addr.p,
	    h->listen_addr.n)) {
		memcpy(s->listen_addr, h->listen_addr.p, h->listen_addr.n);
		s->listen_addr[h->listen_addr.n] = '\0';
	}
	keep_text(s->version, &h->version, 1);
	keep_text(s->tags, h->tags, h->ntags);
	name_take(s, h);
	if ((why = peers_admit(g, s)) != DOWN_NONE)
		refuse(g, s, why, down_reason_text(why), admit_text(why));
	else if (s->outbound)
		peers_register(g, s);
	else
		sign_hello(g, s);
}

/* "cap/m2." and 1 to 16 lower-case hex digits, once. */
static bool
announces(const struct hello_msg *h, uint64_t *caps)
{
	size_t i, n = 0;

	*caps = 0;
	for (i = 0; i < h->ntags; i++)
		if (tag_is_ours(h->tags[i])) {
			*caps = tag_bits(h->tags[i]);
			n++;
		}
	if (n != 1)
		*caps = 0;
	return n == 1;
}

/* Said between nodes, of whatever version: nothing for people. */
static bool
tag_is_reserved(struct slice tag)
{
	const size_t len = sizeof(CAP_RESERVED) - 1;

	return tag.n >= len && memcmp(tag.p, CAP_RESERVED, len) == 0;
}

static uint64_t
tag_bits(struct slice tag)
{
	uint64_t bits = 0;
	size_t i;

	for (i = sizeof(CAP_PREFIX) - 1; i < tag.n; i++)
		bits = bits << 4 | (uint64_t)(tag.p[i] <= '9' ?
		    tag.p[i] - '0' : tag.p[i] - 'a' + 10);
	return bits;
}

static bool
tag_is_ours(struct slice tag)
{
	const size_t len = sizeof(CAP_PREFIX) - 1;
	size_t i;

	if (tag.n <= len || tag.n > len + 16 ||
	    memcmp(tag.p, CAP_PREFIX, len) != 0)
		return false;
	for (i = len; i < tag.n; i++)
		if (!(tag.p[i] >= '0' && tag.p[i] <= '9') &&
		    !(tag.p[i] >= 'a' && tag.p[i] <= 'f'))
			return false;
	return true;
}

static const char *
admit_text(enum down_reason why)
{
	switch (why) {
	case DOWN_SELF:
		return "that is this node itself";
	case DOWN_WRONG_PEER:
		return "another node than the one named answered";
	case DOWN_NOT_ALLOWED:
		return "the node is not in network.allow";
	case DOWN_UNLINKED:
		return "it was unlinked by hand a moment ago";
	case DOWN_ABUSE:
		return "the node sent too much bad input a moment ago";
	case DOWN_FULL:
		return "max peers reached";
	case DOWN_DUPLICATE:
		return "the node is connected already";
	default:
		return down_reason_text(why);
	}
}

/* Full and duplicate are everyday matters, the others are not. */
static void
refuse(struct gossip *g, struct session *s, enum down_reason why,
    const char *check, const char *text)
{
	bool everyday = why == DOWN_FULL || why == DOWN_DUPLICATE ||
	    why == DOWN_UNLINKED;

	if (everyday)
		gossip_log(g, EV_PEER_REFUSED, host_limit(s->addr),
		    LF_ID("id", &s->id), LF_STR("addr", s->addr),
		    LF_STR("cause", check), LF_STR("text", text));
	else
		gossip_log(g, EV_HELLO_REFUSED, host_limit(s->addr),
		    LF_STR("addr", s->addr), LF_STR("check", check),
		    LF_STR("text", text));
	g->count.hellos_refused++;
	peers_close(g, s, why);
}
