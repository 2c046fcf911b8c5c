/* SPDX-License-Identifier: MIT */
/* What people see of the map. */
#include <string.h>

#include "clock.h"
#include "map.h"

static const struct ment *
reg_next(const struct ment *e)
{
	union {
		const struct ment	*in;
		struct ment		*out;
	} u = { e };

	return ment_regs_RB_NEXT(u.out);
}

const struct ment *
map_next_version(const struct map *m, const void *key, size_t n,
    const struct ment *e)
{
	e = e == NULL ? map_reg_from(m, key, n, NULL, false) : reg_next(e);
	while (e != NULL && (e->in & MENT_PAST) != 0 &&
	    ment_key_cmp(e, key, n) == 0)
		e = reg_next(e);
	return e != NULL && ment_key_cmp(e, key, n) == 0 ? e : NULL;
}

const struct ment *
map_winner(const struct map *m, const void *key, size_t n)
{
	const struct ment *best = NULL, *e = NULL;
	struct entry be, ee;

	while ((e = map_next_version(m, key, n, e)) != NULL) {
		if (best != NULL) {
			ment_entry(best, &be);
			ment_entry(e, &ee);
		}
		if (best == NULL || map_order(&ee, &e->id, &be,
		    &best->id) > 0)
			best = e;
	}
	return best;
}

static bool
visible(const struct ment *e, uint64_t now_ms)
{
	return e != NULL && (e->flags & ENTRY_DELETED) == 0 &&
	    e->expires_ms > now_ms;
}

const struct ment *
map_get(const struct map *m, const void *key, size_t n, uint64_t now_ms)
{
	const struct ment *e = map_winner(m, key, n);

	return visible(e, now_ms) ? e : NULL;
}

const struct ment *
map_register(const struct map *m, const void *key, size_t n,
    const uint8_t author[ENTRY_AUTHOR_LEN])
{
	return map_reg_find(m, key, n, author, false);
}

uint64_t
map_key_max(const struct map *m, const void *key, size_t n)
{
	const struct ment *e = map_reg_from(m, key, n, NULL, false);
	uint64_t max = 0;

	for (; e != NULL && ment_key_cmp(e, key, n) == 0; e = reg_next(e))
		if (e->hlc > max)
			max = e->hlc;
	return max;
}

/* Behind all entries of a key. */
static const struct ment *
key_skip(const struct ment *e)
{
	const struct ment *n = e;

	while (n != NULL && ment_key_cmp(n, e->data + ENTRY_SIG_LEN,
	    e->key_len) == 0)
		n = reg_next(n);
	return n;
}

const struct ment *
map_next_key(const struct map *m, const void *prefix, size_t plen,
    const void *after, size_t alen, uint64_t now_ms)
{
	const struct ment *e, *seen;

	e = map_reg_from(m, alen > 0 ? after : prefix, alen > 0 ? alen : plen,
	    NULL, false);
	if (alen > 0 && e != NULL && ment_key_cmp(e, after, alen) == 0)
		e = key_skip(e);
	for (; e != NULL && e->key_len >= plen &&
	    memcmp(e->data + ENTRY_SIG_LEN, prefix, plen) == 0;
	    e = key_skip(e)) {
		seen = map_get(m, e->data + ENTRY_SIG_LEN, e->key_len, now_ms);
		if (seen != NULL)
			return seen;
	}
	return NULL;
}

const struct mauthor *
map_author(const struct map *m, const uint8_t pub[ENTRY_AUTHOR_LEN])
{
	return map_author_find(m, pub);
}

size_t
map_renewals(const struct map *m, const uint8_t pub[ENTRY_AUTHOR_LEN],
    uint64_t now_ms, uint64_t from_ms, const struct ment **out, size_t max)
{
	uint64_t half = m->profile->lease_days * DAY_MS / 2;
	struct mauthor *a = map_author_find(m, pub);
	struct ment *e;
	size_t n = 0;

	if (a == NULL)
		return 0;
	RB_FOREACH(e, ment_order, &a->order) {
		if (n == max)
			break;
		if (e->expires_ms < now_ms + half && visible(e, now_ms) &&
		    HLC_MS(e->hlc) >= from_ms &&
		    map_winner(m, e->data + ENTRY_SIG_LEN, e->key_len) == e)
			out[n++] = e;
	}
	return n;
}

const struct ment *
map_next_own(const struct map *m, const struct ment *e)
{
	/* The tree is not changed; its macros know no const. */
	struct ment *own = map_reg_find(m, e->data + ENTRY_SIG_LEN,
	    e->key_len, e->author->pub, false);

	return own == NULL ? NULL : RB_NEXT(ment_order, NULL, own);
}
