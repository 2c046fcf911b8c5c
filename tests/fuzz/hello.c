/* SPDX-License-Identifier: MIT */
/*
 * Feeds: the hello of wire v1.
 * Holds: every text is UTF-8; what is read, written and read again is the
 * same, up to the number of tags that we send, and written no longer.
 * Reads with: proto/message.c proto/checked.c proto/wire.c proto/arena.c
 */
#include "common/cursor.h"
#include "common/text.h"
#include "fuzz.h"
#include "proto/arena.h"
#include "proto/message.h"

static void
same(const struct hello_msg *a, const struct hello_msg *b)
{
	size_t n = a->ntags < HELLO_TAGS_MAX ? a->ntags : HELLO_TAGS_MAX;

	HOLDS(fuzz_same(a->node_id.p, a->node_id.n, b->node_id.p,
	    b->node_id.n));
	HOLDS(fuzz_same(a->version.p, a->version.n, b->version.p,
	    b->version.n));
	HOLDS(fuzz_same(a->listen_addr.p, a->listen_addr.n, b->listen_addr.p,
	    b->listen_addr.n));
	HOLDS(fuzz_same(a->pubkey.p, a->pubkey.n, b->pubkey.p, b->pubkey.n));
	HOLDS(a->reachable == b->reachable && b->ntags == n);
	for (size_t i = 0; i < n; i++)
		HOLDS(fuzz_same(a->tags[i].p, a->tags[i].n, b->tags[i].p,
		    b->tags[i].n));
}

static void
texts(const struct hello_msg *h)
{
	HOLDS(utf8_valid(h->node_id.p, h->node_id.n));
	HOLDS(utf8_valid(h->version.p, h->version.n));
	HOLDS(utf8_valid(h->listen_addr.p, h->listen_addr.n));
	for (size_t i = 0; i < h->ntags; i++)
		HOLDS(utf8_valid(h->tags[i].p, h->tags[i].n));
}

FUZZ_TARGET(hello)(const uint8_t *data, size_t size)
{
	struct hello_msg h, back;
	struct arena a, b;
	struct wbuf out;

	arena_init(&a, MESSAGE_ARENA);
	arena_init(&b, MESSAGE_ARENA);
	wbuf_init(&out, 4u * 1024 * 1024);
	if (hello_read(&h, &a, data, size)) {
		HOLDS(a.used <= a.size);
		texts(&h);
		hello_write(&out, &h);
		HOLDS(out.len <= size);
		HOLDS(hello_read(&back, &b, out.p, out.len));
		same(&h, &back);
	}
	wbuf_free(&out);
	arena_free(&a);
	arena_free(&b);
	return 0;
}
