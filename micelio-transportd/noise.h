/* SPDX-License-Identifier: MIT */
/*
 * Noise_XX_25519_ChaChaPoly_BLAKE2s (wire-v1 section 2; the Noise Protocol
 * Framework, revision 34) as a state machine without I/O.
 *
 * The static private key is not here, and is never given to it: where the
 * pattern wants the Diffie-Hellman of the static key the machine says
 * NOISE_WANT_DH, and its owner brings the result whenever it has it.  In XX
 * that happens exactly once on each side:
 *
 *            initiator               responder
 *   start    WANT_WRITE  e           WANT_READ
 *   msg 1                            WANT_DH     es = DH(s_r, e_i)
 *                                    WANT_WRITE  e, ee, s, es
 *   msg 2    WANT_DH  se = DH(s_i, e_r)
 *            WANT_WRITE  s, se       WANT_READ
 *   msg 3    READY                   READY
 *
 * Any failure is final: NOISE_FAILED, every secret erased.
 */
#ifndef TRANSPORTD_NOISE_H
#define TRANSPORTD_NOISE_H

#include <openssl/evp.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NOISE_KEY	32u	/* keys, hashes, X25519 points */
#define NOISE_TAG	16u
#define NOISE_MSG_MAX	65535u	/* a handshake message */
#define NOISE_MSG1_LEN	32u	/* with empty payloads, as we send them */
#define NOISE_MSG2_LEN	96u
#define NOISE_MSG3_LEN	64u

/*
 * Algorithms fetched once, before the sandbox and after libcrypto_init(), and
 * scratch contexts shared by all handshakes of the process.
 */
struct noise_crypto {
	EVP_MD		*md;
	EVP_CIPHER	*aead;
	EVP_MD_CTX	*hash;
	EVP_CIPHER_CTX	*cipher;
	uint8_t		 h0[NOISE_KEY];	/* hash of the protocol's name */
};

/* False if libcrypto lacks an algorithm; nothing is left to free then. */
bool	 noise_crypto_init(struct noise_crypto *);
void	 noise_crypto_free(struct noise_crypto *);

enum noise_role { NOISE_INITIATOR, NOISE_RESPONDER };

enum noise_want {
	NOISE_WANT_READ,	/* give noise_read() the peer's next message */
	NOISE_WANT_DH,		/* give noise_dh() DH(own static, noise.re) */
	NOISE_WANT_WRITE,	/* take the next message by noise_write() */
	NOISE_READY,		/* noise_split() may be called, once */
	NOISE_FAILED,
};

struct noise {
	struct noise_crypto	*crypto;
	enum noise_role		 role;
	enum noise_want		 want;
	uint8_t			 h[NOISE_KEY];	/* handshake hash when READY */
	uint8_t			 ck[NOISE_KEY];
	uint8_t			 k[NOISE_KEY];
	bool			 has_k;
	uint64_t		 n;		/* nonce under k */
	EVP_PKEY		*e;		/* own ephemeral */
	uint8_t			 e_pub[NOISE_KEY];
	uint8_t			 s_pub[NOISE_KEY];
	uint8_t			 re[NOISE_KEY];
	uint8_t			 rs[NOISE_KEY];	/* peer's static when READY */
	uint8_t			 dh[NOISE_KEY];	/* result waiting for its token */
	const char		*why;		/* when FAILED: static text */
};

/*
 * Begin.  s_pub: own static public key.  eph: 32 random bytes, the ephemeral
 * private key; the caller erases its copy.  False only when libcrypto cannot
 * (memory): the state is then FAILED.
 */
bool	 noise_init(struct noise *, struct noise_crypto *, enum noise_role,
	    const uint8_t s_pub[NOISE_KEY], const uint8_t eph[NOISE_KEY],
	    const void *prologue, size_t prologue_len);
/* Erase; safe on a zeroed struct and more than once. */
void	 noise_clear(struct noise *);

/*
 * WANT_READ: one message of the peer, without its length prefix.  Its payload
 * is authenticated where the pattern does so, and thrown away.  The bytes of
 * msg are overwritten.  Returns the new want.
 */
enum noise_want noise_read(struct noise *, uint8_t *msg, size_t len);
/* WANT_DH: the shared secret, copied. */
enum noise_want noise_dh(struct noise *, const uint8_t secret[NOISE_KEY]);
/*
 * WANT_WRITE: writes one message (without length prefix) and returns its
 * length, or 0 on failure (size too small, or FAILED).
 */
size_t	 noise_write(struct noise *, const void *payload, size_t payload_len,
	    uint8_t *out, size_t size);

/* One direction of the transport phase. */
struct noise_cipher {
	EVP_CIPHER_CTX	*ctx;
	uint64_t	 n;
};

/* READY: the two transport keys. */
void	 noise_keys(struct noise *, uint8_t tx[NOISE_KEY],
	    uint8_t rx[NOISE_KEY]);
/* READY: keys installed, handshake secrets erased (h and rs stay). */
bool	 noise_split(struct noise *, struct noise_cipher *tx,
	    struct noise_cipher *rx);

bool	 noise_cipher_init(struct noise_cipher *, struct noise_crypto *,
	    const uint8_t key[NOISE_KEY], bool seal);
void	 noise_cipher_clear(struct noise_cipher *);
/*
 * Encrypt len bytes in place; NOISE_TAG bytes follow them.  False when the
 * nonces are used up (2^64 - 1 is never used).
 */
bool	 noise_seal(struct noise_cipher *, uint8_t *buf, size_t len);
/*
 * Decrypt in place; len includes the tag.  On false the buffer is erased: no
 * unauthenticated plaintext is ever left behind.
 */
bool	 noise_open(struct noise_cipher *, uint8_t *buf, size_t len);

/* False when libcrypto computes something else than it should. */
bool	 noise_selftest(struct noise_crypto *);

/* X25519; false if the result is all zero (a low-order point). */
bool	 noise_x25519(EVP_PKEY *own, const uint8_t pub[NOISE_KEY],
	    uint8_t out[NOISE_KEY]);

#endif
