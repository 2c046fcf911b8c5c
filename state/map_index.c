/* SPDX-License-Identifier: MIT */
/* The orders the entries of the map are kept in, and looking things up. */
#include <sodium.h>
#include <string.h>

#include "map.h"

static int	cmp64(uint64_t, uint64_t);
static int	bytes_cmp(const void *, size_t, const void *, size_t);
static void	reg_hash(const struct entry *, uint8_t[32]);
static void	value_hash(const struct entry *, uint8_t[32]);
static int	reg_cmp(const struct ment *, const struct ment *);
static int	id_cmp(const struct ment *, const struct ment *);
static int	order_cmp(const struct ment *, const struct ment *);
static int	author_cmp(const struct mauthor *, const struct mauthor *);

/* The macros cast away const, as they must. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-qual"
RB_GENERATE(ment_regs, ment, reg_node, reg_cmp)
RB_GENERATE(ment_ids, ment, id_node, id_cmp)
RB_GENERATE(ment_order, ment, order_node, order_cmp)
RB_GENERATE(mauthors, mauthor, node, author_cmp)
#pragma GCC diagnostic pop

static int
cmp64(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int
bytes_cmp(const void *a, size_t an, const void *b, size_t bn)
{
	int d = memcmp(a, b, an < bn ? an : bn);

	return d != 0 ? d : cmp64(an, bn);
}

void
ment_entry(const struct ment *m, struct entry *e)
{
	e->sig = (struct slice){ m->data, ENTRY_SIG_LEN };
	e->key = (struct slice){ m->data + ENTRY_SIG_LEN, m->key_len };
	e->value = (struct slice){ e->key.p + m->key_len, m->value_len };
	e->hlc = m->hlc;
	e->expires_ms = m->expires_ms;
	e->flags = m->flags;
	e->author = (struct slice){ m->author->pub, ENTRY_AUTHOR_LEN };
}

static void
reg_hash(const struct entry *e, uint8_t out[32])
{
	crypto_hash_sha256_state st;

	crypto_hash_sha256_init(&st);
	crypto_hash_sha256_update(&st, e->author.p, e->author.n);
	crypto_hash_sha256_update(&st, e->key.p, e->key.n);
	crypto_hash_sha256_final(&st, out);
}

static void
value_hash(const struct entry *e, uint8_t out[32])
{
	crypto_hash_sha256(out, e->value.n > 0 ? e->value.p :
	    (const uint8_t *)"", e->value.n);
}

/* Hashes only when the times are the same, which an honest author avoids. */
int
map_order(const struct entry *a, const struct entry_id *aid,
    const struct entry *b, const struct entry_id *bid)
{
	uint8_t ah[32], bh[32];
	int d;

	if ((d = cmp64(a->hlc, b->hlc)) != 0)
		return d;
	reg_hash(a, ah);
	reg_hash(b, bh);
	if ((d = memcmp(ah, bh, sizeof(ah))) != 0)
		return d;
	if ((d = (int)(a->flags & ENTRY_DELETED) -
	    (int)(b->flags & ENTRY_DELETED)) != 0)
		return d;
	value_hash(a, ah);
	value_hash(b, bh);
	if ((d = memcmp(ah, bh, sizeof(ah))) != 0)
		return d;
	if ((d = cmp64(a->expires_ms, b->expires_ms)) != 0)
		return d;
	return entry_id_cmp(aid, bid);
}

static int
order_cmp(const struct ment *a, const struct ment *b)
{
	struct entry ea, eb;

	if (a->hlc != b->hlc)
		return cmp64(a->hlc, b->hlc);
	ment_entry(a, &ea);
	ment_entry(b, &eb);
	return map_order(&ea, &a->id, &eb, &b->id);
}

static int
id_cmp(const struct ment *a, const struct ment *b)
{
	return entry_id_cmp(&a->id, &b->id);
}

static int
author_cmp(const struct mauthor *a, const struct mauthor *b)
{
	return memcmp(a->pub, b->pub, sizeof(a->pub));
}

int
ment_key_cmp(const struct ment *m, const void *key, size_t n)
{
	return bytes_cmp(m->data + ENTRY_SIG_LEN, m->key_len, key, n);
}

static int
reg_cmp_to(const struct ment *m, const void *key, size_t n,
    const uint8_t *author, bool past)
{
	int d = ment_key_cmp(m, key, n);

	if (d != 0)
		return d;
	if (author == NULL)
		return 1;	/* the first of the key */
	if ((d = memcmp(m->author->pub, author, ENTRY_AUTHOR_LEN)) != 0)
		return d;
	return ((m->in & MENT_PAST) != 0) - past;
}

static int
reg_cmp(const struct ment *a, const struct ment *b)
{
	return reg_cmp_to(a, b->data + ENTRY_SIG_LEN, b->key_len,
	    b->author->pub, (b->in & MENT_PAST) != 0);
}

struct ment *
map_reg_from(const struct map *m, const void *key, size_t n,
    const uint8_t *author, bool past)
{
	struct ment *t = RB_ROOT(&m->regs), *found = NULL;

	while (t != NULL) {
		if (reg_cmp_to(t, key, n, author, past) < 0) {
			t = RB_RIGHT(t, reg_node);
		} else {
			found = t;
			t = RB_LEFT(t, reg_node);
		}
	}
	return found;
}

struct ment *
map_reg_find(const struct map *m, const void *key, size_t n,
    const uint8_t *author, bool past)
{
	struct ment *t = map_reg_from(m, key, n, author, past);

	return t != NULL && reg_cmp_to(t, key, n, author, past) == 0 ? t :
	    NULL;
}

struct mauthor *
map_author_find(const struct map *m, const uint8_t *pub)
{
	struct mauthor *a = RB_ROOT(&m->authors);
	int d;

	while (a != NULL &&
	    (d = memcmp(pub, a->pub, ENTRY_AUTHOR_LEN)) != 0)
		a = d < 0 ? RB_LEFT(a, node) : RB_RIGHT(a, node);
	return a;
}

static struct ment *
id_from(const struct map *m, const uint8_t *id, size_t n)
{
	struct ment *t = RB_ROOT(&m->ids), *found = NULL;

	while (t != NULL) {
		if (memcmp(t->id.b, id, n) < 0) {
			t = RB_RIGHT(t, id_node);
		} else {
			found = t;
			t = RB_LEFT(t, id_node);
		}
	}
	return found;
}

const struct ment *
map_find(const struct map *m, const struct entry_id *id)
{
	struct ment *t = id_from(m, id->b, sizeof(id->b));

	return t != NULL && entry_id_cmp(&t->id, id) == 0 ? t : NULL;
}

size_t
map_find_prefix(const struct map *m, const uint8_t prefix[8],
    const struct ment **out, size_t max)
{
	struct ment *t = id_from(m, prefix, 8);
	size_t n = 0;

	for (; n < max && t != NULL && memcmp(t->id.b, prefix, 8) == 0;
	    t = ment_ids_RB_NEXT(t))
		out[n++] = t;
	return n;
}

const struct ment *
map_next_id(const struct map *m, const struct ment *t)
{
	union {
		const struct ment	*in;
		struct ment		*out;
	} u = { t };

	if (t == NULL)
		return id_from(m, (const uint8_t *)"", 0);
	return ment_ids_RB_NEXT(u.out);
}
