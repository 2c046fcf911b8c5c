/* SPDX-License-Identifier: MIT */
/* Whether a node is there, and by which way. */
#ifndef MICELIO_SSHD_PING_H
#define MICELIO_SSHD_PING_H

#include <stddef.h>
#include <stdint.h>

#include "imsg_types.h"

struct answer;
struct doc;
struct graph;

/* What its link answered. */
struct ping_result {
	const char	*id;		/* 64 hex */
	enum ping_status status;
	uint32_t	 ms;
	uint32_t	 rtt_us;	/* of the connection; 0: not known */
	const char	*addr;
};
/* These fill the document for verdict_text() and return the exit status. */
int	 ping_direct_build(const struct ping_result *, struct doc *);
/* A node that is not linked with this one: known of, or in the graph. */
int	 ping_far_build(const struct graph *, const char *id, struct doc *);
int	 ping_self_build(const char *id, struct doc *);

#endif
