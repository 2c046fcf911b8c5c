/* SPDX-License-Identifier: MIT */
#include <openssl/err.h>
#include <openssl/evp.h>

#include <string.h>

#include "noise.h"

#define NOISE_NAME	"Noise_XX_25519_ChaChaPoly_BLAKE2s"
#define HMAC_BLOCK	64u	/* of BLAKE2s */

static bool	 hash2(struct noise_crypto *, const void *, size_t,
		    const void *, size_t, uint8_t [NOISE_KEY]);
static bool	 hkdf2(struct noise_crypto *, const uint8_t ck[NOISE_KEY],
		    const uint8_t *, size_t, uint8_t [NOISE_KEY],
		    uint8_t [NOISE_KEY]);
static bool	 mix_hash(struct noise *, const void *, size_t);
static bool	 mix_key(struct noise *, const uint8_t [NOISE_KEY]);
static bool	 mix_dh(struct noise *, const uint8_t [NOISE_KEY]);
static bool	 encrypt_and_hash(struct noise *, const void *, size_t,
		    uint8_t *);
static bool	 decrypt_and_hash(struct noise *, uint8_t *, size_t);
static enum noise_want fail(struct noise *, const char *);

bool
noise_crypto_init(struct noise_crypto *c)
{
	memset(c, 0, sizeof(*c));
	c->md = EVP_MD_fetch(NULL, "BLAKE2s-256", NULL);
	c->aead = EVP_CIPHER_fetch(NULL, "ChaCha20-Poly1305", NULL);
	c->hash = EVP_MD_CTX_new();
	c->cipher = EVP_CIPHER_CTX_new();
	if (c->md == NULL || c->aead == NULL || c->hash == NULL ||
	    c->cipher == NULL ||
	    !hash2(c, NOISE_NAME, sizeof(NOISE_NAME) - 1, NULL, 0, c->h0)) {
		noise_crypto_free(c);
		return false;
	}
	return true;
}

void
noise_crypto_free(struct noise_crypto *c)
{
	EVP_CIPHER_CTX_free(c->cipher);
	EVP_MD_CTX_free(c->hash);
	EVP_CIPHER_free(c->aead);
	EVP_MD_free(c->md);
	memset(c, 0, sizeof(*c));
}

/*
 * The handshake.
 */

bool
noise_init(struct noise *ns, struct noise_crypto *crypto, enum noise_role role,
    const uint8_t s_pub[NOISE_KEY], const uint8_t eph[NOISE_KEY],
    const void *prologue, size_t prologue_len)
{
	size_t len = NOISE_KEY;

	memset(ns, 0, sizeof(*ns));
	ns->crypto = crypto;
	ns->role = role;
	memcpy(ns->s_pub, s_pub, NOISE_KEY);
	memcpy(ns->h, crypto->h0, NOISE_KEY);
	memcpy(ns->ck, crypto->h0, NOISE_KEY);
	/* Creating the object computes the public key: once a handshake. */
	ns->e = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, eph,
	    NOISE_KEY);
	if (ns->e == NULL ||
	    EVP_PKEY_get_raw_public_key(ns->e, ns->e_pub, &len) != 1 ||
	    !mix_hash(ns, prologue, prologue_len)) {
		ERR_clear_error();
		(void)fail(ns, "no ephemeral key");
		return false;
	}
	ns->want = role == NOISE_INITIATOR ? NOISE_WANT_WRITE :
	    NOISE_WANT_READ;
	return true;
}

void
noise_clear(struct noise *ns)
{
	EVP_PKEY_free(ns->e);
	explicit_bzero(ns, sizeof(*ns));
	ns->want = NOISE_FAILED;
	ns->why = "cleared";
}

/* Responder: message 1 is e. */
static enum noise_want
read_msg1(struct noise *ns, uint8_t *msg, size_t len)
{
	if (len < NOISE_MSG1_LEN)
		return fail(ns, "message 1 too short");
	memcpy(ns->re, msg, NOISE_KEY);
	if (!mix_hash(ns, ns->re, NOISE_KEY) ||
	    !decrypt_and_hash(ns, msg + NOISE_KEY, len - NOISE_KEY))
		return fail(ns, "message 1");
	return ns->want = NOISE_WANT_DH;
}

