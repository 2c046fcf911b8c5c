/* SPDX-License-Identifier: MIT */
/*
 * Messages that are not taken: counted, told of, and charged to who sent
 * them.
 */
#include <stddef.h>

#include "budget.h"
#include "common/log.h"
#include "core.h"
#include "drop.h"
#include "session.h"

/* Points of a connection's budget for bad input. */
#define POINTS_SIGNATURE	4u
#define POINTS_MALFORMED	4u
#define POINTS_SIZE		2u
#define POINTS_LINK		1u

static uint32_t	drop_points(enum drop);
static bool	is_strangers(const struct session *, enum drop);
static bool	drop_is_quiet(enum drop);

static const struct {
	const char	*name, *text;
} drops[] = {
#define X(name, word, text) { word, text },
	DROP_TABLE(X)
#undef X
};

const char *
drop_name(enum drop d)
{
	return d < DROP_MAX ? drops[d].name : "?";
}

const char *
drop_text(enum drop d)
{
	return d < DROP_MAX ? drops[d].text : "?";
}

void
drop_count(struct gossip *g, struct session *s, enum drop d)
{
	g->count.drops[d]++;
	if (s == NULL)
		return;
	if (!drop_is_quiet(d))
		gossip_log(g, EV_MESSAGE_REFUSED, id_limit(&s->id, d),
		    LF_ID("id", &s->id), LF_STR("addr", s->addr),
		    LF_STR("check", drop_name(d)),
		    LF_STR("text", drop_text(d)));
	if (drop_points(d) > 0 && !is_strangers(s, d))
		peers_bad(g, s, drop_points(d));
}

static uint32_t
drop_points(enum drop d)
{
	switch (d) {
	case DROP_SIGNATURE:
	case DROP_EXCHANGE:
		return POINTS_SIGNATURE;
	case DROP_MALFORMED:
		return POINTS_MALFORMED;
	case DROP_LONG_ID:
	case DROP_LONG_PAYLOAD:
	case DROP_PADDED:
	case DROP_IDS:
		return POINTS_SIZE;
	case DROP_LINK:
		return POINTS_LINK;
	default:
		return 0;
	}
}

/*
 * A v1 node passes on whatever is signed.  It must not pay for strangers:
 * one of them could have all v1 nodes refused everywhere.
 */
static bool
is_strangers(const struct session *s, enum drop d)
{
	return !s->capable && (d == DROP_LINK || d == DROP_IDS ||
	    d == DROP_PADDED);
}

/* Some drops are everyday matters and only counted. */
static bool
drop_is_quiet(enum drop d)
{
	switch (d) {
	case DROP_DUPLICATE:
	case DROP_OWN:
	case DROP_RATE:
	case DROP_MEMORY:	/* has a line of its own */
	case DROP_EMPTY_ID:
	case DROP_TYPE:
	case DROP_STALE:	/* has a line of its own */
		return true;
	default:
		return false;
	}
}
