/* SPDX-License-Identifier: MIT */
/*
 * A daemon that was taken over: set up like the real one, it then asks its
 * neighbours for what it must not get, as LIE says, and reports the answers
 * on standard error as "liar: ...".  It speaks the channels' format by hand,
 * so that the checks of its own side do not stop it.
 */
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "imsg.h"
#include "log.h"
#include "proc.h"

#define BODY_MAX	(2u * 1024 * 1024)
#define ASKED		1000000		/* answers to it would be 85 MiB */

enum { CHAN_PARENT = 3, CHAN_HUB = 4, CHAN_SIGNER = 5, CHANS };

struct message {
	struct imsg_hdr	 hdr;
	uint8_t		*body;
};

/* Bytes of a body or of what SSH signs, in the making. */
struct bytes {
	uint8_t	b[70000];
	size_t	n;
};

static uint32_t sent[CHANS + 8];
static int	last_fd = -1;	/* received */
static int	hub_fd = -1;	/* a daemon's link to the hub */

static void
say(const char *what, long number)
{
	dprintf(STDERR_FILENO, "liar: %s %ld\n", what, number);
}

static void
leave(const char *why)
{
	say(why, errno);
	exit(1);
}

static void
put(struct bytes *o, const void *p, size_t n)
{
	if (n > sizeof(o->b) - o->n)
		leave("too much");
	memcpy(o->b + o->n, p, n);
	o->n += n;
}

/* As the cursor has it: little-endian. */
static void
put_uint(struct bytes *o, uint64_t v, unsigned int size)
{
	uint8_t le[8];

	for (unsigned int i = 0; i < size; i++)
		le[i] = (uint8_t)(v >> 8 * i);
	put(o, le, size);
}

/* A string after a length of that many bytes. */
static void
put_str(struct bytes *o, unsigned int size, const void *p, size_t n)
{
	put_uint(o, n, size);
	put(o, p, n);
}

static void
put_text(struct bytes *o, unsigned int size, const char *s)
{
	put_str(o, size, s, strlen(s));
}

static void
send_all(int fd, const void *p, size_t n)
{
	const uint8_t *b = p;

	while (n > 0) {
		struct pollfd pfd = { fd, POLLOUT, 0 };
		ssize_t w = send(fd, b, n, MSG_NOSIGNAL);

		if (w == -1 && errno == EAGAIN) {
			(void)poll(&pfd, 1, 5000);
			continue;
		}
		if (w == -1)
			leave("the other side closed");
		b += w;
		n -= (size_t)w;
	}
}

/* A good message with one of our descriptors, which its header is silent of. */
static void
message_smuggle(int fd, unsigned int type, const void *body, size_t len)
{
	struct imsg_hdr h = { .type = (uint16_t)type, .len = (uint32_t)len,
	    .seq = sent[fd]++ };
	union {
		struct cmsghdr	hdr;
		uint8_t		buf[CMSG_SPACE(sizeof(int))];
	} control = { .hdr = { .cmsg_len = CMSG_LEN(sizeof(int)),
	    .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	struct iovec iov = { &h, sizeof(h) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = control.buf,
	    .msg_controllen = sizeof(control.buf) };

	memcpy(CMSG_DATA(&control.hdr), &fd, sizeof(fd));
	if (sendmsg(fd, &m, MSG_NOSIGNAL) != sizeof(h))
		leave("not sent whole");
	send_all(fd, body, len);
}

static void
message_send(int fd, unsigned int type, uint32_t id, const void *body,
    size_t len)
{
	struct imsg_hdr h = { .type = (uint16_t)type, .len = (uint32_t)len,
	    .id = id, .seq = sent[fd]++ };

	send_all(fd, &h, sizeof(h));
	send_all(fd, body, len);
}

/* Descriptors that come along stay open. */
static void
recv_all(int fd, void *p, size_t n)
{
	uint8_t *b = p;

	while (n > 0) {
		union {
			struct cmsghdr	align;
			uint8_t		buf[CMSG_SPACE(16 * sizeof(int))];
		} control;
		struct iovec iov = { b, n };
		struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
		    .msg_control = control.buf,
		    .msg_controllen = sizeof(control.buf) };
		struct pollfd pfd = { fd, POLLIN, 0 };
		ssize_t r = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);

		if (r == -1 && errno == EAGAIN) {
			(void)poll(&pfd, 1, 5000);
			continue;
		}
		if (r <= 0)
			leave("the other side closed");
		if (m.msg_controllen >= CMSG_LEN(sizeof(int)))
			memcpy(&last_fd, CMSG_DATA(&control.align),
			    sizeof(last_fd));
		b += r;
		n -= (size_t)r;
	}
}

