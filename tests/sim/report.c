/* SPDX-License-Identifier: MIT */
/* The figures of a run, for people and for programs. */
#include <sys/resource.h>

#include <stdio.h>
#include <string.h>

#include "sim.h"

struct figure {
	const char	*name;		/* in the table and in expectations */
	const char	*unit;
	unsigned int	 digits;	/* behind the point, in the table */
	uint64_t	 (*milli)(const struct world *, const struct phase *);
};

static uint64_t
ratio(uint64_t a, uint64_t b, uint64_t scale)
{
	return b > 0 ? a * scale / b : 0;
}

static uint64_t
messages(const struct world *w, const struct phase *p)
{
	(void)w;
	return p->messages * 1000;
}

static uint64_t
wanted(const struct world *w, const struct phase *p)
{
	(void)w;
	return p->wanted * 1000;
}

static uint64_t
missed(const struct world *w, const struct phase *p)
{
	(void)w;
	return p->missed * 1000;
}

static uint64_t
delivered(const struct world *w, const struct phase *p)
{
	(void)w;
	return ratio(p->delivered, p->wanted, 100000);
}

static uint64_t
complete(const struct world *w, const struct phase *p)
{
	(void)w;
	return ratio(p->all, p->messages, 100000);
}

static uint64_t
copies(const struct world *w, const struct phase *p)
{
	(void)w;
	return ratio(p->copies, p->got, 1000);
}

static uint64_t
quantile(const uint64_t latency[LATENCY_SLOTS], uint64_t milli)
{
	uint64_t all = 0, below = 0, rank;
	size_t i;

	for (i = 0; i < LATENCY_SLOTS; i++)
		all += latency[i];
	rank = all - all * (1000 - milli) / 1000;
	for (i = 0; i < LATENCY_SLOTS - 1; i++) {
		below += latency[i];
		if (below >= rank)
			break;
	}
	return i * 1000;
}

static uint64_t
p50(const struct world *w, const struct phase *p)
{
	(void)w;
	return quantile(p->latency, 500);
}

static uint64_t
p99(const struct world *w, const struct phase *p)
{
	(void)w;
	return quantile(p->latency, 990);
}

static uint64_t
flood(const struct world *w, const struct phase *p)
{
	(void)w;
	return quantile(p->flood, 990);
}

static uint64_t
stretch(const struct world *w, const struct phase *p)
{
	return ratio(p99(w, p), flood(w, p), 1000);
}

static uint64_t
lat_max(const struct world *w, const struct phase *p)
{
	(void)w;
	return p->lat_max;
}

static uint64_t
hops(const struct world *w, const struct phase *p)
{
	(void)w;
	return p->hops_max * 1000;
}

static uint64_t
longest(const struct world *w, const struct phase *p)
{
	(void)w;
	return ratio(p->longest, p->messages, 1000);
}

static uint64_t
control(const struct world *w, const struct phase *p)
{
	(void)w;
	return ratio(p->control, p->got, 1000);
}

static uint64_t
notes(const struct world *w, const struct phase *p)
{
	(void)w;
	return ratio(p->notes, p->got, 1000);
}

static uint64_t
upkeep(const struct world *w, const struct phase *p)
{
	(void)w;
	return ratio(p->upkeep, p->lived, 1000 * US_PER_S);
}

static uint64_t
pings(const struct world *w, const struct phase *p)
{
	(void)w;
	return ratio(p->pings, p->lived, 1000 * US_PER_S);
}

static uint64_t
muted(const struct world *w, const struct phase *p)
{
	(void)p;
	return w->total.muted * 1000;
}

static uint64_t
told(const struct world *w, const struct phase *p)
{
	(void)p;
	return ratio(w->told.down, w->told.pairs, 100000);
}

static uint64_t
unsaid(const struct world *w, const struct phase *p)
{
	(void)p;
	return w->told.unsaid * 1000;
}

static uint64_t
tell_max(const struct world *w, const struct phase *p)
{
	(void)p;
	return w->told.late_max;
}

static uint64_t
accused(const struct world *w, const struct phase *p)
{
	(void)p;
	return w->told.wrong * 1000;
}

static uint64_t
unparted(const struct world *w, const struct phase *p)
{
	(void)p;
	return w->told.unparted * 1000;
}

static uint64_t
still(const struct world *w, const struct phase *p)
{
	(void)p;
	return w->told.after * 1000;
}

