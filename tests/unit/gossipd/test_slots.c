/* SPDX-License-Identifier: MIT */
/* Near links and links by chance, and the rare swap of one for another. */
#include "common/log.h"
#include "common/nodeid.h"
#include "fake.h"
#include "micelio-gossipd/admit.h"
#include "micelio-gossipd/book.h"
#include "micelio-gossipd/core.h"
#include "micelio-gossipd/peers.h"
#include "micelio-gossipd/session.h"
#include "micelio-gossipd/slots.h"
#include "walk.h"

#define SEVEN	7u

static struct fake	*f;
static struct ident	 id[64];

static int
setup(void **state)
{
	(void)state;
	f = fake_new(0);
	f->conf.network_max_peers = 15;
	for (unsigned int i = 1; i < 64; i++)
		ident_make(&id[i], i);
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
hear(unsigned int i, uint32_t rtt_us)
{
	struct book_peer r = { .has_key = true, .reachable = true };

	r.id = id[i].id;
	memcpy(r.pubkey, id[i].pub, 32);
	snprintf(r.addr, sizeof(r.addr), "8.%u.4.4:4000", i);
	r.last_seen = START_WALL / 1000;
	r.rtt_us = rtt_us;
	book_hearsay(f->g, &r);
}

/* The number of the node that was dialled k-th. */
static unsigned int
dialled(size_t k)
{
	unsigned int i;

	assert_true(k < f->ndials);
	for (i = 1; i < 63; i++)
		if (nodeid_equal(&id[i].id, &f->dials[k].expect))
			break;
	return i;
}

static void
up(uint32_t sid, size_t k, uint32_t rtt_us)
{
	fake_dialled(f, sid, f->dials[k].num, &id[dialled(k)]);
	gossip_session_rtt(f->g, f->now, sid, rtt_us);
}

/* Of forty known, four are chosen for what is known of their way. */
static void
test_choice(void **state)
{
	size_t k, near = 0;

	(void)state;
	for (unsigned int i = 1; i <= 40; i++)
		hear(i, i > 30 ? i * 1000 : 0);
	fake_awake(f, 1000);
	assert_true(f->ndials >= SEVEN);
	for (k = 0; k < f->ndials; k++)
		near += dialled(k) >= 31 && dialled(k) <= 34;
	assert_true(near == 4);
	near = 0;
	for (k = 0; k < f->ndials; k++) {
		up((uint32_t)k + 1, k, 50000);
		near += peers_session(f->g, (uint32_t)k + 1)->near;
	}
	assert_int_equal(near, 4);
}

/* While everybody fits nobody is preferred. */
static void
test_all_fit(void **state)
{
	(void)state;
	for (unsigned int i = 1; i <= 10; i++)
		hear(i, i * 1000);
	fake_awake(f, 1000);
	assert_int_equal(f->ndials, 10);
	for (size_t k = 0; k < 10; k++) {
		up((uint32_t)k + 1, k, 50000);
		assert_false(peers_session(f->g, (uint32_t)k + 1)->near);
	}
}

/* Full: own links of 20, 30, ... ms, and others that came. */
static void
fill(void)
{
	size_t k;

	/* they say in their hello that they listen at 127.0.0.1 */
	gossip_listening(f->g, "127.0.0.9:4000");
	for (unsigned int i = 1; i <= 40; i++)
		hear(i, 0);
	for (unsigned int i = 0; i < 5; i++)
		fake_connect(f, 50 + i, &id[45 + i]);
	fake_awake(f, 1000);
	for (k = 0; k < f->ndials; k++)
		up((uint32_t)k + 1, k, (uint32_t)(k + 2) * 10000);
	for (unsigned int i = 5; i < 15 && !peers_full(f->g); i++)
		fake_connect(f, 50 + i, &id[45 + i]);
	assert_true(peers_full(f->g));
}

/* Time until the next probe, which is answered; the notes are of that. */
static uint32_t
probe(uint32_t rtt_us)
{
	static uint32_t sid = 200;

	fake_forget(f);
	while (f->ndials == 0)
		fake_awake(f, 500);
	up(++sid, 0, rtt_us);
	for (size_t i = 0; i < f->nclosed; i++)
		gossip_session_down(f->g, f->now, f->closed[i].sid,
		    f->closed[i].why);
	return sid;
}

static void
test_swap(void **state)
{
	size_t npeers, i, n = 0;
	uint32_t sid;

	(void)state;
	fill();
	npeers = f->g->npeers;
	/* too early: a near probe goes as any guest does */
	sid = probe(1000);
	(void)probe(1000);
	assert_int_equal(fake_close_reason(f, sid), DOWN_FULL);
	while (f->now.mono < f->g->swap_at)
		(void)probe(30000);	/* not near enough */
	for (i = 0; i < 5; i++)
		(void)probe(30000);
	assert_int_equal(f->g->count.swaps, 0);
	while (f->g->count.swaps == 0) {
		assert_true(++n < 20);
		(void)probe(1000);
	}
	/* the farthest of the four nearest: 20, 30, 40 and 50 ms */
	assert_int_equal(fake_close_reason(f, 4), DOWN_NEARER);
	assert_int_equal(f->nclosed, 1);
	assert_true(fake_event(f, EV_PEER_UP, "dir=out"));
	assert_true(fake_event(f, EV_PEER_DOWN, "nearer-one-found"));
	/* the last guest is another one; places are as before */
	assert_int_equal(f->g->npeers - f->g->nguests, npeers);
	assert_true(peers_full(f->g));
	/* and no other for five minutes, however near it is */
	for (i = 0; i < 8; i++)
		(void)probe(10);
	assert_int_equal(f->g->count.swaps, 1);
}

/* Not for a millisecond, nor for a second link into one network. */
static void
test_not_worth_it(void **state)
{
	struct session *s, *chance = NULL;
	size_t i;

	(void)state;
	fill();
	while (f->now.mono < f->g->swap_at || f->now.mono < SWAP_MS * 4)
		(void)probe(30000);
	TAILQ_FOREACH(s, &f->g->ready, ready_entry)
		if (s->outbound && !s->guest && s->rtt_us >= 60000)
			chance = s;
		else if (s->outbound)
			s->rtt_us = SWAP_GAIN_US;
	for (i = 0; i < 8; i++)
		(void)probe(SWAP_GAIN_US / 10);
	assert_int_equal(f->g->count.swaps, 0);
	assert_non_null(chance);
	strcpy(chance->addr, "8.99.4.4:4000");
	TAILQ_FOREACH(s, &f->g->ready, ready_entry)
		if (s->outbound && !s->guest && s != chance)
			s->rtt_us = 4 * SWAP_GAIN_US;
	for (i = 0; i < 8; i++) {
		s = peers_session(f->g, probe(SWAP_GAIN_US / 10));
		strcpy(s->addr, "8.99.4.5:4000");
	}
	assert_int_equal(f->g->count.swaps, 0);
	(void)probe(SWAP_GAIN_US / 10);
	(void)probe(SWAP_GAIN_US / 10);
	assert_int_equal(f->g->count.swaps, 1);
}

/* Chance, configuration and people keep their links. */
static void
test_kept(void **state)
{
	struct session *s;
	size_t kept = 0;
	uint64_t until;

	(void)state;
	fill();
	TAILQ_FOREACH(s, &f->g->ready, ready_entry)
		s->ordered = s->outbound;
	for (until = f->now.mono + 2 * SWAP_MS; f->now.mono < until;) {
		f->g->swap_at = 0;
		(void)probe(10);
	}
	assert_int_equal(f->g->count.swaps, 0);
	/* the three left to chance go for nobody */
	TAILQ_FOREACH(s, &f->g->ready, ready_entry)
		s->ordered = false;
	for (size_t i = 0; i < 100; i++) {
		f->g->swap_at = 0;
		(void)probe(10);
	}
	assert_int_equal(f->g->count.swaps, 4);
	TAILQ_FOREACH(s, &f->g->ready, ready_entry)
		kept += s->outbound && !s->guest && s->rtt_us >= 60000;
	assert_int_equal(kept, 3);
}

/* Guests come and go without a line; who stays has one. */
static void
test_quiet(void **state)
{
	uint32_t sid;

	(void)state;
	fill();
	sid = probe(100000);
	assert_false(fake_event(f, EV_PEER_UP, ""));
	gossip_session_down(f->g, f->now, sid, DOWN_EOF);
	assert_false(fake_event(f, EV_PEER_DOWN, ""));
	assert_true(fake_event(f, EV_GUEST_GONE, "closed-by-peer"));
	/* a place becomes free for the next one */
	sid = probe(100000);
	assert_false(fake_event(f, EV_PEER_UP, ""));
	gossip_session_down(f->g, f->now, 50, DOWN_EOF);
	fake_awake(f, 1000);
	assert_true(fake_event(f, EV_PEER_UP, "dir=out"));
	gossip_session_down(f->g, f->now, sid, DOWN_RESET);
	assert_true(fake_event(f, EV_PEER_DOWN, "connection-reset"));
}

#define T(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_choice), T(test_all_fit), T(test_swap),
		T(test_not_worth_it), T(test_kept),
		T(test_quiet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
