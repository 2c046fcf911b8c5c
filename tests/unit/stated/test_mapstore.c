/* SPDX-License-Identifier: MIT */
/* The map on the disk: batches, failures, the clock, and the way back. */
#include "stated_test.h"

#include <sys/stat.h>

#include "maprig.h"

#define MADE_MAX	700u

struct rig {
	struct proc	 proc;
	struct mapd	 d;
	struct store	*store;
	struct scratch	 where;
	size_t		 taken, failed, signer_failed, loaded;
	bool		 hold;			/* checks wait */
	struct intake_item *checks[INTAKE_MAX];
	size_t		 nchecks;
};

static struct rig *rig;

void
mapdelta_flush(struct mapd *d)
{
	(void)d;
}

void
mapsign_go_on(struct mapd *d)
{
	(void)d;
}

void
mapsign_fail(struct mapd *d, const char *why)
{
	(void)d;
	assert_non_null(strstr(why, "not stored"));
	rig->signer_failed++;
}

void
mapd_finish_step(struct mapd *d)
{
	(void)d;
}

void	__wrap_recon_loaded(struct recon *, uint64_t);

void
__wrap_recon_loaded(struct recon *r, uint64_t now_ms)
{
	(void)r;
	(void)now_ms;
	rig->loaded++;
}

/* The signature says whether it is one. */
static void
check_cb(void *arg, struct intake_item *it)
{
	struct rig *r = arg;

	if (r->hold) {
		r->checks[r->nchecks++] = it;
		return;
	}
	intake_checked(&r->d.intake, it, it->e.sig.p[0] != 0xbb,
	    NOW0 + fake_mono);
}

static void
write_cb(void *arg, struct intake_item *it)
{
	mapstore_write(&((struct rig *)arg)->d, it);
}

static void
forget_cb(void *arg, const struct entry_id *id)
{
	mapstore_forget(&((struct rig *)arg)->d, id);
}

static void
done_cb(void *arg, const struct intake_item *it, enum intake_outcome o)
{
	struct rig *r = arg;

	r->taken += o == INTAKE_TAKEN;
	r->failed += o == INTAKE_FAILED;
	if (it->source == INTAKE_DISK && o == INTAKE_BAD) {
		r->d.bad_records++;
		mapstore_forget(&r->d, &it->id);
	}
}

/* An empty map, to be read from the store. */
static void
map_new(struct rig *r)
{
	static const struct intake_ops ops = { check_cb, write_cb, forget_cb,
	    done_cb };

	map_free(&r->d.map);
	map_init(&r->d.map, &r->d.profile, NULL, NULL, NULL, NOW0);
	intake_init(&r->d.intake, &r->d.map, &ops, r);
	hlc_init(&r->d.clock, 0);
	r->d.loading = true;
	r->d.records = r->d.bad_records = 0;
	r->loaded = 0;
}

static int
setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	rig = r;
	maprig_init(&r->d, &r->proc);
	scratch_make(&r->where);
	assert_int_equal(chdir(r->where.top), 0);
	r->d.profile.quota = 4 * MADE_MAX;
	map_new(r);
	r->d.loading = false;
	mapstore_init(&r->d);
	r->store = mem_open();
	*state = r;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *r = *state;

	intake_free(&r->d.intake);
	wbuf_free(&r->d.dels);
	free(r->d.loader);
	store_free(r->store);
	assert_int_equal(chdir("/"), 0);
	scratch_remove(&r->where);
	maprig_free(&r->d);
	free(r);
	return 0;
}

static struct made *
entry_of(unsigned int n, const char *value)
{
	static struct made m;
	char name[16];

	snprintf(name, sizeof(name), "%u", n);
	make(&m, 1, name, value, HLC_OF_MS(NOW0) + n, NOW0 + 20 * DAY_MS);
	return &m;
}

static void
come(struct rig *r, unsigned int from, unsigned int to)
{
	for (unsigned int i = from; i < to; i++)
		assert_int_equal(intake_add(&r->d.intake,
		    &entry_of(i, "v")->e, INTAKE_LINK, 0, NOW0 + fake_mono),
		    INTAKE_PENDING);
}

static size_t
stored(struct rig *r, const struct entry_id *id)
{
	uint8_t buf[ENTRY_WIRE_MAX];
	size_t n = 0;

	return store_get(r->store, MAP_TABLE, id->b, sizeof(id->b), buf,
	    sizeof(buf), &n) == STORE_OK ? n : 0;
}

