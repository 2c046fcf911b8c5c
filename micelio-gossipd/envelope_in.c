/* SPDX-License-Identifier: MIT */
/*
 * What a connected node sends: the checks of wire-v1 4.3 in their order, with
 * the amendments of section 8: the id is reserved before the signature is
 * checked and released when the message turns out bad (W36), keys are learnt
 * after the check (W6), hops are clamped (W5), our own messages and old ones
 * are not taken again (W4).
 */
#include <string.h>

#include "book.h"
#include "budget.h"
#include "chat.h"
#include "common/log.h"
#include "common/nodeid.h"
#include "common/ratelimit.h"
#include "core.h"
#include "drop.h"
#include "envelope_in.h"
#include "exchange.h"
#include "fresh.h"
#include "jobs.h"
#include "keyring.h"
#include "limiter.h"
#include "link.h"
#include "lru.h"
#include "maplink.h"
#include "parked.h"
#include "peers.h"
#include "proto/arena.h"
#include "proto/envelope.h"
#include "proto/m2.h"
#include "proto/message.h"
#include "repair.h"
#include "seen.h"
#include "session.h"
#include "suspect.h"
#include "talk.h"
#include "tree.h"

static bool	is_m2(const struct session *);
static uint64_t	sid_of(const uint8_t key[16]);
static void	own_in(struct gossip *, struct session *,
		    const struct job *);
static void	duplicate_in(struct gossip *, struct session *,
		    const struct job *);
static void	unwanted(struct gossip *, struct session *,
		    const struct job *);
static void	over_rate(struct gossip *, const struct job *,
		    struct session *);
static void	gossip_in(struct gossip *, struct session *,
		    const struct envelope *);
static bool	sizes_good(struct gossip *, struct session *,
		    const struct envelope *);
static bool	key_find(struct gossip *, struct job *);
static bool	neighbour_allow(struct gossip *, struct session *, size_t);
static void	message_good(struct gossip *, struct job *);
static bool	said_earlier(const struct gossip *, const struct job *,
		    const struct chat_msg *);
static void	chat_stale(struct gossip *, const struct job *,
		    struct session *);
static bool	id_reserve(struct gossip *, const struct job *);

void
envelope_in(struct gossip *g, struct session *s, const void *p, size_t len)
{
	struct envelope env;

	if (!envelope_read(&env, p, len)) {
		drop_count(g, s, DROP_MALFORMED);
		peers_handled(g, s, len);
		return;
	}
	switch (env.msg_type) {
	case MSG_KEEPALIVE:
		break;
	case MSG_HELLO:
	case MSG_HELLO_ACK:
		g->count.drops[DROP_TYPE]++;
		break;
	case MSG_PEER_EXCHANGE:
		exchange_in(g, s, &env);
		return;
	case MSG_LINK_CTRL:
	case MSG_PEER_RECORDS:
		link_frame(g, s, &env);
		break;
	case MSG_RECONCILE:
		link_frame(g, s, &env);
		if (!maplink_handled(s->link, len))
			return;
		break;
	default:
		gossip_in(g, s, &env);
		return;
	}
	peers_idle(g, s, len);
	peers_handled(g, s, len);
}

static void
gossip_in(struct gossip *g, struct session *s, const struct envelope *env)
{
	struct job job = { .kind = JOB_GOSSIP, .sid = s->sid, .env = *env,
		.len = env->raw.n };
	enum seen_state seen;

	if (!sizes_good(g, s, env))
		goto done;
	if (!nodeid_parse(&job.sender, (const char *)env->sender_id.p,
	    env->sender_id.n)) {
		/* Not the hash of any key. */
		drop_count(g, s, DROP_NO_KEY);
		goto done;
	}
	if (env->msg_type >= MSG_OURS_MIN && env->msg_type <= MSG_OURS_MAX &&
	    !m2_ids_good(env)) {
		drop_count(g, s, DROP_IDS);
		goto done;
	}
	message_key(g, env, job.mid, job.seen_key);
	if (nodeid_equal(&job.sender, &g->id)) {
		own_in(g, s, &job);
		goto done;
	}
	seen = seen_look(&g->seen, job.seen_key);
	if (seen == SEEN_KNOWN) {
		duplicate_in(g, s, &job);
		goto done;
	}
	if (repair_is_early(g, s, sid_of(job.seen_key)))
		goto done;
	if (!key_find(g, &job)) {
		repair_spoilt(g, s, sid_of(job.seen_key));
		drop_count(g, s, DROP_NO_KEY);
		goto done;
	}
	if (!neighbour_allow(g, s, env->raw.n)) {
		drop_count(g, s, DROP_NEIGHBOUR);
		goto handled;
	}
	job.m2 = is_m2(s);
	job.asked = repair_asked(g, sid_of(job.seen_key));
	if (seen == SEEN_RESERVED) {
		if (job_wait(g, &job))
			return;
		drop_count(g, s, DROP_DUPLICATE);
		goto done;
	}
	if (!id_reserve(g, &job)) {
		unwanted(g, s, &job);
		drop_count(g, s, DROP_MEMORY);
		goto handled;
	}
	job_run(g, &job);
	return;
done:
	peers_idle(g, s, env->raw.n);
handled:
	peers_handled(g, s, env->raw.n);
}

