/* SPDX-License-Identifier: MIT */
/* The store in Berkeley DB, to its own files: prototypes grouped by file. */
#ifndef MICELIO_STORE_BDB_H
#define MICELIO_STORE_BDB_H

#include <sys/types.h>

#include <db.h>

#include "store.h"

#define BDB_TABLE_SUFFIX	".db"

struct bdb_table {
	char	 name[STORE_NAME_MAX + 1];
	DB	*db;
};

struct bdb {
	struct store	 s;		/* first: cast */
	DB_ENV		*env;
	DB_TXN		*txn;
	struct bdb_table table[STORE_TABLES_MAX];
	size_t		 tables;
	char		 said[STORE_WHY_MAX];	/* the library's own words */
};

/* store_bdb.c */
struct bdb *bdb_of(struct store *);
/* Before each use of the library: what it says next is about this use. */
void	 bdb_listen(struct bdb *);
/*
 * Translate a return code, and set why.  While opening, EINVAL and the like
 * are the library's way to say that files do not fit together.
 */
enum store_err bdb_err(struct bdb *, int ret, const char *what, bool opening);
/* What a system error means for the one who wants to store something. */
enum store_err bdb_system_err(int error);

/* store_bdb_upkeep.c: of struct store_ops */
enum store_err bdb_checkpoint(struct store *, bool force, bool *done);
enum store_err bdb_verify(struct store *);
enum store_err bdb_set_aside(struct store *, const char *name);
enum store_err bdb_backup(struct store *, const char *dir);
enum store_err bdb_restore(struct store *, const char *dir);
uint64_t bdb_bytes(struct store *);

#endif
