/* SPDX-License-Identifier: MIT */
/*
 * Deltas: what this node writes is told to all at once, and what others tell
 * is taken in.  They are there for speed alone: whatever they miss is found
 * when roots are compared, so nothing here waits, or is tried again.
 */
#include <stdlib.h>
#include <string.h>

#include "mapd.h"
#include "mtime.h"
#include "proto/delta.h"
#include "ratelimit.h"

#define DELTAS_MAX	64u		/* waiting to be taken in */
#define DELTAS_BYTES	(2u * 1024 * 1024)
#define DELTA_AHEAD	8u		/* entries of one on their way */
#define IGNORED_MAX	64u
#define IGNORE_MS	(10u * 60 * 1000)
#define NEW_AUTHORS	64u		/* a minute */
#define ANNOUNCE_MS	10000u

/* One that is taken in. */
struct deltain {
	TAILQ_ENTRY(deltain)	 entry;
	uint32_t		 number;	/* its cookie */
	unsigned int		 pending;
	bool			 over;		/* no more of it is taken */
	bool			 bad;		/* and its author ignored */
	uint8_t			 author[ENTRY_AUTHOR_LEN];
	struct delta		 delta;
	size_t			 len;
	uint8_t			 bytes[];
};

struct ignored {
	uint8_t		 author[ENTRY_AUTHOR_LEN];
	uint64_t	 until;		/* mono ms */
};

struct mapdelta {
	/* Out. */
	struct wbuf		 out;
	size_t			 nout;
	bool			 going;		/* one is with gossipd */
	bool			 alone;		/* nobody compares roots */
	struct entry_id		 at;		/* announced last */
	uint64_t		 announce_at;	/* mono ms */

	/* In. */
	TAILQ_HEAD(, deltain)	 in;
	size_t			 nin, bytes;
	uint32_t		 number;
	struct ignored		 ignored[IGNORED_MAX];
	struct bucket		 authors;
	struct mapdelta_count	 count;
};

static void	in_run(struct mapd *);
static void	in_remove(struct mapdelta *, struct deltain *);

void
mapdelta_init(struct mapd *d)
{
	struct mapdelta *m = xcalloc(1, sizeof(*m));

	wbuf_init(&m->out, DELTA_MAX);
	TAILQ_INIT(&m->in);
	bucket_init(&m->authors, NEW_AUTHORS, mono_ms());
	d->delta = m;
}

void
mapdelta_free(struct mapd *d)
{
	struct deltain *x;

	while ((x = TAILQ_FIRST(&d->delta->in)) != NULL)
		in_remove(d->delta, x);
	wbuf_free(&d->delta->out);
	free(d->delta);
	d->delta = NULL;
}

const struct mapdelta_count *
mapdelta_counts(const struct mapd *d)
{
	return &d->delta->count;
}

/*
 * Out.
 */

static bool
out_add(struct mapd *d, const struct entry *e)
{
	struct mapdelta *m = d->delta;

	if (m->nout == 0) {
		wbuf_reset(&m->out);
		delta_begin(&m->out, d->profile.mesh, d->profile.id);
	}
	if (!delta_add(&m->out, e))
		return false;
	m->nout++;
	return true;
}

void
mapdelta_own(struct mapd *d, const struct entry *e)
{
	if (!out_add(d, e))
		d->delta->count.left++;
}

void
mapdelta_flush(struct mapd *d)
{
	struct mapdelta *m = d->delta;

	if (m->going || m->nout == 0)
		return;
	imsg_send_wbuf(d->proc->link[PROC_GOSSIPD], IMSG_DELTA_OUT, 0, 0,
	    &m->out);
	m->going = true;
	m->count.out++;
	m->count.entries_out += m->nout;
	m->nout = 0;
}

void
mapdelta_sent(struct mapd *d)
{
	d->delta->going = false;
	mapdelta_flush(d);
}

void
mapdelta_alone(struct mapd *d, bool alone)
{
	d->delta->alone = alone;
}

/* Of our own live entries those behind the last one said. */
static void
announce(struct mapd *d)
{
	struct mapdelta *m = d->delta;
	struct mauthor *own = map_author_find(&d->map, d->proc->ed25519_pub);
	const struct ment *last = map_find(&d->map, &m->at);
	const struct ment *e;
	struct entry x;

	if (own == NULL)
		return;
	e = last != NULL && last->author == own ?
	    map_next_own(&d->map, last) : RB_MIN(ment_order, &own->order);
	if (e == NULL)
		e = RB_MIN(ment_order, &own->order);
	for (; e != NULL; e = map_next_own(&d->map, e)) {
		ment_entry(e, &x);
		if (!out_add(d, &x))
			break;
		m->at = e->id;
	}
	mapdelta_flush(d);
}

/*
 * In.
 */

