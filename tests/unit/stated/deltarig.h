/* SPDX-License-Identifier: MIT */
/*
 * Deltas with the map and its intake as they are; time and the channel to
 * gossipd are fake.h's.
 */
#ifndef MICELIO_TESTS_STATED_DELTARIG_H
#define MICELIO_TESTS_STATED_DELTARIG_H

#include <sodium.h>

#include "maprig.h"
#include "mtime.h"
#include "proto/delta.h"

#define WAITING_MAX	512u

struct rig {
	struct proc		 proc;
	struct mapd		 d;
	struct intake_item	*waiting[WAITING_MAX];
	size_t			 nwaiting;
	bool			 hold;		/* checks wait */
	size_t			 most;		/* that waited */
};

struct signer {
	uint8_t	pub[32], sec[64];
};

/* Of cmocka_unit_test_setup_teardown(); *state is a struct rig. */
int	 delta_setup(void **state);
int	 delta_teardown(void **state);
/* The oldest of the checks that wait. */
void	 check_one(struct rig *);

/* Author n; an entry of it, named by its number. */
void	 signer_init(struct signer *, uint32_t n);
void	 make_signed(struct made *, const struct signer *, unsigned int number,
	    const char *value);
/* Entries from to to - 1 of an author, in one delta; wbuf_free() it. */
void	 delta_of(struct wbuf *, const struct rig *, const struct signer *,
	    unsigned int from, unsigned int to);
/* It comes from its author; unless hold is set, all of it is checked. */
void	 delta_deliver(struct rig *, const struct signer *,
	    const struct wbuf *);
void	 delta_deliver_made(struct rig *, const struct signer *,
	    unsigned int from, unsigned int to);

#endif
