/* SPDX-License-Identifier: MIT */
/* Links asked for and ended by hand. */
#include "common/nodeid.h"
#include "fake.h"
#include "micelio-gossipd/admit.h"
#include "micelio-gossipd/causes.h"
#include "micelio-gossipd/core.h"
#include "micelio-gossipd/gossip.h"
#include "micelio-gossipd/orders.h"

static struct fake	*f;
static struct ident	 b;

static int
setup(void **state)
{
	(void)state;
	f = fake_new(0);
	ident_make(&b, 1);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fake_free(f);
	return 0;
}

static void
assert_answer(size_t i, uint32_t req, enum link_status status,
    enum down_reason why)
{
	assert_int_equal(f->nlinks, i + 1);
	assert_int_equal(f->links[i].req, req);
	assert_int_equal(f->links[i].status, status);
	assert_int_equal(f->links[i].why, why);
}

static void
test_linked(void **state)
{
	(void)state;
	gossip_link(f->g, f->now, 7, "127.0.0.1:4000");
	assert_int_equal(f->ndials, 1);
	assert_string_equal(f->dials[0].to, "127.0.0.1:4000");
	assert_false(f->dials[0].pinned);
	assert_int_equal(f->nlinks, 0);
	fake_pass(f, 40);
	fake_dialled(f, 1, f->dials[0].num, &b);
	assert_answer(0, 7, LINK_UP, DOWN_NONE);
	assert_true(nodeid_equal(&f->links[0].id, &b.id));
	assert_int_equal(f->links[0].ms, 40);
	/* once more: there is nothing to do */
	fake_pass(f, 1000);
	gossip_link(f->g, f->now, 8, "127.0.0.1:4000");
	assert_answer(1, 8, LINK_THERE, DOWN_NONE);
	assert_int_equal(f->links[1].ms, 1000);
	assert_int_equal(f->ndials, 1);
}

static void
test_pinned(void **state)
{
	char where[128];

	(void)state;
	snprintf(where, sizeof(where), "%s@127.0.0.1:4000", b.hex);
	gossip_link(f->g, f->now, 1, where);
	assert_true(f->dials[0].pinned);
	assert_true(nodeid_equal(&f->dials[0].expect, &b.id));
	/* somebody else answers */
	ident_make(&b, 2);
	fake_dialled(f, 1, f->dials[0].num, &b);
	assert_answer(0, 1, LINK_FAILED, DOWN_WRONG_PEER);
	assert_int_equal(fake_close_reason(f, 1), DOWN_WRONG_PEER);
}

static void
test_not_dialled(void **state)
{
	char where[128];

	(void)state;
	gossip_link(f->g, f->now, 1, "no port");
	assert_answer(0, 1, LINK_BAD, DOWN_NONE);
	gossip_listening(f->g, "127.0.0.9:4000");
	gossip_link(f->g, f->now, 2, "127.0.0.9:4000");
	assert_answer(1, 2, LINK_SELF, DOWN_SELF);
	snprintf(where, sizeof(where), "%s@192.0.2.1:4000", f->g->id_hex);
	gossip_link(f->g, f->now, 3, where);
	assert_answer(2, 3, LINK_SELF, DOWN_SELF);
	f->conf.network_max_peers = 1;
	fake_connect(f, 1, &b);
	gossip_link(f->g, f->now, 4, "127.0.0.1:4009");
	assert_answer(3, 4, LINK_FULL, DOWN_FULL);
	snprintf(where, sizeof(where), "%s@127.0.0.1:4009", b.hex);
	gossip_link(f->g, f->now, 5, where);
	assert_answer(4, 5, LINK_THERE, DOWN_NONE);
	assert_int_equal(f->ndials, 0);
}

static void
test_failed(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < ORDERS_MAX; i++)
		gossip_link(f->g, f->now, 100 + i, "127.0.0.1:4001");
	assert_int_equal(f->ndials, ORDERS_MAX);
	gossip_link(f->g, f->now, 1, "127.0.0.1:4001");
	assert_answer(0, 1, LINK_BUSY, DOWN_NONE);
	fake_pass(f, 3);
	gossip_dial_failed(f->g, f->now, f->dials[0].num, DOWN_REFUSED, "");
	assert_answer(1, 100, LINK_FAILED, DOWN_REFUSED);
	assert_false(f->links[1].has_id);
	assert_int_equal(f->links[1].ms, 3);
	/* nobody waits any more */
	gossip_hub_gone(f->g);
	gossip_dial_failed(f->g, f->now, f->dials[1].num, DOWN_REFUSED, "");
	assert_int_equal(f->nlinks, 2);
	/* an answer comes once */
	gossip_dial_failed(f->g, f->now, f->dials[0].num, DOWN_REFUSED, "");
	assert_int_equal(f->nlinks, 2);
}

/* The address leads to a node that is linked already. */
static void
test_other_way(void **state)
{
	uint8_t hash[32] = { 0 };

	(void)state;
	fake_connect(f, 1, &b);
	fake_pass(f, 2 * CROSSED_MS);
	gossip_link(f->g, f->now, 1, "127.0.0.1:4001");
	gossip_session_up(f->g, f->now, 2, true, f->dials[0].num, hash,
	    b.noise, "127.0.0.1:4001");
	assert_answer(0, 1, LINK_THERE, DOWN_DUPLICATE);
	assert_true(nodeid_equal(&f->links[0].id, &b.id));
}

