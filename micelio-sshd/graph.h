/* SPDX-License-Identifier: MIT */
/* The mesh as nodes and links, as far as this node knows of them. */
#ifndef MICELIO_SSHD_GRAPH_H
#define MICELIO_SSHD_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nodeid.h"

struct answer;
struct doc;
struct wbuf;

#define GRAPH_NODES_MAX	1024u
#define GRAPH_LINKS_MAX	16384u

struct graph_node {
	char		 id[NODEID_HEX + 1];	/* 64, or its first half */
	char		 name[64];		/* "": none is known */
	char		 state[16];
	bool		 self;
};
struct graph_link {
	uint16_t	 a, b;		/* indices; a < b */
	bool		 claimed;	/* by one of the two only */
};
struct graph {
	struct graph_node	*node;		/* by id; self is first */
	size_t			 n;
	struct graph_link	*link;
	size_t			 nlinks;
	bool			 more;		/* than fit */
};

/* PEERS and MESH of gossipd. */
void	 graph_build(struct graph *, const char *self_id,
	    const char *self_name, const struct answer *, size_t n);
void	 graph_free(struct graph *);
/* What a node is called: its name, or 12 digits of its id; made safe. */
void	 graph_label(const struct graph_node *, char *out, size_t);
/* Rows "nodes" and "links". */
void	 graph_doc(const struct graph *, struct doc *);
void	 graph_list_text(const struct doc *, struct wbuf *);
/* Graphviz; NetJSON's NetworkGraph, with the version of ours in "v". */
void	 graph_dot(const struct graph *, struct wbuf *);
void	 graph_netjson(const struct graph *, struct wbuf *);
/*
 * From this node outwards: for each its depth, the node it is reached by
 * (self: itself; SIZE_MAX: by none), and the order of first reaching them.
 * The arrays take n each.
 */
void	 graph_reach(const struct graph *, size_t *from, size_t *order,
	    size_t *norder);
void	 graph_tree(const struct graph *, struct wbuf *);

/* meshmap.c: a picture of at most so many columns and rows. */
#define MESHMAP_NODES_MAX 48u
/* False: more nodes than it can show. */
bool	 meshmap_draw(const struct graph *, size_t columns, size_t rows,
	    struct wbuf *);

#endif