static void
ignore(struct mapd *d, struct deltain *x)
{
	struct mapdelta *m = d->delta;
	struct ignored *o = &m->ignored[0];
	struct nodeid id;
	uint32_t more = 0;

	for (size_t i = 1; i < IGNORED_MAX; i++)
		if (m->ignored[i].until < o->until)
			o = &m->ignored[i];
	memcpy(o->author, x->author, sizeof(o->author));
	o->until = mono_ms() + IGNORE_MS;
	x->over = x->bad = true;
	m->count.bad++;
	nodeid_from_pubkey(&id, x->author);
	if (log_allowed(0, EV_MAP_DELTA_BAD, mono_ms(), &more))
		log_event(EV_MAP_DELTA_BAD, LF_ID("author", &id),
		    LF_NUM("more", more));
}

static bool
is_ignored(const struct mapdelta *m, const uint8_t *author)
{
	uint64_t now = mono_ms();

	for (size_t i = 0; i < IGNORED_MAX; i++)
		if (m->ignored[i].until > now && memcmp(m->ignored[i].author,
		    author, ENTRY_AUTHOR_LEN) == 0)
			return true;
	return false;
}

static void
in_remove(struct mapdelta *m, struct deltain *x)
{
	TAILQ_REMOVE(&m->in, x, entry);
	m->nin--;
	m->bytes -= x->len;
	free(x);
}

/* As many of its entries as may be on their way; true: it is at its end. */
static bool
in_step(struct mapd *d, struct deltain *x)
{
	struct delta before;
	struct entry e;

	while (!x->over && x->pending < DELTA_AHEAD) {
		before = x->delta;
		if (!delta_next(&x->delta, x->author, &e)) {
			if (x->delta.bad)
				ignore(d, x);
			x->over = true;
			break;
		}
		switch (intake_add(&d->intake, &e, INTAKE_LINK, x->number,
		    wall_ms())) {
		case INTAKE_PENDING:
			x->pending++;
			break;
		case INTAKE_BAD:
			ignore(d, x);
			break;
		case INTAKE_BUSY:
			x->delta = before;
			return false;
		default:
			break;
		}
	}
	return x->over && x->pending == 0;
}

static void
in_run(struct mapd *d)
{
	struct mapdelta *m = d->delta;
	struct deltain *x;

	while ((x = TAILQ_FIRST(&m->in)) != NULL && in_step(d, x))
		in_remove(m, x);
}

void
mapdelta_in(struct mapd *d, struct imsg *i)
{
	struct mapdelta *m = d->delta;
	struct deltain *x;
	size_t n = i->len - ENTRY_AUTHOR_LEN;

	if (d->loading || d->reprofile || m->nin >= DELTAS_MAX ||
	    n > DELTAS_BYTES - m->bytes || is_ignored(m, i->data)) {
		m->count.passed++;
		return;
	}
	if (map_author(&d->map, i->data) == NULL && !bucket_take(&m->authors,
	    1, NEW_AUTHORS, 1, mono_ms())) {
		m->count.passed++;
		return;
	}
	x = xcalloc(1, sizeof(*x) + n);
	x->number = ++m->number;
	x->len = n;
	memcpy(x->author, i->data, ENTRY_AUTHOR_LEN);
	memcpy(x->bytes, i->data + ENTRY_AUTHOR_LEN, n);
	if (!delta_read(&x->delta, x->bytes, n)) {
		ignore(d, x);
		free(x);
		return;
	}
	if (memcmp(x->delta.mesh, d->profile.mesh, MESH_ID_LEN) != 0 ||
	    memcmp(x->delta.profile, d->profile.id, PROFILE_ID_LEN) != 0) {
		m->count.foreign++;
		free(x);
		return;
	}
	m->count.in++;
	TAILQ_INSERT_TAIL(&m->in, x, entry);
	m->nin++;
	m->bytes += n;
	in_run(d);
}

void
mapdelta_done(struct mapd *d, uint64_t cookie, enum intake_outcome o)
{
	struct deltain *x = TAILQ_FIRST(&d->delta->in);

	/* One that was held comes to its end long after its delta did. */
	if (x == NULL || cookie != x->number || x->pending == 0)
		return;
	x->pending--;
	if (o == INTAKE_TAKEN)
		d->delta->count.entries_in++;
	/* All of it may have been read before the first verdict. */
	if (o == INTAKE_BAD && !x->bad)
		ignore(d, x);
	in_run(d);
}

void
mapdelta_tick(struct mapd *d)
{
	struct mapdelta *m = d->delta;

	in_run(d);
	if (m->alone && !d->loading && !m->going && m->nout == 0 &&
	    mono_ms() >= m->announce_at) {
		m->announce_at = mono_ms() + ANNOUNCE_MS;
		announce(d);
	}
	mapdelta_flush(d);
}
