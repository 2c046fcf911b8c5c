/* SPDX-License-Identifier: MIT */
/*
 * Whom we miss.  A node whose link ended without our doing is suspected, in
 * words of which there is one a second at most; each of them also has the
 * links we claim.  Who is suspected himself answers with a new incarnation.
 * Nobody is accused while it may be our own fault: after we were not here
 * ourselves, and, for a while, when most links end at once.
 */
#include <stdlib.h>
#include <string.h>

#include "bcast.h"
#include "beat.h"
#include "common/log.h"
#include "core.h"
#include "fresh.h"
#include "gossip.h"
#include "gtime.h"
#include "jobs.h"
#include "liars.h"
#include "link.h"
#include "mesh_judge.h"
#include "session.h"
#include "suspect.h"
#include "tree.h"

static void	doubts_due(struct gossip *);
static void	say(struct gossip *);
static bool	may_say(struct gossip *);
static size_t	claims_make(const struct gossip *, uint8_t *);
static void	items_make(struct gossip *, struct m2_suspect *, bool all);
static void	heard(struct gossip *, const struct job *,
		    const struct m2_suspect *);
static void	about_us(struct gossip *, const struct job *,
		    const struct m2_suspect *);

void
suspect_init(struct gossip *g)
{
	struct suspect *s = &g->suspect;
	uint64_t seed;

	memset(s, 0, sizeof(*s));
	TAILQ_INIT(&s->doubts);
	s->say_at = s->refresh_at = NEVER;
	memcpy(&seed, g->id_key, sizeof(seed));
	health_init(&s->health, &g->id, seed);
	bucket_init(&s->rate, SUSPECT_BURST, g->now.mono);
}

static void
doubt_free(struct suspect *s, struct doubt *d)
{
	TAILQ_REMOVE(&s->doubts, d, entry);
	s->ndoubts--;
	free(d);
}

void
suspect_free(struct gossip *g)
{
	while (!TAILQ_EMPTY(&g->suspect.doubts))
		doubt_free(&g->suspect, TAILQ_FIRST(&g->suspect.doubts));
	health_free(&g->suspect.health);
}

/* Another one each time: what was said of the last one is void. */
static void
incarnate(struct gossip *g)
{
	struct suspect *s = &g->suspect;

	s->incarnation = g->now.wall > s->incarnation ? g->now.wall :
	    s->incarnation + 1;
}

void
gossip_suspect_start(struct gossip *g)
{
	g->suspect.on = true;
	g->suspect.clocks = (int64_t)(g->now.wall - g->now.mono);
	incarnate(g);
}

static void
say_by(struct suspect *s, uint64_t at)
{
	if (at < s->say_at)
		s->say_at = at;
}

static struct doubt *
doubt_get(const struct suspect *s, const struct nodeid *id)
{
	struct doubt *d;

	TAILQ_FOREACH(d, &s->doubts, entry)
		if (nodeid_equal(&d->id, id))
			return d;
	return NULL;
}

void
suspect_link_up(struct gossip *g, const struct link *l)
{
	struct suspect *s = &g->suspect;
	struct doubt *d = doubt_get(s, &l->s->id);

	if (!s->on)
		return;
	/* While we were alone anybody may have missed us. */
	if (g->bcast.nm2 == 1) {
		incarnate(g);
		s->claims_len = 0;
	}
	s->health.judge_at = g->now.mono;
	if (d == NULL)
		return;
	if (d->state != DOUBT_SAID) {
		doubt_free(s, d);
		return;
	}
	d->state = DOUBT_HEARD;
	say_by(s, g->now.mono + SUSPECT_SOON_MS);
}

/* How long until it is doubted; 0: it was our own doing, or its right. */
static uint32_t
lost_wait(enum down_reason why)
{
	switch (why) {
	case DOWN_EOF:
	case DOWN_RESET:
		return LOST_EOF_MS;
	case DOWN_UNREACHABLE:
	case DOWN_TIMEOUT:
	case DOWN_IDLE:
	case DOWN_WRITE:
		return LOST_SILENT_MS;
	default:
		return 0;
	}
}

