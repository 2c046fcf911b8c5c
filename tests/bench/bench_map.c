/* SPDX-License-Identifier: MIT */
/*
 * What a map of many entries takes and gives: bytes on the disk and in memory
 * for each entry of 250 bytes, reads of one key and of prefixes per second.
 * usage: bench_map DIR [ENTRIES]
 *
 * On the disk as stated writes them, under their ids and group by group, with
 * its cache; the log that a checkpoint leaves is counted, too.  In memory:
 * what the process grew by, with all the allocator keeps.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cursor.h"
#include "proto/entry.h"
#include "state/clock.h"
#include "state/map.h"
#include "store.h"

#define ENTRY_BYTES	250u	/* as encoded: what is stored and travels */
#define OF_AUTHOR	1000u
#define GROUP		2048u	/* entries of a transaction */
#define NOW		(UINT64_C(493500) * HOUR_MS)
#define READS		1000000u
#define SCANS		20000u
#define MEMORY_MAX	450.0	/* bytes for an entry */

struct one {
	struct entry	 e;
	struct entry_id	 id;
	char		 key[40];
	uint8_t		 author[ENTRY_AUTHOR_LEN], sig[ENTRY_SIG_LEN];
	uint8_t		 value[ENTRY_BYTES];
	uint8_t		 wire[ENTRY_BYTES + 64];
	size_t		 len;
};

static unsigned int	entries = 1000000;

static double
now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void __attribute__((noreturn))
die(const char *what, const char *why)
{
	fprintf(stderr, "bench_map: %s: %s\n", what, why);
	exit(1);
}

static size_t
encode(struct one *o)
{
	struct wbuf w;

	wbuf_init(&w, sizeof(o->wire));
	entry_write(&w, &o->e);
	memcpy(o->wire, w.p, w.len);
	o->len = w.len;
	wbuf_free(&w);
	return o->len;
}

static void
key_of(unsigned int i, char key[40])
{
	snprintf(key, 40, "o/%u/%u", i / OF_AUTHOR, i % OF_AUTHOR);
}

/* Its signature is only as long as one: it is not checked here. */
static void
make(struct one *o, unsigned int i)
{
	static const uint8_t no_mesh[MESH_ID_LEN];
	uint8_t buf[ENTRY_SIGNED_MAX];
	unsigned int author = i / OF_AUTHOR;
	size_t n;

	memset(o, 0, sizeof(*o));
	key_of(i, o->key);
	memset(o->author, 0x40, sizeof(o->author));
	memcpy(o->author, &author, sizeof(author));
	memcpy(o->sig, &i, sizeof(i));
	memset(o->value, 'a' + (int)(i % 26), sizeof(o->value));
	o->e = (struct entry){ .hlc = HLC_OF_MS(NOW - 1000) + i % OF_AUTHOR,
	    .expires_ms = NOW + 29 * DAY_MS,
	    .key = { (uint8_t *)o->key, strlen(o->key) },
	    .value = { o->value, 1 },
	    .author = { o->author, sizeof(o->author) },
	    .sig = { o->sig, sizeof(o->sig) } };
	n = encode(o);
	if (n < ENTRY_BYTES)
		o->e.value.n += ENTRY_BYTES - n;
	if ((n = encode(o)) > ENTRY_BYTES)	/* its length takes a byte */
		o->e.value.n -= n - ENTRY_BYTES;
	if (encode(o) != ENTRY_BYTES)
		die("entry", "has another length");
	entry_id_of(buf, entry_signed(&o->e, no_mesh, buf), &o->id);
}

static void
on_disk(const char *dir)
{
	struct store_config c = STORE_CONFIG_SMALL(dir);
	struct store *s = store_bdb_new(&c);
	double began = now_s();
	enum store_err err;
	struct one *o = calloc(1, sizeof(*o));
	bool done;

	if (s == NULL || o == NULL || store_open(s) != STORE_OK)
		die(dir, s == NULL ? "no memory" : store_why(s));
	for (unsigned int i = 0; i < entries; i++) {
		make(o, i);
		err = i % GROUP == 0 ? store_begin(s) : STORE_OK;
		if (err == STORE_OK)
			err = store_put(s, "map", o->id.b, sizeof(o->id.b),
			    o->wire, o->len);
		if (err == STORE_OK && ((i + 1) % GROUP == 0 ||
		    i + 1 == entries)) {
			err = store_commit(s);
			if (err == STORE_OK)
				err = store_checkpoint(s, false, &done);
		}
		if (err != STORE_OK)
			die(dir, store_why(s));
	}
	if (store_checkpoint(s, true, &done) != STORE_OK)
		die(dir, store_why(s));
	printf("disk      %8.1f bytes an entry, written in %.1f s\n",
	    (double)store_bytes(s) / entries, now_s() - began);
	store_free(s);
	free(o);
}

