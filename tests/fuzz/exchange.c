/* SPDX-License-Identifier: MIT */
/*
 * Feeds: a peer exchange of wire v1.
 * Holds: no more than EXCHANGE_MAX peers are handed out, none of a refused
 * exchange; texts are UTF-8; what was handed out, written as an exchange and
 * read again, is handed out again as it was.
 * Reads with: proto/message.c proto/checked.c proto/wire.c
 */
#include "common/cursor.h"
#include "common/text.h"
#include "fuzz.h"
#include "proto/arena.h"
#include "proto/message.h"

struct told {
	size_t		 n;
	struct wbuf	 out;
};

static void
each_cb(const struct peer_msg *p, void *arg)
{
	struct told *t = arg;

	HOLDS(++t->n <= EXCHANGE_MAX);
	HOLDS(utf8_valid(p->node_id.p, p->node_id.n));
	HOLDS(utf8_valid(p->addr.p, p->addr.n));
	exchange_write(&t->out, p, 1);
}

static bool
read_all(struct told *t, const void *p, size_t size, size_t *total)
{
	struct arena a;
	bool ok;

	t->n = 0;
	wbuf_init(&t->out, 4u * 1024 * 1024);
	arena_init(&a, MESSAGE_ARENA);
	ok = exchange_read(&a, p, size, total, each_cb, t);
	arena_free(&a);
	HOLDS(ok ? t->n <= *total : t->n == 0);
	HOLDS(t->out.len <= size);
	return ok;
}

FUZZ_TARGET(exchange)(const uint8_t *data, size_t size)
{
	struct told t, again;
	size_t total;

	if (read_all(&t, data, size, &total)) {
		HOLDS(read_all(&again, t.out.p, t.out.len, &total));
		HOLDS(again.n == t.n && total == t.n);
		HOLDS(fuzz_same(t.out.p, t.out.len, again.out.p,
		    again.out.len));
		wbuf_free(&again.out);
	}
	wbuf_free(&t.out);
	return 0;
}
