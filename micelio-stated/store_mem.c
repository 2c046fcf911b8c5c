/* SPDX-License-Identifier: MIT */
/*
 * The store in memory, for tests: what was committed stays until
 * store_free(), over close and open.  It can be told to fail.
 */
#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>

#include <stdlib.h>
#include <string.h>

#include "store.h"

struct pair {
	RB_ENTRY(pair)	 entry;
	uint8_t		*key, *value;
	size_t		 klen, vlen;
};
RB_HEAD(pairs, pair);

struct mem_table {
	SLIST_ENTRY(mem_table)	 entry;
	char			 name[STORE_NAME_MAX + 1];
	struct pairs		 pairs;
};

/* How a pair was before the batch touched it; value NULL: absent. */
struct undo {
	SLIST_ENTRY(undo)	 entry;
	struct mem_table	*table;
	uint8_t			*key, *value;
	size_t			 klen, vlen;
};

struct mem {
	struct store			 s;	/* first: cast */
	SLIST_HEAD(, mem_table)		 tables;
	SLIST_HEAD(, undo)		 undo;
	unsigned int			 fail_after;
	unsigned int			 fail_opens;
	enum store_err			 fail, fail_open;
};

static int
bytes_cmp(const void *a, size_t alen, const void *b, size_t blen)
{
	size_t n = alen < blen ? alen : blen;
	int c = n == 0 ? 0 : memcmp(a, b, n);

	if (c != 0)
		return c;
	return alen < blen ? -1 : alen > blen;
}

static int
pair_cmp(struct pair *a, struct pair *b)
{
	return bytes_cmp(a->key, a->klen, b->key, b->klen);
}

#define LOCAL	__attribute__((unused)) static
RB_PROTOTYPE_INTERNAL(pairs, pair, entry, pair_cmp, LOCAL)
RB_GENERATE_INTERNAL(pairs, pair, entry, pair_cmp, LOCAL)

static struct mem *
mem_of(struct store *s)
{
	return (struct mem *)(void *)s;
}

/* A copy that is never NULL for an empty value. */
static uint8_t *
bytes_dup(const void *p, size_t n)
{
	uint8_t *copy = malloc(n + 1);

	if (copy != NULL && n > 0)
		memcpy(copy, p, n);
	return copy;
}

static void
pair_free(struct pair *p)
{
	if (p == NULL)
		return;
	free(p->key);
	free(p->value);
	free(p);
}

static void
undo_clear(struct mem *m)
{
	struct undo *u;

	while ((u = SLIST_FIRST(&m->undo)) != NULL) {
		SLIST_REMOVE_HEAD(&m->undo, entry);
		free(u->key);
		free(u->value);
		free(u);
	}
}

static void
tables_clear(struct mem *m)
{
	struct mem_table *t;
	struct pair *p;

	while ((t = SLIST_FIRST(&m->tables)) != NULL) {
		SLIST_REMOVE_HEAD(&m->tables, entry);
		while ((p = RB_MIN(pairs, &t->pairs)) != NULL) {
			RB_REMOVE(pairs, &t->pairs, p);
			pair_free(p);
		}
		free(t);
	}
}

static enum store_err
failing(struct mem *m)
{
	enum store_err err = m->fail;

	if (m->s.dead)
		return STORE_DAMAGED;
	if (err == STORE_OK || m->fail_after-- > 0)
		return STORE_OK;
	m->fail = STORE_OK;
	m->s.dead = err == STORE_DAMAGED;
	store_set_why(&m->s, "told to fail: %s", store_err_text(err));
	return err;
}

static struct mem_table *
table_find(struct mem *m, const char *name)
{
	struct mem_table *t;

	SLIST_FOREACH(t, &m->tables, entry)
		if (strcmp(t->name, name) == 0)
			return t;
	return NULL;
}

