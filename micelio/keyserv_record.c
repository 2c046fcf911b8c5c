/* SPDX-License-Identifier: MIT */
/*
 * Signing the record of this node, for gossipd only: where it is reached and
 * what it can.  The bytes begin with a prefix that no envelope can begin with
 * (0xff is not UTF-8), and name this node's own key.
 */
#include <sodium.h>
#include <string.h>

#include "cursor.h"
#include "identity.h"
#include "imsg.h"
#include "keyserv.h"
#include "ratelimit.h"

#define PREFIX_LEN	16u
#define MESH_LEN	16u
#define ADDRS_MAX	4u
#define ADDR_MAX	261u

struct record_request {
	uint64_t	 seq, caps;
	size_t		 n;
	const char	*addr[ADDRS_MAX];
	size_t		 len[ADDRS_MAX];
};

static bool	 request_read(struct rcur *, struct record_request *);
static const char *request_check(const struct record_request *);
static void	 request_write(struct wbuf *, const struct keyserv *,
		    const struct record_request *);

static bool
request_read(struct rcur *c, struct record_request *r)
{
	size_t i;

	r->seq = rcur_u64(c);
	r->caps = rcur_u64(c);
	r->n = rcur_u8(c);
	for (i = 0; i < r->n && i < ADDRS_MAX; i++)
		r->addr[i] = rcur_str(c, UINT16_MAX, &r->len[i]);
	return r->n <= ADDRS_MAX && rcur_done(c);
}

static const char *
request_check(const struct record_request *r)
{
	size_t i, k;

	for (i = 0; i < r->n; i++) {
		if (r->len[i] == 0 || r->len[i] > ADDR_MAX)
			return "address size";
		for (k = 0; k < r->len[i]; k++)
			if (r->addr[i][k] <= ' ' || r->addr[i][k] > '~')
				return "address";
	}
	return NULL;
}

/* As proto/m2.h says; every length in it is fixed or written before. */
static void
request_write(struct wbuf *w, const struct keyserv *k,
    const struct record_request *r)
{
	static const char prefix[PREFIX_LEN] = "\xffmicelio/peer/1";
	/* There is one mesh. */
	static const uint8_t mesh[MESH_LEN];
	size_t i;

	wbuf_bytes(w, prefix, sizeof(prefix));
	wbuf_bytes(w, mesh, sizeof(mesh));
	wbuf_bytes(w, k->identity->ed25519_pub, 32);
	wbuf_u64be(w, r->seq);
	wbuf_u64be(w, r->caps);
	wbuf_u8(w, (uint8_t)r->n);
	for (i = 0; i < r->n; i++) {
		wbuf_u16be(w, (uint16_t)r->len[i]);
		wbuf_bytes(w, r->addr[i], r->len[i]);
	}
}

bool
keyserv_record(struct keyserv *k, enum proc_role from, struct rcur *c,
    uint64_t now_ms, enum key_status *status, uint8_t sig[64],
    const char **why)
{
	struct record_request r;
	struct wbuf w;
	size_t n;

	*status = KEY_REFUSED;
	for (n = 0; n < KEY_RULES; n++)
		if (key_rules[n].from == from &&
		    key_rules[n].purpose == KEY_PEER_RECORD)
			break;
	if (n == KEY_RULES) {
		k->refused++;
		*why = "purpose";
		return true;
	}
	if (!request_read(c, &r))
		return false;
	if ((*why = request_check(&r)) != NULL) {
		k->count[n].refused++;
		return true;
	}
	if (!bucket_take(&k->bucket[n], key_rules[n].rate,
	    key_rules[n].burst, 1, now_ms)) {
		k->count[n].slowed++;
		*status = KEY_SLOWED;
		return true;
	}
	wbuf_init(&w, 2048);
	request_write(&w, k, &r);
	crypto_sign_detached(sig, NULL, w.p, w.len,
	    k->identity->node->ed25519);
	wbuf_free(&w);
	k->count[n].ok++;
	*status = KEY_OK;
	return true;
}
