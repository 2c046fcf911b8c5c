/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "admit.h"

static int
group_cmp(const struct admit_group *a, const struct admit_group *b)
{
	return a->key < b->key ? -1 : a->key > b->key;
}

RB_GENERATE_INTERNAL(admit_tree, admit_group, node, group_cmp,
    static __attribute__((unused)))

void
admit_init(struct admit *a, uint32_t max, uint32_t max_host)
{
	/* Zero is an empty list: what is never used is never touched. */
	RB_INIT(&a->nets);
	RB_INIT(&a->hosts);
	bucket_init(&a->dh_all, ADMIT_DH_ALL_BURST, 0);
	admit_limits(a, max, max_host);
}

void
admit_limits(struct admit *a, uint32_t max, uint32_t max_host)
{
	a->max = max > ADMIT_MAX ? ADMIT_MAX : max < 1 ? 1 : max;
	a->max_host = max_host < 1 ? 1 : max_host;
}

static struct admit_group *
group_get(struct admit_tree *tree, uint64_t key)
{
	struct admit_group find = { .key = key }, *g;

	if ((g = RB_FIND(admit_tree, tree, &find)) != NULL)
		return g;
	if ((g = calloc(1, sizeof(*g))) == NULL)
		return NULL;
	g->key = key;
	TAILQ_INIT(&g->silent);
	TAILQ_INIT(&g->spoke);
	RB_INSERT(admit_tree, tree, g);
	return g;
}

static void
group_drop(struct admit_tree *tree, struct admit_group *g)
{
	if (g == NULL || g->count > 0)
		return;
	RB_REMOVE(admit_tree, tree, g);
	free(g);
}

/* Move a network to the list of its new count. */
static void
net_count(struct admit *a, struct admit_group *net, uint32_t count)
{
	if (net->count > 0)
		LIST_REMOVE(net, same);
	net->count = count;
	if (count > 0)
		LIST_INSERT_HEAD(&a->by_count[count], net, same);
	if (count > a->busiest)
		a->busiest = count;
	while (a->busiest > 0 && LIST_EMPTY(&a->by_count[a->busiest]))
		a->busiest--;
}

static struct admit_conn *
victim_pick(struct admit *a)
{
	struct admit_group *net;
	struct admit_conn *c;

	/* At most one has nobody queued: the one being added to. */
	LIST_FOREACH(net, &a->by_count[a->busiest], same) {
		if ((c = TAILQ_FIRST(&net->silent)) == NULL)
			c = TAILQ_FIRST(&net->spoke);
		if (c != NULL)
			return c;
	}
	return NULL;
}

enum admit_result
admit_add(struct admit *a, struct admit_conn *c, uint64_t net_key,
    uint64_t host_key, struct admit_conn **victim)
{
	struct admit_group *net, *host;

	*victim = NULL;
	memset(c, 0, sizeof(*c));
	host = group_get(&a->hosts, host_key);
	if (host != NULL && host->count >= a->max_host)
		return ADMIT_HOST_FULL;
	if (host == NULL || (net = group_get(&a->nets, net_key)) == NULL) {
		group_drop(&a->hosts, host);
		return ADMIT_NO_MEMORY;
	}
	c->net = net;
	c->host = host;
	host->count++;
	net_count(a, net, net->count + 1);
	if (a->count < a->max) {
		a->count++;
		TAILQ_INSERT_TAIL(&net->silent, c, entry);
		return ADMIT_OK;
	}
	/* Counted already, not yet queued: it cannot be its own victim. */
	a->count++;
	*victim = victim_pick(a);
	TAILQ_INSERT_TAIL(&net->silent, c, entry);
	if (*victim != NULL)
		admit_remove(a, *victim);
	return ADMIT_OK;
}

void
admit_spoke(struct admit *a, struct admit_conn *c)
{
	(void)a;
	if (c->net == NULL || c->spoke)
		return;
	TAILQ_REMOVE(&c->net->silent, c, entry);
	TAILQ_INSERT_TAIL(&c->net->spoke, c, entry);
	c->spoke = true;
}

void
admit_remove(struct admit *a, struct admit_conn *c)
{
	if (c->net == NULL)
		return;
	TAILQ_REMOVE(c->spoke ? &c->net->spoke : &c->net->silent, c, entry);
	net_count(a, c->net, c->net->count - 1);
	c->host->count--;
	a->count--;
	group_drop(&a->nets, c->net);
	group_drop(&a->hosts, c->host);
	c->net = c->host = NULL;
}

/*
 * A set of four slots per hash; the one unused for longest makes room.  An
 * attacker with many addresses gets a fresh bucket for each, but then the
 * places of his networks are what limits him.
 */
bool
admit_handshake(struct admit *a, uint64_t host_key, uint64_t now_ms)
{
	uint64_t h = host_key * UINT64_C(0x9e3779b97f4a7c15) >> 40;
	struct admit_slot *set = &a->dh[h % (ADMIT_DH_SLOTS / 4) * 4];
	struct admit_slot *s = set;

	for (size_t i = 0; i < 4; i++) {
		if (set[i].key == host_key) {
			s = &set[i];
			break;
		}
		if (set[i].bucket.last_ms < s->bucket.last_ms)
			s = &set[i];
	}
	if (s->key != host_key) {
		s->key = host_key;
		bucket_init(&s->bucket, ADMIT_DH_BURST, now_ms);
	}
	return bucket_take(&s->bucket, ADMIT_DH_RATE, ADMIT_DH_BURST, 1,
	    now_ms) && bucket_take(&a->dh_all, ADMIT_DH_ALL_RATE,
	    ADMIT_DH_ALL_BURST, 1, now_ms);
}
