/* SPDX-License-Identifier: MIT */
#ifndef TESTS_GOSSIP_BENCH_H
#define TESTS_GOSSIP_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fake.h"

/*
 * As many peers as a node has by default.  A message of one goes to all
 * others.  No rate is reached: each author says less than he may at once
 * (GOSSIP_BURST), each peer brings less than it may (NEIGHBOUR_BURST).
 */
#define BENCH_PEERS	15u
#define BENCH_AUTHORS	4000u
#define BENCH_MESSAGES	20000u

struct bench_msg {
	uint8_t		*frame;
	size_t		 len;
	uint8_t		*signed_bytes;
	size_t		 signed_len;
	uint8_t		 sig[64], pub[32];
};

struct bench_run {
	double		 cpu_s;		/* of the daemon alone */
	double		 wall_s;
};

/*
 * Starts the program, which is a micelio-gossipd, connects the peers and
 * hands it the messages, as transportd would.  False, with a word on standard
 * error, unless every message came out again for every other peer.
 */
bool	 bench_daemon(const char *program, const struct bench_msg *, size_t n,
	    struct bench_run *);

#endif