/* Nothing counts before it is durable; what comes meanwhile goes together. */
static void
test_batches(void **state)
{
	struct rig *r = *state;

	come(r, 0, 1);
	assert_int_equal(fake_jobs, 1);
	come(r, 1, 50);
	assert_int_equal(fake_jobs, 1);
	assert_int_equal(r->d.map.live, 0);
	assert_false(mapstore_idle(&r->d));
	assert_true(fake_job(r->store, STORE_OK));
	assert_int_equal(r->d.map.live, 1);
	assert_int_equal(fake_jobs, 1);
	assert_true(fake_job(r->store, STORE_OK));
	assert_int_equal(r->d.map.live, 50);
	assert_int_equal(fake_jobs, 0);
	assert_true(mapstore_idle(&r->d));
	assert_true(stored(r, &entry_of(49, "v")->id) > 0);
}

/* A batch that failed is told to each of its own, and only to them. */
static void
test_failed(void **state)
{
	struct rig *r = *state;

	come(r, 0, 1);
	come(r, 1, 10);
	assert_true(fake_job(r->store, STORE_FULL));
	assert_int_equal(r->failed, 1);
	assert_int_equal(r->signer_failed, 1);
	assert_int_equal(r->d.map.live, 0);
	/* The next tick tries the others. */
	assert_int_equal(fake_jobs, 0);
	mapstore_flush(&r->d);
	assert_int_equal(fake_work(r->store), 1);
	assert_int_equal(r->taken, 9);
	assert_int_equal(stored(r, &entry_of(0, "v")->id), 0);
	/* The worker takes none: the same, at once. */
	fake_no_jobs = true;
	come(r, 20, 21);
	assert_int_equal(r->failed, 2);
	assert_true(mapstore_idle(&r->d));
}

/* What was to be forgotten is so in the end, though a batch failed. */
static void
test_forgotten(void **state)
{
	struct rig *r = *state;
	struct entry_id id = entry_of(0, "v")->id;

	come(r, 0, 1);
	assert_int_equal(fake_work(r->store), 1);
	mapstore_forget(&r->d, &id);
	assert_int_equal(fake_jobs, 0);	/* no commit of its own */
	mapstore_flush(&r->d);
	assert_true(fake_job(r->store, STORE_FAILED));
	assert_true(stored(r, &id) > 0);
	mapstore_flush(&r->d);
	assert_int_equal(fake_work(r->store), 1);
	assert_int_equal(stored(r, &id), 0);
}

/* The clock stands in two places, and the larger one is believed. */
static void
test_clock(void **state)
{
	struct rig *r = *state;
	uint64_t first = HLC_OF_MS(NOW0 + 1000), h;

	mapstore_clock(&r->d, first);
	assert_int_equal(hlc_next(&r->d.clock, NOW0, 0, &h), HLC_RESERVE);
	assert_true(fake_work(r->store) > 0);
	assert_int_equal(hlc_next(&r->d.clock, NOW0, 0, &h), HLC_OK);
	map_new(r);
	mapstore_load(&r->d);
	assert_true(fake_work(r->store) > 0);
	assert_int_equal(r->d.clock.last, first);
	/* The database is lost. */
	assert_int_equal(store_begin(r->store), STORE_OK);
	assert_int_equal(store_del(r->store, STORE_META_TABLE, MAP_CLOCK_KEY,
	    strlen(MAP_CLOCK_KEY)), STORE_OK);
	assert_int_equal(store_commit(r->store), STORE_OK);
	map_new(r);
	mapstore_load(&r->d);
	assert_true(fake_work(r->store) > 0);
	assert_int_equal(r->d.clock.last, first);
	/* And so is the file, instead. */
	mapstore_clock(&r->d, first + 5);
	assert_true(fake_work(r->store) > 0);
	assert_int_equal(unlink(MAP_CLOCK_FILE), 0);
	map_new(r);
	mapstore_load(&r->d);
	assert_true(fake_work(r->store) > 0);
	assert_int_equal(r->d.clock.last, first + 5);
}

/* A time that could not be written is not given. */
static void
test_clock_not_written(void **state)
{
	struct rig *r = *state;
	uint64_t h;

	assert_int_equal(mkdir(MAP_CLOCK_FILE, 0700), 0);
	mapstore_clock(&r->d, HLC_OF_MS(NOW0 + 1000));
	assert_true(fake_work(r->store) > 0);
	assert_int_equal(r->signer_failed, 1);
	assert_int_equal(hlc_next(&r->d.clock, NOW0, 0, &h), HLC_RESERVE);
	assert_int_equal(rmdir(MAP_CLOCK_FILE), 0);
}