static void
message_recv(int fd, struct message *m)
{
	recv_all(fd, &m->hdr, sizeof(m->hdr));
	if (m->hdr.len > BODY_MAX)
		leave("too long");
	recv_all(fd, m->body, m->hdr.len);
}

/* Up to SETUP_DONE, then READY with the best of reports. */
static void
set_up(struct message *m)
{
	struct bytes o = { .n = 0 };

	do {
		message_recv(CHAN_PARENT, m);
		if (m->hdr.type == IMSG_SETUP_LINK && m->body[0] == PROC_SSHD)
			hub_fd = last_fd;
	} while (m->hdr.type != IMSG_SETUP_DONE);
	put(&o, "\7\1\1\1\1\0", 6);
	put_text(&o, 2, MICELIO_BUILD_ID);
	message_send(CHAN_PARENT, IMSG_READY, 0, o.b, o.n);
}

/* Answer pings; report everything else, until nothing comes. */
static void
listen_on(struct message *m, int fd, const char *who, int ms)
{
	for (;;) {
		struct pollfd pfd[2] = { { CHAN_PARENT, POLLIN, 0 },
		    { fd, POLLIN, 0 } };

		if (poll(pfd, fd == CHAN_PARENT ? 1 : 2, ms) <= 0)
			return;
		if (pfd[0].revents != 0) {
			message_recv(CHAN_PARENT, m);
			if (m->hdr.type == IMSG_PING)
				message_send(CHAN_PARENT, IMSG_PONG, 0,
				    m->body, m->hdr.len);
			else if (m->hdr.type == IMSG_KEY_SIGNED)
				say("KEY_SIGNED", m->body[0]);
			else if (m->hdr.type == IMSG_SHUTDOWN)
				exit(0);
		}
		if (fd != CHAN_PARENT && pfd[1].revents != 0) {
			message_recv(fd, m);
			dprintf(STDERR_FILENO, "liar: %s %s %d\n", who,
			    imsg_type_name(m->hdr.type),
			    m->hdr.len > 0 ? m->body[0] : -1);
		}
	}
}

#if LIE_ROLE_SESSION

static uint8_t hash[32];	/* our idea of the exchange hash */

static void
sign_hostkey(struct message *m, size_t len)
{
	message_send(CHAN_SIGNER, IMSG_SIGN_HOSTKEY, 0, hash, len);
	message_recv(CHAN_SIGNER, m);
	say("HOSTKEY_SIGNED", m->body[0]);
}

/* As SSH has it: the length in network order. */
static void
put_ssh(struct bytes *o, const void *p, size_t n)
{
	const uint8_t be[4] = { 0, 0, (uint8_t)(n >> 8), (uint8_t)n };

	put(o, be, sizeof(be));
	put(o, p, n);
}

/* What a client signs to log in (RFC 4252, section 7). */
static void
put_signed(struct bytes *o, const uint8_t sid[32], const struct bytes *blob)
{
	put_ssh(o, sid, 32);
	put(o, "\62", 1);	/* SSH_MSG_USERAUTH_REQUEST */
	put_ssh(o, "alice", 5);
	put_ssh(o, "ssh-connection", 14);
	put_ssh(o, "publickey", 9);
	put(o, "\1", 1);
	put_ssh(o, "ssh-ed25519", 11);
	put_ssh(o, blob->b, blob->n);
}

/*
 * Claim that alice has logged in.  The key is that of the seed "BBB...",
 * which the test has authorized.
 */
static void
claim(const uint8_t sid[32], int good_signature)
{
	static struct bytes o, blob, data;
	uint8_t seed[32], pk[32], sk[64], s[64];

	memset(seed, 'B', sizeof(seed));
	crypto_sign_seed_keypair(pk, sk, seed);
	put_ssh(&blob, "ssh-ed25519", 11);
	put_ssh(&blob, pk, sizeof(pk));
	put_signed(&data, sid, &blob);
	crypto_sign_detached(s, NULL, data.b, data.n, sk);
	if (!good_signature)
		s[5] ^= 1;
	put_uint(&o, 1, 1);
	put_text(&o, 2, "alice");
	put_text(&o, 2, "ssh-ed25519");
	put_str(&o, 2, blob.b, blob.n);
	put_str(&o, 4, data.b, data.n);
	put_str(&o, 4, s, sizeof(s));
	message_send(CHAN_HUB, IMSG_SES_AUTH, 1, o.b, o.n);
}

