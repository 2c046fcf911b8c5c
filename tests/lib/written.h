/* SPDX-License-Identifier: MIT */
/* What a test of words has written: one buffer, empty when a test begins. */
#ifndef TESTS_WRITTEN_H
#define TESTS_WRITTEN_H

#include "cursor.h"

extern struct wbuf written;	/* 64 KiB at the most */

/* Of cmocka_unit_test_setup_teardown(). */
int	 written_setup(void **state);
int	 written_teardown(void **state);
/* As a string, good until more is written. */
const char *written_text(void);

#endif