static struct mem_table *
table_make(struct mem *m, const char *name)
{
	struct mem_table *t = table_find(m, name);
	unsigned int n = 0;

	if (t != NULL)
		return t;
	SLIST_FOREACH(t, &m->tables, entry)
		n++;
	if (n >= STORE_TABLES_MAX || (t = calloc(1, sizeof(*t))) == NULL)
		return NULL;
	memcpy(t->name, name, strlen(name) + 1);
	RB_INIT(&t->pairs);
	SLIST_INSERT_HEAD(&m->tables, t, entry);
	return t;
}

static struct pair *
pair_find(struct mem_table *t, const void *key, size_t klen, bool or_next)
{
	struct pair *found, like = { .klen = klen };

	/* Only compared, never written to. */
	memcpy(&like.key, &key, sizeof(like.key));
	found = or_next ? RB_NFIND(pairs, &t->pairs, &like) :
	    RB_FIND(pairs, &t->pairs, &like);
	return found;
}

/* Replace or remove (value NULL), remembering nothing. */
static bool
pair_set(struct mem_table *t, const void *key, size_t klen, const void *value,
    size_t vlen)
{
	struct pair *p = pair_find(t, key, klen, false);

	if (p != NULL) {
		RB_REMOVE(pairs, &t->pairs, p);
		pair_free(p);
	}
	if (value == NULL)
		return true;
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return false;
	p->key = bytes_dup(key, klen);
	p->value = bytes_dup(value, vlen);
	p->klen = klen;
	p->vlen = vlen;
	if (p->key == NULL || p->value == NULL) {
		pair_free(p);
		return false;
	}
	RB_INSERT(pairs, &t->pairs, p);
	return true;
}

static bool
undo_note(struct mem *m, struct mem_table *t, const void *key, size_t klen)
{
	struct pair *p = pair_find(t, key, klen, false);
	struct undo *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return false;
	u->table = t;
	u->key = bytes_dup(key, klen);
	u->klen = klen;
	if (p != NULL) {
		u->value = bytes_dup(p->value, p->vlen);
		u->vlen = p->vlen;
	}
	SLIST_INSERT_HEAD(&m->undo, u, entry);
	return u->key != NULL && (p == NULL || u->value != NULL);
}

static enum store_err
mem_open(struct store *s)
{
	struct mem *m = mem_of(s);

	if (m->fail_opens == 0)
		return STORE_OK;
	m->fail_opens--;
	store_set_why(s, "told to fail: %s", store_err_text(m->fail_open));
	return m->fail_open;
}

static void
mem_close(struct store *s)
{
	(void)s;
}

static enum store_err
mem_begin(struct store *s)
{
	return failing(mem_of(s));
}

static void
mem_abort(struct store *s)
{
	struct mem *m = mem_of(s);
	struct undo *u;

	SLIST_FOREACH(u, &m->undo, entry)
		(void)pair_set(u->table, u->key, u->klen, u->value, u->vlen);
	undo_clear(m);
}

static enum store_err
mem_commit(struct store *s)
{
	enum store_err err = failing(mem_of(s));

	if (err != STORE_OK)
		mem_abort(s);
	undo_clear(mem_of(s));
	return err;
}

static enum store_err
mem_put(struct store *s, const char *table, const void *key, size_t klen,
    const void *value, size_t vlen)
{
	struct mem *m = mem_of(s);
	struct mem_table *t = table_make(m, table);
	enum store_err err = failing(m);

	if (err != STORE_OK)
		return err;
	if (t == NULL) {
		store_set_why(s, "too many tables");
		return STORE_INVAL;
	}
	if (!undo_note(m, t, key, klen) || !pair_set(t, key, klen,
	    vlen == 0 ? "" : value, vlen)) {
		store_set_why(s, "no memory");
		return STORE_FAILED;
	}
	return STORE_OK;
}

