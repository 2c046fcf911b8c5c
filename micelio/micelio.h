/* SPDX-License-Identifier: MIT */
/*
 * Private header of the parent process, grouped by file.
 */
#ifndef MICELIO_MICELIO_H
#define MICELIO_MICELIO_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bsd/sys/queue.h>

#include "conf.h"
#include "imsg.h"
#include "log.h"
#include "nodeid.h"
#include "ratelimit.h"
#include "sandbox.h"

struct event;
struct event_base;
struct config_source;

/* A line for people, without the name of the program and a line end. */
#define ERR_MAX	1024

/* options.c */
struct options {
	const char	*config_file;	/* NULL: look in the usual place */
	bool		 check;		/* -n */
	unsigned int	 verbose;	/* -v, counted */
	bool		 stderr_log;	/* -d */
	bool		 show_id;
	bool		 init;
	const char	*name;		/* these win over the file */
	const char	*data_dir;
	const char	*ssh_listen;
	const char	*log_level;
	const char	*libexec;
};

enum options_action { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_BAD };

/*
 * Read the command line.  Strings stay those of argv.  OPTIONS_BAD leaves one
 * line for people in err.
 */
enum options_action options_parse(struct options *, int argc, char **argv,
	    char err[ERR_MAX]);
extern const char options_usage[];

/* spawn.c */
struct spawn_fd {
	int	from;		/* ours */
	int	to;		/* the child's; -1 in from: left out */
};
#define SPAWN_FDS_MAX	8

struct spawn {
	int			 exe;	/* O_PATH descriptor of the program */
	char *const		*argv;
	const struct spawn_fd	*fds;	/* all others above 2 are closed */
	size_t			 nfds;
	int			 cwd;	/* directory, or -1: "/" */
	bool			 own_ids;	/* take uid and gid, no groups */
	uid_t			 uid;
	gid_t			 gid;
	bool			 drop_caps;	/* we still have capabilities
						   that root would keep */
};

/*
 * Fork and execveat(2).  stdin and stdout become /dev/null, stderr stays, the
 * environment is empty.  Returns the pid and, when asked, a close-on-exec
 * pidfd; -1 and a line in err when the program could not be started.
 */
pid_t	 spawn(const struct spawn *, int *pidfd, char err[ERR_MAX]);
/*
 * Kill a child.  One of another uid is killed by a helper that takes that
 * uid, as we have no CAP_KILL.
 */
bool	 spawn_kill(int pidfd, bool own_ids, uid_t, gid_t);

/* privs.c: which way to run, and as whom. */
struct ids {
	uid_t	uid;
	gid_t	gid;
};

struct privs {
	enum run_mode	mode;
	struct ids	self;			/* what the parent runs as */
	struct ids	role[PROC_MAX];		/* children's, service mode */
};

/* Is uid that of the user "micelio"?  False when there is no such user. */
bool	 privs_is_service_uid(uid_t);
/*
 * Choose the way to run from who we are and whose the data directory is.
 * Returns 0 or an exit status with a line in err.
 */
int	 privs_decide(struct privs *, uid_t dir_owner, const char *dir_path,
	    char err[ERR_MAX]);
/*
 * Become what privs_decide() chose: as root on micelio's directory the user
 * micelio with CAP_SETUID and CAP_SETGID, otherwise without any capability.
 */
int	 privs_become(const struct privs *, char err[ERR_MAX]);
/* The parent's own filter; nothing of the above is possible after it. */
void	 privs_lock(const struct privs *, struct sandbox_report *);
/* Give up every capability, for good, of whatever uid. */
bool	 privs_drop_all(void);

/* datadir.c */
#define DATADIR_SCHEMA	1u	/* VERSION: the layout on disk we know */

struct datadir {
	char	path[4096];
	int	fd;		/* the directory */
	int	state_fd;	/* O_PATH of state/ */
	int	lock_fd;	/* holds the flock(2) */
};

/*
 * All return 0 or an exit status of sysexits(3) with a line in err.  open:
 * makes the directory and those above it when create is set; the owner is
 * reported.  lock: fails at once when another process holds it, with its pid.
 * version: refuses an on-disk schema newer than ours.  state: state/ exists
 * and stated may write to it.
 */
int	 datadir_open(struct datadir *, const char *path, bool create,
	    uid_t *owner, char err[ERR_MAX]);