bool
suspect_claimed(const struct session *s)
{
	return s->link != NULL && s->link->kind == LINK_M2 && s->primary &&
	    !s->guest;
}

void
suspect_lost(struct gossip *g, const struct session *from,
    enum down_reason why)
{
	struct suspect *s = &g->suspect;
	uint32_t wait = lost_wait(why);
	struct doubt *d;

	if (!s->on || !suspect_claimed(from) || from->twin != NULL)
		return;
	s->health.judge_at = g->now.mono;
	if (wait == 0) {
		/* It will not take the end for ours. */
		say_by(s, g->now.mono + SUSPECT_SOON_MS);
		return;
	}
	if (g->bcast.beat_at != NEVER &&
	    g->now.mono > g->bcast.beat_at + STALL_MS)
		s->away_until = g->now.mono + AWAY_MS;
	if (g->now.mono < s->away_until || s->ndoubts >= DOUBTS_MAX ||
	    doubt_get(s, &from->id) != NULL)
		return;
	d = xcalloc(1, sizeof(*d));
	d->id = from->id;
	d->lost_at = g->now.mono;
	d->at = g->now.mono + wait;
	d->quiet_ms = (uint32_t)(g->now.mono - from->rx_at < UINT32_MAX ?
	    g->now.mono - from->rx_at : UINT32_MAX);
	TAILQ_INSERT_TAIL(&s->doubts, d, entry);
	s->ndoubts++;
	say_by(s, d->at);
}

/* What ended while we were not here says nothing of the others. */
static void
away(struct gossip *g)
{
	struct suspect *s = &g->suspect;
	struct doubt *d, *next;

	s->away_until = g->now.mono + AWAY_MS;
	for (d = TAILQ_FIRST(&s->doubts); d != NULL; d = next) {
		next = TAILQ_NEXT(d, entry);
		if (d->state == DOUBT_WAITS || d->state == DOUBT_DUE)
			doubt_free(s, d);
	}
}

void
suspect_beat(struct gossip *g, bool stalled)
{
	struct suspect *s = &g->suspect;
	int64_t clocks = (int64_t)(g->now.wall - g->now.mono), by;
	uint8_t claims[sizeof(s->claims)];
	size_t len;

	if (!s->on)
		return;
	/* A machine that was suspended has only lost real time. */
	by = clocks - s->clocks;
	if (stalled || by > (int64_t)STALL_MS || by < -(int64_t)STALL_MS)
		away(g);
	s->clocks = clocks;
	len = claims_make(g, claims);
	if (len != s->claims_len || memcmp(claims, s->claims, len) != 0)
		say_by(s, g->now.mono);
}

/* Half ids in order, so that the same links are the same bytes. */
static int
by_half(const void *a, const void *b)
{
	return memcmp(a, b, M2_HALF);
}

static size_t
claims_make(const struct gossip *g, uint8_t *out)
{
	const struct session *p;
	size_t n = 0;

	TAILQ_FOREACH(p, &g->ready, ready_entry)
		if (n < M2_CLAIMS_MAX && suspect_claimed(p) &&
		    !liar_is(g, &p->id))
			memcpy(out + M2_HALF * n++, p->id.b, M2_HALF);
	qsort(out, n, M2_HALF, by_half);
	return n * M2_HALF;
}

void
suspect_tick(struct gossip *g)
{
	struct suspect *s = &g->suspect;

	if (!s->on)
		return;
	if (g->now.mono >= s->say_at || g->now.mono >= s->refresh_at) {
		s->say_at = NEVER;
		doubts_due(g);
		if (may_say(g))
			say(g);
	}
	if (g->now.mono >= s->health.judge_at)
		mesh_judge(g);
}

uint64_t
suspect_next(const struct gossip *g)
{
	const struct suspect *s = &g->suspect;
	uint64_t t = s->say_at < s->refresh_at ? s->say_at : s->refresh_at;

	return s->health.judge_at < t ? s->health.judge_at : t;
}

