/* SPDX-License-Identifier: MIT */
#include <sys/socket.h>

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "mtime.h"
#include "text.h"

#define LINE_MAX_LOG	4096u
#define VALUE_MAX	1100u
#define WAIT_MS		200	/* for a slow reader of the log */

const struct event_info event_infos[EV_MAX] = {
	[EV_NONE] = { "none", LOG_LVL_DEBUG, "", "", "" },
#define X(ev, lvl, fields, meaning, remedy)				\
	[EV_##ev] = { #ev, LOG_LVL_##lvl, fields, meaning, remedy },
	EVENT_TABLE(X)
#undef X
};

static struct {
	const char	*ident;		/* "micelio-gossipd" */
	const char	*daemon;	/* "gossipd" */
	enum log_format	 format;
	enum log_level	 level;
	bool		 in_sink;
	void		(*sink)(const struct log_told *);
	uint64_t	 lost;		/* lines, since the last written */
} lg = { "micelio", "micelio", LOG_TEXT, LOG_LVL_INFO, NULL, 0 };

struct line {
	char	buf[LINE_MAX_LOG];
	size_t	len;
};

static void
line_add(struct line *l, const char *s, size_t n)
{
	if (n > sizeof(l->buf) - 2 - l->len)
		n = sizeof(l->buf) - 2 - l->len;
	memcpy(l->buf + l->len, s, n);
	l->len += n;
}

static void
line_str(struct line *l, const char *s)
{
	line_add(l, s, strlen(s));
}

static const char *
event_name(enum log_ev ev, char out[48])
{
	size_t i;
	const char *s = event_infos[ev].name;

	for (i = 0; s[i] != '\0' && i < 47; i++)
		out[i] = s[i] >= 'A' && s[i] <= 'Z' ?
		    (char)(s[i] - 'A' + 'a') : s[i];
	out[i] = '\0';
	return out;
}

const char *
log_level_name(enum log_level level)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };

	return names[level];
}

bool
log_level_parse(const char *s, enum log_level *level)
{
	static const struct {
		const char *name;
		enum log_level level;
	} names[] = {
		{ "debug", LOG_LVL_DEBUG }, { "info", LOG_LVL_INFO },
		{ "warn", LOG_LVL_WARN }, { "warning", LOG_LVL_WARN },
		{ "error", LOG_LVL_ERROR },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(s, names[i].name) == 0) {
			*level = names[i].level;
			return true;
		}
	return false;
}

void
log_init(const char *name, enum log_format format, enum log_level level)
{
	const char *dash = strchr(name, '-');

	lg.ident = name;
	lg.daemon = dash != NULL ? dash + 1 : name;
	lg.format = format;
	lg.level = level;
	/* gmtime_r(3) looks for the zone file once: not in the sandbox. */
	tzset();
}

void
log_set_level(enum log_level level)
{
	lg.level = level;
}

enum log_level
log_level(void)
{
	return lg.level;
}

void
log_set_sink(void (*sink)(const struct log_told *))
{
	lg.sink = sink;
}

/* The value as text, not yet quoted; its length. */
static size_t
field_text(const struct log_field *f, char *out, size_t size)
{
	char t[HOSTPORT_MAX + 1];

	switch (f->type) {
	case LF_T_STR:
	case LF_T_HINT:
		return text_copy(out, f->ptr, size) < size ? strlen(out) :
		    size - 1;
	case LF_T_STRN: {
		size_t n = f->num < size ? (size_t)f->num : size - 1;

		memcpy(out, f->ptr, n);
		out[n] = '\0';
		return n;
	}
	case LF_T_NUM:
		return (size_t)snprintf(out, size, "%" PRIu64, f->num);
	case LF_T_SNUM:
		return (size_t)snprintf(out, size, "%" PRId64,
		    (int64_t)f->num);
	case LF_T_MS:
		if (f->num < 1000)
			return (size_t)snprintf(out, size, "%" PRIu64 "ms",
			    f->num);
		return text_copy(out, span_text(f->num, t), size);
	case LF_T_ID:
		return text_copy(out, nodeid_short(f->ptr, t), size);
	case LF_T_ADDR:
		return text_copy(out, addr_text(f->ptr, t), size);
	case LF_T_END:
		break;
	}
	out[0] = '\0';
	return 0;
}

