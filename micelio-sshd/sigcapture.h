/* SPDX-License-Identifier: MIT */
/*
 * What a client signed when it logged in.  libssh verifies it and keeps the
 * bytes to itself; the hub wants to verify them too.  So this program has an
 * EVP_DigestVerify() of its own, which libssh's calls come to: it keeps the
 * input and the signature, in the form libcrypto takes them (Ed25519: 64 raw
 * bytes; ECDSA: DER; RSA: the number), and calls the real one.
 */
#ifndef MICELIO_SSHD_SIGCAPTURE_H
#define MICELIO_SSHD_SIGCAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGCAPTURE_INPUT_MAX	5120
#define SIGCAPTURE_SIG_MAX	2048

struct evp_md_ctx_st;

/* Find the real function; fatal if it is not there. */
void	 sigcapture_init(void);
/* Is there a signature since the last forget, and was it good? */
bool	 sigcapture_get(const uint8_t **input, size_t *input_len,
	    const uint8_t **sig, size_t *sig_len);
void	 sigcapture_forget(void);
/* libcrypto's own, not watched. */
int	 sigcapture_real_verify(struct evp_md_ctx_st *, const unsigned char *sig,
	    size_t sig_len, const unsigned char *input, size_t input_len);

#endif
