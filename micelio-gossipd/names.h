/* SPDX-License-Identifier: MIT */
/* What nodes are called: node.name, in a tag of the hello. */
#ifndef MICELIO_GOSSIP_NAMES_H
#define MICELIO_GOSSIP_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/conf.h"
#include "proto/envelope.h"

struct gossip;
struct hello_msg;
struct session;

#define NAME_PREFIX	"cap/name."	/* v1 nodes pass over tags */
#define NAME_TAG_MAX	(sizeof(NAME_PREFIX) + CONF_NODE_NAME_MAX)

/* The tag of this node; false: it has no name. */
bool	 name_tag(const struct gossip *, char out[NAME_TAG_MAX],
	    struct slice *);
/* Keep what that node calls itself. */
void	 name_take(struct session *, const struct hello_msg *);
/* A linked node that is called as this one is told of. */
void	 name_compare(struct gossip *, const struct session *);

#endif
