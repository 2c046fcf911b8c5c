/* SPDX-License-Identifier: MIT */
#include <sodium.h>
#include <stdio.h>

#include "common/log.h"
#include "common/text.h"
#include "fake.h"
#include "micelio-gossipd/record.h"
#include "micelio-gossipd/relay.h"
#include "micelio-gossipd/verify.h"
#include "proto/m2.h"
#include "proto/message.h"

static void
send_cb(void *arg, const uint32_t *sids, size_t n, const void *p, size_t len)
{
	struct fake *f = arg;
	struct fake_frame *o = &f->sent[f->nsent];

	assert_true(n >= 1 && n <= 64 && f->nsent < FAKE_MAX);
	memcpy(o->sids, sids, n * sizeof(*sids));
	o->n = n;
	o->data = malloc(len + 1);
	memcpy(o->data, p, len);
	o->len = len;
	f->nsent++;
}

static void
ready_cb(void *arg, uint32_t sid)
{
	struct fake *f = arg;

	assert_true(f->nready < FAKE_MAX);
	f->ready[f->nready++] = sid;
}

static void
close_cb(void *arg, uint32_t sid, enum down_reason why)
{
	struct fake *f = arg;

	assert_true(f->nclosed < FAKE_MAX);
	f->closed[f->nclosed].sid = sid;
	f->closed[f->nclosed++].why = why;
}

static void
credit_cb(void *arg, uint32_t sid, uint32_t frames, uint32_t bytes)
{
	struct fake *f = arg;

	(void)sid;
	f->credit_frames += frames;
	f->credit_bytes += bytes;
}

static void
dial_cb(void *arg, uint32_t num, const struct nodeid *expect, const char *to,
    uint8_t flags)
{
	struct fake *f = arg;

	assert_true(f->ndials < FAKE_MAX);
	f->dials[f->ndials].num = num;
	f->dials[f->ndials].pinned = expect != NULL;
	f->dials[f->ndials].flags = flags;
	if (expect != NULL)
		f->dials[f->ndials].expect = *expect;
	text_copy(f->dials[f->ndials++].to, to, sizeof(f->dials[0].to));
}

static void
dial_cancel_cb(void *arg, uint32_t num)
{
	struct fake *f = arg;

	(void)num;
	f->ncancels++;
}

static enum verdict
verify_cb(void *arg, uint64_t job, const uint8_t *pub, const uint8_t *sig,
    const void *msg, size_t len)
{
	struct fake *f = arg;
	bool good = verify_signature(pub, sig, 64, msg, len);

	f->nverifies++;
	if (!f->defer)
		return good ? VERDICT_GOOD : VERDICT_BAD;
	assert_true(f->njobs < FAKE_MAX);
	f->jobs[f->njobs].job = job;
	f->jobs[f->njobs++].good = good;
	return VERDICT_PENDING;
}

static void
sign_cb(void *arg, uint32_t req, const char *mid, uint64_t lamport,
    uint32_t type, const void *payload, size_t len)
{
	struct fake *f = arg;
	struct fake_sign *s = &f->signs[f->nsigns];

	assert_true(f->nsigns < FAKE_MAX);
	s->req = req;
	text_copy(s->message_id, mid, sizeof(s->message_id));
	s->lamport = lamport;
	s->type = type;
	s->payload = malloc(len + 1);
	memcpy(s->payload, payload, len);
	s->len = len;
	f->nsigns++;
}

/* Noted with the bytes to be signed. */
static void
sign_record_cb(void *arg, uint32_t req, const struct m2_record *r)
{
	struct fake *f = arg;
	struct fake_sign *s = &f->signs[f->nsigns];
	struct wbuf b;

	assert_true(f->nsigns < FAKE_MAX);
	wbuf_init(&b, FRAME_ROOM);
	record_signed_bytes(&b, r);
	s->req = req;
	s->message_id[0] = '\0';
	s->lamport = 0;
	s->type = MSG_PEER_RECORDS;
	s->payload = malloc(b.len);
	memcpy(s->payload, b.p, b.len);
	s->len = b.len;
	f->nsigns++;
	wbuf_free(&b);
}

static void
copy_slice(char *dst, size_t size, struct slice s)
{
	size_t n = s.n < size - 1 ? s.n : size - 1;

	if (n > 0)
		memcpy(dst, s.p, n);
	dst[n] = '\0';
}

static void
chat_in_cb(void *arg, const struct nodeid *id, struct slice mid,
    const struct chat_msg *c)
{
	struct fake *f = arg;

	assert_true(f->nchats < FAKE_MAX);
	f->chats[f->nchats].id = *id;
	f->chats[f->nchats].ts = c->timestamp;
	f->chats[f->nchats].earlier = c->earlier;
	copy_slice(f->chats[f->nchats].mid, 129, mid);
	copy_slice(f->chats[f->nchats].nick, 128, c->nick);
	copy_slice(f->chats[f->nchats].text, 256, c->text);
	f->nchats++;
}

