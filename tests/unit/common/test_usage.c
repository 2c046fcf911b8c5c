/* SPDX-License-Identifier: MIT */
#include "t.h"

#include <stdlib.h>
#include <string.h>

#include "row.h"
#include "usage.h"

#define PIECE	(32u * 1024 * 1024)

static enum row_type
field(const char *name, uint64_t *value)
{
	enum row_type type = 0;
	struct row_field f;
	struct wbuf w;
	struct rcur c;

	wbuf_init(&w, 1024);
	usage_row(&w);
	rcur_init(&c, w.p, w.len);
	while (row_next(&c, &f))
		if (f.name_len == strlen(name) &&
		    memcmp(f.name, name, f.name_len) == 0) {
			type = f.type;
			*value = f.num;
		}
	wbuf_free(&w);
	return type;
}

/* Unknown before the open; then what is taken is seen. */
static void
test_memory(void **state)
{
	uint64_t before, with, peak;
	char *p;

	(void)state;
	assert_int_equal(field("memory", &before), ROW_NULL);
	usage_open();
	assert_int_equal(field("memory", &before), ROW_BYTES);
	assert_non_null(p = malloc(PIECE));
	memset(p, 1, PIECE);
	(void)field("memory", &with);
	assert_int_equal(p[PIECE / 2], 1);
	free(p);
	assert_int_equal(field("memory_peak", &peak), ROW_BYTES);
	assert_true(with >= before + PIECE / 2);
	assert_true(peak >= before + PIECE / 2);
}

static void
test_cpu(void **state)
{
	uint64_t user, more, kernel;
	volatile unsigned int n = 0;

	(void)state;
	assert_int_equal(field("cpu_user", &user), ROW_US);
	do {
		for (unsigned int i = 0; i < 1000000; i++)
			n = n + i;
		assert_int_equal(field("cpu_user", &more), ROW_US);
	} while (more < user + 2000);
	assert_int_equal(field("cpu_system", &kernel), ROW_US);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
