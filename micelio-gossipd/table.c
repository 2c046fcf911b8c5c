/* SPDX-License-Identifier: MIT */
/* What people may ask of gossipd. */
#include <stdio.h>
#include <string.h>

#include "bcast.h"
#include "book.h"
#include "bootstrap.h"
#include "common/cursor.h"
#include "common/imsg.h"
#include "common/imsg_types.h"
#include "common/nodeid.h"
#include "common/row.h"
#include "core.h"
#include "drop.h"
#include "exchange.h"
#include "gossip.h"
#include "gtime.h"
#include "hello.h"
#include "keyring.h"
#include "limiter.h"
#include "link.h"
#include "lru.h"
#include "mesh_judge.h"
#include "seen.h"
#include "session.h"
#include "suspect.h"

static void
drop_row(const char *what, uint64_t count, const char *why, struct wbuf *b,
    void (*emit)(const struct wbuf *, void *), void *arg)
{
	wbuf_reset(b);
	row_str(b, "what", what);
	row_num(b, "count", ROW_U64, count);
	row_str(b, "why", why);
	emit(b, arg);
}

static const char *
state_text(enum peer_state s)
{
	switch (s) {
	case PEER_READY:
		return "up";
	case PEER_CLOSING:
		return "down";
	default:
		return "connecting";
	}
}

static void
row_name(const struct gossip *g, const struct nodeid *id, struct wbuf *b)
{
	const char *name;
	size_t n;

	if (id != NULL && (name = bootstrap_name(g, id, &n)) != NULL)
		row_strn(b, "name", name, n);
	else
		row_null(b, "name");
}

static void
row_text(struct wbuf *b, const char *name, const char *s)
{
	if (s[0] != '\0')
		row_str(b, name, s);
	else
		row_null(b, name);
}

/* Whose place it has: see slots.c. */
static const char *
slot_text(const struct session *s)
{
	return s->guest ? "guest" : !s->outbound ? "theirs" : s->near ?
	    "near" : "chance";
}

static void
session_row(const struct gossip *g, const struct session *s, struct gtime now,
    struct wbuf *b)
{
	uint64_t since = s->state == PEER_READY ? s->ready_at : s->up_at;

	row_id(b, "id", s->proved ? &s->id : NULL);
	row_name(g, s->proved ? &s->id : NULL, b);
	row_str(b, "addr", s->addr);
	row_str(b, "dir", s->outbound ? "out" : "in");
	row_str(b, "kind", s->link != NULL && s->link->kind == LINK_M2 ?
	    "m2" : "v1");
	row_str(b, "state", state_text(s->state));
	row_num(b, "up", ROW_MS, now.mono - since);
	if (s->rtt_us > 0)
		row_num(b, "rtt", ROW_US, s->rtt_us);
	else
		row_none(b, "rtt", ROW_US);
	row_num(b, "silent", ROW_MS, now.mono - s->rx_at);
	row_num(b, "frames_in", ROW_U64, s->frames_in);
	row_num(b, "frames_out", ROW_U64, s->frames_out);
	row_num(b, "payload_in", ROW_BYTES, s->bytes_in);
	row_num(b, "payload_out", ROW_BYTES, s->bytes_out);
	row_text(b, "listens", s->proved ? s->listen_addr : "");
	row_null(b, "cause");
	row_none(b, "next", ROW_MS);
	row_none(b, "fails", ROW_U64);
	row_num(b, "session", ROW_U64, s->sid);
	row_str(b, "slot", slot_text(s));
	row_text(b, "version", s->version);
	row_text(b, "tags", s->tags);
	row_text(b, "node_name", s->proved ? s->name : "");
	row_num(b, "credit", ROW_U64, s->win_frames);
}

/* A configured peer that is not connected, and why. */
static void
boot_row(const struct gossip *g, const struct boot *p, struct gtime now,
    struct wbuf *b)
{
	row_id(b, "id", p->has_known ? &p->known : NULL);
	row_name(g, p->has_known ? &p->known : NULL, b);
	row_str(b, "addr", p->hostport);
	row_str(b, "dir", "out");
	row_null(b, "kind");
	row_str(b, "state", p->state == BOOT_DIALING ? "connecting" :
	    "down");
	row_none(b, "up", ROW_MS);
	row_none(b, "rtt", ROW_US);
	row_none(b, "silent", ROW_MS);
	row_null(b, "frames_in");
	row_null(b, "frames_out");
	row_none(b, "payload_in", ROW_BYTES);
	row_none(b, "payload_out", ROW_BYTES);
	row_null(b, "listens");
	if (p->cause != DOWN_NONE)
		row_str(b, "cause", down_reason_text(p->cause));
	else
		row_null(b, "cause");
	if (p->state == BOOT_WAIT)
		row_num(b, "next", ROW_MS,
		    p->next_at > now.mono ? p->next_at - now.mono : 0);
	else
		row_none(b, "next", ROW_MS);
	row_num(b, "fails", ROW_U64, p->fails);
	row_none(b, "session", ROW_U64);
	row_null(b, "slot");
	row_null(b, "version");
	row_null(b, "tags");
	row_null(b, "node_name");
	row_none(b, "credit", ROW_U64);
}

