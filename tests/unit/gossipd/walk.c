/* SPDX-License-Identifier: MIT */
#include "common/imsg_types.h"
#include "micelio-gossipd/book.h"
#include "micelio-gossipd/core.h"
#include "micelio-gossipd/session.h"
#include "walk.h"

void
fake_hear(struct fake *f, const struct ident *i, const char *addr,
    uint64_t seen)
{
	struct book_peer r = { .has_key = true, .reachable = true };

	r.id = i->id;
	memcpy(r.pubkey, i->pub, 32);
	strcpy(r.addr, addr);
	r.last_seen = seen;
	book_hearsay(f->g, &r);
}

void
fake_walk(struct fake *f, uint64_t ms)
{
	for (; ms >= 10; ms -= 10)
		fake_pass(f, 10);
}

void
fake_awake(struct fake *f, uint64_t ms)
{
	struct session *s;

	for (; ms >= 500; ms -= 500) {
		fake_pass(f, 500);
		TAILQ_FOREACH(s, &f->g->ready, ready_entry)
			s->rx_at = f->now.mono;
	}
}

void
fake_dials_fail(struct fake *f, size_t from)
{
	size_t i;

	for (i = from; i < f->ndials; i++)
		gossip_dial_failed(f->g, f->now, f->dials[i].num,
		    DOWN_REFUSED, "");
}

struct ident
fake_know(struct fake *f, unsigned int n, uint64_t last_seen)
{
	struct book_peer r = { .has_key = true, .reachable = true };
	struct ident i;

	ident_make(&i, n);
	r.id = i.id;
	memcpy(r.pubkey, i.pub, 32);
	r.last_seen = last_seen;
	snprintf(r.addr, sizeof(r.addr), "8.%u.%u.1:4000", n / 200 + 1,
	    n % 200 + 1);
	gossip_peer_record(f->g, &r);
	return i;
}