/* Initiator: message 2 is e, ee, s, es. */
static enum noise_want
read_msg2(struct noise *ns, uint8_t *msg, size_t len)
{
	uint8_t *s = msg + NOISE_KEY, *payload = s + NOISE_KEY + NOISE_TAG;

	if (len < NOISE_MSG2_LEN)
		return fail(ns, "message 2 too short");
	memcpy(ns->re, msg, NOISE_KEY);
	if (!mix_hash(ns, ns->re, NOISE_KEY) || !mix_dh(ns, ns->re))
		return fail(ns, "message 2: bad ephemeral key");
	if (!decrypt_and_hash(ns, s, NOISE_KEY + NOISE_TAG))
		return fail(ns, "message 2 does not authenticate");
	memcpy(ns->rs, s, NOISE_KEY);
	if (!mix_dh(ns, ns->rs))
		return fail(ns, "message 2: bad static key");
	if (!decrypt_and_hash(ns, payload, (size_t)(msg + len - payload)))
		return fail(ns, "message 2 does not authenticate");
	return ns->want = NOISE_WANT_DH;
}

/* Responder: message 3 is s, se. */
static enum noise_want
read_msg3(struct noise *ns, uint8_t *msg, size_t len)
{
	uint8_t *payload = msg + NOISE_KEY + NOISE_TAG;

	if (len < NOISE_MSG3_LEN)
		return fail(ns, "message 3 too short");
	if (!decrypt_and_hash(ns, msg, NOISE_KEY + NOISE_TAG))
		return fail(ns, "message 3 does not authenticate");
	memcpy(ns->rs, msg, NOISE_KEY);
	if (!mix_dh(ns, ns->rs))
		return fail(ns, "message 3: bad static key");
	if (!decrypt_and_hash(ns, payload, (size_t)(msg + len - payload)))
		return fail(ns, "message 3 does not authenticate");
	return ns->want = NOISE_READY;
}

enum noise_want
noise_read(struct noise *ns, uint8_t *msg, size_t len)
{
	if (ns->want != NOISE_WANT_READ)
		return fail(ns, "message out of turn");
	if (len > NOISE_MSG_MAX)
		return fail(ns, "message too long");
	if (ns->role == NOISE_INITIATOR)
		return read_msg2(ns, msg, len);
	/* k exists as soon as message 2 is written. */
	return ns->has_k ? read_msg3(ns, msg, len) : read_msg1(ns, msg, len);
}

enum noise_want
noise_dh(struct noise *ns, const uint8_t secret[NOISE_KEY])
{
	if (ns->want != NOISE_WANT_DH)
		return fail(ns, "shared secret out of turn");
	memcpy(ns->dh, secret, NOISE_KEY);
	return ns->want = NOISE_WANT_WRITE;
}

static bool
write_msg1(struct noise *ns, const void *payload, size_t len, uint8_t *out)
{
	memcpy(out, ns->e_pub, NOISE_KEY);
	ns->want = NOISE_WANT_READ;
	return mix_hash(ns, ns->e_pub, NOISE_KEY) &&
	    encrypt_and_hash(ns, payload, len, out + NOISE_KEY);
}

static bool
write_msg2(struct noise *ns, const void *payload, size_t len, uint8_t *out)
{
	uint8_t *s = out + NOISE_KEY;

	memcpy(out, ns->e_pub, NOISE_KEY);
	ns->want = NOISE_WANT_READ;
	return mix_hash(ns, ns->e_pub, NOISE_KEY) && mix_dh(ns, ns->re) &&
	    encrypt_and_hash(ns, ns->s_pub, NOISE_KEY, s) &&
	    mix_key(ns, ns->dh) &&
	    encrypt_and_hash(ns, payload, len, s + NOISE_KEY + NOISE_TAG);
}

static bool
write_msg3(struct noise *ns, const void *payload, size_t len, uint8_t *out)
{
	ns->want = NOISE_READY;
	return encrypt_and_hash(ns, ns->s_pub, NOISE_KEY, out) &&
	    mix_key(ns, ns->dh) &&
	    encrypt_and_hash(ns, payload, len, out + NOISE_KEY + NOISE_TAG);
}

