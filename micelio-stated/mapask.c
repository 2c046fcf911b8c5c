/* SPDX-License-Identifier: MIT */
/* What people ask of the map, and tell it, through the hub. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mapd.h"
#include "mtime.h"
#include "row.h"

#define LIST_PAGE	256u
#define EXPORT_PAGE	32u
#define EXPORT_BYTES	32768u	/* of values, after which a page ends */
#define ASK_KEY_MAX	1024u	/* to say that it is too long */
#define ROW_MAX		4096u

struct watch {
	bool	 used;
	uint32_t req;
	size_t	 len;
	uint8_t	 prefix[ENTRY_KEY_MAX];
};

/* A key as people write it, made whole. */
struct fullkey {
	size_t	 n;
	uint8_t	 b[ASK_KEY_MAX + NODEID_HEX + 4];
};

/* What begins so is a whole key, or one that nobody may write yet. */
static const char *const spaces[] = { "o/", "n/", "t/", "s/", "cap/",
	"revoke/", "trust/", NULL };

static void
key_whole(const struct mapd *d, const char *s, size_t n, struct fullkey *k)
{
	char hex[NODEID_HEX + 1];

	k->n = 0;
	for (size_t i = 0; spaces[i] != NULL; i++)
		if (n >= strlen(spaces[i]) &&
		    memcmp(s, spaces[i], strlen(spaces[i])) == 0) {
			memcpy(k->b, s, n);
			k->n = n;
			return;
		}
	nodeid_hex(&d->proc->id, hex);
	k->b[k->n++] = 'n';
	k->b[k->n++] = '/';
	memcpy(k->b + k->n, hex, NODEID_HEX);
	k->n += NODEID_HEX;
	k->b[k->n++] = '/';
	memcpy(k->b + k->n, s, n);
	k->n += n;
}

/* A prefix: "", "o" and "n" are what they are. */
static void
prefix_whole(const struct mapd *d, const char *s, size_t n,
    struct fullkey *k)
{
	if (n == 0 || (n == 1 && (*s == 'o' || *s == 'n'))) {
		memcpy(k->b, s, n);
		k->n = n;
	} else
		key_whole(d, s, n, k);
}

static void
answer_done(struct mapd *d, uint32_t req, enum map_status st,
    const char *text, const void *after, size_t n)
{
	struct wbuf w;

	wbuf_init(&w, 2048);
	wbuf_u8(&w, (uint8_t)st);
	wbuf_str(&w, text);
	wbuf_strn(&w, after, n);
	imsg_send_wbuf(d->proc->link[PROC_SSHD], IMSG_MAP_DONE, req, 0, &w);
	wbuf_free(&w);
}

void
mapask_done(struct mapd *d, uint32_t req, enum map_status st,
    const char *text)
{
	if (d->proc->link[PROC_SSHD] != NULL)
		answer_done(d, req, st, text, "", 0);
}

void
mapask_more(struct mapd *d, uint32_t req)
{
	static const char more[] = "more";

	if (d->proc->link[PROC_SSHD] != NULL)
		answer_done(d, req, MAP_DONE_OK, "", more, strlen(more));
}

void
mapask_row(struct mapd *d, uint32_t req, const struct wbuf *row,
    const void *value, size_t n)
{
	struct wbuf w;

	if (d->proc->link[PROC_SSHD] == NULL)
		return;

	wbuf_init(&w, ROW_MAX + ENTRY_VALUE_MAX + 8);
	wbuf_blob(&w, row->p, row->len);
	wbuf_blob(&w, value, n);
	imsg_send_wbuf(d->proc->link[PROC_SSHD], IMSG_MAP_ROW, req, 0, &w);
	wbuf_free(&w);
}

static void
row_author(struct wbuf *w, const uint8_t *pub)
{
	struct nodeid id;

	nodeid_from_pubkey(&id, pub);
	row_id(w, "author", &id);
}

static void
entry_send(struct mapd *d, uint32_t req, const struct ment *m,
    bool with_value, const bool *shown)
{
	struct entry e;
	struct wbuf w;

	ment_entry(m, &e);
	wbuf_init(&w, ROW_MAX);
	row_strn(&w, "key", (const char *)e.key.p, e.key.n);
	row_author(&w, e.author.p);
	row_num(&w, "written", ROW_TIME, HLC_MS(e.hlc));
	row_num(&w, "expires", ROW_TIME, e.expires_ms);
	row_num(&w, "size", ROW_BYTES, e.value.n);
	if (shown != NULL) {
		row_bool(&w, "deleted", (e.flags & ENTRY_DELETED) != 0);
		row_bool(&w, "shown", *shown);
	}
	mapask_row(d, req, &w, e.value.p, with_value ? e.value.n : 0);
	wbuf_free(&w);
}