static void
doubts_due(struct gossip *g)
{
	struct suspect *s = &g->suspect;
	struct doubt *d, *next;
	size_t waiting = 0;

	TAILQ_FOREACH(d, &s->doubts, entry)
		waiting += d->state == DOUBT_WAITS;
	for (d = TAILQ_FIRST(&s->doubts); d != NULL; d = next) {
		next = TAILQ_NEXT(d, entry);
		if (d->lost_at + HEALTH_LIFE_MS < g->now.mono) {
			doubt_free(s, d);
			continue;
		}
		if (d->state != DOUBT_WAITS)
			continue;
		if (g->now.mono >= d->at && g->bcast.nm2 == 0) {
			/* It is rather us. */
			doubt_free(s, d);
			continue;
		}
		if (g->now.mono >= d->at && waiting > g->bcast.nm2 &&
		    !d->late) {
			d->late = true;
			d->at = g->now.mono + LOST_MANY_MS;
		}
		if (g->now.mono >= d->at)
			d->state = DOUBT_DUE;
		else
			say_by(s, d->at);
	}
}

static bool
has_news(const struct gossip *g)
{
	const struct suspect *s = &g->suspect;
	uint8_t claims[sizeof(s->claims)];
	const struct doubt *d;
	size_t len;

	if (s->answer || g->now.mono >= s->refresh_at)
		return true;
	TAILQ_FOREACH(d, &s->doubts, entry)
		if (d->state == DOUBT_DUE || d->state == DOUBT_HEARD)
			return true;
	len = claims_make(g, claims);
	return len != s->claims_len || memcmp(claims, s->claims, len) != 0;
}

/* Nobody hears us, nothing is new, or it is too early: then later. */
static bool
may_say(struct gossip *g)
{
	struct suspect *s = &g->suspect;
	uint64_t wait;

	if (g->bcast.nm2 == 0 || g->now.wall < CLOCK_SET_MS) {
		s->refresh_at = NEVER;
		return false;
	}
	if (!has_news(g))
		return false;
	if (s->signing) {
		say_by(s, g->now.mono + SIGN_RETRY_MS);
		return false;
	}
	if (!s->answer && s->said_at != 0 &&
	    g->now.mono < s->said_at + SUSPECT_EVERY_MS) {
		say_by(s, s->said_at + SUSPECT_EVERY_MS);
		return false;
	}
	if ((wait = bucket_wait(&s->rate, SUSPECT_RATE, SUSPECT_BURST, 1,
	    g->now.mono)) > 0) {
		say_by(s, g->now.mono + wait);
		return false;
	}
	return bucket_take(&s->rate, SUSPECT_RATE, SUSPECT_BURST, 1,
	    g->now.mono);
}

static void
say(struct gossip *g)
{
	struct suspect *s = &g->suspect;
	struct m2_suspect m = { .version = 1, .incarnation = s->incarnation };
	bool all = g->now.mono >= s->refresh_at;

	if (s->answer) {
		m.item[m.n++] = (struct m2_item){ .node = g->id.b,
			.state = M2_ALIVE, .incarnation = s->incarnation };
		s->answer = false;
		s->count.answers++;
	}
	items_make(g, &m, all);
	s->claims_len = claims_make(g, s->claims);
	m.links = (struct slice){ s->claims, s->claims_len };
	s->said_at = g->now.mono;
	s->refresh_at = g->now.mono + REFRESH_MS +
	    s->health.nodes.n * REFRESH_NODE_MS +
	    gossip_random(g, REFRESH_MS / 4);
	wbuf_reset(&g->payload);
	m2_suspect_write(&g->payload, &m);
	s->signing = envelope_sign(g, SIGN_SUSPECT, 0, false, MSG_SUSPECT,
	    g->payload.p, g->payload.len);
	if (!s->signing) {
		s->claims_len = 0;
		say_by(s, g->now.mono + SUSPECT_EVERY_MS);
	}
}

