/* SPDX-License-Identifier: MIT */
#ifndef MICELIO_TEST_RSAKEY_H
#define MICELIO_TEST_RSAKEY_H

#include <openssl/evp.h>

/*
 * An RSA key of 2048 bits that guards nothing, always the same: to make one
 * takes seconds under valgrind.  The caller frees it; NULL on failure.
 */
EVP_PKEY	*rsakey_2048(void);

#endif