static enum store_err
mem_get(struct store *s, const char *table, const void *key, size_t klen,
    void *value, size_t size, size_t *vlen)
{
	struct mem *m = mem_of(s);
	struct mem_table *t = table_find(m, table);
	struct pair *p;
	enum store_err err = failing(m);

	if (err != STORE_OK)
		return err;
	if (t == NULL || (p = pair_find(t, key, klen, false)) == NULL)
		return STORE_NOTFOUND;
	*vlen = p->vlen;
	memcpy(value, p->value, p->vlen < size ? p->vlen : size);
	return STORE_OK;
}

static enum store_err
mem_del(struct store *s, const char *table, const void *key, size_t klen)
{
	struct mem *m = mem_of(s);
	struct mem_table *t = table_find(m, table);
	enum store_err err = failing(m);

	if (err != STORE_OK || t == NULL)
		return err;
	if (!undo_note(m, t, key, klen)) {
		store_set_why(s, "no memory");
		return STORE_FAILED;
	}
	(void)pair_set(t, key, klen, NULL, 0);
	return STORE_OK;
}

static enum store_err
mem_iterate(struct store *s, const char *table, const void *from, size_t flen,
    store_fn fn, void *arg)
{
	struct mem *m = mem_of(s);
	struct mem_table *t = table_find(m, table);
	struct pair *p;
	enum store_err err = failing(m);

	if (err != STORE_OK || t == NULL)
		return err;
	p = flen == 0 ? RB_MIN(pairs, &t->pairs) :
	    pair_find(t, from, flen, true);
	for (; p != NULL; p = RB_NEXT(pairs, &t->pairs, p))
		if (!fn(p->key, p->klen, p->value, p->vlen, arg))
			break;
	return STORE_OK;
}

static enum store_err
mem_checkpoint(struct store *s, bool force, bool *done)
{
	(void)s;
	*done = force;
	return STORE_OK;
}

static enum store_err
mem_verify(struct store *s)
{
	return failing(mem_of(s));
}

static enum store_err
mem_set_aside(struct store *s, const char *name)
{
	(void)name;
	tables_clear(mem_of(s));
	return STORE_OK;
}

static uint64_t
mem_bytes(struct store *s)
{
	struct mem *m = mem_of(s);
	struct mem_table *t;
	struct pair *p;
	uint64_t sum = 0;

	SLIST_FOREACH(t, &m->tables, entry)
		RB_FOREACH(p, pairs, &t->pairs)
			sum += p->klen + p->vlen;
	return sum;
}

static void
mem_free(struct store *s)
{
	undo_clear(mem_of(s));
	tables_clear(mem_of(s));
	free(mem_of(s));
}

static enum store_err
mem_backup(struct store *s, const char *dir)
{
	(void)dir;
	store_set_why(s, "a store in memory has no copies");
	return STORE_INVAL;
}

static enum store_err
mem_restore(struct store *s, const char *dir)
{
	(void)dir;
	store_set_why(s, "a store in memory has no copies");
	return STORE_NOTFOUND;
}

static const struct store_ops mem_ops = {
	.open = mem_open,
	.close = mem_close,
	.begin = mem_begin,
	.commit = mem_commit,
	.abort = mem_abort,
	.put = mem_put,
	.get = mem_get,
	.del = mem_del,
	.iterate = mem_iterate,
	.checkpoint = mem_checkpoint,
	.verify = mem_verify,
	.set_aside = mem_set_aside,
	.backup = mem_backup,
	.restore = mem_restore,
	.bytes = mem_bytes,
	.free = mem_free,
};

struct store *
store_mem_new(const struct store_config *config)
{
	struct mem *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->s.ops = &mem_ops;
	m->s.config = *config;
	SLIST_INIT(&m->tables);
	SLIST_INIT(&m->undo);
	return &m->s;
}

void
store_mem_fail(struct store *s, unsigned int n, enum store_err err)
{
	mem_of(s)->fail_after = n;
	mem_of(s)->fail = err;
}

void
store_mem_fail_open(struct store *s, unsigned int n, enum store_err err)
{
	mem_of(s)->fail_opens = n;
	mem_of(s)->fail_open = err;
}
