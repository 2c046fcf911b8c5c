/* SPDX-License-Identifier: MIT */
/*
 * Records of nodes, signed by those they are about: where they are reached.
 * A link begins with our own and the wish for more; later one neighbour now
 * and then is asked.  What is told is a few by chance, so that it costs little
 * and comes everywhere in time.
 */
#include <stdlib.h>
#include <string.h>

#include "bcast.h"
#include "book.h"
#include "budget.h"
#include "common/cursor.h"
#include "common/imsg_types.h"
#include "common/log.h"
#include "common/nodeid.h"
#include "common/ratelimit.h"
#include "common/text.h"
#include "core.h"
#include "drop.h"
#include "envelope_out.h"
#include "gossip.h"
#include "gtime.h"
#include "hello.h"
#include "jobs.h"
#include "link.h"
#include "lru.h"
#include "maplink.h"
#include "point.h"
#include "proto/envelope.h"
#include "proto/m2.h"
#include "record.h"
#include "session.h"

#define RECORD_BESIDE	160u	/* bytes of one beside its addresses */

/* There is one mesh. */
static const uint8_t mesh_id[16];

static bool	speaks(const struct link *);
static void	own_look(struct gossip *);
static void	send_some(struct gossip *, struct link *, bool want, size_t n);
static void	check_one(struct gossip *, struct link *,
		    const struct m2_record *);

static bool
speaks(const struct link *l)
{
	return l->kind == LINK_M2 && !l->say_setup &&
	    (l->setup.caps & M2_CAP_RECORDS) != 0;
}

struct peer_record *
record_copy(const struct m2_record *r)
{
	struct peer_record *c;
	size_t len = 0, i;
	char *text;

	for (i = 0; i < r->naddrs; i++)
		len += r->addr[i].n + 1;
	c = xcalloc(1, sizeof(*c) + len);
	c->seq = r->seq;
	c->caps = r->caps;
	memcpy(c->sig, r->sig, sizeof(c->sig));
	c->naddrs = r->naddrs;
	text = c->text;
	for (i = 0; i < r->naddrs; i++) {
		c->addr[i] = text;
		memcpy(text, r->addr[i].p, r->addr[i].n);
		text += r->addr[i].n + 1;
	}
	return c;
}

bool
record_valid(const struct gossip *g, uint64_t seq)
{
	return seq <= g->now.wall + RECORD_AHEAD_MS &&
	    seq + RECORD_LIFE_MS >= g->now.wall;
}

void
record_signed_bytes(struct wbuf *b, const struct m2_record *r)
{
	m2_record_signed(b, mesh_id, r);
}

void
record_link_up(struct gossip *g, struct link *l)
{
	bucket_init(&l->records, RECORDS_BURST, g->now.mono);
	if (!speaks(l))
		return;
	if (g->own.ask_at == 0)
		g->own.ask_at = g->now.mono + RECORDS_EVERY_MS;
	own_look(g);
	send_some(g, l, true, 0);
}

static void
own_record(const struct gossip *g, struct m2_record *r)
{
	const struct own_record *o = &g->own;

	*r = (struct m2_record){ .pubkey = g->pubkey, .seq = o->seq,
		.caps = o->caps, .naddrs = 1, .sig = o->sig };
	r->addr[0] = (struct slice){ (const uint8_t *)o->addr,
		strlen(o->addr) };
}

/* A new one when the address is another, or the last gets old. */
static void
own_look(struct gossip *g)
{
	const char *addr = hello_advertise(g);
	struct own_record *o = &g->own;
	struct m2_record r;

	if (o->req != 0 || g->now.wall < CLOCK_SET_MS ||
	    (addr[0] == '\0' && !o->good) ||
	    (o->good && strcmp(addr, o->addr) == 0 &&
	    o->caps == maplink_caps(g) &&
	    g->now.mono < o->renew_at) || g->now.mono < o->retry_at)
		return;
	if (addr[0] == '\0') {
		o->good = false;
		return;
	}
	text_copy(o->addr, addr, sizeof(o->addr));
	o->good = false;
	o->caps = maplink_caps(g);
	o->seq = g->now.wall > o->seq ? g->now.wall : o->seq + 1;
	o->retry_at = g->now.mono + RECORD_RETRY_MS;
	if ((o->req = signing_begin(g, SIGN_RECORD)) == 0)
		return;
	own_record(g, &r);
	g->ops->sign_record(g->arg, o->req, &r);
}

