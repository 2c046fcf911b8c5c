/* SPDX-License-Identifier: MIT */
/*
 * The peers of network.bootstrap: each is dialled until it is connected, and
 * again when that ends, with growing pauses.
 *
 *   WAIT     until next_at (back-off with jitter, never under a second)
 *   DIALING  transportd is at it
 *   UP       connected by this dial
 *   HELD     the node that answers there is connected in another way
 *
 * Failures are forgotten only by a connection that lived 30 s, so a node
 * that closes at once is not dialled in a loop (wire-v1 8, W3).
 */
#include <stdlib.h>
#include <string.h>

#include "admit.h"
#include "backoff.h"
#include "bootstrap.h"
#include "common/addr.h"
#include "common/conf.h"
#include "common/imsg.h"
#include "common/imsg_types.h"
#include "common/log.h"
#include "common/nodeid.h"
#include "common/text.h"
#include "core.h"
#include "gossip.h"
#include "orders.h"
#include "peers.h"

static struct boot	*boot_by_dial(const struct gossip *, uint32_t);
static struct boot	*boot_by_text(const struct gossip *, const char *);
static void		 boot_add(struct gossip *, const char *);
static void		 boot_remove(struct gossip *, struct boot *);
static void		 boot_dial(struct gossip *, struct boot *);
static void		 boot_wait(struct gossip *, struct boot *,
			    uint32_t seconds);
static bool		 boot_unlinked(struct gossip *, struct boot *);
static bool		 boot_is_up(const struct gossip *,
			    const struct boot *);

void
bootstrap_configured(struct gossip *g)
{
	const struct strlist *l = &g->conf->network_bootstrap;
	struct boot *b, *next;
	size_t i;

	for (b = TAILQ_FIRST(&g->boots); b != NULL; b = next) {
		next = TAILQ_NEXT(b, entry);
		for (i = 0; i < l->n; i++)
			if (strcmp(l->v[i], b->text) == 0)
				break;
		if (i == l->n)
			boot_remove(g, b);
	}
	for (i = 0; i < l->n && i < CONF_BOOTSTRAP_MAX; i++)
		if (boot_by_text(g, l->v[i]) == NULL)
			boot_add(g, l->v[i]);
}

void
bootstrap_free(struct gossip *g)
{
	struct boot *b;

	while ((b = TAILQ_FIRST(&g->boots)) != NULL) {
		TAILQ_REMOVE(&g->boots, b, entry);
		free(b);
	}
}

static void
boot_add(struct gossip *g, const char *text)
{
	struct boot *b = xcalloc(1, sizeof(*b));

	text_copy(b->text, text, sizeof(b->text));
	if (!conf_peer_split(b->text, &b->pin, &b->pinned, &b->hostport)) {
		free(b);
		return;
	}
	b->has_known = b->pinned;
	b->known = b->pin;
	b->state = BOOT_WAIT;
	b->next_at = g->now.mono;
	TAILQ_INSERT_TAIL(&g->boots, b, entry);
}

/* What is connected stays; it is only not dialled again. */
static void
boot_remove(struct gossip *g, struct boot *b)
{
	/* Somebody may have ordered that dial. */
	if (b->state == BOOT_DIALING && !orders_has(g, b->dial))
		g->ops->dial_cancel(g->arg, b->dial);
	TAILQ_REMOVE(&g->boots, b, entry);
	free(b);
}

static struct boot *
boot_by_text(const struct gossip *g, const char *text)
{
	struct boot *b;

	TAILQ_FOREACH(b, &g->boots, entry)
		if (strcmp(b->text, text) == 0)
			return b;
	return NULL;
}

static struct boot *
boot_by_dial(const struct gossip *g, uint32_t dial)
{
	struct boot *b;

	TAILQ_FOREACH(b, &g->boots, entry)
		if (b->dial == dial &&
		    (b->state == BOOT_DIALING || b->state == BOOT_UP))
			return b;
	return NULL;
}

static bool
boot_is_up(const struct gossip *g, const struct boot *b)
{
	return b->has_known && peers_by_id(g, &b->known) != NULL;
}

void
bootstrap_tick(struct gossip *g)
{
	struct boot *b;

	TAILQ_FOREACH(b, &g->boots, entry) {
		if (b->state != BOOT_WAIT || g->now.mono < b->next_at)
			continue;
		if (boot_is_up(g, b))
			b->state = BOOT_HELD;
		else if (boot_unlinked(g, b))
			continue;
		else if (peers_full(g)) {
			b->cause = DOWN_FULL;
			b->next_at = g->now.mono + BOOT_FULL_MS;
		} else
			boot_dial(g, b);
	}
}

static void
boot_dial(struct gossip *g, struct boot *b)
{
	b->state = BOOT_DIALING;
	if ((b->dial = ++g->last_dial) == 0)
		b->dial = ++g->last_dial;
	g->ops->dial(g->arg, b->dial, b->pinned ? &b->pin : NULL,
	    b->hostport, DIAL_NAME_OK);
}

uint32_t
bootstrap_dial(struct gossip *g, const char *hostport, bool *pinned,
    struct nodeid *pin)
{
	struct boot *b;

