/* SPDX-License-Identifier: MIT */
/*
 * What the maps of all nodes begin with, what two parts write while they see
 * nothing of each other, and when all are equal again at what cost.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mapnode.h"

#define WATCH_US	(50 * US_PER_MS)
#define AUTHORS_MAX	1000u	/* MAP_AUTHORS_MAX, and some room */
#define HLC_SHIFT	16u	/* of the milliseconds in an hlc */

/* An entry with bytes of its own. */
struct made {
	struct entry	 e;
	struct entry_id	 id;
	uint8_t		 author[ENTRY_AUTHOR_LEN], sig[ENTRY_SIG_LEN];
	uint8_t		 value[ENTRY_VALUE_MAX];
	char		 key[32];
};

static void
make(const struct world *w, struct made *m, const char *space, uint32_t i,
    uint64_t wall)
{
	uint8_t buf[ENTRY_SIGNED_MAX];
	uint32_t author = i % (w->n < AUTHORS_MAX ? w->n : AUTHORS_MAX);

	memset(m, 0, sizeof(*m));
	memcpy(m->author, w->node[author].pub, sizeof(m->author));
	snprintf(m->key, sizeof(m->key), "o/%s/%u", space, i);
	m->e.key = (struct slice){ (uint8_t *)m->key, strlen(m->key) };
	m->e.value = (struct slice){ m->value, w->sc->map_value };
	m->e.author = (struct slice){ m->author, sizeof(m->author) };
	m->e.sig = (struct slice){ m->sig, sizeof(m->sig) };
	m->e.hlc = (wall << HLC_SHIFT) + i;
	m->e.expires_ms = wall + 20 * DAY_MS;
	entry_id_of(buf, entry_signed(&m->e, w->maps.profile.mesh, buf),
	    &m->id);
}

/* Into its map at once, as if it had been there, or had come. */
static void
give(struct world *w, struct node *n, const struct made *m)
{
	struct map *map = mapnode_map(n);

	if (map != NULL && map_apply(map, &m->e, &m->id,
	    node_now(w, n).wall) != MAP_TAKE)
		world_broken(w, "map", "node %u does not take %s", n->i,
		    m->key);
}

void
maps_init(struct world *w)
{
	static const uint8_t mesh[MESH_ID_LEN];

	if (w->sc->map_base > 0)
		profile_init(&w->maps.profile, mesh, NULL, 0);
	if (w->sc->map_apart > 0)
		queue_add(&w->queue, w->sc->map_at, DO_MAPS, 0, 0, NULL);
}

void
maps_begin(struct world *w, struct node *n)
{
	struct made m;

	if (w->sc->map_base == 0)
		return;
	mapnode_start(w, n);
	for (uint32_t i = 0; i < w->sc->map_base; i++) {
		make(w, &m, "base", i, WALL_START_MS - HOUR_MS);
		give(w, n, &m);
	}
	mapnode_loaded(w, n);
}

static void
apart(struct world *w)
{
	struct made m;

	for (uint32_t i = 0; i < w->sc->map_apart; i++) {
		make(w, &m, "apart", i, node_now(w, &w->node[0]).wall);
		for (uint32_t k = 0; k < w->n; k++)
			if (fault_side(w, k) == i % 2)
				give(w, &w->node[k], &m);
			else if (mapnode_map(&w->node[k]) != NULL)
				w->maps.missing += entry_size(&m.e);
	}
}

void
maps_healed(struct world *w)
{
	if (w->sc->map_apart == 0 || w->maps.healed_at > 0)
		return;
	w->maps.healed_at = w->now;
	w->maps.bytes = 0;
	queue_add(&w->queue, w->now + WATCH_US, DO_MAPS, 0, 0, NULL);
}

static bool
all_equal(struct world *w)
{
	const struct map *first = NULL, *map;

	for (uint32_t i = 0; i < w->n; i++) {
		if ((map = mapnode_map(&w->node[i])) == NULL)
			continue;
		if (first == NULL)
			first = map;
		if (map->live != first->live ||
		    memcmp(&map->now, &first->now, sizeof(map->now)) != 0)
			return false;
	}
	return true;
}

void
maps_event(struct world *w)
{
	if (w->maps.healed_at == 0) {
		apart(w);
	} else if (all_equal(w)) {
		w->maps.equal_at = w->now;
	} else {
		queue_add(&w->queue, w->now + WATCH_US, DO_MAPS, 0, 0, NULL);
	}
}

uint64_t
maps_equal_us(const struct world *w)
{
	return w->maps.healed_at == 0 ? 0 : w->maps.equal_at == 0 ?
	    NEVER / 1000 : w->maps.equal_at - w->maps.healed_at;
}
