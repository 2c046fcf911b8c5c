/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "proto/envelope.h"
#include "rng.h"
#include "scenario.h"

#define WORDS_MAX	32u
#define LINE_MAX_LEN	512

struct words {
	char	*v[WORDS_MAX];
	size_t	 n;
};

struct setting {
	const char	*word;
	const char	*(*read)(struct scenario *, const struct words *);
};

static const char *const fault_words[] = {
#define X(name, word, text) word,
	FAULT_TABLE(X)
#undef X
};

const char *
fault_name(enum fault_kind k)
{
	return k < FAULT_KINDS ? fault_words[k] : "?";
}

static const char *const byz_words[] = {
#define X(name, word, text) word,
	BYZ_TABLE(X)
#undef X
};

const char *
byz_name(enum byz_kind k)
{
	return k < BYZ_KINDS ? byz_words[k] : "?";
}

void
scenario_init(struct scenario *s)
{
	memset(s, 0, sizeof(*s));
	s->nodes = 1000;
	s->degree = s->max_peers = 15;
	s->lat_min = 5000;
	s->lat_max = 80000;
	s->run = 30000000;
	s->start = 1000000;
	s->promise = 5000000;
	s->map_value = 116;
	text_copy(s->span[0].name, "all", sizeof(s->span[0].name));
	s->span[0].to = UINT64_MAX;
	s->nspan = 1;
}

/*
 * A decimal number with up to six digits behind the point, times scale, and
 * the unit behind it.
 */
static bool
number(const char *s, uint64_t scale, uint64_t *out, const char **unit)
{
	uint64_t v = 0, part;

	if (*s < '0' || *s > '9')
		return false;
	for (; *s >= '0' && *s <= '9'; s++) {
		if (v > UINT64_C(1000000000000))
			return false;
		v = v * 10 + (uint64_t)(*s - '0');
	}
	v *= scale;
	if (*s == '.')
		for (s++, part = scale; *s >= '0' && *s <= '9'; s++) {
			part /= 10;
			v += part * (uint64_t)(*s - '0');
		}
	*out = v;
	*unit = s;
	return true;
}

static bool
read_time(const char *s, uint64_t *us)
{
	const char *unit;

	if (!number(s, 1000000, us, &unit))
		return false;
	if (strcmp(unit, "s") == 0)
		return true;
	if (strcmp(unit, "min") == 0) {
		*us *= 60;
		return true;
	}
	if (strcmp(unit, "ms") == 0) {
		*us /= 1000;
		return true;
	}
	if (strcmp(unit, "us") == 0) {
		*us /= 1000000;
		return true;
	}
	return strcmp(unit, "") == 0 && *us == 0;
}

static bool
read_share(const char *s, uint32_t *ppm)
{
	const char *unit;
	uint64_t v;

	if (!number(s, 10000, &v, &unit) || strcmp(unit, "%") != 0 ||
	    v > SHARE_ALL)
		return false;
	*ppm = (uint32_t)v;
	return true;
}

static bool
read_count(const char *s, uint64_t max, uint32_t *n)
{
	const char *unit;
	uint64_t v;

	if (!number(s, 1, &v, &unit) || *unit != '\0' || v > max)
		return false;
	*n = (uint32_t)v;
	return true;
}

/* Bits a second, kept as bytes a second. */
static bool
read_rate(const char *s, uint64_t *bytes)
{
	const char *unit;

	if (!number(s, 1000000, bytes, &unit))
		return false;
	*bytes /= 8;
	if (strcmp(unit, "kb") == 0)
		*bytes /= 1000;
	else if (strcmp(unit, "Gb") == 0)
		*bytes *= 1000;
	else if (strcmp(unit, "Mb") != 0)
		return strcmp(unit, "") == 0 && *bytes == 0;
	return true;
}

static const char *
set_nodes(struct scenario *s, const struct words *w)
{
	return w->n == 2 && read_count(w->v[1], 65536, &s->nodes) &&
	    s->nodes > 1 ? NULL : "nodes NUMBER (2 to 65536)";
}

static const char *
set_overlay(struct scenario *s, const struct words *w)
{
	if (w->n == 2 && strcmp(w->v[1], "self") == 0) {
		s->self_formed = true;
		return NULL;
	}
	if (w->n == 3 && strcmp(w->v[1], "regular") == 0 &&
	    read_count(w->v[2], 255, &s->degree) && s->degree > 1) {
		s->self_formed = false;
		s->max_peers = s->degree;
		return NULL;
	}
	return "overlay regular DEGREE, or overlay self";
}

