/* SPDX-License-Identifier: MIT */
/*
 * Lines that stated keeps, asked for page by page: the last of those that
 * are meant, as many as one wants to see.
 */
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "imsg.h"
#include "log.h"
#include "proc.h"
#include "recall.h"
#include "record.h"
#include "sshd.h"

#define RECALLS_MAX	64u
#define HELD_MAX	(1024u * 1024)	/* bytes of lines, then the oldest go */

static struct recall *
recall_find(struct hub *hub, uint32_t id)
{
	struct recall *r;

	TAILQ_FOREACH(r, &hub->recalls, entry)
		if (r->id == id)
			return r;
	return NULL;
}

static void
line_forget(struct recall *r)
{
	r->bytes -= r->line[r->first % r->most].len;
	wbuf_free(&r->line[r->first % r->most]);
	r->first++;
	r->n--;
}

void
recall_cancel(struct recall *r)
{
	while (r->n > 0)
		line_forget(r);
	TAILQ_REMOVE(&r->hub->recalls, r, entry);
	r->hub->nrecalls--;
	*r->owner = NULL;
	free(r->words);
	free(r->line);
	free(r);
}

static void
ask(struct recall *r, uint8_t from, uint64_t which)
{
	struct wbuf w;

	r->id = ++r->hub->next_request;
	wbuf_init(&w, 16);
	wbuf_u8(&w, from);
	wbuf_u64(&w, which);
	wbuf_u16(&w, HISTORY_PAGE);
	imsg_send_wbuf(r->hub->proc->link[PROC_STATED], IMSG_HISTORY_ASK,
	    r->id, 0, &w);
	wbuf_free(&w);
}

struct recall *
recall_start(struct hub *hub, enum history_from from, uint64_t which,
    size_t most, recall_cb done, void *arg, struct recall **owner)
{
	struct recall *r;

	if (hub->nrecalls >= RECALLS_MAX)
		return NULL;
	r = xcalloc(1, sizeof(*r));
	r->hub = hub;
	r->most = most;
	r->line = xreallocarray(NULL, most, sizeof(*r->line));
	r->done = done;
	r->arg = arg;
	r->owner = owner;
	*owner = r;
	TAILQ_INSERT_TAIL(&hub->recalls, r, entry);
	hub->nrecalls++;
	ask(r, (uint8_t)from, which);
	return r;
}

static bool
meant(const struct recall *r, const struct record *rec)
{
	if (r->before_ms != 0 && rec->ms >= r->before_ms)
		return false;
	return r->words == NULL ||
	    text_has(rec->text, rec->len, r->words, strlen(r->words)) ||
	    text_names(rec->nick, strlen(rec->nick), r->words);
}

static bool
line_read(struct record *rec, const void *p, size_t n)
{
	const uint8_t *raw;
	struct rcur c;
	uint64_t number, ms;
	size_t len;
	bool good;

	rcur_init(&c, p, n);
	number = rcur_u64(&c);
	ms = rcur_u64(&c);
	raw = rcur_rest(&c, &len);
	good = !c.bad && record_read(rec, raw, len);
	rec->number = number;
	rec->ms = ms;
	return good;
}

/* HISTORY_LINE, as it came: read again when it is shown. */
void
recall_line(struct hub *hub, struct imsg *m)
{
	struct recall *r = recall_find(hub, m->id);
	struct record rec;
	struct wbuf *w;

	if (r == NULL || !line_read(&rec, m->data, m->len) ||
	    !meant(r, &rec))
		return;
	r->found++;
	if (r->first_ms == 0)
		r->first_ms = rec.ms;
	if (r->nick != NULL && text_names(rec.text, rec.len, r->nick))
		r->named++;
	while (r->n > 0 && (r->n == r->most ||
	    r->bytes + m->len > HELD_MAX))
		line_forget(r);
	w = &r->line[(r->first + r->n++) % r->most];
	wbuf_init(w, m->len);
	wbuf_bytes(w, m->data, m->len);
	r->bytes += m->len;
}

bool
recall_get(const struct recall *r, size_t i, struct record *rec)
{
	const struct wbuf *w = &r->line[(r->first + i) % r->most];

	return i < r->n && line_read(rec, w->p, w->len);
}

void
recall_done(struct hub *hub, struct imsg *m)
{
	struct recall *r = recall_find(hub, m->id);
	uint64_t next, end;
	struct rcur c;
	bool good;

	if (r == NULL)
		return;
	rcur_init(&c, m->data, m->len);
	good = rcur_u8(&c) != 0;
	next = rcur_u64(&c);
	end = rcur_u64(&c);
	if (good && next < end)
		ask(r, HISTORY_FROM, next);
	else
		r->done(r, good, r->arg);	/* it cancels */
}

void
recall_keep(struct hub *hub, const struct room_item *item)
{
	struct wbuf w;

	if (hub->proc->link[PROC_STATED] == NULL)
		return;
	wbuf_init(&w, HISTORY_LINE_MAX + 8);
	wbuf_u64(&w, item->now_ms);
	wbuf_u8(&w, item->earlier);
	record_write(&w, item);
	imsg_send_wbuf(hub->proc->link[PROC_STATED], IMSG_HISTORY_PUT, 0, 0,
	    &w);
	wbuf_free(&w);
}