int	 datadir_lock(struct datadir *, char err[ERR_MAX]);
int	 datadir_version(struct datadir *, char err[ERR_MAX]);
int	 datadir_state(struct datadir *, const struct privs *,
	    char err[ERR_MAX]);
/*
 * Write a whole file so that either the old or the new one is there whatever
 * happens: temporary file, fsync, rename, fsync of the directory.  False and
 * errno on failure.
 */
bool	 file_write_atomic(int dirfd, const char *name, const void *, size_t,
	    mode_t);
/*
 * Read a file of at most max bytes into buf.  Returns its length, or -1 and
 * errno (EFBIG: longer; EINVAL: not a regular file).  st may be NULL.
 */
struct stat;
ssize_t	 file_read(int dirfd, const char *name, void *buf, size_t max,
	    struct stat *st);
/*
 * Say of dir/name what an errno of these functions means and what mends it;
 * the exit status.
 */
int	 file_failed(char err[ERR_MAX], const char *dir, const char *name,
	    int error);

/* keypem.c: PKCS#8 PEM of an Ed25519 key (wire-v1 1.1, RFC 8410). */
#define KEYPEM_LEN	119		/* of a file we write */
#define KEYPEM_FILE_MAX	16384u		/* of a file we read */

/*
 * Find the first PEM block of text[n] and put its seed into seed.  Any label;
 * text before it is skipped; PKCS#8 version 2 with a public key too.  text is
 * overwritten: it is secret memory and serves as scratch space.
 */
bool	 keypem_read(char *text, size_t n, uint8_t seed[32], const char **why);
/* Exactly KEYPEM_LEN bytes, not terminated. */
void	 keypem_write(const uint8_t seed[32], char out[KEYPEM_LEN]);

/* identity.c */
struct secret {			/* lives in keymem, one page each */
	uint8_t	seed[32];
	uint8_t	hash[64];	/* scratch */
	uint8_t	ed25519[64];	/* seed, public key: libsodium's form */
	uint8_t	x25519[32];	/* unclamped (wire-v1 1.4) */
};

struct identity {
	struct secret	*node;
	struct secret	*host;		/* SSH host key */
	struct nodeid	 id;
	char		 id_hex[NODEID_HEX + 1];
	uint8_t		 ed25519_pub[32];
	uint8_t		 x25519_pub[32];
	uint8_t		 hostkey_pub[32];
};

#define SSH_PUB_MAX	128	/* "ssh-ed25519 <base64>" */
#define SSH_FP_MAX	64	/* "SHA256:<base64>" */

/*
 * Load identity/node.key and identity/ssh_host_ed25519_key; with create make
 * those that are missing, and write or mend the .pub files beside them.  A
 * key of that name in creds, the directory of systemd's credentials or NULL,
 * is taken instead, and never made.  Returns 0 or an exit status with a line
 * in err.  path is the data directory as people know it.
 */
int	 identity_load(struct identity *, int datadir_fd, const char *path,
	    const char *creds, bool create, char err[ERR_MAX]);
/* Erase the keys. */
void	 identity_free(struct identity *);
/* All public members from the seeds in node and host. */
void	 identity_derive(struct identity *);
char	*ssh_public_line(const uint8_t pub[32], char out[SSH_PUB_MAX]);
char	*ssh_fingerprint(const uint8_t pub[32], char out[SSH_FP_MAX]);

/* keyserv.c */
#define KEY_PAYLOAD_MAX	65536u

/* What one sender may ask for, and how often. */
struct key_rule {
	const char	*name;
	enum proc_role	 from;
	enum key_purpose purpose;	/* 0: KEY_DH */
	uint32_t	 types[4];	/* message types; 0 ends */
	uint32_t	 rate, burst;	/* per second */
};
#define KEY_RULES	9
extern const struct key_rule key_rules[KEY_RULES];

struct key_count {
	uint64_t	ok, refused, slowed;
};

struct keyserv {
	const struct identity	*identity;
	struct bucket		 bucket[KEY_RULES];
	struct key_count	 count[KEY_RULES];
	struct key_count	 hostkey;	/* of all sessions */
	uint64_t		 refused;	/* fits no rule */
	uint8_t			*buf;		/* bytes to sign */
};

/* The state of one session's signer channel. */
struct hostkey_signer {
	struct bucket	bucket;
	uint8_t		sid[32];	/* first hash signed */
	bool		has_sid;
};

