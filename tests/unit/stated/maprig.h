/* SPDX-License-Identifier: MIT */
/* The map of a test: empty, of no mesh, among the neighbours of fake.h. */
#ifndef MICELIO_TESTS_STATED_MAPRIG_H
#define MICELIO_TESTS_STATED_MAPRIG_H

#include "fake.h"
#include "mapd.h"
#include "state_test.h"

extern const uint8_t no_mesh[MESH_ID_LEN];

/*
 * d, which is zeroed, as mapd_new() has it before there is an intake; p is
 * initialized, and the wall clock says NOW0 and fake_mono.
 */
void	 maprig_init(struct mapd *d, struct proc *p);
/* The map, its profile, and what was sent. */
void	 maprig_free(struct mapd *);

#endif
