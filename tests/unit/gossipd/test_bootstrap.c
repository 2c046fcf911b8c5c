/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "fake.h"
#include "json.h"
#include "micelio-gossipd/admit.h"
#include "micelio-gossipd/backoff.h"
#include "micelio-gossipd/bootstrap.h"
#include "micelio-gossipd/core.h"

static const uint8_t	hash[32];

static struct fake *
with(const char *entry)
{
	struct fake *f = fake_new(0);

	if (entry != NULL) {
		strlist_add(&f->conf.network_bootstrap, entry);
		fake_forget(f);
		gossip_configured(f->g, f->now);
		fake_pass(f, 0);
	}
	return f;
}

/*
 * vector group backoff: equal for the discovery table and for the bases of
 * the bootstrap pauses; bootstrap_seconds without jitter superseded by W23,
 * test_backoff asserts ours
 */
static void
test_vectors(void **state)
{
	struct json *v = json_vectors();
	const struct json *g = json_get(v, "backoff"), *d, *b;
	size_t i;

	(void)state;
	d = json_get(g, "discovery_seconds_by_fail_count");
	assert_int_equal(json_len(d), 11);
	for (i = 0; i < json_len(d); i++)
		assert_int_equal(backoff_seconds(atoll(json_key(d, i))),
		    json_int(json_at(d, i)));
	b = json_get(g, "bootstrap_seconds");
	assert_int_equal(json_len(b), 7);
	for (i = 0; i < json_len(b); i++)
		assert_int_equal(backoff_seconds((int64_t)i + 1),
		    json_int(json_at(b, i)));
	json_free(v);
}

/* The pause after each failure: the table's, up to half as long again. */
static void
test_backoff(void **state)
{
	static const unsigned int base[] = { 1, 2, 4, 8, 16, 30, 30, 30 };
	struct fake *f = with("127.0.0.1:4001");
	uint64_t at, pause, odd = 0;
	unsigned int i;

	(void)state;
	assert_int_equal(f->ndials, 1);
	assert_string_equal(f->dials[0].to, "127.0.0.1:4001");
	assert_false(f->dials[0].pinned);
	for (i = 0; i < 8; i++) {
		gossip_dial_failed(f->g, f->now, f->dials[i].num,
		    DOWN_REFUSED, "connection refused");
		at = bootstrap_next(f->g);
		pause = at - f->now.mono;
		assert_in_range(pause, base[i] * 1000, base[i] * 1500);
		odd += pause % 1000 != 0;
		fake_pass(f, pause - 1);
		assert_int_equal(f->ndials, i + 1);
		fake_pass(f, 1);
		assert_int_equal(f->ndials, i + 2);
	}
	assert_true(odd > 3);
	assert_true(fake_event(f, EV_BOOTSTRAP_DOWN, "connection-refused"));
	fake_free(f);
}

/* W3: only a connection that lived 30 s clears the failures. */
static void
test_short_lives(void **state)
{
	struct fake *f = with("127.0.0.1:4001");
	struct ident b;
	unsigned int i;

	(void)state;
	ident_make(&b, 1);
	for (i = 0; i < 4; i++) {
		fake_dialled(f, i + 1, f->dials[i].num, &b);
		assert_int_equal(f->g->npeers, 1);
		fake_pass(f, 100);
		gossip_session_down(f->g, f->now, i + 1, DOWN_EOF);
		/* One goodbye is in order, a row of them is not. */
		assert_int_equal(fake_event(f, EV_BOOTSTRAP_DOWN,
		    "closed-by-peer"), i > 0);
		assert_true(bootstrap_next(f->g) - f->now.mono >= 1000u << i);
		fake_pass(f, bootstrap_next(f->g) - f->now.mono);
		assert_int_equal(f->ndials, i + 2);
	}
	fake_dialled(f, 9, f->dials[i].num, &b);
	fake_pass(f, BOOT_LIFE_MS);
	gossip_session_down(f->g, f->now, 9, DOWN_EOF);
	assert_in_range(bootstrap_next(f->g) - f->now.mono, 1000, 1500);
	assert_int_equal(TAILQ_FIRST(&f->g->boots)->fails, 0);
	fake_free(f);
}

/* The own address in the own list: once, then hardly ever. */
static void
test_self(void **state)
{
	struct fake *f = with("127.0.0.1:4001");

	(void)state;
	gossip_session_up(f->g, f->now, 1, true, f->dials[0].num, hash,
	    f->me.noise, "127.0.0.1:4001");
	assert_int_equal(fake_close_reason(f, 1), DOWN_SELF);
	assert_true(fake_event(f, EV_BOOTSTRAP_DOWN, "own-key"));
	gossip_session_down(f->g, f->now, 1, DOWN_SELF);
	fake_pass(f, BOOT_SELF_MS - 1);
	assert_int_equal(f->ndials, 1);
	fake_pass(f, 1);
	assert_int_equal(f->ndials, 2);
	fake_free(f);
}

static void
test_pin(void **state)
{
	char entry[CONF_PEER_MAX + 1];
	struct ident b, c;
	struct fake *f;

	(void)state;
	ident_make(&b, 1);
	ident_make(&c, 2);
	snprintf(entry, sizeof(entry), "%s@127.0.0.1:4001", b.hex);
	f = with(entry);
	assert_true(f->dials[0].pinned);
	assert_string_equal(f->dials[0].to, "127.0.0.1:4001");
	/* another node answers */
	fake_dialled(f, 1, f->dials[0].num, &c);
	assert_int_equal(fake_close_reason(f, 1), DOWN_WRONG_PEER);
	assert_true(fake_event(f, EV_HELLO_REFUSED, "another node"));
	assert_int_equal(f->g->npeers, 0);
	gossip_session_down(f->g, f->now, 1, DOWN_WRONG_PEER);
	fake_pass(f, 2000);
	assert_int_equal(f->ndials, 2);
	fake_dialled(f, 2, f->dials[1].num, &b);
	assert_int_equal(f->g->npeers, 1);
	fake_free(f);
}

