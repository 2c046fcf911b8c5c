/* SPDX-License-Identifier: MIT */
/*
 * The running node, in the parent process: prototypes grouped by file.  What
 * has no need of all of it has a header of its own.
 */
#ifndef MICELIO_MICELIO_H
#define MICELIO_MICELIO_H

#include <sys/types.h>

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "datadir.h"
#include "errtext.h"
#include "identity.h"
#include "imsg.h"
#include "keyserv.h"
#include "listen.h"
#include "log.h"
#include "notify.h"
#include "options.h"
#include "privs.h"
#include "sandbox.h"

struct config_source;
struct event;
struct event_base;
struct parent;

enum child_state {
	CHILD_GONE,		/* not running */
	CHILD_SETUP,		/* started, not READY */
	CHILD_RUNNING,
	CHILD_STOPPING,		/* told to end */
};

struct child {
	struct parent		*parent;
	enum proc_role		 role;
	enum child_state	 state;
	bool			 essential;
	int			 exe;		/* O_PATH, from our start */
	pid_t			 pid;
	int			 pidfd;
	struct imsgchan		*chan;
	struct event		*ev_exit;	/* of pidfd */
	struct event		*ev_respawn;
	uint64_t		 started_ms;
	uint64_t		 progress_ms;	/* last sign of life in set-up */
	uint64_t		 eof_ms;	/* when its channel ended; 0: open */
	unsigned int		 unanswered;	/* pings */
	uint64_t		 ping;		/* number of the last one */
	unsigned int		 restarts;
	unsigned int		 backoff;	/* index */
	const char		*killed;	/* by us: why; or NULL */
	bool			 reload_wait;	/* CONF_OK/REFUSED is due */
	uint32_t		 conf;		/* reload it was last sent */
	struct sandbox_report	 sandbox;
};

struct ssh_session {
	LIST_ENTRY(ssh_session)	 entry;
	struct parent		*parent;
	uint32_t		 id;		/* the hub's number (C) */
	pid_t			 pid;
	int			 pidfd;
	struct imsgchan		*chan, *signer;
	struct event		*ev_exit;
	struct hostkey_signer	 hostkey;
	unsigned int		 slowed;	/* signatures not given */
	uint64_t		 started_ms;
	unsigned int		 unanswered;	/* pings */
	unsigned int		 ticks;		/* in the present state */
	bool			 ready, killed;
	bool			 orphan;	/* of a hub that is gone */
	struct sandbox_report	 sandbox;
};

#define RELOAD_ASKERS_MAX	16

struct reload {
	bool		 busy;		/* children are asked */
	bool		 again;		/* asked for once more meanwhile */
	uint32_t	 number;	/* of the last one */
	uint32_t	 applied;	/* of the one in force */
	char		 refused[1024];	/* by whom and why; empty: nobody */
	int			 refused_status;	/* sysexits */
	struct conf	 next;
	char		 changed[1024], restart[1024];
	uint32_t	 asker[RELOAD_ASKERS_MAX];	/* RELOAD ids */
	size_t		 naskers;
	struct event	*ev_deadline;
};

struct parent {
	struct options		 opts;
	struct config_source	*source;
	char			 source_path[4096];	/* or empty */
	struct conf		 conf;
	struct privs		 privs;
	struct datadir		 dir;
	struct identity		 identity;
	struct keyserv		 keyserv;
	struct notify		 notify;
	struct listeners	 listeners;
	struct sandbox_report	 sandbox;
	enum log_format		 log_format;
	struct event_base	*base;
	struct event		*ev_signal, *ev_tick, *ev_stop, *ev_inotify;
	struct event		*ev_authkeys;
	struct event		*ev_level;	/* ends what loglevel set */
	int			 signal_fd, inotify_fd;
	struct child		 child[PROC_MAX];	/* by role */
	int			 session_exe;
	LIST_HEAD(, ssh_session) sessions;
	unsigned int		 nsessions;
	uint64_t		 sessions_started;
	struct reload		 reload;
	uint64_t		 started_ms;	/* monotonic, process start */
	uint64_t		 conf_wall_ms;	/* since when it is in force */
	uint64_t		 ready_ms;	/* 0: not yet */
	uint64_t		 stop_ms;	/* 0: not stopping */
	uint64_t		 events_dropped;
	unsigned int		 stop_phase;
	bool			 authkeys_missing;	/* and said so */
	char			 authkeys_target[256];	/* if it is a link */
	int			 exit_status;
	char			 stop_reason[256];
};

