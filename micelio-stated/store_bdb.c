/* SPDX-License-Identifier: MIT */
/*
 * The store in a Berkeley DB environment of its own directory: one B-tree
 * file a table ("<name>.db"), write-ahead log beside them.
 *
 * Lessons this file rests on: DB_CHKSUM before every open, as damage is read
 * back silently without it; DB_PRIVATE, since one thread of one process is
 * the only user, and for the same reason no lock subsystem, whose table could
 * fill up; every return code counts, of commit above all; after a panic
 * (DB_RUNRECOVERY) nothing works but closing all handles and opening anew; a
 * damaged log record reads as the end of the log, so checkpoints are frequent.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_bdb.h"
#include "store_files.h"

#define FILE_NAME_MAX	(STORE_NAME_MAX + sizeof(BDB_TABLE_SUFFIX))
/* Enough for the log's and the cache's needs with a few files open. */
#define MUTEXES		512u
#define TXNS		4u

struct bdb *
bdb_of(struct store *s)
{
	return (struct bdb *)(void *)s;
}

enum store_err
bdb_system_err(int error)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return STORE_FULL;
	default:
		return STORE_FAILED;
	}
}

enum store_err
bdb_err(struct bdb *b, int ret, const char *what, bool opening)
{
	int io = store_io_errno();
	const char *say;

	if (ret == 0)
		return STORE_OK;
	if (ret == DB_NOTFOUND || ret == DB_KEYEMPTY)
		return STORE_NOTFOUND;
	if (ret == DB_RUNRECOVERY)
		b->s.dead = true;
	say = b->said[0] != '\0' ? b->said : db_strerror(ret);
	if (io != 0 && strstr(say, strerror(io)) == NULL)
		store_set_why(&b->s, "%s: %s: %s", what, say, strerror(io));
	else
		store_set_why(&b->s, "%s: %s", what, say);
	/* Whatever the library makes of it: a write failed. */
	if (io != 0)
		return bdb_system_err(io);
	switch (ret) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
	case EACCES:
	case EPERM:
	case EROFS:
	case ENOMEM:
	case EMFILE:
	case ENFILE:
	case EBUSY:
	case EAGAIN:
	case EINTR:
		return bdb_system_err(ret);
	case EIO:			/* reading: the disk lost it */
	case DB_RUNRECOVERY:
	case DB_VERIFY_BAD:
	case DB_PAGE_NOTFOUND:
	case DB_CHKSUM_FAIL:
		return STORE_DAMAGED;
	default:
		return opening ? STORE_DAMAGED : STORE_FAILED;
	}
}

static void
error_cb(const DB_ENV *env, const char *prefix, const char *text)
{
	struct bdb *b = env->app_private;

	(void)prefix;
	/* The first is the cause, the others are consequences. */
	if (b->said[0] == '\0')
		snprintf(b->said, sizeof(b->said), "%s", text);
}

static void
feedback_cb(DB_ENV *env, int opcode, int percent)
{
	struct bdb *b = env->app_private;

	if (opcode == DB_RECOVER && b->s.config.progress != NULL)
		b->s.config.progress(percent, b->s.config.arg);
}

void
bdb_listen(struct bdb *b)
{
	b->said[0] = '\0';
	store_io_forget();
}

static int
env_configure(struct bdb *b, DB_ENV *env)
{
	const struct store_config *c = &b->s.config;
	int ret;

	env->app_private = b;
	env->set_errcall(env, error_cb);
	env->set_errpfx(env, NULL);
	if ((ret = env->set_feedback(env, feedback_cb)) != 0 ||
	    (ret = env->set_cachesize(env, 0, (u_int32_t)c->cache_bytes,
	    1)) != 0 ||
	    (ret = env->set_lg_bsize(env, c->log_buffer_bytes)) != 0 ||
	    (ret = env->set_lg_max(env, c->log_file_bytes)) != 0 ||
	    (ret = env->set_tx_max(env, TXNS)) != 0 ||
	    (ret = env->mutex_set_max(env, MUTEXES)) != 0)
		return ret;
	return env->log_set_config(env, DB_LOG_AUTO_REMOVE, 1);
}

/*
 * Close every handle.  After a panic the library would refuse to, and keep
 * all its memory: only for this the panic is ignored.  Nothing is written.
 */
