/* SPDX-License-Identifier: MIT */
/* The last lines of the node's log, and what is wanted of them. */
#ifndef MICELIO_SSHD_LOGRING_H
#define MICELIO_SSHD_LOGRING_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "log.h"

struct doc;
struct wbuf;

#define LOGRING_LINES	1000u
#define LOGRING_BYTES	(256u * 1024)	/* of their fields */

struct logline {
	TAILQ_ENTRY(logline)	 entry;
	uint64_t		 ms;		/* unix */
	uint64_t		 id, cause;	/* event ids; 0: none */
	enum log_ev		 ev;
	enum log_level		 level;
	const char		*daemon;	/* static */
	size_t			 len;
	char			 fields[];	/* as rendered for the log */
};
TAILQ_HEAD(logline_list, logline);

struct logring {
	struct logline_list	 list;		/* oldest first */
	size_t			 n, bytes;
	uint64_t		 gone;		/* had to make room */
};

void	 logring_init(struct logring *);
void	 logring_free(struct logring *);
/* The line as it is kept; the oldest ones make room for it. */
const struct logline *logring_add(struct logring *, const struct log_told *,
	    const char *daemon);

/* What somebody wants to see. */
struct logwant {
	enum log_level	 level;		/* and above */
	const char	*daemon;	/* NULL: of all; static */
	char		 event[64];	/* its name begins so; "": all */
};

/*
 * Take a word of `log': a level or a daemon; of `events': the begin of an
 * event's name.  False with a line for people in why.
 */
bool	 logwant_log(struct logwant *, const char *word, char *why, size_t);
bool	 logwant_events(struct logwant *, const char *word, char *why,
	    size_t);
bool	 logwant_meets(const struct logwant *, const struct logline *);
/* Of a program of the node: its static name, or NULL. */
const char *daemon_name(const char *word);
/* "peer_up" into out, which takes 64 bytes. */
const char *event_name(enum log_ev, char out[64]);

/* The value of key, of key=value or key="value" in rendered fields. */
bool	 logline_field(const char *fields, const char *key, char *out,
	    size_t size);
/* The fields of a row. */
void	 logline_row(const struct logline *, struct wbuf *);
/* All that are wanted, the last n of them. */
void	 logring_build(const struct logring *, const struct logwant *,
	    size_t n, struct doc *);
/* A line as in the log. */
void	 logline_text(const struct logline *, struct wbuf *);
void	 logring_text(const struct doc *, struct wbuf *);

#endif