/* All that was taken comes back, some hundred at a time. */
static void
test_read_back(void **state)
{
	struct rig *r = *state;

	come(r, 0, MADE_MAX);
	assert_true(fake_work(r->store) > 0);
	assert_int_equal(r->d.map.live, MADE_MAX);
	map_new(r);
	mapstore_load(&r->d);
	assert_int_equal(r->loaded, 0);
	assert_in_range(fake_work(r->store), 3, 5);
	assert_int_equal(r->loaded, 1);
	assert_false(r->d.loading);
	assert_int_equal(r->d.map.live, MADE_MAX);
	assert_int_equal(r->d.records, MADE_MAX);
	assert_int_equal(r->d.bad_records, 0);
	/* It is not written once more. */
	mapstore_flush(&r->d);
	assert_int_equal(fake_jobs, 0);
}

/* Reading waits for those whose check has not ended. */
static void
test_read_bounded(void **state)
{
	struct rig *r = *state;

	for (unsigned int i = 0; i < 5; i++) {
		come(r, i * MADE_MAX / 2, (i + 1) * MADE_MAX / 2);
		assert_true(fake_work(r->store) > 0);
	}
	map_new(r);
	r->hold = true;
	mapstore_load(&r->d);
	(void)fake_work(r->store);
	assert_in_range(r->nchecks, 1024, 1024 + 255);
	assert_int_equal(r->loaded, 0);
	r->hold = false;
	for (size_t i = 0; i < r->nchecks; i++)
		intake_checked(&r->d.intake, r->checks[i], true, NOW0);
	mapstore_load_on(&r->d);
	(void)fake_work(r->store);
	assert_int_equal(r->loaded, 1);
	assert_int_equal(r->d.map.live, 5 * MADE_MAX / 2);
}

static void
store_raw(struct rig *r, const struct entry_id *id, const void *p, size_t n)
{
	assert_int_equal(store_begin(r->store), STORE_OK);
	assert_int_equal(store_put(r->store, MAP_TABLE, id->b, sizeof(id->b),
	    p, n), STORE_OK);
	assert_int_equal(store_commit(r->store), STORE_OK);
}

/* Neither rubbish nor a wrong signature nor what is over comes back. */
static void
test_bad_records(void **state)
{
	struct rig *r = *state;
	struct made *m;
	struct wbuf w;
	struct entry_id bad, expired, junk = { { 1, 2, 3 } };

	come(r, 0, 3);
	assert_true(fake_work(r->store) > 0);
	store_raw(r, &junk, "rubbish", 7);
	wbuf_init(&w, ENTRY_WIRE_MAX);
	m = entry_of(100, "v");
	m->sig[0] = 0xbb;
	bad = m->id;
	entry_write(&w, &m->e);
	store_raw(r, &bad, w.p, w.len);
	wbuf_reset(&w);
	m = entry_of(101, "v");
	m->e.expires_ms = NOW0 - 4 * HOUR_MS;
	make_id(m);
	expired = m->id;
	entry_write(&w, &m->e);
	store_raw(r, &expired, w.p, w.len);
	wbuf_free(&w);
	map_new(r);
	mapstore_load(&r->d);
	(void)fake_work(r->store);
	assert_int_equal(r->loaded, 1);
	assert_int_equal(r->d.map.live, 3);
	assert_int_equal(r->d.bad_records, 2);
	mapstore_flush(&r->d);
	(void)fake_work(r->store);
	assert_int_equal(stored(r, &junk), 0);
	assert_int_equal(stored(r, &bad), 0);
	assert_int_equal(stored(r, &expired), 0);
}

/* A database that was lost gets what is held, all of it, in pieces. */
static void
test_rewritten(void **state)
{
	struct rig *r = *state;

	come(r, 0, MADE_MAX);
	assert_true(fake_work(r->store) > 0);
	store_free(r->store);
	r->store = mem_open();
	mapstore_rewrite(&r->d);
	assert_true(fake_job(r->store, STORE_OK));
	assert_true(fake_job(r->store, STORE_FAILED));	/* from anew */
	mapstore_flush(&r->d);
	assert_in_range(fake_work(r->store), 3, 4);
	for (unsigned int i = 0; i < MADE_MAX; i++)
		assert_true(stored(r, &entry_of(i, "v")->id) > 0);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_batches),
		T(test_failed),
		T(test_forgotten),
		T(test_clock),
		T(test_clock_not_written),
		T(test_read_back),
		T(test_read_bounded),
		T(test_bad_records),
		T(test_rewritten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
