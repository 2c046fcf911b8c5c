/* SPDX-License-Identifier: MIT */
/*
 * Durable puts per second: one writer and 16 at once through the worker's
 * group commit, next to SQLite (WAL, synchronous=FULL) and LMDB that make as
 * many durable transactions, in one run and one directory.
 * usage: bench_puts DIR [SECONDS]
 */
#include <sys/stat.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef HAVE_LMDB
#include <lmdb.h>
#endif
#ifdef HAVE_SQLITE
#include <sqlite3.h>
#endif

#include "worker.h"

#define VALUE_LEN	234u	/* with its id of 16: an entry of 250 bytes */
#define WRITERS_MAX	16u

static double seconds = 3;
static uint8_t value[VALUE_LEN];

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Ids are hashes: spread over the whole table. */
static void
next_id(uint8_t id[16])
{
	static uint64_t s;
	uint64_t z;

	for (unsigned int i = 0; i < 2; i++) {
		z = (s += UINT64_C(0x9e3779b97f4a7c15));
		z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
		z ^= z >> 31;
		memcpy(id + 8 * i, &z, 8);
	}
}

struct writer {
	struct job	 job;		/* first: cast */
	uint8_t		 id[16];
};

struct run {
	struct worker	*worker;
	struct writer	 writer[WRITERS_MAX];
	unsigned int	 busy;
	uint64_t	 done, failed;
	double		 until;
	bool		 open, stopped;
};

static enum store_err
put_run(struct store *s, struct job *j)
{
	struct writer *w = (struct writer *)(void *)j;

	return store_put(s, "map", w->id, sizeof(w->id), value,
	    sizeof(value));
}

static void	put_next(struct run *, struct writer *);

static void
put_done(struct job *j, void *arg)
{
	struct run *r = arg;

	r->busy--;
	if (j->result == STORE_OK)
		r->done++;
	else
		r->failed++;
	if (now() < r->until)
		put_next(r, (struct writer *)(void *)j);
}

static void
put_next(struct run *r, struct writer *w)
{
	next_id(w->id);
	w->job = (struct job){ .kind = JOB_WRITE, .run = put_run,
	    .done = put_done, .arg = r };
	r->busy += worker_submit(r->worker, &w->job);
}

static void
notice_cb(const struct worker_notice *n, void *arg)
{
	struct run *r = arg;

	if (n->event == WORKER_EV_OPEN)
		r->open = true;
	if (n->event == WORKER_EV_STOPPED)
		r->stopped = true;
}

static void
wait_for(struct run *r)
{
	struct pollfd p = { worker_fd(r->worker), POLLIN, 0 };

	(void)poll(&p, 1, -1);
	worker_dispatch(r->worker);
}

static double
ours(const char *dir, unsigned int writers)
{
	struct store_config sc = STORE_CONFIG_SMALL(dir);
	struct worker_config wc = { .checkpoint_ms = WORKER_CHECKPOINT_MS,
	    .retry_ms = WORKER_RETRY_MS, .notice = notice_cb };
	struct run *r = calloc(1, sizeof(*r));
	double began, rate;

	wc.arg = r;
	r->worker = worker_new(store_bdb_new(&sc), &wc);
	if (r->worker == NULL || !worker_start(r->worker))
		return 0;
	worker_open(r->worker);
	while (!r->open)
		wait_for(r);
	began = now();
	r->until = began + seconds;
	for (unsigned int i = 0; i < writers; i++)
		put_next(r, &r->writer[i]);
	while (r->busy > 0)
		wait_for(r);
	rate = (double)r->done / (now() - began);
	if (r->failed > 0)
		printf("%llu failed\n", (unsigned long long)r->failed);
	worker_stop(r->worker);
	while (!r->stopped)
		wait_for(r);
	worker_free(r->worker);
	free(r);
	return rate;
}

#ifdef HAVE_SQLITE
static double
sqlite(const char *file)
{
	sqlite3 *db;
	sqlite3_stmt *st;
	uint64_t done = 0;
	double began;
	uint8_t id[16];

	if (sqlite3_open(file, &db) != SQLITE_OK || sqlite3_exec(db,
	    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
	    "CREATE TABLE m(k BLOB PRIMARY KEY, v BLOB) WITHOUT ROWID",
	    NULL, NULL, NULL) != SQLITE_OK || sqlite3_prepare_v2(db,
	    "INSERT OR REPLACE INTO m VALUES(?,?)", -1, &st, NULL) !=
	    SQLITE_OK)
		return 0;
	for (began = now(); now() < began + seconds; done++) {
		next_id(id);
		sqlite3_bind_blob(st, 1, id, sizeof(id), SQLITE_STATIC);
		sqlite3_bind_blob(st, 2, value, sizeof(value),
		    SQLITE_STATIC);
		if (sqlite3_step(st) != SQLITE_DONE)
			return 0;
		sqlite3_reset(st);
	}
	began = (double)done / (now() - began);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return began;
}
#endif

#ifdef HAVE_LMDB
static double
lmdb(const char *dir)
{
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
	uint64_t done = 0;
	double began;
	uint8_t id[16];
	MDB_val k = { sizeof(id), id }, v = { sizeof(value), value };

	if (mkdir(dir, 0700) == -1 || mdb_env_create(&env) != 0 ||
	    mdb_env_set_mapsize(env, (size_t)1 << 30) != 0 ||
	    mdb_env_open(env, dir, 0, 0600) != 0)
		return 0;
	for (began = now(); now() < began + seconds; done++) {
		next_id(id);
		if (mdb_txn_begin(env, NULL, 0, &txn) != 0 ||
		    mdb_dbi_open(txn, NULL, 0, &dbi) != 0 ||
		    mdb_put(txn, dbi, &k, &v, 0) != 0 ||
		    mdb_txn_commit(txn) != 0)
			return 0;
	}
	began = (double)done / (now() - began);
	mdb_env_close(env);
	return began;
}
#endif

int
main(int argc, char **argv)
{
	char path[512];

	if (argc < 2) {
		fprintf(stderr, "usage: bench_puts DIR [SECONDS]\n");
		return 64;
	}
	if (argc > 2)
		seconds = strtod(argv[2], NULL);
	for (unsigned int round = 1; round <= 2; round++) {
		snprintf(path, sizeof(path), "%s/one%u", argv[1], round);
		printf("ours, 1 writer    %9.0f puts/s\n", ours(path, 1));
		snprintf(path, sizeof(path), "%s/many%u", argv[1], round);
		printf("ours, 16 writers  %9.0f puts/s\n",
		    ours(path, WRITERS_MAX));
#ifdef HAVE_SQLITE
		snprintf(path, sizeof(path), "%s/sqlite%u", argv[1], round);
		printf("SQLite WAL FULL   %9.0f puts/s\n", sqlite(path));
#endif
#ifdef HAVE_LMDB
		snprintf(path, sizeof(path), "%s/lmdb%u", argv[1], round);
		printf("LMDB              %9.0f puts/s\n", lmdb(path));
#endif
	}
	return 0;
}
