/* SPDX-License-Identifier: MIT */
#include "written.h"

#define WRITTEN_MAX	(64u * 1024)

struct wbuf written;

int
written_setup(void **state)
{
	(void)state;
	wbuf_init(&written, WRITTEN_MAX);
	return 0;
}

int
written_teardown(void **state)
{
	(void)state;
	wbuf_free(&written);
	return 0;
}

const char *
written_text(void)
{
	wbuf_u8(&written, '\0');
	return (const char *)written.p;
}
