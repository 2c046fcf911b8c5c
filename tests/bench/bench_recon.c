/* SPDX-License-Identifier: MIT */
/*
 * What it costs to make maps of many entries equal: bytes, round trips, time.
 *
 *	bench_recon [entries [differences ...]]
 *
 * Two nodes on a link of 25 ms each way, in a time of its own; then a third
 * one that has nothing copies all.  Processor time is that of both sides
 * together without the checking of signatures, of which one takes about 50
 * microseconds.  For 1,000 differences it fails beyond 65 bytes for each beside
 * the entries, 1.3 times the bytes of these, or when 1 in 20 takes more than 3
 * round trips.
 */
#include <sys/resource.h>

#include <err.h>
#include <time.h>

#include "../unit/state/recon_net.h"

#define VALUE_LEN	116u	/* about 250 bytes for an entry */
#define TRIES_MS	600000u
#define DIFFS_MAX	256u

static struct net	net;
static unsigned int	authors, made_so_far, judged, missed;
static double		entry_bytes, mean, ratio;

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
    double cpu)
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
	if (n == 1000) {
		judged++;
		missed += t.turns > 3 * t.found;
		mean += beside / n;
		ratio += (double)t.bytes_in / (n * entry_bytes);
	}
	net.node[a].nreports = net.node[b].nreports = 0;
}

static void
difference(unsigned int n)
{
	double cpu;

	for (unsigned int i = 0; i < n; i++)
		put_entry(&net.node[i % 2], made_so_far++);
	net_link(&net, 0, 1);
	cpu = cpu_s();
	while (!maps_equal(&net.node[0].map, &net.node[1].map)) {
		if (net.now > TRIES_MS)
			errx(1, "%u differences do not come to an end", n);
		net_run(&net, 50);
	}
	net_run(&net, 400);
	row("difference", n, 0, 1, cpu_s() - cpu);
	net_unlink(&net, 0, 1);
}

int
main(int argc, char **argv)
{
	static unsigned int diffs[DIFFS_MAX] = { 10, 1000, 100000 };
	unsigned int entries = 1000000, ndiffs = 3, sum = 0;
	struct rusage use;
	struct profile p;
	double cpu;

	if (argc > 1)
		entries = (unsigned int)strtoul(argv[1], NULL, 10);
	if (argc > 2) {
		ndiffs = 0;
		for (int i = 2; i < argc && ndiffs < DIFFS_MAX; i++)
			diffs[ndiffs++] = (unsigned int)strtoul(argv[i],
			    NULL, 10);
	}
	for (unsigned int i = 0; i < ndiffs; i++)
		sum += diffs[i];
	if (entries < sum || entries > 1024 * 1000)
		errx(1, "entries: at least the differences, at most 1,024,000");
	authors = entries / 1000 + 1;
	profile(&p);
	net_init(&net, 3, &p);
	net.delay = 25;
	cpu = cpu_s();
	for (; made_so_far < entries - sum; made_so_far++) {
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
	printf("%-18s %9s %9s %12s %9s %7s %6s %5s %7s %8s\n", "", "n",
	    "applied", "bytes", "beside/n", "ratio", "turns", "sess", "ms",
	    "cpu s");
	for (unsigned int i = 0; i < ndiffs; i++)
		difference(diffs[i]);
	net_link(&net, 0, 2);
	cpu = cpu_s();
	while (!maps_equal(&net.node[0].map, &net.node[2].map)) {
		if (net.now > 10 * TRIES_MS)
			errx(1, "the copy does not come to an end");
		net_run(&net, 1000);
	}
	net_run(&net, 1000);
	row("full copy", entries, 0, 2, cpu_s() - cpu);
	getrusage(RUSAGE_SELF, &use);
	printf("\nratio: all bytes over those of the missing entries; peak of "
	    "three maps %ld MB\n", use.ru_maxrss / 1024);
	net_free(&net);
	if (judged > 0)
		printf("1,000 differences: %.1f bytes each, ratio %.3f, %u of "
		    "%u in more than 3 round trips\n", mean / judged,
		    ratio / judged, missed, judged);
	if (mean > 65 * judged || ratio > 1.3 * judged ||
	    missed * 20 > judged)
		errx(1, "more than the goal");
	return 0;
}