/* Connected in another way: not dialled until that ends. */
static void
test_held(void **state)
{
	struct fake *f = with("127.0.0.1:4001");
	struct ident b;

	(void)state;
	ident_make(&b, 1);
	fake_connect(f, 1, &b);
	fake_pass(f, CROSSED_MS);
	fake_dialled(f, 2, f->dials[0].num, &b);
	assert_int_equal(fake_close_reason(f, 2), DOWN_DUPLICATE);
	assert_false(fake_event(f, EV_BOOTSTRAP_DOWN, ""));
	gossip_session_down(f->g, f->now, 2, DOWN_DUPLICATE);
	fake_pass(f, 3600000);
	assert_int_equal(f->ndials, 1);
	gossip_session_down(f->g, f->now, 1, DOWN_EOF);
	assert_in_range(bootstrap_next(f->g) - f->now.mono, 1000, 1500);
	fake_pass(f, 1500);
	assert_int_equal(f->ndials, 2);
	fake_free(f);
}

/*
 * The node there dialled us before, and closes our connection unanswered:
 * its Noise key tells who it is, so it is not dialled again and again.
 */
static void
test_held_by_key(void **state)
{
	struct fake *f = with("127.0.0.1:4001");
	char pinned[CONF_PEER_MAX + 1];
	struct ident b, c;

	(void)state;
	ident_make(&b, 1);
	ident_make(&c, 2);
	snprintf(pinned, sizeof(pinned), "%s@127.0.0.1:4001", c.hex);
	fake_connect(f, 1, &b);
	/* while dials may have crossed we ask, and are turned away */
	gossip_session_up(f->g, f->now, 2, true, f->dials[0].num, hash,
	    b.noise, "127.0.0.1:4001");
	assert_int_equal(f->nclosed, 0);
	gossip_session_down(f->g, f->now, 2, DOWN_EOF);
	assert_false(fake_event(f, EV_BOOTSTRAP_DOWN, ""));
	fake_pass(f, 3600000);
	assert_int_equal(f->ndials, 1);
	/* another entry there that wants somebody else */
	gossip_frame(f->g, f->now, 1, "\x28\x05", 2);
	fake_forget(f);
	strlist_add(&f->conf.network_bootstrap, pinned);
	gossip_configured(f->g, f->now);
	fake_pass(f, 0);
	gossip_session_up(f->g, f->now, 4, true, f->dials[0].num, hash,
	    b.noise, "127.0.0.1:4001");
	assert_int_equal(fake_close_reason(f, 4), DOWN_WRONG_PEER);
	assert_true(fake_event(f, EV_BOOTSTRAP_DOWN, "other-node"));
	/* another entry, long after: recognised at once, nothing signed */
	gossip_frame(f->g, f->now, 1, "\x28\x05", 2);
	fake_forget(f);
	strlist_add(&f->conf.network_bootstrap, "localhost:4001");
	gossip_configured(f->g, f->now);
	fake_pass(f, 0);
	gossip_session_up(f->g, f->now, 3, true, f->dials[0].num, hash,
	    b.noise, "127.0.0.1:4001");
	assert_int_equal(fake_close_reason(f, 3), DOWN_DUPLICATE);
	assert_int_equal(f->nsigns, 0);
	assert_false(fake_event(f, EV_BOOTSTRAP_DOWN, ""));
	fake_free(f);
}

static void
test_full(void **state)
{
	struct fake *f = with(NULL);
	struct ident b;

	(void)state;
	ident_make(&b, 1);
	f->conf.network_max_peers = 1;
	fake_connect(f, 1, &b);
	strlist_add(&f->conf.network_bootstrap, "127.0.0.1:4001");
	gossip_configured(f->g, f->now);
	fake_pass(f, 60000);
	assert_int_equal(f->ndials, 0);
	gossip_session_down(f->g, f->now, 1, DOWN_EOF);
	fake_pass(f, BOOT_FULL_MS);
	assert_int_equal(f->ndials, 1);
	fake_free(f);
}

static void
test_reload(void **state)
{
	struct fake *f = with("127.0.0.1:4001");
	struct ident b;

	(void)state;
	ident_make(&b, 1);
	/* one comes, one stays as it is */
	strlist_add(&f->conf.network_bootstrap, "127.0.0.1:4002");
	gossip_configured(f->g, f->now);
	fake_pass(f, 0);
	assert_int_equal(f->ndials, 2);
	assert_string_equal(f->dials[1].to, "127.0.0.1:4002");
	assert_int_equal(f->ncancels, 0);
	fake_dialled(f, 1, f->dials[0].num, &b);
	/* both go: the dial ends, the connection stays */
	strlist_free(&f->conf.network_bootstrap);
	gossip_configured(f->g, f->now);
	fake_pass(f, 0);
	assert_int_equal(f->ncancels, 1);
	assert_int_equal(f->g->npeers, 1);
	assert_true(TAILQ_EMPTY(&f->g->boots));
	gossip_dial_failed(f->g, f->now, f->dials[1].num, DOWN_REFUSED, "");
	gossip_session_down(f->g, f->now, 1, DOWN_EOF);
	fake_pass(f, 60000);
	assert_int_equal(f->ndials, 2);
	fake_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_backoff),
		cmocka_unit_test(test_short_lives),
		cmocka_unit_test(test_self),
		cmocka_unit_test(test_pin),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_held_by_key),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_reload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
