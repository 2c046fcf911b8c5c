/* SPDX-License-Identifier: MIT */
/*
 * Signing entries of the replicated map, for stated only.  The bytes signed
 * begin with a prefix that no envelope can begin with (0xff is not UTF-8),
 * and name this node as the author: what is signed here is never anything
 * else, and never somebody else's.  A request brings up to KEY_ENTRIES_MAX of
 * them, so that many writes cost one round trip.
 */
#include <sodium.h>
#include <string.h>

#include "cursor.h"
#include "identity.h"
#include "imsg.h"
#include "keyserv.h"
#include "ratelimit.h"

#define PREFIX_LEN	17u
#define MESH_LEN	16u
#define KEY_LEN_MAX	256u
#define VALUE_MAX	16384u
#define FLAG_DELETED	1u

/* What is to be signed of one entry, in place in the body. */
struct entry_request {
	const uint8_t	*mesh, *value_hash;
	const char	*key;
	size_t		 key_len;
	uint64_t	 hlc, expires_ms;
	uint32_t	 value_len;
	uint8_t		 flags;
};

static size_t	rule_index(enum proc_role);
static void	request_read(struct rcur *, struct entry_request *);
static const char *request_check(const struct entry_request *);
static void	request_write(struct wbuf *, const struct keyserv *,
		    const struct entry_request *);

static size_t
rule_index(enum proc_role from)
{
	size_t i;

	for (i = 0; i < KEY_RULES; i++)
		if (key_rules[i].from == from &&
		    key_rules[i].purpose == KEY_ENTRY)
			break;
	return i;
}

static void
request_read(struct rcur *c, struct entry_request *r)
{
	r->mesh = rcur_bytes(c, MESH_LEN);
	r->flags = rcur_u8(c);
	r->hlc = rcur_u64(c);
	r->expires_ms = rcur_u64(c);
	r->key = rcur_str(c, UINT16_MAX, &r->key_len);
	r->value_len = rcur_u32(c);
	r->value_hash = rcur_bytes(c, 32);
}

static const char *
request_check(const struct entry_request *r)
{
	if ((r->flags & ~FLAG_DELETED) != 0)
		return "entry flags";
	if (r->key_len == 0 || r->key_len > KEY_LEN_MAX)
		return "entry key";
	if (r->value_len > VALUE_MAX || (r->flags != 0 && r->value_len != 0))
		return "entry value";
	return NULL;
}

/* As proto/entry.h says; every length in it is fixed or written before. */
static void
request_write(struct wbuf *w, const struct keyserv *k,
    const struct entry_request *r)
{
	static const char prefix[PREFIX_LEN] = "\xffmicelio/entry/1";

	wbuf_bytes(w, prefix, sizeof(prefix));
	wbuf_bytes(w, r->mesh, MESH_LEN);
	wbuf_u8(w, r->flags);
	wbuf_u64be(w, r->hlc);
	wbuf_u64be(w, r->expires_ms);
	wbuf_bytes(w, k->identity->ed25519_pub, 32);
	wbuf_u16be(w, (uint16_t)r->key_len);
	wbuf_bytes(w, r->key, r->key_len);
	wbuf_u32be(w, r->value_len);
	wbuf_bytes(w, r->value_hash, 32);
}

bool
keyserv_entries(struct keyserv *k, enum proc_role from, const uint8_t *body,
    size_t len, uint64_t now_ms, enum key_status *status, struct wbuf *sigs,
    const char **why)
{
	struct entry_request r[KEY_ENTRIES_MAX];
	size_t rule = rule_index(from), n;
	struct rcur c;
	struct wbuf w;

	*why = NULL;
	*status = KEY_REFUSED;
	rcur_init(&c, body, len);
	n = rcur_u8(&c);
	for (size_t i = 0; i < n && i < KEY_ENTRIES_MAX; i++)
		request_read(&c, &r[i]);
	if (n == 0 || n > KEY_ENTRIES_MAX || !rcur_done(&c))
		return false;
	if (rule == KEY_RULES) {
		k->refused++;
		*why = "sender";
		return true;
	}
	for (size_t i = 0; i < n && *why == NULL; i++)
		*why = request_check(&r[i]);
	if (*why != NULL) {
		k->count[rule].refused++;
		return true;
	}
	if (!bucket_take(&k->bucket[rule], key_rules[rule].rate,
	    key_rules[rule].burst, (uint32_t)n, now_ms)) {
		k->count[rule].slowed++;
		*status = KEY_SLOWED;
		return true;
	}
	wbuf_init(&w, 1024);
	for (size_t i = 0; i < n; i++) {
		wbuf_reset(&w);
		request_write(&w, k, &r[i]);
		crypto_sign_detached(wbuf_reserve(sigs, 64), NULL, w.p, w.len,
		    k->identity->node->ed25519);
	}
	wbuf_free(&w);
	k->count[rule].ok += n;
	*status = KEY_OK;
	return true;
}
