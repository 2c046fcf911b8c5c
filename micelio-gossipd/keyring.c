/* SPDX-License-Identifier: MIT */
/*
 * Keys of nodes (wire-v1 4.4).  An id is the hash of its key, so a key can
 * not be wrong; trust says whether its owner showed that it has the secret.
 * Learnt keys come again with every message, so forgetting one costs
 * nothing (8, W6).
 */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/nodeid.h"
#include "keyring.h"
#include "lru.h"

struct ring_key {
	struct lru_node	 node;
	struct nodeid	 id;
	uint8_t		 pubkey[32];
};

void
keyring_init(struct keyring *k, uint64_t seed)
{
	lru_init(&k->map[TRUST_VERIFIED], KEYRING_VERIFIED_MAX,
	    offsetof(struct ring_key, id), NODEID_LEN, seed);
	lru_init(&k->map[TRUST_LEARNT], KEYRING_LEARNT_MAX,
	    offsetof(struct ring_key, id), NODEID_LEN, seed);
}

void
keyring_free(struct keyring *k)
{
	lru_free(&k->map[TRUST_VERIFIED], NULL);
	lru_free(&k->map[TRUST_LEARNT], NULL);
}

static struct ring_key *
find(const struct keyring *k, const struct nodeid *id, enum trust *trust)
{
	struct lru_node *n;

	*trust = TRUST_VERIFIED;
	if ((n = lru_get(&k->map[TRUST_VERIFIED], id)) == NULL) {
		*trust = TRUST_LEARNT;
		n = lru_get(&k->map[TRUST_LEARNT], id);
	}
	return (struct ring_key *)n;
}

bool
keyring_add(struct keyring *k, const struct nodeid *id,
    const uint8_t pubkey[32], enum trust trust)
{
	struct ring_key *r;
	enum trust have;

	if ((r = find(k, id, &have)) != NULL) {
		if (have <= trust)
			return false;
		lru_remove(&k->map[have], &r->node);
	} else
		r = xcalloc(1, sizeof(*r));
	if (lru_full(&k->map[trust])) {
		struct lru_node *old = lru_oldest(&k->map[trust]);

		lru_remove(&k->map[trust], old);
		free(old);
	}
	r->id = *id;
	memcpy(r->pubkey, pubkey, sizeof(r->pubkey));
	lru_put(&k->map[trust], &r->node);
	return true;
}

const uint8_t *
keyring_get(struct keyring *k, const struct nodeid *id, enum trust *trust)
{
	struct ring_key *r;
	enum trust have;

	if ((r = find(k, id, &have)) == NULL)
		return NULL;
	lru_touch(&k->map[have], &r->node);
	if (trust != NULL)
		*trust = have;
	return r->pubkey;
}

size_t
keyring_count(const struct keyring *k)
{
	return k->map[TRUST_VERIFIED].n + k->map[TRUST_LEARNT].n;
}