/* Where a field goes differs by format; the walk over them does not. */
typedef void (*field_cb)(struct line *, const struct log_field *,
    const char *text, size_t len);

/* Event id and cause go before the hint. */
static void
ids_walk(struct line *l, const struct log_told *told, field_cb cb)
{
	struct log_field f[2] = { LF_STR("event_id", NULL),
	    LF_STR("cause_id", NULL) };
	const uint64_t ids[2] = { told->id, told->cause };
	char text[LOG_EVENT_ID_MAX];

	for (size_t i = 0; i < 2; i++)
		if (ids[i] != 0) {
			f[i].ptr = log_event_id(ids[i], text);
			cb(l, &f[i], text, strlen(text));
		}
}

static void
fields_walk(struct line *l, const struct log_told *told,
    const struct log_field *fields, field_cb cb)
{
	static const struct log_field none = LF_END;
	const enum log_ev ev = told->ev;
	const struct log_field *f, *hint = &none;
	struct log_field table_hint;
	char text[VALUE_MAX];
	size_t n;

	for (f = fields; f->type != LF_T_END; f++) {
		if (f->type == LF_T_HINT) {
			hint = f;
			continue;
		}
		if (f->ptr == NULL && (f->type == LF_T_STR ||
		    f->type == LF_T_STRN || f->type == LF_T_ID ||
		    f->type == LF_T_ADDR))
			continue;
		n = field_text(f, text, sizeof(text));
		cb(l, f, text, n);
	}
	ids_walk(l, told, cb);
	if (hint->type == LF_T_END && *event_infos[ev].remedy != '\0') {
		table_hint = (struct log_field)LF_HINT(event_infos[ev].remedy);
		hint = &table_hint;
	}
	if (hint->type == LF_T_HINT && hint->ptr != NULL) {
		n = field_text(hint, text, sizeof(text));
		cb(l, hint, text, n);
	}
}

static void
field_as_text(struct line *l, const struct log_field *f, const char *text,
    size_t n)
{
	char quoted[VALUE_MAX * 2];
	size_t len = text_log_value(text, n, quoted, sizeof(quoted));

	line_add(l, " ", 1);
	line_str(l, f->key);
	line_add(l, "=", 1);
	/* The hint is always quoted, so that it stands out as the last. */
	if (f->type == LF_T_HINT && quoted[0] != '"') {
		line_add(l, "\"", 1);
		line_add(l, quoted, len);
		line_add(l, "\"", 1);
	} else
		line_add(l, quoted, len);
}

static void
field_as_json(struct line *l, const struct log_field *f, const char *text,
    size_t n)
{
	char quoted[VALUE_MAX * 6];
	size_t len;

	/* Whole fields only: a cut line would not be JSON. */
	if (sizeof(l->buf) - l->len < n * 6 + strlen(f->key) + 16)
		return;
	line_add(l, ",\"", 2);
	line_str(l, f->key);
	line_add(l, "\":", 2);
	if (f->type == LF_T_NUM || f->type == LF_T_SNUM) {
		line_add(l, text, n);
		return;
	}
	if (f->type == LF_T_MS) {
		char ms[24];

		snprintf(ms, sizeof(ms), "%" PRIu64 ".%03u", f->num / 1000,
		    (unsigned int)(f->num % 1000));
		line_str(l, ms);
		return;
	}
	len = text_json(text, n, quoted, sizeof(quoted));
	line_add(l, quoted, len);
}

