/* SPDX-License-Identifier: MIT */
#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>

#include <stdlib.h>
#include <string.h>

#include "peerbook.h"

/*
 * A record, or (gone) the mark that one is to be deleted from the disk.
 * Address and key have an allocation of their own size: most of a struct
 * peerrec is room for the longest address.
 */
struct entry {
	RB_ENTRY(entry)		 by_id;
	RB_ENTRY(entry)		 by_seen;	/* unless gone */
	TAILQ_ENTRY(entry)	 work;		/* dirty or flying */
	struct nodeid		 id;
	uint8_t			 key[32];
	uint64_t		 last_seen, last_fail;
	uint64_t		 rank;		/* last_seen, not after now */
	uint32_t		 fail_count;
	bool			 has_key, reachable;
	bool			 gone;
	bool			 dirty;		/* on the dirty list */
	bool			 flying;	/* on the flying list */
	bool			 again;		/* changed while flying */
	bool			 on_disk;	/* may be there */
	char			*addr;
	uint16_t		 signed_len;
	uint8_t			*signed_by;
};
RB_HEAD(id_tree, entry);
RB_HEAD(seen_tree, entry);
TAILQ_HEAD(work_list, entry);

struct peerbook {
	struct id_tree	 ids;
	struct seen_tree seen;
	struct work_list dirty, flying;
	size_t		 max, count, gone;
	uint64_t	 evicted;
	bool		 loaded;
};

static int
id_cmp(struct entry *a, struct entry *b)
{
	return nodeid_cmp(&a->id, &b->id);
}

static int
seen_cmp(struct entry *a, struct entry *b)
{
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return nodeid_cmp(&a->id, &b->id);
}

#define LOCAL	__attribute__((unused)) static
RB_PROTOTYPE_INTERNAL(id_tree, entry, by_id, id_cmp, LOCAL)
RB_GENERATE_INTERNAL(id_tree, entry, by_id, id_cmp, LOCAL)
RB_PROTOTYPE_INTERNAL(seen_tree, entry, by_seen, seen_cmp, LOCAL)
RB_GENERATE_INTERNAL(seen_tree, entry, by_seen, seen_cmp, LOCAL)

struct peerbook *
peerbook_new(size_t max)
{
	struct peerbook *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	RB_INIT(&b->ids);
	RB_INIT(&b->seen);
	TAILQ_INIT(&b->dirty);
	TAILQ_INIT(&b->flying);
	b->max = max;
	return b;
}

/* Take it out of everything and free it. */
static void
entry_drop(struct peerbook *b, struct entry *e)
{
	RB_REMOVE(id_tree, &b->ids, e);
	if (e->gone) {
		b->gone--;
	} else {
		RB_REMOVE(seen_tree, &b->seen, e);
		b->count--;
	}
	if (e->dirty)
		TAILQ_REMOVE(&b->dirty, e, work);
	if (e->flying)
		TAILQ_REMOVE(&b->flying, e, work);
	free(e->addr);
	free(e->signed_by);
	free(e);
}

void
peerbook_free(struct peerbook *b)
{
	struct entry *e;

	if (b == NULL)
		return;
	while ((e = RB_MIN(id_tree, &b->ids)) != NULL)
		entry_drop(b, e);
	free(b);
}

static struct entry *
entry_find(const struct peerbook *b, const struct nodeid *id)
{
	struct entry like = { .id = *id };
	struct id_tree ids = b->ids;	/* the macro wants it writable */

	return RB_FIND(id_tree, &ids, &like);
}

static void
mark_dirty(struct peerbook *b, struct entry *e)
{
	if (e->flying) {
		e->again = true;
	} else if (!e->dirty) {
		e->dirty = true;
		TAILQ_INSERT_TAIL(&b->dirty, e, work);
	}
}

/* The oldest mark of a deletion that nobody is writing at the moment. */
static void
forget_deletion(struct peerbook *b)
{
	struct entry *e;

	TAILQ_FOREACH(e, &b->dirty, work)
		if (e->gone) {
			entry_drop(b, e);
			return;
		}
}

/*
 * Stop remembering it: a mark stays until the disk has forgotten it too.
 * When the disk fails for long the marks are bounded; a forgotten one means
 * that the record is back after the next start, no more.
 */