	TAILQ_FOREACH(b, &g->boots, entry) {
		if ((b->state != BOOT_WAIT && b->state != BOOT_DIALING) ||
		    strcmp(b->hostport, hostport) != 0 ||
		    (*pinned && (!b->pinned || !nodeid_equal(&b->pin, pin))))
			continue;
		if (b->state == BOOT_WAIT)
			boot_dial(g, b);
		*pinned = b->pinned;
		*pin = b->pin;
		return b->dial;
	}
	return 0;
}

uint64_t
bootstrap_next(const struct gossip *g)
{
	const struct boot *b;
	uint64_t t = UINT64_MAX;

	TAILQ_FOREACH(b, &g->boots, entry)
		if (b->state == BOOT_WAIT && b->next_at < t)
			t = b->next_at;
	return t;
}

const struct nodeid *
bootstrap_expects(const struct gossip *g, uint32_t dial)
{
	const struct boot *b = boot_by_dial(g, dial);

	return b != NULL && b->pinned ? &b->pin : NULL;
}

void
bootstrap_up(struct gossip *g, uint32_t dial, const struct nodeid *id)
{
	struct boot *b = boot_by_dial(g, dial);

	if (b == NULL)
		return;
	b->state = BOOT_UP;
	b->has_known = true;
	b->known = *id;
}

/* known: who answered, if that was proved. */
void
bootstrap_down(struct gossip *g, uint32_t dial, enum down_reason reason,
    const struct nodeid *known, uint64_t lived_ms)
{
	struct boot *b = boot_by_dial(g, dial);

	if (b == NULL)
		return;
	if (known != NULL && b->pinned && !nodeid_equal(known, &b->pin))
		reason = DOWN_WRONG_PEER;
	else if (known != NULL) {
		b->has_known = true;
		b->known = *known;
	}
	b->cause = reason;
	if (boot_is_up(g, b)) {
		b->state = BOOT_HELD;
		return;
	}
	b->state = BOOT_WAIT;
	if (reason == DOWN_SELF) {
		b->fails++;
		b->next_at = g->now.mono + BOOT_SELF_MS;
	} else if (lived_ms >= BOOT_LIFE_MS) {
		b->fails = 0;
		boot_wait(g, b, 1);
	} else {
		if (b->fails < UINT32_MAX)
			b->fails++;
		boot_wait(g, b, backoff_seconds(b->fails));
	}
	/* It was up and said goodbye: how the next dial fails is news. */
	if (known != NULL && reason == DOWN_EOF && lived_ms > 0 &&
	    b->fails <= 1)
		return;
	gossip_log(g, EV_BOOTSTRAP_DOWN, text_limit(b->text),
	    LF_STR("addr", b->hostport),
	    LF_STR("cause", down_reason_text(reason)),
	    LF_MS("next", b->next_at - g->now.mono),
	    reason == DOWN_SELF ? (struct log_field)LF_HINT("network.bootstrap "
	    "names this node itself, or one with a copy of its keys; remove "
	    "the entry, or that node's identity") :
	    (struct log_field)LF_END);
}

/* Up to half as long again, so that no two nodes stay in step. */
static void
boot_wait(struct gossip *g, struct boot *b, uint32_t seconds)
{
	b->next_at = g->now.mono + (uint64_t)seconds * 1000 +
	    gossip_random(g, seconds * 500 + 1);
	(void)boot_unlinked(g, b);
}

/* Somebody here wants no link with it for a while. */
static bool
boot_unlinked(struct gossip *g, struct boot *b)
{
	uint64_t until;

	if (!b->has_known || offender_reason(g, &b->known, &until) !=
	    DOWN_UNLINKED)
		return false;
	b->cause = DOWN_UNLINKED;
	b->next_at = until;
	return true;
}

void
bootstrap_peer_gone(struct gossip *g, const struct nodeid *id)
{
	struct boot *b;

	TAILQ_FOREACH(b, &g->boots, entry)
		if (b->state == BOOT_HELD && nodeid_equal(&b->known, id)) {
			b->state = BOOT_WAIT;
			boot_wait(g, b, 1);
		}
}

bool
bootstrap_has(const struct gossip *g, const char *addr)
{
	const struct boot *b;

	TAILQ_FOREACH(b, &g->boots, entry)
		if (strcmp(b->hostport, addr) == 0)
			return true;
	return false;
}

const char *
bootstrap_name(const struct gossip *g, const struct nodeid *id, size_t *len)
{
	const struct boot *b;
	const char *colon;
	struct addr a;

	TAILQ_FOREACH(b, &g->boots, entry)
		if (b->has_known && nodeid_equal(&b->known, id) &&
		    !addr_parse(b->hostport, &a) &&
		    (colon = strrchr(b->hostport, ':')) != NULL) {
			*len = (size_t)(colon - b->hostport);
			return b->hostport;
		}
	return NULL;
}

bool
bootstrap_dialled(const struct gossip *g, uint32_t dial)
{
	return dial != 0 && boot_by_dial(g, dial) != NULL;
}
