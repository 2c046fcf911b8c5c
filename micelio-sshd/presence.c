/* SPDX-License-Identifier: MIT */
/*
 * Who is in the partyline of other nodes: when to ask, when to say who is
 * here, and when to forget.  Pure; announce.c carries the words.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nick.h"
#include "nodeid.h"
#include "presence.h"

#define NEVER	UINT64_MAX

void
presence_init(struct presence *p)
{
	memset(p, 0, sizeof(*p));
	TAILQ_INIT(&p->list);
	p->due = p->ask = NEVER;
}

static void
node_free(struct presence *p, struct present_node *x)
{
	TAILQ_REMOVE(&p->list, x, entry);
	p->nnodes--;
	p->npeople -= x->n;
	free(x->v);
	free(x);
}

void
presence_free(struct presence *p)
{
	while (!TAILQ_EMPTY(&p->list))
		node_free(p, TAILQ_FIRST(&p->list));
}

/* At now + SOON, but not before so long after our last word. */
static void
say_by(struct presence *p, uint64_t now, uint64_t every)
{
	uint64_t at = now + PRESENCE_SOON_MS;

	if (p->said != 0 && p->said + every > at)
		at = p->said + every;
	if (at < p->due)
		p->due = at;
}

void
presence_changed(struct presence *p, uint64_t now)
{
	say_by(p, now, PRESENCE_EVERY_MS);
}

static void
doubt(struct presence *p, uint64_t now)
{
	struct present_node *x;

	TAILQ_FOREACH(x, &p->list, entry)
		if (x->until > now + PRESENCE_DOUBT_MS)
			x->until = now + PRESENCE_DOUBT_MS;
}

void
presence_asked(struct presence *p, uint64_t now)
{
	doubt(p, now);
	if (p->told)
		say_by(p, now, PRESENCE_ANSWER_MS);
}

void
presence_linked(struct presence *p, uint64_t now)
{
	p->complete = false;
	if (p->told)
		say_by(p, now, PRESENCE_ANSWER_MS);
}

void
presence_want(struct presence *p, uint64_t now)
{
	uint64_t at = now;

	if (p->asked != 0 && p->asked + PRESENCE_ASK_MS > at)
		at = p->asked + PRESENCE_ASK_MS;
	if (at < p->ask)
		p->ask = at;
}

static bool
say_now(struct presence *p, uint64_t now, unsigned int people)
{
	/* That the last one went is said once. */
	bool say = people > 0 || p->told;

	p->told = people > 0;
	p->due = people > 0 ? now + PRESENCE_REFRESH_MS : NEVER;
	if (say)
		p->said = now;
	return say;
}

unsigned int
presence_tick(struct presence *p, uint64_t now, unsigned int people)
{
	struct present_node *x, *next;
	unsigned int todo = 0;

	TAILQ_FOREACH_SAFE(x, &p->list, entry, next)
		if (x->until <= now)
			node_free(p, x);
	if (p->ask <= now) {
		p->ask = NEVER;
		p->asked = now;
		p->complete = true;
		doubt(p, now);
		todo |= PRESENCE_ASK;
	}
	if (p->due <= now && say_now(p, now, people))
		todo |= PRESENCE_SAY;
	return todo;
}

uint64_t
presence_next(const struct presence *p)
{
	const struct present_node *x;
	uint64_t at = p->due < p->ask ? p->due : p->ask;

	TAILQ_FOREACH(x, &p->list, entry)
		if (x->until < at)
			at = x->until;
	return at;
}

static struct present_node *
find(const struct presence *p, const char *short_id)
{
	struct present_node *x;
	char hex[NODEID_SHORT + 1];

	TAILQ_FOREACH(x, &p->list, entry)
		if (strcmp(nodeid_short(&x->id, hex), short_id) == 0)
			return x;
	return NULL;
}

const struct present_node *
presence_find(const struct presence *p, const char *short_id)
{
	return find(p, short_id);
}

void
presence_gone(struct presence *p, const char *short_id)
{
	struct present_node *x = find(p, short_id);

	if (x != NULL)
		node_free(p, x);
}

void
presence_label(const struct presence *p, const char *short_id,
    char out[PRESENCE_LABEL_MAX])
{
	const struct present_node *x = find(p, short_id);
	size_t n, i;

	n = (size_t)snprintf(out, PRESENCE_LABEL_MAX, "%s",
	    x == NULL || x->name[0] == '\0' ? short_id : x->name);
	if (x == NULL || x->n == 0)
		return;
	for (i = 0; i < x->n && i < PRESENCE_NAMED_MAX; i++)
		n += (size_t)snprintf(out + n, PRESENCE_LABEL_MAX - n, "%s%s",
		    i == 0 ? " (" : ", ", x->v[i].nick);
	if (x->total > i)
		n += (size_t)snprintf(out + n, PRESENCE_LABEL_MAX - n,
		    " and %llu more", (unsigned long long)(x->total - i));
	(void)snprintf(out + n, PRESENCE_LABEL_MAX - n, ")");
}

/* The same person, as far as two words about them tell. */
static bool
is_same(const struct present_node *x, const struct present *v,
    const struct nodeid *id, const uint8_t *key)
{
	if (key != NULL && v->has_key)
		return memcmp(v->key, key, sizeof(v->key)) == 0;
	return key == NULL && !v->has_key && nodeid_equal(&x->id, id);
}

bool
presence_other(const struct presence *p, const struct nodeid *id,
    const char *nick, const uint8_t *key)
{
	const struct present_node *x;
	uint64_t hash = nick_hash(nick);

	TAILQ_FOREACH(x, &p->list, entry)
		for (size_t i = 0; i < x->n; i++)
			if (x->v[i].hash == hash &&
			    !is_same(x, &x->v[i], id, key))
				return true;
	return false;
}
