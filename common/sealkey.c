/* SPDX-License-Identifier: MIT */
#include <sodium.h>
#include <string.h>

#include "sealkey.h"

#define INFO	"micelio/sealed/1"

void
seal_key(uint8_t out[SEAL_KEY_LEN], const uint8_t shared[32],
    const uint8_t ephemeral[32], const uint8_t recipient[32],
    const uint8_t author_id[32], const uint8_t recipient_id[32])
{
	crypto_auth_hmacsha256_state st;
	uint8_t salt[64], prk[32];
	static const uint8_t one = 1;

	memcpy(salt, ephemeral, 32);
	memcpy(salt + 32, recipient, 32);
	crypto_auth_hmacsha256_init(&st, salt, sizeof(salt));
	crypto_auth_hmacsha256_update(&st, shared, 32);
	crypto_auth_hmacsha256_final(&st, prk);
	crypto_auth_hmacsha256_init(&st, prk, sizeof(prk));
	crypto_auth_hmacsha256_update(&st, (const uint8_t *)INFO,
	    sizeof(INFO) - 1);
	crypto_auth_hmacsha256_update(&st, author_id, 32);
	crypto_auth_hmacsha256_update(&st, recipient_id, 32);
	crypto_auth_hmacsha256_update(&st, &one, 1);
	crypto_auth_hmacsha256_final(&st, out);
	sodium_memzero(prk, sizeof(prk));
	sodium_memzero(&st, sizeof(st));
}
