/* SPDX-License-Identifier: MIT */
/* The heap of what is due, and the log of messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "micelio-gossipd/heap.h"
#include "micelio-gossipd/msglog.h"

#define N	500

static void
test_heap(void **state)
{
	struct heap_node v[N] = { { 0 } };
	struct heap h = { 0 };
	uint64_t last = 0, r = 1;
	size_t i, n = 0;

	(void)state;
	assert_null(heap_first(&h));
	for (i = 0; i < N; i++) {
		r = r * 6364136223846793005u + 1;
		heap_set(&h, &v[i], r >> 40);
	}
	/* moved in both directions; taken out of the middle, also twice */
	for (i = 0; i < N; i += 3)
		heap_set(&h, &v[i], v[i].at / 2 + i * 10000);
	for (i = 1; i < N; i += 3) {
		heap_remove(&h, &v[i]);
		heap_remove(&h, &v[i]);
	}
	for (; heap_first(&h) != NULL; n++) {
		assert_true(heap_first(&h)->at >= last);
		last = heap_first(&h)->at;
		heap_remove(&h, heap_first(&h));
	}
	assert_int_equal(n, N - (N + 1) / 3);
	heap_free(&h);
}

static void
trim(struct msglog *l, struct log_share *s, uint64_t now)
{
	struct logmsg *m;

	while ((m = msglog_excess(l, s, now)) != NULL)
		msglog_remove(l, m);
}

static void
test_log(void **state)
{
	static uint8_t frame[60000];
	struct log_share loud, quiet;
	uint8_t mid[16] = { 0 };
	struct msglog l;
	uint64_t i;

	(void)state;
	msglog_init(&l, 5);
	log_share_init(&loud);
	log_share_init(&quiet);
	msglog_add(&l, &quiet, 1, mid, frame, 100, 1000);
	/* one origin has its share, whatever it sends */
	for (i = 2; i < 200; i++) {
		msglog_add(&l, &loud, i, mid, frame, sizeof(frame), 1001);
		trim(&l, &loud, 1001);
		assert_true(loud.bytes <= MSGLOG_SHARE);
	}
	assert_non_null(msglog_get(&l, 1));
	assert_null(msglog_get(&l, 2));
	assert_non_null(msglog_get(&l, 199));
	assert_ptr_equal(msglog_oldest(&l), msglog_get(&l, 1));
	assert_ptr_equal(msglog_youngest(&l), msglog_get(&l, 199));
	assert_ptr_equal(msglog_older(msglog_youngest(&l)),
	    msglog_get(&l, 198));
	/* an origin is forgotten, not what it said */
	log_share_clear(&quiet);
	assert_null(msglog_get(&l, 1)->share);
	trim(&l, NULL, 1000 + MSGLOG_MS - 1);
	assert_non_null(msglog_get(&l, 1));
	trim(&l, NULL, 1000 + MSGLOG_MS);
	assert_null(msglog_get(&l, 1));
	trim(&l, NULL, 1001 + MSGLOG_MS);
	assert_null(msglog_oldest(&l));
	assert_int_equal(l.bytes + loud.bytes + quiet.bytes, 0);
	msglog_free(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heap),
		cmocka_unit_test(test_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
