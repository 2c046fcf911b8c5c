/* SPDX-License-Identifier: MIT */
/*
 * A parent whose children are in the hands of the input: the other ends of
 * their channels, and when their processes end.
 */
#ifndef TESTS_FUZZ_PARENT_RIG_H
#define TESTS_FUZZ_PARENT_RIG_H

#include "common/cursor.h"
#include "common/imsg.h"
#include "fuzz.h"

#define RIG_FAR_MAX	24
#define RIG_KEY_LINE	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAOhB7/zzhC+" \
			"HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"

/* The far end of a channel; of a session there are two. */
struct far {
	enum proc_role	 role;
	int		 fd;		/* -1: closed */
	int		 exit_fd;	/* ends its process; -1: it has none */
	uint32_t	 seq;
	uint64_t	 ping;		/* the last asked */
	bool		 deaf;		/* reads nothing */
	bool		 was_ready;
};

struct rig {
	struct far	 far[RIG_FAR_MAX];
	size_t		 nfar;
};

struct rig *rig_open(uint8_t how);
/* Write a message as it is given, whatever the header says. */
void	 rig_put(struct rig *, struct far *, const struct imsg_hdr *,
	    const void *, size_t, bool fd);
/* READY as a child of our build sends it. */
void	 rig_ready(struct rig *, struct far *);
void	 rig_close(struct far *);
void	 rig_exit(struct far *);
/* So many ms pass, and with them every timer. */
void	 rig_time(struct rig *, unsigned int ms);
/* The parent handles what there is; its bounds are checked. */
void	 rig_turn(struct rig *);
void	 rig_end(struct rig *);

#endif
