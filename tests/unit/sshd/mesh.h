/* SPDX-License-Identifier: MIT */
/* Answers of daemons about other nodes. */
#ifndef MICELIO_TEST_SSHD_MESH_H
#define MICELIO_TEST_SSHD_MESH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "answer.h"
#include "cursor.h"
#include "doc.h"
#include "imsg.h"
#include "row.h"

#define ID_A	"56475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c"
#define ID_B	"56f000000000474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c"
#define ID_C	"a1b2c3d4e5f6474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c"

static struct doc d;
static struct wbuf w;
static struct answer a[4];

static int
setup(void **state)
{
	static const struct { enum proc_role from; enum table table; } is[] = {
		{ PROC_GOSSIPD, TABLE_PEERS }, { PROC_TRANSPORTD, TABLE_LINKS },
		{ PROC_GOSSIPD, TABLE_NODES }, { PROC_STATED, TABLE_NODES },
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		memset(&a[i], 0, sizeof(a[i]));
		a[i].from = is[i].from;
		a[i].table = is[i].table;
		a[i].state = ANSWER_COMPLETE;
		wbuf_init(&a[i].rows, ANSWER_NODES_MAX);
	}
	doc_init(&d);
	wbuf_init(&w, 1024 * 1024);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++)
		wbuf_free(&a[i].rows);
	doc_free(&d);
	wbuf_free(&w);
	return 0;
}

static inline const char *
text_of(void (*f)(const struct doc *, struct wbuf *))
{
	wbuf_reset(&w);
	f(&d, &w);
	wbuf_u8(&w, '\0');
	return (const char *)w.p;
}

static inline void
node_add(size_t i, const char *id, const char *addr, const char *source,
    bool linked, uint64_t seen_ms)
{
	struct wbuf r;

	wbuf_init(&r, 2048);
	row_str(&r, "id", id);
	row_null(&r, "name");
	row_str(&r, "addr", addr);
	row_str(&r, "source", source);
	row_bool(&r, "linked", linked);
	row_num(&r, "last_seen", ROW_TIME, seen_ms);
	row_num(&r, "fails", ROW_U64, 2);
	row_none(&r, "rtt", ROW_US);
	answer_add(&a[i], r.p, r.len);
	wbuf_free(&r);
}

#endif