/* May the same key log in?  Unsigned. */
static void
probe(void)
{
	static struct bytes o, blob;
	uint8_t seed[32], pk[32], sk[64];

	o.n = blob.n = 0;
	memset(seed, 'B', sizeof(seed));
	crypto_sign_seed_keypair(pk, sk, seed);
	put_ssh(&blob, "ssh-ed25519", 11);
	put_ssh(&blob, pk, sizeof(pk));
	put_uint(&o, 0, 1);
	put_text(&o, 2, "alice");
	put_text(&o, 2, "ssh-ed25519");
	put_str(&o, 2, blob.b, blob.n);
	message_send(CHAN_HUB, IMSG_SES_AUTH, 1, o.b, o.n);
}

static void
open_shell(enum ses_kind kind)
{
	struct bytes o = { .n = 0 };

	put_uint(&o, kind, 1);
	put_uint(&o, 0, 1);
	put_uint(&o, 80, 2);
	put_uint(&o, 24, 2);
	put_text(&o, 2, "");
	put_text(&o, 2, "");
	put_text(&o, 2, "who");
	message_send(CHAN_HUB, IMSG_SES_OPEN, 0, o.b, o.n);
}

static void
lie(struct message *m)
{
	uint8_t other[32];

	memset(hash, 'h', sizeof(hash));
	memset(other, 'o', sizeof(other));
	switch (LIE) {
	case 1:		/* the control: all in order, so this one gets in */
		sign_hostkey(m, sizeof(hash));
		claim(hash, 1);
		listen_on(m, CHAN_HUB, "hub", 500);
		open_shell(SES_EXEC);
		break;
	case 2:		/* a signature that does not fit */
		sign_hostkey(m, sizeof(hash));
		claim(hash, 0);
		listen_on(m, CHAN_HUB, "hub", 500);
		open_shell(SES_EXEC);
		break;
	case 3:		/* a good one, recorded in another session */
		sign_hostkey(m, sizeof(hash));
		claim(other, 1);
		listen_on(m, CHAN_HUB, "hub", 500);
		open_shell(SES_EXEC);
		break;
	case 4:		/* straight in */
		open_shell(SES_EXEC);
		break;
	case 5:		/* sign what is no exchange hash */
		sign_hostkey(m, 31);
		break;
	case 6:		/* sign again and again */
		for (int i = 0; i < 50; i++) {
			hash[0] = (uint8_t)i;
			sign_hostkey(m, sizeof(hash));
		}
		break;
	case 7:		/* have the node's own key sign */
		message_send(CHAN_SIGNER, IMSG_KEY_SIGN, 1, hash, 32);
		listen_on(m, CHAN_SIGNER, "signer", 500);
		break;
	case 8:		/* ask for signatures and never read one */
		for (int i = 0; i < 100000; i++)
			message_send(CHAN_SIGNER, IMSG_SIGN_HOSTKEY, 0, hash,
			    sizeof(hash));
		say("asked", 100000);
		exit(0);
	case 9:		/* ask about a good key for ever, and read nothing */
		for (int i = 0; i < 100000; i++)
			probe();
		say("asked", 100000);
		exit(0);
	case 10:	/* let in, ask for completions and read nothing */
		sign_hostkey(m, sizeof(hash));
		claim(hash, 1);
		listen_on(m, CHAN_HUB, "hub", 500);
		open_shell(SES_SHELL);
		for (int i = 0; i < 400000; i++)
			message_send(CHAN_HUB, IMSG_SES_COMPLETE, 1,
			    "\1\0\1\0/", 5);
		say("asked", 400000);
		exit(0);
	case 17:	/* a descriptor for the hub to keep */
		message_smuggle(CHAN_HUB, IMSG_SES_ACK, "\0\0\0\0", 4);
		break;
	}
	listen_on(m, CHAN_HUB, "hub", 2000);
}

#else

static void
ask_sign(uint32_t id, unsigned int purpose, const char *uuid, uint32_t type,
    size_t payload)
{
	static struct bytes o;
	static uint8_t zeros[69000];

	o.n = 0;
	put_uint(&o, purpose, 1);
	put_text(&o, 2, uuid);
	put_uint(&o, 0, 8);
	put_uint(&o, type, 4);
	put_str(&o, 4, zeros, payload);
	message_send(CHAN_PARENT, IMSG_KEY_SIGN, id, o.b, o.n);
}

