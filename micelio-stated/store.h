/* SPDX-License-Identifier: MIT */
/*
 * The store: named tables of byte keys and byte values, kept in order of the
 * keys, changed in batches that happen whole or not at all.
 *
 * Two kinds stand behind one interface: Berkeley DB in a directory
 * (store_bdb.c) and its twin in memory (store_mem.c), for tests.  A store is
 * used by one thread at a time, in the daemon always the same one (worker.c).
 * Nothing here logs or ends the process: each call returns what happened, and
 * store_why() says it in words.
 *
 * store_new -> store_open -> (begin -> put/del -> commit | abort)*, get,
 * iterate -> store_close -> store_open ... -> store_free.
 */
#ifndef MICELIO_STATED_STORE_H
#define MICELIO_STATED_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_NAME_MAX		31u	/* of a table: a-z 0-9 _ */
#define STORE_TABLES_MAX	16u
#define STORE_KEY_MAX		512u	/* bytes; at least 1 */
#define STORE_VALUE_MAX		65536u	/* bytes; may be 0 */
#define STORE_WHY_MAX		256u

/* What is on disk, as one number; a newer one is refused. */
#define STORE_SCHEMA		1u
#define STORE_META_TABLE	"meta"
#define STORE_SCHEMA_KEY	"schema"	/* value: u32, big-endian */

enum store_err {
	STORE_OK,
	STORE_NOTFOUND,	/* no such key, or no such table */
	STORE_INVAL,	/* a bug of the caller: name, size, or no batch open */
	STORE_FULL,	/* no space (or quota); nothing of the batch happened */
	STORE_FAILED,	/* the system refused; it may work later */
	STORE_DAMAGED,	/* the contents are not to be trusted: reopen */
	STORE_NEWER,	/* written by a later version (STORE_SCHEMA) */
};

/* What a store may use, and whom it tells while it recovers. */
struct store_config {
	const char	*dir;		/* of the environment; made if absent */
	size_t		 cache_bytes;
	uint32_t	 log_buffer_bytes;
	uint32_t	 log_file_bytes;	/* >= 4 times the buffer */
	uint32_t	 checkpoint_kb;	/* of log, until a checkpoint is due */
	/* Recovery is at percent; called on the thread that opens. */
	void		(*progress)(int percent, void *);
	void		*arg;
};
#define STORE_CONFIG_SMALL(d) {						\
	.dir = (d), .cache_bytes = 512 * 1024,				\
	.log_buffer_bytes = 64 * 1024, .log_file_bytes = 2 * 1024 * 1024, \
	.checkpoint_kb = 1024 }

struct store_ops;

struct store {
	const struct store_ops	*ops;
	struct store_config	 config;
	bool			 opened;
	bool			 batch;		/* begin without its end */
	bool			 dead;		/* must be closed first */
	bool			 recovered;	/* last open: was not closed */
	char			 why[STORE_WHY_MAX];
};

/* Return false to end the walk.  Bytes are valid during the call only. */
typedef bool (*store_fn)(const void *key, size_t klen, const void *value,
    size_t vlen, void *);

/* What a kind of store provides; callers use the functions below. */
struct store_ops {
	enum store_err	(*open)(struct store *);
	void		(*close)(struct store *);
	enum store_err	(*begin)(struct store *);
	enum store_err	(*commit)(struct store *);
	void		(*abort)(struct store *);
	enum store_err	(*put)(struct store *, const char *, const void *,
			    size_t, const void *, size_t);
	enum store_err	(*get)(struct store *, const char *, const void *,
			    size_t, void *, size_t, size_t *);
	enum store_err	(*del)(struct store *, const char *, const void *,
			    size_t);
	enum store_err	(*iterate)(struct store *, const char *, const void *,
			    size_t, store_fn, void *);
	enum store_err	(*checkpoint)(struct store *, bool, bool *);
	enum store_err	(*verify)(struct store *);
	enum store_err	(*set_aside)(struct store *, const char *);
	enum store_err	(*backup)(struct store *, const char *);
	enum store_err	(*restore)(struct store *, const char *);
	uint64_t	(*bytes)(struct store *);
	void		(*free)(struct store *);
};