/* A native journal field: NAME=value, the value made one safe line. */
static void
field_as_journal(struct line *l, const struct log_field *f, const char *text,
    size_t n)
{
	char safe[VALUE_MAX];
	size_t len = text_safe(text, n, safe, sizeof(safe), true);

	if (sizeof(l->buf) - l->len < len + strlen(f->key) + 16)
		return;
	line_str(l, "MICELIO_");
	for (const char *k = f->key; *k != '\0'; k++) {
		char c = *k >= 'a' && *k <= 'z' ? (char)(*k - 'a' + 'A') : *k;

		line_add(l, &c, 1);
	}
	line_add(l, "=", 1);
	line_add(l, safe, len);
	line_add(l, "\n", 1);
}

/*
 * A log that nobody reads must never stop the daemon: a terminal held with
 * C-s, a pager, a journal that is behind.  The first line waits a moment, the
 * others do not.  Room that is there takes a whole line; what another process
 * of the node took in between is waited for.
 */
static bool
log_room(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	if (poll(&p, 1, lg.lost == 0 ? WAIT_MS : 0) == 1)
		return true;
	lg.lost++;
	return false;
}

/* May a line be written?  Those that could not be are owned up to first. */
static bool
log_begin(int fd)
{
	uint64_t lost = lg.lost;

	if (!log_room(fd))
		return false;
	if (lost == 0)
		return true;
	lg.lost = 0;
	log_event(EV_LOG_LOST, LF_NUM("lines", lost));
	if (lg.lost > 0)
		lg.lost += lost;
	return log_room(fd);
}

static void
write_out(int fd, const struct line *l)
{
	size_t off = 0;

	while (off < l->len) {
		ssize_t n = write(fd, l->buf + off, l->len - off);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		off += (size_t)n;
	}
}

static void
emit_text(const struct log_told *told)
{
	struct line l = { .len = 0 };
	char t[TIME_TEXT_MAX], name[48];

	line_str(&l, time_text(told->unix_ms, t));
	line_add(&l, " ", 1);
	line_str(&l, log_level_name(told->level));
	line_add(&l, " ", 1);
	line_str(&l, lg.daemon);
	line_add(&l, " ", 1);
	line_str(&l, event_name(told->ev, name));
	if (told->fields[0] != '\0')
		line_add(&l, " ", 1);
	line_str(&l, told->fields);
	l.buf[l.len++] = '\n';
	if (log_begin(STDERR_FILENO))
		write_out(STDERR_FILENO, &l);
}

static void
emit_json(const struct log_told *told, const struct log_field *fields)
{
	struct line l = { .len = 0 };
	char t[TIME_TEXT_MAX], name[48];

	line_str(&l, "{\"time\":\"");
	line_str(&l, time_text(told->unix_ms, t));
	line_str(&l, "\",\"level\":\"");
	line_str(&l, log_level_name(told->level));
	line_str(&l, "\",\"daemon\":\"");
	line_str(&l, lg.daemon);
	line_str(&l, "\",\"event\":\"");
	line_str(&l, event_name(told->ev, name));
	line_str(&l, "\"");
	fields_walk(&l, told, fields, field_as_json);
	l.buf[l.len++] = '}';
	l.buf[l.len++] = '\n';
	if (log_begin(STDERR_FILENO))
		write_out(STDERR_FILENO, &l);
}

char *
log_message_id(enum log_ev ev, char out[LOG_ID_MAX])
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	char name[48], text[sizeof(LOG_ID_PREFIX) + sizeof(name)];
	int n = snprintf(text, sizeof(text), LOG_ID_PREFIX "%s",
	    event_name(ev, name));

	crypto_hash_sha256(hash, (const uint8_t *)text, (size_t)n);
	hex_encode(hash, (LOG_ID_MAX - 1) / 2, out);
	return out;
}

