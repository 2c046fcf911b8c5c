/* SPDX-License-Identifier: MIT */
/* Addresses that failed, whatever node was looked for there. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "backoff.h"
#include "bad_addr.h"
#include "common/addr.h"
#include "common/log.h"
#include "common/nodeid.h"
#include "core.h"
#include "lru.h"

static void	addr_key(const struct gossip *, const char *, uint8_t[16]);

void
bad_addr_init(struct gossip *g, uint64_t seed)
{
	lru_init(&g->bad_addrs, BAD_ADDRS_MAX, offsetof(struct bad_addr, key),
	    16, seed);
}

void
bad_addr_free(struct gossip *g)
{
	lru_free(&g->bad_addrs, NULL);
}

struct bad_addr *
bad_addr_get(const struct gossip *g, const char *addr)
{
	uint8_t key[16];

	addr_key(g, addr, key);
	return (struct bad_addr *)lru_get(&g->bad_addrs, key);
}

void
bad_addr_add(struct gossip *g, const char *addr, const struct nodeid *owner)
{
	struct bad_addr *b = bad_addr_get(g, addr);

	if (b == NULL) {
		if (lru_full(&g->bad_addrs)) {
			b = (struct bad_addr *)lru_oldest(&g->bad_addrs);
			lru_remove(&g->bad_addrs, &b->node);
			free(b);
		}
		b = xcalloc(1, sizeof(*b));
		addr_key(g, addr, b->key);
		lru_put(&g->bad_addrs, &b->node);
	} else
		lru_touch(&g->bad_addrs, &b->node);
	if (b->fails < UINT32_MAX)
		b->fails++;
	b->until = g->now.mono + backoff_ms(g, b->fails);
	b->has_owner = owner != NULL;
	if (owner != NULL)
		b->owner = *owner;
}

void
bad_addr_forget(struct gossip *g, const char *addr)
{
	struct bad_addr *b = bad_addr_get(g, addr);

	if (b == NULL)
		return;
	lru_remove(&g->bad_addrs, &b->node);
	free(b);
}

/* However it is written. */
static void
addr_key(const struct gossip *g, const char *text, uint8_t key[16])
{
	char same[HOSTPORT_MAX + 1];
	struct addr a;

	if (addr_parse(text, &a))
		text = addr_text(&a, same);
	crypto_shorthash_siphashx24(key, (const uint8_t *)text, strlen(text),
	    g->id_key);
}