static void
env_drop(struct bdb *b)
{
	if (b->s.dead && b->env != NULL)
		(void)b->env->set_flags(b->env, DB_NOPANIC, 1);
	for (size_t i = 0; i < b->tables; i++)
		if (b->table[i].db != NULL)
			(void)b->table[i].db->close(b->table[i].db,
			    DB_NOSYNC);
	memset(b->table, 0, sizeof(b->table));
	b->tables = 0;
	if (b->env != NULL)
		(void)b->env->close(b->env, 0);
	b->env = NULL;
	b->txn = NULL;
}

static enum store_err
bdb_open(struct store *s)
{
	struct bdb *b = bdb_of(s);
	uint64_t before;
	bool clean;
	int ret;

	bdb_listen(b);
	if ((ret = store_dir_make(s->config.dir)) != 0) {
		store_set_why(s, "%s: %s", s->config.dir, strerror(ret));
		return bdb_system_err(ret);
	}
	before = store_dir_bytes(s->config.dir);
	if ((ret = db_env_create(&b->env, 0)) != 0) {
		b->env = NULL;
		return bdb_err(b, ret, "environment", false);
	}
	if ((ret = env_configure(b, b->env)) != 0) {
		env_drop(b);
		return bdb_err(b, ret, "settings", false);
	}
	ret = b->env->open(b->env, s->config.dir, DB_CREATE | DB_INIT_TXN |
	    DB_INIT_LOG | DB_INIT_MPOOL | DB_RECOVER | DB_PRIVATE, 0600);
	if (ret != 0) {
		enum store_err err = bdb_err(b, ret, "recovery", true);

		env_drop(b);
		return err;
	}
	if ((ret = store_marker_take(s->config.dir, &clean)) != 0) {
		env_drop(b);
		store_set_why(s, "%s: %s", s->config.dir, strerror(ret));
		return bdb_system_err(ret);
	}
	s->recovered = before != 0 && !clean;
	return STORE_OK;
}

static void
bdb_close(struct store *s)
{
	struct bdb *b = bdb_of(s);
	bool clean = !s->dead;

	bdb_listen(b);
	if (clean && b->env->txn_checkpoint(b->env, 0, 0, DB_FORCE) != 0)
		clean = false;
	env_drop(b);
	if (clean)
		(void)store_marker_set(s->config.dir);
}

static struct bdb_table *
table_cached(struct bdb *b, const char *name)
{
	for (size_t i = 0; i < b->tables; i++)
		if (strcmp(b->table[i].name, name) == 0)
			return &b->table[i];
	return NULL;
}

static int
db_open(struct bdb *b, const char *name, bool create, DB **dbp)
{
	char file[FILE_NAME_MAX];
	DB *db;
	int ret;

	snprintf(file, sizeof(file), "%s%s", name, BDB_TABLE_SUFFIX);
	if ((ret = db_create(&db, b->env, 0)) != 0)
		return ret;
	if ((ret = db->set_flags(db, DB_CHKSUM)) == 0)
		ret = db->open(db, NULL, file, NULL, DB_BTREE,
		    DB_AUTO_COMMIT | (create ? DB_CREATE : 0), 0600);
	if (ret != 0) {
		(void)db->close(db, DB_NOSYNC);
		return ret;
	}
	*dbp = db;
	return 0;
}

/*
 * The open file of a table.  A new one is made in a transaction of its own:
 * it stays, empty, when the batch is undone.
 */
static enum store_err
table_get(struct bdb *b, const char *name, bool create, DB **dbp)
{
	struct bdb_table *t = table_cached(b, name);
	char what[STORE_NAME_MAX + 16];
	int ret;

	if (t != NULL) {
		*dbp = t->db;
		return STORE_OK;
	}
	if (b->tables == STORE_TABLES_MAX) {
		store_set_why(&b->s, "more than %u tables", STORE_TABLES_MAX);
		return STORE_INVAL;
	}
	snprintf(what, sizeof(what), "table %s", name);
	ret = db_open(b, name, create, dbp);
	if (ret == ENOENT && !create)
		return STORE_NOTFOUND;
	if (ret != 0)
		return bdb_err(b, ret, what, true);
	t = &b->table[b->tables++];
	snprintf(t->name, sizeof(t->name), "%s", name);
	t->db = *dbp;
	return STORE_OK;
}

static enum store_err
bdb_begin(struct store *s)
{
	struct bdb *b = bdb_of(s);

	bdb_listen(b);
	return bdb_err(b, b->env->txn_begin(b->env, NULL, &b->txn, 0),
	    "begin", false);
}

static enum store_err
bdb_commit(struct store *s)
{
	struct bdb *b = bdb_of(s);
	DB_TXN *txn = b->txn;

	bdb_listen(b);
	b->txn = NULL;	/* gone whatever commit says */
	return bdb_err(b, txn->commit(txn, DB_TXN_SYNC), "commit", false);
}