static uint64_t
map_ms(const struct world *w, const struct phase *p)
{
	(void)p;
	return maps_equal_us(w);
}

static uint64_t
map_ratio(const struct world *w, const struct phase *p)
{
	(void)p;
	return ratio(w->maps.bytes, w->maps.missing, 1000);
}

static const struct figure figures[] = {
	{ "messages",	"",		0, messages },
	{ "wanted",	"",		0, wanted },
	{ "missed",	"",		0, missed },
	{ "delivered",	"%",		3, delivered },
	{ "complete",	"%",		1, complete },
	{ "copies",	"per node",	3, copies },
	{ "p50",	"ms",		0, p50 },
	{ "p99",	"ms",		0, p99 },
	{ "flood",	"ms p99",	0, flood },
	{ "stretch",	"x flood",	3, stretch },
	{ "max",	"ms",		0, lat_max },
	{ "hops",	"",		0, hops },
	{ "longest",	"hops, mean",	1, longest },
	{ "control",	"B/node/msg",	1, control },
	{ "notes",	"/node/msg",	1, notes },
	{ "upkeep",	"B/node/s",	1, upkeep },
	{ "pings",	"/node/s",	1, pings },
	{ "muted",	"at v1",	0, muted },
	{ "told",	"% of dead",	3, told },
	{ "unsaid",	"of dead",	0, unsaid },
	{ "tellmax",	"ms",		0, tell_max },
	{ "accused",	"alive",	0, accused },
	{ "still",	"alive",	0, still },
	{ "unparted",	"pairs",	0, unparted },
	{ "mapms",	"ms",		0, map_ms },
	{ "mapratio",	"x missing",	3, map_ratio },
};
#define NFIGURES	(sizeof(figures) / sizeof(figures[0]))

static void
print_milli(char *out, size_t size, uint64_t milli, unsigned int digits)
{
	if (digits == 0)
		snprintf(out, size, "%llu", (unsigned long long)milli / 1000);
	else
		snprintf(out, size, "%llu.%0*llu",
		    (unsigned long long)milli / 1000, (int)digits,
		    (unsigned long long)milli % 1000 /
		    (digits == 1 ? 100 : 1));
}

static uint64_t
peak_kib(void)
{
	struct rusage ru;

	return getrusage(RUSAGE_SELF, &ru) == 0 ? (uint64_t)ru.ru_maxrss : 0;
}

static uint64_t
cpu_us(void)
{
	struct rusage ru;

	if (getrusage(RUSAGE_SELF, &ru) != 0)
		return 0;
	return (uint64_t)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) *
	    US_PER_S + (uint64_t)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec);
}

void
report_table(const struct world *w, uint64_t wall_us)
{
	const struct msg *m;
	char text[32];
	uint32_t k;
	size_t i;

	printf("%-22s", w->sc->name);
	for (k = 0; k < w->sc->nspan; k++)
		printf(" %12s", w->sc->span[k].name);
	printf("\n");
	for (i = 0; i < NFIGURES; i++) {
		printf("  %-9s %-10s", figures[i].name, figures[i].unit);
		for (k = 0; k < w->sc->nspan; k++) {
			print_milli(text, sizeof(text),
			    figures[i].milli(w, &w->phase[k]),
			    figures[i].digits);
			printf(" %12s", text);
		}
		printf("\n");
	}
	printf("  frames %llu, bytes %llu, control %llu of them in "
	    "%llu\n", (unsigned long long)w->total.frames,
	    (unsigned long long)w->total.bytes,
	    (unsigned long long)w->total.control_bytes,
	    (unsigned long long)w->total.control_frames);
	printf("  seed %llu, hash %016llx, %llu events, %llu/s, %llu MiB\n",
	    (unsigned long long)w->seed, (unsigned long long)w->hash,
	    (unsigned long long)w->total.events,
	    (unsigned long long)ratio(w->total.events, wall_us, US_PER_S),
	    (unsigned long long)peak_kib() / 1024);
	for (k = 0; k < w->nlack; k++) {
		m = &w->msg[w->lack[k].msg];
		printf("  node %u lacks message %u of node %u, said at %llu "
		    "ms\n", w->lack[k].node, w->lack[k].msg, m->author,
		    (unsigned long long)m->at / US_PER_MS);
	}
	if (w->maps.missing > 0)
		printf("  maps: %llu bytes missing, %llu sent, of these "
		    "entries %llu; sessions %llu, for nothing %llu with "
		    "%llu bytes, busy %llu, too much %llu, timeout %llu\n",
		    (unsigned long long)w->maps.missing,
		    (unsigned long long)w->maps.bytes,
		    (unsigned long long)w->maps.entries,
		    (unsigned long long)w->maps.sessions,
		    (unsigned long long)w->maps.idle,
		    (unsigned long long)w->maps.idle_bytes,
		    (unsigned long long)w->maps.ends[RECON_BUSY],
		    (unsigned long long)w->maps.ends[RECON_STALLED],
		    (unsigned long long)w->maps.ends[RECON_TIMEOUT]);
	if (w->broken != NULL)
		printf("  BROKEN %s: %s\n", w->broken, w->broken_text);
}

