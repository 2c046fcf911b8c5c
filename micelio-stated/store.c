/* SPDX-License-Identifier: MIT */
/* What all kinds of store share: checks of the arguments, and the schema. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cursor.h"
#include "store.h"

#define ADDRESS_DIGITS	6	/* shorter ones are codes */

static const char *const err_texts[] = {
	[STORE_OK] = "ok",
	[STORE_NOTFOUND] = "not found",
	[STORE_INVAL] = "invalid",
	[STORE_FULL] = "full",
	[STORE_FAILED] = "failed",
	[STORE_DAMAGED] = "damaged",
	[STORE_NEWER] = "newer",
};

const char *
store_err_text(enum store_err e)
{
	return (size_t)e < sizeof(err_texts) / sizeof(err_texts[0]) ?
	    err_texts[e] : "?";
}

const char *
store_why(const struct store *s)
{
	return s->why;
}

/* Where something lies in memory is nothing for a log: "0x7f..." goes. */
static void
addresses_hide(char *s)
{
	size_t n;

	while ((s = strstr(s, "0x")) != NULL) {
		s += 2;
		n = strspn(s, "0123456789abcdefABCDEF");
		if (n < ADDRESS_DIGITS)
			continue;
		memmove(s + 3, s + n, strlen(s + n) + 1);
		memcpy(s, "...", 3);
	}
}

void
store_set_why(struct store *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->why, sizeof(s->why), fmt, ap);
	va_end(ap);
	addresses_hide(s->why);
}

/* Names become file names: nothing but these letters, ever. */
static bool
name_valid(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > STORE_NAME_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!((name[i] >= 'a' && name[i] <= 'z') ||
		    (name[i] >= '0' && name[i] <= '9') || name[i] == '_'))
			return false;
	return true;
}

static enum store_err
check(struct store *s, const char *table, size_t klen, size_t vlen)
{
	if (!s->opened)
		store_set_why(s, "the store is not open");
	else if (!name_valid(table))
		store_set_why(s, "no name of a table");
	else if (klen > STORE_KEY_MAX)
		store_set_why(s, "key of %zu bytes, at most %u", klen,
		    STORE_KEY_MAX);
	else if (vlen > STORE_VALUE_MAX)
		store_set_why(s, "value of %zu bytes, at most %u", vlen,
		    STORE_VALUE_MAX);
	else
		return STORE_OK;
	return STORE_INVAL;
}

static enum store_err
check_change(struct store *s, const char *table, size_t klen, size_t vlen)
{
	enum store_err err = check(s, table, klen, vlen);

	if (err == STORE_OK && (klen == 0 || !s->batch)) {
		store_set_why(s, klen == 0 ? "empty key" : "no batch is open");
		err = STORE_INVAL;
	}
	return err;
}

static enum store_err
schema_write(struct store *s)
{
	const uint8_t now[4] = { 0, 0, 0, STORE_SCHEMA };
	enum store_err err = store_begin(s);

	if (err != STORE_OK)
		return err;
	err = store_put(s, STORE_META_TABLE, STORE_SCHEMA_KEY,
	    strlen(STORE_SCHEMA_KEY), now, sizeof(now));
	if (err != STORE_OK) {
		store_abort(s);
		return err;
	}
	return store_commit(s);
}

static enum store_err
schema_check(struct store *s)
{
	uint8_t buf[4];
	struct rcur c;
	size_t n = 0;
	uint32_t found;
	enum store_err err;

	err = store_get(s, STORE_META_TABLE, STORE_SCHEMA_KEY,
	    strlen(STORE_SCHEMA_KEY), buf, sizeof(buf), &n);
	if (err == STORE_NOTFOUND)
		return schema_write(s);
	if (err != STORE_OK && err != STORE_INVAL)
		return err;
	rcur_init(&c, buf, n < sizeof(buf) ? n : sizeof(buf));
	found = rcur_u32be(&c);
	if (n != sizeof(buf) || found == 0) {
		store_set_why(s, "the schema number is unreadable");
		return STORE_DAMAGED;
	}
	if (found > STORE_SCHEMA) {
		store_set_why(s, "it has schema %u, this version knows %u",
		    found, STORE_SCHEMA);
		return STORE_NEWER;
	}
	return STORE_OK;
}

enum store_err
store_open(struct store *s)
{
	enum store_err err;

	if (s->opened)
		return STORE_OK;
	s->why[0] = '\0';
	s->batch = s->recovered = s->dead = false;
	err = s->ops->open(s);
	if (err != STORE_OK)
		return err;
	s->opened = true;
	err = schema_check(s);
	if (err != STORE_OK)
		store_close(s);
	return err;
}

