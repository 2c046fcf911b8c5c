/* SPDX-License-Identifier: MIT */
/*
 * The host key is not in this process.  libssh gets a stub: the real public
 * half and a seed of zeros.  It signs through EVP_DigestSign(), which comes to
 * an OpenSSL provider in this program that hands the bytes to a callback.
 */
#ifndef MICELIO_SSHD_SIGNER_PROVIDER_H
#define MICELIO_SSHD_SIGNER_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOSTKEY_HASH_LEN	32	/* the exchange hash of curve25519 */
#define HOSTKEY_PEM_MAX		640

/* Sign 32 bytes with the host key; false when it cannot be had. */
typedef bool (*hostkey_sign_cb)(const uint8_t hash[HOSTKEY_HASH_LEN],
    uint8_t sig[64]);

/* Register with OpenSSL; fatal when it refuses. */
void	 signer_provider_init(hostkey_sign_cb);
/* The stub as an OpenSSH private key file. */
void	 signer_stub_key(const uint8_t pub[32], char pem[HOSTKEY_PEM_MAX]);

#endif