/* all: also what was said before, for those who came since. */
static void
items_make(struct gossip *g, struct m2_suspect *m, bool all)
{
	struct suspect *s = &g->suspect;
	const struct health_node *x;
	struct doubt *d, *next;

	for (d = TAILQ_FIRST(&s->doubts); d != NULL; d = next) {
		next = TAILQ_NEXT(d, entry);
		if (d->state == DOUBT_WAITS || (d->state == DOUBT_SAID && !all))
			continue;
		if ((x = health_get(&s->health, d->id.b)) == NULL) {
			/* Nobody could count what we say of it. */
			doubt_free(s, d);
			continue;
		}
		if (m->n == M2_ITEMS_MAX) {
			say_by(s, g->now.mono + SUSPECT_EVERY_MS);
			return;
		}
		if (d->state != DOUBT_SAID)
			d->incarnation = x->incarnation;
		m->item[m->n++] = (struct m2_item){ .node = x->id.b,
			.state = d->state == DOUBT_HEARD ? M2_HEARD_AGAIN :
			    M2_SUSPECTED, .incarnation = d->incarnation,
			.quiet_ms = d->quiet_ms };
		if (d->state == DOUBT_HEARD)
			doubt_free(s, d);
		else
			d->state = DOUBT_SAID;
	}
}

void
suspect_signed(struct gossip *g, const struct signing *sg,
    enum key_status status, const void *frame, size_t len)
{
	struct suspect *s = &g->suspect;
	struct m2_suspect m;

	s->signing = false;
	if (status != KEY_OK || !m2_suspect_read(&m, sg->payload, sg->len)) {
		s->claims_len = 0;
		say_by(s, g->now.mono + SUSPECT_EVERY_MS);
		return;
	}
	s->count.out++;
	(void)tree_broadcast(g, frame, len);
	(void)health_take(&s->health, &g->id, sg->lamport_ts, &m,
	    g->now.mono);
}

/* ---- what others say ---- */

bool
suspect_allow(struct gossip *g, const struct job *job)
{
	return !g->suspect.on || health_allow(&g->suspect.health,
	    &job->sender, g->now.mono);
}

void
suspect_in(struct gossip *g, const struct job *job)
{
	struct suspect *s = &g->suspect;
	struct m2_suspect m;

	if (!s->on)
		return;
	if (!envelope_clocked(&job->env) || !m2_suspect_read(&m,
	    job->env.payload.p, job->env.payload.n)) {
		s->count.bad++;
		return;
	}
	s->count.in++;
	if (!health_take(&s->health, &job->sender, job->env.lamport_ts, &m,
	    g->now.mono))
		return;
	heard(g, job, &m);
	about_us(g, job, &m);
}

/* A node that we miss, or began to, has said something. */
static void
heard(struct gossip *g, const struct job *job, const struct m2_suspect *m)
{
	struct doubt *d = doubt_get(&g->suspect, &job->sender);
	size_t i;

	if (d == NULL)
		return;
	if (d->state == DOUBT_SAID) {
		if (d->incarnation != m->incarnation)
			doubt_free(&g->suspect, d);
		return;
	}
	/* It has ended the link itself; a word of before still has it. */
	for (i = 0; i < m->links.n; i += M2_HALF)
		if (memcmp(m->links.p + i, g->id.b, M2_HALF) == 0)
			return;
	doubt_free(&g->suspect, d);
}

static void
about_us(struct gossip *g, const struct job *job, const struct m2_suspect *m)
{
	struct suspect *s = &g->suspect;
	size_t i;

	for (i = 0; i < m->n; i++) {
		if (memcmp(m->item[i].node, g->id.b, NODEID_LEN) != 0 ||
		    m->item[i].state != M2_SUSPECTED ||
		    m->item[i].incarnation != s->incarnation)
			continue;
		liar_add(g, &job->sender);
		incarnate(g);
		s->answer = true;
		say_by(s, g->now.mono);
	}
}
