/* SPDX-License-Identifier: MIT */
/* Messages for people of this node who are not here: kept, shown later. */
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "log.h"
#include "notes.h"
#include "people.h"
#include "sshkey.h"
#include "text.h"

#define NOTE_VERSION	1u
#define NOTE_KEY_LEN	(SSHKEY_HASH_LEN + 10)

static void
note_free(struct notes *n, struct note *x)
{
	TAILQ_REMOVE(&n->list, x, entry);
	n->n--;
	free(x);
}

void
notes_init(struct notes *n)
{
	memset(n, 0, sizeof(*n));
	TAILQ_INIT(&n->list);
}

void
notes_free(struct notes *n)
{
	while (!TAILQ_EMPTY(&n->list))
		note_free(n, TAILQ_FIRST(&n->list));
}

static struct note *
note_new(struct notes *n, size_t len)
{
	struct note *x = xcalloc(1, sizeof(*x) + len);

	x->len = len;
	TAILQ_INSERT_TAIL(&n->list, x, entry);
	n->n++;
	return x;
}

struct note *
notes_add(struct notes *n, const uint8_t key[SSHKEY_HASH_LEN],
    const char *from, bool action, const char *text, size_t len,
    uint64_t now_ms)
{
	struct note *x;
	size_t mine = 0;

	TAILQ_FOREACH(x, &n->list, entry)
		mine += memcmp(x->key, key, SSHKEY_HASH_LEN) == 0;
	if (n->n >= NOTES_MAX || mine >= NOTES_EACH || len > NOTE_TEXT_MAX)
		return NULL;
	x = note_new(n, len);
	memcpy(x->key, key, SSHKEY_HASH_LEN);
	x->ms = now_ms;
	x->serial = ++n->serial;
	x->action = action;
	text_copy(x->from, from, sizeof(x->from));
	memcpy(x->text, text, len);
	return x;
}

struct note *
notes_next(const struct notes *n, const uint8_t key[SSHKEY_HASH_LEN])
{
	struct note *x;

	TAILQ_FOREACH(x, &n->list, entry)
		if (memcmp(x->key, key, SSHKEY_HASH_LEN) == 0)
			return x;
	return NULL;
}

void
notes_remove(struct notes *n, struct note *x)
{
	note_free(n, x);
}

void
note_key(const struct note *x, struct wbuf *w)
{
	wbuf_u16(w, NOTE_KEY_LEN);
	wbuf_bytes(w, x->key, SSHKEY_HASH_LEN);
	wbuf_u64be(w, x->ms);
	wbuf_u16be(w, x->serial);
}

void
note_write(const struct note *x, struct wbuf *w)
{
	wbuf_u8(w, NOTE_VERSION);
	wbuf_u8(w, x->action);
	wbuf_str(w, x->from);
	wbuf_blob(w, x->text, x->len);
}

bool
notes_read(struct notes *n, const void *key, size_t klen, const void *value,
    size_t len)
{
	char from[LABEL_MAX];
	const uint8_t *text;
	struct rcur c, k;
	struct note *x;
	bool action;
	size_t size;

	rcur_init(&c, value, len);
	if (rcur_u8(&c) != NOTE_VERSION || klen != NOTE_KEY_LEN ||
	    n->n >= NOTES_MAX)
		return false;
	action = rcur_u8(&c) == 1;
	rcur_cstr(&c, from, sizeof(from));
	text = rcur_blob(&c, NOTE_TEXT_MAX, &size);
	if (!rcur_done(&c) || !text_tame(from, strlen(from)))
		return false;
	x = note_new(n, size);
	rcur_init(&k, key, klen);
	rcur_copy(&k, x->key, sizeof(x->key));
	x->ms = rcur_u64be(&k);
	x->serial = rcur_u16be(&k);
	x->action = action;
	memcpy(x->from, from, sizeof(x->from));
	memcpy(x->text, text, size);
	return true;
}
