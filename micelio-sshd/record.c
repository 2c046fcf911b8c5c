/* SPDX-License-Identifier: MIT */
/*
 * A line of talk as it is kept: u8 1, u8 kind (0 said, 1 done by /me), u64
 * sent (unix s, 0: here), str room ("" the lobby), str node ("" this one),
 * str nick as shown, 32 key, blob text.
 */
#include <string.h>
#include <strings.h>

#include "cursor.h"
#include "imsg.h"
#include "record.h"
#include "room.h"
#include "sshkey.h"
#include "text.h"

#define RECORD_VERSION	1u
#define RECORD_ROOM_MAX	64u

void
record_write(struct wbuf *w, const struct room_item *i)
{
	static const uint8_t none[SSHKEY_HASH_LEN];

	wbuf_u8(w, RECORD_VERSION);
	wbuf_u8(w, i->kind == ROOM_ACTION);
	wbuf_u64(w, i->sent_s);
	wbuf_str(w, "");
	wbuf_str(w, i->node == NULL ? "" : i->node);
	wbuf_str(w, i->nick);
	wbuf_bytes(w, i->key == NULL ? none : i->key, SSHKEY_HASH_LEN);
	wbuf_blob(w, i->text, i->len);
}

static bool
field(struct rcur *c, char *out, size_t size)
{
	size_t n;
	const char *s = rcur_str(c, size - 1, &n);

	/* Shown as it is: it was made safe before it was kept. */
	if (s == NULL || !text_tame(s, n))
		return false;
	memcpy(out, s, n);
	out[n] = '\0';
	return true;
}

bool
record_read(struct record *r, const void *p, size_t n)
{
	char room[RECORD_ROOM_MAX + 1];
	struct rcur c;

	memset(r, 0, sizeof(*r));
	rcur_init(&c, p, n);
	if (rcur_u8(&c) != RECORD_VERSION)
		return false;
	r->action = rcur_u8(&c) == 1;
	r->sent_s = rcur_u64(&c);
	if (!field(&c, room, sizeof(room)) ||
	    !field(&c, r->node, sizeof(r->node)) ||
	    !field(&c, r->nick, sizeof(r->nick)))
		return false;
	rcur_copy(&c, r->key, sizeof(r->key));
	r->text = (const char *)rcur_blob(&c, CHAT_TEXT_MAX, &r->len);
	return rcur_done(&c) && room[0] == '\0';
}

void
record_item(const struct record *r, struct room_item *i)
{
	memset(i, 0, sizeof(*i));
	i->kind = r->action ? ROOM_ACTION : ROOM_CHAT;
	i->now_ms = r->ms;
	i->sent_s = r->sent_s;
	i->nick = r->nick;
	i->node = r->node[0] == '\0' ? NULL : r->node;
	i->key = r->key;
	i->text = r->text;
	i->len = r->len;
}

static bool
part_of_word(unsigned char c)
{
	return c >= 0x80 || (c >= '0' && c <= '9') || c == '_' || c == '~' ||
	    ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

bool
text_names(const char *text, size_t n, const char *nick)
{
	size_t k = strlen(nick);

	for (size_t i = 0; k > 0 && i + k <= n; i++)
		if (strncasecmp(text + i, nick, k) == 0 &&
		    (i == 0 || !part_of_word((unsigned char)text[i - 1])) &&
		    (i + k == n || !part_of_word((unsigned char)text[i + k])))
			return true;
	return false;
}

bool
text_has(const char *text, size_t n, const char *words, size_t k)
{
	for (size_t i = 0; i + k <= n; i++)
		if (strncasecmp(text + i, words, k) == 0)
			return true;
	return k == 0;
}
