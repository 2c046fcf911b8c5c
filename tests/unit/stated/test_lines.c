/* SPDX-License-Identifier: MIT */
/* What was said: written as it comes, answered after it is written. */
#include "stated_test.h"

#include "fake.h"
#include "stated.h"

#define WALL	UINT64_C(1776600000000)

#define LIVES_MAX	32u

struct rig {
	struct proc	 proc;
	struct lines	*lines;
	struct store	*store;
	bool		 finished;
};

/* They end with the process only. */
static struct lines *volatile lives[LIVES_MAX];
static struct event_base *base;
static size_t nlives;

/* A daemon that begins, on the store as it is. */
static void
begin(struct rig *r)
{
	assert_true(nlives < LIVES_MAX);
	r->lines = lives[nlives++] = lines_new(&r->proc, NULL);
	lines_load(r->lines);
}

static int
setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	fake_init(&r->proc);
	fake_wall = WALL;
	if (base == NULL)
		base = event_base_new();
	assert_non_null(base);
	r->proc.base = base;
	r->store = mem_open();
	begin(r);
	*state = r;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *r = *state;

	while (fake_job(r->store, STORE_FAILED))
		continue;
	store_free(r->store);
	fake_free();
	free(r);
	return 0;
}

static void
said(struct rig *r, const char *line, bool once)
{
	struct imsg m = { .type = IMSG_HISTORY_PUT, .fd = -1 };
	struct wbuf w;

	wbuf_init(&w, 256);
	wbuf_u64(&w, fake_wall + fake_mono);
	wbuf_u8(&w, once);
	wbuf_bytes(&w, line, strlen(line));
	m.data = w.p;
	m.len = w.len;
	lines_put(r->lines, &m);
	wbuf_free(&w);
}

static void
ask(struct rig *r, enum history_from from, uint64_t which, uint16_t most)
{
	struct imsg m = { .type = IMSG_HISTORY_ASK, .id = 5, .fd = -1 };
	struct wbuf w;

	wbuf_init(&w, 16);
	wbuf_u8(&w, (uint8_t)from);
	wbuf_u64(&w, which);
	wbuf_u16(&w, most);
	m.data = w.p;
	m.len = w.len;
	lines_ask(r->lines, &m);
	wbuf_free(&w);
}

/* Lines told, as "one two ". */
static const char *
told(void)
{
	static char all[4096];
	struct rcur c;
	size_t n, at = 0;
	const uint8_t *p;

	all[0] = '\0';
	for (size_t i = 0; i < fake_msgs; i++) {
		if (fake_msg[i].type != IMSG_HISTORY_LINE)
			continue;
		rcur_init(&c, fake_msg[i].data, fake_msg[i].len);
		(void)rcur_u64(&c);
		(void)rcur_u64(&c);
		p = rcur_rest(&c, &n);
		at += (size_t)snprintf(all + at, sizeof(all) - at, "%.*s ",
		    (int)n, (const char *)p);
		assert_true(at < sizeof(all));
	}
	return all;
}

/* What the last question ended with. */
static void
assert_end(bool good, uint64_t next, uint64_t end)
{
	const struct fake_msg *m = fake_last(IMSG_HISTORY_DONE);
	struct rcur c;

	assert_int_equal(m->id, 5);
	rcur_init(&c, m->data, m->len);
	assert_int_equal(rcur_u8(&c), good);
	assert_int_equal(rcur_u64(&c), next);
	assert_int_equal(rcur_u64(&c), end);
	fake_read();
}

/* A question waits for what was said before it. */
static void
test_in_order(void **state)
{
	struct rig *r = *state;

	(void)fake_work(r->store);
	said(r, "one", false);
	assert_int_equal(fake_jobs, 1);
	said(r, "two", false);
	said(r, "three", false);
	assert_int_equal(fake_jobs, 1);		/* they share the next */
	ask(r, HISTORY_LAST, 10, 100);
	assert_int_equal(fake_jobs, 1);
	assert_true(fake_job(r->store, STORE_OK));
	assert_int_equal(fake_msgs, 0);
	(void)fake_work(r->store);
	assert_string_equal(told(), "one two three ");
	assert_end(true, 4, 4);
}

