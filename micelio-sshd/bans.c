/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authkeys_from.h"
#include "bans.h"
#include "base64.h"
#include "cursor.h"
#include "doc.h"
#include "imsg.h"
#include "log.h"
#include "row.h"
#include "text.h"

#define VALUE_VERSION	1u
#define FP_BEGIN	"SHA256:"
#define FP_CHARS	43u		/* of base64 */
#define FP_SHORT	12u

void
bans_init(struct bans *b)
{
	TAILQ_INIT(&b->list);
	b->n = 0;
}

void
bans_remove(struct bans *b, struct ban *x)
{
	TAILQ_REMOVE(&b->list, x, entry);
	b->n--;
	free(x);
}

void
bans_free(struct bans *b)
{
	while (b->n > 0)
		bans_remove(b, TAILQ_FIRST(&b->list));
}

static bool
same(const struct ban *a, const struct ban *b)
{
	if (a->kind != b->kind)
		return false;
	return a->kind == BAN_NET ? strcmp(a->net, b->net) == 0 :
	    memcmp(a->key, b->key, sizeof(a->key)) == 0;
}

struct ban *
bans_add(struct bans *b, const struct ban *given)
{
	struct ban *x;

	TAILQ_FOREACH(x, &b->list, entry)
		if (same(x, given)) {
			bans_remove(b, x);
			break;
		}
	if (b->n >= BANS_MAX)
		return NULL;
	x = xcalloc(1, sizeof(*x));
	*x = *given;
	TAILQ_INSERT_TAIL(&b->list, x, entry);
	b->n++;
	return x;
}

static bool
holds(const struct ban *x, uint64_t now_ms)
{
	return x->until_ms == 0 || x->until_ms > now_ms;
}

struct ban *
bans_key(const struct bans *b, enum ban_kind kind,
    const uint8_t key[SSHKEY_HASH_LEN], uint64_t now_ms)
{
	struct ban *x;

	TAILQ_FOREACH(x, &b->list, entry)
		if (x->kind == kind && holds(x, now_ms) &&
		    memcmp(x->key, key, sizeof(x->key)) == 0)
			return x;
	return NULL;
}

struct ban *
bans_addr(const struct bans *b, const struct addr *a, uint64_t now_ms)
{
	struct ban *x;

	TAILQ_FOREACH(x, &b->list, entry)
		if (x->kind == BAN_NET && holds(x, now_ms) &&
		    authkeys_from_match(x->net, a))
			return x;
	return NULL;
}

struct ban *
bans_over(const struct bans *b, uint64_t now_ms)
{
	struct ban *x;

	TAILQ_FOREACH(x, &b->list, entry)
		if (!holds(x, now_ms))
			return x;
	return NULL;
}

const char *
ban_what(const struct ban *x, char out[SSHKEY_FP_MAX])
{
	if (x->kind == BAN_NET)
		return x->net;
	return sshkey_fingerprint(x->key, out);
}

struct ban *
bans_find(const struct bans *b, bool mute, const char *word)
{
	const size_t n = strlen(word);
	char fp[SSHKEY_FP_MAX];
	struct ban *x;

	TAILQ_FOREACH(x, &b->list, entry) {
		if ((x->kind == BAN_MUTE) != mute || n == 0)
			continue;
		if (strcmp(x->name, word) == 0 ||
		    strcmp(ban_what(x, fp), word) == 0 ||
		    (x->kind != BAN_NET && n >= FP_SHORT &&
		    strncmp(fp, word, n) == 0))
			return x;
	}
	return NULL;
}

/* What a host or net is written with, and nothing a nick can be. */
static bool
looks_like_net(const char *s)
{
	size_t n = strspn(s, "0123456789abcdefABCDEF.:/");

	return s[n] == '\0' && (strchr(s, '.') != NULL ||
	    strchr(s, ':') != NULL) && n <= BAN_NET_MAX;
}

