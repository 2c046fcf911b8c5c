/* SPDX-License-Identifier: MIT */
/* Maps become equal, and at what cost. */
#include "recon_net.h"

static struct net net;

/* Entries, where it does not matter how many. */
static unsigned int
a_world(void)
{
	return (unsigned int)how_many(1000, 1000, 300);
}

static void
test_equal_maps(void **state)
{
	(void)state;
	net_init(&net, 2, NULL);
	net_fill(&net.node[0], 0, a_world());
	net_fill(&net.node[1], 0, a_world());
	net_loaded(&net);
	net_link(&net, 0, 1);
	net_run(&net, 25000);
	assert_int_equal(net.node[0].frames + net.node[1].frames, 0);
	assert_true(recon_link_equal(net.node[0].r, 1));
	assert_true(recon_agreed_ms(net.node[0].r) > 0);
	assert_true(net.node[0].roots >= 2 && net.node[0].roots <= 4);
	assert_true(net.node[0].root_bytes / net.node[0].roots <= 80);
	/* The sweep: 128 symbols, and nothing comes of it. */
	net_run(&net, 10000);
	assert_true(net.node[0].frames > 0);
	assert_null(net_report(&net.node[0]));
	assert_true(net.node[0].frame_bytes + net.node[1].frame_bytes < 8000);
	assert_int_equal(net.node[1].served_end, RECON_OK);
	net_free(&net);
}

/* The only one, of two nodes, that came to its end. */
static const struct recon_report *
the_report(void)
{
	const struct recon_report *one = NULL;

	for (unsigned int k = 0; k < 2; k++)
		for (unsigned int i = 0; i < net.node[k].nreports; i++) {
			if (net.node[k].reports[i].end != RECON_OK)
				continue;
			assert_null(one);
			one = &net.node[k].reports[i];
		}
	assert_non_null(one);
	return one;
}

static void
differ(unsigned int common, unsigned int each, double most)
{
	const struct recon_report *rep;
	double cost;

	net_init(&net, 2, NULL);
	net_fill(&net.node[0], 0, common + each);
	net_fill(&net.node[1], 0, common);
	net_fill(&net.node[1], common + each, common + 2 * each);
	net_loaded(&net);
	net_link(&net, 0, 1);
	assert_true(net_settle(&net, 5000));
	net_run(&net, 500);
	rep = the_report();
	assert_int_equal(rep->found, 2 * each);
	assert_int_equal(rep->applied + rep->theirs, 2 * each);
	assert_true(rep->turns <= 3);
	cost = (double)(rep->bytes_in + rep->bytes_out - rep->entry_in -
	    rep->entry_out) / (2 * each);
	print_message("%u of %u differ: %.1f bytes for each, %u round trips, "
	    "%u ms\n", 2 * each, common, cost, (unsigned int)rep->turns,
	    (unsigned int)rep->ms);
	assert_true(cost <= most);
	net_run(&net, 20000);
	assert_ptr_equal(the_report(), rep);
	net_free(&net);
}

static void
test_differences(void **state)
{
	(void)state;
	differ((unsigned int)how_many(10000, 10000, 2500), 5, 500);
	differ((unsigned int)how_many(20000, 20000, 5000), 500, 65);
	/* So little that it is told at once. */
	differ(20, 5, 120);
}

static unsigned int	written;

static void
write_more(struct net *n)
{
	struct made m;
	char name[32];

	if (written >= 300)
		return;
	for (unsigned int i = 0; i < 2; i++)
		for (unsigned int k = 0; k < 5; k++) {
			snprintf(name, sizeof(name), "w/%u/%u/%u", i, k,
			    written);
			make(&m, 200 + i * 10 + written / 30, name, NET_VALUE,
			    HLC_OF_MS(net_wall(&n->node[i])) + k,
			    NOW0 + 20 * DAY_MS);
			net_put(&n->node[i], &m);
			assert_non_null(map_find(&n->node[i].map, &m.id));
		}
	written += 1;
}

