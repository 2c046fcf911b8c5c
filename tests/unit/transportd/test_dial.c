/* SPDX-License-Identifier: MIT */
/* Dialing, and names: the hosts list, localhost, a nameserver of our own. */
#include "peer.h"

#include <sys/socket.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mtime.h"

#define DNS_MAX	512

/* What the nameserver says to each name. */
enum dns_mode { DNS_GOOD, DNS_NXDOMAIN, DNS_SILENT, DNS_MANY,
	DNS_REFUSED };

struct dns {
	int		 fd;
	enum dns_mode	 mode;
	uint16_t	 port;
	unsigned int	 asked;
	struct event	*ev;
};

static struct dns dns;

static size_t
answer_put(uint8_t *p, uint16_t type, const uint8_t *data, uint8_t len)
{
	const uint8_t head[12] = { 0xc0, 0x0c, 0, (uint8_t)type, 0, 1,
	    0, 0, 0, 60, 0, len };

	memcpy(p, head, sizeof(head));
	memcpy(p + sizeof(head), data, len);
	return sizeof(head) + len;
}

/* Answers A with 127.0.0.1 and AAAA with nothing (RFC 1035, 4.1). */
static void
dns_cb(evutil_socket_t fd, short what, void *arg)
{
	static const uint8_t home[4] = { 127, 0, 0, 1 };
	static const uint8_t dead[4] = { 127, 0, 0, 77 };
	static const uint8_t zero[4] = { 0, 0, 0, 0 };
	uint8_t q[DNS_MAX];
	struct sockaddr_storage from;
	socklen_t flen = sizeof(from);
	ssize_t n;
	uint8_t type;
	size_t len;

	(void)what;
	(void)arg;
	n = recvfrom(fd, q, 256, 0, (struct sockaddr *)&from, &flen);
	if (n < 17)
		return;
	dns.asked++;
	if (dns.mode == DNS_SILENT)
		return;
	len = (size_t)n;
	type = q[len - 3];
	q[2] = 0x81;
	q[3] = dns.mode == DNS_NXDOMAIN ? 0x83 : dns.mode == DNS_REFUSED ?
	    0x85 : 0x80;
	if (type == 1 && dns.mode == DNS_GOOD) {
		q[7] = 1;
		len += answer_put(q + len, 1, home, 4);
	} else if (type == 1 && dns.mode == DNS_MANY) {
		q[7] = 3;
		len += answer_put(q + len, 1, zero, 4);
		len += answer_put(q + len, 1, dead, 4);
		len += answer_put(q + len, 1, home, 4);
	}
	(void)sendto(fd, q, len, 0, (struct sockaddr *)&from, flen);
}

static int
setup(void **state)
{
	struct rig *r;
	struct addr a;
	char text[HOSTPORT_MAX + 1];

	if (rig_setup(state) != 0)
		return -1;
	r = *state;
	memset(&dns, 0, sizeof(dns));
	dns.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(addr_from_host("127.0.0.1", 0, &a));
	assert_int_equal(bind(dns.fd, (struct sockaddr *)&a.ss, a.len), 0);
	assert_int_equal(getsockname(dns.fd, (struct sockaddr *)&a.ss,
	    &a.len), 0);
	dns.ev = event_new(r->base, dns.fd, EV_READ | EV_PERSIST, dns_cb,
	    NULL);
	assert_int_equal(event_add(dns.ev, NULL), 0);
	strlist_add(&r->conf.nameservers, addr_text(&a, text));
	strlist_add(&r->conf.hosts, "friend 127.0.0.1");
	strlist_add(&r->conf.hosts, "friend ::1");
	strlist_add(&r->conf.hosts, "friendly 127.0.0.9");
	transport_apply(r->t);
	return 0;
}

static int
teardown(void **state)
{
	event_free(dns.ev);
	close(dns.fd);
	return rig_teardown(state);
}

static void
expect_fail(struct rig *r, const char *to, bool name_ok,
    enum down_reason reason)
{
	size_t had = r->dial_fails;

	rig_dial(r, (uint32_t)had + 100, to, name_ok);
	RIG_UNTIL(r, r->dial_fails == had + 1);
	assert_int_equal(r->dial_failed[had].id, had + 100);
	if (r->dial_failed[had].reason != reason)
		fail_msg("%s: %s (%s), not %s", to,
		    down_reason_text(r->dial_failed[had].reason),
		    r->dial_failed[had].text, down_reason_text(reason));
	assert_int_not_equal(r->dial_failed[had].text[0], '\0');
	assert_int_equal(r->t->dials_n, 0);
}