bool
ban_word(const char *word, struct ban *x)
{
	char b64[FP_CHARS + 2];
	size_t n;

	if (strncmp(word, FP_BEGIN, sizeof(FP_BEGIN) - 1) == 0) {
		word += sizeof(FP_BEGIN) - 1;
		if (strlen(word) != FP_CHARS)
			return false;
		(void)snprintf(b64, sizeof(b64), "%s=", word);
		x->kind = BAN_KEY;
		return base64_decode(b64, FP_CHARS + 1, x->key,
		    sizeof(x->key), &n) && n == sizeof(x->key);
	}
	if (!looks_like_net(word) || authkeys_from_check(word) != NULL)
		return false;
	x->kind = BAN_NET;
	text_copy(x->net, word, sizeof(x->net));
	return true;
}

void
ban_write_key(const struct ban *x, struct wbuf *w)
{
	uint8_t key[1 + BAN_NET_MAX];
	size_t n = x->kind == BAN_NET ? strlen(x->net) : sizeof(x->key);

	key[0] = (uint8_t)x->kind;
	memcpy(key + 1, x->kind == BAN_NET ? (const void *)x->net : x->key,
	    n);
	wbuf_strn(w, key, 1 + n);
}

void
ban_write(const struct ban *x, struct wbuf *w)
{
	wbuf_u8(w, VALUE_VERSION);
	wbuf_u64(w, x->since_ms);
	wbuf_u64(w, x->until_ms);
	wbuf_str(w, x->name);
	wbuf_str(w, x->by);
}

bool
ban_read(struct ban *x, const void *key, size_t klen, const void *value,
    size_t n)
{
	char name[sizeof(x->name)], by[sizeof(x->by)];
	const uint8_t *k = key;
	struct rcur r;

	memset(x, 0, sizeof(*x));
	rcur_init(&r, value, n);
	if (klen < 2 || rcur_u8(&r) != VALUE_VERSION)
		return false;
	x->kind = (enum ban_kind)k[0];
	x->since_ms = rcur_u64(&r);
	x->until_ms = rcur_u64(&r);
	rcur_cstr(&r, name, sizeof(name));
	rcur_cstr(&r, by, sizeof(by));
	if (r.bad)
		return false;
	(void)text_safe(name, strlen(name), x->name, sizeof(x->name), true);
	(void)text_safe(by, strlen(by), x->by, sizeof(x->by), true);
	if (x->kind == BAN_NET && klen - 1 <= BAN_NET_MAX) {
		memcpy(x->net, k + 1, klen - 1);
		return looks_like_net(x->net) &&
		    authkeys_from_check(x->net) == NULL;
	}
	if ((x->kind != BAN_KEY && x->kind != BAN_MUTE) ||
	    klen - 1 != sizeof(x->key))
		return false;
	memcpy(x->key, k + 1, sizeof(x->key));
	return true;
}

void
bans_build(const struct bans *b, uint64_t now_ms, struct doc *d)
{
	size_t list = doc_list(d, "bans");
	char fp[SSHKEY_FP_MAX];
	const struct ban *x;
	struct wbuf w;

	wbuf_init(&w, 4096);
	TAILQ_FOREACH(x, &b->list, entry) {
		if (!holds(x, now_ms))
			continue;
		wbuf_reset(&w);
		row_str(&w, "what", x->kind == BAN_MUTE ? "mute" : "ban");
		row_str(&w, "of", ban_what(x, fp));
		if (x->name[0] != '\0')
			row_str(&w, "name", x->name);
		else
			row_null(&w, "name");
		row_str(&w, "by", x->by);
		row_num(&w, "since", ROW_TIME, x->since_ms);
		if (x->until_ms == 0)
			row_none(&w, "left", ROW_MS);
		else
			row_num(&w, "left", ROW_MS, x->until_ms - now_ms);
		(void)doc_row(d, list, w.p, w.len);
	}
	wbuf_free(&w);
}

void
bans_text(const struct doc *d, struct wbuf *w)
{
	if (d->list[0].n == 0)
		wbuf_printf(w, "nobody is banned or muted\n");
	else
		doc_table(&d->list[0], "what name left by of", w);
}
