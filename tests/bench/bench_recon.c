/* SPDX-License-Identifier: MIT */
/*
 * What it costs to make maps of many entries equal: bytes, round trips, time.
 *
 *	bench_recon [-s SEED] [ENTRIES [DIFFERENCES[xTIMES] ...]]
 *
 * Two nodes on a link of 25 ms each way, in a time of its own; then a third
 * one that has nothing copies all.  Processor time is that of both sides
 * together without the checking of signatures, of which one takes about 50
 * microseconds.
 *
 * "beside/n": bytes for each difference beside the entries; "ratio": all
 * bytes over those of the missing entries; "turns": round trips until the
 * last entry was asked for, in that many sessions.  Of what was done several
 * times, the means.  From 1,000 to 10,000 differences it fails beyond 65
 * bytes beside, a ratio of 1.3, or when more than 1 in 100 took more than 3
 * round trips.
 */
#include <sys/resource.h>

#include <err.h>
#include <time.h>
#include <unistd.h>

#include "../unit/state/recon_net.h"

#define VALUE_LEN	116u	/* about 250 bytes for an entry */
#define TRIES_MS	600000u
#define KINDS_MAX	16u
#define BESIDE_MAX	65.0
#define RATIO_MAX	1.3

/* Differences of one size, and what they cost. */
struct kind {
	unsigned int	n, times;
	unsigned int	done, late;	/* more than 3 round trips */
	double		beside, ratio, beside_max;
};

static struct net	net;
static unsigned int	authors, made_so_far;
static double		entry_bytes;

