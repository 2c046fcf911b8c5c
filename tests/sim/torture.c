/* SPDX-License-Identifier: MIT */
/*
 * Classes of trouble.  A scenario with the line "torture" has for each seed a
 * choice of them, each from a stream of its own, so that leaving one out
 * changes no other; any scenario can be run without some.
 */
#include <string.h>

#include "rng.h"
#include "scenario.h"

enum class {
	CLASS_LOSS, CLASS_JITTER, CLASS_BANDWIDTH, CLASS_SKEW, CLASS_VERDICTS,
	CLASS_SIGNATURES, CLASS_V1, CLASS_FAULT,
	CLASS_BYZ = CLASS_FAULT + FAULT_KINDS,
	CLASSES = CLASS_BYZ + BYZ_KINDS
};
_Static_assert((int)CLASSES == (int)TORTURE_CLASSES, "one bit for each");

#define ON_IN		4u		/* one class in so many is on */
#define BYZ_SHARE	100000u		/* of all nodes together */
#define LOUD		3u		/* nodes at most */
#define SECOND		UINT64_C(1000000)

static const char *const names[] = { "loss", "jitter", "bandwidth", "skew",
	"verdicts", "signatures", "v1" };

const char *
torture_name(uint32_t class)
{
	if (class < CLASS_FAULT)
		return names[class];
	if (class < CLASS_BYZ)
		return fault_name((enum fault_kind)(class - CLASS_FAULT));
	return byz_name((enum byz_kind)(class - CLASS_BYZ));
}

bool
torture_find(const char *name, uint32_t *class)
{
	for (*class = 0; *class < CLASSES; (*class)++)
		if (strcmp(torture_name(*class), name) == 0)
			return true;
	return false;
}

static uint64_t
between(struct rng *r, uint64_t least, uint64_t most)
{
	return least + rng_below(r, most - least + 1);
}

/* Somewhere in the middle of the run, and over well before its end. */
static void
fault_choose(struct scenario *s, enum fault_kind kind, struct rng *r)
{
	static const struct {
		uint32_t	share;		/* at most, millionths */
		uint32_t	least, most;	/* s */
	} of[FAULT_KINDS] = {
		[FAULT_CRASH] = { 300000, 0, 0 },
		[FAULT_RESET] = { 300000, 0, 0 },
		[FAULT_RESTART] = { 300000, 1, 10 },
		[FAULT_PAUSE] = { 200000, 1, 10 },
		[FAULT_STALL] = { 300000, 1, 20 },
		[FAULT_HALFOPEN] = { 50000, 10, 30 },
		[FAULT_BREAK] = { 500000, 0, 0 },
		[FAULT_PARTITION] = { 500000, 2, 30 },
		[FAULT_CUT] = { 300000, 2, 20 },
		[FAULT_CLOCK] = { 200000, 0, 0 },
	};
	struct fault f = { .kind = kind };

	if (s->nfault == LINES_MAX)
		return;
	f.share = (uint32_t)between(r, 10000, of[kind].share);
	f.at = between(r, s->run / 6, s->run / 3);
	f.lasts = between(r, of[kind].least * SECOND,
	    of[kind].most * SECOND);
	f.by = (int64_t)between(r, 0, 40000) - 20000;
	s->fault[s->nfault++] = f;
}

/* A few of the loud ones are as bad as many, and sooner simulated. */
static void
byz_choose(struct scenario *s, enum byz_kind kind, struct rng *r)
{
	s->byz[kind] = (uint32_t)between(r, 5000, BYZ_SHARE);
	if (kind == BYZ_FLOOD)
		s->byz[kind] = SHARE_ALL / s->nodes;
	else if (kind == BYZ_REPLAY || kind == BYZ_REUSE ||
	    kind == BYZ_INJECT)
		s->byz[kind] = (uint32_t)between(r, 1, LOUD) * SHARE_ALL /
		    s->nodes;
}

static void
choose(struct scenario *s, uint32_t class, struct rng *r)
{
	switch (class) {
	case CLASS_LOSS:
		s->loss = (uint32_t)between(r, 1000, 30000);
		break;
	case CLASS_JITTER:
		s->jitter = between(r, 1000, 50000);
		break;
	case CLASS_BANDWIDTH:
		s->rate = between(r, 125000, 2500000);
		break;
	case CLASS_SKEW:
		s->skew = between(r, 1, 10000);
		break;
	case CLASS_VERDICTS:
		s->late_verdicts = true;
		break;
	case CLASS_SIGNATURES:
		s->sign = rng_below(r, 2) == 0 ? CHECK_MEMO : CHECK_REAL;
		break;
	case CLASS_V1:
		s->v1 = (uint32_t)between(r, 10000, 500000);
		break;
	default:
		if (class < CLASS_BYZ)
			fault_choose(s, (enum fault_kind)(class - CLASS_FAULT),
			    r);
		else
			byz_choose(s, (enum byz_kind)(class - CLASS_BYZ), r);
	}
}

/* All hostile nodes together are a tenth. */
static void
byz_limit(struct scenario *s)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < BYZ_KINDS; i++)
		sum += s->byz[i];
	for (i = 0; sum > BYZ_SHARE && i < BYZ_KINDS; i++)
		s->byz[i] = (uint32_t)(s->byz[i] * (uint64_t)BYZ_SHARE / sum);
}

static void
drop(struct scenario *s, uint32_t class)
{
	uint32_t i, n = 0;

	switch (class) {
	case CLASS_LOSS:
		s->loss = 0;
		break;
	case CLASS_JITTER:
		s->jitter = 0;
		break;
	case CLASS_BANDWIDTH:
		s->rate = s->uplink = 0;
		break;
	case CLASS_SKEW:
		s->skew = 0;
		break;
	case CLASS_VERDICTS:
		s->late_verdicts = false;
		break;
	case CLASS_SIGNATURES:
		s->sign = CHECK_FAKE;
		break;
	case CLASS_V1:
		s->v1 = 0;
		break;
	default:
		if (class >= CLASS_BYZ) {
			s->byz[class - CLASS_BYZ] = 0;
			break;
		}
		for (i = 0; i < s->nfault; i++)
			if ((uint32_t)s->fault[i].kind != class - CLASS_FAULT)
				s->fault[n++] = s->fault[i];
		s->nfault = n;
	}
}

void
torture_plan(struct scenario *s, uint64_t seed)
{
	uint32_t class, i;
	struct rng r;

	for (class = 0; s->torture && class < CLASSES; class++) {
		r = rng_stream(seed, RNG_FAULT, LINES_MAX + class);
		if (rng_below(&r, ON_IN) == 0)
			choose(s, class, &r);
	}
	if (s->torture)
		byz_limit(s);
	for (class = 0; class < CLASSES; class++)
		if (s->without >> class & 1)
			drop(s, class);
	if (s->until == 0)
		return;
	for (i = 0; i < s->npublish; i++)
		if (s->publish[i].to > s->until)
			s->publish[i].to = s->until;
	if (s->run > s->until + s->promise)
		s->run = s->until + s->promise;
}

/* Is there anything of that class? */
bool
torture_has(const struct scenario *s, uint32_t class)
{
	static struct scenario t;

	memcpy(&t, s, sizeof(t));
	drop(&t, class);
	return memcmp(&t, s, sizeof(t)) != 0;
}
