/* SPDX-License-Identifier: MIT */
/* A command on its way. */
#ifndef MICELIO_SSHD_RUN_H
#define MICELIO_SSHD_RUN_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cmdline.h"
#include "cursor.h"
#include "nodeid.h"

struct caller;
struct event;
struct gather;
struct hub;
struct import;
struct live;
struct maprun;
struct recall;
struct top;

struct run {
	TAILQ_ENTRY(run)	 entry;		/* of the caller */
	TAILQ_ENTRY(run)	 all;		/* of the hub */
	struct caller		*caller;
	struct cmdline		 line;
	struct gather		*gather;
	uint32_t		 request;	/* RELOAD or say, 0: none */
	struct event		*deadline;
	void			(*timeout)(struct run *);
	void			(*more)(struct run *);	/* or NULL */
	size_t			 more_below;
	struct wbuf		 in;		/* standard input */
	struct maprun		*map;		/* commands_map.c */
	struct recall		*recall;	/* commands_recall.c */
	struct import		*import;	/* import.c */
	struct live		*live;		/* live.c */
	struct top		*top;		/* commands_top.c */
	uint64_t		 in_total;	/* of it; 0: not known */
	bool			 wants_input;
	bool			 in_over;	/* more than fits */
	bool			 quiet;		/* nobody asked for it */
	char			 about[NODEID_HEX + 1];	/* node, or key */
};

/* command.c */

extern const struct command commands[];
/* A line or words of a caller; exec and control get caller->exit(). */
void	 command_line(struct caller *, const char *, size_t);
void	 command_words(struct caller *, const char *const *, size_t n);

/* run.c */

/* Takes the line over. */
struct run *run_new(struct caller *, const struct cmdline *);
struct run *run_by_request(struct hub *, uint32_t);
void	 run_out(struct run *, int stream, const char *, size_t);
void	 run_doc(struct run *, const struct doc *,
	    void (*text)(const struct doc *, struct wbuf *));
/* The same, but into a buffer of 8 MiB. */
void	 run_render(const struct run *, const struct doc *,
	    void (*text)(const struct doc *, struct wbuf *), struct wbuf *);
/* A verdict: to standard error when it is a refusal in words. */
void	 run_verdict(struct run *, const struct doc *, int status);
void	 run_done(struct run *, int status);
void	 run_fail(struct run *, int status, const char *, ...)
	    __attribute__((format(printf, 3, 4)));
void	 run_input(struct run *, const void *, size_t);	/* 0: the end */
void	 run_deadline(struct run *, unsigned int ms,
	    void (*cb)(struct run *));
/*
 * Call more, perhaps at once, when the caller has not more than below bytes
 * to take; the run fails if it takes nothing for long.
 */
void	 run_when(struct run *, size_t below, void (*more)(struct run *));
/* The caller took some output: what waits for that goes on. */
void	 run_taken(struct caller *);
void	 run_free(struct run *);

#endif
