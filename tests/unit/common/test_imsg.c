/* SPDX-License-Identifier: MIT */
#include "t.h"

#include <sys/socket.h>

#include <fcntl.h>
#include <unistd.h>

#include <event2/event.h>

#include "imsg.h"
#include "log.h"

/* One end by the library, the other end a plain socket. */
struct fixture {
	struct imsgchan	*chan;
	int		 raw;
	unsigned int	 got;
	enum imsg_type	 last;
	size_t		 last_len;
	uint8_t		 first_byte;
	int		 fd;
	bool		 closed;
	enum imsgchan_end how;
	char		 why[256];
	bool		 free_inside;
};

static void
on_message(struct imsgchan *c, struct imsg *m, void *arg)
{
	struct fixture *f = arg;

	f->got++;
	f->last = m->type;
	f->last_len = m->len;
	f->first_byte = m->len > 0 ? m->data[0] : 0;
	if (m->fd != -1)
		f->fd = imsg_take_fd(m);
	if (f->free_inside) {
		f->chan = NULL;
		imsgchan_free(c);
	}
}

static void
on_closed(struct imsgchan *c, enum imsgchan_end how, const char *why,
    void *arg)
{
	struct fixture *f = arg;

	(void)c;
	f->closed = true;
	f->how = how;
	snprintf(f->why, sizeof(f->why), "%s", why);
}

static void
start(struct fixture *f, enum proc_role me, enum proc_role peer,
    unsigned int phase)
{
	int fds[2];

	memset(f, 0, sizeof(*f));
	f->fd = -1;
	assert_int_equal(imsg_socketpair(fds), 0);
	f->raw = fds[1];
	f->chan = imsgchan_new(NULL, fds[0], me, peer, on_message, on_closed,
	    f);
	imsgchan_set_phase(f->chan, phase);
}

static void
stop(struct fixture *f)
{
	imsgchan_free(f->chan);
	close(f->raw);
	if (f->fd != -1)
		close(f->fd);
}

static void
raw_send(int fd, uint16_t type, uint16_t flags, uint32_t len, uint32_t seq,
    const void *body, size_t n)
{
	struct imsg_hdr h = { type, flags, len, 1, seq, 0 };
	uint8_t buf[4096];

	memcpy(buf, &h, sizeof(h));
	memcpy(buf + sizeof(h), body, n);
	assert_int_equal(write(fd, buf, sizeof(h) + n), sizeof(h) + n);
}

static void
delivers_whole_messages_from_pieces(void **state)
{
	struct imsg_hdr h = { IMSG_PING, 0, 8, 0, 0, 0 };
	uint8_t buf[sizeof(h) + 8] = { 0 };
	struct fixture f;

	(void)state;
	start(&f, PROC_GOSSIPD, PROC_PARENT, IMSG_PHASE_RUN);
	memcpy(buf, &h, sizeof(h));
	for (size_t i = 0; i < sizeof(buf); i++) {
		assert_int_equal(f.got, 0);
		assert_int_equal(write(f.raw, buf + i, 1), 1);
		assert_true(imsgchan_readable(f.chan));
	}
	assert_int_equal(f.got, 1);
	assert_int_equal(f.last, IMSG_PING);
	stop(&f);
}

static void
refuses(uint16_t type, uint16_t flags, uint32_t len, uint32_t seq,
    enum proc_role me, enum proc_role peer, unsigned int phase,
    const char *why)
{
	uint8_t body[64] = { 0 };
	struct fixture f;

	start(&f, me, peer, phase);
	raw_send(f.raw, type, flags, len, seq, body, len < 64 ? len : 0);
	assert_false(imsgchan_readable(f.chan));
	assert_true(f.closed);
	assert_int_equal(f.how, IMSGCHAN_VIOLATION);
	assert_non_null(strstr(f.why, why));
	assert_int_equal(f.got, 0);
	stop(&f);
}

static uint64_t cause_seen;

static void
answers_with_its_cause(struct imsgchan *chan, struct imsg *m, void *arg)
{
	(void)arg;
	cause_seen = log_cause();
	imsg_send(chan, IMSG_PONG, 0, 0, m->data, m->len);
}

