/* SPDX-License-Identifier: MIT */
/*
 * Feeds: who is at the two ends of a channel and in which phase, then what one
 * end writes: messages made by the table, messages with a wrong header, bare
 * bytes, descriptors; and when the other end pauses, refuses or goes.
 * Holds: what is dispatched is what was written, and permitted by the table;
 * the end is told once; no descriptor is lost or left open.
 * Reads with: common/imsg_in.c common/imsg.c
 */
#include <sys/socket.h>

#include <fcntl.h>
#include <unistd.h>

#include "common/cursor.h"
#include "common/imsg.h"
#include "common/log.h"
#include "fuzz.h"

#define STEPS	32

struct rig {
	struct imsgchan	*chan;
	enum proc_role	 self, peer;
	unsigned int	 phase;
	int		 far;
	uint32_t	 seq;
	uint8_t		 turn;		/* what the receiver does */
	unsigned int	 got, ended;
	bool		 paused, gone;
};

static void
dispatch_cb(struct imsgchan *c, struct imsg *m, void *arg)
{
	struct rig *r = arg;
	const struct imsg_rule *rule;
	unsigned int sum = 0;
	int fd;

	HOLDS(r->ended == 0 && !r->paused && !r->gone);
	HOLDS(m->type > IMSG_NONE && m->type < IMSG_MAX);
	rule = &imsg_rules[m->type];
	HOLDS((rule->from & 1u << r->peer) != 0);
	HOLDS((rule->to & 1u << r->self) != 0);
	HOLDS((rule->phase & r->phase) != 0);
	HOLDS(m->len >= rule->min && m->len <= rule->max);
	HOLDS(rule->fd == (m->fd != -1));
	HOLDS(m->fd == -1 || fcntl(m->fd, F_GETFD) == FD_CLOEXEC);
	for (size_t i = 0; i < m->len; i++)
		sum += m->data[i];
	r->got += 1 + (sum == 0);
	r->turn = (uint8_t)(r->turn * 5 + 1);
	if (r->turn % 7 == 0 && (fd = imsg_take_fd(m)) != -1)
		close(fd);
	if (r->turn % 31 == 0) {
		r->paused = true;
		imsgchan_pause(c, 1);
	} else if (r->turn % 61 == 0)
		imsgchan_violation(c, m, "not wanted");
	else if (r->turn % 127 == 0) {
		r->gone = true;
		imsgchan_free(c);
		r->chan = NULL;
	}
}

static void
closed_cb(struct imsgchan *c, enum imsgchan_end end, const char *why, void *arg)
{
	struct rig *r = arg;

	(void)c;
	(void)end;
	HOLDS(why != NULL && why[0] != '\0');
	HOLDS(r->ended++ == 0 && !r->gone);
}

static void
put(struct rig *r, const void *p, size_t n, bool fd)
{
	union {
		struct cmsghdr	hdr;
		char		buf[CMSG_SPACE(sizeof(int))];
	} u;
	struct iovec iov = { (void *)(uintptr_t)p, n };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	int one = STDERR_FILENO;

	if (n == 0)
		return;
	if (fd) {
		memset(&u, 0, sizeof(u));
		m.msg_control = u.buf;
		m.msg_controllen = sizeof(u.buf);
		u.hdr.cmsg_level = SOL_SOCKET;
		u.hdr.cmsg_type = SCM_RIGHTS;
		u.hdr.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&u.hdr), &one, sizeof(one));
	}
	(void)!sendmsg(r->far, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* A message as the table has it, but for what the choice spoils. */
static void
put_message(struct rig *r, struct fuzz_in *in)
{
	uint8_t choice = fuzz_u8(in), body[2048];
	struct imsg_hdr h = { .type = (uint16_t)(1 + fuzz_u8(in)) };
	const struct imsg_rule *rule;
	const uint8_t *p;
	uint8_t out[sizeof(h) + sizeof(body)];
	size_t n;

	if (h.type >= IMSG_MAX)
		h.type = (uint16_t)(h.type % IMSG_MAX);
	rule = &imsg_rules[h.type];
	p = fuzz_bytes(in, fuzz_u8(in), &n);
	memset(body, (int)choice, sizeof(body));
	memcpy(body, p, n);
	h.len = (uint32_t)(n < rule->min ? rule->min : n);
	if (h.len > rule->max)
		h.len = (uint32_t)rule->max;
	if (h.len > sizeof(body))
		h.len = sizeof(body);
	h.flags = rule->fd ? IMSG_HAS_FD : 0;
	h.id = fuzz_u8(in);
	h.seq = r->seq++;
	n = h.len;
	switch (choice) {
	case 0xff:	h.seq ^= 1; break;
	case 0xfe:	h.len = fuzz_u32(in); break;
	case 0xfd:	h.flags ^= IMSG_HAS_FD; break;
	case 0xfc:	h.type = fuzz_u16(in); break;
	case 0xfb:	n /= 2; break;
	default:	break;
	}
	memcpy(out, &h, sizeof(h));
	memcpy(out + sizeof(h), body, n);
	put(r, out, sizeof(h) + n, choice == 0xfa ? !rule->fd : rule->fd);
}

static void
step(struct rig *r, struct fuzz_in *in)
{
	const uint8_t *p;
	size_t n;

	switch (fuzz_u8(in) % 8) {
	case 0:
		p = fuzz_bytes(in, fuzz_u8(in), &n);
		put(r, p, n, false);
		break;
	case 1:
		p = fuzz_bytes(in, 1, &n);
		put(r, p, n, true);
		break;
	case 2:
		r->phase = IMSG_PHASE_SETUP + IMSG_PHASE_RUN - r->phase;
		imsgchan_set_phase(r->chan, r->phase);
		break;
	case 3:
		r->paused = false;
		imsgchan_resume(r->chan, 1);
		break;
	default:
		put_message(r, in);
	}
	if (r->chan != NULL && !imsgchan_readable(r->chan))
		HOLDS(r->ended == 1 || r->gone);
}

static int
next_fd(void)
{
	int fd = dup(STDERR_FILENO);

	HOLDS(fd != -1);
	close(fd);
	return fd;
}

FUZZ_TARGET(imsg)(const uint8_t *data, size_t size)
{
	struct fuzz_in in = fuzz_begin(data, size);
	int before = next_fd(), fds[2];
	struct rig r = { 0 };

	r.self = 1 + fuzz_u8(&in) % (PROC_MAX - 1);
	r.peer = 1 + fuzz_u8(&in) % (PROC_MAX - 1);
	r.phase = IMSG_PHASE_SETUP;
	r.turn = fuzz_u8(&in);
	HOLDS(imsg_socketpair(fds) == 0);
	r.far = fds[1];
	r.chan = imsgchan_new(NULL, fds[0], r.self, r.peer, dispatch_cb,
	    closed_cb, &r);
	HOLDS(imsgchan_peer(r.chan) == r.peer);
	for (int i = 0; i < STEPS && in.left > 0 && r.ended == 0 && !r.gone;
	    i++)
		step(&r, &in);
	close(r.far);
	if (r.chan != NULL) {
		r.paused = false;
		imsgchan_resume(r.chan, 1);
		while (imsgchan_readable(r.chan))
			if (r.paused) {
				r.paused = false;
				imsgchan_resume(r.chan, 1);
			}
		HOLDS(r.ended == 1 || r.gone);
	}
	imsgchan_free(r.chan);
	HOLDS(next_fd() == before);
	return 0;
}