/* children.c: starting, setting up, losing. */
int	 children_open(struct parent *, const char *libexec,
	    char err[ERR_MAX]);
int	 children_start(struct parent *, char err[ERR_MAX]);
/* Static text: what it did. */
void	 child_kill(struct child *, const char *why);
#define CHILD_ARGV_MAX	6
/* The argument line; the strings are good until the next call. */
void	 child_argv(struct parent *, enum proc_role,
	    char *argv[CHILD_ARGV_MAX]);
/* id: the number of the reload, which the answer repeats; 0: none. */
void	 child_send_config(struct imsgchan *, const struct conf *, uint32_t id);
void	 child_send_identity(struct parent *, struct imsgchan *);
bool	 child_ready_read(struct imsg *, struct sandbox_report *, char *why,
	    size_t size);
/* One that takes messages of the RUN phase, or NULL. */
struct child *child_running(struct parent *, enum proc_role);
/* How a process ended, for people: "exit status 70", "signal 9 (Killed)". */
char	*child_status_text(int code, int value, char *out, size_t size);

/* dispatch.c: messages from the standing daemons. */
void	 child_dispatch(struct imsgchan *, struct imsg *, void *);

/* watch.c: pings, deadlines, the watchdog. */
#define PROGRESS_EXTEND_MS	30000u	/* of systemd's start timeout */
void	 watch_start(struct parent *);
void	 watch_pong(struct child *, struct imsg *);

/* stop.c */
void	 parent_stop(struct parent *, int status, const char *reason);
/* A child has ended while we stop. */
void	 stop_child_ended(struct parent *);

/* sshspawn.c */
void	 ssh_spawn(struct parent *, struct imsg *);
void	 ssh_kill(struct parent *, struct imsg *);
/* The hub is gone: every session ends. */
void	 ssh_sessions_end(struct parent *);
void	 ssh_sessions_kill(struct parent *);
void	 ssh_session_tick(struct parent *);

/* reload.c */
/* RELOAD of the hub: that, or to look and print only. */
void	 reload_asked(struct child *, struct imsg *);
void	 reload_start(struct parent *, uint32_t asker, bool has_asker);
/* Do what was asked for while it could not be done. */
void	 reload_pending(struct parent *);
void	 reload_answer(struct child *, struct imsg *);
/* A child that was asked is gone. */
void	 reload_child_gone(struct child *);
/* One is ready: give it what came into force since its start. */
void	 reload_catch_up(struct child *);

/* authkeys.c */
void	 authkeys_start(struct parent *);
void	 authkeys_send(struct parent *);

/* tables.c: answers to TABLE_GET. */
void	 tables_answer(struct parent *, struct imsg *);

/* start.c: the steps of a start; 0 or an exit status with a line in err. */
int	 start_source(struct parent *, char err[ERR_MAX]);
int	 start_config(struct parent *);		/* has printed what is wrong */
int	 start_show_id(struct parent *, char err[ERR_MAX]);
/* The same behind making what is missing of the directory and the keys. */
int	 start_init(struct parent *, char err[ERR_MAX]);
int	 start_prepare(struct parent *, char err[ERR_MAX]);
/* As many descriptors as a configuration needs, if we may. */
void	 start_raise_files(const struct conf *);

/* micelio.c */
/* All daemons are up: said once. */
void	 parent_ready(struct parent *);

#endif
