/* SPDX-License-Identifier: MIT */
/* What people said, who got it, when and how often. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/imsg_types.h"
#include "common/log.h"
#include "proto/envelope.h"
#include "sim.h"

#define MSGS_MAX	1000000u
#define NAMES_FIRST	1024u

uint32_t
track_new(struct world *w, struct node *author, uint32_t size)
{
	struct msg *m;

	if (w->nmsg == w->msg_cap) {
		w->msg_cap = w->msg_cap > 0 ? w->msg_cap * 2 : 256;
		w->msg = reallocarray(w->msg, w->msg_cap, sizeof(*w->msg));
		if (w->msg == NULL || w->msg_cap > MSGS_MAX)
			fatalx("too many messages");
	}
	m = &w->msg[w->nmsg];
	memset(m, 0, sizeof(*m));
	m->at = w->now;
	m->author = author->i;
	m->author_life = author->life;
	m->size = size;
	m->hops = xcalloc(w->n, 1);
	m->hops[author->i] = 1;
	m->count = 1;
	return w->nmsg++;
}

void
track_refused(struct world *w, uint32_t msg)
{
	w->msg[msg].refused = true;
}

static size_t
name_at(const struct world *w, uint64_t h)
{
	size_t i = h & (w->names_cap - 1);

	while (w->names[i] != 0 && w->msg[w->names[i] - 1].id_hash != h)
		i = (i + 1) & (w->names_cap - 1);
	return i;
}

static void
names_grow(struct world *w)
{
	uint32_t i;

	free(w->names);
	w->names_cap = w->names_cap > 0 ? w->names_cap * 2 : NAMES_FIRST;
	w->names = xcalloc(w->names_cap, sizeof(*w->names));
	for (i = 0; i < w->nmsg; i++)
		if (w->msg[i].named)
			w->names[name_at(w, w->msg[i].id_hash)] = i + 1;
}

void
track_name(struct world *w, uint32_t msg, const void *id, size_t len)
{
	struct msg *m = &w->msg[msg];

	if (w->names_cap < 2 * ((size_t)w->nmsg + 1))
		names_grow(w);
	m->id_hash = hash64(2, id, len);
	m->named = true;
	w->names[name_at(w, m->id_hash)] = msg + 1;
}

uint32_t
track_find(const struct world *w, struct slice id)
{
	if (w->names_cap == 0)
		return NO_MSG;
	return w->names[name_at(w, hash64(2, id.p, id.n))] - 1;
}

const char *
track_text(const struct world *w, uint32_t msg, size_t *len)
{
	static char text[CHAT_TEXT_MAX + 1];
	size_t size = w->msg[msg].size;
	int n;

	if (size > CHAT_TEXT_MAX)
		size = CHAT_TEXT_MAX;
	n = snprintf(text, sizeof(text), "m%u ", msg);
	if ((size_t)n < size)
		memset(text + n, '.', size - (size_t)n);
	*len = size > (size_t)n ? size : (size_t)n;
	return text;
}

static void
phase_delivered(struct world *w, const struct msg *m, uint8_t hops)
{
	uint64_t us = w->now - m->at, ms = us / US_PER_MS;
	struct phase *p;
	uint32_t i;

	for (i = 0; i < w->sc->nspan; i++) {
		if (m->at < w->sc->span[i].from || m->at >= w->sc->span[i].to)
			continue;
		p = &w->phase[i];
		p->latency[ms < LATENCY_SLOTS ? ms : LATENCY_SLOTS - 1]++;
		if (us > p->lat_max)
			p->lat_max = us;
		if (hops > p->hops_max)
			p->hops_max = hops;
	}
}

void
track_delivered(struct world *w, struct node *n, struct slice id,
    struct slice text)
{
	uint32_t i = track_find(w, id);
	const char *want;
	struct msg *m;
	uint32_t hops;
	size_t len;

	world_hash(w, hash64(n->i, id.p, id.n));
	if (i == NO_MSG) {
		w->total.strange++;
		return;
	}
	m = &w->msg[i];
	want = track_text(w, i, &len);
	if (text.n != len || memcmp(text.p, want, len) != 0) {
		w->total.wrong++;
		world_broken(w, "content", "node %u was given another text "
		    "for message %u", n->i, i);
	}
	if (m->hops[n->i] != 0 && n->born <= m->at) {
		w->total.twice++;
		world_broken(w, "twice", "node %u got message %u again", n->i,
		    i);
	}
	if (m->hops[n->i] != 0)
		return;
	hops = n->from < w->n ? m->hops[n->from] : 0;
	if (hops > HOPS_MAX)
		hops = HOPS_MAX;
	m->hops[n->i] = (uint8_t)(hops + 1);
	m->count++;
	if (n->byz != NULL)
		return;
	m->got++;
	if (hops > m->longest)
		m->longest = (uint8_t)hops;
	phase_delivered(w, m, (uint8_t)hops);
}

static bool
is_control(const struct frame *f)
{
	return f->type != MSG_HELLO && f->type != MSG_HELLO_ACK &&
	    f->type != MSG_CHAT;
}

void
track_arrived(struct world *w, const struct frame *f)
{
	uint32_t i;

	if (f->msg != NO_MSG) {
		w->msg[f->msg].copies++;
		return;
	}
	if (!is_control(f))
		return;
	w->total.control_frames++;
	w->total.control_bytes += f->len;
	for (i = 0; i < w->sc->nspan; i++) {
		if (w->now < w->sc->span[i].from ||
		    w->now >= w->sc->span[i].to)
			continue;
		w->phase[i].control += f->control;
		w->phase[i].upkeep += f->upkeep;
		w->phase[i].notes += f->control > 0;
		w->phase[i].pings += f->ping;
	}
}

void
track_lived(struct world *w, const struct node *n)
{
	uint64_t from, to;
	uint32_t i;

	if (n->persona != IS_CORE || n->byz != NULL)
		return;
	for (i = 0; i < w->sc->nspan; i++) {
		from = n->born > w->sc->span[i].from ? n->born :
		    w->sc->span[i].from;
		to = w->now < w->sc->span[i].to ? w->now : w->sc->span[i].to;
		if (to > from)
			w->phase[i].lived += to - from;
	}
}

/* The author may have gone before it told anybody. */
static bool
was_told(const struct world *w, const struct msg *m)
{
	const struct node *a = &w->node[m->author];
	uint32_t i;

	if (!m->named || m->refused)
		return false;
	if (a->alive && a->life == m->author_life)
		return true;
	for (i = 0; i < w->n; i++)
		if (i != m->author && m->hops[i] != 0 && w->node[i].alive &&
		    w->node[i].byz == NULL)
			return true;
	return false;
}

