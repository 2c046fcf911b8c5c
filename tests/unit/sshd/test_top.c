/* SPDX-License-Identifier: MIT */
/* What daemons and links are busy with, out of two readings. */
#include "mesh.h"

#include "top.h"

#define ROWS_MAX	22	/* of 24: one stays for the prompt or a hint */

static struct answer of[6];
static struct wbuf hub;

static void
reading_begin(uint64_t cpu_us)
{
	static const struct { enum proc_role from; enum table table; } is[] = {
		{ PROC_PARENT, TABLE_STATUS }, { PROC_PARENT, TABLE_PROCS },
		{ PROC_GOSSIPD, TABLE_STATUS }, { PROC_GOSSIPD, TABLE_PEERS },
		{ PROC_TRANSPORTD, TABLE_LINKS },
		{ PROC_STATED, TABLE_STATUS },
	};
	struct wbuf r;

	wbuf_init(&hub, 1024);
	wbuf_init(&r, 1024);
	row_num(&r, "cpu_user", ROW_US, cpu_us);
	row_num(&r, "cpu_system", ROW_US, cpu_us);
	row_num(&r, "memory", ROW_BYTES, 3145728);
	row_num(&r, "memory_peak", ROW_BYTES, 4194304);
	wbuf_bytes(&hub, r.p, r.len);
	for (size_t i = 0; i < 6; i++) {
		memset(&of[i], 0, sizeof(of[i]));
		of[i].from = is[i].from;
		of[i].table = is[i].table;
		wbuf_init(&of[i].rows, ANSWER_NODES_MAX);
	}
	answer_add(&of[2], r.p, r.len);		/* of gossipd alone */
	wbuf_reset(&r);
	row_str(&r, "name", "micelio-gossipd");
	row_num(&r, "pid", ROW_U64, 42);
	row_num(&r, "uptime", ROW_MS, 61000);
	answer_add(&of[1], r.p, r.len);
	wbuf_free(&r);
}

static void
peer(unsigned int session, uint64_t in, uint64_t frames)
{
	struct wbuf r;

	wbuf_init(&r, 1024);
	row_str(&r, "id", ID_A);
	row_null(&r, "name");
	row_str(&r, "addr", "192.0.2.1:4000");
	row_str(&r, "state", session == 0 ? "down" : "up");
	row_num(&r, "session", ROW_U64, session);
	row_num(&r, "frames_in", ROW_U64, frames);
	row_num(&r, "frames_out", ROW_U64, 0);
	answer_add(&of[3], r.p, r.len);
	wbuf_reset(&r);
	row_num(&r, "session", ROW_U64, session);
	row_num(&r, "in", ROW_BYTES, in);
	row_num(&r, "out", ROW_BYTES, 0);
	row_num(&r, "queue", ROW_BYTES, 0);
	answer_add(&of[4], r.p, r.len);
	wbuf_free(&r);
}

static void
reading_end(const struct doc *before, uint64_t over_ms, struct doc *doc)
{
	doc_init(doc);
	top_build(&(struct top_facts){ .node = "north", .up_ms = 5000,
	    .people = 1, .hub = &hub }, of, 6, before, over_ms, doc);
	for (size_t i = 0; i < 6; i++)
		wbuf_free(&of[i].rows);
	wbuf_free(&hub);
}

static uint64_t
value(const struct doc *doc, size_t list, size_t row, const char *name,
    enum row_type type)
{
	const struct wbuf *r = &doc->list[list].rows[row];
	struct row_field f;

	assert_true(row_find(r->p, r->len, name, &f));
	assert_int_equal(f.type, type);
	return f.num;
}

static void
test_rates(void **state)
{
	struct doc before;
	const char *s;

	(void)state;
	reading_begin(1000);
	peer(0, 0, 0);			/* of no account */
	peer(7, 1000, 10);
	peer(8, 5000, 50);
	reading_end(NULL, 0, &before);
	assert_int_equal(before.list[1].n, 2);
	(void)value(&before, 0, 2, "cpu_us_per_s", ROW_NULL);
	(void)value(&before, 1, 0, "in_bytes_per_s", ROW_NULL);
	doc_free(&d);
	reading_begin(51000);
	peer(7, 3000, 14);
	peer(8, 4000, 50);		/* counts anew: that is no rate */
	peer(9, 1000, 1);		/* new */
	reading_end(&before, 2000, &d);
	doc_free(&before);
	assert_int_equal(value(&d, 0, 2, "pid", ROW_U64), 42);
	assert_int_equal(value(&d, 0, 2, "cpu", ROW_US), 102000);
	assert_int_equal(value(&d, 0, 2, "cpu_us_per_s", ROW_U64), 50000);
	(void)value(&d, 0, 3, "memory", ROW_NULL);	/* no answer */
	assert_int_equal(value(&d, 0, 4, "memory", ROW_BYTES), 3145728);
	assert_int_equal(value(&d, 1, 0, "in_bytes_per_s", ROW_U64), 1000);
	assert_int_equal(value(&d, 1, 0, "frames_in_per_s", ROW_U64), 2);
	(void)value(&d, 1, 1, "in_bytes_per_s", ROW_NULL);
	assert_int_equal(value(&d, 1, 1, "out_bytes_per_s", ROW_U64), 0);
	(void)value(&d, 1, 2, "in_bytes_per_s", ROW_NULL);
	s = text_of(top_text);
	assert_non_null(strstr(s, "north, up 5.0s, peers 3, people 1, "
	    "in the last 2.0s\n"));
	assert_non_null(strstr(s, "gossipd     42   5.0%"));
}

/* One page, however many there are: the busiest. */
static void
test_page(void **state)
{
	struct doc before;
	unsigned int lines = 0, i;
	const char *s, *busy, *idle;

	(void)state;
	reading_begin(0);
	for (i = 1; i <= 40; i++)
		peer(i, 0, 0);
	reading_end(NULL, 0, &before);
	doc_free(&d);
	reading_begin(0);
	for (i = 1; i <= 40; i++)
		peer(i, i * 1000, i);
	reading_end(&before, 1000, &d);
	doc_free(&before);
	s = text_of(top_text);
	assert_non_null(busy = strstr(s, " 40 "));
	assert_non_null(idle = strstr(s, " 30 "));
	assert_true(busy < idle);
	assert_null(strstr(s, " 28 "));
	assert_non_null(strstr(s, "and 29 more, less busy\n"));
	for (; *s != '\0'; s++)
		lines += *s == '\n';
	assert_in_range(lines, 10, ROWS_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rates, setup, teardown),
		cmocka_unit_test_setup_teardown(test_page, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
