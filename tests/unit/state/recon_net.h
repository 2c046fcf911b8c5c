/* SPDX-License-Identifier: MIT */
/*
 * Nodes with a map, an intake and a reconciliation each, and links between
 * them that take a while, in a time of their own.
 */
#ifndef MICELIO_RECON_NET_H
#define MICELIO_RECON_NET_H

#include "state/intake.h"
#include "state/reconcile.h"
#include "state_test.h"

#define NET_NODES	64u
#define NET_REPORTS	64u

struct net;

struct net_node {
	struct net		*net;
	unsigned int		 number;
	struct map		 map;
	struct intake		 intake;
	struct recon		*r;
	int64_t			 skew_ms;	/* of its wall clock */
	bool			 fail_writes;
	uint64_t		 roots, root_bytes, frames, frame_bytes;
	size_t			 frame_max;
	unsigned int		 charges;
	struct recon_report	 reports[NET_REPORTS];	/* of its own */
	unsigned int		 nreports, served;
	enum recon_end		 served_end;
};

struct net_event;

/*
 * May look at a message and change it; false: it is lost.  Room for
 * RECON_FRAME_MAX.
 */
typedef bool	net_filter(struct net *, unsigned int from, unsigned int to,
		    uint8_t *, size_t *);

struct net {
	struct profile		 profile;
	struct net_node		 node[NET_NODES];
	unsigned int		 n;
	bool			 up[NET_NODES][NET_NODES];
	uint64_t		 now, wall;	/* ms; wall at now 0 */
	uint64_t		 delay;		/* of links */
	uint64_t		 job_ms;
	uint64_t		 next_tick;
	struct rng		 rng;
	struct net_event	*first, **last;
	net_filter		*filter;
	void			(*each_tick)(struct net *);
};

/* Roots are compared from now on. */
void	 net_init(struct net *, unsigned int nodes, const struct profile *);
void	 net_free(struct net *);
void	 net_link(struct net *, unsigned int a, unsigned int b);
void	 net_unlink(struct net *, unsigned int a, unsigned int b);
void	 net_link_all(struct net *);
void	 net_run(struct net *, uint64_t ms);
/* Until all are equal; false: not within ms. */
bool	 net_settle(struct net *, uint64_t ms);
bool	 net_equal(struct net *);
uint64_t net_wall(const struct net_node *);
/* Straight into the map of a node, as if loaded or written there. */
void	 net_put(struct net_node *, const struct made *);
#define NET_VALUE \
	"a value of a length that people may well use in their maps"
/* Entries from .. to - 1 of a world that all nodes might know. */
void	 net_fill(struct net_node *, unsigned int from, unsigned int to);
/* All have their maps. */
void	 net_loaded(struct net *);
void	 net_put_entry(struct net_node *, const struct entry *);
/* A message from one to another, whatever it is. */
void	 net_inject(struct net *, unsigned int from, unsigned int to,
	    const void *, size_t);
/* How many entries all have in net_three(). */
unsigned int net_common(void);
/* Nodes that differ by so many each, 0 linked with 1 and with 2. */
void	 net_three(struct net *, unsigned int each, net_filter *);
/* Is it on the link of 0 and 1?  What 1 says there is lost. */
bool	 net_between(unsigned int from, unsigned int to);
net_filter net_silent;
/* How many sessions that a node opened, and that were no sweeps, ended so. */
unsigned int net_ended(const struct net_node *, enum recon_end);
/* The last of these. */
const struct recon_report *net_report(const struct net_node *);

#endif