void
gossip_peer_rows(const struct gossip *g, struct gtime now,
    void (*emit)(const struct wbuf *, void *), void *arg)
{
	const struct lru_node *n;
	const struct session *s;
	const struct boot *p;
	struct wbuf b;

	wbuf_init(&b, 4096);
	for (n = lru_oldest(&g->sessions); n != NULL; n = lru_younger(n)) {
		s = (const struct session *)n;
		if (s->state == PEER_CLOSING)
			continue;
		wbuf_reset(&b);
		session_row(g, s, now, &b);
		emit(&b, arg);
	}
	TAILQ_FOREACH(p, &g->boots, entry) {
		if (p->state != BOOT_WAIT && p->state != BOOT_DIALING)
			continue;
		wbuf_reset(&b);
		boot_row(g, p, now, &b);
		emit(&b, arg);
	}
	wbuf_free(&b);
}

static void
node_row(const struct gossip *g, const struct book_peer *p, struct wbuf *b)
{
	const char *state = mesh_text(g, &p->id);

	row_id(b, "id", &p->id);
	row_name(g, &p->id, b);
	row_text(b, "addr", p->addr);
	row_str(b, "source", p->verified ? "verified" : "hearsay");
	row_bool(b, "linked", p->linked);
	row_bool(b, "reachable", p->reachable);
	row_num(b, "last_seen", ROW_TIME, p->last_seen * 1000);
	row_num(b, "fails", ROW_U64, p->fail_count);
	if (p->last_fail > 0)
		row_num(b, "last_fail", ROW_TIME, p->last_fail * 1000);
	else
		row_none(b, "last_fail", ROW_TIME);
	if (p->rtt_us > 0)
		row_num(b, "rtt", ROW_US, p->rtt_us);
	else
		row_none(b, "rtt", ROW_US);
	row_text(b, "heard", p->heard[0]);
	row_text(b, "state", state != NULL ? state : "");
	if (p->record != NULL)
		row_num(b, "signed", ROW_TIME, p->record->seq);
	else
		row_none(b, "signed", ROW_TIME);
}

void
gossip_node_rows(const struct gossip *g,
    void (*emit)(const struct wbuf *, void *), void *arg)
{
	const struct lru_node *n;
	struct wbuf b;
	int i;

	wbuf_init(&b, 4096);
	for (i = 0; i < 2; i++)
		for (n = lru_oldest(&g->book[i]); n != NULL;
		    n = lru_younger(n)) {
			wbuf_reset(&b);
			node_row(g, (const struct book_peer *)n, &b);
			emit(&b, arg);
		}
	wbuf_free(&b);
}

void
gossip_drop_rows(const struct gossip *g,
    void (*emit)(const struct wbuf *, void *), void *arg)
{
	const struct counters *c = &g->count;
	struct wbuf b;
	int d;

	wbuf_init(&b, 1024);
	for (d = 0; d < DROP_MAX; d++)
		drop_row(drop_name((enum drop)d), c->drops[d],
		    drop_text((enum drop)d), &b, emit, arg);
	drop_row("no_credit", c->dropped, "a link was behind: not given to "
	    "it", &b, emit, arg);
	drop_row("hello", c->hellos_refused, "a connection was refused at "
	    "its hello", &b, emit, arg);
	drop_row("exchange_entry", c->exchange_mismatched,
	    "a node told of does not fit its key", &b, emit, arg);
	drop_row("chat_queue", c->chat_lost, "own lines held back too long",
	    &b, emit, arg);
	wbuf_free(&b);
}

static size_t
boots_down(const struct gossip *g)
{
	const struct boot *p;
	size_t n = 0;

	TAILQ_FOREACH(p, &g->boots, entry)
		if (p->state == BOOT_WAIT || p->state == BOOT_DIALING)
			n++;
	return n;
}

