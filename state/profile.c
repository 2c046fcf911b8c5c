/* SPDX-License-Identifier: MIT */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "common/cursor.h"
#include "common/log.h"
#include "common/text.h"
#include "profile.h"

#define PROFILE_PREFIX	"micelio/profile/1"

static int	cmp_cb(const void *, const void *);
static void	id_fill(struct profile *);
static bool	space_allows(const struct entry *, const struct nodeid *);

static const char *const fault_texts[] = {
	[FAULT_NONE] = "nothing",
	[FAULT_FLAGS] = "unknown flags, or a delete with a value",
	[FAULT_KEY] = "not a key: want 1-256 bytes of UTF-8 without control "
	    "characters, segments between slashes not empty",
	[FAULT_SPACE] = "a key its author may not write: want o/NAME or "
	    "n/NODE-ID/NAME with the author's own id",
	[FAULT_VALUE] = "the value is longer than this mesh allows",
	[FAULT_TIME] = "a time before 2024",
	[FAULT_AUTHOR] = "the author is not in network.allow",
	[FAULT_SIGNATURE] = "the signature does not fit",
};

const char *
entry_fault_text(enum entry_fault f)
{
	return (unsigned int)f < FAULT_MAX ? fault_texts[f] : "?";
}

void
profile_init(struct profile *p, const uint8_t mesh[MESH_ID_LEN],
    const struct nodeid *allow, size_t nallow)
{
	memset(p, 0, sizeof(*p));
	memcpy(p->mesh, mesh, sizeof(p->mesh));
	p->mode = nallow > 0 ? PROFILE_ALLOW : PROFILE_OPEN;
	p->quota = nallow > 0 ? 1024 : 256;
	p->value_max = nallow > 0 ? ENTRY_VALUE_MAX : 4096;
	p->lease_days = LEASE_DAYS;
	if (nallow > 0) {
		p->allow = xcalloc(nallow, sizeof(*p->allow));
		memcpy(p->allow, allow, nallow * sizeof(*allow));
		qsort(p->allow, nallow, sizeof(*p->allow), cmp_cb);
		p->nallow = nallow;
	}
	id_fill(p);
}

void
profile_free(struct profile *p)
{
	free(p->allow);
	p->allow = NULL;
	p->nallow = 0;
}

static int
cmp_cb(const void *a, const void *b)
{
	return nodeid_cmp(a, b);
}

static void
id_fill(struct profile *p)
{
	uint8_t hash[32];
	struct wbuf w;

	wbuf_init(&w, 64 + p->nallow * NODEID_LEN);
	wbuf_bytes(&w, PROFILE_PREFIX, strlen(PROFILE_PREFIX));
	wbuf_u8(&w, (uint8_t)p->mode);
	wbuf_bytes(&w, p->mesh, sizeof(p->mesh));
	wbuf_u32be(&w, p->quota);
	wbuf_u32be(&w, p->value_max);
	wbuf_u32be(&w, p->lease_days);
	for (size_t i = 0; i < p->nallow; i++)
		wbuf_bytes(&w, p->allow[i].b, NODEID_LEN);
	crypto_hash_sha256(hash, w.p, w.len);
	memcpy(p->id, hash, sizeof(p->id));
	wbuf_free(&w);
}

bool
key_valid(const void *key, size_t n)
{
	const uint8_t *p = key;
	uint8_t before = '/';
	uint32_t cp;
	size_t len;

	if (n == 0 || n > ENTRY_KEY_MAX)
		return false;
	for (size_t i = 0; i < n; i += len) {
		if ((len = utf8_decode(p + i, n - i, &cp)) == 0 ||
		    cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) ||
		    (cp == '/' && before == '/'))
			return false;
		before = p[i];
	}
	return before != '/';
}

/* The only spaces before there is access control: n/<author>/... and o/... */
static bool
space_allows(const struct entry *e, const struct nodeid *author)
{
	char hex[NODEID_HEX + 1];

	if (e->key.n > 2 && memcmp(e->key.p, "o/", 2) == 0)
		return true;
	if (e->key.n < 2 + NODEID_HEX + 2 || memcmp(e->key.p, "n/", 2) != 0 ||
	    e->key.p[2 + NODEID_HEX] != '/')
		return false;
	nodeid_hex(author, hex);
	return memcmp(e->key.p + 2, hex, NODEID_HEX) == 0;
}

enum entry_fault
profile_judge(const struct profile *p, const struct entry *e)
{
	struct nodeid author;

	if ((e->flags & ~ENTRY_DELETED) != 0 ||
	    ((e->flags & ENTRY_DELETED) != 0 && e->value.n > 0))
		return FAULT_FLAGS;
	if (!key_valid(e->key.p, e->key.n))
		return FAULT_KEY;
	if (e->value.n > p->value_max)
		return FAULT_VALUE;
	if (HLC_MS(e->hlc) < HLC_FIRST_MS)
		return FAULT_TIME;
	nodeid_from_pubkey(&author, e->author.p);
	if (p->mode == PROFILE_ALLOW && bsearch(&author, p->allow, p->nallow,
	    sizeof(*p->allow), cmp_cb) == NULL)
		return FAULT_AUTHOR;
	return space_allows(e, &author) ? FAULT_NONE : FAULT_SPACE;
}
