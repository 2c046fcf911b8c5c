/* SPDX-License-Identifier: MIT */
/*
 * Nodes in two halves that see nothing of each other for 31 days, while what
 * one half deletes is renewed in the other; then they meet, and for as long as
 * deletes last liars repeat all that was ever said.  12 nodes, 60 when
 * MICELIO_LONG is set.
 */
#include "recon_net.h"

#define NODES		12u
#define NODES_LONG	60u
#define SPLIT_DAYS	31u
#define ALL_DAYS	70u
#define OLD_MAX		1024u
#define SETTLE_MS	60000u

static struct net	 net;
static struct made	 old[OLD_MAX];
static size_t		 nold;
static unsigned int	 nodes, half;

static void
name_of(unsigned int key, char out[16])
{
	snprintf(out, 16, "%u", key);
}

/* By author at its own node; remembered, to be said again. */
static void
say(unsigned int author, unsigned int key, const char *value, uint64_t hlc)
{
	uint64_t now = net_wall(&net.node[author]);
	struct made *m = &old[nold++];
	char name[16];

	assert_true(nold <= OLD_MAX);
	name_of(key, name);
	make(m, author, name, value, hlc, now +
	    (value == NULL ? DELETE_DAYS : LEASE_DAYS) * DAY_MS);
	net_put(&net.node[author], m);
}

/* Every third key, by a node of the half its author is not in. */
static bool
is_deleted(unsigned int key)
{
	return key % 3 == 0;
}

/* What an author sees of his own, and has less than half a lease left. */
static void
renew(unsigned int author)
{
	struct net_node *n = &net.node[author];
	uint8_t pub[ENTRY_AUTHOR_LEN];
	const struct ment *e;

	author_bytes(author, pub);
	if (map_renewals(&n->map, pub, net_wall(n), 0, &e, 1) == 1)
		say(author, author, "alive", e->hlc);
}

/* Within the halves: to the next, and to one far away. */
static void
link_halves(void)
{
	for (unsigned int i = 0; i < nodes; i++) {
		net_link(&net, i, i / half * half + (i + 1) % half);
		if (i % half < half / 2)
			net_link(&net, i, i + half / 2);
	}
}

static void
a_day(void)
{
	net.wall += DAY_MS;
	net_run(&net, RECON_TICK_MS);
	for (unsigned int i = 0; i < nodes; i++)
		renew(i);
}

static void
check(unsigned int from, unsigned int to, unsigned int key, const char *want)
{
	char name[16];

	name_of(key, name);
	for (unsigned int i = from; i < to; i++)
		assert_string_equal(seen(&net.node[i].map, name,
		    net_wall(&net.node[i])), want);
}

static bool
halves_equal(void)
{
	for (unsigned int i = 0; i < nodes; i++)
		if (!maps_equal(&net.node[i].map,
		    &net.node[i / half * half].map))
			return false;
	return true;
}

static void
settle(bool (*is)(void))
{
	for (uint64_t end = net.now + SETTLE_MS; !is(); net_run(&net, 1000))
		assert_true(net.now < end);
}

static bool
all_equal(void)
{
	return net_equal(&net);
}

static void
test_a_month_apart(void **state)
{
	uint64_t bytes = 0, healed;

	(void)state;
	nodes = (unsigned int)how_many(NODES_LONG, NODES, NODES);
	half = nodes / 2;
	net_init(&net, nodes, NULL);
	for (unsigned int i = 0; i < nodes; i++) {
		say(i, i, "alive", HLC_OF_MS(NOW0 + i));
		for (unsigned int k = 0; k < nodes; k++)
			net_put(&net.node[k], &old[nold - 1]);
	}
	net_loaded(&net);
	link_halves();
	for (unsigned int k = 0; k < nodes; k += 3)
		say((k + half) % nodes, k, NULL, HLC_OF_MS(NOW0 + 1000));
	settle(halves_equal);
	for (unsigned int day = 0; day < SPLIT_DAYS; day++) {
		a_day();
		settle(halves_equal);
	}
	/* Its lease has ended where its renewals do not come. */
	for (unsigned int k = 0; k < nodes; k++) {
		check(k / half * half, k / half * half + half, k, "alive");
		check(half - k / half * half, nodes - k / half * half, k,
		    "-");
	}
	for (unsigned int i = 0; i < nodes; i++)
		bytes -= net.node[i].frame_bytes;
	healed = net.now;
	for (unsigned int i = 0; i < half; i++)
		net_link(&net, i, i + half);
	settle(all_equal);
	for (unsigned int i = 0; i < nodes; i++)
		bytes += net.node[i].frame_bytes;
	print_message("equal within %u ms, by %u bytes for each node\n",
	    (unsigned int)(net.now - healed), (unsigned int)(bytes / nodes));
	for (unsigned int day = SPLIT_DAYS; day < ALL_DAYS; day++) {
		a_day();
		for (size_t i = 0; i < nold; i++)
			net_put(&net.node[(i + day) % nodes], &old[i]);
		net_run(&net, 2000);
		for (unsigned int k = 0; k < nodes; k += 3)
			check(0, nodes, k, "-");
	}
	settle(all_equal);
	for (unsigned int k = 0; k < nodes; k++)
		check(0, nodes, k, is_deleted(k) ? "-" : "alive");
	net_free(&net);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_month_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