/*
 * Make a store without opening it; NULL without memory.  config.dir must
 * outlive it.  Berkeley DB: paths are relative to the working directory.
 */
struct store	*store_bdb_new(const struct store_config *);
struct store	*store_mem_new(const struct store_config *);
/* Closes first.  NULL is fine. */
void		 store_free(struct store *);

/*
 * Open, recovering what the last user left (as long as its log takes), and
 * check the schema.  STORE_NEWER and every other failure leave it closed.
 */
enum store_err	 store_open(struct store *);
/* Checkpoint and close; an open batch is undone.  Fine when closed. */
void		 store_close(struct store *);

/*
 * One batch at a time.  After STORE_OK from commit the changes are on the
 * disk; after anything else none of them happened and the batch is over.  The
 * store can be used on unless store_usable() says no: close and open it again.
 */
enum store_err	 store_begin(struct store *);
enum store_err	 store_commit(struct store *);
void		 store_abort(struct store *);
bool		 store_usable(const struct store *);

/*
 * put and del need a batch; the first put of a table makes it.  del of what
 * is not there is STORE_OK.  A failure of either spoils the batch: abort it.
 */
enum store_err	 store_put(struct store *, const char *table, const void *key,
		    size_t klen, const void *value, size_t vlen);
enum store_err	 store_del(struct store *, const char *table, const void *key,
		    size_t klen);
/*
 * *vlen is the length of the value; STORE_INVAL if it is more than size.
 * Within a batch its own changes are seen.
 */
enum store_err	 store_get(struct store *, const char *table, const void *key,
		    size_t klen, void *value, size_t size, size_t *vlen);
/*
 * All pairs with key >= from (flen 0: all), ascending by memcmp.  fn may not
 * change the store.  A table that is not there has no pairs: STORE_OK.
 */
enum store_err	 store_iterate(struct store *, const char *table,
		    const void *from, size_t flen, store_fn, void *);
/*
 * *n is how many pairs a table has, most (at least 1) if there are more; all
 * up to there are read.  On failure it is how many could be.
 */
enum store_err	 store_count(struct store *, const char *table, uint64_t most,
		    uint64_t *n);

/*
 * Write everything to the tables, so that recovery has nothing to do and old
 * logs go; if not force, only when checkpoint_kb of log came together.
 * *done says whether it happened.
 */
enum store_err	 store_checkpoint(struct store *, bool force, bool *done);
/* Read every table whole: STORE_DAMAGED if anything cannot be read. */
enum store_err	 store_verify(struct store *);
/*
 * Of a closed store: move all its files away, to the name given (beside its
 * directory); the next open starts empty.
 */
enum store_err	 store_set_aside(struct store *, const char *name);
/*
 * Copy an open store, as it is at one moment between two batches, into the
 * directory dir; what is in it is removed first.  The copy is a store: it
 * can be opened, or put back by copying its files.
 */
enum store_err	 store_backup(struct store *, const char *dir);
/*
 * Of a closed store without files: begin with those of a copy.  If that
 * fails there are none again; STORE_NOTFOUND: there is no copy.
 */
enum store_err	 store_restore(struct store *, const char *dir);
/* Bytes on disk, logs included. */
uint64_t	 store_bytes(struct store *);

/* "full", "damaged" ...; and the last failure's cause, in words. */
const char	*store_err_text(enum store_err);
const char	*store_why(const struct store *);
void		 store_set_why(struct store *, const char *, ...)
		    __attribute__((format(printf, 2, 3)));

/*
 * Tests: after n further puts, dels, gets, walks, begins and commits the next
 * fails with err (STORE_DAMAGED lasts until it is opened again).
 */
void		 store_mem_fail(struct store *, unsigned int n, enum store_err);
/* Tests: the next n opens fail with err. */
void		 store_mem_fail_open(struct store *, unsigned int n,
		    enum store_err);

#endif