static void
room_in_cb(void *arg, const struct nodeid *id, const struct room_msg *m)
{
	struct fake *f = arg;

	(void)id;
	(void)m;
	f->nrooms++;
}

static void
chat_result_cb(void *arg, uint32_t req, enum chat_status status,
    uint16_t given, uint16_t of, uint32_t retry)
{
	struct fake *f = arg;

	assert_true(f->nresults < FAKE_MAX);
	f->results[f->nresults].req = req;
	f->results[f->nresults].status = status;
	f->results[f->nresults].given = given;
	f->results[f->nresults].of = of;
	f->results[f->nresults++].retry = retry;
}

static void
link_done_cb(void *arg, uint32_t req, enum link_status status,
    enum down_reason why, const struct nodeid *id, uint64_t ms)
{
	struct fake *f = arg;

	assert_true(f->nlinks < FAKE_MAX);
	f->links[f->nlinks].req = req;
	f->links[f->nlinks].status = status;
	f->links[f->nlinks].why = why;
	f->links[f->nlinks].has_id = id != NULL;
	if (id != NULL)
		f->links[f->nlinks].id = *id;
	f->links[f->nlinks++].ms = ms;
}

static void
ping_done_cb(void *arg, uint32_t req, enum ping_status status, uint32_t ms,
    uint32_t rtt_us, const char *addr)
{
	struct fake *f = arg;

	(void)rtt_us;
	(void)addr;
	assert_true(f->npings < FAKE_MAX);
	f->pings[f->npings].req = req;
	f->pings[f->npings].status = status;
	f->pings[f->npings++].ms = ms;
}

static void
peer_put_cb(void *arg, const struct book_peer *p)
{
	struct fake *f = arg;

	assert_true(f->nputs < FAKE_MAX);
	f->puts[f->nputs++] = *p;
}

static void
peer_del_cb(void *arg, const struct nodeid *id)
{
	struct fake *f = arg;

	assert_true(f->ndels < FAKE_MAX);
	f->dels[f->ndels++] = *id;
}

static void
event_cb(void *arg, enum log_ev ev, uint64_t limit,
    const struct log_field *fields)
{
	struct fake *f = arg;
	char *out;
	size_t n = 0;

	(void)limit;
	if (f->nevents == FAKE_MAX)
		return;
	f->events[f->nevents].ev = ev;
	out = f->events[f->nevents++].text;
	out[0] = '\0';
	for (; fields->type != LF_T_END; fields++)
		if (fields->type == LF_T_STR && fields->ptr != NULL)
			n += (size_t)snprintf(out + n, n < 256 ? 256 - n : 0,
			    "%s=%s ", fields->key, (const char *)fields->ptr);
}

static void
random_cb(void *arg, void *buf, size_t n)
{
	struct fake *f = arg;
	uint8_t *p = buf;

	while (n-- > 0) {
		f->rnd = f->rnd * UINT64_C(6364136223846793005) + 1;
		*p++ = (uint8_t)(f->rnd >> 33);
	}
}

static const struct gossip_ops fake_ops = {
	send_cb, ready_cb, close_cb, credit_cb, dial_cb, dial_cancel_cb,
	verify_cb, sign_cb, chat_in_cb, chat_result_cb, link_done_cb,
	peer_put_cb, peer_del_cb, sign_record_cb,
	event_cb, random_cb, room_in_cb, .ping_done = ping_done_cb,
};

struct fake *
fake_new(unsigned int n)
{
	struct fake *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	verify_init();
	ident_make(&f->me, n);
	f->now = (struct gtime){ 1000000, START_WALL };
	f->rnd = n + 1;
	fake_start(f);
	return f;
}

void
fake_start(struct fake *f)
{
	struct gossip_id id = { .id = f->me.id };

	memcpy(id.pubkey, f->me.pub, 32);
	memcpy(id.noise_static, f->me.noise, 32);
	if (f->g != NULL)
		gossip_free(f->g);
	f->g = gossip_new(&fake_ops, f, &id, &f->conf, f->now);
	gossip_tick(f->g, f->now);
}

void
fake_forget_sent(struct fake *f)
{
	while (f->nsent > 0)
		free(f->sent[--f->nsent].data);
}

void
fake_forget(struct fake *f)
{
	size_t i;

	fake_forget_sent(f);
	for (i = 0; i < f->nsigns; i++)
		free(f->signs[i].payload);
	f->nclosed = f->nready = f->ndials = f->ncancels = 0;
	f->nsigns = f->signed_up_to = f->njobs = f->jobs_done = 0;
	f->nverifies = f->nchats = f->nresults = f->nevents = f->nputs = 0;
	f->ndels = f->nlinks = 0;
	f->credit_frames = f->credit_bytes = 0;
}

