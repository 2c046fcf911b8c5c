/* SPDX-License-Identifier: MIT */
/* Backups, proofs and archives of a database in a directory of the test. */
#include "stated_test.h"

#include <sys/stat.h>

#include "fake.h"
#include "mapd.h"
#include "row.h"
#include "tar.h"

#define RECORDS		300u
#define ARCHIVE_MAX	(4u * 1024 * 1024)

struct rig {
	struct proc	 proc;
	struct mapd	 d;
	struct scratch	 where;
	struct store	*store;
};

static struct {
	size_t		 n, more, rows;
	uint32_t	 req;
	enum map_status	 st;
	char		 text[256];
	uint8_t		*archive;
	size_t		 len;
	uint64_t	 bytes;		/* that it is said to have */
} told;

void
mapask_done(struct mapd *d, uint32_t req, enum map_status st,
    const char *text)
{
	(void)d;
	told.n++;
	told.req = req;
	told.st = st;
	snprintf(told.text, sizeof(told.text), "%s", text);
}

void
mapask_more(struct mapd *d, uint32_t req)
{
	(void)d;
	told.req = req;
	told.more++;
}

void
mapask_row(struct mapd *d, uint32_t req, const struct wbuf *row,
    const void *value, size_t n)
{
	struct row_field f;
	struct rcur c;

	(void)d;
	(void)req;
	assert_true(told.len + n <= ARCHIVE_MAX);
	memcpy(told.archive + told.len, value, n);
	told.len += n;
	told.rows++;
	rcur_init(&c, row->p, row->len);
	assert_true(row_next(&c, &f));
	told.bytes = f.num;
}

static int
setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	char key[17], value[200];

	assert_non_null(r);
	memset(&told, 0, sizeof(told));
	told.archive = malloc(ARCHIVE_MAX);
	assert_non_null(told.archive);
	fake_init(&r->proc);
	scratch_make(&r->where);
	assert_int_equal(chdir(r->where.top), 0);
	r->d.proc = &r->proc;
	r->store = bdb_at(&r->where);
	assert_int_equal(store_open(r->store), STORE_OK);
	assert_int_equal(store_begin(r->store), STORE_OK);
	memset(value, 'v', sizeof(value));
	for (unsigned int i = 0; i < RECORDS; i++) {
		snprintf(key, sizeof(key), "%016u", i);
		assert_int_equal(store_put(r->store, MAP_TABLE, key, 16,
		    value, sizeof(value)), STORE_OK);
	}
	assert_int_equal(store_commit(r->store), STORE_OK);
	*state = r;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *r = *state;

	assert_null(r->d.copy);
	assert_null(r->d.stream);
	assert_int_equal(fake_jobs, 0);
	store_free(r->store);
	assert_int_equal(chdir("/"), 0);
	scratch_remove(&r->where);
	free(told.archive);
	free(r);
	return 0;
}

