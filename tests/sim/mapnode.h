/* SPDX-License-Identifier: MIT */
/* Nodes that have a replicated map, and what becomes of their maps. */
#ifndef MICELIO_SIM_MAPNODE_H
#define MICELIO_SIM_MAPNODE_H

#include "sim.h"
#include "state/intake.h"
#include "state/map.h"
#include "state/reconcile.h"

enum mapnode_event { MAPNODE_TICK, MAPNODE_JOB, MAPNODE_CHECK };

/* Its core has just begun; the map is empty and not yet compared. */
void	 mapnode_start(struct world *, struct node *);
/* The map has what it begins with. */
void	 mapnode_loaded(struct world *, struct node *);
void	 mapnode_free(struct node *);
/* v: of the event. */
void	 mapnode_event(struct world *, struct node *, uint64_t v);
/* One thing that the core said about the map; false: nothing. */
bool	 mapnode_step(struct world *, struct node *);
/* NULL: it has none. */
struct map *mapnode_map(struct node *);

#endif
