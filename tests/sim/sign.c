/* SPDX-License-Identifier: MIT */
/*
 * Signatures: real ones (Ed25519, by the verdicts of the daemon), the same
 * but each checked once for all nodes, or cheap ones that only this program
 * can make, for speed.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "micelio-gossipd/verify.h"
#include "sim.h"

static void
fake(const uint8_t pub[32], const void *p, size_t len, uint8_t sig[64])
{
	uint64_t h = hash64(0, pub, 32), v;
	size_t i;

	h = hash64(h, p, len);
	for (i = 0; i < 64; i += sizeof(v)) {
		v = mix64(h + i);
		memcpy(sig + i, &v, sizeof(v));
	}
}

void
sign_bytes(struct world *w, const struct node *n, const void *p, size_t len,
    uint8_t sig[64])
{
	if (w->sc->sign == CHECK_FAKE)
		fake(n->pub, p, len, sig);
	else
		crypto_sign_detached(sig, NULL, p, len, n->sec);
}

/* Where the verdict for this hash is, or an empty place. */
static size_t
memo_at(const struct world *w, uint64_t h)
{
	size_t i = h & (w->verdicts_cap - 1);

	while (w->verdicts[i] != 0 && (w->verdicts[i] ^ h) >> 1 != 0)
		i = (i + 1) & (w->verdicts_cap - 1);
	return i;
}

static void
memo_grow(struct world *w)
{
	uint64_t *old = w->verdicts;
	size_t i, n = w->verdicts_cap;

	w->verdicts_cap = n > 0 ? n * 2 : 4096;
	w->verdicts = xcalloc(w->verdicts_cap, sizeof(*w->verdicts));
	for (i = 0; i < n; i++)
		if (old[i] != 0)
			w->verdicts[memo_at(w, old[i])] = old[i];
	free(old);
}

bool
sign_check(struct world *w, const uint8_t pub[32], const uint8_t sig[64],
    const void *p, size_t len)
{
	uint8_t want[64];
	uint64_t h;
	size_t i;

	if (w->sc->sign == CHECK_FAKE) {
		fake(pub, p, len, want);
		return memcmp(want, sig, 64) == 0;
	}
	if (w->sc->sign == CHECK_REAL)
		return verify_signature(pub, sig, 64, p, len);
	/* The lowest bit is the verdict. */
	h = hash64(hash64(hash64(1, pub, 32), sig, 64), p, len) | 3;
	if (w->nverdicts * 2 >= w->verdicts_cap)
		memo_grow(w);
	i = memo_at(w, h);
	if (w->verdicts[i] == 0) {
		w->verdicts[i] = verify_signature(pub, sig, 64, p, len) ? h :
		    h & ~UINT64_C(1);
		w->nverdicts++;
	}
	return w->verdicts[i] & 1;
}
