/* SPDX-License-Identifier: MIT */
/*
 * sim: runs a scenario once for each seed and says what came of it.
 * Status 0: all that was expected holds; 1: it does not; 64: usage.
 */
#include <err.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/text.h"
#include "micelio-gossipd/verify.h"
#include "shrink.h"
#include "sim.h"

#define STEP_EVENTS	50000u
#define LINE_LEN	512u

struct options {
	const char	*scenario;
	char		*more[LINES_MAX];	/* further lines */
	size_t		 nmore;
	uint64_t	 seed, seeds;
	bool		 json, quiet, trace, shrink;
	const char	*plot;
};

static int	run_seed(const struct options *, struct scenario *, uint64_t);

static void
usage(void)
{
	fprintf(stderr,
	    "usage: sim --scenario NAME [--seed N] [--seeds COUNT] "
	    "[--nodes N]\n"
	    "           [--set LINE]... [--without CLASS]... [--shrink]\n"
	    "           [--json] [--plot FILE] [--quiet] [--trace]\n");
	exit(EX_USAGE);
}

static uint64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * US_PER_S + (uint64_t)ts.tv_nsec / 1000;
}

static uint64_t
number(const char *s)
{
	char *end;
	uint64_t v = strtoull(s, &end, 10);

	if (*s < '0' || *s > '9' || *end != '\0')
		errx(EX_USAGE, "%s: not a number", s);
	return v;
}

static void
more(struct options *o, const char *prefix, const char *line)
{
	char *p;

	if (o->nmore == LINES_MAX || asprintf(&p, "%s%s", prefix, line) == -1)
		errx(EX_USAGE, "too many lines");
	o->more[o->nmore++] = p;
}

static void
options_read(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "scenario",	required_argument, NULL, 's' },
		{ "seed",	required_argument, NULL, 'r' },
		{ "seeds",	required_argument, NULL, 'c' },
		{ "nodes",	required_argument, NULL, 'n' },
		{ "set",	required_argument, NULL, 'l' },
		{ "without",	required_argument, NULL, 'w' },
		{ "shrink",	no_argument, NULL, 'k' },
		{ "json",	no_argument, NULL, 'j' },
		{ "plot",	required_argument, NULL, 'p' },
		{ "quiet",	no_argument, NULL, 'q' },
		{ "trace",	no_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "s:n:", longs, NULL)) != -1)
		switch (c) {
		case 's': o->scenario = optarg; break;
		case 'r': o->seed = number(optarg); break;
		case 'c': o->seeds = number(optarg); break;
		case 'n': more(o, "nodes ", optarg); break;
		case 'l': more(o, "", optarg); break;
		case 'w': more(o, "without ", optarg); break;
		case 'k': o->shrink = true; break;
		case 'j': o->json = true; break;
		case 'p': o->plot = optarg; break;
		case 'q': o->quiet = true; break;
		case 't': o->trace = true; break;
		default: usage();
		}
	if (optind != argc || o->scenario == NULL || o->seeds == 0)
		usage();
}

/* A file, or a name of the folder of scenarios. */
static void
scenario_load(struct scenario *sc, const struct options *o)
{
	char path[4096], line[LINE_LEN];
	const char *why;
	size_t i;

	scenario_init(sc);
	if (strchr(o->scenario, '/') != NULL)
		text_copy(path, o->scenario, sizeof(path));
	else
		snprintf(path, sizeof(path), "%s/%s.sim", SIM_SCENARIOS,
		    o->scenario);
	if (!scenario_read(sc, path))
		exit(EX_USAGE);
	for (i = 0; i < o->nmore; i++) {
		text_copy(line, o->more[i], sizeof(line));
		if ((why = scenario_line(sc, line)) != NULL)
			errx(EX_USAGE, "%s: expected: %s", o->more[i], why);
	}
}

static void
progress(const struct world *w, uint64_t began, bool done)
{
	uint64_t us = now_us() - began;

	if (done)
		fprintf(stderr, "\r%70s\r", "");
	else
		fprintf(stderr, "\rseed %" PRIu64 ": %" PRIu64 ".%" PRIu64
		    " of %" PRIu64 " s, %" PRIu64 " events, %" PRIu64 "/s ",
		    w->seed, w->now / US_PER_S, w->now % US_PER_S / 100000,
		    w->sc->run / US_PER_S, w->total.events,
		    us > 0 ? w->total.events * US_PER_S / us : 0);
}