static void
entry_remove(struct peerbook *b, struct entry *e)
{
	if (!e->on_disk && !e->flying) {
		entry_drop(b, e);
		return;
	}
	if (b->gone >= b->max)
		forget_deletion(b);
	RB_REMOVE(seen_tree, &b->seen, e);
	b->count--;
	e->gone = true;
	b->gone++;
	free(e->addr);
	free(e->signed_by);
	e->addr = NULL;
	e->signed_by = NULL;
	e->signed_len = 0;
	mark_dirty(b, e);
}

static bool
entry_same(const struct entry *e, const struct peerrec *r)
{
	return !e->gone && e->has_key == r->has_key &&
	    memcmp(e->key, r->key, sizeof(e->key)) == 0 &&
	    e->reachable == r->reachable && e->last_seen == r->last_seen &&
	    e->fail_count == r->fail_count && e->last_fail == r->last_fail &&
	    strcmp(e->addr, r->addr) == 0 &&
	    e->signed_len == r->signed_len && (r->signed_len == 0 ||
	    memcmp(e->signed_by, r->signed_by, r->signed_len) == 0);
}

/* Fill e, which is in no order by time, and put it there. */
static void
entry_fill(struct peerbook *b, struct entry *e, const struct peerrec *r,
    char *addr, uint8_t *signed_by, uint64_t rank)
{
	free(e->addr);
	free(e->signed_by);
	e->addr = addr;
	e->signed_by = signed_by;
	e->signed_len = r->signed_len;
	memcpy(e->key, r->key, sizeof(e->key));
	e->has_key = r->has_key;
	e->reachable = r->reachable;
	e->last_seen = r->last_seen;
	e->last_fail = r->last_fail;
	e->fail_count = r->fail_count;
	e->rank = rank;
	RB_INSERT(seen_tree, &b->seen, e);
	b->count++;
}

static uint64_t
rank_of(const struct peerrec *r, uint64_t now_s)
{
	return r->last_seen < now_s ? r->last_seen : now_s;
}

/* Room for one more, which was seen at rank; false: it is the oldest. */
static bool
make_room(struct peerbook *b, const struct nodeid *id, uint64_t rank)
{
	struct entry like = { .id = *id, .rank = rank };
	struct entry *oldest;

	if (b->count < b->max)
		return true;
	oldest = RB_MIN(seen_tree, &b->seen);
	b->evicted++;
	if (oldest == NULL || seen_cmp(&like, oldest) < 0)
		return false;
	entry_remove(b, oldest);
	return true;
}

/* NULL: nothing is signed, or no memory. */
static uint8_t *
signed_copy(const struct peerrec *r)
{
	uint8_t *p = r->signed_len > 0 ? malloc(r->signed_len) : NULL;

	if (p != NULL)
		memcpy(p, r->signed_by, r->signed_len);
	return p;
}

static enum peerbook_put
keep(struct peerbook *b, struct entry *e, const struct peerrec *r,
    uint64_t now_s, struct entry **kept)
{
	uint64_t rank = rank_of(r, now_s);
	struct entry *new = NULL;
	uint8_t *by;
	char *addr;

	if ((e == NULL || e->gone) && !make_room(b, &r->id, rank))
		return PEERBOOK_OLDEST;
	addr = strdup(r->addr);
	by = signed_copy(r);
	if (addr == NULL || (by == NULL && r->signed_len > 0) ||
	    (e == NULL && (new = calloc(1, sizeof(*new))) == NULL)) {
		free(addr);
		free(by);
		return PEERBOOK_NOMEM;
	}
	if (e == NULL) {
		e = new;
		e->id = r->id;
		/* Until the disk was read nobody knows what is there. */
		e->on_disk = !b->loaded;
		RB_INSERT(id_tree, &b->ids, e);
	} else if (e->gone) {
		e->gone = false;
		b->gone--;
	} else {
		RB_REMOVE(seen_tree, &b->seen, e);
		b->count--;
	}
	entry_fill(b, e, r, addr, by, rank);
	*kept = e;
	return PEERBOOK_CHANGED;
}

enum peerbook_put
peerbook_put(struct peerbook *b, const struct peerrec *r, uint64_t now_s)
{
	struct entry *e = entry_find(b, &r->id);
	enum peerbook_put did;

	if (e != NULL && entry_same(e, r))
		return PEERBOOK_SAME;
	did = keep(b, e, r, now_s, &e);
	if (did == PEERBOOK_CHANGED)
		mark_dirty(b, e);
	return did;
}