void
store_close(struct store *s)
{
	if (!s->opened)
		return;
	store_abort(s);
	s->ops->close(s);
	s->opened = false;
}

void
store_free(struct store *s)
{
	if (s == NULL)
		return;
	store_close(s);
	s->ops->free(s);
}

enum store_err
store_begin(struct store *s)
{
	enum store_err err;

	if (!s->opened || s->batch) {
		store_set_why(s, s->opened ? "a batch is open already" :
		    "the store is not open");
		return STORE_INVAL;
	}
	err = s->ops->begin(s);
	s->batch = err == STORE_OK;
	return err;
}

enum store_err
store_commit(struct store *s)
{
	if (!s->batch) {
		store_set_why(s, "no batch is open");
		return STORE_INVAL;
	}
	s->batch = false;
	return s->ops->commit(s);
}

void
store_abort(struct store *s)
{
	if (s->batch)
		s->ops->abort(s);
	s->batch = false;
}

bool
store_usable(const struct store *s)
{
	return s->opened && !s->dead;
}

enum store_err
store_put(struct store *s, const char *table, const void *key, size_t klen,
    const void *value, size_t vlen)
{
	enum store_err err = check_change(s, table, klen, vlen);

	return err != STORE_OK ? err :
	    s->ops->put(s, table, key, klen, value, vlen);
}

enum store_err
store_del(struct store *s, const char *table, const void *key, size_t klen)
{
	enum store_err err = check_change(s, table, klen, 0);

	if (err == STORE_OK)
		err = s->ops->del(s, table, key, klen);
	return err == STORE_NOTFOUND ? STORE_OK : err;
}

enum store_err
store_get(struct store *s, const char *table, const void *key, size_t klen,
    void *value, size_t size, size_t *vlen)
{
	enum store_err err = check(s, table, klen, 0);

	*vlen = 0;
	if (err == STORE_OK)
		err = s->ops->get(s, table, key, klen, value, size, vlen);
	if (err == STORE_OK && *vlen > size) {
		store_set_why(s, "value of %zu bytes, room for %zu", *vlen,
		    size);
		err = STORE_INVAL;
	}
	return err;
}

enum store_err
store_iterate(struct store *s, const char *table, const void *from,
    size_t flen, store_fn fn, void *arg)
{
	enum store_err err = check(s, table, flen, 0);

	if (err == STORE_OK)
		err = s->ops->iterate(s, table, from, flen, fn, arg);
	return err == STORE_NOTFOUND ? STORE_OK : err;
}

struct count {
	uint64_t	 n, most;
};

static bool
count_cb(const void *key, size_t klen, const void *value, size_t vlen,
    void *arg)
{
	struct count *c = arg;

	(void)key;
	(void)klen;
	(void)value;
	(void)vlen;
	return ++c->n < c->most;
}

enum store_err
store_count(struct store *s, const char *table, uint64_t most, uint64_t *n)
{
	struct count c = { .most = most };
	enum store_err err = store_iterate(s, table, NULL, 0, count_cb, &c);

	*n = c.n;
	return err;
}

enum store_err
store_checkpoint(struct store *s, bool force, bool *done)
{
	*done = false;
	if (!s->opened || s->batch) {
		store_set_why(s, s->opened ? "a batch is open" :
		    "the store is not open");
		return STORE_INVAL;
	}
	return s->ops->checkpoint(s, force, done);
}

enum store_err
store_verify(struct store *s)
{
	if (!s->opened) {
		store_set_why(s, "the store is not open");
		return STORE_INVAL;
	}
	return s->ops->verify(s);
}

enum store_err
store_set_aside(struct store *s, const char *name)
{
	if (s->opened) {
		store_set_why(s, "the store is open");
		return STORE_INVAL;
	}
	return s->ops->set_aside(s, name);
}

enum store_err
store_backup(struct store *s, const char *dir)
{
	if (!s->opened || s->batch) {
		store_set_why(s, s->opened ? "a batch is open" :
		    "the store is not open");
		return STORE_INVAL;
	}
	return s->ops->backup(s, dir);
}

enum store_err
store_restore(struct store *s, const char *dir)
{
	if (s->opened) {
		store_set_why(s, "the store is open");
		return STORE_INVAL;
	}
	return s->ops->restore(s, dir);
}

uint64_t
store_bytes(struct store *s)
{
	return s->ops->bytes(s);
}
