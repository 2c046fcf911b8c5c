/* SPDX-License-Identifier: MIT */
/* Key pairs made by libcrypto for the tests, and what SSH makes of them. */
#ifndef TESTS_SSHD_TESTKEYS_H
#define TESTS_SSHD_TESTKEYS_H

#include <openssl/evp.h>

#include "sshkey.h"

struct wbuf;

struct testkey {
	EVP_PKEY	*pkey;
	enum sshkey_type type;
	uint8_t		 blob[SSHKEY_BLOB_MAX];
	size_t		 blob_len;
	char		 line[SSHKEY_BLOB_MAX * 2];	/* "type base64" */
};

/* An RSA key is always the same one, of 2048 bits. */
void	testkey_make(struct testkey *, enum sshkey_type);
void	testkey_free(struct testkey *);
/* A signature as libcrypto gives it; its length. */
size_t	testkey_sign(const struct testkey *, const char *alg,
	    const void *data, size_t, uint8_t *sig, size_t max);
/* An SSH string. */
void	ssh_put(struct wbuf *, const void *, size_t);
/* What RFC 4252 section 7 has signed. */
void	signed_bytes(struct wbuf *, const uint8_t sid[32], const char *user,
	    const char *alg, const struct testkey *);
/* A SES_AUTH body. */
void	auth_body(struct wbuf *, bool is_signed, const char *user,
	    const char *alg, const struct testkey *, const struct wbuf *data,
	    const void *sig, size_t sig_len);

#endif