void
record_signed(struct gossip *g, const struct signing *sg,
    enum key_status status, const uint8_t sig[64])
{
	struct own_record *o = &g->own;
	struct session *s;

	if (sg->req != o->req)
		return;
	o->req = 0;
	if (status != KEY_OK)
		return;
	memcpy(o->sig, sig, sizeof(o->sig));
	o->good = true;
	o->renew_at = g->now.mono + RECORD_RENEW_MS;
	TAILQ_FOREACH(s, &g->ready, ready_entry)
		if (s->link != NULL && speaks(s->link))
			send_some(g, s->link, false, 0);
}

static bool
worth_telling(const struct gossip *g, const struct book_peer *p,
    const struct session *to)
{
	return p->record != NULL && record_valid(g, p->record->seq) &&
	    (p->linked || p->fail_count < FAILS_DOUBTFUL) &&
	    !nodeid_equal(&p->id, &to->id);
}

/* Up to n by chance, into list; how many. */
static size_t
choose(struct gossip *g, const struct session *to,
    const struct book_peer **list, size_t n)
{
	const struct book_peer *p;
	const struct lru_node *node;
	size_t have = 0, met = 0, at;
	int b;

	for (b = 0; n > 0 && b < 2; b++)
		for (node = lru_oldest(&g->book[b]); node != NULL;
		    node = lru_younger(node)) {
			p = (const struct book_peer *)node;
			if (!worth_telling(g, p, to))
				continue;
			met++;
			if (have < n)
				list[have++] = p;
			else if ((at = gossip_random(g, (uint32_t)met)) < n)
				list[at] = p;
		}
	return have;
}

static void
of_book(const struct book_peer *p, struct m2_record *r)
{
	const struct peer_record *c = p->record;
	size_t i;

	*r = (struct m2_record){ .pubkey = p->pubkey, .seq = c->seq,
		.caps = c->caps, .naddrs = c->naddrs, .sig = c->sig };
	for (i = 0; i < c->naddrs; i++)
		r->addr[i] = (struct slice){ (const uint8_t *)c->addr[i],
			strlen(c->addr[i]) };
}

static size_t
size_of(const struct m2_record *r)
{
	size_t n = RECORD_BESIDE, i;

	for (i = 0; i < r->naddrs; i++)
		n += r->addr[i].n + 4;
	return n;
}

/* Our own and n others; a link that is behind does without. */
static void
send_some(struct gossip *g, struct link *l, bool want, size_t n)
{
	const struct book_peer *list[RECORDS_TELL];
	struct bcast *b = &g->bcast;
	struct m2_records *m = xcalloc(1, sizeof(*m));
	size_t i, size = 0;

	m->want = want;
	if (g->own.good) {
		own_record(g, &m->r[m->n++]);
		size = size_of(&m->r[0]);
	}
	n = choose(g, l->s, list, n);
	for (i = 0; i < n; i++) {
		of_book(list[i], &m->r[m->n]);
		if ((size += size_of(&m->r[m->n])) > M2_LINK_MAX)
			break;
		m->n++;
	}
	if (m->want || m->n > 0) {
		wbuf_reset(&b->ctrl);
		m2_records_write(&b->ctrl, m);
		wbuf_reset(&b->frame);
		m2_frame_write(&b->frame, MSG_PEER_RECORDS, b->ctrl.p,
		    b->ctrl.len);
		if (peers_send(g, l->s, b->frame.p, b->frame.len)) {
			b->count.records += m->n;
			b->count.control_bytes += b->frame.len;
		}
	}
	free(m);
}

/* Now and then one neighbour by chance. */
void
record_tick(struct gossip *g)
{
	struct session *s, *ask = NULL;
	uint32_t n = 0;

	own_look(g);
	if (g->now.mono < g->own.ask_at)
		return;
	TAILQ_FOREACH(s, &g->ready, ready_entry)
		if (s->link != NULL && speaks(s->link) &&
		    gossip_random(g, ++n) == 0)
			ask = s;
	g->own.ask_at = g->now.mono + RECORDS_EVERY_MS +
	    gossip_random(g, RECORDS_EVERY_MS);
	if (ask != NULL)
		send_some(g, ask->link, true, 0);
}

