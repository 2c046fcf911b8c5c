/* SPDX-License-Identifier: MIT */
/* Public keys as SSH writes them (RFC 4253 6.6, 5656, 8709). */
#ifndef MICELIO_SSHD_SSHKEY_H
#define MICELIO_SSHD_SSHKEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evp_pkey_st;

enum sshkey_type {
	SSHKEY_NONE,
	SSHKEY_ED25519,
	SSHKEY_ECDSA256,
	SSHKEY_ECDSA384,
	SSHKEY_ECDSA521,
	SSHKEY_RSA,
};
#define SSHKEY_BLOB_MAX		4096u
#define SSHKEY_HASH_LEN		32u
#define SSHKEY_FP_MAX		64u	/* "SHA256:" and 43 characters */
#define SSHKEY_RSA_MIN_BITS	2048u
#define SSHKEY_RSA_MAX_BITS	16384u

struct sshkey {
	enum sshkey_type	 type;
	uint8_t			 hash[SSHKEY_HASH_LEN];	/* of the blob */
	struct evp_pkey_st	*pkey;		/* sshkey_clear() frees it */
};

/* Start libcrypto, which opens no file then or later. */
void	 sshkey_init(void);
/* "ssh-ed25519" ...; NULL for SSHKEY_NONE. */
const char *sshkey_type_name(enum sshkey_type);
enum sshkey_type sshkey_type_by_name(const char *, size_t);
/* "ssh-ed25519, ecdsa-sha2-nistp256, ...", for messages. */
const char *sshkey_types_text(void);
/*
 * Read a key blob strictly; on failure *why is a static text and the key is
 * empty.
 */
bool	 sshkey_read(struct sshkey *, const void *blob, size_t, const char **why);
void	 sshkey_clear(struct sshkey *);
/* The hash a fingerprint is made of, of any bytes. */
void	 sshkey_hash(const void *blob, size_t, uint8_t out[SSHKEY_HASH_LEN]);
char	*sshkey_fingerprint(const uint8_t hash[SSHKEY_HASH_LEN],
	    char out[SSHKEY_FP_MAX]);
/* May signatures of this algorithm be made with this type of key? */
bool	 sshkey_algorithm_ok(enum sshkey_type, const char *alg, size_t);
/* Signature in the form libcrypto takes: see SES_AUTH in imsg_types.h. */
bool	 sshkey_verify(const struct sshkey *, const char *alg, size_t alg_len,
	    const void *data, size_t len, const void *sig, size_t sig_len);

#endif
