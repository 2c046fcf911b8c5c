/* SPDX-License-Identifier: MIT */
/*
 * How an item of the room looks:
 *
 *	[13:05] <alice> text
 *	[13:05] <bob@56475aa75463> first line of several
 *	        | second line
 *	        | +97 lines
 *	[13:05] * carol joined
 *	[13:05] -- a note of the node
 *
 * Continuation lines begin with something no text can begin a line with, so
 * nothing said can pass for somebody else's line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "cursor.h"
#include "doc.h"
#include "log.h"
#include "mtime.h"
#include "room.h"
#include "settings.h"
#include "text.h"

#define CONTINUED	"        | "
#define MARKS_MAX	6	/* pointed and chanted Hebrew has five */
#define LATE_S		120	/* older than this when it comes is told */

static void
clock_put(uint64_t unix_s, int32_t offset, struct wbuf *w)
{
	int64_t t = (int64_t)unix_s + offset;
	unsigned int day = (unsigned int)(((t % 86400) + 86400) % 86400);

	wbuf_printf(w, "%02u:%02u", day / 3600, day / 60 % 60);
}

/*
 * Marks stacked without end on one letter cover the lines around it.  No
 * script has more than a few; what is over them goes.  The new length.
 */
static size_t
marks_bound(char *s, size_t n)
{
	size_t k, used = 0, marks = 0;
	utf8proc_category_t cat;
	uint32_t cp;

	for (size_t i = 0; i < n; i += k) {
		if ((k = utf8_decode(s + i, n - i, &cp)) == 0)
			k = 1;
		else if (cp >= 0x80) {
			cat = utf8proc_category((utf8proc_int32_t)cp);
			marks = cat == UTF8PROC_CATEGORY_MN ||
			    cat == UTF8PROC_CATEGORY_ME ? marks + 1 : 0;
		} else
			marks = 0;
		if (marks > MARKS_MAX)
			continue;
		memmove(s + used, s + i, k);
		used += k;
	}
	return used;
}

static void
safe_put(const char *s, size_t n, struct wbuf *w)
{
	size_t max = n * 6 + 16;
	char *out = xcalloc(1, max);

	wbuf_bytes(w, out, marks_bound(out, text_safe(s, n, out, max, true)));
	free(out);
}

static size_t
line_count(const char *s, size_t n)
{
	size_t lines = 1;

	for (size_t i = 0; i < n; i++)
		lines += s[i] == '\n';
	return lines;
}

/* The text by lines; when folded, only the first few and how many more. */
static void
text_put(const char *s, size_t n, bool fold, struct wbuf *w)
{
	size_t total = line_count(s, n), shown = 0, len, cut;
	const char *nl;

	for (;; shown++) {
		if (shown > 0)
			wbuf_bytes(w, CONTINUED, sizeof(CONTINUED) - 1);
		if (fold && shown == ROOM_FOLD_LINES &&
		    total > ROOM_FOLD_LINES + 1) {
			wbuf_printf(w, "+%zu lines\n", total - shown);
			return;
		}
		nl = n == 0 ? NULL : memchr(s, '\n', n);
		len = cut = nl == NULL ? n : (size_t)(nl - s);
		if (len > 0 && s[len - 1] == '\r')
			len--;
		safe_put(s, len, w);
		wbuf_u8(w, '\n');
		if (nl == NULL)
			return;
		s += cut + 1;
		n -= cut + 1;
	}
}

static bool
is_late(const struct room_item *i)
{
	return i->sent_s != 0 && i->sent_s + LATE_S < i->now_ms / 1000;
}

static void
chat_put(const struct room_item *i, int32_t offset, bool fold, struct wbuf *w)
{
	bool action = i->kind == ROOM_ACTION;

	wbuf_printf(w, "%s%s", action ? "* " : "<", i->nick);
	if (i->node != NULL)
		wbuf_printf(w, "@%s", i->node);
	wbuf_printf(w, action ? " " : "> ");
	if (is_late(i)) {
		wbuf_bytes(w, "(sent ", 6);
		clock_put(i->sent_s, offset, w);
		wbuf_bytes(w, ") ", 2);
	}
	text_put(i->text, i->len, fold, w);
}

void
room_render_for(const struct room_item *i, const struct settings *set,
    int32_t offset, bool fold, struct wbuf *w)
{
	offset = settings_offset(set, offset);
	if (set == NULL || set->time) {
		wbuf_u8(w, '[');
		clock_put(i->now_ms / 1000, offset, w);
		wbuf_bytes(w, "] ", 2);
	}
	switch (i->kind) {
	case ROOM_CHAT:
	case ROOM_ACTION:
		chat_put(i, offset, fold, w);
		return;
	case ROOM_JOIN:
		wbuf_printf(w, "* %s joined\n", i->nick);
		return;
	case ROOM_LEAVE:
		if (i->len == 0)
			wbuf_printf(w, "* %s left\n", i->nick);
		else
			wbuf_printf(w, "* %s left (%s)\n", i->nick, i->text);
		return;
	case ROOM_NICK:
		wbuf_printf(w, "* %s is now %s\n", i->nick, i->text);
		return;
	case ROOM_NOTE:
	case ROOM_EVENT:
		wbuf_bytes(w, "-- ", 3);
		text_put(i->text, i->len, fold, w);
		return;
	}
}

void
room_render_json(const struct room_item *i, struct wbuf *w)
{
	static const char *const kinds[] = { "chat", "join", "leave", "nick",
	    "note", "event", "action" };
	char when[TIME_TEXT_MAX];

	wbuf_printf(w, "{\"v\":1,\"time\":\"%s\",\"kind\":\"%s\"",
	    time_text(i->now_ms, when), kinds[i->kind]);
	if (i->nick != NULL) {
		wbuf_printf(w, ",\"nick\":");
		wbuf_json(w, i->nick, strlen(i->nick));
	}
	if (i->kind == ROOM_CHAT || i->kind == ROOM_ACTION) {
		wbuf_printf(w, ",\"node\":");
		if (i->node == NULL)
			wbuf_printf(w, "null");
		else
			wbuf_json(w, i->node, strlen(i->node));
		if (i->sent_s != 0)
			wbuf_printf(w, ",\"sent\":\"%s\"",
			    time_text(i->sent_s * 1000, when));
	}
	wbuf_printf(w, ",\"%s\":", i->kind == ROOM_NICK ? "new" :
	    i->kind == ROOM_LEAVE ? "why" : "text");
	wbuf_json(w, i->text, i->len);
	wbuf_printf(w, "}\n");
}