static void
bdb_abort(struct store *s)
{
	struct bdb *b = bdb_of(s);
	DB_TXN *txn = b->txn;
	char why[STORE_WHY_MAX];

	/* The reason of the abort is worth more than the abort's. */
	memcpy(why, s->why, sizeof(why));
	b->txn = NULL;
	if (txn->abort(txn) != 0)
		s->dead = true;
	memcpy(s->why, why, sizeof(why));
}

/* The library only reads what it is given here. */
static void
dbt_set(DBT *t, const void *p, size_t n)
{
	memset(t, 0, sizeof(*t));
	memcpy(&t->data, &p, sizeof(t->data));
	t->size = (u_int32_t)n;
}

static enum store_err
bdb_put(struct store *s, const char *table, const void *key, size_t klen,
    const void *value, size_t vlen)
{
	struct bdb *b = bdb_of(s);
	DBT k, v;
	DB *db;
	enum store_err err;

	bdb_listen(b);
	if ((err = table_get(b, table, true, &db)) != STORE_OK)
		return err;
	dbt_set(&k, key, klen);
	dbt_set(&v, vlen == 0 ? "" : value, vlen);
	return bdb_err(b, db->put(db, b->txn, &k, &v, 0), "put", false);
}

static enum store_err
bdb_get(struct store *s, const char *table, const void *key, size_t klen,
    void *value, size_t size, size_t *vlen)
{
	struct bdb *b = bdb_of(s);
	DBT k, v;
	DB *db;
	enum store_err err;
	int ret;

	bdb_listen(b);
	if ((err = table_get(b, table, false, &db)) != STORE_OK)
		return err;
	dbt_set(&k, key, klen);
	memset(&v, 0, sizeof(v));
	v.data = value;
	v.ulen = (u_int32_t)(size < UINT32_MAX ? size : UINT32_MAX);
	v.flags = DB_DBT_USERMEM;
	ret = db->get(db, b->txn, &k, &v, 0);
	if (ret == DB_BUFFER_SMALL)
		ret = 0;	/* the caller sees by the length */
	if (ret == 0)
		*vlen = v.size;
	return bdb_err(b, ret, "get", false);
}

static enum store_err
bdb_del(struct store *s, const char *table, const void *key, size_t klen)
{
	struct bdb *b = bdb_of(s);
	DBT k;
	DB *db;
	enum store_err err;

	bdb_listen(b);
	if ((err = table_get(b, table, false, &db)) != STORE_OK)
		return err;
	dbt_set(&k, key, klen);
	return bdb_err(b, db->del(db, b->txn, &k, 0), "delete", false);
}

static enum store_err
bdb_iterate(struct store *s, const char *table, const void *from, size_t flen,
    store_fn fn, void *arg)
{
	struct bdb *b = bdb_of(s);
	DBT k, v;
	DB *db;
	DBC *cur;
	enum store_err err;
	int ret, end;

	bdb_listen(b);
	if ((err = table_get(b, table, false, &db)) != STORE_OK)
		return err;
	if ((ret = db->cursor(db, b->txn, &cur, 0)) != 0)
		return bdb_err(b, ret, "cursor", false);
	dbt_set(&k, from, flen);
	memset(&v, 0, sizeof(v));
	ret = cur->get(cur, &k, &v, flen == 0 ? DB_FIRST : DB_SET_RANGE);
	while (ret == 0 && fn(k.data, k.size, v.data, v.size, arg))
		ret = cur->get(cur, &k, &v, DB_NEXT);
	end = cur->close(cur);
	if (ret == DB_NOTFOUND)
		ret = end;
	return bdb_err(b, ret, "walk", false);
}

static void
bdb_free(struct store *s)
{
	free(bdb_of(s));
}

static const struct store_ops bdb_ops = {
	.open = bdb_open,
	.close = bdb_close,
	.begin = bdb_begin,
	.commit = bdb_commit,
	.abort = bdb_abort,
	.put = bdb_put,
	.get = bdb_get,
	.del = bdb_del,
	.iterate = bdb_iterate,
	.checkpoint = bdb_checkpoint,
	.verify = bdb_verify,
	.set_aside = bdb_set_aside,
	.backup = bdb_backup,
	.restore = bdb_restore,
	.bytes = bdb_bytes,
	.free = bdb_free,
};

struct store *
store_bdb_new(const struct store_config *config)
{
	struct bdb *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	store_io_watch();
	b->s.ops = &bdb_ops;
	b->s.config = *config;
	return &b->s;
}