static size_t
resident(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long all, rss = 0;

	if (f == NULL || fscanf(f, "%lu %lu", &all, &rss) != 2)
		die("/proc/self/statm", "cannot be read");
	(void)fclose(f);
	return rss * (size_t)sysconf(_SC_PAGESIZE);
}

static double
in_memory(struct map *m)
{
	struct one *o = calloc(1, sizeof(*o));
	size_t before;
	double each;

	if (o == NULL)
		die("memory", "there is none");
	malloc_trim(0);
	before = resident();
	for (unsigned int i = 0; i < entries; i++) {
		make(o, i);
		if (map_apply(m, &o->e, &o->id, NOW) != MAP_TAKE)
			die("map", "takes no more");
	}
	each = (double)(resident() - before) / entries;
	printf("memory    %8.1f bytes an entry (goal: at most %.0f)\n", each,
	    MEMORY_MAX);
	free(o);
	return each;
}

static void
reads(const struct map *m)
{
	uint64_t z = 1, bytes = 0, rows = 0;
	double began = now_s();
	const struct ment *e;
	char key[40], prefix[40];

	for (unsigned int i = 0; i < READS; i++) {
		z = z * UINT64_C(6364136223846793005) + 1;
		key_of((unsigned int)((z >> 33) % entries), key);
		if ((e = map_get(m, key, strlen(key), NOW)) == NULL)
			die(key, "is not there");
		bytes += e->value_len;
	}
	printf("reads     %8.0f keys/s, in random order\n",
	    READS / (now_s() - began));
	began = now_s();
	for (unsigned int i = 0; i < SCANS; i++) {
		uint8_t after[ENTRY_KEY_MAX];
		size_t n = 0;

		z = z * UINT64_C(6364136223846793005) + 1;
		snprintf(prefix, sizeof(prefix), "o/%u/%u", (unsigned int)
		    (z >> 33) % ((entries + OF_AUTHOR - 1) / OF_AUTHOR),
		    10 + (unsigned int)(z >> 40) % 90);
		/* Such a prefix has 11 keys, as "o/7/42" and "o/7/420". */
		while ((e = map_next_key(m, prefix, strlen(prefix), after, n,
		    NOW)) != NULL) {
			n = e->key_len;
			memcpy(after, e->data + ENTRY_SIG_LEN, n);
			rows++;
		}
	}
	printf("scans     %8.0f prefixes/s, %.0f keys/s of them\n",
	    SCANS / (now_s() - began), (double)rows / (now_s() - began));
	if (bytes == 0 || rows == 0)
		die("reads", "found nothing");
}

static void
map_open(struct map *m, struct profile *p)
{
	static const uint8_t no_mesh[MESH_ID_LEN];
	struct map_limits limits = { SIZE_MAX, SIZE_MAX, SIZE_MAX };

	profile_init(p, no_mesh, NULL, 0);
	p->quota = OF_AUTHOR;
	map_init(m, p, &limits, NULL, NULL, NOW);
}

int
main(int argc, char **argv)
{
	static struct map m;
	static struct profile p;
	double each;

	if (argc < 2) {
		fprintf(stderr, "usage: bench_map DIR [ENTRIES]\n");
		return 64;
	}
	if (argc > 2)
		entries = (unsigned int)strtoul(argv[2], NULL, 10);
	if (entries < OF_AUTHOR)
		die("entries", "want 1000 at least");
	printf("%u entries of %u bytes\n", entries, ENTRY_BYTES);
	on_disk(argv[1]);
	map_open(&m, &p);
	each = in_memory(&m);
	reads(&m);
	return each <= MEMORY_MAX ? 0 : 1;
}
