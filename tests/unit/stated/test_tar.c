/* SPDX-License-Identifier: MIT */
/* Headers of tar(1); that tar reads them the tests of the system show. */
#include "stated_test.h"
#include "tar.h"

static unsigned int
sum_of(const uint8_t *h)
{
	unsigned int sum = 0;

	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += i >= 148 && i < 156 ? ' ' : h[i];
	return sum;
}

static void
test_file(void **state)
{
	struct tar_member m = { "db/map.db", 0600, 1000, 7, 8192, 1763712000 };
	uint8_t h[TAR_BLOCK];
	char sum[8];

	(void)state;
	assert_true(tar_header(&m, h));
	assert_string_equal((char *)h, "db/map.db");
	assert_string_equal((char *)h + 100, "0000600");
	assert_string_equal((char *)h + 108, "0001750");
	assert_string_equal((char *)h + 116, "0000007");
	assert_string_equal((char *)h + 124, "00000020000");
	assert_string_equal((char *)h + 136, "15110016000");
	assert_int_equal(h[156], '0');
	assert_memory_equal(h + 257, "ustar\00000", 8);
	snprintf(sum, sizeof(sum), "%06o", sum_of(h));
	assert_string_equal((char *)h + 148, sum);
	assert_int_equal(h[155], ' ');
}

static void
test_directory(void **state)
{
	struct tar_member m = { "db/", 0700, 0, 0, 0, 0 };
	uint8_t h[TAR_BLOCK];

	(void)state;
	assert_true(tar_header(&m, h));
	assert_int_equal(h[156], '5');
	assert_string_equal((char *)h + 124, "00000000000");
}

static void
test_too_large(void **state)
{
	static const char long_name[] =
	    "0123456789012345678901234567890123456789012345678901234567890123"
	    "456789012345678901234567890123456789";
	struct tar_member m = { "x", 0600, 0, 0, 077777777777, 0 };
	uint8_t h[TAR_BLOCK];

	(void)state;
	assert_true(tar_header(&m, h));
	m.size++;				/* 8 GiB */
	assert_false(tar_header(&m, h));
	m.size = 0;
	m.uid = 07777777 + 1;
	assert_false(tar_header(&m, h));
	m.uid = 0;
	m.name = long_name;			/* 100 bytes */
	assert_false(tar_header(&m, h));
	m.name = long_name + 1;
	assert_true(tar_header(&m, h));
	m.name = "";
	assert_false(tar_header(&m, h));
}

static void
test_padding(void **state)
{
	(void)state;
	assert_int_equal(tar_padding(0), 0);
	assert_int_equal(tar_padding(1), 511);
	assert_int_equal(tar_padding(512), 0);
	assert_int_equal(tar_padding(513), 511);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_directory),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_padding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
