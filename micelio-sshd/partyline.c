/* SPDX-License-Identifier: MIT */
/*
 * The room: who is there, under which name, and what is said.  Pure; the
 * daemon shows what comes out and carries what is to be sent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "imsg.h"
#include "log.h"
#include "mtime.h"
#include "nick.h"
#include "nodeid.h"
#include "people.h"
#include "record.h"
#include "room.h"
#include "settings.h"
#include "sshkey.h"
#include "text.h"

#define LINES_MAX	(1024u * 1024)	/* one item rendered */

void
room_init(struct room *r, const struct room_ops *ops, void *arg)
{
	memset(r, 0, sizeof(*r));
	TAILQ_INIT(&r->members);
	r->ops = ops;
	r->arg = arg;
}

static bool
is_talk(const struct room_item *i)
{
	return i->kind == ROOM_CHAT || i->kind == ROOM_ACTION;
}

static bool
is_coming(const struct room_item *i)
{
	return i->kind == ROOM_JOIN || i->kind == ROOM_LEAVE ||
	    i->kind == ROOM_NICK;
}

/* Of that there was a line before it. */
static bool
is_kicked(const struct room_item *i)
{
	return i->kind == ROOM_LEAVE && i->len == strlen(ROOM_KICKED) &&
	    memcmp(i->text, ROOM_KICKED, i->len) == 0;
}

/* Of somebody in the room: is it for them? */
static bool
is_for(const struct room *r, const struct member *m,
    const struct room_item *i)
{
	int joins;

	if (!m->watcher && is_kicked(i))
		return false;
	if (m->self == NULL)
		return true;
	if (is_talk(i))
		return !person_ignores(m->self, i->key);
	joins = m->self->set.joins;
	if (!is_coming(i) || joins == JOINS_ALL)
		return true;
	return joins == JOINS_AUTO && (i->spoke || r->people < JOINS_CROWD);
}

/* As most have it set, which is rendered once for them all. */
static bool
is_usual(const struct member *m)
{
	return m->self == NULL || (m->self->set.time &&
	    m->self->set.tz == TZ_LOCAL);
}

static void
member_show(struct room *r, struct member *m, const struct room_item *i,
    const struct wbuf *w)
{
	bool own = i->key != NULL &&
	    memcmp(i->key, m->key, sizeof(m->key)) == 0;
	bool named = is_talk(i) && !own && !m->watcher &&
	    text_names(i->text, i->len, m->nick);
	int bell = m->self == NULL ? BELL_OFF : m->self->set.bell;

	if (named && r->ops->show_named != NULL)
		r->ops->show_named(m->arg, (const char *)w->p, w->len);
	else
		r->ops->show(m->arg, (const char *)w->p, w->len);
	if (r->ops->bell != NULL && is_talk(i) && !own &&
	    (bell == BELL_ALL || (bell == BELL_MENTION && named)))
		r->ops->bell(m->arg);
}

/* Show to everybody; each form is rendered once, when somebody wants it. */
static void
room_show(struct room *r, const struct room_item *item)
{
	struct wbuf text, full, json, own;
	struct member *m, *next;

	wbuf_init(&text, LINES_MAX);
	wbuf_init(&full, LINES_MAX);
	wbuf_init(&json, LINES_MAX);
	wbuf_init(&own, LINES_MAX);
	TAILQ_FOREACH_SAFE(m, &r->members, entry, next) {
		struct wbuf *w = m->watcher ? (m->json ? &json : &full) :
		    is_usual(m) ? &text : &own;

		/* Who sees the events needs no notes made of them. */
		if (item->kind == ROOM_EVENT ? !m->events :
		    item->kind == ROOM_NOTE && m->events)
			continue;
		if (!is_for(r, m, item) ||
		    (item->told != NULL && item->told(m->arg)))
			continue;
		if (w == &own)
			wbuf_reset(w);
		if (w->len == 0 && w == &json)
			room_render_json(item, w);
		else if (w->len == 0)
			room_render_for(item, w == &own ? &m->self->set :
			    NULL, r->utc_offset_s, w != &full, w);
		member_show(r, m, item, w);
	}
	wbuf_free(&text);
	wbuf_free(&full);
	wbuf_free(&json);
	wbuf_free(&own);
}

static bool
is_lately(uint64_t spoke_ms, uint64_t now_ms)
{
	return spoke_ms != 0 && spoke_ms + JOINS_LATELY_MS > now_ms;
}

/* Also before they left the last time: they come back to talk on. */
static bool
spoke_lately(const struct room *r, const struct member *m, uint64_t now_ms)
{
	size_t n = r->nspoke < SPOKE_MAX ? r->nspoke : SPOKE_MAX;

	for (size_t i = 0; i < n; i++)
		if (memcmp(r->spoke[i].key, m->key, sizeof(m->key)) == 0 &&
		    is_lately(r->spoke[i].ms, now_ms))
			return true;
	return is_lately(m->spoke_ms, now_ms);
}