/* How to do it again, by one line. */
static void
again(const struct options *o, const struct scenario *sc, uint64_t seed)
{
	uint32_t c;
	size_t i;

	printf("  again: tests/sim/sim --scenario %s --seed %" PRIu64
	    " --nodes %u", o->scenario, seed, sc->nodes);
	for (i = 0; i < o->nmore; i++)
		if (strncmp(o->more[i], "nodes ", 6) != 0 &&
		    strncmp(o->more[i], "without ", 8) != 0 &&
		    strncmp(o->more[i], "until ", 6) != 0)
			printf(" --set '%s'", o->more[i]);
	for (c = 0; c < TORTURE_CLASSES; c++)
		if (sc->without >> c & 1)
			printf(" --without %s", torture_name(c));
	if (sc->until > 0)
		printf(" --set 'until %" PRIu64 "ms'", sc->until / 1000);
	printf("\n");
}

static void
classes_print(const struct scenario *sc)
{
	uint32_t c;

	printf("  trouble:");
	for (c = 0; c < TORTURE_CLASSES; c++)
		if (torture_has(sc, c))
			printf(" %s", torture_name(c));
	printf("\n");
}

/* Without a word, for shrink(). */
static int
run_silent(struct scenario *sc, uint64_t seed)
{
	struct world w;

	torture_plan(sc, seed);
	world_init(&w, sc, seed);
	while (world_run(&w, sc->run, UINT64_MAX))
		;
	track_judge(&w);
	return report_expect(&w, true) && w.broken == NULL ? 0 : 1;
}

static int
run_seed(const struct options *o, struct scenario *sc, uint64_t seed)
{
	uint64_t began = now_us(), shown = began;
	bool show = !o->quiet && isatty(STDERR_FILENO), good;
	struct world w;

	torture_plan(sc, seed);
	world_init(&w, sc, seed);
	w.trace = o->trace;
	while (world_run(&w, sc->run, STEP_EVENTS))
		if (show && now_us() - shown > US_PER_S / 4) {
			progress(&w, began, false);
			shown = now_us();
		}
	if (show)
		progress(&w, began, true);
	track_judge(&w);
	if (o->json)
		report_json(&w, now_us() - began);
	else {
		report_table(&w, now_us() - began);
		if (sc->torture)
			classes_print(sc);
	}
	good = report_expect(&w, o->json) && w.broken == NULL;
	if (!good && !o->json)
		again(o, sc, seed);
	if (o->plot != NULL && !plot_write(&w, o->plot))
		warn("%s", o->plot);
	fflush(stdout);
	world_free(&w);
	return good ? 0 : 1;
}

static int
seed_do(const struct options *o, uint64_t seed)
{
	static struct scenario sc, as_read;

	scenario_load(&sc, o);
	as_read = sc;
	if (run_seed(o, &sc, seed) == 0)
		return 0;
	if (o->shrink) {
		shrink(&as_read, seed, run_silent);
		again(o, &as_read, seed);
	}
	return 1;
}

/*
 * Each event is at another node: most of the time goes by waiting for memory,
 * and much of that for page tables.  The allocator reads this at its start.
 */
static void
huge_pages(char **argv)
{
	if (getenv("GLIBC_TUNABLES") == NULL &&
	    setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1", 1) == 0)
		(void)execv("/proc/self/exe", argv);
}

int
main(int argc, char **argv)
{
	struct options o = { .seed = 1, .seeds = 1 };
	uint64_t i, failed = 0;

	huge_pages(argv);
	options_read(&o, argc, argv);
	log_init("sim", LOG_TEXT, LOG_LVL_DEBUG);
	verify_init();
	for (i = 0; i < o.seeds; i++)
		failed += (uint64_t)seed_do(&o, o.seed + i);
	if (o.seeds > 1 && !o.json)
		printf("%" PRIu64 " seeds, %" PRIu64 " failed\n", o.seeds,
		    failed);
	for (i = 0; i < o.nmore; i++)
		free(o.more[i]);
	return failed > 0 ? 1 : 0;
}