void	 keyserv_init(struct keyserv *, const struct identity *,
	    uint64_t now_ms);
void	 keyserv_free(struct keyserv *);
/*
 * A request of from: body as received.  False: malformed, a breach of
 * contract.  True: *status says what becomes of it; the result is zero unless
 * KEY_OK, and why (static text) is set on KEY_REFUSED.
 */
bool	 keyserv_sign(struct keyserv *, enum proc_role from, const uint8_t *,
	    size_t, uint64_t now_ms, enum key_status *, uint8_t sig[64],
	    const char **why);
/*
 * keyserv_entry.c: entries of the map.  As keyserv_sign(), but appends the
 * signatures, 64 bytes each in the order of the request, if KEY_OK.
 */
bool	 keyserv_entries(struct keyserv *, enum proc_role from,
	    const uint8_t *, size_t, uint64_t now_ms, enum key_status *,
	    struct wbuf *sigs, const char **why);
/*
 * keyserv_record.c: the rest of a KEY_SIGN for KEY_PEER_RECORD, behind its
 * purpose.  As keyserv_sign().
 */
struct rcur;
bool	 keyserv_record(struct keyserv *, enum proc_role from, struct rcur *,
	    uint64_t now_ms, enum key_status *, uint8_t sig[64],
	    const char **why);
enum key_status keyserv_dh(struct keyserv *, enum proc_role from,
	    const uint8_t remote[32], uint64_t now_ms, uint8_t shared[32],
	    const char **why);
/* body: of KEY_OPEN; key: of that one message, zero unless KEY_OK. */
enum key_status keyserv_open(struct keyserv *, enum proc_role from,
	    const uint8_t body[64], uint64_t now_ms, uint8_t key[32]);
void	 hostkey_signer_init(struct hostkey_signer *, uint64_t now_ms);
/* *first: this hash is the session id, to be told to the hub. */
enum key_status keyserv_hostkey(struct keyserv *, struct hostkey_signer *,
	    const uint8_t hash[32], uint64_t now_ms, uint8_t sig[64],
	    bool *first);

/* wiring.c: one line per socketpair between two daemons. */
struct wire {
	enum proc_role	 a, b;
	const char	*what;
};
#define WIRES	5
extern const struct wire wires[WIRES];

/* notify.c: systemd, by its documented protocols. */
#define NOTIFY_FDS_MAX	32

struct notify {
	int		fd;		/* to NOTIFY_SOCKET, or -1 */
	uint64_t	watchdog_ms;	/* 0: none asked for */
	int		listen_fd[NOTIFY_FDS_MAX];	/* -1: taken */
	size_t		nlisten;
	bool		journal;	/* LOG_FILENO goes to the journal */
};

/*
 * Read and remove what systemd put into the environment; take over the
 * descriptors, close every other one above 2.
 */
void	 notify_init(struct notify *);
/* Connect LOG_FILENO to the journal if stderr leads there. */
void	 notify_journal(struct notify *);
/* Lines of "KEY=value" for systemd; a no-op without it. */
void	 notify_send(struct notify *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

/* listen.c */
struct listener {
	enum listen_kind kind;
	int		 fd;
	char		 text[HOSTPORT_MAX + 1];	/* as bound */
};
#define LISTENERS_MAX	(2 * CONF_LISTEN_MAX + 1)

struct listeners {
	struct listener	v[LISTENERS_MAX];
	size_t		n;
	char		control[108];	/* path of the control socket */
	dev_t		control_dev;	/* to remove our own only */
	ino_t		control_ino;
};

/* Bind all of conf and the control socket, or take them from systemd. */
int	 listen_open(struct listeners *, const struct conf *,
	    const struct privs *, struct notify *, char err[ERR_MAX]);
void	 listen_close(struct listeners *);

/* Before privileges go: the directory of the control socket in /run. */
int	 listen_prepare(struct listeners *, const struct datadir *,
	    const struct privs *, char err[ERR_MAX]);

/* listen_owner.c: "other" (pid 731) from /proc, or false. */
bool	 listen_owner(const struct addr *, char *out, size_t);

/* children.c and its neighbours: the running node. */
enum child_state {
	CHILD_GONE,		/* not running */
	CHILD_SETUP,		/* started, not READY */
	CHILD_RUNNING,
	CHILD_STOPPING,		/* told to end */
};

struct parent;

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
void	 child_respawn_later(struct child *);
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
