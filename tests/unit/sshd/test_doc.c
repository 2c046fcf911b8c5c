/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "doc.h"
#include "json.h"
#include "row.h"

static struct doc d;
static struct wbuf w;

static void
row(size_t list, const char *name, uint64_t up, bool known)
{
	struct wbuf r;

	wbuf_init(&r, 1024);
	row_str(&r, "name", name);
	if (known)
		row_num(&r, "up", ROW_MS, up);
	else
		row_none(&r, "up", ROW_MS);
	assert_true(doc_row(&d, list, r.p, r.len));
	wbuf_free(&r);
}

static int
setup(void **state)
{
	size_t list;

	(void)state;
	doc_init(&d);
	wbuf_init(&w, 1024 * 1024);
	row_str(&d.head, "node", "a\"\x1b\n");
	row_num(&d.head, "count", ROW_U64, UINT64_MAX);
	row_num(&d.head, "delta", ROW_I64, (uint64_t)-5);
	row_num(&d.head, "since", ROW_TIME, 1700000000000u);
	row_num(&d.head, "size", ROW_BYTES, 1200000);
	row_bool(&d.head, "ok", true);
	row_num(&d.head, "bytes", ROW_BYTES, 7);
	row_null(&d.head, "none");
	list = doc_list(&d, "peers");
	row(list, "\xe6\x9d\x8e", 192000, true);	/* two columns wide */
	row(list, "bob", 0, false);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	doc_free(&d);
	wbuf_free(&w);
	return 0;
}

static void
test_json(void **state)
{
	struct json *j;

	(void)state;
	doc_json(&d, &w);
	j = json_parse((char *)w.p, w.len);
	assert_int_equal(json_int(json_get(j, "v")), 1);
	assert_string_equal(json_str(json_get(j, "node")), "a\"\x1b\n");
	assert_int_equal(json_u64(json_get(j, "count")), UINT64_MAX);
	assert_int_equal(json_int(json_get(j, "delta")), -5);
	assert_string_equal(json_str(json_get(j, "since")),
	    "2023-11-14T22:13:20.000Z");
	assert_int_equal(json_int(json_get(j, "size_bytes")), 1200000);
	assert_true(json_bool(json_get(j, "ok")));
	assert_int_equal(json_type(json_get(j, "none")), JSON_NULL);
	assert_int_equal(json_len(json_get(j, "peers")), 2);
	assert_int_equal(json_int(json_get(json_at(json_get(j, "peers"), 0),
	    "up_ms")), 192000);
	/* The same name where there is no number. */
	assert_int_equal(json_type(json_get(json_at(json_get(j, "peers"), 1),
	    "up_ms")), JSON_NULL);
	assert_int_equal(json_int(json_get(j, "bytes")), 7);
	assert_string_equal(json_key(j, 0), "v");	/* the order is ours */
	assert_string_equal(json_key(j, 1), "node");
	json_free(j);
}

static void
test_table(void **state)
{
	(void)state;
	doc_table(&d.list[0], NULL, &w);
	wbuf_u8(&w, 0);
	assert_string_equal((char *)w.p,
	    "name  up\n"
	    "\xe6\x9d\x8e    3m12s\n"
	    "bob   -\n");
	wbuf_reset(&w);
	doc_table(&d.list[0], "up nosuch", &w);
	wbuf_u8(&w, 0);
	assert_string_equal((char *)w.p,
	    "up     nosuch\n"
	    "3m12s  -\n"
	    "-      -\n");
}

static void
test_plain_and_text(void **state)
{
	(void)state;
	doc_plain(&d, &w);
	wbuf_u8(&w, 0);
	assert_string_equal((char *)w.p, "\xe6\x9d\x8e\t3m12s\nbob\t-\n");
	wbuf_reset(&w);
	doc_text(&d, &w);
	wbuf_u8(&w, 0);
	assert_non_null(strstr((char *)w.p, "node   a\"\\x1b "));
	assert_non_null(strstr((char *)w.p, "count  18446744073709551615\n"));
	assert_non_null(strstr((char *)w.p, "ok     yes\n"));
	for (size_t i = 0; i + 1 < w.len; i++)
		assert_true(w.p[i] >= 0x20 || w.p[i] == '\n');
}

static void
test_bound(void **state)
{
	static uint8_t big[8192];
	unsigned int n = 0;

	(void)state;
	while (doc_row(&d, 0, big, sizeof(big)))
		n++;
	assert_true(d.cut && n >= 60 && n <= 64);
}

/* A malformed row is shown as far as it can be read. */
static void
test_malformed(void **state)
{
	struct row_field f;
	uint8_t row[64];

	(void)state;
	for (size_t i = 0; i < sizeof(row); i++)
		row[i] = (uint8_t)(i * 37);
	assert_false(row_find(row, sizeof(row), "name", &f));
	assert_true(doc_row(&d, 0, row, sizeof(row)));
	doc_json(&d, &w);
	json_free(json_parse((char *)w.p, w.len));
}

int
main(void)
{
#define T_(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T_(test_json), T_(test_table), T_(test_plain_and_text),
		T_(test_bound), T_(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
