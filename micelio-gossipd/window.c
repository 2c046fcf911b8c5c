/* SPDX-License-Identifier: MIT */
/*
 * A new link: each side says what it took in each of the last sixty seconds,
 * and announces to the other what is in the seconds that differ.  So nothing
 * is lost by a crash or a partition that is mended within a minute.
 *
 * A second is that of the message's own clock where it has one: then it is
 * the same at both ends, whenever the message came there.
 */
#include <stdlib.h>
#include <string.h>

#include "bcast.h"
#include "common/cursor.h"
#include "common/log.h"
#include "control.h"
#include "core.h"
#include "fresh.h"
#include "gtime.h"
#include "link.h"
#include "msglog.h"
#include "proto/envelope.h"
#include "proto/m2.h"
#include "window.h"

static void	window_xor(struct link *, uint64_t second, uint64_t sid);

uint64_t
window_second(const struct envelope *e, uint64_t wall_ms)
{
	return envelope_clocked(e) ? (e->lamport_ts >> 16) / 1000 :
	    wall_ms / 1000;
}

/* Seconds in which nothing came are left out, but the last one. */
void
window_write(struct gossip *g, const struct link *l, struct wbuf *out)
{
	uint64_t now = g->now.wall / 1000, xor[M2_WINDOW_MAX] = { 0 }, age;
	const struct logmsg *m;
	size_t i;

	for (m = msglog_oldest(&g->bcast.log); m != NULL;
	    m = msglog_younger(m)) {
		age = now - m->second;
		if (m->second <= now && age < M2_WINDOW_MAX)
			xor[age] ^= m2_sid(l->setup.salt, m->mid);
	}
	for (i = M2_WINDOW_MAX; i-- > 0;) {
		if (xor[i] == 0 && i > 0)
			continue;
		wbuf_u32be(out, (uint32_t)(now - i));
		wbuf_u64be(out, xor[i]);
	}
}

void
window_end(struct link *l)
{
	free(l->window);
	l->window = NULL;
	l->window_len = 0;
	l->resync = NULL;
	l->resync_at = NEVER;
}

/*
 * Theirs is kept with our own fingerprints taken out: what is not 0 then
 * differs.  Ours are under our own salt, as theirs are for us.
 */
void
window_in(struct gossip *g, struct link *l, struct slice theirs)
{
	struct logmsg *m;

	window_end(l);
	if ((l->resync = msglog_oldest(&g->bcast.log)) == NULL)
		return;
	l->window = xcalloc(1, theirs.n);
	l->window_len = theirs.n;
	memcpy(l->window, theirs.p, theirs.n);
	for (m = l->resync; m != NULL; m = msglog_younger(m))
		window_xor(l, m->second, m->sid);
	l->resync_end = g->now.mono;
	l->resync_at = g->now.mono;
	control_due(g, l, 0);
}

static uint8_t *
find_second(const struct link *l, uint64_t second)
{
	size_t i;

	for (i = 0; i < l->window_len; i += M2_SECOND)
		if (m2_load32(l->window + i) == (uint32_t)second)
			return l->window + i + 4;
	return NULL;
}

static void
window_xor(struct link *l, uint64_t second, uint64_t sid)
{
	uint8_t *p = find_second(l, second);
	int i;

	for (i = 0; p != NULL && i < 8; i++)
		p[i] ^= (uint8_t)(sid >> (8 * (7 - i)));
}

static bool
differs(const struct link *l, uint64_t second)
{
	const uint8_t *p = find_second(l, second);

	return p == NULL || m2_load64(p) != 0;
}

void
window_announce(struct gossip *g, struct link *l)
{
	struct logmsg *m;

	if (g->now.mono < l->resync_at)
		return;
	for (; (m = l->resync) != NULL && m->at <= l->resync_end;
	    l->resync = msglog_younger(m)) {
		if ((m->have & l->bit) != 0 || (m->told & l->bit) != 0 ||
		    m->from == l->s->sid || !differs(l, m->second))
			continue;
		if (control_told(g) >= RESYNC_STEP) {
			l->resync_at = g->now.mono + RESYNC_MS;
			control_due(g, l, RESYNC_MS);
			return;
		}
		control_announce(g, l, m, false);
	}
	window_end(l);
}
