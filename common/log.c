/* SPDX-License-Identifier: MIT */
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "log_line.h"
#include "mtime.h"

#define WAIT_MS	200	/* for a slow reader of the log */

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
write_out(int fd, const struct log_line *l)
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
	struct log_line l = { .len = 0 };
	char t[TIME_TEXT_MAX], name[LOG_EVENT_NAME_MAX];

	log_line_str(&l, time_text(told->unix_ms, t));
	log_line_add(&l, " ", 1);
	log_line_str(&l, log_level_name(told->level));
	log_line_add(&l, " ", 1);
	log_line_str(&l, lg.daemon);
	log_line_add(&l, " ", 1);
	log_line_str(&l, log_event_name(told->ev, name));
	if (told->fields[0] != '\0')
		log_line_add(&l, " ", 1);
	log_line_str(&l, told->fields);
	l.buf[l.len++] = '\n';
	if (log_begin(STDERR_FILENO))
		write_out(STDERR_FILENO, &l);
}

static void
emit_json(const struct log_told *told, const struct log_field *fields)
{
	struct log_line l = { .len = 0 };
	char t[TIME_TEXT_MAX], name[LOG_EVENT_NAME_MAX];

	log_line_str(&l, "{\"time\":\"");
	log_line_str(&l, time_text(told->unix_ms, t));
	log_line_str(&l, "\",\"level\":\"");
	log_line_str(&l, log_level_name(told->level));
	log_line_str(&l, "\",\"daemon\":\"");
	log_line_str(&l, lg.daemon);
	log_line_str(&l, "\",\"event\":\"");
	log_line_str(&l, log_event_name(told->ev, name));
	log_line_str(&l, "\"");
	log_line_json(&l, told, fields);
	l.buf[l.len++] = '}';
	l.buf[l.len++] = '\n';
	if (log_begin(STDERR_FILENO))
		write_out(STDERR_FILENO, &l);
}

static void
emit_journal(const struct log_told *told, const struct log_field *fields)
{
	static const int priorities[] = { 7, 6, 4, 3 };
	struct log_line l = { .len = 0 };
	char name[LOG_EVENT_NAME_MAX], pri[16], id[LOG_ID_MAX];

	log_line_str(&l, "MESSAGE=");
	log_line_str(&l, log_event_name(told->ev, name));
	if (told->fields[0] != '\0')
		log_line_add(&l, " ", 1);
	log_line_str(&l, told->fields);
	log_line_str(&l, "\nSYSLOG_IDENTIFIER=");
	log_line_str(&l, lg.ident);
	snprintf(pri, sizeof(pri), "\nPRIORITY=%d", priorities[told->level]);
	log_line_str(&l, pri);
	log_line_str(&l, "\nMICELIO_EVENT=");
	log_line_str(&l, name);
	/* "debug" is no event of its own: there is nothing to explain. */
	if (told->ev != EV_DEBUG) {
		log_line_str(&l, "\nMESSAGE_ID=");
		log_line_str(&l, log_message_id(told->ev, id));
	}
	log_line_add(&l, "\n", 1);
	log_line_journal(&l, told, fields);
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
	struct log_line rendered = { .len = 0 };
	int saved = errno;

	if (told.level < lg.level &&
	    !(lg.sink != NULL && wanted(ev, told.level)))
		return 0;
	told.unix_ms = wall_ms();
	log_cause_take(&told);
	log_line_text(&rendered, &told, fields);
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
	char text[LOG_VALUE_MAX];
	va_list ap;

	if (lg.level > LOG_LVL_DEBUG)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_event(EV_DEBUG, LF_STR("text", text));
}
