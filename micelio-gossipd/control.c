/* SPDX-License-Identifier: MIT */
/*
 * What goes out on a link of our kind: control frames, made of what has
 * gathered in up to ten milliseconds, and payloads behind them.
 *
 * Announcements are not queued: they are made when a frame is, by walking
 * from the link's cursor to the end of the log.  Payloads wait here and not
 * in transportd, so that control overtakes them, and authors take turns.
 */
#include <stdlib.h>
#include <string.h>

#include "bcast.h"
#include "beat.h"
#include "budget.h"
#include "common/cursor.h"
#include "common/imsg_types.h"
#include "common/log.h"
#include "control.h"
#include "core.h"
#include "gossip.h"
#include "gtime.h"
#include "link.h"
#include "maplink.h"
#include "msglog.h"
#include "proto/envelope.h"
#include "proto/m2.h"
#include "session.h"
#include "window.h"

static bool	control_build(struct gossip *, struct link *);
static void	announce(struct gossip *, struct link *);

void
control_due(struct gossip *g, struct link *l, uint64_t in_ms)
{
	uint64_t at = g->now.mono + in_ms;

	if (at < l->flush_at)
		l->flush_at = at;
	if (!l->blocked && l->flush_at < g->bcast.flush_at)
		g->bcast.flush_at = l->flush_at;
}

/* One of each is enough; when the list is full, silence does. */
void
control_name(struct wbuf *b, uint64_t name)
{
	size_t i;

	for (i = 0; i < b->len; i += M2_SID)
		if (m2_load64(b->p + i) == name)
			return;
	if (b->len < LINK_LIST_MAX)
		wbuf_u64be(b, name);
}

static struct slice
taken(const struct wbuf *b, size_t *left)
{
	size_t n = b->len < *left ? b->len : *left / M2_SID * M2_SID;

	*left -= n;
	return (struct slice){ b->p, n };
}

static void
rest(struct wbuf *b, size_t n)
{
	if (n < b->len)
		memmove(b->p, b->p + n, b->len - n);
	b->len -= n;
}

void
control_flush(struct gossip *g, struct link *l)
{
	struct bcast *b = &g->bcast;
	int i;

	/* More than one frame only where a lot is to be announced. */
	for (i = 0; i < 4; i++) {
		if (l->s->win_frames == 0 ||
		    l->s->win_bytes < 2 * M2_CTRL_MAX) {
			l->blocked = true;
			return;
		}
		l->flush_at = NEVER;
		if (!control_build(g, l))
			return;
		wbuf_reset(&b->frame);
		m2_frame_write(&b->frame, MSG_LINK_CTRL, b->ctrl.p,
		    b->ctrl.len);
		peers_send(g, l->s, b->frame.p, b->frame.len);
		b->count.control_frames++;
		b->count.control_bytes += b->frame.len;
		if (l->flush_at > g->now.mono)
			return;
	}
}

static struct slice
noted(const struct bcast *b, enum note kind)
{
	return (struct slice){ b->note[kind].p, b->note[kind].len };
}

/* The message, into b->ctrl; false: nothing to say. */
static bool
control_build(struct gossip *g, struct link *l)
{
	struct bcast *b = &g->bcast;
	size_t left = M2_CTRL_MAX / 2;
	struct m2_ctrl c = { .gap = l->gap };
	struct wbuf window;
	int i;

	/* Nothing goes before it; gossip_map_profile() takes this up again. */
	if (l->say_setup && !maplink_ready(g))
		return false;
	wbuf_init(&window, M2_WINDOW_MAX * M2_SECOND);
	if (l->say_setup) {
		c.has_setup = true;
		c.setup.version = 1;
		c.setup.caps = maplink_caps(g);
		memcpy(c.setup.mesh_id, g->map.mesh, 16);
		memcpy(c.setup.profile, g->map.profile, 16);
		c.setup.boot_ms = b->boot_ms;
		memcpy(c.setup.salt, b->salt, sizeof(c.setup.salt));
	}
	for (i = 0; i < NOTES; i++)
		wbuf_reset(&b->note[i]);
	if (l->kind == LINK_M2) {
		c.graft = taken(&l->graft, &left);
		c.graft_link = taken(&l->graft_link, &left);
		c.prune = taken(&l->prune, &left);
		c.nohave = taken(&l->nohave, &left);
		announce(g, l);
		c.ihave = noted(b, NOTE);
		c.ihave_big = noted(b, NOTE_BIG);
		c.ihave_new = noted(b, NOTE_NEW);
		c.ihave_big_new = noted(b, NOTE_BIG_NEW);
		if (l->say_window) {
			window_write(g, l, &window);
			c.window = (struct slice){ window.p, window.len };
		}
		c.has_ping = beat_ping_out(g, l, &c.ping);
		c.has_root = maplink_root_out(l, &c.root);
	}
	wbuf_reset(&b->ctrl);
	m2_ctrl_write(&b->ctrl, &c);
	wbuf_free(&window);
	l->say_setup = l->say_setup && !c.has_setup;
	l->say_window = false;
	l->gap = 0;
	if (l->kind != LINK_M2)
		return b->ctrl.len > 0;
	rest(&l->graft, c.graft.n);
	rest(&l->graft_link, c.graft_link.n);
	rest(&l->prune, c.prune.n);
	rest(&l->nohave, c.nohave.n);
	if (l->graft.len + l->graft_link.len + l->prune.len +
	    l->nohave.len > 0)
		control_due(g, l, 0);
	return b->ctrl.len > 0;
}

