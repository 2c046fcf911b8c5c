/* SPDX-License-Identifier: MIT */
#include "maprig.h"

const uint8_t no_mesh[MESH_ID_LEN];

void
maprig_init(struct mapd *d, struct proc *p)
{
	fake_init(p);
	fake_wall = NOW0;
	d->proc = p;
	profile_init(&d->profile, no_mesh, NULL, 0);
	map_init(&d->map, &d->profile, NULL, NULL, NULL, NOW0);
}

void
maprig_free(struct mapd *d)
{
	map_free(&d->map);
	profile_free(&d->profile);
	fake_free();
}
