/* SPDX-License-Identifier: MIT */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdio.h>
#include <string.h>

#include "base64.h"
#include "cursor.h"
#include "libcrypto.h"
#include "log.h"
#include "sshkey.h"

#define ED25519_LEN	32u
#define RSA_E_MAX	8u		/* bytes of the public exponent */

static const struct {
	const char	*name;		/* in the blob and in the file */
	const char	*curve;		/* as SSH calls it, or NULL */
	const char	*group;		/* as libcrypto calls it */
	size_t		 point;		/* bytes of an uncompressed point */
	const char	*algs[2];
} types[] = {
	[SSHKEY_ED25519] = { "ssh-ed25519", NULL, NULL, 0,
	    { "ssh-ed25519" } },
	[SSHKEY_ECDSA256] = { "ecdsa-sha2-nistp256", "nistp256", "P-256", 65,
	    { "ecdsa-sha2-nistp256" } },
	[SSHKEY_ECDSA384] = { "ecdsa-sha2-nistp384", "nistp384", "P-384", 97,
	    { "ecdsa-sha2-nistp384" } },
	[SSHKEY_ECDSA521] = { "ecdsa-sha2-nistp521", "nistp521", "P-521", 133,
	    { "ecdsa-sha2-nistp521" } },
	[SSHKEY_RSA] = { "ssh-rsa", NULL, NULL, 0,
	    { "rsa-sha2-256", "rsa-sha2-512" } },
};
#define NTYPES	(sizeof(types) / sizeof(types[0]))

const char *
sshkey_type_name(enum sshkey_type t)
{
	return (size_t)t < NTYPES ? types[t].name : NULL;
}

enum sshkey_type
sshkey_type_by_name(const char *s, size_t n)
{
	for (size_t t = 1; t < NTYPES; t++)
		if (strlen(types[t].name) == n &&
		    memcmp(types[t].name, s, n) == 0)
			return (enum sshkey_type)t;
	return SSHKEY_NONE;
}

const char *
sshkey_types_text(void)
{
	return "ssh-ed25519, ecdsa-sha2-nistp256, ecdsa-sha2-nistp384, "
	    "ecdsa-sha2-nistp521, ssh-rsa";
}

/* An SSH string: u32 big-endian length and bytes, in place. */
static const uint8_t *
ssh_string(struct rcur *c, size_t *len)
{
	*len = rcur_u32be(c);
	return rcur_bytes(c, *len);
}

void
sshkey_hash(const void *blob, size_t n, uint8_t out[SSHKEY_HASH_LEN])
{
	if (EVP_Digest(blob, n, out, NULL, EVP_sha256(), NULL) != 1)
		fatalx("libcrypto: SHA-256 fails");
}

char *
sshkey_fingerprint(const uint8_t hash[SSHKEY_HASH_LEN],
    char out[SSHKEY_FP_MAX])
{
	(void)memcpy(out, "SHA256:", 7);
	base64_encode(hash, SSHKEY_HASH_LEN, false, out + 7,
	    SSHKEY_FP_MAX - 7);
	return out;
}

static EVP_PKEY *
ed25519_read(struct rcur *c, const char **why)
{
	size_t n;
	const uint8_t *p = ssh_string(c, &n);

	if (!rcur_done(c) || n != ED25519_LEN) {
		*why = "the key is not 32 bytes";
		return NULL;
	}
	*why = "the key is unusable";
	return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, p, n);
}

static EVP_PKEY *
from_params(const char *kind, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
	EVP_PKEY *pkey = NULL;

	if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

static EVP_PKEY *
ecdsa_read(enum sshkey_type type, struct rcur *c, const char **why)
{
	size_t curve_len, n;
	const uint8_t *curve = ssh_string(c, &curve_len);
	const uint8_t *p = ssh_string(c, &n);
	OSSL_PARAM_BLD *bld;
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pkey;

	if (!rcur_done(c) || curve_len != strlen(types[type].curve) ||
	    memcmp(curve, types[type].curve, curve_len) != 0) {
		*why = "the curve is not the one of the key type";
		return NULL;
	}
	if (n != types[type].point || p[0] != 4) {
		*why = "the point is not uncompressed or has a wrong length";
		return NULL;
	}
	*why = "the point is not on the curve";
	if ((bld = OSSL_PARAM_BLD_new()) == NULL)
		return NULL;
	if (OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME,
	    types[type].group, 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, p,
	    n) == 1)
		params = OSSL_PARAM_BLD_to_param(bld);
	pkey = from_params("EC", params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	return pkey;
}

/* RFC 4251 mpint, positive and minimal; NULL otherwise. */
static const uint8_t *
mpint(struct rcur *c, size_t *len)
{
	const uint8_t *p = ssh_string(c, len);

	if (c->bad || *len == 0 || (p[0] & 0x80) != 0)
		return NULL;
	if (p[0] == 0) {
		if (*len < 2 || (p[1] & 0x80) == 0)
			return NULL;
		p++;
		(*len)--;
	}
	return p;
}

static size_t
bit_length(const uint8_t *p, size_t n)
{
	size_t bits = n * 8;

	for (uint8_t top = 0x80; (p[0] & top) == 0; top >>= 1)
		bits--;
	return bits;
}

static EVP_PKEY *
rsa_build(const uint8_t *n, size_t n_len, const uint8_t *e, size_t e_len)
{
	BIGNUM *bn = BN_bin2bn(n, (int)n_len, NULL);
	BIGNUM *be = BN_bin2bn(e, (int)e_len, NULL);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pkey = NULL;

	if (bn != NULL && be != NULL && bld != NULL &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, bn) == 1 &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, be) == 1) {
		params = OSSL_PARAM_BLD_to_param(bld);
		pkey = from_params("RSA", params);
	}
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	BN_free(bn);
	BN_free(be);
	return pkey;
}