void
record_in(struct gossip *g, struct link *l, struct slice payload)
{
	struct session *s = l->s;
	struct m2_records *m = xcalloc(1, sizeof(*m));
	size_t i;

	if (!m2_records_read(m, payload.p, payload.n)) {
		drop_count(g, s, DROP_LINK);
		free(m);
		return;
	}
	if (m->want && speaks(l) && (l->told_at == 0 ||
	    g->now.mono >= l->told_at + RECORDS_PAUSE_MS)) {
		l->told_at = g->now.mono;
		send_some(g, l, false, RECORDS_TELL);
	}
	for (i = 0; i < m->n && s->state == PEER_READY; i++)
		check_one(g, l, &m->r[i]);
	free(m);
}

/* All but its key and signature. */
static bool
record_good(const struct gossip *g, const struct m2_record *r)
{
	size_t i;

	for (i = 0; i < r->naddrs; i++)
		if (!addr_shareable((const char *)r->addr[i].p, r->addr[i].n))
			return false;
	return record_valid(g, r->seq);
}

static bool
is_of(const struct m2_record *r, const struct nodeid *id)
{
	struct nodeid by;

	nodeid_from_pubkey(&by, r->pubkey);
	return nodeid_equal(&by, id) && !point_is_odd(r->pubkey);
}

/* What costs a signature check is looked at first. */
static void
check_one(struct gossip *g, struct link *l, const struct m2_record *r)
{
	struct job job = { .kind = JOB_RECORD, .sid = l->s->sid };
	struct wbuf *b = &g->bcast.ctrl;
	const struct book_peer *p;
	struct m2_records *one;

	nodeid_from_pubkey(&job.sender, r->pubkey);
	p = book_get(g, &job.sender);
	if (nodeid_equal(&job.sender, &g->id) ||
	    (p != NULL && p->record != NULL && p->record->seq >= r->seq) ||
	    !record_good(g, r))
		return;
	if (point_is_odd(r->pubkey)) {
		drop_count(g, l->s, DROP_LINK);
		return;
	}
	if (!bucket_take(&l->records, RECORDS_RATE, RECORDS_BURST, 1,
	    g->now.mono))
		return;
	one = xcalloc(1, sizeof(*one));
	one->n = 1;
	one->r[0] = *r;
	wbuf_reset(b);
	m2_records_write(b, one);
	free(one);
	memcpy(job.pubkey, r->pubkey, sizeof(job.pubkey));
	job.env.raw = job.env.payload = (struct slice){ b->p, b->len };
	job.len = b->len;
	job_run(g, &job);
}

void
record_verified(struct gossip *g, struct session *s, const struct job *job,
    bool good)
{
	struct m2_records *m;

	if (s == NULL && job->sid != 0)
		return;
	if (!good && s == NULL) {
		g->bcast.count.records_void++;
		return;
	}
	if (!good) {
		drop_count(g, s, DROP_SIGNATURE);
		return;
	}
	m = xcalloc(1, sizeof(*m));
	if (m2_records_read(m, job->env.payload.p, job->env.payload.n)) {
		g->bcast.count.records_in++;
		book_record(g, s, &m->r[0]);
	}
	free(m);
}

void
record_write(const struct book_peer *p, struct wbuf *b)
{
	struct m2_records *m;
	size_t before = b->len;

	if (p->record == NULL)
		return;
	m = xcalloc(1, sizeof(*m));
	m->n = 1;
	of_book(p, &m->r[0]);
	m2_records_write(b, m);
	if (b->len - before > PEER_SIGNED_MAX)
		b->len = before;
	free(m);
}

/*
 * The disk may be damaged, and the record void by now: it is looked at as if
 * a neighbour had told it.
 */
void
gossip_peer_signed(struct gossip *g, const struct nodeid *id, const void *data,
    size_t n)
{
	struct job job = { .kind = JOB_RECORD, .sender = *id, .len = n };
	struct book_peer *p = book_get(g, id);
	struct m2_records *m = xcalloc(1, sizeof(*m));
	const struct m2_record *r = &m->r[0];

	if (p == NULL || !m2_records_read(m, data, n) || m->n != 1) {
		g->bcast.count.records_void += p != NULL;
		free(m);
		return;
	}
	memcpy(job.pubkey, r->pubkey, sizeof(job.pubkey));
	job.env.raw = job.env.payload = (struct slice){ data, n };
	if (!is_of(r, id) || !record_good(g, r))
		g->bcast.count.records_void++;
	else if (p->record == NULL || p->record->seq < r->seq)
		job_run(g, &job);
	free(m);
}