void
sid_key(uint64_t sid, uint8_t key[16])
{
	memset(key, 0, 16);
	memcpy(key, &sid, sizeof(sid));
}

static uint64_t
sid_of(const uint8_t key[16])
{
	uint64_t sid;

	memcpy(&sid, key, sizeof(sid));
	return sid;
}

void
message_key(const struct gossip *g, const struct envelope *env,
    uint8_t mid[M2_MID], uint8_t key[16])
{
	m2_mid(env, mid);
	sid_key(m2_sid(g->bcast.salt, mid), key);
}

static bool
is_m2(const struct session *s)
{
	return s->link != NULL && s->link->kind == LINK_M2;
}

/* It came, and is not taken: nobody needs to be asked for it. */
static void
unwanted(struct gossip *g, struct session *s, const struct job *job)
{
	struct want *w = repair_want(g, sid_of(job->seen_key));

	if (w != NULL)
		repair_done(g, w, s);
}

static void
duplicate_in(struct gossip *g, struct session *s, const struct job *job)
{
	drop_count(g, s, DROP_DUPLICATE);
	if (s != NULL)
		tree_duplicate(g, s, sid_of(job->seen_key));
}

/* Back again; or from before our start, then once is enough. */
static void
own_in(struct gossip *g, struct session *s, const struct job *job)
{
	drop_count(g, s, DROP_OWN);
	if (seen_look(&g->seen, job->seen_key) == SEEN_KNOWN) {
		tree_duplicate(g, s, sid_of(job->seen_key));
		return;
	}
	unwanted(g, s, job);
	if (seen_reserve(&g->seen, job->seen_key, &g->id,
	    envelope_clocked(&job->env), g->now))
		seen_keep(&g->seen, job->seen_key, g->now);
}

static bool
sizes_good(struct gossip *g, struct session *s, const struct envelope *env)
{
	if (env->message_id.n == 0 || env->sender_id.n == 0) {
		drop_count(g, s, DROP_EMPTY_ID);
		return false;
	}
	if (env->message_id.n > ENVELOPE_ID_MAX ||
	    env->sender_id.n > ENVELOPE_ID_MAX) {
		drop_count(g, s, DROP_LONG_ID);
		return false;
	}
	if (env->payload.n > ENVELOPE_PAYLOAD_MAX) {
		drop_count(g, s, DROP_LONG_PAYLOAD);
		return false;
	}
	if (env->raw.n - env->payload.n > ENVELOPE_BESIDE_MAX) {
		drop_count(g, s, DROP_PADDED);
		return false;
	}
	return true;
}

/* The sender's key: known, heard of, or in the message itself. */
static bool
key_find(struct gossip *g, struct job *job)
{
	const struct slice *own = &job->env.sender_pubkey;
	const struct book_peer *b;
	const uint8_t *key;
	struct nodeid id;

	if ((key = keyring_get(&g->keyring, &job->sender, NULL)) == NULL &&
	    own->n == sizeof(job->pubkey)) {
		nodeid_from_pubkey(&id, own->p);
		if (nodeid_equal(&id, &job->sender))
			key = own->p;
	}
	if (key == NULL && (b = book_get(g, &job->sender)) != NULL &&
	    b->has_key)
		key = b->pubkey;
	if (key == NULL)
		return false;
	memcpy(job->pubkey, key, sizeof(job->pubkey));
	return true;
}

/*
 * Authors are free to make: their rates bound no neighbour (8, W7).  What is
 * over is not even checked, and may still come by another way.
 */
static bool
neighbour_allow(struct gossip *g, struct session *s, size_t len)
{
	uint32_t n = 1 + (uint32_t)(len / NEIGHBOUR_UNIT);
	bool m2 = is_m2(s);

	return bucket_take(&s->brought, m2 ? NEIGHBOUR_M2_RATE :
	    NEIGHBOUR_RATE, m2 ? NEIGHBOUR_M2_BURST : NEIGHBOUR_BURST, n,
	    g->now.mono);
}

void
envelope_verified(struct gossip *g, struct job *job, bool good)
{
	struct session *s = peers_session(g, job->sid);
	struct job *other;

	if (good) {
		/* Another copy may have won in the meantime. */
		if (seen_look(&g->seen, job->seen_key) == SEEN_KNOWN)
			duplicate_in(g, s, job);
		else
			message_good(g, job);
	} else {
		seen_release(&g->seen, job->seen_key);
		repair_spoilt(g, s, sid_of(job->seen_key));
		drop_count(g, s, DROP_SIGNATURE);
	}
	if ((other = job_waiting(g, job->seen_key)) == NULL)
		return;
	if (!good) {
		(void)id_reserve(g, other);
		job_start(g, other);
		return;
	}
	do {
		duplicate_in(g, peers_session(g, other->sid), other);
		job_cancel(g, other);
	} while ((other = job_waiting(g, job->seen_key)) != NULL);
}

