/* SPDX-License-Identifier: MIT */
/*
 * Random numbers of the simulator: one stream for each purpose and thing, so
 * that a draw more in one place changes nothing elsewhere.
 */
#ifndef MICELIO_SIM_RNG_H
#define MICELIO_SIM_RNG_H

#include <stddef.h>
#include <stdint.h>

enum rng_use {
	RNG_IDENT,	/* keys of a node */
	RNG_CORE,	/* what a core asks for */
	RNG_CLOCK,	/* a node's clocks */
	RNG_OVERLAY,	/* who is linked with whom */
	RNG_START,	/* when links begin */
	RNG_LATENCY,	/* of a link */
	RNG_PIPE,	/* jitter and loss on one direction of it */
	RNG_PUBLISH,	/* who speaks when */
	RNG_V1,		/* choices of a v1 node */
	RNG_PERSONA,	/* who is what */
	RNG_FAULT,	/* of one line of the scenario, or a class */
	RNG_BYZ,	/* choices of a hostile node */
	RNG_CONN,	/* handshakes */
	RNG_MAP,	/* what the core of a map asks for */
	RNG_SIGN	/* which seeds check real signatures */
};

/* SplitMix64 (Steele, Lea, Flood 2014). */
struct rng {
	uint64_t	s;
};

struct rng	 rng_stream(uint64_t seed, enum rng_use, uint64_t thing);
uint64_t	 rng_next(struct rng *);
/* 0 .. below - 1; 0 for a below of 0. */
uint64_t	 rng_below(struct rng *, uint64_t below);
void		 rng_fill(struct rng *, void *, size_t);
/* The finalizer: spreads 64 bits. */
uint64_t	 mix64(uint64_t);
/* A hash of bytes; the same everywhere, not secret. */
uint64_t	 hash64(uint64_t seed, const void *, size_t);

#endif
