/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include "libcrypto.h"
#include "log.h"
#include "sigcapture.h"
#include "signer_provider.h"

#define PROVIDER_NAME	"hostsigner"
#define ED25519_LEN	32
#define ED25519_SIG_LEN	64
#define ED25519_BITS	256
#define ED25519_SECURITY 128

/* Key and signing context are the same small thing. */
struct edkey {
	uint8_t	seed[ED25519_LEN], pub[ED25519_LEN];
	bool	has_seed, has_pub;
};

static hostkey_sign_cb sign_cb;
static OSSL_PROVIDER *default_provider, *our_provider;	/* never unloaded */

static void *
edkey_new(void *provctx)
{
	(void)provctx;
	return calloc(1, sizeof(struct edkey));
}

static void
edkey_free(void *arg)
{
	free(arg);
}

static int
edkey_has(const void *arg, int selection)
{
	const struct edkey *k = arg;

	if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) && !k->has_seed)
		return 0;
	if ((selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) && !k->has_pub &&
	    !k->has_seed)
		return 0;
	return 1;
}

static bool
param_key(const OSSL_PARAM params[], const char *name, uint8_t *out)
{
	const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, name);
	size_t len;
	void *dst = out;

	return p != NULL && OSSL_PARAM_get_octet_string(p, &dst, ED25519_LEN,
	    &len) == 1 && len == ED25519_LEN;
}

static int
edkey_import(void *arg, int selection, const OSSL_PARAM params[])
{
	struct edkey *k = arg;

	if (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY)
		k->has_seed = param_key(params, OSSL_PKEY_PARAM_PRIV_KEY,
		    k->seed);
	k->has_pub = param_key(params, OSSL_PKEY_PARAM_PUB_KEY, k->pub);
	return k->has_seed || k->has_pub;
}

static const OSSL_PARAM *
edkey_import_types(int selection)
{
	static const OSSL_PARAM types[] = {
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, NULL, 0),
		OSSL_PARAM_END
	};

	(void)selection;
	return types;
}

static int
edkey_get_params(void *arg, OSSL_PARAM params[])
{
	OSSL_PARAM *p;

	(void)arg;
	p = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_BITS);
	if (p != NULL && !OSSL_PARAM_set_int(p, ED25519_BITS))
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_SECURITY_BITS);
	if (p != NULL && !OSSL_PARAM_set_int(p, ED25519_SECURITY))
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_MAX_SIZE);
	if (p != NULL && !OSSL_PARAM_set_int(p, ED25519_SIG_LEN))
		return 0;
	return 1;
}

static const OSSL_PARAM *
edkey_gettable(void *provctx)
{
	static const OSSL_PARAM types[] = {
		OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
		OSSL_PARAM_END
	};

	(void)provctx;
	return types;
}

static void *
edsig_new(void *provctx, const char *propq)
{
	(void)propq;
	return edkey_new(provctx);
}

static int
edsig_init(void *ctx, const char *digest, void *key, const OSSL_PARAM params[])
{
	(void)params;
	if (digest != NULL && digest[0] != '\0')
		return 0;
	if (key != NULL)
		memcpy(ctx, key, sizeof(struct edkey));
	return 1;
}

/* Only the stub signs, and only what a key exchange signs. */
static int
edsig_sign(void *ctx, unsigned char *sig, size_t *sig_len, size_t sig_size,
    const unsigned char *tbs, size_t tbs_len)
{
	static const uint8_t zeros[ED25519_LEN];
	struct edkey *k = ctx;

	if (sig == NULL) {
		*sig_len = ED25519_SIG_LEN;
		return 1;
	}
	if (sig_size < ED25519_SIG_LEN || tbs_len != HOSTKEY_HASH_LEN ||
	    !k->has_seed || CRYPTO_memcmp(k->seed, zeros, ED25519_LEN) != 0 ||
	    !sign_cb(tbs, sig))
		return 0;
	*sig_len = ED25519_SIG_LEN;
	return 1;
}