static void
test_both_write(void **state)
{
	unsigned int ok = 0;

	(void)state;
	net_init(&net, 2, NULL);
	written = 0;
	net.each_tick = write_more;
	net.delay = 40;
	net_fill(&net.node[0], 0, 5400);
	net_fill(&net.node[1], 0, 5000);
	net_loaded(&net);
	net_link(&net, 0, 1);
	net_run(&net, 15000);
	for (unsigned int k = 0; k < 2; k++)
		for (unsigned int i = 0; i < net.node[k].nreports; i++) {
			ok += net.node[k].reports[i].end == RECON_OK;
			/* None stalled, none started anew. */
			assert_true(net.node[k].reports[i].end == RECON_OK ||
			    net.node[k].reports[i].end == RECON_BUSY);
		}
	assert_true(ok >= 3);
	assert_true(net_settle(&net, 5000));
	net_free(&net);
}

/* Two that have these, of one world; 1 settles with 0. */
static void
settled(unsigned int upto, unsigned int from1, unsigned int upto1)
{
	net_init(&net, 2, NULL);
	net_fill(&net.node[0], 0, upto);
	net_fill(&net.node[1], from1, upto1);
	net_loaded(&net);
	net_link(&net, 0, 1);
	assert_true(net_settle(&net, 8000));
	net_run(&net, 500);
}

static void
test_more_than_symbols_can(void **state)
{
	(void)state;
	settled(3000, 2000, 5000);
	assert_true(the_report()->ranges);
	assert_int_equal(the_report()->applied + the_report()->theirs, 4000);
	net_free(&net);
}

/* Was any session by ranges, the first ones only, or a first copy? */
static void
how(bool *any, bool *first, bool *copy)
{
	const struct recon_report *r;

	*any = *first = *copy = false;
	for (unsigned int k = 0; k < 2; k++)
		for (unsigned int i = 0; i < net.node[k].nreports; i++) {
			r = &net.node[k].reports[i];
			*any |= r->ranges;
			*first |= i == 0 && r->ranges;
			*copy |= r->first_copy;
		}
}

/* By their numbers: ranges above it, a first copy of who has less. */
static void
test_a_fifth(void **state)
{
	static const struct { unsigned int has; bool ranges, copy; } t[] = {
		{ 800, false, false }, { 799, true, false },
		{ 200, true, false }, { 199, true, true },
	};
	bool any, first, copy;

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		settled(1000, 0, t[i].has);
		how(&any, &first, &copy);
		assert_int_equal(first, t[i].ranges);
		assert_int_equal(copy, t[i].copy);
		net_free(&net);
	}
}

/* As the symbols tell, 13 in 100 more or less. */
static void
test_a_fifth_of_equal_numbers(void **state)
{
	static const struct { unsigned int each; bool ranges; } t[] = {
		{ 60, false }, { 150, true },
	};
	bool any, first, copy;

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		settled(1000, t[i].each, 1000 + t[i].each);
		how(&any, &first, &copy);
		assert_false(first);
		assert_int_equal(any, t[i].ranges);
		net_free(&net);
	}
}

static void
test_first_copy_resumed(void **state)
{
	const unsigned int n = (unsigned int)how_many(20000, 20000, 4000);
	uint64_t got, all;

	(void)state;
	net_init(&net, 2, NULL);
	net_fill(&net.node[0], 0, n);
	net_fill(&net.node[1], 0, 1);
	net_loaded(&net);
	net_link(&net, 0, 1);
	while (net.node[1].map.live < n / 2 && net.now < 20000)
		net_run(&net, 10);
	assert_true(recon_copying(net.node[1].r, &got, &all));
	assert_int_equal(all, n);
	net_unlink(&net, 0, 1);
	assert_int_equal(net_report(&net.node[1])->end, RECON_LINK);
	got = net_report(&net.node[1])->applied;
	assert_true(got >= n / 2 - 1);
	net_run(&net, 500);
	net_link(&net, 0, 1);
	assert_true(net_settle(&net, 20000));
	net_run(&net, 1000);
	/* Nothing came twice. */
	assert_true(net_report(&net.node[1])->first_copy);
	assert_int_equal(net_report(&net.node[1])->end, RECON_OK);
	assert_int_equal(net_report(&net.node[1])->applied + got, n - 1);
	net_free(&net);
}

