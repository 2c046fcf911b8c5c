/* SPDX-License-Identifier: MIT */
/*
 * Fills the database of a node that is not running with a map of so many
 * authors: mapfill DIR AUTHORS ENTRIES VALUE-BYTES.  DIR is db/ of its state
 * directory; each author signs ENTRIES keys under o/.  mapfill ids AUTHORS
 * prints their node ids: the key of author n is that of a seed of n as 8
 * bytes, the lowest first, and 24 zeros.  mapfill bare COUNT prints what the
 * check of one signature costs here and now, in us of processor time.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cursor.h"
#include "log.h"
#include "mtime.h"
#include "nodeid.h"
#include "proto/entry.h"
#include "state/clock.h"
#include "state/profile.h"
#include "state/verify.h"
#include "micelio-stated/store.h"

#define BATCH	2000u

static struct store	*store;
static unsigned long	 in_batch;

static void
must(enum store_err err)
{
	if (err == STORE_OK)
		return;
	fprintf(stderr, "mapfill: %s\n", store_why(store));
	exit(1);
}

static void
entry_put(struct entry *e, const uint8_t *sec)
{
	static const uint8_t no_mesh[MESH_ID_LEN];
	uint8_t buf[ENTRY_SIGNED_MAX], sig[ENTRY_SIG_LEN];
	size_t n = entry_signed(e, no_mesh, buf);
	struct entry_id id;
	struct wbuf w;

	entry_id_of(buf, n, &id);
	crypto_sign_detached(sig, NULL, buf, n, sec);
	e->sig = (struct slice){ sig, sizeof(sig) };
	wbuf_init(&w, ENTRY_WIRE_MAX);
	entry_write(&w, e);
	if (in_batch == 0)
		must(store_begin(store));
	must(store_put(store, "map", id.b, sizeof(id.b), w.p, w.len));
	if (++in_batch == BATCH) {
		must(store_commit(store));
		in_batch = 0;
	}
	wbuf_free(&w);
}

static void
author_keys(uint64_t a, uint8_t pub[32], uint8_t sec[64])
{
	uint8_t seed[32] = { 0 };

	for (unsigned int i = 0; i < 8; i++, a >>= 8)
		seed[i] = (uint8_t)a;
	crypto_sign_seed_keypair(pub, sec, seed);
}

static void
ids_print(unsigned long authors)
{
	char hex[NODEID_HEX + 1];
	uint8_t pub[32], sec[64];
	struct nodeid id;

	for (unsigned long a = 0; a < authors; a++) {
		author_keys(a, pub, sec);
		nodeid_from_pubkey(&id, pub);
		nodeid_hex(&id, hex);
		puts(hex);
	}
}

static double
cpu_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static void
bare(unsigned long count)
{
	uint8_t pub[32], sec[64], sig[ENTRY_SIG_LEN], buf[120] = { 0 };
	double began;

	author_keys(1, pub, sec);
	crypto_sign_detached(sig, NULL, buf, sizeof(buf), sec);
	began = cpu_us();
	for (unsigned long i = 0; i < count; i++)
		if (!entry_verify(buf, sizeof(buf), sig, pub))
			abort();
	printf("%.1f\n", (cpu_us() - began) / (double)count);
}

static void
author_fill(unsigned long a, unsigned long entries, size_t size)
{
	static uint8_t value[ENTRY_VALUE_MAX];
	uint64_t now = wall_ms();
	uint8_t pub[32], sec[64];
	char key[64];
	struct entry e;

	author_keys(a, pub, sec);
	for (unsigned long i = 0; i < entries; i++) {
		memset(&e, 0, sizeof(e));
		snprintf(key, sizeof(key), "o/%lu/%lu", a, i);
		memset(value, 'a' + (int)(i % 26), size);
		e.key = (struct slice){ (const uint8_t *)key, strlen(key) };
		e.value = (struct slice){ value, size };
		e.author = (struct slice){ pub, sizeof(pub) };
		e.hlc = HLC_OF_MS(now - 3600000) + i;
		e.expires_ms = now + 29 * DAY_MS;
		entry_put(&e, sec);
	}
}

int
main(int argc, char **argv)
{
	struct store_config config = STORE_CONFIG_SMALL(argv[1]);
	unsigned long authors, entries, size;

	if (sodium_init() != -1 && argc == 3 && strcmp(argv[1], "ids") == 0) {
		ids_print(strtoul(argv[2], NULL, 10));
		return 0;
	}
	if (sodium_init() != -1 && argc == 3 &&
	    strcmp(argv[1], "bare") == 0) {
		bare(strtoul(argv[2], NULL, 10));
		return 0;
	}
	if (argc != 5 || sodium_init() == -1) {
		fprintf(stderr, "usage: mapfill dir authors entries value, "
		    "mapfill ids authors, or mapfill bare count\n");
		return 64;
	}
	authors = strtoul(argv[2], NULL, 10);
	entries = strtoul(argv[3], NULL, 10);
	size = strtoul(argv[4], NULL, 10);
	if (size > ENTRY_VALUE_MAX)
		return 64;
	config.cache_bytes = 64 * 1024 * 1024;
	if ((store = store_bdb_new(&config)) == NULL)
		return 1;
	must(store_open(store));
	for (unsigned long a = 0; a < authors; a++)
		author_fill(a, entries, size);
	if (in_batch > 0)
		must(store_commit(store));
	store_free(store);
	return 0;
}
