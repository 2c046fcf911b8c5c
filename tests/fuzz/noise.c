/* SPDX-License-Identifier: MIT */
/*
 * Feeds: which side we are, then what is done to each message of a handshake
 * with an honest peer, and to each message of the transport after it: nothing,
 * bytes changed, cut short, made longer, or something else in its place.
 * Holds: untouched messages end in READY with the same hash and keys that open
 * what the other side seals; any other ends in FAILED, with no secret left,
 * and stays there; a cipher that refused leaves no plaintext.
 * Reads with: micelio-transportd/noise.c
 */
#include "fuzz.h"
#include "micelio-transportd/noise.h"

#define MESSAGE	2048

static struct noise_crypto crypto;

struct side {
	struct noise	 ns;
	EVP_PKEY	*key;
	uint8_t		 pub[NOISE_KEY];
	bool		 other;	/* has not heard what was said to it */
};

static void
side_open(struct side *s, enum noise_role role, uint8_t fill)
{
	uint8_t priv[NOISE_KEY], eph[NOISE_KEY];
	size_t len = NOISE_KEY;

	memset(priv, fill, sizeof(priv));
	memset(eph, fill ^ 0x55, sizeof(eph));
	s->key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, priv,
	    sizeof(priv));
	s->other = false;
	HOLDS(s->key != NULL);
	HOLDS(EVP_PKEY_get_raw_public_key(s->key, s->pub, &len) == 1);
	HOLDS(noise_init(&s->ns, &crypto, role, s->pub, eph, NULL, 0));
}

static void
side_close(struct side *s)
{
	noise_clear(&s->ns);
	EVP_PKEY_free(s->key);
}

/* The parent's part. */
static void
side_dh(struct side *s)
{
	uint8_t secret[NOISE_KEY] = { 0 };

	if (s->ns.want != NOISE_WANT_DH)
		return;
	if (noise_x25519(s->key, s->ns.re, secret))
		HOLDS(noise_dh(&s->ns, secret) == NOISE_WANT_WRITE);
	else
		noise_clear(&s->ns);
}

/* True if it is what it was. */
static bool
spoil(struct fuzz_in *in, uint8_t *msg, size_t *len, size_t room)
{
	uint8_t before[MESSAGE];
	size_t was = *len, n, at;
	const uint8_t *p;

	memcpy(before, msg, was);
	switch (fuzz_u8(in) % 6) {
	case 0:
		for (unsigned int k = 1 + fuzz_u8(in) % 4; k > 0; k--) {
			at = *len > 0 ? fuzz_u16(in) % *len : 0;
			msg[at] ^= fuzz_u8(in);
		}
		break;
	case 1:
		*len = *len > 0 ? fuzz_u16(in) % *len : 0;
		break;
	case 2:
		p = fuzz_bytes(in, fuzz_u8(in), &n);
		if (n > room - *len)
			n = room - *len;
		memcpy(msg + *len, p, n);
		*len += n;
		break;
	case 3:
		p = fuzz_bytes(in, fuzz_u8(in), len);
		memcpy(msg, p, *len);
		break;
	default:
		break;
	}
	return *len == was && memcmp(before, msg, was) == 0;
}

static void
failed_for_good(struct noise *ns)
{
	static const uint8_t zeros[NOISE_KEY];
	uint8_t buf[256] = { 0 };

	HOLDS(ns->want == NOISE_FAILED && ns->why != NULL);
	HOLDS(memcmp(ns->k, zeros, NOISE_KEY) == 0);
	HOLDS(memcmp(ns->ck, zeros, NOISE_KEY) == 0);
	HOLDS(memcmp(ns->dh, zeros, NOISE_KEY) == 0);
	HOLDS(noise_read(ns, buf, 96) == NOISE_FAILED);
	HOLDS(noise_write(ns, NULL, 0, buf, sizeof(buf)) == 0);
	HOLDS(ns->want == NOISE_FAILED);
}

/* One message; false: the handshake is over. */
static bool
pass(struct fuzz_in *in, struct side *from, struct side *to)
{
	uint8_t msg[MESSAGE], payload[64] = { 0 };
	size_t len, n = fuzz_u8(in) % 4 == 3 ? sizeof(payload) : 0;
	bool intact, opens = to->ns.has_k;
	enum noise_want want;

	len = noise_write(&from->ns, payload, n, msg, sizeof(msg));
	HOLDS(len > 0);
	intact = spoil(in, msg, &len, sizeof(msg)) && !from->other;
	want = noise_read(&to->ns, msg, len);
	if (intact) {
		HOLDS(want == NOISE_WANT_DH || want == NOISE_READY);
		side_dh(to);
		return true;
	}
	/* Message 1 has nothing to be checked by but its length. */
	if (to->ns.role == NOISE_RESPONDER && !opens &&
	    want != NOISE_FAILED) {
		HOLDS(len >= NOISE_MSG1_LEN);
		to->other = true;
		side_dh(to);
		return to->ns.want == NOISE_WANT_WRITE;
	}
	HOLDS(want == NOISE_FAILED);
	failed_for_good(&to->ns);
	return false;
}

static void
transport(struct fuzz_in *in, struct noise_cipher *tx, struct noise_cipher *rx)
{
	uint8_t msg[MESSAGE], want[256];
	const uint8_t *p;
	size_t n, len;
	bool intact;

	for (int i = 0; i < 8 && in->left > 0; i++) {
		p = fuzz_bytes(in, fuzz_u8(in), &n);
		memcpy(want, p, n);
		memcpy(msg, p, n);
		HOLDS(noise_seal(tx, msg, n));
		len = n + NOISE_TAG;
		intact = spoil(in, msg, &len, sizeof(msg));
		if (noise_open(rx, msg, len)) {
			HOLDS(intact && fuzz_same(msg, n, want, n));
			continue;
		}
		HOLDS(!intact);
		for (size_t k = 0; k < len; k++)
			HOLDS(msg[k] == 0);
		return;
	}
}

static void
ready(struct fuzz_in *in, struct side *i, struct side *r)
{
	struct noise_cipher itx, irx, rtx, rrx;

	HOLDS(i->ns.want == NOISE_READY && r->ns.want == NOISE_READY);
	HOLDS(memcmp(i->ns.h, r->ns.h, NOISE_KEY) == 0);
	HOLDS(memcmp(i->ns.rs, r->pub, NOISE_KEY) == 0);
	HOLDS(memcmp(r->ns.rs, i->pub, NOISE_KEY) == 0);
	HOLDS(noise_split(&i->ns, &itx, &irx));
	HOLDS(noise_split(&r->ns, &rtx, &rrx));
	if (fuzz_u8(in) & 1)
		transport(in, &itx, &rrx);
	else
		transport(in, &rtx, &irx);
	noise_cipher_clear(&itx);
	noise_cipher_clear(&irx);
	noise_cipher_clear(&rtx);
	noise_cipher_clear(&rrx);
}

FUZZ_TARGET(noise)(const uint8_t *data, size_t size)
{
	struct fuzz_in in = fuzz_begin(data, size);
	static bool begun;
	struct side i, r;

	if (!begun)
		HOLDS(noise_crypto_init(&crypto));
	begun = true;
	side_open(&i, NOISE_INITIATOR, 0x11);
	side_open(&r, NOISE_RESPONDER, 0x22);
	if (pass(&in, &i, &r) && pass(&in, &r, &i) &&
	    pass(&in, &i, &r))
		ready(&in, &i, &r);
	side_close(&i);
	side_close(&r);
	return 0;
}