size_t
noise_write(struct noise *ns, const void *payload, size_t len, uint8_t *out,
    size_t size)
{
	size_t fixed = ns->role == NOISE_RESPONDER ? NOISE_MSG2_LEN :
	    ns->has_k ? NOISE_MSG3_LEN : NOISE_MSG1_LEN;
	bool ok;

	if (ns->want != NOISE_WANT_WRITE || len > NOISE_MSG_MAX - fixed ||
	    size < fixed + len) {
		(void)fail(ns, "write out of turn");
		return 0;
	}
	if (ns->role == NOISE_RESPONDER)
		ok = write_msg2(ns, payload, len, out);
	else if (ns->has_k)
		ok = write_msg3(ns, payload, len, out);
	else
		ok = write_msg1(ns, payload, len, out);
	explicit_bzero(ns->dh, sizeof(ns->dh));
	if (!ok) {
		(void)fail(ns, "bad ephemeral key");
		return 0;
	}
	return fixed + len;
}

void
noise_keys(struct noise *ns, uint8_t tx[NOISE_KEY], uint8_t rx[NOISE_KEY])
{
	uint8_t *k1 = ns->role == NOISE_INITIATOR ? tx : rx;
	uint8_t *k2 = ns->role == NOISE_INITIATOR ? rx : tx;

	if (ns->want != NOISE_READY ||
	    !hkdf2(ns->crypto, ns->ck, NULL, 0, k1, k2))
		(void)fail(ns, "split");
}

bool
noise_split(struct noise *ns, struct noise_cipher *tx, struct noise_cipher *rx)
{
	uint8_t k_tx[NOISE_KEY], k_rx[NOISE_KEY];
	bool ok;

	noise_keys(ns, k_tx, k_rx);
	ok = ns->want == NOISE_READY &&
	    noise_cipher_init(tx, ns->crypto, k_tx, true);
	if (ok && !noise_cipher_init(rx, ns->crypto, k_rx, false)) {
		noise_cipher_clear(tx);
		ok = false;
	}
	explicit_bzero(k_tx, sizeof(k_tx));
	explicit_bzero(k_rx, sizeof(k_rx));
	explicit_bzero(ns->ck, sizeof(ns->ck));
	explicit_bzero(ns->k, sizeof(ns->k));
	EVP_PKEY_free(ns->e);
	ns->e = NULL;
	return ok;
}

static enum noise_want
fail(struct noise *ns, const char *why)
{
	noise_clear(ns);
	ns->why = why;
	return NOISE_FAILED;
}

/*
 * SymmetricState (Noise, 5.2).
 */

static bool
hash2(struct noise_crypto *c, const void *a, size_t a_len, const void *b,
    size_t b_len, uint8_t out[NOISE_KEY])
{
	return EVP_DigestInit_ex2(c->hash, c->md, NULL) == 1 &&
	    (a_len == 0 || EVP_DigestUpdate(c->hash, a, a_len) == 1) &&
	    (b_len == 0 || EVP_DigestUpdate(c->hash, b, b_len) == 1) &&
	    EVP_DigestFinal_ex(c->hash, out, NULL) == 1;
}

/* HMAC (RFC 2104) with a 32-byte key over a and then b. */
static bool
hmac(struct noise_crypto *c, const uint8_t key[NOISE_KEY], const void *a,
    size_t a_len, const void *b, size_t b_len, uint8_t out[NOISE_KEY])
{
	uint8_t pad[HMAC_BLOCK], inner[NOISE_KEY];
	bool ok;

	memset(pad, 0x36, sizeof(pad));
	for (size_t i = 0; i < NOISE_KEY; i++)
		pad[i] ^= key[i];
	ok = EVP_DigestInit_ex2(c->hash, c->md, NULL) == 1 &&
	    EVP_DigestUpdate(c->hash, pad, sizeof(pad)) == 1 &&
	    (a_len == 0 || EVP_DigestUpdate(c->hash, a, a_len) == 1) &&
	    (b_len == 0 || EVP_DigestUpdate(c->hash, b, b_len) == 1) &&
	    EVP_DigestFinal_ex(c->hash, inner, NULL) == 1;
	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36 ^ 0x5c;
	ok = ok && hash2(c, pad, sizeof(pad), inner, sizeof(inner), out);
	explicit_bzero(pad, sizeof(pad));
	explicit_bzero(inner, sizeof(inner));
	return ok;
}