static const char *
set_latency(struct scenario *s, const struct words *w)
{
	return w->n == 3 && read_time(w->v[1], &s->lat_min) &&
	    read_time(w->v[2], &s->lat_max) && s->lat_min <= s->lat_max &&
	    s->lat_min > 0 && s->lat_max <= 10000000 ? NULL :
	    "latency LEAST MOST (up to 10s)";
}

static const char *
set_jitter(struct scenario *s, const struct words *w)
{
	return w->n == 2 && read_time(w->v[1], &s->jitter) ? NULL :
	    "jitter TIME";
}

static const char *
set_loss(struct scenario *s, const struct words *w)
{
	return w->n == 2 && read_share(w->v[1], &s->loss) &&
	    s->loss <= SHARE_ALL / 2 ? NULL : "loss SHARE% (up to 50%)";
}

static const char *
set_bandwidth(struct scenario *s, const struct words *w)
{
	return w->n == 2 && read_rate(w->v[1], &s->rate) ? NULL :
	    "bandwidth NUMBER(kb|Mb|Gb), of each link and direction";
}

static const char *
set_uplink(struct scenario *s, const struct words *w)
{
	return w->n == 2 && read_rate(w->v[1], &s->uplink) ? NULL :
	    "uplink NUMBER(kb|Mb|Gb), of each node";
}

static const char *
set_v1(struct scenario *s, const struct words *w)
{
	return w->n == 2 && read_share(w->v[1], &s->v1) ? NULL : "v1 SHARE%";
}

static const char *
set_byz(struct scenario *s, const struct words *w)
{
	size_t i;

	for (i = 0; w->n == 3 && i < BYZ_KINDS; i++)
		if (strcmp(byz_words[i], w->v[1]) == 0 &&
		    read_share(w->v[2], &s->byz[i]))
			return NULL;
	return "byz withhold|collude|lie|replay|reuse|inject|flood|future "
	    "SHARE%";
}

static const char *
set_skew(struct scenario *s, const struct words *w)
{
	if (w->n != 2 || !read_time(w->v[1], &s->skew))
		return "skew TIME";
	s->skew /= 1000;
	return NULL;
}

static const char *
set_signatures(struct scenario *s, const struct words *w)
{
	static const char *const name[] = { "fake", "memo", "real" };
	size_t i;

	for (i = 0; w->n == 2 && i < 3; i++)
		if (strcmp(w->v[1], name[i]) == 0) {
			s->sign = (enum check_mode)i;
			return NULL;
		}
	return "signatures fake, memo or real";
}

static const char *
set_verdicts(struct scenario *s, const struct words *w)
{
	if (w->n != 2 || (strcmp(w->v[1], "late") != 0 &&
	    strcmp(w->v[1], "at-once") != 0))
		return "verdicts late, or verdicts at-once";
	s->late_verdicts = w->v[1][0] == 'l';
	return NULL;
}

static const char *
set_suspects(struct scenario *s, const struct words *w)
{
	s->suspects = true;
	return w->n == 1 || (w->n == 3 && strcmp(w->v[1], "accuse") == 0 &&
	    read_share(w->v[2], &s->accuse)) ? NULL :
	    "suspects [accuse SHARE%]";
}

static const char *
set_torture(struct scenario *s, const struct words *w)
{
	s->torture = true;
	return w->n == 1 ? NULL : "torture";
}

static const char *
set_without(struct scenario *s, const struct words *w)
{
	uint32_t class;
	size_t i;

	for (i = 1; i < w->n; i++) {
		if (!torture_find(w->v[i], &class))
			return "without CLASS... (a fault, a kind of byz, or "
			    "loss, jitter, bandwidth, skew, verdicts, "
			    "signatures, v1)";
		s->without |= UINT64_C(1) << class;
	}
	return NULL;
}

static const char *
set_until(struct scenario *s, const struct words *w)
{
	return w->n == 2 && read_time(w->v[1], &s->until) ? NULL :
	    "until TIME";
}

static const char *
set_run(struct scenario *s, const struct words *w)
{
	return w->n == 2 && read_time(w->v[1], &s->run) ? NULL : "run TIME";
}

static const char *
set_start(struct scenario *s, const struct words *w)
{
	return w->n == 2 && read_time(w->v[1], &s->start) ? NULL :
	    "start TIME";
}

