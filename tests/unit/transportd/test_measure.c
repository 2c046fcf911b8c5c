/* SPDX-License-Identifier: MIT */
/* What the kernel tells of connections, and who is told of it when. */
#include "peer.h"

#include <string.h>

#include "common/mtime.h"
#include "common/row.h"

static void
test_differs(void **state)
{
	(void)state;
	assert_true(rtt_differs(0, 1));
	assert_false(rtt_differs(40, 40));
	assert_false(rtt_differs(40, 200));	/* the same place */
	assert_false(rtt_differs(80000, 88000));
	assert_true(rtt_differs(80000, 91000));
	assert_true(rtt_differs(80000, 69000));
}

static void
test_no_socket(void **state)
{
	struct link_measure m = { .known = true };

	(void)state;
	link_measure(-1, &m);
	assert_false(m.known);
	link_measure(0, &m);
	assert_false(m.known);
}

/* A ready session is told once; no change is no message. */
static void
test_told(void **state)
{
	struct rig *r = *state;
	struct rig_peer p;
	struct rig_session *s = peer_join(&p, r);
	struct session *own = session_find(r->t, s->id);

	RIG_UNTIL(r, s->rtts == 1);
	assert_in_range(s->rtt_us, 1, 5000000);
	session_rtt_tell(own);
	rig_settle(r);
	assert_int_equal(s->rtts, 1);
	own->rtt_us = s->rtt_us + 10 * 1000 * 1000;
	session_rtt_tell(own);
	RIG_UNTIL(r, s->rtts == 2);
	peer_free(&p);
}

/* Nobody is measured for gossipd before the hello. */
static void
test_not_ready(void **state)
{
	struct rig *r = *state;
	struct rig_peer p;

	peer_init(&p, r, rig_connect(r, "127.0.0.1"), NULL);
	peer_initiate(&p, NULL);
	RIG_UNTIL(r, r->sessions == 1);
	session_rtt_tell(session_find(r->t, rig_last(r)->id));
	rig_settle(r);
	assert_int_equal(rig_last(r)->rtts, 0);
	peer_free(&p);
}

struct seen {
	size_t		 n;
	uint64_t	 session, rtt, in, out, queue;
};

static void
row_seen(const struct wbuf *w, void *arg)
{
	struct seen *seen = arg;
	struct row_field f;
	struct rcur c;

	seen->n++;
	rcur_init(&c, w->p, w->len);
	while (row_next(&c, &f)) {
		if (f.name_len == 7)
			seen->session = f.num;
		else if (f.name_len == 10) {
			assert_int_equal(f.type, ROW_US);
			seen->rtt = f.num;
		} else if (f.name_len == 3)
			seen->out = f.num;
		else if (f.name_len == 2)
			seen->in = f.num;
		else if (f.name_len == 5)
			seen->queue = f.num;
	}
	assert_true(rcur_done(&c));
}

static void
test_rows(void **state)
{
	struct rig *r = *state;
	struct rig_peer p, q;
	struct rig_session *s = peer_join(&p, r);
	struct session *own = session_find(r->t, s->id);
	struct seen seen = { 0 };
	static uint8_t big[100000];

	/* A stranger without a handshake has no row. */
	peer_init(&q, r, rig_connect(r, "127.0.0.1"), NULL);
	RIG_UNTIL(r, r->t->sessions_n == 2);
	transport_link_rows(r->t, row_seen, &seen);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.session, s->id);
	assert_true(seen.rtt > 0);
	assert_int_equal(seen.in, own->bytes_in);
	assert_int_equal(seen.out, own->bytes_out);
	/* What is not written yet is its queue. */
	session_send_frame(own, big, sizeof(big), false);
	transport_link_rows(r->t, row_seen, &seen);
	assert_in_range(seen.queue, sizeof(big), 2 * sizeof(big));
	peer_free(&p);
	peer_free(&q);
}

#define T(f)	cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_differs),
		cmocka_unit_test(test_no_socket),
		T(test_told),
		T(test_not_ready),
		T(test_rows),
	};

	return cmocka_run_group_tests_name("measure", tests, rig_group_setup,
	    rig_group_teardown);
}