static void
test_pages(void **state)
{
	struct rig *r = *state;
	uint64_t from;
	char line[16];

	(void)fake_work(r->store);
	for (unsigned int i = 1; i <= 300; i++, fake_mono += 1000) {
		snprintf(line, sizeof(line), "%u", i);
		said(r, line, false);
	}
	(void)fake_work(r->store);
	ask(r, HISTORY_FROM, 3, 2);
	(void)fake_work(r->store);
	assert_string_equal(told(), "3 4 ");
	assert_end(true, 5, 301);
	ask(r, HISTORY_LAST, 3, 100);
	(void)fake_work(r->store);
	assert_string_equal(told(), "298 299 300 ");
	assert_end(true, 301, 301);
	from = fake_wall + fake_mono - 2000;
	ask(r, HISTORY_SINCE, from, 100);
	(void)fake_work(r->store);
	assert_string_equal(told(), "299 300 ");
	assert_end(true, 301, 301);
	/* However many are wanted: a page. */
	ask(r, HISTORY_FROM, 1, 65535);
	(void)fake_work(r->store);
	assert_int_equal(fake_count(IMSG_HISTORY_LINE), HISTORY_PAGE);
	assert_end(true, HISTORY_PAGE + 1, 301);
	ask(r, HISTORY_FROM, 1000, 10);
	(void)fake_work(r->store);
	assert_string_equal(told(), "");
	assert_end(true, 301, 301);
}

/* What could not be written is told nobody as lost, and comes later. */
static void
test_not_written(void **state)
{
	struct rig *r = *state;

	(void)fake_work(r->store);
	said(r, "one", false);
	said(r, "two", false);
	assert_true(fake_job(r->store, STORE_FULL));
	assert_int_equal(fake_jobs, 0);		/* a timer goes on */
	/* Who asks meanwhile need not wait for a disk to have room. */
	ask(r, HISTORY_LAST, 10, 100);
	(void)fake_job(r->store, STORE_OK);
	assert_string_equal(told(), "");
	fake_read();
	said(r, "three", false);
	(void)fake_work(r->store);
	ask(r, HISTORY_LAST, 10, 100);
	(void)fake_work(r->store);
	assert_string_equal(told(), "one two three ");
	assert_end(true, 4, 4);
}

/* Lines that came before the numbers were known follow those kept. */
static void
test_again(void **state)
{
	struct rig *r = *state;

	said(r, "early", false);
	ask(r, HISTORY_LAST, 10, 100);
	assert_int_equal(fake_jobs, 1);		/* the reading */
	(void)fake_work(r->store);
	assert_string_equal(told(), "early ");
	assert_end(true, 2, 2);
	begin(r);
	said(r, "later", false);
	(void)fake_work(r->store);
	ask(r, HISTORY_LAST, 10, 100);
	(void)fake_work(r->store);
	assert_string_equal(told(), "early later ");
	assert_end(true, 3, 3);
}

/* What neighbours bring again within a while is not kept twice. */
static void
test_once(void **state)
{
	struct rig *r = *state;

	(void)fake_work(r->store);
	said(r, "a", true);
	said(r, "a", true);
	said(r, "a", false);
	fake_mono += 15 * 60 * 1000;
	said(r, "a", true);
	fake_mono++;
	said(r, "b", false);
	(void)fake_work(r->store);
	ask(r, HISTORY_LAST, 10, 100);
	(void)fake_work(r->store);
	assert_string_equal(told(), "a a b ");
	fake_read();
	fake_mono += 15 * 60 * 1000;
	said(r, "a", true);
	(void)fake_work(r->store);
	ask(r, HISTORY_LAST, 1, 100);
	(void)fake_work(r->store);
	assert_string_equal(told(), "a ");
}

static void
test_too_many_ask(void **state)
{
	struct rig *r = *state;

	for (unsigned int i = 0; i < 64; i++)
		ask(r, HISTORY_LAST, 1, 1);	/* before it is read */
	assert_int_equal(fake_msgs, 0);
	ask(r, HISTORY_LAST, 1, 1);
	assert_end(false, 0, 1);
	(void)fake_work(r->store);
	assert_int_equal(fake_count(IMSG_HISTORY_DONE), 64);
}

/* A question whose reading fails ends so, without a line. */
static void
test_not_read(void **state)
{
	struct rig *r = *state;

	(void)fake_work(r->store);
	said(r, "one", false);
	(void)fake_work(r->store);
	ask(r, HISTORY_LAST, 10, 100);
	assert_true(fake_job(r->store, STORE_DAMAGED));
	assert_string_equal(told(), "");
	assert_end(false, 1, 2);
}

static void
finished_cb(void *arg)
{
	((struct rig *)arg)->finished = true;
}

/* The end waits for what was said. */
static void
test_finish(void **state)
{
	struct rig *r = *state;

	(void)fake_work(r->store);
	said(r, "one", false);
	said(r, "two", false);
	lines_finish(r->lines, finished_cb, r);
	assert_false(r->finished);
	assert_true(fake_job(r->store, STORE_OK));
	assert_false(r->finished);
	assert_true(fake_job(r->store, STORE_OK));
	assert_true(r->finished);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_in_order),
		T(test_pages),
		T(test_not_written),
		T(test_again),
		T(test_once),
		T(test_too_many_ask),
		T(test_not_read),
		T(test_finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
