/* SPDX-License-Identifier: MIT */
/* Both sides of a handshake, by the vectors or by keys of the test. */
#ifndef TRANSPORTD_NOISEPAIR_H
#define TRANSPORTD_NOISEPAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "json.h"
#include "micelio-transportd/noise.h"

extern struct json *pair_vectors;
extern struct noise_crypto pair_crypto;

/* Of cmocka_run_group_tests_name(): the two above. */
int	 pair_group_setup(void **);
int	 pair_group_teardown(void **);

/* The parent's part is played by pair_dh(). */
struct pair {
	struct noise	 i, r;
	EVP_PKEY	*si, *sr;
	uint8_t		 si_pub[32], sr_pub[32];
};

/* Of these static and ephemeral private keys, and a prologue. */
void	 pair_open(struct pair *, const uint8_t si[32], const uint8_t sr[32],
	    const uint8_t ei[32], const uint8_t er[32], const void *, size_t);
/* Of the keys of the vectors. */
void	 pair_vector(struct pair *);
void	 pair_close(struct pair *);
void	 pair_dh(struct noise *, EVP_PKEY *own);
/* Message i of the vectors from one side to the other, all states checked. */
void	 pair_message(struct noise *from, struct noise *to, size_t i);
/* The handshake of the vectors, until both are ready. */
void	 pair_run(struct pair *);
void	 pair_hex32(const struct json *, const char *key, uint8_t[32]);

#endif
