/* SPDX-License-Identifier: MIT */
/*
 * Fills the store of a node that does not run with remembered peers, through
 * stated's own code: fillbook STATE_DIR COUNT UNIX_SECONDS.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cursor.h"
#include "micelio-stated/peerbook.h"
#include "micelio-stated/store.h"

#define BATCH	1000ul

static void
put(struct store *s, unsigned long i, uint64_t now)
{
	struct peerrec r = { .has_key = true, .reachable = true };
	struct wbuf w;

	(void)snprintf((char *)r.key, sizeof(r.key), "made up %lu", i);
	nodeid_from_pubkey(&r.id, r.key);
	(void)snprintf(r.addr, sizeof(r.addr), "10.%lu.%lu.%lu:4000",
	    i >> 16 & 255, i >> 8 & 255, i & 255);
	r.last_seen = now - i % (20 * 86400);
	wbuf_init(&w, PEERREC_MAX);
	peerrec_encode(&w, &r);
	if (store_put(s, PEERBOOK_TABLE, r.id.b, sizeof(r.id.b), w.p, w.len)
	    != STORE_OK)
		errx(1, "record %lu is not taken", i);
	wbuf_free(&w);
}

int
main(int argc, char **argv)
{
	unsigned long n, i;
	uint64_t now;
	struct store *s;

	if (argc != 4)
		errx(64, "usage: fillbook STATE_DIR COUNT UNIX_SECONDS");
	n = strtoul(argv[2], NULL, 10);
	now = strtoull(argv[3], NULL, 10);

	/* All in memory: a small cache is slow at ids in no order. */
	struct store_config c = STORE_CONFIG_SMALL(argv[1]);

	c.cache_bytes = 64 * 1024 * 1024;
	c.checkpoint_kb = 256 * 1024;
	if ((s = store_bdb_new(&c)) == NULL || store_open(s) != STORE_OK)
		errx(1, "%s: cannot be opened", argv[1]);
	for (i = 0; i < n; i++) {
		if (i % BATCH == 0 && store_begin(s) != STORE_OK)
			errx(1, "no transaction");
		put(s, i, now);
		if ((i % BATCH == BATCH - 1 || i == n - 1) &&
		    store_commit(s) != STORE_OK)
			errx(1, "no commit");
	}
	store_close(s);
	store_free(s);
	return 0;
}