/* Verifying is the default provider's. */
static int
edsig_verify(void *ctx, const unsigned char *sig, size_t sig_len,
    const unsigned char *tbs, size_t tbs_len)
{
	struct edkey *k = ctx;
	EVP_PKEY *pkey = NULL;
	EVP_MD_CTX *md = NULL;
	int good = 0;

	if (k->has_pub)
		pkey = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519",
		    "provider=default", k->pub, sizeof(k->pub));
	md = EVP_MD_CTX_new();
	if (pkey != NULL && md != NULL && EVP_DigestVerifyInit_ex(md, NULL,
	    NULL, NULL, "provider=default", pkey, NULL) == 1)
		good = sigcapture_real_verify(md, sig, sig_len, tbs,
		    tbs_len) == 1;
	EVP_MD_CTX_free(md);
	EVP_PKEY_free(pkey);
	return good;
}

#define FN(id, f)	{ (id), (void (*)(void))(f) }

static const OSSL_DISPATCH keymgmt_fns[] = {
	FN(OSSL_FUNC_KEYMGMT_NEW, edkey_new),
	FN(OSSL_FUNC_KEYMGMT_FREE, edkey_free),
	FN(OSSL_FUNC_KEYMGMT_HAS, edkey_has),
	FN(OSSL_FUNC_KEYMGMT_IMPORT, edkey_import),
	FN(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, edkey_import_types),
	FN(OSSL_FUNC_KEYMGMT_GET_PARAMS, edkey_get_params),
	FN(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, edkey_gettable),
	{ 0, NULL }
};

static const OSSL_DISPATCH signature_fns[] = {
	FN(OSSL_FUNC_SIGNATURE_NEWCTX, edsig_new),
	FN(OSSL_FUNC_SIGNATURE_FREECTX, edkey_free),
	FN(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, edsig_init),
	FN(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, edsig_sign),
	FN(OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_INIT, edsig_init),
	FN(OSSL_FUNC_SIGNATURE_DIGEST_VERIFY, edsig_verify),
	{ 0, NULL }
};

static const OSSL_ALGORITHM *
provider_query(void *provctx, int operation, int *no_cache)
{
	static const OSSL_ALGORITHM keymgmt[] = {
		{ "ED25519", "provider=" PROVIDER_NAME, keymgmt_fns, NULL },
		{ NULL, NULL, NULL, NULL }
	};
	static const OSSL_ALGORITHM signature[] = {
		{ "ED25519", "provider=" PROVIDER_NAME, signature_fns, NULL },
		{ NULL, NULL, NULL, NULL }
	};

	(void)provctx;
	*no_cache = 0;
	if (operation == OSSL_OP_KEYMGMT)
		return keymgmt;
	return operation == OSSL_OP_SIGNATURE ? signature : NULL;
}

static const OSSL_DISPATCH provider_fns[] = {
	FN(OSSL_FUNC_PROVIDER_QUERY_OPERATION, provider_query),
	{ 0, NULL }
};

static int
provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
    const OSSL_DISPATCH **out, void **provctx)
{
	(void)handle;
	(void)in;
	*out = provider_fns;
	*provctx = NULL;
	return 1;
}

void
signer_provider_init(hostkey_sign_cb cb)
{
	sign_cb = cb;
	if (!libcrypto_init() || OSSL_PROVIDER_add_builtin(NULL, PROVIDER_NAME,
	    provider_init) != 1 ||
	    (default_provider = OSSL_PROVIDER_load(NULL, "default")) == NULL ||
	    (our_provider = OSSL_PROVIDER_load(NULL, PROVIDER_NAME)) == NULL ||
	    EVP_set_default_properties(NULL, "?provider=" PROVIDER_NAME) != 1)
		fatalx("OpenSSL refuses the host key provider");
}