/* What led to a message led to what its dispatcher does. */
static void
carries_the_cause_on(void **state)
{
	struct {
		struct imsg_hdr h;
		uint8_t body[8];
	} m = { { IMSG_PING, 0, 8, 0, 0, 4711 }, { 0 } };
	struct imsgchan *c;
	int fds[2];

	(void)state;
	assert_int_equal(imsg_socketpair(fds), 0);
	c = imsgchan_new(NULL, fds[0], PROC_GOSSIPD, PROC_PARENT,
	    answers_with_its_cause, on_closed, NULL);
	imsgchan_set_phase(c, IMSG_PHASE_RUN);
	assert_int_equal(write(fds[1], &m, sizeof(m)), sizeof(m));
	assert_true(imsgchan_readable(c));
	assert_int_equal(cause_seen, 4711);
	assert_int_equal(log_cause(), 0);
	assert_true(imsgchan_flush(c));
	assert_int_equal(read(fds[1], &m, sizeof(m)), sizeof(m));
	assert_int_equal(m.h.type, IMSG_PONG);
	assert_int_equal(m.h.cause, 4711);
	imsgchan_free(c);
	close(fds[1]);
}

static void
refuses_what_the_table_forbids(void **state)
{
	(void)state;
	refuses(0, 0, 0, 0, PROC_GOSSIPD, PROC_PARENT, IMSG_PHASE_RUN,
	    "no such message");
	refuses(IMSG_MAX, 0, 0, 0, PROC_GOSSIPD, PROC_PARENT, IMSG_PHASE_RUN,
	    "no such message");
	/* the hub asks for a signature; a session asks for a DH */
	refuses(IMSG_KEY_SIGN, 0, 5, 0, PROC_PARENT, PROC_SSHD,
	    IMSG_PHASE_RUN, "not between these two");
	/* entries are for stated, envelopes are not */
	refuses(IMSG_KEY_ENTRIES, 0, 100, 0, PROC_PARENT, PROC_GOSSIPD,
	    IMSG_PHASE_RUN, "not between these two");
	refuses(IMSG_KEY_ENTRIES, 0, 100, 0, PROC_PARENT, PROC_SSHD,
	    IMSG_PHASE_RUN, "not between these two");
	refuses(IMSG_KEY_SIGN, 0, 100, 0, PROC_PARENT, PROC_STATED,
	    IMSG_PHASE_RUN, "not between these two");
	refuses(IMSG_KEY_DH, 0, 32, 0, PROC_PARENT, PROC_SESSION,
	    IMSG_PHASE_RUN, "not between these two");
	refuses(IMSG_PING, 0, 8, 0, PROC_GOSSIPD, PROC_PARENT,
	    IMSG_PHASE_SETUP, "phase");
	refuses(IMSG_PING, 0, 7, 0, PROC_GOSSIPD, PROC_PARENT, IMSG_PHASE_RUN,
	    "size");
	refuses(IMSG_PING, 0, UINT32_MAX, 0, PROC_GOSSIPD, PROC_PARENT,
	    IMSG_PHASE_RUN, "size");
	refuses(IMSG_PING, IMSG_HAS_FD, 8, 0, PROC_GOSSIPD, PROC_PARENT,
	    IMSG_PHASE_RUN, "descriptor");
	refuses(IMSG_PING, 0, 8, 3, PROC_GOSSIPD, PROC_PARENT, IMSG_PHASE_RUN,
	    "sequence");
}

static void
a_claimed_descriptor_must_be_there(void **state)
{
	struct fixture f;
	uint8_t role = PROC_STATED;

	(void)state;
	start(&f, PROC_GOSSIPD, PROC_PARENT, IMSG_PHASE_SETUP);
	raw_send(f.raw, IMSG_SETUP_LINK, IMSG_HAS_FD, 1, 0, &role, 1);
	assert_false(imsgchan_readable(f.chan));
	assert_int_equal(f.how, IMSGCHAN_VIOLATION);
	stop(&f);
}

