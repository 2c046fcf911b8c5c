/* SPDX-License-Identifier: MIT */
#include "noisepair.h"

struct json *pair_vectors;
struct noise_crypto pair_crypto;

int
pair_group_setup(void **state)
{
	(void)state;
	pair_vectors = json_vectors();
	return noise_crypto_init(&pair_crypto) ? 0 : -1;
}

int
pair_group_teardown(void **state)
{
	(void)state;
	noise_crypto_free(&pair_crypto);
	json_free(pair_vectors);
	return 0;
}

void
pair_hex32(const struct json *j, const char *key, uint8_t out[32])
{
	assert_int_equal(json_hex(json_get(j, key), out, 32), 32);
}

static EVP_PKEY *
key_from(const uint8_t priv[32], uint8_t pub[32])
{
	size_t len = 32;
	EVP_PKEY *k = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL,
	    priv, 32);

	assert_non_null(k);
	assert_int_equal(EVP_PKEY_get_raw_public_key(k, pub, &len), 1);
	return k;
}

void
pair_open(struct pair *p, const uint8_t si[32], const uint8_t sr[32],
    const uint8_t ei[32], const uint8_t er[32], const void *pro, size_t n)
{
	p->si = key_from(si, p->si_pub);
	p->sr = key_from(sr, p->sr_pub);
	assert_true(noise_init(&p->i, &pair_crypto, NOISE_INITIATOR,
	    p->si_pub, ei, pro, n));
	assert_true(noise_init(&p->r, &pair_crypto, NOISE_RESPONDER,
	    p->sr_pub, er, pro, n));
}

void
pair_vector(struct pair *p)
{
	const struct json *n = json_get(pair_vectors, "noise");
	const struct json *ji = json_get(n, "initiator");
	const struct json *jr = json_get(n, "responder");
	uint8_t si[32], sr[32], ei[32], er[32];

	pair_hex32(ji, "static_priv_hex", si);
	pair_hex32(jr, "static_priv_hex", sr);
	pair_hex32(ji, "ephemeral_priv_hex", ei);
	pair_hex32(jr, "ephemeral_priv_hex", er);
	pair_open(p, si, sr, ei, er, NULL, 0);
}

void
pair_close(struct pair *p)
{
	noise_clear(&p->i);
	noise_clear(&p->r);
	EVP_PKEY_free(p->si);
	EVP_PKEY_free(p->sr);
}

void
pair_dh(struct noise *ns, EVP_PKEY *own)
{
	uint8_t secret[32];

	assert_int_equal(ns->want, NOISE_WANT_DH);
	assert_true(noise_x25519(own, ns->re, secret));
	assert_int_equal(noise_dh(ns, secret), NOISE_WANT_WRITE);
}

static void
state_check(const struct noise *ns, const struct json *after)
{
	uint8_t want[32];

	pair_hex32(after, "h_hex", want);
	assert_memory_equal(ns->h, want, 32);
	pair_hex32(after, "ck_hex", want);
	assert_memory_equal(ns->ck, want, 32);
	if (json_str(json_get(after, "k_hex")) == NULL) {
		assert_false(ns->has_k);
		return;
	}
	pair_hex32(after, "k_hex", want);
	assert_true(ns->has_k);
	assert_memory_equal(ns->k, want, 32);
}

void
pair_message(struct noise *from, struct noise *to, size_t i)
{
	const struct json *m = json_at(json_get(json_get(pair_vectors, "noise"),
	    "messages"), i);
	uint8_t want[128], wire[130], got[128];
	size_t n = json_hex(json_get(m, "message_hex"), want, sizeof(want));

	assert_int_equal(json_hex(json_get(m, "wire_hex"), wire,
	    sizeof(wire)), n + 2);
	assert_int_equal(wire[0] << 8 | wire[1], n);
	assert_memory_equal(wire + 2, want, n);
	assert_int_equal(noise_write(from, NULL, 0, got, sizeof(got)), n);
	assert_memory_equal(got, want, n);
	state_check(from, json_get(m, "state_after"));
	assert_int_not_equal(noise_read(to, got, n), NOISE_FAILED);
	state_check(to, json_get(m, "state_after"));
}

void
pair_run(struct pair *p)
{
	pair_message(&p->i, &p->r, 0);
	pair_dh(&p->r, p->sr);
	pair_message(&p->r, &p->i, 1);
	pair_dh(&p->i, p->si);
	pair_message(&p->i, &p->r, 2);
	assert_int_equal(p->i.want, NOISE_READY);
	assert_int_equal(p->r.want, NOISE_READY);
}
