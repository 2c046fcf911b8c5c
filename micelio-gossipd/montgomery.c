/* SPDX-License-Identifier: MIT */
/*
 * Edwards to Montgomery, u = (1 + y) / (1 - y) modulo p = 2^255 - 19, as the
 * v1 library does it: y is reduced, the sign is ignored, the point must have
 * an x, and 1 / 0 is 0.
 */
#include <openssl/bn.h>
#include <openssl/crypto.h>

#include <string.h>

#include "common/log.h"
#include "montgomery.h"

static const uint8_t field_p[32] = {
	0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xed,
};
/* d = -121665 / 121666 */
static const uint8_t edwards_d[32] = {
	0x52, 0x03, 0x6c, 0xee, 0x2b, 0x6f, 0xfe, 0x73,
	0x8c, 0xc7, 0x40, 0x79, 0x77, 0x79, 0xe8, 0x98,
	0x00, 0x70, 0x0a, 0x4d, 0x41, 0x41, 0xd8, 0xab,
	0x75, 0xeb, 0x4d, 0xca, 0x13, 0x59, 0x78, 0xa3,
};

struct field {
	BN_CTX	*ctx;
	BIGNUM	*p, *d, *y, *a, *b, *u;
};

static bool	field_open(struct field *);
static bool	has_x(struct field *);
static bool	map_y(struct field *, uint8_t out[32]);

bool
montgomery_from_edwards(const uint8_t *key, size_t n, uint8_t out[32])
{
	struct field f;
	uint8_t y[32];
	bool ok;

	if (n != sizeof(y))
		return false;
	memcpy(y, key, sizeof(y));
	y[31] &= 0x7f;
	if ((f.ctx = BN_CTX_new()) == NULL)
		fatalx("no memory for a number");
	BN_CTX_start(f.ctx);
	if (!field_open(&f) || BN_lebin2bn(y, sizeof(y), f.y) == NULL ||
	    !BN_nnmod(f.y, f.y, f.p, f.ctx))
		fatalx("no memory for a number");
	ok = has_x(&f) && map_y(&f, out);
	BN_CTX_end(f.ctx);
	BN_CTX_free(f.ctx);
	return ok;
}

static bool
field_open(struct field *f)
{
	f->p = BN_CTX_get(f->ctx);
	f->d = BN_CTX_get(f->ctx);
	f->y = BN_CTX_get(f->ctx);
	f->a = BN_CTX_get(f->ctx);
	f->b = BN_CTX_get(f->ctx);
	f->u = BN_CTX_get(f->ctx);
	return f->u != NULL && BN_bin2bn(field_p, 32, f->p) != NULL &&
	    BN_bin2bn(edwards_d, 32, f->d) != NULL;
}

/*
 * x^2 = (y^2 - 1) / (d y^2 + 1).  The divisor is never 0, so the quotient is
 * a square exactly when the product of the two is one, or 0.
 */
static bool
has_x(struct field *f)
{
	if (!BN_mod_sqr(f->a, f->y, f->p, f->ctx) ||
	    !BN_mod_mul(f->b, f->a, f->d, f->p, f->ctx) ||
	    !BN_add_word(f->b, 1) || !BN_add(f->a, f->a, f->p) ||
	    !BN_sub_word(f->a, 1) ||
	    !BN_mod_mul(f->a, f->a, f->b, f->p, f->ctx))
		fatalx("no memory for a number");
	switch (BN_kronecker(f->a, f->p, f->ctx)) {
	case -1:
		return false;
	case 0:
	case 1:
		return true;
	default:
		fatalx("no memory for a number");
	}
}

static bool
map_y(struct field *f, uint8_t out[32])
{
	/* a = 1 - y, b = 1 + y, u = b * a^(p - 2) */
	if (!BN_one(f->a) || !BN_mod_sub(f->a, f->a, f->y, f->p, f->ctx) ||
	    !BN_one(f->b) || !BN_mod_add(f->b, f->b, f->y, f->p, f->ctx) ||
	    BN_copy(f->u, f->p) == NULL || !BN_sub_word(f->u, 2) ||
	    !BN_mod_exp(f->u, f->a, f->u, f->p, f->ctx) ||
	    !BN_mod_mul(f->u, f->u, f->b, f->p, f->ctx))
		fatalx("no memory for a number");
	return BN_bn2lebinpad(f->u, out, 32) == 32;
}