static void
test_partition_of_six(void **state)
{
	const unsigned int n = (unsigned int)how_many(600, 600, 300);
	uint64_t bytes = 0, healed;
	struct made m;
	char name[32];

	(void)state;
	net_init(&net, 6, NULL);
	for (unsigned int i = 0; i < 6; i++)
		net_fill(&net.node[i], 0, n * 10 / 3);
	net_loaded(&net);
	net_link_all(&net);
	net_run(&net, 1000);
	for (unsigned int a = 0; a < 3; a++)
		for (unsigned int b = 3; b < 6; b++)
			net_unlink(&net, a, b);
	for (unsigned int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "key/%u", i);
		make(&m, 50 + i % 6, name, i % 3 == 0 ? NULL : NET_VALUE,
		    HLC_OF_MS(net_wall(&net.node[0])) + i,
		    NOW0 + (i % 3 == 0 ? DELETE_DAYS : 20) * DAY_MS);
		net_put(&net.node[i % 6], &m);
	}
	net_run(&net, 15000);
	assert_true(maps_equal(&net.node[0].map, &net.node[2].map));
	assert_true(maps_equal(&net.node[3].map, &net.node[5].map));
	assert_false(net_equal(&net));
	for (unsigned int i = 0; i < 6; i++)
		bytes -= net.node[i].frame_bytes;
	healed = net.now;
	net_link_all(&net);
	assert_true(net_settle(&net, 5000));
	for (unsigned int i = 0; i < 6; i++)
		bytes += net.node[i].frame_bytes;
	bytes /= 3 * n;
	print_message("healed in %u ms by %u bytes for each of %u entries "
	    "that were missing\n", (unsigned int)(net.now - healed),
	    (unsigned int)bytes, 3 * n);
	/* 167 are its own; twice the same by two ways takes 370. */
	assert_true(bytes < 300);
	for (unsigned int i = 0; i < n; i += 3) {
		snprintf(name, sizeof(name), "key/%u", i);
		assert_string_equal(seen(&net.node[i % 6].map, name,
		    net_wall(&net.node[0])), "-");
	}
	net_free(&net);
}

/*
 * A deletes while B, on the other side for 31 days, goes on renewing; after
 * that an old copy is played back.  The value does not come again.
 */
static void
test_delete_across_a_split(void **state)
{
	struct made value, renewed, gone;

	(void)state;
	net_init(&net, 2, NULL);
	net_loaded(&net);
	make(&value, 2, "x", "alive", HLC_OF_MS(NOW0), NOW0 + 30 * DAY_MS);
	net_put(&net.node[0], &value);
	net_put(&net.node[1], &value);
	make(&gone, 1, "x", NULL, HLC_OF_MS(NOW0 + 5),
	    NOW0 + DELETE_DAYS * DAY_MS);
	net_put(&net.node[0], &gone);
	for (unsigned int day = 0; day < 31; day++) {
		net.wall += DAY_MS;
		net_run(&net, 100);
		if (day % 14 != 13)
			continue;
		make(&renewed, 2, "x", "alive", HLC_OF_MS(NOW0),
		    net_wall(&net.node[1]) + 30 * DAY_MS);
		net_put(&net.node[1], &renewed);
	}
	assert_string_equal(seen(&net.node[1].map, "x",
	    net_wall(&net.node[1])), "alive");
	net_link(&net, 0, 1);
	assert_true(net_settle(&net, 5000));
	for (unsigned int day = 31; day < 70; day++) {
		net.wall += DAY_MS;
		net_run(&net, 2000);
		net_put(&net.node[0], &value);
		net_put(&net.node[day % 2], &renewed);
		for (unsigned int i = 0; i < 2; i++)
			assert_string_equal(seen(&net.node[i].map, "x",
			    net_wall(&net.node[i])), "-");
	}
	assert_true(net_settle(&net, 5000));
	net_free(&net);
}

