/* SPDX-License-Identifier: MIT */
/* The nodes of a lab: their addresses, configurations and processes. */
#ifndef MICELIO_MICELIOCTL_LAB_NODES_H
#define MICELIO_MICELIOCTL_LAB_NODES_H

#include "lab.h"
#include "local.h"

#define LAB_MAX		32u
#define LAB_POLL_MS	20
#define LAB_NET_PORT	4000u
#define LAB_SSH_PORT	2222u

struct lab {
	struct programs	 programs;
	unsigned int	 n;
	char		 dir[64];
	uint32_t	 net;		/* of the addresses: 127.x.y.0 */
	const char	*run;
	struct {
		pid_t		 pid;	/* 0: does not run */
		unsigned int	 links;	/* configured */
		char		 dir[96], name[16], addr[32];
		struct lab_tail	 tail;
	} node[LAB_MAX];
	char		 why[512];
};

/*
 * A network of loopback addresses nobody listens on, in net; false: none is
 * found.
 */
bool	 lab_net_find(struct lab *);
/*
 * The directory and configuration of node i, with these authorized keys or
 * "": two links each, so that it is one mesh whatever single node is missing.
 * False: see errno.
 */
bool	 lab_node_write(struct lab *, unsigned int i, const char *keys);
/* False: see why. */
bool	 lab_nodes_start(struct lab *);
/* Until all are linked and their tails open; false: see why, or stopped. */
bool	 lab_nodes_wait(struct lab *);
/* Returns when they have ended; the directories stay. */
void	 lab_nodes_stop(struct lab *);

#endif
