/* SPDX-License-Identifier: MIT */
/*
 * Scenario files: what happens in a run, line by line (README says how they
 * are written).  All numbers are integers: times in microseconds, shares in
 * millionths, expectations in thousandths.
 */
#ifndef MICELIO_SIM_SCENARIO_H
#define MICELIO_SIM_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINES_MAX	128u
#define PHASES_MAX	8u
#define NAME_MAX_LEN	31u
#define SHARE_ALL	1000000u

enum check_mode { CHECK_FAKE, CHECK_MEMO, CHECK_REAL };
enum who { WHO_ANY, WHO_CORE, WHO_V1, WHO_NODE };

#define FAULT_TABLE(X)							\
	X(CRASH,	"crash",	"nodes vanish silently")	\
	X(RESET,	"reset",	"nodes end, their links are reset") \
	X(RESTART,	"restart",	"nodes end and come back")	\
	X(PAUSE,	"pause",	"nodes stand still")		\
	X(STALL,	"stall",	"links pass nothing for a while") \
	X(HALFOPEN,	"halfopen",	"one direction of links dies")	\
	X(BREAK,	"break",	"links are reset")		\
	X(PARTITION,	"partition",	"the mesh falls in two parts")	\
	X(CUT,		"cut",		"one direction between two parts") \
	X(CLOCK,	"clock",	"clocks jump")

enum fault_kind {
#define X(name, word, text) FAULT_##name,
	FAULT_TABLE(X)
#undef X
	FAULT_KINDS
};

#define BYZ_TABLE(X)							\
	X(WITHHOLD,	"withhold",	"announce and do not serve")	\
	X(COLLUDE,	"collude",	"the same, as soon as one has it") \
	X(LIE,		"lie",		"change what they pass on")	\
	X(REPLAY,	"replay",	"say again what others said")	\
	X(REUSE,	"reuse",	"say two things under one id")	\
	X(INJECT,	"inject",	"sign link frames, for v1 to relay") \
	X(FLOOD,	"flood",	"50 messages in a second")	\
	X(FUTURE,	"future",	"a clock one hour ahead")

enum byz_kind {
#define X(name, word, text) BYZ_##name,
	BYZ_TABLE(X)
#undef X
	BYZ_KINDS
};

struct publish {
	uint64_t	 from, to;	/* us */
	uint64_t	 gap;		/* us between two */
	uint32_t	 size;
	enum who	 by;
	uint32_t	 node;
	uint32_t	 among;		/* the first so many; 0: all */
};

struct fault {
	enum fault_kind	 kind;
	uint64_t	 at, lasts;	/* us */
	uint32_t	 share;
	int64_t		 by;		/* clock: ms */
};

struct span {
	char		 name[NAME_MAX_LEN + 1];
	uint64_t	 from, to;
};

struct expect {
	char		 phase[NAME_MAX_LEN + 1];
	char		 what[NAME_MAX_LEN + 1];
	bool		 least;		/* >= instead of <= */
	uint64_t	 milli;
};

struct scenario {
	char		 name[256];	/* the file, without its folder */
	uint32_t	 nodes;
	uint32_t	 degree, max_peers;
	bool		 self_formed;
	uint64_t	 lat_min, lat_max, jitter;	/* us */
	uint32_t	 loss;		/* of packets, millionths */
	uint64_t	 rate;		/* bytes a second of a link; 0: any */
	uint64_t	 uplink;	/* of a node */
	uint32_t	 v1;		/* share */
	uint32_t	 byz[BYZ_KINDS];	/* shares */
	uint64_t	 skew;		/* ms at most, to both sides */
	enum check_mode	 sign;
	bool		 late_verdicts;	/* signature checks take time */
	bool		 suspects;	/* nodes say whom they miss */
	uint32_t	 accuse;	/* share: nodes that lie in it */
	bool		 torture;	/* a choice of troubles by the seed */
	uint64_t	 without;	/* bits of classes left out */
	uint64_t	 until;		/* us: nothing is said later; 0: as
					   written */
	uint64_t	 run;		/* us */
	uint64_t	 start;		/* us: links begin within */
	uint64_t	 detect_min, detect_max; /* us; 0: 60 s of silence */
	uint64_t	 promise;	/* us: messages must be there */
	uint32_t	 map_base;	/* entries all begin with; 0: no maps */
	uint32_t	 map_value;	/* bytes of a value */
	uint32_t	 map_apart;	/* entries two parts differ by */
	uint64_t	 map_at;	/* us */
	struct publish	 publish[LINES_MAX];
	uint32_t	 npublish;
	struct fault	 fault[LINES_MAX];
	uint32_t	 nfault;
	struct span	 span[PHASES_MAX];	/* [0]: all */
	uint32_t	 nspan;
	struct expect	 expect[LINES_MAX];
	uint32_t	 nexpect;
};

void	 scenario_init(struct scenario *);
/* False: the file or a line of it is wrong, which was said. */
bool	 scenario_read(struct scenario *, const char *path);
/* One line; what is wrong with it, or NULL. */
const char *scenario_line(struct scenario *, char *line);
const char *fault_name(enum fault_kind);
const char *byz_name(enum byz_kind);

/* ---- torture.c ---- */

#define TORTURE_CLASSES	(7u + FAULT_KINDS + BYZ_KINDS)

/* Makes the scenario what it is for this seed. */
void	 torture_plan(struct scenario *, uint64_t seed);
const char *torture_name(uint32_t class);
bool	 torture_find(const char *name, uint32_t *class);
bool	 torture_has(const struct scenario *, uint32_t class);

#endif