static void
bcast_row(const struct bcast *c, struct wbuf *b)
{
	row_num(b, "m2_links", ROW_U64, c->nm2);
	row_num(b, "origins", ROW_U64, c->origins.n);
	row_num(b, "wanted", ROW_U64, c->wants.n);
	row_num(b, "log_messages", ROW_U64, c->log.map.n);
	row_num(b, "log_bytes", ROW_BYTES, c->log.bytes);
	row_num(b, "ihave", ROW_U64, c->count.ihave);
	row_num(b, "ihave_in", ROW_U64, c->count.ihave_in);
	row_num(b, "graft", ROW_U64, c->count.graft);
	row_num(b, "graft_in", ROW_U64, c->count.graft_in);
	row_num(b, "graft_link", ROW_U64, c->count.graft_link);
	row_num(b, "prune", ROW_U64, c->count.prune);
	row_num(b, "prune_in", ROW_U64, c->count.prune_in);
	row_num(b, "nohave", ROW_U64, c->count.nohave);
	row_num(b, "nohave_in", ROW_U64, c->count.nohave_in);
	row_num(b, "duplicates", ROW_U64, c->count.duplicates);
	row_num(b, "repairs", ROW_U64, c->count.repairs);
	row_num(b, "tree_swaps", ROW_U64, c->count.swaps);
	row_num(b, "gap", ROW_U64, c->count.gap);
	row_num(b, "gap_in", ROW_U64, c->count.gap_in);
	row_num(b, "late_v1", ROW_U64, c->count.late_v1);
	row_num(b, "refused", ROW_U64, c->count.refused);
	row_num(b, "parked", ROW_U64, c->count.parked);
	row_num(b, "put_off", ROW_U64, c->count.put_off);
	row_num(b, "parked_now", ROW_U64, c->nparked);
	row_num(b, "pings", ROW_U64, c->count.pings);
	row_num(b, "records", ROW_U64, c->count.records);
	row_num(b, "records_in", ROW_U64, c->count.records_in);
	row_num(b, "records_void", ROW_U64, c->count.records_void);
	row_num(b, "control_frames", ROW_U64, c->count.control_frames);
	row_num(b, "control_bytes", ROW_BYTES, c->count.control_bytes);
}

void
gossip_status_row(const struct gossip *g, struct wbuf *b)
{
	const struct counters *c = &g->count;
	int64_t ahead = 0;
	char name[32];
	int d;

	row_num(b, "peers", ROW_U64, g->npeers);
	row_num(b, "peers_since", ROW_TIME, g->peers_since);
	row_num(b, "max_peers", ROW_U64, g->conf->network_max_peers);
	row_num(b, "guests", ROW_U64, g->nguests);
	row_num(b, "sessions", ROW_U64, g->sessions.n);
	row_num(b, "bootstrap", ROW_U64, g->conf->network_bootstrap.n);
	row_num(b, "bootstrap_down", ROW_U64, boots_down(g));
	row_str(b, "advertises", hello_advertise(g));
	row_str(b, "clock", clock_compare(g, &ahead) == 0 ? "unknown" :
	    ahead > CLOCK_OFF_S ? "behind" : ahead < -CLOCK_OFF_S ? "ahead" :
	    "right");
	row_num(b, "received", ROW_U64, c->received);
	row_num(b, "delivered", ROW_U64, c->delivered);
	row_num(b, "broadcast", ROW_U64, c->broadcast);
	row_num(b, "forwarded", ROW_U64, c->forwarded);
	row_num(b, "dropped", ROW_U64, c->dropped);
	row_num(b, "verified", ROW_U64, c->verified);
	row_num(b, "hellos_refused", ROW_U64, c->hellos_refused);
	row_num(b, "exchanges", ROW_U64, c->exchanges);
	row_num(b, "exchanges_sent", ROW_U64, c->exchanges_sent);
	row_num(b, "sought", ROW_U64, c->sought);
	row_num(b, "seeking", ROW_U64, g->nquests);
	row_num(b, "probes", ROW_U64, c->probes);
	row_num(b, "swaps", ROW_U64, c->swaps);
	row_num(b, "guests_kept", ROW_U64, c->kept);
	row_num(b, "exchange_mismatched", ROW_U64, c->exchange_mismatched);
	row_num(b, "chat_queued", ROW_U64, g->pacer.n);
	row_num(b, "chat_lost", ROW_U64, c->chat_lost);
	row_num(b, "talk_lost", ROW_U64, c->talk_lost);
	row_num(b, "talk_bad", ROW_U64, c->talk_bad);
	bcast_row(&g->bcast, b);
	suspect_status(&g->suspect, b);
	for (d = 0; d < DROP_MAX; d++) {
		snprintf(name, sizeof(name), "drop_%s",
		    drop_name((enum drop)d));
		row_num(b, name, ROW_U64, c->drops[d]);
	}
	row_num(b, "keys", ROW_U64, keyring_count(&g->keyring));
	row_num(b, "ids", ROW_U64, seen_count(&g->seen));
	row_num(b, "senders", ROW_U64, limiter_count(&g->limiter));
	row_num(b, "known", ROW_U64, g->book[0].n);
	row_num(b, "hearsay", ROW_U64, g->book[1].n);
}
