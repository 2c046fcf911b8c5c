/* SPDX-License-Identifier: MIT */
#include <openssl/evp.h>

#include <sodium.h>
#include <string.h>

#include "common/cursor.h"
#include "common/log.h"
#include "digest.h"

#define LT_PREFIX	"micelio/lt/1"

void
lt_of_id(struct lt *lt, const struct entry_id *id)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t raw[2 * LT_LANES];

	if (ctx == NULL || EVP_DigestInit_ex(ctx, EVP_shake128(), NULL) != 1 ||
	    EVP_DigestUpdate(ctx, LT_PREFIX, strlen(LT_PREFIX)) != 1 ||
	    EVP_DigestUpdate(ctx, id->b, sizeof(id->b)) != 1 ||
	    EVP_DigestFinalXOF(ctx, raw, sizeof(raw)) != 1)
		fatalx("no SHAKE128 from libcrypto");
	EVP_MD_CTX_free(ctx);
	for (unsigned int i = 0; i < LT_LANES; i++)
		lt->lane[i] = (uint16_t)(raw[2 * i] | raw[2 * i + 1] << 8);
}

void
digest_init(struct digest *d)
{
	memset(d, 0, sizeof(*d));
}

void
digest_add(struct digest *d, const struct lt *lt)
{
	for (unsigned int i = 0; i < LT_LANES; i++)
		d->sum.lane[i] = (uint16_t)(d->sum.lane[i] + lt->lane[i]);
	d->count++;
}

void
digest_sub(struct digest *d, const struct lt *lt)
{
	for (unsigned int i = 0; i < LT_LANES; i++)
		d->sum.lane[i] = (uint16_t)(d->sum.lane[i] - lt->lane[i]);
	d->count--;
}

void
digest_root(const struct digest *d, uint32_t hour, uint32_t flags,
    struct root *r)
{
	struct wbuf w;

	r->hour = hour;
	r->count = d->count;
	r->flags = flags;
	wbuf_init(&w, 4 + 8 + 2 * LT_LANES);
	wbuf_u32be(&w, hour);
	wbuf_u64be(&w, d->count);
	for (unsigned int i = 0; i < LT_LANES; i++) {
		wbuf_u8(&w, (uint8_t)d->sum.lane[i]);
		wbuf_u8(&w, (uint8_t)(d->sum.lane[i] >> 8));
	}
	crypto_hash_sha256(r->hash, w.p, w.len);
	wbuf_free(&w);
}
