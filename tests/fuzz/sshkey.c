/* SPDX-License-Identifier: MIT */
/*
 * Feeds: u8 length and a key blob, u8 length and the name of an algorithm,
 * then a signature; and all of it as base64.
 * Holds: a key that is taken is of a known type and has its hash; no
 * signature of a text that nobody signed is right; what base64 takes, it
 * writes again as it came.
 * Reads with: micelio-sshd/sshkey.c micelio-sshd/base64.c
 */
#include "fuzz.h"
#include "micelio-sshd/base64.h"
#include "micelio-sshd/sshkey.h"

static void
base64(const uint8_t *p, size_t n)
{
	uint8_t out[2048];
	char back[4096];
	size_t len = 0, k;

	if (!base64_decode((const char *)p, n, out, sizeof(out), &len))
		return;
	HOLDS(len <= sizeof(out));
	k = base64_encode(out, len, true, back, sizeof(back));
	HOLDS(k >= n && fuzz_same(back, n, p, n));
}

FUZZ_TARGET(sshkey)(const uint8_t *data, size_t size)
{
	static const char said[] = "nobody has signed this";
	struct fuzz_in in = fuzz_begin(data, size);
	const uint8_t *blob, *alg;
	uint8_t hash[SSHKEY_HASH_LEN];
	char fp[SSHKEY_FP_MAX];
	const char *why = NULL;
	struct sshkey key;
	size_t n, m;

	base64(data, size);
	blob = fuzz_bytes(&in, (size_t)fuzz_u8(&in) * 3, &n);
	alg = fuzz_bytes(&in, fuzz_u8(&in), &m);
	if (!sshkey_read(&key, blob, n, &why)) {
		HOLDS(why != NULL && key.pkey == NULL);
		return 0;
	}
	HOLDS(n <= SSHKEY_BLOB_MAX && sshkey_type_name(key.type) != NULL);
	sshkey_hash(blob, n, hash);
	HOLDS(memcmp(hash, key.hash, sizeof(hash)) == 0);
	HOLDS(strncmp(sshkey_fingerprint(hash, fp), "SHA256:", 7) == 0);
	HOLDS(!sshkey_verify(&key, (const char *)alg, m, said, sizeof(said),
	    in.p, in.left));
	sshkey_clear(&key);
	return 0;
}
