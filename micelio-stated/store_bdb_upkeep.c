/* SPDX-License-Identifier: MIT */
/* What is done to an environment as a whole, or to all files of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store_bdb.h"
#include "store_files.h"

enum store_err
bdb_checkpoint(struct store *s, bool force, bool *done)
{
	struct bdb *b = bdb_of(s);
	DB_TXN_STAT *st;
	time_t last = 0;
	u_int32_t offset = 0, file = 0;
	int ret;

	bdb_listen(b);
	if (b->env->txn_stat(b->env, &st, 0) == 0) {
		last = st->st_time_ckp;
		file = st->st_last_ckp.file;
		offset = st->st_last_ckp.offset;
		free(st);
	}
	ret = b->env->txn_checkpoint(b->env,
	    force ? 0 : s->config.checkpoint_kb, 0, 0);
	if (ret == 0 && b->env->txn_stat(b->env, &st, 0) == 0) {
		*done = st->st_last_ckp.file != file ||
		    st->st_last_ckp.offset != offset ||
		    st->st_time_ckp != last;
		free(st);
	}
	if (*done)
		(void)store_dir_sync(s->config.dir);
	return bdb_err(b, ret, "checkpoint", false);
}

static int
verify_table(const char *name, void *arg)
{
	uint64_t n;

	/* Negative are the errors of the directory. */
	return (int)store_count(arg, name, UINT64_MAX, &n);
}

enum store_err
bdb_verify(struct store *s)
{
	int ret = store_dir_each(s->config.dir, BDB_TABLE_SUFFIX,
	    verify_table, s);

	if (ret >= 0)
		return (enum store_err)ret;
	store_set_why(s, "%s: %s", s->config.dir, strerror(-ret));
	return bdb_system_err(-ret);
}

enum store_err
bdb_set_aside(struct store *s, const char *name)
{
	int ret = store_dir_rename(s->config.dir, name);

	if (ret == 0)
		return STORE_OK;
	store_set_why(s, "%s to %s: %s", s->config.dir, name, strerror(ret));
	return bdb_system_err(ret);
}

/*
 * The library copies tables and then logs, so that recovery of the copy makes
 * it whole; a checkpoint before makes that short.
 */
enum store_err
bdb_backup(struct store *s, const char *dir)
{
	struct bdb *b = bdb_of(s);
	int ret;

	bdb_listen(b);
	if ((ret = store_dir_remove(dir)) != 0 ||
	    (ret = store_dir_make(dir)) != 0) {
		store_set_why(s, "%s: %s", dir, strerror(ret));
		return bdb_system_err(ret);
	}
	ret = b->env->txn_checkpoint(b->env, 0, 0, 0);
	if (ret == 0)
		ret = b->env->backup(b->env, dir, DB_CREATE);
	if (ret == 0)
		(void)store_dir_sync(dir);
	return bdb_err(b, ret, "backup", false);
}

enum store_err
bdb_restore(struct store *s, const char *dir)
{
	int ret = store_dir_copy(dir, s->config.dir);

	if (ret == 0)
		return STORE_OK;
	(void)store_dir_remove(s->config.dir);
	store_set_why(s, "%s: %s", dir, strerror(ret));
	return ret == ENOENT ? STORE_NOTFOUND : bdb_system_err(ret);
}

uint64_t
bdb_bytes(struct store *s)
{
	return store_dir_bytes(s->config.dir);
}