static bool
there(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

static void
assert_told(size_t n, enum map_status st, const char *text)
{
	assert_int_equal(told.n, n);
	assert_int_equal(told.st, st);
	if (strstr(told.text, text) == NULL)
		fail_msg("\"%s\" without \"%s\"", told.text, text);
}

/* Entries in the store of that directory. */
static uint64_t
entries_in(const char *dir)
{
	struct store_config c = STORE_CONFIG_SMALL(dir);
	struct store *s = store_bdb_new(&c);
	uint64_t n;

	assert_int_equal(store_open(s), STORE_OK);
	assert_int_equal(store_count(s, MAP_TABLE, UINT64_MAX, &n), STORE_OK);
	store_free(s);
	return n;
}

static void
test_backup(void **state)
{
	struct rig *r = *state;

	mapcopy_start(&r->d, 1, MAP_ASK_BACKUP);
	mapcopy_start(&r->d, 2, MAP_ASK_VERIFY);
	assert_int_equal(told.req, 2);
	assert_told(1, MAP_DONE_FAILED, "being made already");
	assert_int_equal(fake_work(r->store), 1);
	assert_int_equal(told.req, 1);
	assert_told(2, MAP_DONE_OK, "backup in state/backup: 300 entries");
	assert_false(there(MAP_COPY_DIR));
	assert_int_equal(entries_in(MAP_BACKUP_DIR), RECORDS);
	/* The next takes its place. */
	assert_int_equal(put_one(r->store, MAP_TABLE, "another", "v"),
	    STORE_OK);
	mapcopy_start(&r->d, 3, MAP_ASK_BACKUP);
	(void)fake_work(r->store);
	assert_told(3, MAP_DONE_OK, "301 entries");
	assert_int_equal(entries_in(MAP_BACKUP_DIR), RECORDS + 1);
	assert_false(there("backup.old"));
}

/* The one that was good stays when the next cannot take its place. */
static void
test_backup_kept(void **state)
{
	struct rig *r = *state;

	mapcopy_start(&r->d, 1, MAP_ASK_BACKUP);
	(void)fake_work(r->store);
	assert_int_equal(put_one(r->store, MAP_TABLE, "another", "v"),
	    STORE_OK);
	assert_int_equal(mkdir("backup.old", 0700), 0);
	assert_int_equal(mkdir("backup.old/in", 0700), 0);
	assert_int_equal(mkdir("backup.old/in/the", 0700), 0);
	mapcopy_start(&r->d, 2, MAP_ASK_BACKUP);
	(void)fake_work(r->store);
	assert_told(2, MAP_DONE_FAILED, "backup");
	assert_int_equal(entries_in(MAP_BACKUP_DIR), RECORDS);
	assert_false(there(MAP_COPY_DIR));
	assert_true(store_usable(r->store));
}

static void
test_verify(void **state)
{
	struct rig *r = *state;

	mapcopy_start(&r->d, 1, MAP_ASK_VERIFY);
	(void)fake_work(r->store);
	assert_told(1, MAP_DONE_OK, "verified by a copy: 300 entries");
	assert_false(there(MAP_BACKUP_DIR));
	assert_false(there(MAP_COPY_DIR));
}

static void
test_no_database(void **state)
{
	struct rig *r = *state;

	mapcopy_start(&r->d, 1, MAP_ASK_BACKUP);
	assert_true(fake_job(r->store, STORE_FAILED));
	assert_told(1, MAP_DONE_FAILED, "not open");
	fake_no_jobs = true;
	mapcopy_start(&r->d, 2, MAP_ASK_BACKUP);
	assert_told(2, MAP_DONE_FAILED, "busy");
}

/* Members of the archive: all in db/, whole, and nothing behind the end. */
static size_t
members(void)
{
	size_t at = 0, n = 0, size;
	const char *name;
	bool map = false;

	for (;; n++) {
		assert_true(at + TAR_BLOCK <= told.len);
		name = (const char *)told.archive + at;
		if (*name == '\0')
			break;
		assert_int_equal(strncmp(name, "db/", 3), 0);
		map = map || strcmp(name, "db/map.db") == 0;
		size = strtoul((const char *)told.archive + at + 124, NULL,
		    8);
		at += TAR_BLOCK + size + tar_padding(size);
	}
	assert_true(map);
	assert_int_equal(told.len - at, TAR_END);
	for (; at < told.len; at++)
		assert_int_equal(told.archive[at], 0);
	return n;
}

/* A page for each time it is asked for, and then the end. */
static void
test_stream(void **state)
{
	struct rig *r = *state;

	mapcopy_start(&r->d, 7, MAP_ASK_STREAM);
	assert_true(fake_job(r->store, STORE_OK));	/* the copy */
	assert_true(there(MAP_COPY_DIR));
	while (told.n == 0) {
		assert_int_equal(fake_jobs, 1);
		assert_true(fake_job(r->store, STORE_OK));
		if (told.n == 0) {
			assert_int_equal(fake_jobs, 0);
			mapstream_next(&r->d, 7);
		}
	}
	assert_told(1, MAP_DONE_OK, "backup: 300 entries");
	assert_int_equal(told.len, told.bytes);
	assert_true(told.more >= 1);
	assert_true(members() >= 3);
	assert_false(there(MAP_COPY_DIR));
	assert_false(there(MAP_BACKUP_DIR));
}

/* Whoever goes leaves no copy behind, whatever is being done for him. */
static void
test_unwanted(void **state)
{
	struct rig *r = *state;

	/* While it is made. */
	mapcopy_start(&r->d, 1, MAP_ASK_STREAM);
	mapcopy_unwanted(&r->d, 99);
	mapcopy_unwanted(&r->d, 1);
	(void)fake_work(r->store);
	assert_int_equal(told.rows, 0);
	assert_false(there(MAP_COPY_DIR));
	/* Between two pages. */
	mapcopy_start(&r->d, 2, MAP_ASK_STREAM);
	(void)fake_work(r->store);
	assert_int_equal(told.more, 1);
	mapcopy_unwanted(&r->d, 99);
	mapstream_next(&r->d, 99);
	assert_told(1, MAP_DONE_FAILED, "no such copy");
	assert_int_equal(fake_jobs, 0);
	mapcopy_unwanted(&r->d, 2);
	(void)fake_work(r->store);
	assert_false(there(MAP_COPY_DIR));
	/* While a page is read: it goes to nobody. */
	mapcopy_start(&r->d, 3, MAP_ASK_STREAM);
	assert_true(fake_job(r->store, STORE_OK));
	told.rows = 0;
	mapcopy_unwanted(&r->d, 0);
	(void)fake_work(r->store);
	assert_int_equal(told.rows, 0);
	assert_int_equal(told.n, 1);
	assert_false(there(MAP_COPY_DIR));
}

/* The database goes in the middle: said, and nothing left. */
static void
test_stream_fails(void **state)
{
	struct rig *r = *state;

	mapcopy_start(&r->d, 1, MAP_ASK_STREAM);
	assert_true(fake_job(r->store, STORE_OK));
	assert_true(fake_job(r->store, STORE_FAILED));
	assert_told(1, MAP_DONE_FAILED, "not open");
	(void)fake_work(r->store);
	assert_false(there(MAP_COPY_DIR));
	mapcopy_start(&r->d, 2, MAP_ASK_STREAM);
	(void)fake_work(r->store);
	fake_no_jobs = true;
	mapstream_next(&r->d, 2);
	assert_told(2, MAP_DONE_FAILED, "busy");
	assert_false(there(MAP_COPY_DIR));
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_backup),
		T(test_backup_kept),
		T(test_verify),
		T(test_no_database),
		T(test_stream),
		T(test_unwanted),
		T(test_stream_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
