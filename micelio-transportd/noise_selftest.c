/* SPDX-License-Identifier: MIT */
/*
 * One whole handshake and one message with fixed keys, compared with what
 * must come out.  It makes libcrypto fetch and read all it will ever need
 * while the sandbox is still open, and finds one that computes wrongly.
 */
#include <string.h>

#include "noise.h"

static bool
side_init(struct noise *ns, struct noise_crypto *c, enum noise_role role,
    uint8_t fill, EVP_PKEY **own)
{
	uint8_t priv[NOISE_KEY], pub[NOISE_KEY], eph[NOISE_KEY];
	size_t len = sizeof(pub);

	memset(priv, fill, sizeof(priv));
	memset(eph, fill + 1, sizeof(eph));
	*own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, priv,
	    sizeof(priv));
	return *own != NULL &&
	    EVP_PKEY_get_raw_public_key(*own, pub, &len) == 1 &&
	    noise_init(ns, c, role, pub, eph, NULL, 0);
}

static bool
message(struct noise *from, EVP_PKEY *own, struct noise *to)
{
	uint8_t msg[NOISE_MSG2_LEN], secret[NOISE_KEY];
	size_t n;

	if (from->want == NOISE_WANT_DH &&
	    (!noise_x25519(own, from->re, secret) ||
	    noise_dh(from, secret) != NOISE_WANT_WRITE))
		return false;
	n = noise_write(from, NULL, 0, msg, sizeof(msg));
	return n > 0 && noise_read(to, msg, n) != NOISE_FAILED;
}

static bool
transport(struct noise *i, struct noise *r, const uint8_t want[NOISE_TAG])
{
	struct noise_cipher tx = { 0 }, rx = { 0 }, tx2 = { 0 }, rx2 = { 0 };
	uint8_t buf[4 + NOISE_TAG] = "ping";
	bool ok;

	ok = noise_split(i, &tx, &rx2) && noise_split(r, &tx2, &rx) &&
	    noise_seal(&tx, buf, 4) &&
	    memcmp(buf + 4, want, NOISE_TAG) == 0 &&
	    noise_open(&rx, buf, sizeof(buf)) && memcmp(buf, "ping", 4) == 0;
	noise_cipher_clear(&tx);
	noise_cipher_clear(&rx);
	noise_cipher_clear(&tx2);
	noise_cipher_clear(&rx2);
	return ok;
}

bool
noise_selftest(struct noise_crypto *c)
{
	/*
	 * Tag of "ping" from an initiator with static key 01.., ephemeral
	 * 02.., to a responder with 03.. and 04...
	 */
	static const uint8_t want[NOISE_TAG] = {
		0x15, 0x46, 0x88, 0x31, 0x78, 0xa9, 0xc9, 0xbc,
		0x75, 0x33, 0xbf, 0x48, 0x33, 0xfd, 0x5a, 0x65,
	};
	static const uint8_t zero[NOISE_KEY];
	uint8_t out[NOISE_KEY];
	struct noise i = { 0 }, r = { 0 };
	EVP_PKEY *si = NULL, *sr = NULL;
	bool ok;

	ok = side_init(&i, c, NOISE_INITIATOR, 1, &si) &&
	    side_init(&r, c, NOISE_RESPONDER, 3, &sr) &&
	    message(&i, si, &r) && message(&r, sr, &i) &&
	    message(&i, si, &r) && i.want == NOISE_READY &&
	    r.want == NOISE_READY && transport(&i, &r, want) &&
	    !noise_x25519(si, zero, out);
	noise_clear(&i);
	noise_clear(&r);
	EVP_PKEY_free(si);
	EVP_PKEY_free(sr);
	return ok;
}
