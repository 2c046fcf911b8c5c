/* SPDX-License-Identifier: MIT */
/*
 * Connections counted: those not logged in yet, those that are, and from
 * where.  At most a thousand, so plain lists do.
 */
#include "addr.h"
#include "budget.h"

void
budget_init(struct budget *b)
{
	TAILQ_INIT(&b->list);
	b->unfinished = b->finished = b->leaving = 0;
}

/* The oldest unfinished one of the network that holds most of them. */
static uint32_t
victim_find(const struct budget *b)
{
	const struct budget_entry *e, *o, *best = NULL;
	unsigned int n, most = 0;

	TAILQ_FOREACH(e, &b->list, entry) {
		if (e->finished || e->dropped)
			continue;
		n = 0;
		TAILQ_FOREACH(o, &b->list, entry)
			n += !o->finished && !o->dropped && o->net == e->net;
		if (n > most) {		/* the first seen is the oldest */
			most = n;
			best = e;
		}
	}
	return best == NULL ? 0 : best->id;
}

/* The oldest unfinished one of an address; 0: all are logged in. */
static uint32_t
victim_of(const struct budget *b, uint64_t host)
{
	const struct budget_entry *e;

	TAILQ_FOREACH(e, &b->list, entry)
		if (!e->finished && !e->dropped && e->host == host)
			return e->id;
	return 0;
}

/*
 * One that says nothing makes way for the next from its address: on loopback
 * all share one, and silence must not keep the others out.
 */
const char *
budget_admit(const struct budget *b, const struct addr *a,
    unsigned int max_sessions, unsigned int max_per_address,
    uint32_t *victim)
{
	const struct budget_entry *e;
	uint64_t host = addr_host_key(a);
	unsigned int n = 0;

	*victim = 0;
	TAILQ_FOREACH(e, &b->list, entry)
		n += !e->dropped && e->host == host;
	if (b->finished >= max_sessions)
		return "max-sessions";
	if (n >= max_per_address) {
		*victim = victim_of(b, host);
		return *victim == 0 ? "max-per-address" : NULL;
	}
	if (b->unfinished >= SSH_UNFINISHED_MAX)
		*victim = victim_find(b);
	return NULL;
}

void
budget_add(struct budget *b, struct budget_entry *e, uint32_t id,
    const struct addr *a)
{
	e->id = id;
	e->host = addr_host_key(a);
	e->net = addr_net_key(a);
	e->finished = e->leaving = e->dropped = false;
	b->unfinished++;
	TAILQ_INSERT_TAIL(&b->list, e, entry);
}

const char *
budget_finish(struct budget *b, struct budget_entry *e,
    unsigned int max_sessions)
{
	if (b->finished >= max_sessions)
		return "max-sessions";
	e->finished = true;
	b->unfinished--;
	b->finished++;
	return NULL;
}

void
budget_drop(struct budget *b, struct budget_entry *e)
{
	if (e->dropped)
		return;
	e->dropped = true;
	if (e->finished)
		b->finished--;
	else
		b->unfinished--;
}

void
budget_leave(struct budget *b, struct budget_entry *e)
{
	if (!e->finished || e->dropped || b->leaving >= SSH_LEAVING_MAX)
		return;
	e->leaving = true;
	b->leaving++;
	budget_drop(b, e);
}

void
budget_remove(struct budget *b, struct budget_entry *e)
{
	budget_drop(b, e);
	b->leaving -= e->leaving;
	TAILQ_REMOVE(&b->list, e, entry);
}
