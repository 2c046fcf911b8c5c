/* SPDX-License-Identifier: MIT */
#include "t.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "footprint.h"

#define PIECES	4096
#define PIECE	1024

/* Names in relocated data: lost if too much were given back. */
static const char *const names[] = { "pointers", "are", "relocated" };
static char written[] = "as it was";

/* A field of /proc/self/status, in kB. */
static long
resident(const char *field)
{
	char buf[4096], *p;
	ssize_t n;
	int fd = open("/proc/self/status", O_RDONLY);

	assert_int_not_equal(fd, -1);
	n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	assert_true(n > 0);
	buf[n] = '\0';
	assert_non_null(p = strstr(buf, field));
	return strtol(p + strlen(field), NULL, 10);
}

static void
test_settle(void **state)
{
	static char *piece[PIECES];
	long file, anon;
	size_t i;

	(void)state;
	written[0] = 'A';
	for (i = 0; i < PIECES; i++) {
		assert_non_null(piece[i] = malloc(PIECE));
		memset(piece[i], 1, PIECE);
	}
	for (i = 0; i < PIECES - 1; i++)	/* the last holds the top */
		free(piece[i]);
	file = resident("RssFile:");
	anon = resident("RssAnon:");
	footprint_settle();
	assert_true(resident("RssFile:") < file);
	assert_true(resident("RssAnon:") < anon - PIECES * PIECE / 1024 / 2);
	assert_string_equal(written, "As it was");
	assert_string_equal(names[2], "relocated");
	assert_int_equal(piece[PIECES - 1][PIECE - 1], 1);
	free(piece[PIECES - 1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_settle),
	};

	return cmocka_run_group_tests_name("footprint", tests, NULL, NULL);
}