static void
judge(struct world *w, uint32_t i)
{
	const struct msg *m = &w->msg[i];
	uint64_t wanted = 0, missed = 0;
	const struct node *n;
	struct phase *p;
	uint32_t k;

	for (k = 0; k < w->n; k++) {
		n = &w->node[k];
		if (!n->alive || n->byz != NULL || n->joined > m->at ||
		    k == m->author)
			continue;
		wanted++;
		if (m->hops[k] != 0)
			continue;
		missed++;
		if (w->nlack < LACKS_MAX)
			w->lack[w->nlack++] = (struct lack){ i, k };
	}
	for (k = 0; k < w->sc->nspan; k++) {
		if (m->at < w->sc->span[k].from || m->at >= w->sc->span[k].to)
			continue;
		p = &w->phase[k];
		p->messages++;
		p->wanted += wanted;
		p->missed += missed;
		p->delivered += wanted - missed;
		p->got += m->got;
		p->copies += m->copies;
		p->longest += m->longest;
		p->all += missed == 0;
	}
}

void
track_judge(struct world *w)
{
	uint32_t i;

	suspects_judge(w);
	for (i = 0; i < w->n; i++)
		if (w->node[i].alive)
			track_lived(w, &w->node[i]);
	for (i = 0; i < w->nmsg; i++)
		if (w->msg[i].at + w->sc->promise <= w->now &&
		    was_told(w, &w->msg[i]))
			judge(w, i);
}

void
track_free(struct world *w)
{
	uint32_t i;

	for (i = 0; i < w->nmsg; i++)
		free(w->msg[i].hops);
	free(w->msg);
	free(w->names);
}
