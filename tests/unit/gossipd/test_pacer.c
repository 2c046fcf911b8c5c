/* SPDX-License-Identifier: MIT */
#include "fake.h"
#include "micelio-gossipd/pacer.h"

static void
test_burst_then_rate(void **state)
{
	uint64_t wait, t = 1000, end;
	struct pacer p;
	struct paced *i;
	unsigned int n, out = 0;

	(void)state;
	pacer_init(&p, t);
	for (n = 0; n < PACER_BURST; n++)
		assert_true(pacer_pass(&p, PACE_CHAT, t));
	assert_false(pacer_pass(&p, PACE_CHAT, t));
	for (n = 0; n < 40; n++) {
		assert_true(pacer_push(&p, PACE_CHAT, &n, sizeof(n), t,
		    &wait));
		assert_true(wait == 125 + n * 125);
	}
	assert_null(pacer_pop(&p, t));
	/* five seconds: forty lines, in order, none before its time */
	for (end = t + 5000; t <= end; t++) {
		if (pacer_next(&p, t) > t) {
			assert_null(pacer_pop(&p, t));
			continue;
		}
		if ((i = pacer_pop(&p, t)) == NULL)
			continue;
		assert_memory_equal(i->data, &out, sizeof(out));
		out++;
		assert_true(out * 1000 <= (t - 1000) * PACER_RATE);
		free(i);
	}
	assert_int_equal(out, 40);
	assert_true(pacer_next(&p, t) == UINT64_MAX);
	pacer_free(&p);
}

/* People's lines go before anything else, whenever that was queued. */
static void
test_classes(void **state)
{
	struct paced *i;
	struct pacer p;
	uint64_t wait;

	(void)state;
	pacer_init(&p, 0);
	while (pacer_pass(&p, PACE_OTHER, 0))
		continue;
	assert_true(pacer_push(&p, PACE_OTHER, "o", 1, 0, &wait));
	assert_true(pacer_push(&p, PACE_CHAT, "c", 1, 0, &wait));
	assert_true(wait == 125);
	i = pacer_pop(&p, 125);
	assert_non_null(i);
	assert_int_equal(i->data[0], 'c');
	free(i);
	/* a newcomer does not pass what waits before it */
	assert_false(pacer_pass(&p, PACE_OTHER, 250));
	assert_true(pacer_pass(&p, PACE_CHAT, 250));
	i = pacer_pop(&p, 375);
	assert_non_null(i);
	assert_int_equal(i->data[0], 'o');
	free(i);
	pacer_free(&p);
}

static void
test_bounds(void **state)
{
	static uint8_t big[PACER_BYTES_MAX];
	struct pacer p;
	uint64_t wait;
	unsigned int n;

	(void)state;
	pacer_init(&p, 0);
	for (n = 0; n < PACER_ITEMS_MAX; n++)
		assert_true(pacer_push(&p, PACE_CHAT, "x", 1, 0, &wait));
	assert_false(pacer_push(&p, PACE_CHAT, "x", 1, 0, &wait));
	pacer_free(&p);
	pacer_init(&p, 0);
	assert_true(pacer_push(&p, PACE_CHAT, big, sizeof(big) - 1, 0, &wait));
	assert_false(pacer_push(&p, PACE_CHAT, "xx", 2, 0, &wait));
	assert_true(pacer_push(&p, PACE_CHAT, "x", 1, 0, &wait));
	pacer_free(&p);
}

static void
test_expiry(void **state)
{
	struct paced *i;
	struct pacer p;
	uint64_t wait;

	(void)state;
	pacer_init(&p, 0);
	assert_true(pacer_push(&p, PACE_CHAT, "a", 1, 100, &wait));
	assert_null(pacer_expired(&p, 100 + PACER_LIFE_MS - 1));
	i = pacer_expired(&p, 100 + PACER_LIFE_MS);
	assert_non_null(i);
	free(i);
	assert_int_equal(p.n, 0);
	assert_int_equal(p.bytes, 0);
	pacer_free(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_burst_then_rate),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_expiry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
