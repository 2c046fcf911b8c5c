/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mtime.h"
#include "peer.h"

void
peer_init(struct rig_peer *p, struct rig *r, int fd, const uint8_t key[32])
{
	memset(p, 0, sizeof(*p));
	p->rig = r;
	p->fd = fd;
	p->key = rig_key(key, p->pub);
}

void
peer_free(struct rig_peer *p)
{
	noise_clear(&p->noise);
	noise_cipher_clear(&p->tx);
	noise_cipher_clear(&p->rx);
	EVP_PKEY_free(p->key);
	close(p->fd);
}

/* What of it a read or write did; for none, a turn of the loop. */
static size_t
went(struct rig_peer *p, ssize_t k, uint64_t end)
{
	if (k <= 0)
		rig_turn(p->rig);
	assert_true(mono_ms() < end);
	return k > 0 ? (size_t)k : 0;
}

void
peer_write(struct rig_peer *p, const void *data, size_t n)
{
	const uint8_t *b = data;
	uint64_t end = mono_ms() + RIG_WAIT_MS;
	size_t done;
	ssize_t k;

	while (n > 0) {
		k = write(p->fd, b, n);
		if (k == -1 && errno != EAGAIN)
			return;		/* closed: the test looks elsewhere */
		done = went(p, k, end);
		b += done;
		n -= done;
	}
}

void
peer_read(struct rig_peer *p, void *data, size_t n)
{
	uint8_t *b = data;
	uint64_t end = mono_ms() + RIG_WAIT_MS;
	size_t done;
	ssize_t k;

	while (n > 0) {
		k = read(p->fd, b, n);
		if (k == 0 || (k == -1 && errno != EAGAIN))
			fail_msg("connection ended with %zu bytes to come", n);
		done = went(p, k, end);
		b += done;
		n -= done;
	}
}

void
peer_expect_eof(struct rig_peer *p)
{
	uint64_t end = mono_ms() + RIG_WAIT_MS;
	uint8_t waste[4096];
	ssize_t k;

	while ((k = read(p->fd, waste, sizeof(waste))) != 0) {
		if (k == -1 && errno != EAGAIN)
			return;		/* reset: as good */
		if (k == -1)
			rig_turn(p->rig);
		assert_true(mono_ms() < end);
	}
}

static void
noise_begin(struct rig_peer *p, enum noise_role role, const uint8_t *eph)
{
	uint8_t own[32];

	arc4random_buf(own, sizeof(own));
	assert_true(noise_init(&p->noise, &p->rig->t->crypto, role, p->pub,
	    eph != NULL ? eph : own, NULL, 0));
}

static void
noise_out(struct rig_peer *p)
{
	uint8_t msg[2 + NOISE_MSG2_LEN], secret[32];
	size_t n;

	if (p->noise.want == NOISE_WANT_DH) {
		assert_true(noise_x25519(p->key, p->noise.re, secret));
		(void)noise_dh(&p->noise, secret);
	}
	n = noise_write(&p->noise, NULL, 0, msg + 2, NOISE_MSG2_LEN);
	assert_true(n > 0);
	msg[0] = 0;
	msg[1] = (uint8_t)n;
	peer_write(p, msg, n + 2);
}

static void
noise_in(struct rig_peer *p)
{
	uint8_t msg[256];

	peer_read(p, msg, 2);
	assert_int_equal(msg[0], 0);
	peer_read(p, msg + 2, msg[1]);
	assert_int_not_equal(noise_read(&p->noise, msg + 2, msg[1]),
	    NOISE_FAILED);
}

static void
noise_end(struct rig_peer *p)
{
	assert_int_equal(p->noise.want, NOISE_READY);
	memcpy(p->hash, p->noise.h, 32);
	memcpy(p->remote, p->noise.rs, 32);
	assert_true(noise_split(&p->noise, &p->tx, &p->rx));
}

void
peer_initiate(struct rig_peer *p, const uint8_t eph[32])
{
	noise_begin(p, NOISE_INITIATOR, eph);
	noise_out(p);
	noise_in(p);
	noise_out(p);
	noise_end(p);
}

void
peer_respond(struct rig_peer *p, const uint8_t eph[32])
{
	noise_begin(p, NOISE_RESPONDER, eph);
	noise_in(p);
	noise_out(p);
	noise_in(p);
	noise_end(p);
}

void
peer_seal(struct rig_peer *p, const void *plain, size_t n)
{
	uint8_t *buf = malloc(4 + n + NOISE_TAG);

	assert_non_null(buf);
	for (size_t i = 0; i < 4; i++)
		buf[i] = (uint8_t)((n + NOISE_TAG) >> (24 - 8 * i));
	if (n > 0)
		memcpy(buf + 4, plain, n);
	assert_true(noise_seal(&p->tx, buf + 4, n));
	peer_write(p, buf, 4 + n + NOISE_TAG);
	free(buf);
}

void
peer_frame(struct rig_peer *p, const void *payload, size_t n)
{
	uint8_t *buf = malloc(FRAME_HEADER + n);

	assert_non_null(buf);
	frame_header(buf, n);
	if (n > 0)
		memcpy(buf + FRAME_HEADER, payload, n);
	peer_seal(p, buf, FRAME_HEADER + n);
	free(buf);
}

size_t
peer_open(struct rig_peer *p, uint8_t *buf, size_t size)
{
	uint8_t head[4];
	size_t n;

	peer_read(p, head, 4);
	n = (size_t)head[0] << 24 | (size_t)head[1] << 16 |
	    (size_t)head[2] << 8 | head[3];
	assert_true(n >= NOISE_TAG && n <= size);
	peer_read(p, buf, n);
	assert_true(noise_open(&p->rx, buf, n));
	return n - NOISE_TAG;
}

struct rig_session *
peer_join(struct rig_peer *p, struct rig *r)
{
	size_t had = r->sessions;
	struct rig_session *s;

	peer_init(p, r, rig_connect(r, "127.0.0.1"), NULL);
	peer_initiate(p, NULL);
	RIG_UNTIL(r, r->sessions == had + 1);
	s = rig_last(r);
	assert_memory_equal(s->hash, p->hash, 32);
	assert_memory_equal(s->remote, p->pub, 32);
	peer_frame(p, "hello", 5);
	RIG_UNTIL(r, s->frames == 1);
	rig_ready(r, s);
	rig_credit(r, s, 1, 5);
	RIG_UNTIL(r, r->t->ready_n > 0 &&
	    session_find(r->t, s->id)->state == SESSION_ESTABLISHED);
	return s;
}