/* HKDF with two outputs (Noise, 4.3); out1 may be ck itself. */
static bool
hkdf2(struct noise_crypto *c, const uint8_t ck[NOISE_KEY], const uint8_t *ikm,
    size_t ikm_len, uint8_t out1[NOISE_KEY], uint8_t out2[NOISE_KEY])
{
	static const uint8_t one = 1, two = 2;
	uint8_t temp[NOISE_KEY];
	bool ok;

	ok = hmac(c, ck, ikm, ikm_len, NULL, 0, temp) &&
	    hmac(c, temp, &one, 1, NULL, 0, out1) &&
	    hmac(c, temp, out1, NOISE_KEY, &two, 1, out2);
	explicit_bzero(temp, sizeof(temp));
	return ok;
}

static bool
mix_hash(struct noise *ns, const void *data, size_t len)
{
	return hash2(ns->crypto, ns->h, NOISE_KEY, data, len, ns->h);
}

static bool
mix_key(struct noise *ns, const uint8_t secret[NOISE_KEY])
{
	ns->has_k = true;
	ns->n = 0;
	return hkdf2(ns->crypto, ns->ck, secret, NOISE_KEY, ns->ck, ns->k);
}

/* MixKey(DH(own ephemeral, pub)). */
static bool
mix_dh(struct noise *ns, const uint8_t pub[NOISE_KEY])
{
	uint8_t secret[NOISE_KEY];
	bool ok;

	ok = noise_x25519(ns->e, pub, secret) && mix_key(ns, secret);
	explicit_bzero(secret, sizeof(secret));
	return ok;
}

static void
nonce_set(uint8_t iv[12], uint64_t n)
{
	memset(iv, 0, 4);
	for (size_t i = 4; i < 12; i++) {
		iv[i] = (uint8_t)n;
		n >>= 8;
	}
}

/* Writes len bytes and, once there is a key, the tag. */
static bool
encrypt_and_hash(struct noise *ns, const void *plain, size_t len, uint8_t *out)
{
	EVP_CIPHER_CTX *x = ns->crypto->cipher;
	uint8_t iv[12];
	int n;

	if (len > 0)
		memcpy(out, plain, len);
	if (!ns->has_k)
		return mix_hash(ns, out, len);
	nonce_set(iv, ns->n++);
	if (EVP_EncryptInit_ex2(x, ns->crypto->aead, ns->k, iv, NULL) != 1 ||
	    EVP_EncryptUpdate(x, NULL, &n, ns->h, NOISE_KEY) != 1 ||
	    (len > 0 &&
	    EVP_EncryptUpdate(x, out, &n, out, (int)len) != 1) ||
	    EVP_EncryptFinal_ex(x, out + len, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_GET_TAG, NOISE_TAG,
	    out + len) != 1)
		return false;
	return mix_hash(ns, out, len + NOISE_TAG);
}

/*
 * In place; len includes the tag once there is a key.  The hash is over the
 * ciphertext, so it is taken before the ciphertext is gone.
 */
static bool
decrypt_and_hash(struct noise *ns, uint8_t *msg, size_t len)
{
	EVP_CIPHER_CTX *x = ns->crypto->cipher;
	uint8_t iv[12], ad[NOISE_KEY];
	size_t plain;
	int n;

	if (!ns->has_k)
		return mix_hash(ns, msg, len);
	if (len < NOISE_TAG)
		return false;
	plain = len - NOISE_TAG;
	memcpy(ad, ns->h, sizeof(ad));
	nonce_set(iv, ns->n++);
	if (!mix_hash(ns, msg, len) ||
	    EVP_DecryptInit_ex2(x, ns->crypto->aead, ns->k, iv, NULL) != 1 ||
	    EVP_DecryptUpdate(x, NULL, &n, ad, sizeof(ad)) != 1 ||
	    (plain > 0 &&
	    EVP_DecryptUpdate(x, msg, &n, msg, (int)plain) != 1) ||
	    EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_SET_TAG, NOISE_TAG,
	    msg + plain) != 1 ||
	    EVP_DecryptFinal_ex(x, msg + plain, &n) != 1) {
		ERR_clear_error();
		explicit_bzero(msg, len);
		return false;
	}
	return true;
}

