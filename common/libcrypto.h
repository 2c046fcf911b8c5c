/* SPDX-License-Identifier: MIT */
/*
 * libcrypto without what our programs never ask it for: no configuration file
 * (nothing of ours is set there, and it would be read by daemons that may
 * open no file), no texts for error codes, no tables of algorithms by name.
 * That is a quarter of its heap.  To be called before anything else of it.
 */
#ifndef MICELIO_LIBCRYPTO_H
#define MICELIO_LIBCRYPTO_H

#include <openssl/crypto.h>

#include <stdbool.h>

static inline bool
libcrypto_init(void)
{
	return OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG |
	    OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS |
	    OPENSSL_INIT_NO_ADD_ALL_CIPHERS |
	    OPENSSL_INIT_NO_ADD_ALL_DIGESTS, NULL) == 1;
}

#endif
