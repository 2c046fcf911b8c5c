/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "proto/siphash.h"
#include "symbols.h"

static uint64_t	checksum(const uint8_t *salt, const struct entry_id *);
static bool	cell_empty(const struct symbol *);
static bool	is_pure(const struct peel *, size_t index);
static bool	found_add(struct peel *, const struct entry_id *, int side);
static void	found_apply(struct peel *, struct peeled *);
static void	todo_add(struct peel *, size_t index);
static enum peel_state work(struct peel *);

static uint64_t
splitmix64(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/*
 * The largest s with s * s <= v, for v >= 2^32: by the well-known guess at
 * 1 / sqrt(v) and three steps of Newton's, which may be off by roundings and
 * is put right, so that it is the same everywhere.  This is most of what an
 * id costs; a root by divisions takes ten times as long.
 */
static uint64_t
isqrt(uint64_t v)
{
	double d = (double)v, y;
	uint64_t bits, s;

	memcpy(&bits, &d, sizeof(bits));
	bits = UINT64_C(0x5fe6eb50c7b537a9) - (bits >> 1);
	memcpy(&y, &bits, sizeof(y));
	for (unsigned int i = 0; i < 3; i++)
		y *= 1.5 - 0.5 * d * y * y;
	s = (uint64_t)(d * y);
	if (s > UINT32_MAX)
		s = UINT32_MAX;
	while (s * s > v)
		s--;
	while (s < UINT32_MAX && (s + 1) * (s + 1) <= v)
		s++;
	return s;
}

void
mapping_init(struct mapping *m, const uint8_t salt[SYMBOLS_SALT_LEN],
    const struct entry_id *id)
{
	m->state = siphash24(salt, id->b, sizeof(id->b));
	m->index = 0;
}

/* idx += max(1, ceil((2 idx + 3)(2^32 - s) / 2s)) */
void
mapping_next(struct mapping *m)
{
	uint64_t u = splitmix64(&m->state) >> 32 | 1, s = isqrt(u << 32);
	uint64_t over = (2 * m->index + 3) * ((UINT64_C(1) << 32) - s);
	uint64_t step = (over + 2 * s - 1) / (2 * s);

	m->index += step == 0 ? 1 : step;
}

static uint64_t
checksum(const uint8_t *salt, const struct entry_id *id)
{
	uint8_t other[SYMBOLS_SALT_LEN];

	memcpy(other, salt, sizeof(other));
	other[sizeof(other) - 1] ^= 1;
	return siphash24(other, id->b, sizeof(id->b));
}

static void
cell_add(struct symbol *c, const struct entry_id *id, uint64_t check, int by)
{
	for (unsigned int i = 0; i < ENTRY_ID_LEN; i++)
		c->id[i] ^= id->b[i];
	c->check ^= check;
	c->count += by;
}

void
symbols_add(struct symbol *cells, size_t first, size_t upto,
    const uint8_t salt[SYMBOLS_SALT_LEN], const struct entry_id *id, int by)
{
	uint64_t check = checksum(salt, id);
	struct mapping m;

	for (mapping_init(&m, salt, id); m.index < upto; mapping_next(&m))
		if (m.index >= first)
			cell_add(&cells[m.index - first], id, check, by);
}

void
peel_init(struct peel *p, const uint8_t salt[SYMBOLS_SALT_LEN])
{
	memset(p, 0, sizeof(*p));
	memcpy(p->salt, salt, sizeof(p->salt));
}

void
peel_free(struct peel *p)
{
	free(p->cell);
	free(p->found);
	free(p->slot);
	free(p->todo);
	memset(p, 0, sizeof(*p));
}

static bool
cell_empty(const struct symbol *c)
{
	static const uint8_t zero[ENTRY_ID_LEN];

	return c->count == 0 && c->check == 0 &&
	    memcmp(c->id, zero, sizeof(zero)) == 0;
}

static void
todo_add(struct peel *p, size_t index)
{
	if (p->ntodo == p->todo_room) {
		p->todo_room = p->todo_room == 0 ? 256 : 2 * p->todo_room;
		p->todo = xreallocarray(p->todo, p->todo_room,
		    sizeof(*p->todo));
	}
	p->todo[p->ntodo++] = (uint32_t)index;
}

/* One id alone: by the count, by the checksum, and by where it lies. */
static bool
is_pure(const struct peel *p, size_t index)
{
	const struct symbol *c = &p->cell[index];
	struct entry_id id;
	struct mapping m;

	if (c->count != 1 && c->count != -1)
		return false;
	memcpy(id.b, c->id, sizeof(id.b));
	if (checksum(p->salt, &id) != c->check)
		return false;
	mapping_init(&m, p->salt, &id);
	while (m.index < index)
		mapping_next(&m);
	return m.index == index;
}

static size_t
slot_of(const struct peel *p, const struct entry_id *id)
{
	size_t s = (size_t)siphash24(p->salt, id->b, sizeof(id->b)) &
	    (p->slots - 1);

	while (p->slot[s] != 0 &&
	    entry_id_cmp(&p->found[p->slot[s] - 1].id, id) != 0)
		s = (s + 1) & (p->slots - 1);
	return s;
}

/* False: it was there before. */
static bool
found_add(struct peel *p, const struct entry_id *id, int side)
{
	size_t s = slot_of(p, id);
	struct peeled *f;

	if (p->slot[s] != 0)
		return false;
	f = &p->found[p->nfound++];
	f->id = *id;
	f->side = side;
	mapping_init(&f->at, p->salt, id);
	p->slot[s] = (uint32_t)p->nfound;
	found_apply(p, f);
	return true;
}

/* Take it out of the cells it has not been taken out of. */
static void
found_apply(struct peel *p, struct peeled *f)
{
	uint64_t check = checksum(p->salt, &f->id);

	for (; f->at.index < p->n; mapping_next(&f->at)) {
		cell_add(&p->cell[f->at.index], &f->id, check, -f->side);
		todo_add(p, (size_t)f->at.index);
	}
}

/* Room for as many finds as there are cells: more would be a lie. */
static void
room_make(struct peel *p)
{
	if (p->n <= p->room)
		return;
	while (p->room < p->n)
		p->room = p->room == 0 ? 256 : 2 * p->room;
	p->cell = xreallocarray(p->cell, p->room, sizeof(*p->cell));
	p->found = xreallocarray(p->found, p->room, sizeof(*p->found));
	p->slots = 2 * p->room;
	free(p->slot);
	p->slot = xcalloc(p->slots, sizeof(*p->slot));
	for (size_t i = 0; i < p->nfound; i++)
		p->slot[slot_of(p, &p->found[i].id)] = (uint32_t)(i + 1);
}

enum peel_state
peel_more(struct peel *p, const struct symbol *cells, size_t k)
{
	size_t first = p->n;

	if (p->state != PEEL_MORE)
		return p->state;
	if (k > SYMBOLS_MAX - p->n)
		return p->state = PEEL_POISON;
	p->n += k;
	room_make(p);
	for (size_t i = 0; i < k; i++) {
		if (cells[i].count > SYMBOLS_COUNT_MAX ||
		    cells[i].count < -SYMBOLS_COUNT_MAX)
			return p->state = PEEL_POISON;
		p->cell[first + i] = cells[i];
		todo_add(p, first + i);
	}
	for (size_t i = 0; i < p->nfound; i++)
		found_apply(p, &p->found[i]);
	return p->state = work(p);
}

static enum peel_state
work(struct peel *p)
{
	struct entry_id id;
	size_t index;

	while (p->ntodo > 0) {
		index = p->todo[--p->ntodo];
		if (!is_pure(p, index))
			continue;
		memcpy(id.b, p->cell[index].id, sizeof(id.b));
		if (p->nfound == p->n ||
		    !found_add(p, &id, (int)p->cell[index].count))
			return PEEL_POISON;
	}
	/* Every id is in the first cell. */
	return p->n > 0 && cell_empty(&p->cell[0]) ? PEEL_DONE : PEEL_MORE;
}

static int64_t
bounded(int64_t v, int64_t max)
{
	return v > max ? max : v < -max ? -max : v;
}

/*
 * A cell at i holds 1 in 1 + i/2 of those left, and of what they are more on
 * one side, which the first cell tells; by how much its count departs from
 * that shows how many there are.
 */
size_t
peel_estimate(const struct peel *p)
{
	int64_t more, off, sum = 0, cells = (int64_t)p->n - 8;

	if (p->n == 0)
		return 0;
	more = bounded(p->cell[0].count, 1 << 24);
	for (size_t i = 8; i < p->n; i++) {
		off = p->cell[i].count - more * 2 / (int64_t)(2 + i);
		off = bounded(off, 1 << 15);
		sum += off * off * (int64_t)(2 + i) / 2;
	}
	if (more < 0)
		more = -more;
	if (cells > 0 && sum / cells > more)
		more = sum / cells;
	return p->nfound + (size_t)more;
}