static void
ask_get(struct mapd *d, uint32_t req, const struct fullkey *k)
{
	const struct ment *m = map_get(&d->map, k->b, k->n, wall_ms());

	if (m != NULL)
		entry_send(d, req, m, true, NULL);
	mapask_done(d, req, m != NULL ? MAP_DONE_OK : MAP_DONE_NONE,
	    m != NULL ? "" : "no such key");
}

static void
ask_list(struct mapd *d, uint32_t req, const struct fullkey *prefix,
    const char *after, size_t after_len, bool values)
{
	unsigned int page = values ? EXPORT_PAGE : LIST_PAGE;
	const struct ment *m;
	uint8_t last[ENTRY_KEY_MAX];
	size_t n = after_len, bytes = 0;

	memcpy(last, after, n);
	for (unsigned int i = 0; i < page && bytes < EXPORT_BYTES; i++) {
		m = map_next_key(&d->map, prefix->b, prefix->n, last, n,
		    wall_ms());
		if (m == NULL) {
			mapask_done(d, req, MAP_DONE_OK, "");
			return;
		}
		entry_send(d, req, m, values, NULL);
		bytes += values ? m->value_len : 0;
		n = m->key_len;
		memcpy(last, m->data + ENTRY_SIG_LEN, n);
	}
	answer_done(d, req, MAP_DONE_OK, "", last, n);
}

static void
ask_versions(struct mapd *d, uint32_t req, const struct fullkey *k)
{
	const struct ment *winner = map_winner(&d->map, k->b, k->n);
	const struct ment *m = NULL;
	bool shown, any = false;

	while ((m = map_next_version(&d->map, k->b, k->n, m)) != NULL) {
		shown = m == winner && (m->flags & ENTRY_DELETED) == 0 &&
		    m->expires_ms > wall_ms();
		entry_send(d, req, m, true, &shown);
		any = true;
	}
	mapask_done(d, req, any ? MAP_DONE_OK : MAP_DONE_NONE, any ? "" :
	    "no such key");
}

static void
state_row(const struct mapd *d, struct wbuf *w)
{
	char hex[2 * ROOT_HASH_LEN + 1];
	struct root root;

	map_root(&d->map, d->map.hour, d->loading ? ROOT_LOADING : 0, &root);
	mapd_row(d, w);
	row_num(w, "hour", ROW_U64, root.hour);
	hex_encode(root.hash, sizeof(root.hash), hex);
	row_str(w, "digest", hex);
	hex_encode(d->profile.id, sizeof(d->profile.id), hex);
	row_str(w, "profile", hex);
	row_num(w, "value_max", ROW_BYTES, d->profile.value_max);
	row_num(w, "held", ROW_U64, d->intake.nheld);
	row_num(w, "equivocations", ROW_U64, d->map.equivocations);
	row_num(w, "bad_signatures", ROW_U64,
	    d->intake.bad[FAULT_SIGNATURE]);
	maprecon_row(d, w);
}

static void
ask_state(struct mapd *d, uint32_t req)
{
	struct mauthor *a;
	struct wbuf w;

	wbuf_init(&w, ROW_MAX);
	state_row(d, &w);
	mapask_row(d, req, &w, NULL, 0);
	RB_FOREACH(a, mauthors, &d->map.authors) {
		wbuf_reset(&w);
		row_author(&w, a->pub);
		row_num(&w, "entries", ROW_U64, a->live);
		row_num(&w, "bytes", ROW_BYTES, a->bytes);
		mapask_row(d, req, &w, NULL, 0);
	}
	wbuf_free(&w);
	mapask_done(d, req, MAP_DONE_OK, "");
}

static void
ask_write(struct mapd *d, uint32_t req, const struct fullkey *k,
    const uint8_t *value, size_t n, bool delete)
{
	const char *why;

	if (d->loading) {
		mapask_done(d, req, MAP_DONE_FAILED, "the map is still being "
		    "read from the disk; try again");
		return;
	}
	if (delete && map_get(&d->map, k->b, k->n, wall_ms()) == NULL) {
		mapask_done(d, req, MAP_DONE_NONE, "no such key");
		return;
	}
	if (k->n > ENTRY_KEY_MAX || !key_valid(k->b, k->n) ||
	    n > d->profile.value_max) {
		mapask_done(d, req, MAP_DONE_BAD, n > d->profile.value_max ?
		    entry_fault_text(FAULT_VALUE) :
		    entry_fault_text(FAULT_KEY));
		return;
	}
	why = mapsign_put(d, req, k->b, k->n, value, n,
	    delete ? ENTRY_DELETED : 0);
	if (why != NULL)
		mapask_done(d, req, MAP_DONE_REFUSED, why);
}

