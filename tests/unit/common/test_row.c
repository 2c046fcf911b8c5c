/* SPDX-License-Identifier: MIT */
#include "t.h"

#include "row.h"

static void
reads_back(void **state)
{
	struct row_field f;
	struct rcur c;
	struct wbuf w;

	(void)state;
	wbuf_init(&w, 8192);
	row_str(&w, "name", "n1");
	row_num(&w, "age", ROW_MS, 42);
	row_bool(&w, "up", true);
	row_none(&w, "rtt", ROW_MS);
	rcur_init(&c, w.p, w.len);
	assert_true(row_next(&c, &f));
	assert_memory_equal(f.name, "name", f.name_len);
	assert_memory_equal(f.str, "n1", f.str_len);
	assert_true(row_next(&c, &f));
	assert_true(f.type == ROW_MS && f.num == 42);
	assert_true(row_next(&c, &f));
	assert_true(f.type == ROW_BOOL && f.num == 1);
	assert_true(row_next(&c, &f));
	assert_true(f.type == ROW_NULL && f.of == ROW_MS);
	assert_false(row_next(&c, &f));
	assert_true(rcur_done(&c));
	wbuf_free(&w);
}

static void
malformed_rows_end(void **state)
{
	struct row_field f;
	struct rcur c;

	(void)state;
	rcur_init(&c, "\1\0a\x63", 4);	/* no such type */
	assert_false(row_next(&c, &f));
	assert_true(c.bad);
	rcur_init(&c, "\1\0a\2\0", 5);	/* a number cut short */
	assert_false(row_next(&c, &f));
	assert_true(c.bad);
	/* Names are shown as they are. */
	for (unsigned int i = 0; i < 256; i++) {
		const uint8_t row[5] = { 1, 0, (uint8_t)i, ROW_BOOL, 1 };
		bool good = i > ' ' && i <= '~' && i != '"' && i != '\\';

		rcur_init(&c, row, sizeof(row));
		assert_int_equal(row_next(&c, &f), good);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_back),
		cmocka_unit_test(malformed_rows_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
