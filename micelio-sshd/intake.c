/* SPDX-License-Identifier: MIT */
/*
 * What somebody in the partyline said faster than it can go out: it waits
 * here in order, and the session sends no more than the window until some of
 * it was taken.
 */
#include <stdlib.h>
#include <string.h>

#include "imsg.h"
#include "intake.h"
#include "log.h"

void
intake_init(struct intake *q)
{
	STAILQ_INIT(&q->items);
	q->cost = 0;
	q->n = 0;
}

bool
intake_add(struct intake *q, enum imsg_type type, const void *p, size_t len)
{
	struct intake_item *i;
	size_t cost = SES_LINE_COST + len;

	if (q->cost > INTAKE_MAX || cost > INTAKE_MAX - q->cost)
		return false;
	i = xcalloc(1, sizeof(*i) + len);
	i->type = type;
	i->len = len;
	if (len > 0)
		memcpy(i->data, p, len);
	STAILQ_INSERT_TAIL(&q->items, i, entry);
	q->cost += cost;
	q->n++;
	return true;
}

struct intake_item *
intake_take(struct intake *q)
{
	struct intake_item *i = STAILQ_FIRST(&q->items);

	if (i == NULL)
		return NULL;
	STAILQ_REMOVE_HEAD(&q->items, entry);
	q->cost -= SES_LINE_COST + i->len;
	q->n--;
	return i;
}

void
intake_clear(struct intake *q)
{
	struct intake_item *i;

	while ((i = intake_take(q)) != NULL)
		free(i);
}
