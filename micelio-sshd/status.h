/* SPDX-License-Identifier: MIT */
/* How the node is, out of what the daemons answered. */
#ifndef MICELIO_SSHD_STATUS_H
#define MICELIO_SSHD_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imsg_types.h"
#include "nodeid.h"
#include "sandbox.h"

struct answer;
struct doc;
struct strlist;
struct wbuf;

struct status_facts {
	const char	*node_name;
	struct nodeid	 id;
	enum run_mode	 mode;
	uint64_t	 up_ms;
	unsigned int	 people, keys;
	bool		 ssh_on;
	bool		 keys_known;	/* authorized_keys was handed over */
	const struct strlist *ssh_listen, *bootstrap;
	struct sandbox_report sandbox;	/* the hub's own */
};
/* Fill the document; true if healthy. */
bool	 status_build(const struct status_facts *, const struct answer *,
	    size_t n, struct doc *);
/*
 * The parent's row about a daemon, "gossipd" or "micelio": its process and
 * what it reported when it got ready.
 */
const void *status_proc(const struct answer *procs, const char *name,
	    size_t *len);
/* status_text.c: all of it, and what fits between two lines of talk. */
void	 status_text(const struct doc *, struct wbuf *);
void	 status_short_text(const struct doc *, struct wbuf *);

#endif