void
fake_free(struct fake *f)
{
	fake_forget(f);
	gossip_free(f->g);
	strlist_free(&f->conf.network_bootstrap);
	strlist_free(&f->conf.network_allow);
	strlist_free(&f->conf.node_tags);
	free(f);
}

void
fake_pass(struct fake *f, uint64_t ms)
{
	f->now.mono += ms;
	f->now.wall += ms;
	gossip_tick(f->g, f->now);
}

void
fake_pump(struct fake *f)
{
	const struct fake_sign *s;
	uint8_t sig[64];
	struct wbuf b;

	wbuf_init(&b, FRAME_ROOM);
	while (f->signed_up_to < f->nsigns) {
		s = &f->signs[f->signed_up_to++];
		wbuf_reset(&b);
		if (s->type != MSG_PEER_RECORDS) {
			wbuf_bytes(&b, s->message_id, UUID_LEN);
			wbuf_bytes(&b, f->me.hex, NODEID_HEX);
			wbuf_u64be(&b, s->lamport);
			wbuf_u32be(&b, s->type);
		}
		wbuf_bytes(&b, s->payload, s->len);
		crypto_sign_detached(sig, NULL, b.p, b.len, f->me.sec);
		gossip_signed(f->g, f->now, s->req, f->sign_status, sig);
	}
	wbuf_free(&b);
}

void
fake_jitter(struct fake *f)
{
	fake_pass(f, V1_JITTER_BIG_MS);
}

bool
fake_verify_next(struct fake *f)
{
	size_t i = f->jobs_done;

	if (i == f->njobs)
		return false;
	f->jobs_done++;
	gossip_verified(f->g, f->now, f->jobs[i].job, f->jobs[i].good);
	return true;
}

void
fake_chat(struct fake *f, uint32_t req, const void *nick, size_t nick_len,
    const void *text, size_t text_len)
{
	struct chat_msg c = { .nick = { nick, nick_len },
		.text = { text, text_len } };

	gossip_chat_say(f->g, f->now, req, &c);
}

bool
fake_event(const struct fake *f, enum log_ev ev, const char *text)
{
	size_t i;

	for (i = 0; i < f->nevents; i++)
		if (f->events[i].ev == ev &&
		    strstr(f->events[i].text, text) != NULL)
			return true;
	return false;
}

void
fake_frame(struct fake *f, uint32_t sid, struct slice s)
{
	gossip_frame(f->g, f->now, sid, s.p, s.n);
}

void
fake_connect(struct fake *f, uint32_t sid, const struct ident *i)
{
	uint8_t hash[32] = { 0 };
	char addr[32];

	snprintf(addr, sizeof(addr), "127.0.0.1:%u", 40000 + sid);
	gossip_session_up(f->g, f->now, sid, false, 0, hash, i->noise, addr);
	fake_frame(f, sid, hello_make(i, MSG_HELLO, ""));
	fake_pump(f);
}

void
fake_connect_kin(struct fake *f, uint32_t sid, const struct ident *i,
    const char *listen)
{
	uint8_t hash[32] = { 0 };

	gossip_session_up(f->g, f->now, sid, false, 0, hash, i->noise,
	    "127.0.0.1:50000");
	fake_frame(f, sid, hello_tagged(i, MSG_HELLO, listen, FAKE_KIN));
	fake_pump(f);
}

void
fake_dialled(struct fake *f, uint32_t sid, uint32_t dial,
    const struct ident *i)
{
	uint8_t hash[32] = { 0 };

	gossip_session_up(f->g, f->now, sid, true, dial, hash, i->noise,
	    "127.0.0.1:4000");
	fake_pump(f);
	fake_frame(f, sid, hello_make(i, MSG_HELLO_ACK, "127.0.0.1:4000"));
}

const struct fake_frame *
fake_last(const struct fake *f, struct envelope *e)
{
	const struct fake_frame *last;

	assert_true(f->nsent > 0);
	last = &f->sent[f->nsent - 1];
	assert_true(envelope_read(e, last->data, last->len));
	return last;
}

bool
frame_went_to(const struct fake_frame *o, uint32_t sid)
{
	size_t i;

	for (i = 0; i < o->n; i++)
		if (o->sids[i] == sid)
			return true;
	return false;
}

enum down_reason
fake_close_reason(const struct fake *f, uint32_t sid)
{
	size_t i;

	for (i = 0; i < f->nclosed; i++)
		if (f->closed[i].sid == sid)
			return f->closed[i].why;
	return DOWN_NONE;
}