static const char *
set_promise(struct scenario *s, const struct words *w)
{
	return w->n == 2 && read_time(w->v[1], &s->promise) ? NULL :
	    "promise TIME";
}

static const char *
set_detect(struct scenario *s, const struct words *w)
{
	return w->n == 3 && read_time(w->v[1], &s->detect_min) &&
	    read_time(w->v[2], &s->detect_max) &&
	    s->detect_min <= s->detect_max ? NULL : "detect LEAST MOST";
}

static bool
read_by(struct publish *p, const char *who)
{
	if (strcmp(who, "any") == 0)
		p->by = WHO_ANY;
	else if (strcmp(who, "m2") == 0)
		p->by = WHO_CORE;
	else if (strcmp(who, "v1") == 0)
		p->by = WHO_V1;
	else {
		p->by = WHO_NODE;
		return read_count(who, 65535, &p->node);
	}
	return true;
}

/* publish 10/s from 5s to 25s [size 100] [by any|m2|v1|NODE] [among 10] */
static const char *
add_publish(struct scenario *s, const struct words *w)
{
	struct publish p = { .size = 100 };
	const char *unit;
	uint64_t milli;
	size_t i;

	if (s->npublish == LINES_MAX)
		return "too many lines publish";
	if (w->n < 6 || strcmp(w->v[2], "from") != 0 ||
	    strcmp(w->v[4], "to") != 0 ||
	    !number(w->v[1], 1000, &milli, &unit) || milli == 0 ||
	    strcmp(unit, "/s") != 0 || !read_time(w->v[3], &p.from) ||
	    !read_time(w->v[5], &p.to))
		return "publish NUMBER/s from TIME to TIME [size BYTES] "
		    "[by any|m2|v1|NODE] [among NODES]";
	p.gap = UINT64_C(1000000000) / milli;
	for (i = 6; i + 1 < w->n; i += 2) {
		if (strcmp(w->v[i], "size") == 0) {
			if (!read_count(w->v[i + 1], ENVELOPE_PAYLOAD_MAX,
			    &p.size))
				return "size: up to 65536 bytes";
		} else if (strcmp(w->v[i], "among") == 0) {
			if (!read_count(w->v[i + 1], 65536, &p.among))
				return "among: so many nodes";
		} else if (strcmp(w->v[i], "by") != 0 ||
		    !read_by(&p, w->v[i + 1]))
			return "by any, m2, v1 or the number of a node";
	}
	s->publish[s->npublish++] = p;
	return NULL;
}

/* at 10s crash 30% [for 5s] [by 30s] */
static const char *
add_fault(struct scenario *s, const struct words *w)
{
	struct fault f = { .share = 0 };
	uint64_t by;
	size_t i;

	if (s->nfault == LINES_MAX)
		return "too many faults";
	if (w->n < 4 || !read_time(w->v[1], &f.at) ||
	    !read_share(w->v[3], &f.share))
		return "at TIME FAULT SHARE% [for TIME] [by TIME]";
	for (i = 0; i < FAULT_KINDS; i++)
		if (strcmp(fault_words[i], w->v[2]) == 0)
			break;
	if (i == FAULT_KINDS)
		return "no such fault (crash, reset, restart, pause, stall, "
		    "halfopen, break, partition, cut, clock)";
	f.kind = (enum fault_kind)i;
	for (i = 4; i + 1 < w->n; i += 2) {
		if (strcmp(w->v[i], "for") == 0) {
			if (!read_time(w->v[i + 1], &f.lasts))
				return "for TIME";
		} else if (strcmp(w->v[i], "by") != 0 ||
		    !read_time(w->v[i + 1] + (w->v[i + 1][0] == '-'), &by))
			return "by [-]TIME";
		else
			f.by = (int64_t)(by / 1000) *
			    (w->v[i + 1][0] == '-' ? -1 : 1);
	}
	s->fault[s->nfault++] = f;
	return NULL;
}

static const char *
add_phase(struct scenario *s, const struct words *w)
{
	struct span *p = &s->span[s->nspan];

	if (s->nspan == PHASES_MAX)
		return "too many phases";
	if (w->n != 4 || strlen(w->v[1]) > NAME_MAX_LEN ||
	    !read_time(w->v[2], &p->from) || !read_time(w->v[3], &p->to))
		return "phase NAME FROM TO";
	text_copy(p->name, w->v[1], sizeof(p->name));
	s->nspan++;
	return NULL;
}

