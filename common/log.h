/* SPDX-License-Identifier: MIT */
/*
 * Logging.  Every line is an event of one table (common/events.h):
 *
 *   2026-11-21T07:20:31.100Z warn transportd peer_down id=8f3a1c02a1b2 \
 *       cause=idle-timeout hint="no byte for 60 s; ..."
 *
 * As text or JSON lines on standard error, or as native journal records over
 * an inherited datagram socket (LOG_FILENO), each daemon under its own
 * identifier, the fields as MICELIO_*.  Values are made safe here: callers
 * pass bytes as they came.
 */
#ifndef MICELIO_LOG_H
#define MICELIO_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "events.h"
#include "nodeid.h"

#define LOG_FILENO	7	/* the journal socket, in every process */

enum log_level { LOG_LVL_DEBUG, LOG_LVL_INFO, LOG_LVL_WARN, LOG_LVL_ERROR };
enum log_format { LOG_TEXT, LOG_JSON, LOG_JOURNAL };

enum log_ev {
	EV_NONE,
#define X(name, level, fields, meaning, remedy) EV_##name,
	EVENT_TABLE(X)
#undef X
	EV_MAX
};

struct event_info {
	const char	*name;		/* "peer_down" */
	enum log_level	 level;
	const char	*fields, *meaning, *remedy;
};
extern const struct event_info event_infos[EV_MAX];

enum log_type { LF_T_END, LF_T_STR, LF_T_STRN, LF_T_NUM, LF_T_MS,
	LF_T_ID, LF_T_ADDR, LF_T_HINT };

struct log_field {
	const char	*key;
	enum log_type	 type;
	const void	*ptr;
	uint64_t	 num;
};
#define LF_STR(k, s)	{ (k), LF_T_STR, (s), 0 }	/* NULL: left out */
#define LF_STRN(k, s, n) { (k), LF_T_STRN, (s), (n) }
#define LF_NUM(k, n)	{ (k), LF_T_NUM, NULL, (uint64_t)(n) }
#define LF_MS(k, n)	{ (k), LF_T_MS, NULL, (n) }	/* shown as 20.1s */
#define LF_ID(k, id)	{ (k), LF_T_ID, (id), 0 }	/* struct nodeid * */
#define LF_ADDR(k, a)	{ (k), LF_T_ADDR, (a), 0 }	/* struct addr * */
/* Replaces the table's remedy as hint="...". */
#define LF_HINT(s)	{ "hint", LF_T_HINT, (s), 0 }
#define LF_END		{ NULL, LF_T_END, NULL, 0 }

/* name: "micelio-gossipd"; the daemon shown is the part after '-'. */
void	 log_init(const char *name, enum log_format, enum log_level);
void	 log_set_level(enum log_level);
enum log_level log_level(void);

/*
 * What led to what.  Each event of a program with an origin has an id: its
 * enum proc_role in the highest byte, below it a count from the program's
 * start; and perhaps a cause, the id of the event that led to it, here or in
 * another program of the node.  In the log they are event_id and cause_id.
 */
void	 log_set_origin(unsigned int role);
/* What is done until the end has that cause, or 0: none. */
struct log_scope {
	uint64_t	cause;
	bool		inside;
};
struct log_scope log_cause_begin(uint64_t cause);
void	 log_cause_end(struct log_scope before);
/*
 * Of what is done now: the last event that was logged since the innermost
 * begin, or what began it; 0 outside.
 */
uint64_t log_cause(void);
/* "gossipd-12", as in the log; and back: 0 if it is none. */
#define LOG_EVENT_ID_MAX	36
char	*log_event_id(uint64_t id, char out[LOG_EVENT_ID_MAX]);
uint64_t log_event_id_parse(const char *);

/* An event as it was logged. */
struct log_told {
	enum log_ev	 ev;
	enum log_level	 level;
	uint64_t	 unix_ms;
	uint64_t	 id, cause;	/* 0: none */
	const char	*fields;	/* rendered */
};
/* log.c's: give it id and cause; it is the cause of what follows. */
void	 log_cause_take(struct log_told *);

/*
 * A bounded copy goes to sink too (the hub's event channel): of events of
 * level info and above, of those that are logged, and of those of level debug
 * that lead to others; not of what the sink itself logs.
 */
void	 log_set_sink(void (*sink)(const struct log_told *));
bool	 log_level_parse(const char *, enum log_level *);
const char *log_level_name(enum log_level);
/*
 * The journal's MESSAGE_ID of an event, its key in the catalogue: the first
 * 16 bytes of the SHA-256 of "micelio/event/" and its name in the log, in hex.
 */
#define LOG_ID_PREFIX	"micelio/event/"
#define LOG_ID_MAX	33
char	*log_message_id(enum log_ev, char out[LOG_ID_MAX]);

#define log_event(ev, ...)						\
	log_event_fields((ev), (const struct log_field[]){		\
	    __VA_ARGS__ __VA_OPT__(,) LF_END })
/* Its id; 0: it has none, or was neither logged nor told. */
uint64_t log_event_fields(enum log_ev, const struct log_field *);

/*
 * At most one line per source and minute, and of each event 2 a second after
 * the first 100, whatever the sources: true if this one may be logged.  The
 * table is bounded; *suppressed counts what was held back since the last.
 */
bool	 log_allowed(uint64_t source_key, enum log_ev, uint64_t now_ms,
	    uint32_t *suppressed);

/* Event "debug". */
void	 log_debug(const char *, ...) __attribute__((format(printf, 1, 2)));
/* Event "fatal" and exit(70) / with errno's text. */
void	 fatalx(const char *, ...)
	    __attribute__((noreturn, format(printf, 1, 2)));
void	 fatal(const char *, ...)
	    __attribute__((noreturn, format(printf, 1, 2)));

/* calloc and friends that do not return without memory. */
void	*xcalloc(size_t, size_t);
void	*xreallocarray(void *, size_t, size_t);
char	*xstrdup(const char *);

#endif