static void
expect_up(struct rig *r, const char *host)
{
	char to[HOSTPORT_MAX + 1];
	size_t had = r->sessions;
	struct rig_peer p;
	uint16_t port;
	int fd = rig_listen(&port);

	snprintf(to, sizeof(to), "%s:%u", host, port);
	rig_dial(r, 9, to, true);
	peer_init(&p, r, rig_accept(r, fd), NULL);
	peer_respond(&p, NULL);
	RIG_UNTIL(r, r->sessions == had + 1);
	assert_true(rig_last(r)->outbound);
	assert_int_equal(rig_last(r)->dial, 9);
	assert_memory_equal(rig_last(r)->hash, p.hash, 32);
	assert_memory_equal(p.remote, r->pub, 32);
	snprintf(to, sizeof(to), "127.0.0.1:%u", port);
	assert_string_equal(rig_last(r)->addr, to);
	assert_int_equal(r->t->dials_n, 0);
	peer_free(&p);
	RIG_UNTIL(r, rig_last(r)->down);
	close(fd);
}

static void
test_failures(void **state)
{
	struct rig *r = *state;
	char to[64];
	uint16_t port;
	int fd = rig_listen(&port);

	close(fd);	/* nobody listens there now */
	snprintf(to, sizeof(to), "127.0.0.1:%u", port);
	expect_fail(r, to, false, DOWN_REFUSED);
	expect_fail(r, "127.0.0.1", false, DOWN_RESOLVE);
	expect_fail(r, "127.0.0.1:0", false, DOWN_RESOLVE);
	expect_fail(r, "127.0.0.1:http", false, DOWN_RESOLVE);
	expect_fail(r, "::1:4000", false, DOWN_RESOLVE);
	expect_fail(r, "friend:4000", false, DOWN_RESOLVE);
	expect_fail(r, "0.0.0.0:4000", false, DOWN_UNREACHABLE);
	expect_fail(r, "[::]:4000", false, DOWN_UNREACHABLE);
	expect_fail(r, "224.0.0.1:4000", false, DOWN_UNREACHABLE);
	assert_int_equal(dns.asked, 0);
}

static void
test_hosts(void **state)
{
	struct rig *r = *state;

	expect_up(r, "friend");
	expect_up(r, "FRIEND");
	expect_up(r, "localhost");
	expect_up(r, "127.0.0.1");
	assert_int_equal(dns.asked, 0);
}