/* A message that the table permits, with a descriptor it knows nothing of. */
static void
send_smuggling(int sock, uint16_t type, const void *body, uint32_t len, int fd)
{
	struct imsg_hdr h = { type, 0, len, 1, 0, 0 };
	union {
		struct cmsghdr hdr;
		char buf[CMSG_SPACE(sizeof(int))];
	} u = { .hdr = { .cmsg_len = CMSG_LEN(sizeof(int)),
	    .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	union {
		const void *in;
		void *out;
	} b = { body };
	struct iovec iov[2] = { { &h, sizeof(h) }, { b.out, len } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2,
	    .msg_control = u.buf, .msg_controllen = sizeof(u.buf) };

	memcpy(CMSG_DATA(&u.hdr), &fd, sizeof(fd));
	assert_int_equal(sendmsg(sock, &m, 0), sizeof(h) + len);
}

/* Where no message has one, a descriptor is kept by nobody. */
static void
a_descriptor_no_message_has_ends_it(void **state)
{
	static const struct {
		enum proc_role	self, peer;
		uint16_t	type;
		uint32_t	len;
	} chans[] = {
		{ PROC_PARENT, PROC_GOSSIPD, IMSG_PONG, 8 },
		{ PROC_PARENT, PROC_SESSION, IMSG_PONG, 8 },
		{ PROC_SSHD, PROC_SESSION, IMSG_SES_ACK, 4 },
		{ PROC_GOSSIPD, PROC_TRANSPORTD, IMSG_CREDIT, 8 },
	};
	uint8_t body[8] = { 0 };
	struct fixture f;
	int p[2];

	(void)state;
	for (size_t i = 0; i < sizeof(chans) / sizeof(chans[0]); i++) {
		start(&f, chans[i].self, chans[i].peer, IMSG_PHASE_RUN);
		assert_int_equal(pipe(p), 0);
		send_smuggling(f.raw, chans[i].type, body, chans[i].len, p[1]);
		close(p[1]);
		assert_false(imsgchan_readable(f.chan));
		assert_int_equal(f.how, IMSGCHAN_VIOLATION);
		assert_non_null(strstr(f.why, "a descriptor"));
		assert_int_equal(f.got, 0);
		stop(&f);
		/* the other end is closed everywhere */
		assert_int_equal(read(p[0], body, 1), 0);
		close(p[0]);
	}
}

/* Each descriptor gets the byte of the message it came with. */
static void
on_descriptor(struct imsgchan *c, struct imsg *m, void *arg)
{
	struct fixture *f = arg;

	(void)c;
	if (m->type != IMSG_SETUP_LINK)
		return;
	assert_true(m->fd != -1);
	assert_true(fcntl(m->fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(m->fd, m->data, 1), 1);
	f->got++;
}

/* Two library ends: descriptors keep their order and their messages. */
static void
descriptors_arrive_with_their_message(void **state)
{
	struct fixture a, b;
	uint8_t roles[3] = { PROC_STATED, PROC_SSHD, PROC_TRANSPORTD }, byte;
	int fds[2], p[3][2];

	(void)state;
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	assert_int_equal(imsg_socketpair(fds), 0);
	a.chan = imsgchan_new(NULL, fds[0], PROC_PARENT, PROC_GOSSIPD,
	    on_message, on_closed, &a);
	b.chan = imsgchan_new(NULL, fds[1], PROC_GOSSIPD, PROC_PARENT,
	    on_descriptor, on_closed, &b);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pipe(p[i]), 0);
		imsg_send(a.chan, IMSG_CONF_BEGIN, 0, 0, NULL, 0);
		imsg_send_fd(a.chan, IMSG_SETUP_LINK, 0, 0, p[i][1], &roles[i],
		    1);
	}
	assert_true(imsgchan_flush_wait(a.chan, 1000));
	for (int i = 0; i < 10 && b.got < 3; i++)
		assert_true(imsgchan_readable(b.chan));
	assert_int_equal(b.got, 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(read(p[i][0], &byte, 1), 1);
		assert_int_equal(byte, roles[i]);
		/* nobody else holds the other end: all were closed */
		assert_int_equal(read(p[i][0], &byte, 1), 0);
		close(p[i][0]);
	}
	imsgchan_free(a.chan);
	imsgchan_free(b.chan);
}

static void
may_be_freed_by_its_own_dispatcher(void **state)
{
	uint8_t body[8] = { 0 };
	struct fixture f;

	(void)state;
	start(&f, PROC_GOSSIPD, PROC_PARENT, IMSG_PHASE_RUN);
	f.free_inside = true;
	raw_send(f.raw, IMSG_PING, 0, 8, 0, body, 8);
	raw_send(f.raw, IMSG_PING, 0, 8, 1, body, 8);
	assert_false(imsgchan_readable(f.chan));
	assert_int_equal(f.got, 1);
	stop(&f);
}

static void
end_of_file_comes_after_the_last_message(void **state)
{
	uint8_t body[8] = { 0 };
	struct fixture f;

	(void)state;
	start(&f, PROC_GOSSIPD, PROC_PARENT, IMSG_PHASE_RUN);
	raw_send(f.raw, IMSG_PING, 0, 8, 0, body, 8);
	shutdown(f.raw, SHUT_WR);
	assert_true(imsgchan_readable(f.chan));
	assert_false(imsgchan_readable(f.chan));
	assert_int_equal(f.got, 1);
	assert_int_equal(f.how, IMSGCHAN_EOF);
	stop(&f);
}

static void
a_paused_channel_hands_nothing_over(void **state)
{
	uint8_t body[8] = { 0 };
	struct fixture f;

	(void)state;
	start(&f, PROC_GOSSIPD, PROC_PARENT, IMSG_PHASE_RUN);
	raw_send(f.raw, IMSG_PING, 0, 8, 0, body, 8);
	imsgchan_pause(f.chan, 1);
	imsgchan_pause(f.chan, 2);
	assert_true(imsgchan_readable(f.chan));
	imsgchan_resume(f.chan, 1);
	assert_true(imsgchan_readable(f.chan));
	assert_int_equal(f.got, 0);
	imsgchan_resume(f.chan, 2);
	assert_true(imsgchan_readable(f.chan));
	assert_int_equal(f.got, 1);
	stop(&f);
}

/* Megabytes through a loop, in order, with the queue draining by itself. */
struct flood {
	struct event_base *base;
	uint32_t	 next;
	bool		 drained;
};

static void
flood_message(struct imsgchan *c, struct imsg *m, void *arg)
{
	struct flood *f = arg;

	(void)c;
	assert_int_equal(m->id, f->next);
	assert_int_equal(m->data[m->len - 1], (uint8_t)f->next);
	if (++f->next == 40)
		event_base_loopbreak(f->base);
}

static void
flood_drained(struct imsgchan *c, void *arg)
{
	(void)c;
	((struct flood *)arg)->drained = true;
}

static void
large_frames_pass_a_loop_in_order(void **state)
{
	struct flood f = { .base = event_base_new() };
	struct imsgchan *a, *b;
	uint8_t *body = malloc(FRAME_MAX);
	int fds[2];

	(void)state;
	assert_non_null(body);
	assert_int_equal(imsg_socketpair(fds), 0);
	a = imsgchan_new(f.base, fds[0], PROC_TRANSPORTD, PROC_GOSSIPD,
	    flood_message, NULL, &f);
	b = imsgchan_new(f.base, fds[1], PROC_GOSSIPD, PROC_TRANSPORTD,
	    flood_message, NULL, &f);
	imsgchan_set_phase(a, IMSG_PHASE_RUN);
	imsgchan_set_phase(b, IMSG_PHASE_RUN);
	imsgchan_set_drained(a, 0, flood_drained);
	for (uint32_t i = 0; i < 40; i++) {
		size_t len = i % 2 ? FRAME_MAX : i + 1;

		memset(body, (int)i, len);
		imsg_send(a, IMSG_FRAME_IN, i, 0, body, len);
	}
	assert_true(imsgchan_queued(a) > 10 * 1024 * 1024);
	event_base_dispatch(f.base);
	assert_int_equal(f.next, 40);
	assert_int_equal(imsgchan_queued(a), 0);
	assert_true(f.drained);
	imsgchan_free(a);
	imsgchan_free(b);
	event_base_free(f.base);
	free(body);
}

static void
every_rule_is_sound(void **state)
{
	(void)state;
	for (int i = IMSG_NONE + 1; i < IMSG_MAX; i++) {
		const struct imsg_rule *r = &imsg_rules[i];

		assert_non_null(r->name);
		assert_true(r->from != 0 && r->to != 0 && r->phase != 0);
		assert_true(r->min <= r->max);
		assert_true(r->max <= 2 * FRAME_MAX);
		/* protobuf and text never reach the parent unasked */
		if (r->to & IMSG_ROLE(PARENT))
			assert_true(r->max <= 66000);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delivers_whole_messages_from_pieces),
		cmocka_unit_test(carries_the_cause_on),
		cmocka_unit_test(refuses_what_the_table_forbids),
		cmocka_unit_test(a_claimed_descriptor_must_be_there),
		cmocka_unit_test(a_descriptor_no_message_has_ends_it),
		cmocka_unit_test(descriptors_arrive_with_their_message),
		cmocka_unit_test(may_be_freed_by_its_own_dispatcher),
		cmocka_unit_test(end_of_file_comes_after_the_last_message),
		cmocka_unit_test(a_paused_channel_hands_nothing_over),
		cmocka_unit_test(large_frames_pass_a_loop_in_order),
		cmocka_unit_test(every_rule_is_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
