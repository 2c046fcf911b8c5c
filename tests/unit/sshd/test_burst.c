/* SPDX-License-Identifier: MIT */
/* burst.c and intake.c: what is said faster than it may go out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "burst.h"
#include "imsg.h"
#include "intake.h"
#include "ratelimit.h"

static struct burst b;
static bool tell;
static char text[128];

static enum burst_next
result(unsigned int status, uint64_t now)
{
	return burst_result(&b, status, now, &tell);
}

/* One line too fast: told once, waits, and the sum when it is over. */
static void
test_slowed(void **state)
{
	(void)state;
	memset(&b, 0, sizeof(b));
	for (unsigned int i = 0; i < 16; i++) {
		burst_said(&b, 5000);
		assert_int_equal(result(CHAT_SENT, 5000), BURST_GO_ON);
		assert_false(tell);
	}
	assert_false(burst_over(&b, false, 99000, text, sizeof(text)));
	burst_said(&b, 5001);
	assert_int_equal(result(CHAT_SLOWED, 5001), BURST_WAIT);
	assert_true(tell);
	burst_said(&b, 5126);
	assert_int_equal(result(CHAT_SLOWED, 5126), BURST_WAIT);
	assert_false(tell);
	assert_false(burst_over(&b, false, 6125, text, sizeof(text)));
	assert_true(burst_over(&b, false, 6126, text, sizeof(text)));
	assert_string_equal(text, "all 18 lines sent");
	assert_false(burst_over(&b, true, 9999, text, sizeof(text)));
}

/* A full queue: the same line again, and it counts once. */
static void
test_refused(void **state)
{
	(void)state;
	memset(&b, 0, sizeof(b));
	burst_said(&b, 10);
	assert_int_equal(result(CHAT_REFUSED, 10), BURST_AGAIN);
	assert_true(tell);
	assert_int_equal(result(CHAT_REFUSED, 20), BURST_AGAIN);
	assert_false(tell);
	assert_int_equal(result(CHAT_SENT, 30), BURST_GO_ON);
	assert_true(burst_over(&b, true, 30, text, sizeof(text)));
	assert_string_equal(text, "the line is sent");
}

/* What nobody elsewhere got is not called sent. */
static void
test_lost(void **state)
{
	(void)state;
	memset(&b, 0, sizeof(b));
	burst_said(&b, 10);
	(void)result(CHAT_SLOWED, 10);
	burst_said(&b, 20);
	assert_int_equal(result(CHAT_FAILED, 20), BURST_GO_ON);
	assert_true(tell);
	burst_said(&b, 30);
	assert_int_equal(result(CHAT_NO_PEERS, 30), BURST_GO_ON);
	assert_true(burst_over(&b, true, 30, text, sizeof(text)));
	assert_string_equal(text, "1 of 3 lines sent to other nodes");
}

/* Silence ends a burst; nobody linked is told once in each. */
static void
test_gap(void **state)
{
	(void)state;
	memset(&b, 0, sizeof(b));
	burst_said(&b, 10);
	(void)result(CHAT_NO_PEERS, 10);
	assert_true(tell);
	burst_said(&b, 20);
	(void)result(CHAT_NO_PEERS, 20);
	assert_false(tell);
	burst_said(&b, 20 + BURST_GAP_MS);
	assert_int_equal(b.said, 1);
	(void)result(CHAT_NO_PEERS, 20 + BURST_GAP_MS);
	assert_true(tell);
}

/* Nobody linked: the node's own rate, and the sum is true. */
static void
test_alone(void **state)
{
	struct bucket rate;
	uint32_t wait = 0;
	unsigned int i;

	(void)state;
	memset(&b, 0, sizeof(b));
	bucket_init(&rate, ALONE_BURST, 10);
	for (i = 0; i < ALONE_BURST; i++) {
		burst_said(&b, 10);
		(void)result(CHAT_NO_PEERS, 10);
		assert_true(burst_alone(&b, &rate, 10, &tell, &wait));
		assert_int_equal(tell, i == 0);
	}
	burst_said(&b, 10);
	(void)result(CHAT_NO_PEERS, 10);
	assert_false(burst_alone(&b, &rate, 10, &tell, &wait));
	assert_true(tell);
	assert_int_equal(wait, 1000 / ALONE_RATE);
	burst_said(&b, 20);
	(void)result(CHAT_NO_PEERS, 20);
	assert_false(burst_alone(&b, &rate, 20, &tell, &wait));
	assert_false(tell);
	assert_true(burst_alone(&b, &rate, 10 + 1000 / ALONE_RATE, &tell,
	    &wait));
	assert_true(burst_over(&b, true, 200, text, sizeof(text)));
	assert_null(strstr(text, "all "));
	assert_non_null(strstr(text, "0 of "));
}

static void
test_intake(void **state)
{
	struct intake q;
	struct intake_item *i;
	unsigned int n = 0, k;
	char line[16];

	(void)state;
	intake_init(&q);
	assert_null(intake_take(&q));
	for (;; n++) {
		(void)snprintf(line, sizeof(line), "%08u", n);
		if (!intake_add(&q, IMSG_SES_LINE, line, 8))
			break;
	}
	assert_int_equal(n, INTAKE_MAX / (SES_LINE_COST + 8));
	for (k = 0; k < n; k++) {
		(void)snprintf(line, sizeof(line), "%08u", k);
		i = intake_take(&q);
		assert_non_null(i);
		assert_int_equal(i->type, IMSG_SES_LINE);
		assert_memory_equal(i->data, line, 8);
		free(i);
	}
	assert_int_equal(q.cost, 0);
	assert_int_equal(q.n, 0);
	assert_true(intake_add(&q, IMSG_SES_EOF, NULL, 0));
	intake_clear(&q);
	assert_int_equal(q.cost, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slowed),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_gap),
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_intake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