static void
spoke_keep(struct room *r, const struct member *m, uint64_t now_ms)
{
	struct spoke *s = &r->spoke[r->nspoke % SPOKE_MAX];

	if (!is_lately(m->spoke_ms, now_ms))
		return;
	memcpy(s->key, m->key, sizeof(s->key));
	s->ms = m->spoke_ms;
	r->nspoke++;
}

static void
room_tell(struct room *r, enum room_kind kind, const char *nick, bool spoke,
    const char *text, uint64_t now_ms)
{
	struct room_item item = { .kind = kind, .now_ms = now_ms,
	    .nick = nick, .text = text == NULL ? "" : text, .spoke = spoke };

	item.len = strlen(item.text);
	room_show(r, &item);
}

static void
moved(struct room *r)
{
	if (r->ops->moved != NULL)
		r->ops->moved(r->arg);
}

struct member *
room_find(const struct room *r, const char *nick)
{
	struct member *m;

	TAILQ_FOREACH(m, &r->members, entry)
		if (!m->watcher && nick_same(m->nick, nick))
			return m;
	return NULL;
}

void
room_join(struct room *r, struct member *m, const char *wanted,
    const uint8_t key[SSHKEY_HASH_LEN], uint64_t now_ms, void *arg,
    char *note, size_t size)
{
	memset(m, 0, sizeof(*m));
	memcpy(m->key, key, SSHKEY_HASH_LEN);
	m->joined_ms = now_ms;
	m->arg = arg;
	room_nick_give(r, m, wanted, note, size);
	room_tell(r, ROOM_JOIN, m->nick, spoke_lately(r, m, now_ms), NULL,
	    now_ms);
	TAILQ_INSERT_TAIL(&r->members, m, entry);
	r->people++;
	moved(r);
}

void
room_watch(struct room *r, struct member *m, bool json, bool events,
    void *arg)
{
	memset(m, 0, sizeof(*m));
	m->watcher = true;
	m->json = json;
	m->events = events;
	m->arg = arg;
	TAILQ_INSERT_TAIL(&r->members, m, entry);
	r->watchers++;
}

void
room_leave(struct room *r, struct member *m, const char *why, uint64_t now_ms)
{
	TAILQ_REMOVE(&r->members, m, entry);
	if (m->watcher) {
		r->watchers--;
		return;
	}
	r->people--;
	room_tell(r, ROOM_LEAVE, m->nick, spoke_lately(r, m, now_ms), why,
	    now_ms);
	spoke_keep(r, m, now_ms);
	moved(r);
}

bool
room_nick(struct room *r, struct member *m, const char *nick, size_t n,
    uint64_t now_ms, char *why, size_t size)
{
	const char *rule = nick_check(nick, n);
	char new[CHAT_NICK_MAX + 1], old[CHAT_NICK_MAX + 1];
	char safe[CHAT_NICK_MAX * 8], fp[SSHKEY_FP_MAX];
	struct member *other;

	if (rule != NULL) {
		text_safe(nick, n < CHAT_NICK_MAX * 2 ? n : CHAT_NICK_MAX * 2,
		    safe, sizeof(safe), true);
		(void)snprintf(why, size, "nick not changed: \"%s\" %s; you "
		    "are %s", safe, rule, m->nick);
		return false;
	}
	(void)snprintf(new, sizeof(new), "%.*s", (int)n, nick);
	other = room_find(r, new);
	if (other != NULL && other != m) {
		(void)snprintf(why, size, "nick not changed: \"%s\" belongs "
		    "to key %s (here now); you are %s", other->nick,
		    sshkey_fingerprint(other->key, fp), m->nick);
		return false;
	}
	if (strcmp(new, m->nick) == 0) {
		(void)snprintf(why, size, "you are already %s", m->nick);
		return false;
	}
	text_copy(old, m->nick, sizeof(old));
	text_copy(m->nick, new, sizeof(m->nick));
	room_tell(r, ROOM_NICK, old, spoke_lately(r, m, now_ms), new,
	    now_ms);
	moved(r);
	return true;
}

static bool
space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

enum say_status
room_say(struct room *r, void *from, const char *nick,
    const struct speaker *who, const char *text, size_t n, uint64_t now_ms)
{
	struct room_item item = { .kind = who->action ? ROOM_ACTION :
	    ROOM_CHAT, .now_ms = now_ms, .nick = nick, .key = who->key };
	struct member *m;
	bool taken;

	while (n > 0 && space(text[n - 1]))
		n--;
	while (n > 0 && space(text[0])) {
		text++;
		n--;
	}
	if (n == 0)
		return SAY_EMPTY;
	if (n > CHAT_TEXT_MAX)
		return SAY_TOO_LONG;
	if (!utf8_valid(text, n))
		return SAY_NOT_TEXT;
	item.text = text;
	item.len = n;
	if ((m = room_find(r, nick)) != NULL)
		m->spoke_ms = now_ms;
	/* Its way is long; those here see it in time anyway. */
	r->speaker = *who;
	taken = r->ops->send(r->arg, from, nick, text, n);
	r->speaker.key = NULL;
	room_show(r, &item);
	if (r->ops->said != NULL)
		r->ops->said(r->arg, &item);
	if (!taken)
		r->ops->unsent(r->arg, from);
	return SAY_OK;
}