static void
announce(struct gossip *g, struct link *l)
{
	struct logmsg *m;

	for (; (m = l->cursor) != NULL; l->cursor = msglog_younger(m)) {
		if ((m->have & l->bit) != 0 || m->from == l->s->sid)
			continue;
		if (control_told(g) >= RESYNC_STEP) {
			control_due(g, l, 0);
			break;
		}
		control_announce(g, l, m, m->cold);
	}
	window_announce(g, l);
}

void
control_announce(struct gossip *g, struct link *l, struct logmsg *m,
    bool is_new)
{
	struct bcast *b = &g->bcast;
	bool big = m->payload > M2_SMALL_MAX;
	struct wbuf *note = &b->note[big ? is_new ? NOTE_BIG_NEW : NOTE_BIG :
	    is_new ? NOTE_NEW : NOTE];

	wbuf_u64be(note, m2_sid(l->setup.salt, m->mid));
	if (big)
		wbuf_u32be(note, m->payload);
	m->told |= l->bit;
	b->count.ihave++;
	l->count.ihave++;
}

size_t
control_told(const struct gossip *g)
{
	const struct wbuf *note = g->bcast.note;

	return (note[NOTE].len + note[NOTE_NEW].len) / M2_SID +
	    (note[NOTE_BIG].len + note[NOTE_BIG_NEW].len) / M2_BIG;
}

void
control_tick(struct gossip *g)
{
	struct bcast *b = &g->bcast;
	struct session *s;
	struct link *l;

	if (g->now.mono < b->flush_at)
		return;
	b->flush_at = NEVER;
	TAILQ_FOREACH(s, &g->ready, ready_entry) {
		if ((l = s->link) == NULL)
			continue;
		if (l->flush_at <= g->now.mono)
			control_flush(g, l);
		if (!l->blocked && l->flush_at < b->flush_at)
			b->flush_at = l->flush_at;
	}
}

/*
 * Little is handed on at once: what lies in transportd can not be overtaken.
 */
bool
payload_room(const struct link *l, size_t len)
{
	uint32_t flight = SESSION_WINDOW_BYTES - l->s->win_bytes;

	return l->s->win_frames > LINK_CTRL_FRAMES &&
	    len <= l->s->win_bytes &&
	    (flight < CREDIT_KEPT_BYTES || flight + len <= LINK_FLIGHT);
}

bool
payload_now(struct link *l, const struct logmsg *m)
{
	if (l->nqueue > 0 || !payload_room(l, m->len))
		return false;
	l->count.payload++;
	return peers_charge(l->s, m->len);
}

bool
payload_push(struct gossip *g, struct link *l, struct logmsg *m)
{
	size_t i;

	for (i = 0; i < l->nqueue; i++)
		if (l->queue[i] == m)
			return true;
	if (l->nqueue >= LINK_QUEUE_MAX ||
	    l->queue_bytes + m->len > LINK_QUEUE_BYTES) {
		g->count.dropped++;
		return false;
	}
	if (l->nqueue == l->queue_cap) {
		l->queue_cap = l->queue_cap > 0 ? 2 * l->queue_cap : 4;
		l->queue = xreallocarray(l->queue, l->queue_cap,
		    sizeof(struct logmsg *));
	}
	l->queue[l->nqueue++] = m;
	l->queue_bytes += m->len;
	m->have |= l->bit;
	m->pushed |= l->bit;
	return true;
}

bool
payload_give(struct gossip *g, struct link *l, struct logmsg *m)
{
	if (!payload_now(l, m))
		return payload_push(g, l, m);
	g->ops->send(g->arg, &l->s->sid, 1, m->frame, m->len);
	return true;
}

static struct logmsg *
queue_take(struct link *l, size_t i)
{
	struct logmsg *m = l->queue[i];

	l->queue_bytes -= m->len;
	l->nqueue--;
	memmove(&l->queue[i], &l->queue[i + 1],
	    (l->nqueue - i) * sizeof(struct logmsg *));
	return m;
}

/* The oldest of another author than the last. */
static size_t
queue_next(const struct link *l)
{
	size_t i;

	for (i = 0; i < l->nqueue; i++)
		if (l->queue[i]->share != l->last_share)
			return i;
	return 0;
}

void
payload_pump(struct gossip *g, struct link *l)
{
	struct logmsg *m;
	size_t i;

	if (l->blocked) {
		l->blocked = false;
		control_flush(g, l);
	}
	while (l->nqueue > 0) {
		i = queue_next(l);
		m = l->queue[i];
		if (!payload_room(l, m->len))
			return;
		if (l->flush_at != NEVER)
			control_flush(g, l);
		queue_take(l, i);
		l->last_share = m->share;
		if (!peers_send(g, l->s, m->frame, m->len))
			return;
		l->count.payload++;
		if (m->own)
			g->count.broadcast++;
		else
			g->count.forwarded++;
	}
	maplink_pump(g, l);
}

void
payload_forget(struct gossip *g, struct link *l, const struct logmsg *m)
{
	size_t i;

	for (i = 0; i < l->nqueue; i++)
		if (l->queue[i] == m) {
			queue_take(l, i);
			l->gap++;
			g->bcast.count.gap++;
			control_due(g, l, BATCH_MS);
			return;
		}
}
