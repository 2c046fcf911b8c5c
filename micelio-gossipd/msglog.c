/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "msglog.h"

static size_t
cost(const struct logmsg *m)
{
	return sizeof(*m) + m->len;
}

void
msglog_init(struct msglog *l, uint64_t seed)
{
	lru_init(&l->map, MSGLOG_ITEMS, offsetof(struct logmsg, sid),
	    sizeof(uint64_t), seed);
	l->bytes = 0;
}

void
msglog_free(struct msglog *l)
{
	lru_free(&l->map, NULL);
	l->bytes = 0;
}

struct logmsg *
msglog_add(struct msglog *l, struct log_share *share, uint64_t sid,
    const uint8_t mid[16], const void *frame, size_t len, uint64_t now)
{
	struct logmsg *m = xcalloc(1, sizeof(*m) + len);

	m->sid = sid;
	memcpy(m->mid, mid, sizeof(m->mid));
	m->share = share;
	m->at = now;
	m->len = (uint32_t)len;
	memcpy(m->frame, frame, len);
	lru_put(&l->map, &m->node);
	l->bytes += cost(m);
	if (share != NULL) {
		TAILQ_INSERT_TAIL(&share->msgs, m, share_entry);
		share->bytes += cost(m);
	}
	return m;
}

struct logmsg *
msglog_get(const struct msglog *l, uint64_t sid)
{
	return (struct logmsg *)lru_get(&l->map, &sid);
}

/* Of an origin over its share the oldest goes, whatever the others have. */
struct logmsg *
msglog_excess(const struct msglog *l, const struct log_share *share,
    uint64_t now)
{
	struct logmsg *m = msglog_oldest(l);

	if (m == NULL)
		return NULL;
	if (now >= m->at + MSGLOG_MS || l->bytes > MSGLOG_BYTES ||
	    lru_full(&l->map))
		return m;
	if (share != NULL && share->bytes > MSGLOG_SHARE)
		return TAILQ_FIRST(&share->msgs);
	return NULL;
}

void
msglog_remove(struct msglog *l, struct logmsg *m)
{
	lru_remove(&l->map, &m->node);
	l->bytes -= cost(m);
	if (m->share != NULL) {
		TAILQ_REMOVE(&m->share->msgs, m, share_entry);
		m->share->bytes -= cost(m);
	}
	free(m);
}

struct logmsg *
msglog_oldest(const struct msglog *l)
{
	return (struct logmsg *)lru_oldest(&l->map);
}

struct logmsg *
msglog_youngest(const struct msglog *l)
{
	return (struct logmsg *)TAILQ_LAST(&l->map.order, lru_order);
}

struct logmsg *
msglog_younger(const struct logmsg *m)
{
	return (struct logmsg *)lru_younger(&m->node);
}

struct logmsg *
msglog_older(const struct logmsg *m)
{
	return (struct logmsg *)TAILQ_PREV(&m->node, lru_order, order);
}

void
log_share_init(struct log_share *s)
{
	TAILQ_INIT(&s->msgs);
	s->bytes = 0;
}

void
log_share_clear(struct log_share *s)
{
	struct logmsg *m;

	while ((m = TAILQ_FIRST(&s->msgs)) != NULL) {
		TAILQ_REMOVE(&s->msgs, m, share_entry);
		m->share = NULL;
	}
	s->bytes = 0;
}