/* The hour has changed here, and not yet there. */
static void
test_two_hours(void **state)
{
	const unsigned int n = (unsigned int)how_many(1500, 1500, 500);
	struct made m;

	(void)state;
	net_init(&net, 2, NULL);
	net.wall = NOW0 + HOUR_MS - 10000;
	net.node[0].skew_ms = 9500;
	net_fill(&net.node[0], 0, n);
	net_fill(&net.node[1], 0, n);
	/* Its lease ends in the hour that is over at 0. */
	make(&m, 9, "short", "lease", HLC_OF_MS(NOW0), NOW0 + HOUR_MS - 1);
	net_put(&net.node[0], &m);
	make(&m, 10, "other", "value", HLC_OF_MS(NOW0), NOW0 + 2 * DAY_MS);
	net_put(&net.node[1], &m);
	net_loaded(&net);
	net_run(&net, 1000);
	assert_true(net.node[0].map.hour == net.node[1].map.hour + 1);
	net_link(&net, 0, 1);
	net_run(&net, 5000);
	assert_true(net.node[0].map.hour == net.node[1].map.hour + 1);
	assert_int_equal(the_report()->found, 2);
	assert_string_equal(seen(&net.node[1].map, "short",
	    net_wall(&net.node[1])), "lease");
	assert_true(recon_link_equal(net.node[0].r, 1));
	assert_true(net_settle(&net, 10000));
	/* Further apart than that: not at all. */
	net.node[1].skew_ms = -3 * (int64_t)HOUR_MS;
	net_run(&net, 1000);
	net_fill(&net.node[0], n, n + 1);
	net_run(&net, 5000);
	the_report();
	net_free(&net);
}

static void
test_new_authors_come_slowly(void **state)
{
	struct made m;

	(void)state;
	net_init(&net, 2, NULL);
	net_fill(&net.node[0], 0, a_world());
	net_fill(&net.node[1], 0, a_world());
	net_loaded(&net);
	net_link(&net, 0, 1);
	net_run(&net, 1000);
	for (unsigned int i = 0; i < 100; i++) {
		make(&m, 1000 + i, "mine", NET_VALUE, HLC_OF_MS(NOW0) + i,
		    NOW0 + 20 * DAY_MS);
		net_put(&net.node[0], &m);
	}
	net_run(&net, 20000);
	assert_int_equal(net.node[1].map.nauthors,
	    (a_world() + 249) / 250 + 64);
	assert_true(net_settle(&net, 300000));
	net_free(&net);
}

/* What is refused is asked for once. */
static void
test_refused_is_remembered(void **state)
{
	struct made m;
	uint64_t bytes;

	(void)state;
	net_init(&net, 2, NULL);
	net_fill(&net.node[0], 0, a_world());
	net_fill(&net.node[1], 0, a_world());
	for (unsigned int i = 0; i < 20; i++) {
		char name[32];

		snprintf(name, sizeof(name), "forged/%u", i);
		make(&m, 77, name, NET_VALUE, HLC_OF_MS(NOW0) + i,
		    NOW0 + 20 * DAY_MS);
		m.sig[0] = 0xff;
		net_put(&net.node[0], &m);
	}
	net_loaded(&net);
	net_link(&net, 0, 1);
	net_run(&net, 3000);
	assert_int_equal(net.node[1].charges, 20);
	bytes = net.node[0].frame_bytes;
	net_run(&net, 60000);
	/* Some sessions and sweeps that find what is known; ever fewer. */
	assert_int_equal(net.node[1].charges, 20);
	assert_true(net.node[0].nreports + net.node[1].nreports <= 12);
	assert_true(net.node[0].frame_bytes - bytes < 60000);
	net_free(&net);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_maps),
		cmocka_unit_test(test_differences),
		cmocka_unit_test(test_both_write),
		cmocka_unit_test(test_more_than_symbols_can),
		cmocka_unit_test(test_a_fifth),
		cmocka_unit_test(test_a_fifth_of_equal_numbers),
		cmocka_unit_test(test_first_copy_resumed),
		cmocka_unit_test(test_partition_of_six),
		cmocka_unit_test(test_delete_across_a_split),
		cmocka_unit_test(test_two_hours),
		cmocka_unit_test(test_new_authors_come_slowly),
		cmocka_unit_test(test_refused_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