static void
test_dns(void **state)
{
	struct rig *r = *state;

	expect_up(r, "node.example");
	assert_int_equal(dns.asked, 2);
	/* the first addresses of a name are useless: the next is taken */
	dns.mode = DNS_MANY;
	expect_up(r, "many.example");
	dns.mode = DNS_NXDOMAIN;
	expect_fail(r, "none.example:4000", true, DOWN_RESOLVE);
	assert_string_equal(r->dial_failed[0].text,
	    "no address for this name");
	/* never asked at all */
	dns.asked = 0;
	expect_fail(r, "a b:4000", true, DOWN_RESOLVE);
	expect_fail(r, "\x1b[2J:4000", true, DOWN_RESOLVE);
	/* a label of 64 */
	expect_fail(r, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaa.example:4000", true, DOWN_RESOLVE);
	strlist_free(&r->conf.nameservers);
	transport_apply(r->t);
	expect_fail(r, "node.example:4000", true, DOWN_RESOLVE);
	assert_string_equal(r->dial_failed[r->dial_fails - 1].text,
	    "no name server is configured");
	assert_int_equal(dns.asked, 0);
}

/* Timers of the loop that end before refreshed nameservers are good again. */
static int
timer_soon(const struct event_base *base, const struct event *ev, void *arg)
{
	struct timeval at, now;
	unsigned int *n = arg;

	event_base_gettimeofday_cached((struct event_base *)(uintptr_t)base,
	    &now);
	if (event_pending(ev, EV_TIMEOUT, &at) && at.tv_sec > now.tv_sec + 5 &&
	    at.tv_sec < now.tv_sec + 1700)
		(*n)++;
	return 0;
}

/* libevent's probe of a nameserver asks for a name that nobody here gave. */
static void
test_refusing(void **state)
{
	struct rig *r = *state;
	unsigned int before = 0, after = 0;

	event_base_foreach_event(r->base, timer_soon, &before);
	dns.mode = DNS_REFUSED;
	expect_fail(r, "node.example:4000", true, DOWN_RESOLVE);
	rig_settle(r);
	event_base_foreach_event(r->base, timer_soon, &after);
	assert_int_equal(after, before);
	/* It is asked on, all the same. */
	dns.mode = DNS_GOOD;
	expect_up(r, "node.example");
}

/*
 * On another's word nothing out of reach is dialled, whatever a name stands
 * for: nothing connects, and the next address is not tried either.
 */
static void
test_on_word(void **state)
{
	static const uint8_t reach = DIAL_NAME_OK | DIAL_ON_WORD;
	struct rig *r = *state;
	char to[64], name[64];
	uint16_t port;
	int fd = rig_listen(&port), s;

	snprintf(to, sizeof(to), "127.0.0.1:%u", port);
	snprintf(name, sizeof(name), "node.example:%u", port);
	rig_dial_with(r, 1, name, reach);
	RIG_UNTIL(r, r->dial_fails == 1);
	assert_int_equal(dns.asked, 2);
	rig_dial_with(r, 2, to, reach | DIAL_INNER_OK);
	RIG_UNTIL(r, r->dial_fails == 2);
	rig_dial_with(r, 3, "10.0.0.1:4000", reach | DIAL_LOOPBACK_OK);
	RIG_UNTIL(r, r->dial_fails == 3);
	rig_dial_with(r, 4, "localhost:4000", reach);
	RIG_UNTIL(r, r->dial_fails == 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(r->dial_failed[i].reason, DOWN_UNREACHABLE);
		assert_string_equal(r->dial_failed[i].text,
		    "not an address to dial on another's word");
	}
	assert_int_equal(r->t->sessions_n, 0);
	rig_dial_with(r, 5, name, reach | DIAL_LOOPBACK_OK);
	s = rig_accept(r, fd);
	RIG_UNTIL(r, r->t->sessions_n == 1);
	/* the operator's own word goes anywhere */
	rig_dial(r, 6, name, true);
	close(s);
	s = rig_accept(r, fd);
	RIG_UNTIL(r, r->dial_fails >= 5);
	close(s);
	close(fd);
}

/* Cancelled while resolving, connecting, shaking hands: silence. */
static void
test_cancel(void **state)
{
	struct rig *r = *state;
	char to[64];
	uint16_t port;
	int fd = rig_listen(&port), s;

	dns.mode = DNS_SILENT;
	rig_dial(r, 1, "slow.example:4000", true);
	RIG_UNTIL(r, dns.asked >= 2);
	assert_int_equal(r->t->dials_n, 1);
	rig_send(r, IMSG_DIAL_CANCEL, 1, NULL, 0);
	RIG_UNTIL(r, r->t->dials_n == 0);
	rig_settle(r);

	snprintf(to, sizeof(to), "127.0.0.1:%u", port);
	rig_dial(r, 2, to, true);
	s = rig_accept(r, fd);
	RIG_UNTIL(r, r->t->sessions_n == 1);
	rig_send(r, IMSG_DIAL_CANCEL, 2, NULL, 0);
	RIG_UNTIL(r, r->t->sessions_n == 0);
	rig_send(r, IMSG_DIAL_CANCEL, 3, NULL, 0);
	rig_settle(r);
	assert_int_equal(r->dial_fails, 0);
	assert_int_equal(r->sessions, 0);
	assert_false(r->violated);
	close(s);
	close(fd);
}

/* A peer that accepts and says nothing, or nonsense, fails the dial. */
static void
test_handshake_fails(void **state)
{
	struct rig *r = *state;
	uint8_t junk[98] = { 0, 96 };
	struct session *own;
	char to[64];
	uint16_t port;
	int fd = rig_listen(&port), s;

	snprintf(to, sizeof(to), "127.0.0.1:%u", port);
	rig_dial(r, 1, to, false);
	s = rig_accept(r, fd);
	assert_int_equal(write(s, junk, sizeof(junk)), sizeof(junk));
	RIG_UNTIL(r, r->dial_fails == 1);
	assert_int_equal(r->dial_failed[0].reason, DOWN_NOISE);
	close(s);

	rig_dial(r, 2, to, false);
	s = rig_accept(r, fd);
	close(s);
	RIG_UNTIL(r, r->dial_fails == 2);
	assert_true(r->dial_failed[1].reason == DOWN_EOF ||
	    r->dial_failed[1].reason == DOWN_RESET);

	rig_dial(r, 3, to, false);
	s = rig_accept(r, fd);
	RIG_UNTIL(r, (own = RB_MIN(session_tree, &r->t->sessions)) != NULL);
	/* the 10 s run from the dial, and are not begun anew */
	assert_true(own->watch.deadline <= mono_ms() + OPENING_MS);
	own->watch.deadline = mono_ms();
	session_timer_set(own);
	RIG_UNTIL(r, r->dial_fails == 3);
	assert_int_equal(r->dial_failed[2].reason, DOWN_DEADLINE);
	close(s);
	close(fd);
}

/* A bounded number at a time; a number in use is not used twice. */
static void
test_bounds(void **state)
{
	struct rig *r = *state;

	dns.mode = DNS_SILENT;
	rig_dial(r, 1, "slow.example:4000", true);
	rig_dial(r, 1, "slow.example:4000", true);
	RIG_UNTIL(r, r->dial_fails == 1);
	assert_int_equal(r->dial_failed[0].reason, DOWN_RESOURCE);
	for (uint32_t i = 2; i < DIALS_MAX + 3; i++)
		rig_dial(r, i, "slow.example:4000", true);
	RIG_UNTIL(r, r->dial_fails == 3);
	assert_int_equal(r->t->dials_n, DIALS_MAX);
	/* all of them end with the daemon, each with a word */
	r->dial_fails = 0;
}

#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_failures),
		T(test_hosts),
		T(test_dns),
		T(test_refusing),
		T(test_on_word),
		T(test_cancel),
		T(test_handshake_fails),
		T(test_bounds),
	};

	return cmocka_run_group_tests_name("dial", tests, rig_group_setup,
	    rig_group_teardown);
}
