/* SPDX-License-Identifier: MIT */
#ifndef TESTS_GOSSIP_BENCH_H
#define TESTS_GOSSIP_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fake.h"

/*
 * As many peers as a node has by default.  A message of one goes to all
 * others.  Of our kind, each peer brings the messages of some authors and
 * asks for all others', which makes of each author a tree with all peers in
 * it; the rate of an author is the highest that can be configured, and each
 * peer brings less than it may (NEIGHBOUR_M2_BURST).  Of v1, authors are so
 * many that none says more than he may at once (GOSSIP_BURST), as that rate
 * cannot be lifted.
 */
#define BENCH_PEERS	15u
#define BENCH_AUTHORS	60u
#define BENCH_AUTHORS_V1 4000u
#define BENCH_MESSAGES	20000u
#define BENCH_MESSAGES_V1 5000u	/* they wait for their moment, see relay.c */
#define BENCH_AUTHOR_RATE 100000u	/* network.author_rate, at most */

enum bench_kind { BENCH_OURS, BENCH_V1, BENCH_KINDS };

struct bench_msg {
	uint8_t		*frame;
	size_t		 len;
	uint8_t		*signed_bytes;
	size_t		 signed_len;
	uint8_t		 sig[64], pub[32];
};

struct bench_run {
	size_t		 n;		/* messages in the figures */
	double		 cpu_s;		/* of the daemon alone */
	double		 wall_s;
};

/*
 * The daemon, and what it is compared with, have the last processor and the
 * rig the others: on one by turns, each would find the caches full of what is
 * the other's, and not all processors are equally busy with other things.
 */
void	 bench_place(bool daemon);
/*
 * Starts the program, which is a micelio-gossipd, connects the peers and
 * hands it the messages, as transportd would.  False, with a word on standard
 * error, unless every message came out again for every other peer.  Of our
 * kind the first message of each author is not in the figures: it makes his
 * tree.
 */
bool	 bench_daemon(const char *program, enum bench_kind,
	    const struct bench_msg *, size_t n, struct bench_run *);

#endif
