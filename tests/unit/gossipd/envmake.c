/* SPDX-License-Identifier: MIT */
#include <sodium.h>
#include <stdio.h>

#include "common/cursor.h"
#include "common/nodeid.h"
#include "envmake.h"
#include "micelio-gossipd/envelope_out.h"
#include "micelio-gossipd/montgomery.h"
#include "proto/message.h"
#include "proto/talk.h"

struct slice
text_slice(const char *s)
{
	return (struct slice){ (const uint8_t *)s, strlen(s) };
}

void
ident_make(struct ident *i, unsigned int n)
{
	uint8_t seed[32];
	size_t k;

	/* A: 00 01 .. 1f, B: 20 21 .. 3f and so on */
	for (k = 0; k < sizeof(seed); k++)
		seed[k] = (uint8_t)(32 * (n % 8) + k);
	seed[0] = (uint8_t)(seed[0] ^ (n >> 3));
	seed[1] = (uint8_t)(seed[1] ^ (n >> 11));
	assert_int_equal(crypto_sign_seed_keypair(i->pub, i->sec, seed), 0);
	nodeid_from_pubkey(&i->id, i->pub);
	nodeid_hex(&i->id, i->hex);
	assert_true(montgomery_from_edwards(i->pub, 32, i->noise));
}

static uint8_t *
room(void)
{
	static uint8_t bufs[6][FRAME_ROOM];
	static unsigned int next;

	return bufs[next++ % 6];
}

static struct slice
kept(struct wbuf *b)
{
	uint8_t *p = room();
	size_t n = b->len;

	assert_true(n <= FRAME_ROOM);
	if (n > 0)
		memcpy(p, b->p, n);
	wbuf_free(b);
	return (struct slice){ p, n };
}

static struct slice
env_sign(const struct ident *i, struct envelope e, const char *mid,
    bool with_key)
{
	uint8_t sig[64];
	struct wbuf b;

	e.message_id = text_slice(mid);
	e.sender_id = text_slice(i->hex);
	wbuf_init(&b, 2 * FRAME_ROOM);
	envelope_write_signed(&b, &e);
	crypto_sign_detached(sig, NULL, b.p, b.len, i->sec);
	e.signature = (struct slice){ sig, 64 };
	if (with_key)
		e.sender_pubkey = (struct slice){ i->pub, 32 };
	wbuf_reset(&b);
	envelope_write(&b, &e);
	return kept(&b);
}

struct slice
env_make(const struct ident *i, const char *mid, uint32_t type, uint32_t hops,
    struct slice payload, bool with_key)
{
	return env_sign(i, (struct envelope){ .hop_count = hops,
	    .msg_type = type, .payload = payload }, mid, with_key);
}

struct slice
clocked_env(const struct ident *i, const char *mid, uint64_t ms)
{
	return clocked_make(i, mid, ms, chat_make("n", "t", 5));
}

struct slice
clocked_make(const struct ident *i, const char *mid, uint64_t ms,
    struct slice chat)
{
	return env_sign(i, (struct envelope){ .hop_count = 10,
	    .msg_type = MSG_CHAT, .lamport_ts = ms << 16 | 3,
	    .payload = chat }, mid, true);
}

struct slice
chat_make(const char *nick, const char *text, uint64_t unix_s)
{
	struct chat_msg c = { .nick = text_slice(nick),
	    .text = text_slice(text), .timestamp = unix_s };
	struct wbuf b;

	wbuf_init(&b, FRAME_ROOM);
	chat_write(&b, &c);
	return kept(&b);
}

struct slice
room_make(const char *nick, const char *text, uint64_t unix_s)
{
	struct room_msg m = { .room = text_slice("#dev"),
	    .nick = text_slice(nick), .text = text_slice(text),
	    .timestamp = unix_s };
	struct wbuf b;

	wbuf_init(&b, FRAME_ROOM);
	room_msg_write(&b, &m);
	return kept(&b);
}

struct slice
chat_env(const struct ident *i, const char *mid, uint32_t hops)
{
	return env_make(i, mid, MSG_CHAT, hops, chat_make("nick", "text",
	    START_WALL / 1000), true);
}

struct slice
hello_tagged(const struct ident *i, uint32_t type, const char *listen,
    const char *tag)
{
	struct slice tags[2] = { text_slice(tag != NULL ? tag : "") };
	const char *comma = strchr(tag != NULL ? tag : "", ',');
	struct hello_msg h = { .node_id = text_slice(i->hex),
		.version = text_slice("0.1.0"),
		.tags = tags, .ntags = tag != NULL,
		.reachable = listen[0] != '\0',
		.listen_addr = text_slice(listen),
		.pubkey = { i->pub, 32 } };
	struct wbuf b;

	if (comma != NULL) {
		tags[0].n = (size_t)(comma - tag);
		tags[1] = text_slice(comma + 1);
		h.ntags = 2;
	}
	wbuf_init(&b, FRAME_ROOM);
	hello_write(&b, &h);
	return env_make(i, "00000000-0000-4000-8000-0000000000ff", type, 1,
	    kept(&b), false);
}

struct slice
hello_make(const struct ident *i, uint32_t type, const char *listen)
{
	return hello_tagged(i, type, listen, NULL);
}
