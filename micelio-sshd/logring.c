/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "doc.h"
#include "logring.h"
#include "mtime.h"
#include "row.h"
#include "text.h"

static const char *const daemons[] = { "micelio", "transportd", "gossipd",
	"stated", "sshd", NULL };

void
logring_init(struct logring *r)
{
	memset(r, 0, sizeof(*r));
	TAILQ_INIT(&r->list);
}

static void
drop_first(struct logring *r)
{
	struct logline *l = TAILQ_FIRST(&r->list);

	TAILQ_REMOVE(&r->list, l, entry);
	r->n--;
	r->bytes -= l->len;
	free(l);
}

void
logring_free(struct logring *r)
{
	while (r->n > 0)
		drop_first(r);
}

const struct logline *
logring_add(struct logring *r, const struct log_told *told,
    const char *daemon)
{
	size_t n = strlen(told->fields);
	struct logline *l = xcalloc(1, sizeof(*l) + n + 1);

	l->ms = told->unix_ms;
	l->id = told->id;
	l->cause = told->cause;
	l->ev = told->ev;
	l->level = told->level;
	l->daemon = daemon;
	l->len = n;
	memcpy(l->fields, told->fields, n + 1);
	TAILQ_INSERT_TAIL(&r->list, l, entry);
	r->n++;
	r->bytes += n;
	while (r->n > LOGRING_LINES ||
	    (r->bytes > LOGRING_BYTES && r->n > 1)) {
		drop_first(r);
		r->gone++;
	}
	return l;
}

bool
logline_field(const char *fields, const char *key, char *out, size_t size)
{
	size_t k = strlen(key), n;
	const char *s = fields;

	while ((s = strstr(s, key)) != NULL) {
		if ((s == fields || s[-1] == ' ') && s[k] == '=')
			break;
		s += k;
	}
	if (s == NULL)
		return false;
	s += k + 1;
	n = *s == '"' ? strcspn(++s, "\"") : strcspn(s, " ");
	(void)snprintf(out, size, "%.*s", (int)n, s);
	return true;
}

const char *
daemon_name(const char *word)
{
	for (size_t i = 0; daemons[i] != NULL; i++)
		if (strcmp(word, daemons[i]) == 0 ||
		    (strncmp(word, "micelio-", 8) == 0 &&
		    strcmp(word + 8, daemons[i]) == 0))
			return daemons[i];
	return NULL;
}

bool
logwant_log(struct logwant *w, const char *word, char *why, size_t size)
{
	char safe[128];

	if (log_level_parse(word, &w->level))
		return true;
	if (w->daemon == NULL && (w->daemon = daemon_name(word)) != NULL)
		return true;
	text_safe(word, strnlen(word, 48), safe, sizeof(safe), true);
	(void)snprintf(why, size, "\"%s\": want a level (debug, info, warn, "
	    "error) and a program (micelio, transportd, gossipd, stated, "
	    "sshd), each once", safe);
	return false;
}

const char *
event_name(enum log_ev ev, char out[64])
{
	text_copy(out, event_infos[ev].name, 64);
	for (char *p = out; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	return out;
}

bool
logwant_events(struct logwant *w, const char *word, char *why, size_t size)
{
	char name[64], safe[128];

	for (int ev = EV_NONE + 1; ev < EV_MAX; ev++)
		if (strncmp(event_name((enum log_ev)ev, name), word,
		    strlen(word)) == 0) {
			text_copy(w->event, word, sizeof(w->event));
			return true;
		}
	text_safe(word, strnlen(word, 48), safe, sizeof(safe), true);
	(void)snprintf(why, size, "\"%s\": no event's name begins so; "
	    "micelio-events(7) lists them, for example peer_down", safe);
	return false;
}

bool
logwant_meets(const struct logwant *w, const struct logline *l)
{
	char name[64];

	return l->level >= w->level &&
	    (w->daemon == NULL || strcmp(w->daemon, l->daemon) == 0) &&
	    (w->event[0] == '\0' || strncmp(event_name(l->ev, name),
	    w->event, strlen(w->event)) == 0);
}

static void
row_event_id(struct wbuf *w, const char *name, uint64_t id)
{
	char text[LOG_EVENT_ID_MAX];

	if (id != 0)
		row_str(w, name, log_event_id(id, text));
	else
		row_null(w, name);
}

void
logline_row(const struct logline *l, struct wbuf *w)
{
	char name[64];

	row_num(w, "time", ROW_TIME, l->ms);
	row_str(w, "level", log_level_name(l->level));
	row_str(w, "daemon", l->daemon);
	row_str(w, "event", event_name(l->ev, name));
	row_str(w, "fields", l->fields);
	row_event_id(w, "event_id", l->id);
	row_event_id(w, "cause_id", l->cause);
}

void
logring_build(const struct logring *r, const struct logwant *want, size_t n,
    struct doc *d)
{
	size_t list = doc_list(d, "lines"), found = 0;
	const struct logline *l;
	struct wbuf w;

	TAILQ_FOREACH(l, &r->list, entry)
		found += logwant_meets(want, l);
	wbuf_init(&w, 8192);
	TAILQ_FOREACH(l, &r->list, entry) {
		if (!logwant_meets(want, l) || found-- > n)
			continue;
		wbuf_reset(&w);
		logline_row(l, &w);
		(void)doc_row(d, list, w.p, w.len);
	}
	wbuf_free(&w);
}

void
logline_text(const struct logline *l, struct wbuf *w)
{
	char time[TIME_TEXT_MAX], name[64];

	wbuf_printf(w, "%s %s %s %s%s%s\n", time_text(l->ms, time),
	    log_level_name(l->level), l->daemon, event_name(l->ev, name),
	    l->len > 0 ? " " : "", l->fields);
}

void
logring_text(const struct doc *d, struct wbuf *w)
{
	static const char *const names[] = { "time", "level", "daemon",
	    "event", "fields" };
	const struct doc_list *l = &d->list[0];
	struct row_field f;

	for (size_t i = 0; i < l->n; i++) {
		for (size_t k = 0; k < 5; k++) {
			if (!row_find(l->rows[i].p, l->rows[i].len, names[k],
			    &f))
				continue;
			/* Made safe where it was logged. */
			if (k == 4 && f.str_len > 0) {
				wbuf_u8(w, ' ');
				wbuf_bytes(w, f.str, f.str_len);
			} else if (k < 4) {
				if (k > 0)
					wbuf_u8(w, ' ');
				field_text(&f, w);
			}
		}
		wbuf_u8(w, '\n');
	}
	if (l->n == 0)
		wbuf_printf(w, "nothing of that has been logged lately\n");
}
