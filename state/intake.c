/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "common/cursor.h"
#include "common/log.h"
#include "intake.h"

static int	item_cmp(const struct intake_item *,
		    const struct intake_item *);
static struct intake_item *item_new(const struct entry *,
		    const uint8_t *signed_bytes, size_t,
		    const struct entry_id *);
static void	item_end(struct intake *, struct intake_item *,
		    enum intake_outcome);
static bool	held_room(const struct intake *, const uint8_t *author);
static bool	is_early(enum map_verdict);
static void	go_on(struct intake *, struct intake_item *, uint64_t now_ms);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-qual"
RB_PROTOTYPE(intake_items, intake_item, node, )
RB_GENERATE(intake_items, intake_item, node, item_cmp)
#pragma GCC diagnostic pop

static int
item_cmp(const struct intake_item *a, const struct intake_item *b)
{
	return entry_id_cmp(&a->id, &b->id);
}

void
intake_init(struct intake *in, struct map *map, const struct intake_ops *ops,
    void *arg)
{
	memset(in, 0, sizeof(*in));
	in->map = map;
	in->ops = *ops;
	in->arg = arg;
	RB_INIT(&in->items);
	TAILQ_INIT(&in->held);
}

void
intake_free(struct intake *in)
{
	struct intake_item *it;

	while ((it = RB_ROOT(&in->items)) != NULL) {
		RB_REMOVE(intake_items, &in->items, it);
		free(it);
	}
	TAILQ_INIT(&in->held);
	in->n = in->nheld = 0;
}

static struct intake_item *
find(const struct intake *in, const struct entry_id *id)
{
	struct intake_item *it = RB_ROOT(&in->items);
	int d;

	while (it != NULL && (d = entry_id_cmp(id, &it->id)) != 0)
		it = d < 0 ? RB_LEFT(it, node) : RB_RIGHT(it, node);
	return it;
}

static struct intake_item *
item_new(const struct entry *e, const uint8_t *signed_bytes, size_t n,
    const struct entry_id *id)
{
	size_t len = entry_size(e);
	struct intake_item *it = xcalloc(1, sizeof(*it) + len);
	struct wbuf w;

	wbuf_init(&w, ENTRY_WIRE_MAX);
	entry_write(&w, e);
	memcpy(it->bytes, w.p, len);
	wbuf_free(&w);
	it->len = len;
	it->id = *id;
	it->signed_len = n;
	memcpy(it->signed_bytes, signed_bytes, n);
	if (!entry_read(&it->e, it->bytes, len, false))
		fatalx("an entry does not survive its own encoding");
	return it;
}

/* What can be said before the dear check of the signature. */
enum intake_outcome
intake_add(struct intake *in, const struct entry *e,
    enum intake_source source, uint64_t cookie, uint64_t now_ms)
{
	uint8_t buf[ENTRY_SIGNED_MAX];
	struct intake_item *it;
	struct entry_id id;
	size_t n;

	in->fault = profile_judge(in->map->profile, e);
	if (in->fault != FAULT_NONE) {
		in->bad[in->fault]++;
		return INTAKE_BAD;
	}
	n = entry_signed(e, in->map->profile->mesh, buf);
	entry_id_of(buf, n, &id);
	if (find(in, &id) != NULL)
		return INTAKE_KNOWN;
	in->verdict = map_judge(in->map, e, &id, now_ms);
	if (in->verdict == MAP_KNOWN)
		return INTAKE_KNOWN;
	if (in->verdict != MAP_TAKE && !(is_early(in->verdict) &&
	    held_room(in, e->author.p)))
		return INTAKE_NOT;
	if (in->n >= INTAKE_MAX)
		return INTAKE_BUSY;
	it = item_new(e, buf, n, &id);
	it->source = source;
	it->cookie = cookie;
	it->stage = STAGE_CHECK;
	RB_INSERT(intake_items, &in->items, it);
	in->n++;
	in->ops.check(in->arg, it);
	return INTAKE_PENDING;
}

static void
item_end(struct intake *in, struct intake_item *it, enum intake_outcome o)
{
	RB_REMOVE(intake_items, &in->items, it);
	in->n--;
	in->ops.done(in->arg, it, o);
	free(it);
}

static bool
is_early(enum map_verdict v)
{
	return v == MAP_EARLY || v == MAP_LONG;
}

static bool
held_room(const struct intake *in, const uint8_t *author)
{
	const struct intake_item *it;
	size_t his = 0;

	TAILQ_FOREACH(it, &in->held, held)
		if (memcmp(it->e.author.p, author, ENTRY_AUTHOR_LEN) == 0)
			his++;
	return in->nheld < INTAKE_HELD_MAX && his < INTAKE_HELD_AUTHOR_MAX;
}

void
intake_checked(struct intake *in, struct intake_item *it, bool good,
    uint64_t now_ms)
{
	if (!good) {
		in->fault = FAULT_SIGNATURE;
		in->bad[FAULT_SIGNATURE]++;
		item_end(in, it, INTAKE_BAD);
		return;
	}
	go_on(in, it, now_ms);
}

static void
hold(struct intake *in, struct intake_item *it)
{
	it->stage = STAGE_HELD;
	in->n--;
	in->nheld++;
	TAILQ_INSERT_TAIL(&in->held, it, held);
	in->ops.done(in->arg, it, INTAKE_HELD);
}

/* While it was checked others came: what is the verdict now? */
static void
go_on(struct intake *in, struct intake_item *it, uint64_t now_ms)
{
	in->verdict = map_judge(in->map, &it->e, &it->id, now_ms);
	if (is_early(in->verdict) && it->source != INTAKE_DISK &&
	    held_room(in, it->e.author.p)) {
		hold(in, it);
		return;
	}
	if (in->verdict == MAP_TAKE && it->source != INTAKE_DISK) {
		it->stage = STAGE_WRITE;
		in->ops.write(in->arg, it);
		return;
	}
	if (it->source == INTAKE_DISK) {
		intake_written(in, it, true, now_ms);
		return;
	}
	item_end(in, it, in->verdict == MAP_KNOWN ? INTAKE_KNOWN :
	    INTAKE_NOT);
}

void
intake_written(struct intake *in, struct intake_item *it, bool good,
    uint64_t now_ms)
{
	if (!good) {
		item_end(in, it, INTAKE_FAILED);
		return;
	}
	in->verdict = map_apply(in->map, &it->e, &it->id, now_ms);
	if (in->verdict == MAP_TAKE) {
		item_end(in, it, INTAKE_TAKEN);
		return;
	}
	if (in->verdict == MAP_KNOWN) {
		item_end(in, it, INTAKE_KNOWN);
		return;
	}
	if (in->ops.forget != NULL)
		in->ops.forget(in->arg, &it->id);
	item_end(in, it, INTAKE_NOT);
}

void
intake_tick(struct intake *in, uint64_t now_ms)
{
	struct intake_item *it, *next;

	TAILQ_FOREACH_SAFE(it, &in->held, held, next) {
		if (is_early(map_judge(in->map, &it->e, &it->id, now_ms)))
			continue;
		if (in->n >= INTAKE_MAX)
			return;
		TAILQ_REMOVE(&in->held, it, held);
		in->nheld--;
		in->n++;
		go_on(in, it, now_ms);
	}
}
