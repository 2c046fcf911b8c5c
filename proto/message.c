/* SPDX-License-Identifier: MIT */
#include "arena.h"
#include "checked.h"
#include "common/cursor.h"
#include "common/text.h"
#include "message.h"
#include "micelio.pb-c.h"
#include "packed.h"
#include "wire.h"

static bool	entries_good(const void *, size_t, size_t *total);
static bool	entry_good(const uint8_t *, size_t);

bool
hello_read(struct hello_msg *h, struct arena *a, const void *p, size_t n)
{
	Micelio__PeerHello *m;
	struct slice *tags;
	size_t i;

	m = checked_unpack(&micelio__peer_hello__descriptor, a, p, n,
	    CHECKED_TEXT(1) | CHECKED_TEXT(2) | CHECKED_TEXT(3) |
	    CHECKED_TEXT(5));
	if (m == NULL)
		return false;
	if ((tags = arena_take(a, m->n_tags * sizeof(*tags))) == NULL)
		return false;
	for (i = 0; i < m->n_tags; i++)
		tags[i] = packed_slice(m->tags[i]);
	h->node_id = packed_slice(m->node_id);
	h->version = packed_slice(m->version);
	h->listen_addr = packed_slice(m->listen_addr);
	h->pubkey = packed_slice(m->ed25519_pubkey);
	h->tags = tags;
	h->ntags = m->n_tags;
	h->reachable = m->reachable;
	return true;
}

bool
chat_read(struct chat_msg *c, struct arena *a, const void *p, size_t n)
{
	Micelio__ChatMessage *m;

	m = checked_unpack(&micelio__chat_message__descriptor, a, p, n,
	    CHECKED_TEXT(1) | CHECKED_TEXT(2));
	if (m == NULL)
		return false;
	c->nick = packed_slice(m->nick);
	c->text = packed_slice(m->text);
	c->timestamp = m->timestamp;
	c->kind = m->kind;
	c->speaker = packed_slice(m->speaker);
	c->parent = packed_slice(m->parent);
	c->earlier = false;
	if (c->speaker.n != SPEAKER_LEN)
		c->speaker.n = 0;
	if (c->parent.n > ENVELOPE_ID_MAX || !utf8_valid(c->parent.p,
	    c->parent.n))
		c->parent.n = 0;
	return true;
}

bool
peer_read(struct peer_msg *pm, struct arena *a, const void *p, size_t n)
{
	Micelio__PeerInfo *m;

	m = checked_unpack(&micelio__peer_info__descriptor, a, p, n,
	    CHECKED_TEXT(1) | CHECKED_TEXT(2));
	if (m == NULL)
		return false;
	pm->node_id = packed_slice(m->node_id);
	pm->addr = packed_slice(m->addr);
	pm->pubkey = packed_slice(m->ed25519_pubkey);
	pm->reachable = m->reachable;
	pm->last_seen = m->last_seen;
	return true;
}

bool
exchange_read(struct arena *a, const void *p, size_t n, size_t *total,
    void (*each)(const struct peer_msg *, void *), void *arg)
{
	struct wire_field f;
	struct peer_msg pm;
	size_t seen = 0;
	struct wire w;

	if (!entries_good(p, n, total))
		return false;
	wire_init(&w, p, n);
	while (seen < EXCHANGE_MAX && wire_next(&w, &f)) {
		if (f.number != 1 || f.type != WIRE_BYTES)
			continue;
		seen++;
		arena_reset(a);
		if (f.len <= EXCHANGE_ENTRY_MAX &&
		    peer_read(&pm, a, f.bytes, f.len))
			each(&pm, arg);
	}
	return true;
}

static bool
entries_good(const void *p, size_t n, size_t *total)
{
	struct wire_field f;
	struct wire w;

	*total = 0;
	wire_init(&w, p, n);
	while (wire_next(&w, &f)) {
		if (f.number != 1 || f.type != WIRE_BYTES)
			continue;
		if (!entry_good(f.bytes, f.len))
			return false;
		(*total)++;
	}
	return !w.bad;
}

/* The verdict of peer_read() without decoding. */
static bool
entry_good(const uint8_t *p, size_t n)
{
	struct wire_field f;
	struct wire w;

	wire_init(&w, p, n);
	while (wire_next(&w, &f))
		if (f.number <= 2 && f.type == WIRE_BYTES &&
		    !utf8_valid(f.bytes, f.len))
			return false;
	return !w.bad;
}

void
hello_write(struct wbuf *b, const struct hello_msg *h)
{
	Micelio__PeerHello m = MICELIO__PEER_HELLO__INIT;
	ProtobufCBinaryData tags[HELLO_TAGS_MAX];
	size_t i;

	for (i = 0; i < h->ntags && i < HELLO_TAGS_MAX; i++)
		tags[i] = packed_data(h->tags[i]);
	m.node_id = packed_data(h->node_id);
	m.version = packed_data(h->version);
	m.n_tags = i;
	m.tags = tags;
	m.reachable = h->reachable;
	m.listen_addr = packed_data(h->listen_addr);
	m.ed25519_pubkey = packed_data(h->pubkey);
	packed_write(b, &m.base);
}

void
chat_write(struct wbuf *b, const struct chat_msg *c)
{
	Micelio__ChatMessage m = MICELIO__CHAT_MESSAGE__INIT;

	m.nick = packed_data(c->nick);
	m.text = packed_data(c->text);
	m.timestamp = c->timestamp;
	m.kind = c->kind;
	m.speaker = packed_data(c->speaker);
	m.parent = packed_data(c->parent);
	packed_write(b, &m.base);
}

void
peer_write(struct wbuf *b, const struct peer_msg *p)
{
	Micelio__PeerInfo m = MICELIO__PEER_INFO__INIT;

	m.node_id = packed_data(p->node_id);
	m.addr = packed_data(p->addr);
	m.reachable = p->reachable;
	m.ed25519_pubkey = packed_data(p->pubkey);
	m.last_seen = p->last_seen;
	packed_write(b, &m.base);
}

void
exchange_write(struct wbuf *b, const struct peer_msg *p, size_t n)
{
	struct wbuf one;
	size_t i;

	wbuf_init(&one, EXCHANGE_ENTRY_MAX);
	for (i = 0; i < n; i++) {
		wbuf_reset(&one);
		peer_write(&one, &p[i]);
		wire_put_head(b, 1, one.len);
		wbuf_bytes(b, one.p, one.len);
	}
	wbuf_free(&one);
}