bool
noise_x25519(EVP_PKEY *own, const uint8_t pub[NOISE_KEY],
    uint8_t out[NOISE_KEY])
{
	EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL,
	    pub, NOISE_KEY);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL);
	uint8_t seen = 0;
	size_t len = NOISE_KEY;
	bool ok;

	ok = peer != NULL && ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 &&
	    EVP_PKEY_derive_set_peer_ex(ctx, peer, 0) == 1 &&
	    EVP_PKEY_derive(ctx, out, &len) == 1 && len == NOISE_KEY;
	/* libcrypto refuses an all-zero result; so do we, whatever it does. */
	for (size_t i = 0; ok && i < NOISE_KEY; i++)
		seen |= out[i];
	if (!ok || seen == 0) {
		ERR_clear_error();
		explicit_bzero(out, NOISE_KEY);
		ok = false;
	}
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(peer);
	return ok;
}

/*
 * The transport phase (wire-v1 2.4): empty associated data.
 */

bool
noise_cipher_init(struct noise_cipher *c, struct noise_crypto *crypto,
    const uint8_t key[NOISE_KEY], bool seal)
{
	c->n = 0;
	if ((c->ctx = EVP_CIPHER_CTX_new()) != NULL &&
	    EVP_CipherInit_ex2(c->ctx, crypto->aead, key, NULL, seal ? 1 : 0,
	    NULL) == 1)
		return true;
	ERR_clear_error();
	noise_cipher_clear(c);
	return false;
}

void
noise_cipher_clear(struct noise_cipher *c)
{
	EVP_CIPHER_CTX_free(c->ctx);
	c->ctx = NULL;
	c->n = 0;
}

bool
noise_seal(struct noise_cipher *c, uint8_t *buf, size_t len)
{
	uint8_t iv[12];
	int n;

	if (c->ctx == NULL || c->n == UINT64_MAX || len > INT32_MAX)
		return false;
	nonce_set(iv, c->n++);
	return EVP_EncryptInit_ex2(c->ctx, NULL, NULL, iv, NULL) == 1 &&
	    (len == 0 ||
	    EVP_EncryptUpdate(c->ctx, buf, &n, buf, (int)len) == 1) &&
	    EVP_EncryptFinal_ex(c->ctx, buf + len, &n) == 1 &&
	    EVP_CIPHER_CTX_ctrl(c->ctx, EVP_CTRL_AEAD_GET_TAG, NOISE_TAG,
	    buf + len) == 1;
}

bool
noise_open(struct noise_cipher *c, uint8_t *buf, size_t len)
{
	uint8_t iv[12];
	size_t plain;
	int n;

	if (c->ctx == NULL || c->n == UINT64_MAX || len < NOISE_TAG ||
	    len > INT32_MAX) {
		explicit_bzero(buf, len);
		return false;
	}
	plain = len - NOISE_TAG;
	nonce_set(iv, c->n++);
	if (EVP_DecryptInit_ex2(c->ctx, NULL, NULL, iv, NULL) == 1 &&
	    EVP_CIPHER_CTX_ctrl(c->ctx, EVP_CTRL_AEAD_SET_TAG, NOISE_TAG,
	    buf + plain) == 1 &&
	    (plain == 0 ||
	    EVP_DecryptUpdate(c->ctx, buf, &n, buf, (int)plain) == 1) &&
	    EVP_DecryptFinal_ex(c->ctx, buf + plain, &n) == 1)
		return true;
	ERR_clear_error();
	explicit_bzero(buf, len);
	return false;
}