static double
cpu_s(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

/* Entry i, wherever it is put. */
static void
put_entry(struct net_node *n, unsigned int i)
{
	static const uint8_t sig[ENTRY_SIG_LEN] = "good";
	uint8_t author[ENTRY_AUTHOR_LEN], value[VALUE_LEN];
	struct entry e = { .hlc = HLC_OF_MS(NOW0 - 1000) + i,
	    .expires_ms = NOW0 + 20 * DAY_MS };
	char key[32];

	author_bytes(i % authors, author);
	snprintf(key, sizeof(key), "o/bench/key/%u", i);
	memset(value, (int)i, sizeof(value));
	e.key = (struct slice){ (uint8_t *)key, strlen(key) };
	e.value = (struct slice){ value, sizeof(value) };
	e.author = (struct slice){ author, sizeof(author) };
	e.sig = (struct slice){ sig, sizeof(sig) };
	entry_bytes = (double)entry_size(&e);
	net_put_entry(n, &e);
}

static void
profile(struct profile *p)
{
	static const uint8_t mesh[MESH_ID_LEN];
	struct nodeid *ids = calloc(authors, sizeof(*ids));
	uint8_t pub[ENTRY_AUTHOR_LEN];

	for (unsigned int i = 0; i < authors; i++) {
		author_bytes(i, pub);
		nodeid_from_pubkey(&ids[i], pub);
	}
	profile_init(p, mesh, ids, authors);
	free(ids);
}

static struct recon_report
sum_reports(const struct net_node *a, const struct net_node *b)
{
	const struct net_node *both[2] = { a, b };
	struct recon_report t = { .end = RECON_OK };
	const struct recon_report *r;

	for (unsigned int k = 0; k < 2; k++)
		for (unsigned int i = 0; i < both[k]->nreports; i++) {
			r = &both[k]->reports[i];
			t.bytes_in += r->bytes_in + r->bytes_out;
			t.entry_in += r->entry_in + r->entry_out;
			t.applied += r->applied + r->theirs;
			t.found += r->end == RECON_OK;
			t.turns += r->turns * (r->end == RECON_OK);
			t.ranges = t.ranges || r->ranges;
			t.ms = r->end == RECON_OK ? r->ms : t.ms;
		}
	return t;
}

static void
row(const char *what, unsigned int n, unsigned int a, unsigned int b,
    double cpu, struct kind *k)
{
	struct recon_report t = sum_reports(&net.node[a], &net.node[b]);
	double beside = (double)(t.bytes_in - t.entry_in);

	printf("%-18s %9u %9llu %12llu %9.1f %7.3f %6llu %5llu %7llu %8.2f"
	    " %s\n", what, n, (unsigned long long)t.applied,
	    (unsigned long long)t.bytes_in, beside / n,
	    (double)t.bytes_in / (n * entry_bytes),
	    (unsigned long long)t.turns, (unsigned long long)t.found,
	    (unsigned long long)t.ms, cpu, t.ranges ? "ranges" : "symbols");
	fflush(stdout);
	if (k != NULL) {
		k->done++;
		k->late += t.turns > 3 * t.found;
		k->beside += beside / n;
		k->ratio += (double)t.bytes_in / (n * entry_bytes);
		if (beside / n > k->beside_max)
			k->beside_max = beside / n;
	}
	net.node[a].nreports = net.node[b].nreports = 0;
}

static void
difference(struct kind *k)
{
	unsigned int n = k->n;
	double cpu;

	for (unsigned int i = 0; i < n; i++)
		put_entry(&net.node[i % 2], made_so_far++);
	net_link(&net, 0, 1);
	cpu = cpu_s();
	for (uint64_t end = net.now + TRIES_MS;
	    !maps_equal(&net.node[0].map, &net.node[1].map);
	    net_run(&net, 50))
		if (net.now > end)
			errx(1, "%u differences do not come to an end", n);
	net_run(&net, 400);
	row("difference", n, 0, 1, cpu_s() - cpu, k);
	net_unlink(&net, 0, 1);
}

/* False: more than the goal. */
static bool
judge(const struct kind *k)
{
	bool judged = k->n >= 1000 && k->n <= 10000;

	printf("%u differences, %u times: %.1f bytes each (most %.1f), ratio "
	    "%.3f, %u in more than 3 round trips\n", k->n, k->done,
	    k->beside / k->done, k->beside_max, k->ratio / k->done, k->late);
	return !judged || (k->beside <= BESIDE_MAX * k->done &&
	    k->ratio <= RATIO_MAX * k->done && k->late * 100 <= k->done);
}

static unsigned int
number(const char *s, char **end)
{
	unsigned long v = strtoul(s, end, 10);

	if (*end == s || v == 0 || v > 1024 * 1000)
		errx(64, "%s: expected 1 to 1,024,000", s);
	return (unsigned int)v;
}

static void
kind_read(struct kind *k, const char *s)
{
	char *end;

	k->n = number(s, &end);
	k->times = *end == 'x' ? number(end + 1, &end) : 1;
	if (*end != '\0')
		errx(64, "%s: expected DIFFERENCES or DIFFERENCESxTIMES", s);
}

static void
full_copy(unsigned int entries)
{
	double cpu = cpu_s();
	struct rusage use;

	net_link(&net, 0, 2);
	for (uint64_t end = net.now + 10 * TRIES_MS;
	    !maps_equal(&net.node[0].map, &net.node[2].map);
	    net_run(&net, 1000))
		if (net.now > end)
			errx(1, "the copy does not come to an end");
	net_run(&net, 1000);
	row("full copy", entries, 0, 2, cpu_s() - cpu, NULL);
	getrusage(RUSAGE_SELF, &use);
	printf("\npeak of three maps %ld MB\n", use.ru_maxrss / 1024);
}

static void
maps_make(unsigned int entries, uint64_t seed)
{
	double cpu = cpu_s();
	struct profile p;

	profile(&p);
	net_init(&net, 3, &p);
	net.rng.s = seed;
	net.delay = 25;
	for (; made_so_far < entries; made_so_far++) {
		put_entry(&net.node[0], made_so_far);
		put_entry(&net.node[1], made_so_far);
	}
	for (unsigned int i = 0; i < 3; i++)
		recon_loaded(net.node[i].r, 0);
	printf("two maps of %u entries of %.0f bytes made in %.1f s\n",
	    made_so_far, entry_bytes, cpu_s() - cpu);
	cpu = cpu_s();
	net_run(&net, 100);
	printf("symbols kept, all three nodes: %.2f s\n\n", cpu_s() - cpu);
}

int
main(int argc, char **argv)
{
	static struct kind kinds[KINDS_MAX] = { { .n = 10, .times = 1 },
	    { .n = 1000, .times = 1 }, { .n = 100000, .times = 1 } };
	unsigned int entries = 1000000, nkinds = 3, sum = 0;
	uint64_t seed = 1;
	bool good = true;
	char *end;
	int c;

	while ((c = getopt(argc, argv, "s:")) != -1) {
		if (c != 's')
			return 64;
		seed = strtoull(optarg, NULL, 10);
	}
	if (optind < argc)
		entries = number(argv[optind++], &end);
	if (optind < argc)
		nkinds = 0;
	while (optind < argc && nkinds < KINDS_MAX)
		kind_read(&kinds[nkinds++], argv[optind++]);
	for (unsigned int i = 0; i < nkinds; i++)
		sum += kinds[i].n * kinds[i].times;
	if (entries > 1024 * 1000 || entries < sum)
		errx(64, "entries: at least all that differ, at most "
		    "1,024,000");
	authors = entries / 1000 + 1;
	maps_make(entries - sum, seed);
	printf("%-18s %9s %9s %12s %9s %7s %6s %5s %7s %8s\n", "", "n",
	    "applied", "bytes", "beside/n", "ratio", "turns", "sess", "ms",
	    "cpu s");
	for (unsigned int i = 0; i < nkinds; i++)
		while (kinds[i].done < kinds[i].times)
			difference(&kinds[i]);
	full_copy(entries);
	net_free(&net);
	for (unsigned int i = 0; i < nkinds; i++)
		good = judge(&kinds[i]) && good;
	if (!good)
		errx(1, "more than the goal");
	return 0;
}