static void
emit_journal(const struct log_told *told, const struct log_field *fields)
{
	static const int priorities[] = { 7, 6, 4, 3 };
	struct line l = { .len = 0 };
	char name[48], pri[16], id[LOG_ID_MAX];

	line_str(&l, "MESSAGE=");
	line_str(&l, event_name(told->ev, name));
	if (told->fields[0] != '\0')
		line_add(&l, " ", 1);
	line_str(&l, told->fields);
	line_str(&l, "\nSYSLOG_IDENTIFIER=");
	line_str(&l, lg.ident);
	snprintf(pri, sizeof(pri), "\nPRIORITY=%d", priorities[told->level]);
	line_str(&l, pri);
	line_str(&l, "\nMICELIO_EVENT=");
	line_str(&l, name);
	/* "debug" is no event of its own: there is nothing to explain. */
	if (told->ev != EV_DEBUG) {
		line_str(&l, "\nMESSAGE_ID=");
		line_str(&l, log_message_id(told->ev, id));
	}
	line_add(&l, "\n", 1);
	fields_walk(&l, told, fields, field_as_journal);
	if (send(LOG_FILENO, l.buf, l.len, MSG_DONTWAIT | MSG_NOSIGNAL) == -1)
		emit_text(told);
}

/* Those of level debug that lead to others are told, to be chained. */
static bool
wanted(enum log_ev ev, enum log_level level)
{
	return level >= LOG_LVL_INFO || level >= lg.level ||
	    ev == EV_DIAL_FAILED || ev == EV_CONN_LOST;
}

static void
emit(const struct log_told *told, const struct log_field *fields)
{
	switch (lg.format) {
	case LOG_TEXT:
		emit_text(told);
		break;
	case LOG_JSON:
		emit_json(told, fields);
		break;
	case LOG_JOURNAL:
		emit_journal(told, fields);
		break;
	}
}

uint64_t
log_event_fields(enum log_ev ev, const struct log_field *fields)
{
	struct log_told told = { .ev = ev, .level = event_infos[ev].level };
	struct line rendered = { .len = 0 };
	int saved = errno;

	if (told.level < lg.level &&
	    !(lg.sink != NULL && wanted(ev, told.level)))
		return 0;
	told.unix_ms = wall_ms();
	log_cause_take(&told);
	fields_walk(&rendered, &told, fields, field_as_text);
	rendered.buf[rendered.len] = '\0';
	told.fields = rendered.len > 0 ? rendered.buf + 1 : rendered.buf;
	if (told.level >= lg.level)
		emit(&told, fields);
	/* What is logged on the way there must not go there again. */
	if (lg.sink != NULL && !lg.in_sink && wanted(ev, told.level)) {
		lg.in_sink = true;
		lg.sink(&told);
		lg.in_sink = false;
	}
	errno = saved;
	return told.id;
}

void
log_debug(const char *fmt, ...)
{
	char text[VALUE_MAX];
	va_list ap;

	if (lg.level > LOG_LVL_DEBUG)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_event(EV_DEBUG, LF_STR("text", text));
}

void
fatalx(const char *fmt, ...)
{
	char text[VALUE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	lg.sink = NULL;
	log_event(EV_FATAL, LF_STR("text", text));
	_exit(EX_SOFTWARE);
}

void
fatal(const char *fmt, ...)
{
	char text[VALUE_MAX], whole[VALUE_MAX + 128];
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	lg.sink = NULL;
	snprintf(whole, sizeof(whole), "%s: %s", text, strerror(saved));
	log_event(EV_FATAL, LF_STR("text", whole));
	_exit(EX_SOFTWARE);
}

void *
xcalloc(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (p == NULL)
		fatalx("out of memory (%zu x %zu bytes)", n, size);
	return p;
}

void *
xreallocarray(void *old, size_t n, size_t size)
{
	void *p = reallocarray(old, n, size);

	if (p == NULL && n > 0 && size > 0)
		fatalx("out of memory (%zu x %zu bytes)", n, size);
	return p;
}

char *
xstrdup(const char *s)
{
	char *p = strdup(s);

	if (p == NULL)
		fatalx("out of memory (string)");
	return p;
}
