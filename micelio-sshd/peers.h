/* SPDX-License-Identifier: MIT */
/* Other nodes, from PEERS and NODES of gossipd and LINKS of transportd. */
#ifndef MICELIO_SSHD_PEERS_H
#define MICELIO_SSHD_PEERS_H

#include <stdbool.h>
#include <stddef.h>

#include "addr.h"
#include "nodeid.h"

struct answer;
struct doc;
struct wbuf;

void	 peers_build(const struct answer *, size_t n, struct doc *);
void	 peers_text(const struct doc *, struct wbuf *);
/* The connection of a row of gossipd about a peer, as transportd has it. */
const void *peers_link(const struct answer *links, const void *peer,
	    size_t peer_len, size_t *len);
/* All about the node with that id (64 hex), in the head. */
void	 peer_build(const struct answer *, size_t n, const char *id,
	    struct doc *);

/* Nodes a word can mean. */
#define MEANT_MAX	16u
struct meant {
	size_t		 n;
	bool		 more;		/* than fit here */
	char		 id[MEANT_MAX][NODEID_HEX + 1];
	char		 addr[MEANT_MAX][HOSTPORT_MAX + 1];
};
/* By the begin of the id, or all of a name or address. */
void	 meant_find(struct meant *, const struct answer *, size_t n,
	    const char *word, bool linked);
/*
 * Of the rows of PEERS, those that are configured and not connected, each
 * with its address; the id of one that never answered is "".
 */
void	 meant_down(struct meant *, const struct answer *, const char *word);
/* For people, when it is not one. */
void	 meant_text(const struct meant *, const char *word, bool linked,
	    char *, size_t);

#endif
