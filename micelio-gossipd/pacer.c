/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "pacer.h"
#include "proto/envelope.h"

static struct paced	*take(struct pacer *, struct paced *);

void
pacer_init(struct pacer *p, uint64_t now_ms)
{
	int c;

	bucket_init(&p->bucket, PACER_BURST, now_ms);
	for (c = 0; c < PACE_CLASSES; c++)
		STAILQ_INIT(&p->queue[c]);
	p->n = p->bytes = 0;
	p->rate = PACER_RATE;
	p->burst = PACER_BURST;
}

void
pacer_rate(struct pacer *p, uint32_t rate, uint32_t burst)
{
	p->rate = rate;
	p->burst = burst;
}

void
pacer_free(struct pacer *p)
{
	struct paced *i;
	int c;

	for (c = 0; c < PACE_CLASSES; c++)
		while ((i = STAILQ_FIRST(&p->queue[c])) != NULL)
			free(take(p, i));
}

/* Does anything go before a newcomer of this class? */
static bool
queued_before(const struct pacer *p, enum pace_class class)
{
	int c;

	for (c = 0; c <= (int)class; c++)
		if (!STAILQ_EMPTY(&p->queue[c]))
			return true;
	return false;
}

bool
pacer_pass(struct pacer *p, enum pace_class class, uint64_t now_ms)
{
	return !queued_before(p, class) && bucket_take(&p->bucket, p->rate,
	    p->burst, 1, now_ms);
}

/* How many leave before a newcomer of this class. */
static size_t
count_before(const struct pacer *p, enum pace_class class)
{
	const struct paced *i;
	size_t n = 0;
	int c;

	for (c = 0; c <= (int)class; c++)
		STAILQ_FOREACH(i, &p->queue[c], entry)
			n++;
	return n;
}

bool
pacer_push(struct pacer *p, enum pace_class class, const void *data,
    size_t len, uint64_t now_ms, uint64_t *wait_ms)
{
	return pacer_push_type(p, class, MSG_CHAT, data, len, now_ms,
	    wait_ms);
}

bool
pacer_push_type(struct pacer *p, enum pace_class class, uint32_t type,
    const void *data, size_t len, uint64_t now_ms, uint64_t *wait_ms)
{
	struct paced *i;

	*wait_ms = bucket_wait(&p->bucket, p->rate, p->burst, 1, now_ms);
	if (p->n >= PACER_ITEMS_MAX || len > PACER_BYTES_MAX - p->bytes)
		return false;
	*wait_ms += count_before(p, class) * 1000 / p->rate;
	i = xcalloc(1, sizeof(*i) + len);
	i->class = class;
	i->type = type;
	i->until = now_ms + PACER_LIFE_MS;
	i->len = len;
	if (len > 0)
		memcpy(i->data, data, len);
	STAILQ_INSERT_TAIL(&p->queue[class], i, entry);
	p->n++;
	p->bytes += len;
	return true;
}

static struct paced *
take(struct pacer *p, struct paced *i)
{
	STAILQ_REMOVE(&p->queue[i->class], i, paced, entry);
	p->n--;
	p->bytes -= i->len;
	return i;
}

struct paced *
pacer_pop(struct pacer *p, uint64_t now_ms)
{
	struct paced *i = NULL;
	int c;

	for (c = 0; c < PACE_CLASSES && i == NULL; c++)
		i = STAILQ_FIRST(&p->queue[c]);
	if (i == NULL || !bucket_take(&p->bucket, p->rate, p->burst, 1,
	    now_ms))
		return NULL;
	return take(p, i);
}

struct paced *
pacer_expired(struct pacer *p, uint64_t now_ms)
{
	struct paced *i;
	int c;

	for (c = 0; c < PACE_CLASSES; c++)
		if ((i = STAILQ_FIRST(&p->queue[c])) != NULL &&
		    i->until <= now_ms)
			return take(p, i);
	return NULL;
}

uint64_t
pacer_next(const struct pacer *p, uint64_t now_ms)
{
	if (p->n == 0)
		return UINT64_MAX;
	return now_ms + bucket_wait(&p->bucket, p->rate, p->burst, 1,
	    now_ms);
}