/* False: there is no such phase or figure. */
static bool
look_up(const struct world *w, const struct expect *e, uint64_t *milli)
{
	uint32_t k;
	size_t i;

	for (k = 0; k < w->sc->nspan; k++)
		for (i = 0; i < NFIGURES; i++)
			if (strcmp(w->sc->span[k].name, e->phase) == 0 &&
			    strcmp(figures[i].name, e->what) == 0) {
				*milli = figures[i].milli(w, &w->phase[k]);
				return true;
			}
	return false;
}

/* What the phase's figure is; false: the line does not hold. */
static bool
holds(const struct world *w, const struct expect *e, uint64_t *milli)
{
	*milli = 0;
	return look_up(w, e, milli) &&
	    (e->least ? *milli >= e->milli : *milli <= e->milli);
}

static void
failed_json(const struct world *w)
{
	const struct expect *e;
	const char *comma = "";
	char is[32], want[32];
	uint64_t milli;
	uint32_t i;

	printf("\"failed\":{");
	for (i = 0; i < w->sc->nexpect; i++) {
		e = &w->sc->expect[i];
		if (holds(w, e, &milli))
			continue;
		print_milli(is, sizeof(is), milli, 3);
		print_milli(want, sizeof(want), e->milli, 3);
		printf("%s\"%s.%s %s %s\":%s", comma, e->phase, e->what,
		    e->least ? ">=" : "<=", want, is);
		comma = ",";
	}
	printf("},");
}

void
report_json(const struct world *w, uint64_t wall_us)
{
	char text[32];
	uint32_t k;
	size_t i;

	printf("{\"scenario\":\"%s\",\"nodes\":%u,\"seed\":%llu,"
	    "\"hash\":\"%016llx\",\"events\":%llu,\"wall_us\":%llu,"
	    "\"cpu_us\":%llu,\"peak_kib\":%llu,\"frames\":%llu,\"bytes\":%llu,"
	    "\"muted\":%llu,\"broken\":", w->sc->name, w->n,
	    (unsigned long long)w->seed, (unsigned long long)w->hash,
	    (unsigned long long)w->total.events,
	    (unsigned long long)wall_us, (unsigned long long)cpu_us(),
	    (unsigned long long)peak_kib(),
	    (unsigned long long)w->total.frames,
	    (unsigned long long)w->total.bytes,
	    (unsigned long long)w->total.muted);
	if (w->broken != NULL)
		printf("\"%s: %s\"", w->broken, w->broken_text);
	else
		printf("null");
	printf(",");
	failed_json(w);
	printf("\"phases\":{");
	for (k = 0; k < w->sc->nspan; k++) {
		printf("%s\"%s\":{", k > 0 ? "," : "", w->sc->span[k].name);
		for (i = 0; i < NFIGURES; i++) {
			print_milli(text, sizeof(text),
			    figures[i].milli(w, &w->phase[k]), 3);
			printf("%s\"%s\":%s", i > 0 ? "," : "",
			    figures[i].name, text);
		}
		printf("}");
	}
	printf("}}\n");
}

bool
report_expect(const struct world *w, bool quiet)
{
	const struct expect *e;
	char is[32], want[32];
	bool good = true;
	uint64_t milli;
	uint32_t i;

	for (i = 0; i < w->sc->nexpect; i++) {
		e = &w->sc->expect[i];
		if (holds(w, e, &milli))
			continue;
		good = false;
		print_milli(is, sizeof(is), milli, 3);
		print_milli(want, sizeof(want), e->milli, 3);
		if (!quiet)
			printf("  FAILED %s.%s is %s, not %s %s\n", e->phase,
			    e->what, is, e->least ? ">=" : "<=", want);
	}
	return good;
}
