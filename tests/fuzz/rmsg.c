/* SPDX-License-Identifier: MIT */
/*
 * Feeds: a Reconcile of the map, as a link carries it.
 * Holds: what rmsg_read() finds good can be read to its end, part by part,
 * within its limits; written again of its parts it reads as the same bytes.
 * Reads with: proto/rmsg.c proto/entry.c
 */
#include "common/cursor.h"
#include "fuzz.h"
#include "proto/rmsg.h"

#define ROOM	(4u * RMSG_MAX)

static void
symbols(const struct rmsg *m, struct wbuf *body)
{
	const struct rmsg_symbols *s = &m->u.symbols;
	struct slice counts = s->counts;
	struct rmsg_symbols again = *s;
	struct wbuf w;

	HOLDS(s->k <= RMSG_MAX / RMSG_CELL && s->salt != NULL);
	wbuf_init(&w, ROOM);
	for (size_t i = 0; i < s->k; i++) {
		int64_t n = rmsg_next_count(&counts);

		HOLDS(n >= -RMSG_COUNT_MAX && n <= RMSG_COUNT_MAX);
		rmsg_put_count(&w, n);
	}
	HOLDS(counts.n == 0);
	again.counts = (struct slice){ w.p, w.len };
	rmsg_put_symbols(body, &again);
	wbuf_free(&w);
}

static void
ranges(const struct rmsg *m, struct wbuf *body)
{
	struct rmsg_range r;
	struct wire w;

	rmsg_parts(m, &w);
	while (rmsg_next_range(&w, &r)) {
		HOLDS(r.kind <= 2);
		HOLDS(r.kind != 2 || (r.data.n % ENTRY_ID_LEN == 0 &&
		    r.data.n <= RMSG_IDS_MAX * ENTRY_ID_LEN));
		rmsg_put_range(body, &r);
	}
	HOLDS(!w.bad);
}

static void
entries(const struct rmsg *m, struct wbuf *body)
{
	struct entry e;
	struct wire w;

	rmsg_parts(m, &w);
	while (rmsg_next_entry(&w, &e)) {
		HOLDS(e.key.n >= 1 && e.key.n <= ENTRY_KEY_MAX);
		HOLDS(e.author.n == ENTRY_AUTHOR_LEN);
		rmsg_put_entry(body, &e);
	}
	HOLDS(!w.bad);
}

static void
write_again(const struct rmsg *m, struct wbuf *out)
{
	struct wbuf body;

	wbuf_init(&body, ROOM);
	HOLDS(m->ids.n % RMSG_PREFIX == 0);
	switch (m->op) {
	case RMSG_OPEN:		rmsg_put_open(&body, &m->u.open); break;
	case RMSG_SYMBOLS:	symbols(m, &body); break;
	case RMSG_MORE:		rmsg_put_more(&body, &m->u.more); break;
	case RMSG_RANGES:	ranges(m, &body); break;
	case RMSG_NEED:
		rmsg_put_prefixes(&body, false, m->ids.p, m->ids.n);
		break;
	case RMSG_ENTRIES:
		entries(m, &body);
		rmsg_put_prefixes(&body, true, m->ids.p, m->ids.n);
		break;
	case RMSG_DONE:		rmsg_put_done(&body, &m->u.done); break;
	default:		HOLDS(!"an op of the format");
	}
	if (body.len <= RMSG_BODY_MAX)
		rmsg_write(out, m->session, m->from_opener, m->op, body.p,
		    body.len);
	wbuf_free(&body);
}

FUZZ_TARGET(rmsg)(const uint8_t *data, size_t size)
{
	struct rmsg m, back;
	struct wbuf once, twice;

	if (!rmsg_read(&m, data, size))
		return 0;
	HOLDS(size <= RMSG_MAX);
	wbuf_init(&once, ROOM);
	wbuf_init(&twice, ROOM);
	write_again(&m, &once);
	if (once.len > 0) {
		HOLDS(rmsg_read(&back, once.p, once.len));
		HOLDS(back.op == m.op && back.session == m.session &&
		    back.from_opener == m.from_opener);
		write_again(&back, &twice);
		HOLDS(fuzz_same(once.p, once.len, twice.p, twice.len));
	}
	wbuf_free(&once);
	wbuf_free(&twice);
	return 0;
}