void
say_status_text(enum say_status st, size_t len, char *out, size_t size)
{
	out[0] = '\0';
	if (st == SAY_EMPTY)
		(void)snprintf(out, size, "not sent: there is no text");
	else if (st == SAY_TOO_LONG)
		(void)snprintf(out, size, "not sent: the text has %zu bytes, "
		    "the limit is %u; say it in parts", len, CHAT_TEXT_MAX);
	else if (st == SAY_NOT_TEXT)
		(void)snprintf(out, size, "not sent: the text is not UTF-8; "
		    "set your terminal to UTF-8");
}

void
chat_result_text(unsigned int status, uint32_t retry_ms, unsigned int others,
    char *out, size_t size)
{
	char span[TIME_TEXT_MAX];

	if (retry_ms < 100)
		text_copy(span, "a moment", sizeof(span));
	else
		span_text(retry_ms, span);
	out[0] = '\0';
	switch (status) {
	case CHAT_SENT:
		return;
	case CHAT_NO_PEERS:
		(void)snprintf(out, size, others > 0 ?
		    "no peers: only people here saw it" :
		    "no peers and nobody else here: nobody saw it");
		return;
	case CHAT_SLOWED:
		(void)snprintf(out, size, "slowed: it goes out in %s; the "
		    "mesh takes a few lines a second", span);
		return;
	case CHAT_REFUSED:
		(void)snprintf(out, size, "not sent to other nodes: too much "
		    "is waiting; say it again in %s", span);
		return;
	case CHAT_BAD:
		(void)snprintf(out, size, "not sent to other nodes: the text "
		    "does not fit into a message");
		return;
	default:
		(void)snprintf(out, size, "not sent to other nodes: the key "
		    "service refused; see: micelioctl status");
	}
}

void
nick_key(const struct nodeid *id, const char *nick, size_t n,
    uint8_t out[SSHKEY_HASH_LEN])
{
	uint8_t bytes[NODEID_LEN + CHAT_NICK_MAX];

	n = n < CHAT_NICK_MAX ? n : CHAT_NICK_MAX;
	memcpy(bytes, id->b, NODEID_LEN);
	memcpy(bytes + NODEID_LEN, nick, n);
	sshkey_hash(bytes, NODEID_LEN + n, out);
}

void
room_remote(struct room *r, const struct nodeid *id, uint64_t sent_s,
    const char *nick, size_t nick_len, const struct speaker *who,
    const char *text, size_t len, uint64_t now_ms)
{
	char bare[CHAT_NICK_MAX * 4], shown[sizeof(bare) + LABEL_TAG];
	char node[NODEID_SHORT + 1], tag[LABEL_TAG] = "";
	uint8_t key[SSHKEY_HASH_LEN];
	struct stranger from = { id, bare, who->key };
	struct room_item item = { .kind = who->action ? ROOM_ACTION :
	    ROOM_CHAT, .now_ms = now_ms, .sent_s = sent_s, .nick = shown,
	    .bare = bare, .tag = tag, .id = id, .key = key, .text = text,
	    .len = len, .earlier = who->earlier };

	/* A node's word on a key counts for people of that node only. */
	if (who->key != NULL)
		nick_key(id, (const char *)who->key, SSHKEY_HASH_LEN, key);
	else
		nick_key(id, nick, nick_len, key);
	nick_show(nick, nick_len, bare, sizeof(bare));
	if (r->ops->tag != NULL)
		r->ops->tag(r->arg, &from, tag);
	(void)snprintf(shown, sizeof(shown), "%s%s", bare, tag);
	item.node = nodeid_short(id, node);
	if (!item.earlier)
		room_show(r, &item);
	if (r->ops->said != NULL)
		r->ops->said(r->arg, &item);
}

void
room_note(struct room *r, bool event, const char *text, uint64_t now_ms)
{
	room_tell(r, event ? ROOM_EVENT : ROOM_NOTE, NULL, false, text,
	    now_ms);
}

void
room_note_kick(struct room *r, const char *text, uint64_t now_ms,
    bool (*told)(const void *))
{
	struct room_item item = { .kind = ROOM_NOTE, .now_ms = now_ms,
	    .told = told, .text = text, .len = strlen(text) };

	room_show(r, &item);
}

static int
by_nick(const void *a, const void *b)
{
	const struct member *const *x = a, *const *y = b;

	return strcmp((*x)->nick, (*y)->nick);
}

size_t
room_sorted(const struct room *r, struct member ***out)
{
	struct member *m, **v = xcalloc(r->people + 1, sizeof(*v));
	size_t n = 0;

	TAILQ_FOREACH(m, &r->members, entry)
		if (!m->watcher && n < r->people)
			v[n++] = m;
	qsort(v, n, sizeof(*v), by_nick);
	*out = v;
	return n;
}
