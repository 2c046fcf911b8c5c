/* SPDX-License-Identifier: MIT */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "cursor.h"
#include "rsakey.h"
#include "sshkey.h"
#include "testkeys.h"

static void
must(int ok, const char *what)
{
	if (ok == 1)
		return;
	fprintf(stderr, "testkeys: %s fails\n", what);
	abort();
}

void
ssh_put(struct wbuf *w, const void *p, size_t n)
{
	wbuf_u32be(w, (uint32_t)n);
	wbuf_bytes(w, p, n);
}

static void
mpint_put(struct wbuf *w, const EVP_PKEY *k, const char *name)
{
	uint8_t buf[2100];
	BIGNUM *n = NULL;
	int len;

	must(EVP_PKEY_get_bn_param(k, name, &n), name);
	buf[0] = 0;
	len = BN_bn2bin(n, buf + 1);
	if ((buf[1] & 0x80) != 0)
		ssh_put(w, buf, (size_t)len + 1);
	else
		ssh_put(w, buf + 1, (size_t)len);
	BN_free(n);
}

static void
blob_make(struct testkey *k)
{
	static const char *const curves[] = { [SSHKEY_ECDSA256] = "nistp256",
	    [SSHKEY_ECDSA384] = "nistp384", [SSHKEY_ECDSA521] = "nistp521" };
	const char *name = sshkey_type_name(k->type);
	uint8_t pub[200];
	size_t n = sizeof(pub);
	struct wbuf w;

	wbuf_init(&w, SSHKEY_BLOB_MAX);
	ssh_put(&w, name, strlen(name));
	if (k->type == SSHKEY_RSA) {
		mpint_put(&w, k->pkey, OSSL_PKEY_PARAM_RSA_E);
		mpint_put(&w, k->pkey, OSSL_PKEY_PARAM_RSA_N);
	} else if (k->type == SSHKEY_ED25519) {
		must(EVP_PKEY_get_raw_public_key(k->pkey, pub, &n), "raw");
		ssh_put(&w, pub, n);
	} else {
		must(EVP_PKEY_get_octet_string_param(k->pkey,
		    OSSL_PKEY_PARAM_PUB_KEY, pub, sizeof(pub), &n), "point");
		ssh_put(&w, curves[k->type], strlen(curves[k->type]));
		ssh_put(&w, pub, n);
	}
	memcpy(k->blob, w.p, w.len);
	k->blob_len = w.len;
	wbuf_free(&w);
}

void
testkey_make(struct testkey *k, enum sshkey_type type)
{
	static const char *const groups[] = { [SSHKEY_ECDSA256] = "P-256",
	    [SSHKEY_ECDSA384] = "P-384", [SSHKEY_ECDSA521] = "P-521" };
	size_t n;

	memset(k, 0, sizeof(*k));
	k->type = type;
	if (type == SSHKEY_ED25519)
		k->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	else if (type == SSHKEY_RSA)
		k->pkey = rsakey_2048();
	else
		k->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", groups[type]);
	must(k->pkey != NULL, "keygen");
	blob_make(k);
	n = (size_t)snprintf(k->line, sizeof(k->line), "%s ",
	    sshkey_type_name(type));
	base64_encode(k->blob, k->blob_len, true, k->line + n,
	    sizeof(k->line) - n);
}

void
testkey_free(struct testkey *k)
{
	EVP_PKEY_free(k->pkey);
	k->pkey = NULL;
}

static const EVP_MD *
digest(const struct testkey *k, const char *alg)
{
	switch (k->type) {
	case SSHKEY_ED25519:
		return NULL;
	case SSHKEY_ECDSA256:
		return EVP_sha256();
	case SSHKEY_ECDSA384:
		return EVP_sha384();
	case SSHKEY_ECDSA521:
		return EVP_sha512();
	default:
		return strcmp(alg, "ssh-rsa") == 0 ? EVP_sha1() :
		    strcmp(alg, "rsa-sha2-256") == 0 ? EVP_sha256() :
		    EVP_sha512();
	}
}

size_t
testkey_sign(const struct testkey *k, const char *alg, const void *data,
    size_t n, uint8_t *sig, size_t max)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = max;

	must(ctx != NULL, "context");
	must(EVP_DigestSignInit(ctx, NULL, digest(k, alg), NULL, k->pkey),
	    "sign init");
	must(EVP_DigestSign(ctx, sig, &len, data, n), "sign");
	EVP_MD_CTX_free(ctx);
	return len;
}

void
signed_bytes(struct wbuf *w, const uint8_t sid[32], const char *user,
    const char *alg, const struct testkey *k)
{
	ssh_put(w, sid, 32);
	wbuf_u8(w, 50);
	ssh_put(w, user, strlen(user));
	ssh_put(w, "ssh-connection", 14);
	ssh_put(w, "publickey", 9);
	wbuf_u8(w, 1);
	ssh_put(w, alg, strlen(alg));
	ssh_put(w, k->blob, k->blob_len);
}

void
auth_body(struct wbuf *w, bool is_signed, const char *user, const char *alg,
    const struct testkey *k, const struct wbuf *data, const void *sig,
    size_t sig_len)
{
	wbuf_u8(w, is_signed);
	wbuf_str(w, user);
	wbuf_str(w, alg);
	wbuf_strn(w, k->blob, k->blob_len);
	if (!is_signed)
		return;
	wbuf_blob(w, data->p, data->len);
	wbuf_blob(w, sig, sig_len);
}