static void
ask_watch(struct mapd *d, uint32_t req, const struct fullkey *k)
{
	struct watch *v = NULL;

	for (size_t i = 0; d->watches != NULL && i < WATCHES_MAX; i++)
		if (!d->watches[i].used)
			v = &d->watches[i];
	if (d->watches == NULL) {
		d->watches = xcalloc(WATCHES_MAX, sizeof(*d->watches));
		v = d->watches;
	}
	if (v == NULL || k->n > ENTRY_KEY_MAX) {
		mapask_done(d, req, v == NULL ? MAP_DONE_FAILED :
		    MAP_DONE_BAD, v == NULL ? "too many are watching" :
		    entry_fault_text(FAULT_KEY));
		return;
	}
	v->used = true;
	v->req = req;
	v->len = k->n;
	memcpy(v->prefix, k->b, k->n);
}

static void
ask_unwatch(struct mapd *d, uint32_t req)
{
	for (size_t i = 0; d->watches != NULL && i < WATCHES_MAX; i++)
		if (d->watches[i].used && d->watches[i].req == req)
			d->watches[i].used = false;
}

void
mapask_forget(struct mapd *d)
{
	free(d->watches);
	d->watches = NULL;
	mapcopy_unwanted(d, 0);
}

void
mapask_changed(struct mapd *d, const void *key, size_t n)
{
	struct imsgchan *hub = d->proc->link[PROC_SSHD];
	const struct ment *m = NULL;
	bool shown;

	for (size_t i = 0; d->watches != NULL && i < WATCHES_MAX; i++) {
		const struct watch *v = &d->watches[i];

		if (!v->used || v->len > n ||
		    memcmp(v->prefix, key, v->len) != 0)
			continue;
		/* One that does not keep up sees what comes later. */
		if (hub == NULL || imsgchan_queued(hub) > PROC_ANSWERS_MAX)
			return;
		if (m == NULL && (m = map_winner(&d->map, key, n)) == NULL)
			return;
		shown = (m->flags & ENTRY_DELETED) == 0;
		entry_send(d, v->req, m, true, &shown);
	}
}

void
mapask(struct mapd *d, struct imsg *m)
{
	struct imsgchan *hub = d->proc->link[PROC_SSHD];
	size_t key_len, after_len, n;
	const char *key, *after;
	struct fullkey k, prefix;
	const uint8_t *value;
	enum map_ask what;
	struct rcur c;

	rcur_init(&c, m->data, m->len);
	what = (enum map_ask)rcur_u8(&c);
	key = rcur_str(&c, ASK_KEY_MAX, &key_len);
	after = rcur_str(&c, ENTRY_KEY_MAX, &after_len);
	value = rcur_blob(&c, ENTRY_VALUE_MAX, &n);
	if (!rcur_done(&c)) {
		imsgchan_violation(hub, m, "malformed question");
		return;
	}
	if (what != MAP_ASK_UNWATCH && what != MAP_ASK_STREAM_END &&
	    imsgchan_queued(hub) > PROC_ANSWERS_MAX)
		return;		/* it asks and does not read */
	map_tick(&d->map, wall_ms());
	key_whole(d, key, key_len, &k);
	prefix_whole(d, key, key_len, &prefix);
	switch (what) {
	case MAP_ASK_PUT:
	case MAP_ASK_DEL:
		ask_write(d, m->id, &k, value, n, what == MAP_ASK_DEL);
		break;
	case MAP_ASK_GET:
		ask_get(d, m->id, &k);
		break;
	case MAP_ASK_LIST:
	case MAP_ASK_EXPORT:
		ask_list(d, m->id, &prefix, after, after_len,
		    what == MAP_ASK_EXPORT);
		break;
	case MAP_ASK_VERSIONS:
		ask_versions(d, m->id, &k);
		break;
	case MAP_ASK_STATE:
		ask_state(d, m->id);
		break;
	case MAP_ASK_WATCH:
		ask_watch(d, m->id, &prefix);
		break;
	case MAP_ASK_UNWATCH:
		ask_unwatch(d, m->id);
		break;
	case MAP_ASK_BACKUP:
	case MAP_ASK_VERIFY:
		mapcopy_start(d, m->id, what);
		break;
	case MAP_ASK_STREAM:
		if (after_len == 0)
			mapcopy_start(d, m->id, what);
		else
			mapstream_next(d, m->id);
		break;
	case MAP_ASK_STREAM_END:
		mapcopy_unwanted(d, m->id);
		break;
	default:
		imsgchan_violation(hub, m, "unknown question");
	}
}
