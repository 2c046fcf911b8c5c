/* SPDX-License-Identifier: MIT */
/*
 * Whether the hub, which shows somebody the mesh, shows it as it is.  It is
 * told once and then asks, so that a storm of changes costs it no more than
 * it can draw, and a mesh in which nothing changes costs nothing.
 */
#include "common/imsg.h"
#include "common/imsg_types.h"
#include "common/proc.h"
#include "gossip.h"
#include "gossipd.h"

void
meshwatch_set(struct gossipd *d, bool on)
{
	d->mesh_watch = on ? MESH_SHOWN : MESH_UNWATCHED;
	d->mesh_told = gossip_mesh_changes(d->core);
}

void
meshwatch_asked(struct gossipd *d)
{
	if (d->mesh_watch != MESH_UNWATCHED)
		meshwatch_set(d, true);
}

void
meshwatch_check(struct gossipd *d)
{
	if (d->mesh_watch != MESH_SHOWN ||
	    gossip_mesh_changes(d->core) == d->mesh_told)
		return;
	d->mesh_watch = MESH_STALE;
	imsg_send(d->proc->link[PROC_SSHD], IMSG_MESH_CHANGED, 0, 0, NULL, 0);
}
