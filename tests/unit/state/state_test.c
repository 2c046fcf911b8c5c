/* SPDX-License-Identifier: MIT */
#include "state_test.h"

size_t
how_many(size_t most, size_t common, size_t few)
{
	return getenv("MICELIO_LONG") != NULL ? most :
	    getenv("MICELIO_BRIEF") != NULL ? few : common;
}

uint64_t
rng_next(struct rng *r)
{
	uint64_t z = (r->s += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint64_t
rng_below(struct rng *r, uint64_t n)
{
	return rng_next(r) % n;
}

void
author_bytes(unsigned int n, uint8_t out[ENTRY_AUTHOR_LEN])
{
	memset(out, 0x40, ENTRY_AUTHOR_LEN);
	memcpy(out, &n, sizeof(n));
}

void
make_id(struct made *m)
{
	static const uint8_t mesh[MESH_ID_LEN];
	uint8_t buf[ENTRY_SIGNED_MAX];

	entry_id_of(buf, entry_signed(&m->e, mesh, buf), &m->id);
}

void
make(struct made *m, unsigned int author, const char *name,
    const char *value, uint64_t hlc, uint64_t expires_ms)
{
	memset(m, 0, sizeof(*m));
	author_bytes(author, m->author);
	snprintf(m->key, sizeof(m->key), "o/%s", name);
	snprintf(m->value, sizeof(m->value), "%s", value == NULL ? "" :
	    value);
	m->e.key = (struct slice){ (uint8_t *)m->key, strlen(m->key) };
	m->e.value = (struct slice){ (uint8_t *)m->value, strlen(m->value) };
	m->e.author = (struct slice){ m->author, sizeof(m->author) };
	m->e.sig = (struct slice){ m->sig, sizeof(m->sig) };
	m->e.hlc = hlc;
	m->e.expires_ms = expires_ms;
	m->e.flags = value == NULL ? ENTRY_DELETED : 0;
	make_id(m);
}

enum map_verdict
put(struct map *map, const struct made *m, uint64_t now_ms)
{
	return map_apply(map, &m->e, &m->id, now_ms);
}

const char *
seen(struct map *map, const char *name, uint64_t now_ms)
{
	static char out[8][64];
	static unsigned int turn;
	char key[ENTRY_KEY_MAX + 1];
	const struct ment *e;
	char *s = out[turn++ % 8];

	snprintf(key, sizeof(key), "o/%s", name);
	e = map_get(map, key, strlen(key), now_ms);
	if (e == NULL)
		return "-";
	snprintf(s, sizeof(out[0]), "%.*s", (int)e->value_len,
	    (const char *)e->data + ENTRY_SIG_LEN + e->key_len);
	return s;
}

void
map_check(struct map *m)
{
	const struct ment *e = NULL;
	struct digest now, prev;
	size_t live = 0, past = 0, bytes = 0;
	struct lt lt;

	digest_init(&now);
	digest_init(&prev);
	while ((e = map_next_id(m, e)) != NULL) {
		lt_of_id(&lt, &e->id);
		if (ment_counts(m, e, m->hour))
			digest_add(&now, &lt);
		if (ment_counts(m, e, m->hour - 1))
			digest_add(&prev, &lt);
		assert_true(((e->in & MENT_PAST) == 0) ==
		    (e->expires_ms / HOUR_MS >= m->hour));
		*((e->in & MENT_PAST) != 0 ? &past : &live) += 1;
		bytes += sizeof(*e) + ENTRY_SIG_LEN + e->key_len +
		    e->value_len;
	}
	assert_int_equal(now.count, live);
	assert_int_equal(live, m->live);
	assert_int_equal(past, m->past);
	assert_int_equal(bytes, m->bytes);
	assert_memory_equal(&now, &m->now, sizeof(now));
	assert_memory_equal(&prev, &m->prev, sizeof(prev));
}

bool
maps_equal(const struct map *a, const struct map *b)
{
	return a->hour == b->hour &&
	    memcmp(&a->now, &b->now, sizeof(a->now)) == 0;
}

void
map_tell(struct map *to, const struct map *from, uint64_t now)
{
	const struct ment *e = NULL;
	struct entry x;

	while ((e = map_next_id(from, e)) != NULL) {
		ment_entry(e, &x);
		if (ment_counts(from, e, from->hour))
			map_apply(to, &x, &e->id, now);
	}
}