static void
test_unlink(void **state)
{
	(void)state;
	assert_false(gossip_unlink(f->g, f->now, &b.id));
	fake_connect_kin(f, 1, &b, "127.0.0.1:4001");
	assert_true(gossip_unlink(f->g, f->now, &b.id));
	assert_int_equal(fake_close_reason(f, 1), DOWN_UNLINKED);
	assert_int_equal(f->g->npeers, 0);
	gossip_session_down(f->g, f->now, 1, DOWN_UNLINKED);
	/* neither in nor out */
	fake_connect_kin(f, 2, &b, "127.0.0.1:4001");
	assert_int_equal(fake_close_reason(f, 2), DOWN_UNLINKED);
	gossip_session_down(f->g, f->now, 2, DOWN_UNLINKED);
	gossip_listening(f->g, "127.0.0.9:4000");
	while (f->now.mono < 1000000 + UNLINK_MS - 1000)
		fake_pass(f, 1000);
	assert_int_equal(f->ndials, 0);
	while (f->ndials == 0 && f->now.mono < 1000000 + UNLINK_MS + 60000)
		fake_pass(f, 1000);
	assert_int_equal(f->ndials, 1);
	assert_string_equal(f->dials[0].to, "127.0.0.1:4001");
}

/* An order ends the time in which there is to be no link. */
static void
test_link_again(void **state)
{
	(void)state;
	fake_connect(f, 1, &b);
	assert_true(gossip_unlink(f->g, f->now, &b.id));
	gossip_session_down(f->g, f->now, 1, DOWN_UNLINKED);
	gossip_link(f->g, f->now, 1, "127.0.0.1:4000");
	fake_dialled(f, 2, f->dials[0].num, &b);
	assert_answer(0, 1, LINK_UP, DOWN_NONE);
	assert_int_equal(offender_reason(f->g, &b.id, NULL), DOWN_NONE);
}

/* An entry of network.bootstrap stays, but waits as long. */
static void
test_unlink_configured(void **state)
{
	uint64_t until;

	(void)state;
	strlist_add(&f->conf.network_bootstrap, "127.0.0.1:4000");
	gossip_configured(f->g, f->now);
	fake_pass(f, 0);
	fake_dialled(f, 1, f->dials[0].num, &b);
	assert_true(gossip_unlink(f->g, f->now, &b.id));
	gossip_session_down(f->g, f->now, 1, DOWN_UNLINKED);
	until = f->now.mono + UNLINK_MS;
	while (f->now.mono + 1000 < until)
		fake_pass(f, 1000);
	assert_int_equal(f->ndials, 1);
	fake_pass(f, 2000);
	assert_int_equal(f->ndials, 2);
}

/* Of a configured address it is the dial of its entry, at once. */
static void
test_retry(void **state)
{
	(void)state;
	strlist_add(&f->conf.network_bootstrap, "127.0.0.1:4000");
	gossip_configured(f->g, f->now);
	fake_pass(f, 0);
	assert_int_equal(f->ndials, 1);
	/* it is being dialled: that is waited for */
	gossip_link(f->g, f->now, 1, "127.0.0.1:4000");
	assert_int_equal(f->ndials, 1);
	gossip_dial_failed(f->g, f->now, f->dials[0].num, DOWN_REFUSED, "");
	assert_answer(0, 1, LINK_FAILED, DOWN_REFUSED);
	gossip_link(f->g, f->now, 2, "127.0.0.1:4000");
	assert_int_equal(f->ndials, 2);
	assert_string_equal(f->dials[1].to, "127.0.0.1:4000");
	/* somebody waits for it: it goes on without the entry */
	strlist_free(&f->conf.network_bootstrap);
	gossip_configured(f->g, f->now);
	assert_int_equal(f->ncancels, 0);
	fake_dialled(f, 1, f->dials[1].num, &b);
	assert_answer(1, 2, LINK_UP, DOWN_NONE);
}

/* What the entry is pinned to holds for the order, too. */
static void
test_retry_pinned(void **state)
{
	char where[128];
	struct ident c;

	(void)state;
	ident_make(&c, 2);
	snprintf(where, sizeof(where), "%s@127.0.0.1:4000", b.hex);
	strlist_add(&f->conf.network_bootstrap, where);
	gossip_configured(f->g, f->now);
	gossip_link(f->g, f->now, 1, "127.0.0.1:4000");
	assert_int_equal(f->ndials, 1);
	assert_true(f->dials[0].pinned);
	fake_dialled(f, 1, f->dials[0].num, &c);
	assert_answer(0, 1, LINK_FAILED, DOWN_WRONG_PEER);
	/* pinned to another, it is a dial of its own */
	snprintf(where, sizeof(where), "%s@127.0.0.1:4000", c.hex);
	gossip_link(f->g, f->now, 2, where);
	assert_int_equal(f->ndials, 2);
	assert_true(nodeid_equal(&f->dials[1].expect, &c.id));
}

/* What led to a dial is what became of the link before. */
static void
test_causes(void **state)
{
	static struct causes c;
	char addr[32];

	(void)state;
	assert_int_equal(causes_find(&c, "127.0.0.1:4000"), 0);
	causes_note(&c, "127.0.0.1:4000", 7);
	causes_note(&c, "127.0.0.1:4000", 8);
	causes_note(&c, "127.0.0.1:4000", 0);
	assert_int_equal(causes_find(&c, "127.0.0.1:4000"), 8);
	for (unsigned int i = 0; i < CAUSES_MAX; i++) {
		snprintf(addr, sizeof(addr), "h:%u", i);
		causes_note(&c, addr, 100 + i);
	}
	assert_int_equal(causes_find(&c, "127.0.0.1:4000"), 0);
	assert_int_equal(causes_find(&c, "h:0"), 100);
}

#define T(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_linked),
		T(test_pinned),
		T(test_not_dialled),
		T(test_failed),
		T(test_other_way),
		T(test_unlink),
		T(test_link_again),
		T(test_unlink_configured),
		T(test_retry),
		T(test_retry_pinned),
		T(test_causes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