static void
message_good(struct gossip *g, struct job *job)
{
	struct session *s = peers_session(g, job->sid);
	struct chat_msg chat;
	bool is_chat = false;

	keyring_add(&g->keyring, &job->sender, job->pubkey, TRUST_LEARNT);
	if (job->env.msg_type == MSG_CHAT) {
		arena_reset(&g->arena);
		is_chat = chat_read(&chat, &g->arena, job->env.payload.p,
		    job->env.payload.n);
	}
	if (envelope_clocked(&job->env) ? !clock_fresh(g, job->env.lamport_ts) :
	    is_chat && !chat_fresh(g, &chat)) {
		chat_stale(g, job, s);
		return;
	}
	if (job->env.msg_type == MSG_SUSPECT && !suspect_allow(g, job)) {
		seen_keep(&g->seen, job->seen_key, g->now);
		unwanted(g, s, job);
		drop_count(g, s, DROP_RATE);
		return;
	}
	if ((job->m2 && parked_waits(g, &job->sender)) ||
	    !limiter_allow(&g->limiter, &job->sender, job->m2 ?
	    g->conf->network_author_rate : 0, g->now.mono)) {
		over_rate(g, job, s);
		return;
	}
	seen_keep(&g->seen, job->seen_key, g->now);
	envelope_take(g, job);
}

/*
 * The ids of what came before the start are forgotten, so a neighbour that
 * compares its window with ours brings it once more.
 */
static bool
said_earlier(const struct gossip *g, const struct job *job,
    const struct chat_msg *c)
{
	if (!job->asked)
		return false;
	return envelope_clocked(&job->env) ?
	    job->env.lamport_ts >> 16 < g->bcast.boot_ms :
	    c->timestamp < g->bcast.boot_ms / 1000;
}

void
envelope_take(struct gossip *g, struct job *job)
{
	struct session *s = peers_session(g, job->sid);
	struct chat_msg chat;
	bool is_chat = false;

	if (job->env.msg_type == MSG_CHAT) {
		arena_reset(&g->arena);
		is_chat = chat_read(&chat, &g->arena, job->env.payload.p,
		    job->env.payload.n);
	}
	g->count.received++;
	if (is_chat) {
		chat.earlier = said_earlier(g, job, &chat);
		chat_in(g, job, &chat);
		g->count.delivered++;
	} else if (job->env.msg_type == MSG_CHAT)
		drop_count(g, s, DROP_CHAT);
	else if (job->env.msg_type == MSG_STATE_DELTA)
		maplink_delta_in(g, job);
	else if (job->env.msg_type == MSG_SUSPECT)
		suspect_in(g, job);
	else
		talk_in(g, job);
	tree_accept(g, s, &job->sender, &job->env, job->mid,
	    sid_of(job->seen_key), job->asked);
}

/*
 * By a v1 link it may still come at a better time.  Of our kind it waits for
 * its turn, or the neighbour is asked for it then, or another one when that
 * link is gone; where it would be too late it is refused for good, or it would
 * be asked for again and again.
 */
static void
over_rate(struct gossip *g, const struct job *job, struct session *s)
{
	uint64_t at, sid = sid_of(job->seen_key);
	const struct want *w = repair_want(g, sid);

	if (job->m2) {
		if (!parked_add(g, job, w != NULL && w->put_off)) {
			at = parked_later(g, &job->sender);
			if (at != 0 && (s == NULL ||
			    repair_put_off(g, s, sid, at))) {
				seen_release(&g->seen, job->seen_key);
				return;
			}
			g->bcast.count.refused++;
			drop_count(g, s, DROP_RATE);
		}
		seen_keep(&g->seen, job->seen_key, g->now);
		unwanted(g, s, job);
		return;
	} else
		seen_release(&g->seen, job->seen_key);
	drop_count(g, s, DROP_RATE);
}

/* Not the neighbour's fault: a clock, or somebody who plays it again. */
static void
chat_stale(struct gossip *g, const struct job *job, struct session *s)
{
	seen_keep(&g->seen, job->seen_key, g->now);
	unwanted(g, s, job);
	drop_count(g, s, DROP_STALE);
	gossip_log(g, EV_MESSAGE_REFUSED, id_limit(&job->sender, DROP_STALE),
	    LF_ID("id", &job->sender),
	    LF_STR("check", drop_name(DROP_STALE)),
	    LF_STR("text", drop_text(DROP_STALE)),
	    LF_HINT("the clock of that node or of this one is wrong, or "
	    "somebody sends an old message again"));
}

static bool
id_reserve(struct gossip *g, const struct job *job)
{
	bool clocked = envelope_clocked(&job->env);

	if (seen_reserve(&g->seen, job->seen_key, &job->sender, clocked,
	    g->now))
		return true;
	gossip_log(g, EV_TABLE_FULL, 1, LF_STR("table", "message-ids"),
	    LF_NUM("max", clocked ? SEEN_CLOCKED_MAX : SEEN_MAX),
	    LF_STR("cause", lru_full(&g->seen.map[clocked]) ? "full" :
	    "share-of-one-author"), LF_ID("author", &job->sender));
	return false;
}
