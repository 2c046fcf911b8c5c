/* SPDX-License-Identifier: MIT */
/*
 * The frame of a standing daemon: argument line, log, channel to the parent
 * (fd 3), links to its neighbours, configuration, sandbox, loop, pings,
 * reload, orderly end.  A daemon is a struct proc_ops and its own state.
 */
#ifndef MICELIO_PROC_H
#define MICELIO_PROC_H

#include <event2/event.h>

#include "conf.h"
#include "cursor.h"
#include "imsg.h"
#include "log.h"
#include "nodeid.h"
#include "sandbox.h"
#include "config.h"

#define PROC_FILENO	3	/* channel to the parent */
/* Bytes waiting for the hub beyond which its questions get no answer. */
#define PROC_ANSWERS_MAX	(8u * 1024 * 1024)
/* Of micelio-sshd-session only: */
#define PROC_HUB_FILENO		4
#define PROC_SIGNER_FILENO	5
#define PROC_TCP_FILENO		6

/* Both ends must be of one build. */
#define MICELIO_BUILD_ID	MICELIO_VERSION "/" MICELIO_IMSG_VERSION
#define MICELIO_IMSG_VERSION	"1"

struct proc {
	enum proc_role		 role;
	struct event_base	*base;
	struct imsgchan		*parent;
	struct imsgchan		*link[PROC_MAX];	/* NULL: not wired */
	struct conf		 conf;		/* in force */
	struct conf		 next;		/* being loaded */
	struct nodeid		 id;
	uint8_t			 ed25519_pub[32];
	uint8_t			 x25519_pub[32];
	uint8_t			 hostkey_pub[32];
	enum run_mode		 mode;
	struct sandbox_report	 sandbox;
	bool			 running;
	struct event		*level_timer;	/* NULL: never set for a time */
	uint64_t		 events_dropped; /* lossy channel was full */
	const struct proc_ops	*ops;
	void			*priv;		/* the daemon's */
};

struct proc_ops {
	/* SETUP_LISTEN, SETUP_LOCK; take the fd.  NULL: none expected. */
	void	(*setup)(struct proc *, struct imsg *);
	/*
	 * Configuration complete, sandbox not yet in force: open what must be
	 * opened before it, start nothing.
	 */
	void	(*prepare)(struct proc *);
	/*
	 * After Landlock, before seccomp: start worker threads here.
	 */
	void	(*threads)(struct proc *);
	/* Sandbox in force, READY sent: begin.  The first outside byte. */
	void	(*start)(struct proc *);
	/*
	 * A reload: may next be applied?  False with a reason refuses it for
	 * the whole node.  NULL: yes.
	 */
	bool	(*check)(struct proc *, const struct conf *next, char *why,
		    size_t size);
	/* conf is the new one, old the former. */
	void	(*apply)(struct proc *, const struct conf *old);
	/* Messages of the RUN phase by sender; parent's own ones (PING ...)
	   are handled before and do not arrive here. */
	void	(*dispatch[PROC_MAX])(struct proc *, struct imsg *);
	/*
	 * A neighbour that can be started anew (sshd) ended, or came back on
	 * a new link: forget what was pending with it.  Sends on a link that
	 * has ended are no-ops; link[] is never NULL once wired.
	 */
	void	(*link_lost)(struct proc *, enum proc_role);
	void	(*link_new)(struct proc *, enum proc_role);
	/* SHUTDOWN: call proc_exit() when done; NULL: at once. */
	void	(*shutdown)(struct proc *, const char *reason);
	/* TABLE_GET answered by proc_table_*; NULL: none. */
	bool	(*table)(struct proc *, enum table, uint32_t id);
	unsigned int (*files)(const struct conf *);	/* RLIMIT_NOFILE */
	int	(*dirfd)(struct proc *);	/* Landlock exception, or NULL */
};

/* Runs the daemon; never returns. */
void	proc_main(enum proc_role, const struct proc_ops *, void *priv,
	    int argc, char **argv) __attribute__((noreturn));
/*
 * The argument line of any child (-L format, -l level): sets up the log, or
 * tells a person who started it by hand what to do, and exits 64.
 */
void	proc_args(const char *title, int argc, char **argv);
/* An event loop as every process of a node has it; fatal if there is none. */
struct event_base *proc_base_new(void);
/*
 * What is logged here people may watch there.  Lossy on purpose, as nobody
 * waits for an audience: false if it was dropped, for the caller to count.
 */
bool	proc_event_send(struct imsgchan *hub, const struct log_told *);
/*
 * Log at that level for so many seconds, then at the configured one again; 0
 * ends it at once.
 */
void	proc_log_level(struct proc *, enum log_level, uint32_t seconds);
/* Flush the channels and exit 0. */
void	proc_exit(struct proc *) __attribute__((noreturn));
/* Answer a TABLE_GET: rows one by one, then the end. */
void	proc_table_row(struct proc *, uint32_t id, const struct wbuf *);
/* The same with a struct proc_rows, for what emits rows. */
struct proc_rows {
	struct proc	*proc;
	uint32_t	 id;
};
void	proc_row_cb(const struct wbuf *, void *);
void	proc_table_end(struct proc *, uint32_t id, bool known);

#endif