/* expect warm.copies <= 1.05 */
static const char *
add_expect(struct scenario *s, const struct words *w)
{
	struct expect *e = &s->expect[s->nexpect];
	const char *dot, *unit;
	size_t n;

	if (s->nexpect == LINES_MAX)
		return "too many lines expect";
	if (w->n != 4 || (dot = strchr(w->v[1], '.')) == NULL ||
	    (n = (size_t)(dot - w->v[1])) > NAME_MAX_LEN ||
	    strlen(dot + 1) > NAME_MAX_LEN ||
	    (strcmp(w->v[2], "<=") != 0 && strcmp(w->v[2], ">=") != 0) ||
	    !number(w->v[3], 1000, &e->milli, &unit) || *unit != '\0')
		return "expect PHASE.FIGURE <=|>= NUMBER";
	memcpy(e->phase, w->v[1], n);
	e->phase[n] = '\0';
	text_copy(e->what, dot + 1, sizeof(e->what));
	e->least = w->v[2][0] == '>';
	s->nexpect++;
	return NULL;
}

/* map 1000 [value 116] [apart 10000 at 20s] */
static const char *
set_map(struct scenario *s, const struct words *w)
{
	size_t i;

	if (w->n < 2 || w->n % 2 != 0 || !read_count(w->v[1], 100000,
	    &s->map_base) || s->map_base == 0)
		return "map ENTRIES [value BYTES] [apart ENTRIES at TIME]";
	for (i = 2; i < w->n; i += 2)
		if (!(strcmp(w->v[i], "value") == 0 ? read_count(w->v[i + 1],
		    4096, &s->map_value) : strcmp(w->v[i], "apart") == 0 ?
		    read_count(w->v[i + 1], 100000, &s->map_apart) :
		    strcmp(w->v[i], "at") == 0 && read_time(w->v[i + 1],
		    &s->map_at)))
			return "value BYTES, apart ENTRIES, at TIME";
	return NULL;
}

static const struct setting settings[] = {
	{ "nodes",	set_nodes },
	{ "overlay",	set_overlay },
	{ "latency",	set_latency },
	{ "jitter",	set_jitter },
	{ "loss",	set_loss },
	{ "bandwidth",	set_bandwidth },
	{ "uplink",	set_uplink },
	{ "v1",		set_v1 },
	{ "byz",	set_byz },
	{ "skew",	set_skew },
	{ "signatures",	set_signatures },
	{ "verdicts",	set_verdicts },
	{ "suspects",	set_suspects },
	{ "torture",	set_torture },
	{ "without",	set_without },
	{ "until",	set_until },
	{ "run",	set_run },
	{ "start",	set_start },
	{ "detect",	set_detect },
	{ "promise",	set_promise },
	{ "map",	set_map },
	{ "publish",	add_publish },
	{ "at",		add_fault },
	{ "phase",	add_phase },
	{ "expect",	add_expect },
};

const char *
scenario_line(struct scenario *s, char *line)
{
	struct words w = { .n = 0 };
	char *p, *save = NULL;
	size_t i;

	line[strcspn(line, "#\n")] = '\0';
	for (p = strtok_r(line, " \t", &save); p != NULL;
	    p = strtok_r(NULL, " \t", &save)) {
		if (w.n == WORDS_MAX)
			return "too many words";
		w.v[w.n++] = p;
	}
	if (w.n == 0)
		return NULL;
	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (strcmp(settings[i].word, w.v[0]) == 0)
			return settings[i].read(s, &w);
	return "no such word at the beginning of a line";
}

bool
scenario_read(struct scenario *s, const char *path)
{
	char line[LINE_MAX_LEN];
	const char *why, *name;
	unsigned int n = 0;
	FILE *f;

	if ((f = fopen(path, "re")) == NULL) {
		fprintf(stderr, "sim: %s: no such scenario\n", path);
		return false;
	}
	name = strrchr(path, '/');
	text_copy(s->name, name != NULL ? name + 1 : path, sizeof(s->name));
	while (fgets(line, sizeof(line), f) != NULL) {
		n++;
		if ((why = scenario_line(s, line)) != NULL) {
			fprintf(stderr, "sim: %s:%u: expected: %s\n", path, n,
			    why);
			fclose(f);
			return false;
		}
	}
	fclose(f);
	return true;
}
