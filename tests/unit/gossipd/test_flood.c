/* SPDX-License-Identifier: MIT */
/* Authors faster than their rate: what waits, and what is refused. */
#include "kin.h"
#include "micelio-gossipd/core.h"
#include "micelio-gossipd/envelope_out.h"
#include "micelio-gossipd/link.h"
#include "micelio-gossipd/parked.h"
#include "micelio-gossipd/session.h"
#include "walk.h"

/*
 * An author over its rate: its messages wait, in order, those of others do
 * not; over the bound they are refused, and not asked for again.
 */
static void
test_parked(void **state)
{
	char id[UUID_LEN + 1];
	struct slice frame;
	size_t burst, i;
	struct kin k;

	(void)state;
	kin_open(&k);
	k.f->conf.network_author_rate = 20;
	burst = 40;
	for (i = 0; i < burst + 20 * PARKED_S + 5; i++) {
		snprintf(id, sizeof(id),
		    "00000000-0000-4000-8000-%012zu", i);
		frame = chat_env(&k.author, id, 5);
		fake_frame(k.f, 1, frame);
	}
	assert_int_equal(k.f->nchats, burst);
	assert_int_equal(k.f->g->bcast.nparked, 20 * PARKED_S);
	assert_int_equal(k.f->g->bcast.count.refused, 0);
	assert_int_equal(k.f->g->bcast.count.put_off, 5);
	assert_int_equal(k.f->g->bcast.wants.n, 5);
	/* Another copy costs nothing more. */
	fake_frame(k.f, 2, frame);
	assert_int_equal(k.f->g->bcast.count.put_off, 5);
	assert_int_equal(k.f->g->bcast.wants.n, 5);
	/* The others are not held up. */
	fake_frame(k.f, 1, chat_env(&k.d, U1, 5));
	assert_int_equal(k.f->nchats, burst + 1);
	fake_forget(k.f);
	fake_awake(k.f, 1000);
	assert_in_range(k.f->nchats, 15, 20);
	for (i = 0; i < k.f->nchats; i++)
		assert_int_equal(strtoul(k.f->chats[i].mid + 24, NULL, 10),
		    burst + i);
	fake_forget(k.f);
	for (i = 0; i < PARKED_S; i++) {
		fake_awake(k.f, 1000);
		fake_forget(k.f);
	}
	assert_int_equal(k.f->g->bcast.nparked, 0);
	assert_int_equal(k.f->g->bcast.parked_bytes, 0);
	assert_int_equal(k.f->g->bcast.parked_at, NEVER);
	fake_free(k.f);
}

#define FLOOD	600u

/* 50 ms of links that live and drain. */
static void
wake(struct fake *f)
{
	struct session *s;

	fake_pass(f, 50);
	TAILQ_FOREACH(s, &f->g->ready, ready_entry) {
		s->rx_at = f->now.mono;
		gossip_credit(f->g, s->sid, SESSION_WINDOW_FRAMES,
		    SESSION_WINDOW_BYTES);
	}
}

/* Answers what is asked for on link 1 with what was said. */
static size_t
serve(struct kin *k, const struct slice *frame, const uint64_t *sid,
    uint8_t *times)
{
	struct m2_ctrl c;
	size_t i, n, served = 0;

	if (!ctrl_out(k->f, 1, &c))
		return 0;
	for (i = 0; i < c.graft.n; i += M2_SID)
		for (n = 0; n < FLOOD; n++)
			if (m2_load64(c.graft.p + i) == sid[n]) {
				assert_true(++times[n] <= 2);
				fake_frame(k->f, 1, frame[n]);
				served++;
			}
	return served;
}

/*
 * Twenty times the rate, for longer than there is room: nothing is lost, it
 * comes at the rate, others are not held up and memory is bounded.
 */
static void
test_flooded(void **state)
{
	static struct slice frame[FLOOD];
	static uint8_t *kept[FLOOD];
	static uint64_t sid[FLOOD];
	static uint8_t times[FLOOD];
	struct bcast *b;
	char id[UUID_LEN + 1];
	uint64_t had;
	struct kin k;
	size_t i, most = 0;

	(void)state;
	kin_open(&k);
	b = &k.f->g->bcast;
	k.f->conf.network_author_rate = 20;
	for (i = 0; i < FLOOD; i++) {
		snprintf(id, sizeof(id),
		    "00000000-0000-4000-8000-%012zu", i);
		frame[i] = chat_env(&k.author, id, 5);
		kept[i] = malloc(frame[i].n);
		assert_non_null(kept[i]);
		memcpy(kept[i], frame[i].p, frame[i].n);
		frame[i].p = kept[i];
		sid[i] = sid_of(&k, frame[i], false);
		fake_frame(k.f, 1, frame[i]);
		if (i % 20 == 19) {
			wake(k.f);
			serve(&k, frame, sid, times);
			fake_forget(k.f);
		}
	}
	assert_true(b->count.put_off > 200);
	had = k.f->g->count.delivered;
	fake_frame(k.f, 2, chat_env(&k.d, U1, 5));
	assert_int_equal(k.f->g->count.delivered, had + 1);
	for (i = 0; i < 60 * 20; i++) {
		if (b->nparked > most)
			most = b->nparked;
		had = k.f->g->count.delivered;
		wake(k.f);
		serve(&k, frame, sid, times);
		assert_in_range(k.f->g->count.delivered - had, 0, 2);
		fake_forget(k.f);
	}
	assert_int_equal(k.f->g->count.delivered, FLOOD + 1);
	assert_int_equal(b->count.refused, 0);
	assert_true(most <= 2 * 20 * PARKED_S);
	assert_int_equal(b->wants.n, 0);
	assert_int_equal(b->parked.n, 0);
	for (i = 0; i < FLOOD; i++)
		free(kept[i]);
	fake_free(k.f);
}

/* What nobody would keep until its turn is refused, and not asked for. */
static void
test_flooded_for_long(void **state)
{
	char id[UUID_LEN + 1];
	struct slice frame;
	struct kin k;
	size_t i;

	(void)state;
	kin_open(&k);
	k.f->conf.network_author_rate = 1;
	for (i = 0; i < 200; i++) {
		snprintf(id, sizeof(id),
		    "00000000-0000-4000-8000-%012zu", i);
		frame = chat_env(&k.author, id, 5);
		fake_frame(k.f, 1, frame);
	}
	assert_in_range(k.f->g->bcast.count.put_off, 40, 60);
	assert_in_range(k.f->g->bcast.count.refused, 100, 140);
	ihave_in(&k, 2, sid_of(&k, frame, false));
	assert_in_range(k.f->g->bcast.wants.n, 40, 60);
	fake_free(k.f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parked),
		cmocka_unit_test(test_flooded),
		cmocka_unit_test(test_flooded_for_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