static EVP_PKEY *
rsa_read(struct rcur *c, const char **why)
{
	size_t n_len, e_len, bits;
	const uint8_t *e = mpint(c, &e_len), *n = mpint(c, &n_len);

	if (!rcur_done(c) || e == NULL || n == NULL || e_len > RSA_E_MAX ||
	    (e[e_len - 1] & 1) == 0 || (e_len == 1 && e[0] < 3) ||
	    (n[n_len - 1] & 1) == 0) {
		*why = "the RSA numbers are malformed";
		return NULL;
	}
	bits = bit_length(n, n_len);
	if (bits < SSHKEY_RSA_MIN_BITS) {
		*why = "the RSA key is shorter than 2048 bits";
		return NULL;
	}
	if (bits > SSHKEY_RSA_MAX_BITS) {
		*why = "the RSA key is longer than 16384 bits";
		return NULL;
	}
	*why = "the key is unusable";
	return rsa_build(n, n_len, e, e_len);
}

bool
sshkey_read(struct sshkey *k, const void *blob, size_t len, const char **why)
{
	const uint8_t *name;
	struct rcur c;
	size_t n;

	memset(k, 0, sizeof(*k));
	*why = "the key is cut short or too long";
	if (len > SSHKEY_BLOB_MAX)
		return false;
	rcur_init(&c, blob, len);
	name = ssh_string(&c, &n);
	if (c.bad)
		return false;
	k->type = sshkey_type_by_name((const char *)name, n);
	if (k->type == SSHKEY_NONE) {
		*why = "a key of this type is not accepted";
		return false;
	}
	if (k->type == SSHKEY_ED25519)
		k->pkey = ed25519_read(&c, why);
	else if (k->type == SSHKEY_RSA)
		k->pkey = rsa_read(&c, why);
	else
		k->pkey = ecdsa_read(k->type, &c, why);
	if (k->pkey == NULL) {
		memset(k, 0, sizeof(*k));
		return false;
	}
	sshkey_hash(blob, len, k->hash);
	*why = NULL;
	return true;
}

void
sshkey_clear(struct sshkey *k)
{
	EVP_PKEY_free(k->pkey);
	memset(k, 0, sizeof(*k));
}

bool
sshkey_algorithm_ok(enum sshkey_type t, const char *alg, size_t n)
{
	if ((size_t)t >= NTYPES)
		return false;
	for (size_t i = 0; i < 2; i++) {
		const char *a = types[t].algs[i];

		if (a != NULL && strlen(a) == n && memcmp(a, alg, n) == 0)
			return true;
	}
	return false;
}

static const EVP_MD *
digest_of(enum sshkey_type t, const char *alg, size_t n)
{
	switch (t) {
	case SSHKEY_ECDSA256:
		return EVP_sha256();
	case SSHKEY_ECDSA384:
		return EVP_sha384();
	case SSHKEY_ECDSA521:
		return EVP_sha512();
	case SSHKEY_RSA:
		return n == 12 && memcmp(alg, "rsa-sha2-256", n) == 0 ?
		    EVP_sha256() : EVP_sha512();
	default:
		return NULL;	/* Ed25519 hashes by itself */
	}
}

bool
sshkey_verify(const struct sshkey *k, const char *alg, size_t alg_len,
    const void *data, size_t len, const void *sig, size_t sig_len)
{
	EVP_MD_CTX *ctx;
	bool good;

	if (!sshkey_algorithm_ok(k->type, alg, alg_len) ||
	    (ctx = EVP_MD_CTX_new()) == NULL)
		return false;
	/* PKCS#1 v1.5 is what libcrypto does with RSA unless told else. */
	good = EVP_DigestVerifyInit(ctx, NULL, digest_of(k->type, alg,
	    alg_len), NULL, k->pkey) == 1 &&
	    EVP_DigestVerify(ctx, sig, sig_len, data, len) == 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

void
sshkey_init(void)
{
	if (!libcrypto_init())
		fatalx("libcrypto does not start");
}