#if LIE == 16
static void
early(void)
{
	say("begins", LIE);
	ask_sign(1, KEY_ENVELOPE, "3f2b8c1e-4a5d-4e6f-8a9b-0c1d2e3f4a5b", 3,
	    10);
}
#endif

/* To be signed as the node's own record. */
static void
ask_record(uint32_t id, const char *addr)
{
	struct bytes o = { .n = 0 };

	put_uint(&o, KEY_PEER_RECORD, 1);
	put_uint(&o, 0, 8);
	put_uint(&o, 0, 8);
	put_uint(&o, 1, 1);
	put_text(&o, 2, addr);
	message_send(CHAN_PARENT, IMSG_KEY_SIGN, id, o.b, o.n);
}

/* To the hub, as if it were logged. */
static void
tell_event(const char *fields)
{
	struct bytes o = { .n = 0 };

	if (hub_fd < 0 || hub_fd >= (int)(sizeof(sent) / sizeof(*sent)))
		leave("no link to the hub");
	put_uint(&o, EV_CLOCK_OFF, 2);
	put_uint(&o, LOG_LVL_WARN, 1);
	put_uint(&o, 0, 8);
	put_uint(&o, 1, 8);
	put_uint(&o, 0, 8);
	put_text(&o, 2, fields);
	message_send(hub_fd, IMSG_EVENT, 0, o.b, o.n);
}

/* For no purpose there is, so each is refused at once. */
static void
ask_for_ever(void)
{
	static struct bytes o;

	for (int i = 0; i < ASKED; i++) {
		struct imsg_hdr h = { .type = IMSG_KEY_SIGN, .len = 5,
		    .seq = sent[CHAN_PARENT]++ };

		put(&o, &h, sizeof(h));
		put(&o, "\143\0\0\0", 5);
		if (o.n < sizeof(o.b) - sizeof(h) - 5)
			continue;
		send_all(CHAN_PARENT, o.b, o.n);
		o.n = 0;
	}
	say("asked", ASKED);
}

static void
lie(struct message *m)
{
	const char *uuid = "3f2b8c1e-4a5d-4e6f-8a9b-0c1d2e3f4a5b";

	switch (LIE) {
	case 11:	/* gossipd, for a purpose not its own, or badly */
		ask_sign(1, KEY_ENVELOPE, uuid, 3, 10);		/* the control */
		ask_sign(2, KEY_ENVELOPE, uuid, 1000, 10);
		ask_sign(3, KEY_ENVELOPE, "not-a-uuid", 3, 10);
		ask_sign(4, KEY_ENVELOPE, "", 3, 10);
		ask_sign(5, KEY_ENVELOPE,
		    "3F2B8C1E-4A5D-4E6F-8A9B-0C1D2E3F4A5B", 3, 10);
		ask_sign(6, KEY_ENTRY, uuid, 3, 10);
		ask_sign(7, 99, uuid, 3, 10);
		ask_record(8, "no address");
		break;
	case 12:	/* the hub, for anything */
		ask_sign(1, KEY_ENVELOPE, uuid, 3, 10);
		break;
	case 13:	/* gossipd, the handshake's static key */
		message_send(CHAN_PARENT, IMSG_KEY_DH, 1, uuid, 32);
		break;
	case 18:	/* any, an event that would write on terminals */
		tell_event("id=\x1b]0;owned\x07 text=\"a\nforged line\"");
		break;
	case 16:	/* did it before it was set up */
		break;
	case 14:	/* gossipd, for ever, and reads no answer */
		ask_for_ever();
		break;
	case 15:	/* any, a descriptor for the parent to keep */
		message_smuggle(CHAN_PARENT, IMSG_PONG, "\0\0\0\0\0\0\0", 8);
		break;
	}
	for (;;)
		listen_on(m, CHAN_PARENT, "parent", 60000);
}

#endif

int
main(void)
{
	static uint8_t body[BODY_MAX];
	struct message m = { .body = body };

	if (sodium_init() == -1)
		return 1;
#if LIE == 16
	early();	/* as if it were set up */
#endif
	set_up(&m);
	say("begins", LIE);
	lie(&m);
	return 0;
}
