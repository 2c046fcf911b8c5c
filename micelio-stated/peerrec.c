/* SPDX-License-Identifier: MIT */
/* One remembered peer: its rules, and its forms on channel and disk. */
#include <string.h>

#include "cursor.h"
#include "peerbook.h"

#define FORMAT		2u
#define FORMAT_UNSIGNED	1u

static bool
printable(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s > '~')
			return false;
	return true;
}

static const char *
addr_check(const char *addr)
{
	struct hostport hp;
	const char *why;

	if (*addr == '\0')
		return NULL;	/* known, but not where */
	if (!printable(addr))
		return "address with bytes that are not printable";
	if (!hostport_split(addr, &hp, &why))
		return why;
	if (*hp.port == '\0')
		return "address without port";
	if (*hp.host == '\0' || strcmp(hp.host, "0.0.0.0") == 0 ||
	    strcmp(hp.host, "::") == 0)
		return "address without host";
	return NULL;
}

const char *
peerrec_check(const struct peerrec *r)
{
	static const uint8_t zero[32];
	struct nodeid id;

	if (r->has_key) {
		nodeid_from_pubkey(&id, r->key);
		if (!nodeid_equal(&id, &r->id))
			return "key of another node";
	} else if (memcmp(r->key, zero, sizeof(zero)) != 0) {
		return "key where none is said to be";
	}
	return addr_check(r->addr);
}

/* A bool is 0 or 1: anything else is not from us. */
static bool
read_bool(struct rcur *c)
{
	uint8_t v = rcur_u8(c);

	if (v > 1)
		c->bad = true;
	return v == 1;
}

static void
signed_set(struct peerrec *r, const void *p, size_t n)
{
	if (p == NULL || n > PEERREC_SIGNED_MAX)
		return;
	memcpy(r->signed_by, p, n);
	r->signed_len = (uint16_t)n;
}

bool
peerrec_read_msg(struct rcur *c, struct peerrec *r)
{
	const char *by;
	size_t n;

	memset(r, 0, sizeof(*r));
	rcur_copy(c, r->id.b, sizeof(r->id.b));
	r->has_key = read_bool(c);
	rcur_copy(c, r->key, sizeof(r->key));
	r->reachable = read_bool(c);
	r->last_seen = rcur_u64(c);
	r->fail_count = rcur_u32(c);
	r->last_fail = rcur_u64(c);
	rcur_cstr(c, r->addr, sizeof(r->addr));
	by = rcur_str(c, PEERREC_SIGNED_MAX, &n);
	signed_set(r, by, n);
	return rcur_done(c);
}

void
peerrec_write_msg(struct wbuf *w, const struct peerrec *r)
{
	wbuf_bytes(w, r->id.b, sizeof(r->id.b));
	wbuf_u8(w, r->has_key);
	wbuf_bytes(w, r->key, sizeof(r->key));
	wbuf_u8(w, r->reachable);
	wbuf_u64(w, r->last_seen);
	wbuf_u32(w, r->fail_count);
	wbuf_u64(w, r->last_fail);
	wbuf_str(w, r->addr);
	wbuf_strn(w, r->signed_by, r->signed_len);
}

bool
peerrec_decode(const void *id, size_t id_len, const void *data, size_t len,
    struct peerrec *r)
{
	struct rcur c;
	const uint8_t *addr, *by;
	size_t n, signed_len = 0;
	uint8_t format;

	memset(r, 0, sizeof(*r));
	if (id_len != NODEID_LEN)
		return false;
	memcpy(r->id.b, id, NODEID_LEN);
	rcur_init(&c, data, len);
	format = rcur_u8(&c);
	if (format != FORMAT && format != FORMAT_UNSIGNED)
		return false;
	r->has_key = read_bool(&c);
	rcur_copy(&c, r->key, sizeof(r->key));
	r->reachable = read_bool(&c);
	r->last_seen = rcur_u64be(&c);
	r->fail_count = rcur_u32be(&c);
	r->last_fail = rcur_u64be(&c);
	n = rcur_u16be(&c);
	addr = rcur_bytes(&c, n);
	if (format == FORMAT) {
		signed_len = rcur_u16be(&c);
		by = rcur_bytes(&c, signed_len);
		signed_set(r, by, signed_len);
	}
	if (!rcur_done(&c) || signed_len > PEERREC_SIGNED_MAX || n >= sizeof(r->addr) ||
	    memchr(addr, '\0', n) != NULL)
		return false;
	memcpy(r->addr, addr, n);
	return peerrec_check(r) == NULL;
}

void
peerrec_encode(struct wbuf *w, const struct peerrec *r)
{
	size_t n = strlen(r->addr);

	wbuf_u8(w, FORMAT);
	wbuf_u8(w, r->has_key);
	wbuf_bytes(w, r->key, sizeof(r->key));
	wbuf_u8(w, r->reachable);
	wbuf_u64be(w, r->last_seen);
	wbuf_u32be(w, r->fail_count);
	wbuf_u64be(w, r->last_fail);
	wbuf_u16be(w, (uint16_t)n);
	wbuf_bytes(w, r->addr, n);
	wbuf_u16be(w, r->signed_len);
	wbuf_bytes(w, r->signed_by, r->signed_len);
}