/* A mark for what only the disk has, or may have. */
static void
mark_gone(struct peerbook *b, const struct nodeid *id)
{
	struct entry *e;

	if (b->gone >= b->max || (e = calloc(1, sizeof(*e))) == NULL)
		return;
	e->id = *id;
	e->gone = e->on_disk = true;
	b->gone++;
	RB_INSERT(id_tree, &b->ids, e);
	mark_dirty(b, e);
}

bool
peerbook_del(struct peerbook *b, const struct nodeid *id)
{
	struct entry *e = entry_find(b, id);

	if (e == NULL && !b->loaded)
		mark_gone(b, id);
	if (e == NULL || e->gone)
		return false;
	entry_remove(b, e);
	return true;
}

void
peerbook_load(struct peerbook *b, const struct peerrec *r, uint64_t now_s)
{
	struct entry *e = entry_find(b, &r->id);

	if (e == NULL && keep(b, NULL, r, now_s, &e) == PEERBOOK_OLDEST)
		mark_gone(b, &r->id);	/* more there than we keep */
	if (e != NULL)
		e->on_disk = true;
}

void
peerbook_loaded(struct peerbook *b)
{
	b->loaded = true;
}

size_t
peerbook_count(const struct peerbook *b)
{
	return b->count;
}

uint64_t
peerbook_evicted(const struct peerbook *b)
{
	return b->evicted;
}

static void
entry_record(const struct entry *e, struct peerrec *r)
{
	memset(r, 0, sizeof(*r));
	r->id = e->id;
	memcpy(r->key, e->key, sizeof(r->key));
	r->has_key = e->has_key;
	r->reachable = e->reachable;
	r->last_seen = e->last_seen;
	r->last_fail = e->last_fail;
	r->fail_count = e->fail_count;
	memcpy(r->addr, e->addr, strlen(e->addr) + 1);
	r->signed_len = e->signed_len;
	if (e->signed_len > 0)
		memcpy(r->signed_by, e->signed_by, e->signed_len);
}

bool
peerbook_get(const struct peerbook *b, const struct nodeid *id,
    struct peerrec *r)
{
	const struct entry *e = entry_find(b, id);

	if (e == NULL || e->gone)
		return false;
	entry_record(e, r);
	return true;
}

void
peerbook_recent(const struct peerbook *b, size_t max,
    void (*fn)(const struct peerrec *, void *), void *arg)
{
	struct seen_tree seen = b->seen;
	struct entry *e;
	struct peerrec r;

	for (e = RB_MAX(seen_tree, &seen); e != NULL && max > 0;
	    e = RB_PREV(seen_tree, &seen, e), max--) {
		entry_record(e, &r);
		fn(&r, arg);
	}
}

bool
peerbook_dirty(const struct peerbook *b)
{
	return !TAILQ_EMPTY(&b->dirty);
}

size_t
peerbook_flush_begin(struct peerbook *b, size_t max,
    void (*fn)(const struct nodeid *, const struct peerrec *, void *),
    void *arg)
{
	struct entry *e;
	struct peerrec r;
	size_t n = 0;

	while (n < max && (e = TAILQ_FIRST(&b->dirty)) != NULL) {
		TAILQ_REMOVE(&b->dirty, e, work);
		TAILQ_INSERT_TAIL(&b->flying, e, work);
		e->dirty = false;
		e->flying = true;
		e->again = false;
		if (!e->gone)
			entry_record(e, &r);
		fn(&e->id, e->gone ? NULL : &r, arg);
		n++;
	}
	return n;
}

void
peerbook_flush_end(struct peerbook *b, bool stored)
{
	struct entry *e;

	while ((e = TAILQ_FIRST(&b->flying)) != NULL) {
		TAILQ_REMOVE(&b->flying, e, work);
		e->flying = false;
		if (!stored || e->again) {
			e->on_disk = e->on_disk || stored;
			mark_dirty(b, e);
		} else if (e->gone) {
			entry_drop(b, e);
		} else {
			e->on_disk = true;
		}
	}
}

void
peerbook_rewrite(struct peerbook *b)
{
	struct entry *e, *next;

	for (e = RB_MIN(id_tree, &b->ids); e != NULL; e = next) {
		next = RB_NEXT(id_tree, &b->ids, e);
		if (e->gone && !e->flying) {
			entry_drop(b, e);
			continue;
		}
		e->on_disk = false;
		mark_dirty(b, e);
	}
}
