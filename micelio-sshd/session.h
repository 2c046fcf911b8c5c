/* SPDX-License-Identifier: MIT */
/*
 * micelio-sshd-session: one SSH connection.  Prototypes grouped by file.
 */
#ifndef MICELIO_SSHD_SESSION_H
#define MICELIO_SSHD_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>

#include "conf.h"
#include "cursor.h"
#include "imsg.h"
#include "lineedit.h"
#include "plainline.h"
#include "proc.h"
#include "sandbox.h"
#include "screen.h"

#define SES_LOGIN_BYTES		(1024u * 1024)	/* received before login */
#define SES_LOGIN_PACKETS	2000u
#define SES_TRIES_MAX		6u	/* refused logins */
#define SES_PROBES_MAX		30u	/* keys asked about */
#define SES_AUTH_WAIT_MS	5000	/* for the hub's answer */
#define SES_SIGN_WAIT_MS	2000	/* for the host key */
#define SES_REQUESTS_MAX	200u	/* refused or before the start */
#define SES_USER_MAX		255u
#define SES_KEY_BLOB_MAX	4096u
#define SES_TERM_MAX		64u
#define SES_COMMAND_MAX		4096u
#define SES_ENV_BYTES		2048u
#define SES_ENV_COUNT		24u
#define SES_OUT_PAUSE		(512u * 1024)	/* then the hub waits */
#define SES_OUT_RESUME		(128u * 1024)
#define SES_OUT_ACK		(16u * 1024)	/* little enough: taken */
#define SES_OUT_MAX		(4u * 1024 * 1024)
#define SES_IN_QUEUE		(256u * 1024)	/* to the hub, then stdin waits */
#define SES_IN_HELD_MAX		(4u * 1024 * 1024) /* beyond the window: abuse */
#define SES_CLOSE_MS		2000	/* for the client's close */
#define SES_DRAIN_MS		10000	/* for output before that */
#define SES_REKEY_BYTES		(1ull << 30)
#define SES_REKEY_S		3600u
#define SES_RLIMIT_DATA		(96u * 1024 * 1024)
#define EXIT_NODE_GONE		69	/* sysexits: unavailable */

enum ses_phase {
	SES_PH_KEX,
	SES_PH_AUTH,
	SES_PH_OPEN,		/* logged in, nothing started */
	SES_PH_RUN,		/* shell or command */
	SES_PH_DRAIN,		/* exit status known, output left */
	SES_PH_CLOSE,		/* closed by us, waiting for the client */
	SES_PH_END,
};

struct outq {
	struct wbuf	 buf;
	size_t		 off;		/* written to the channel */
};

struct session {
	enum ses_phase		 phase;
	struct conf		 conf;
	uint8_t			 hostkey_pub[32];
	enum run_mode		 mode;
	struct sandbox_report	 sandbox;
	bool			 setup_done;
	struct imsgchan		*parent, *hub, *signer;
	bool			 parent_gone, hub_gone, hub_paused;
	const char		*end_why;	/* log and disconnect text */
	uint64_t		 deadline_ms;	/* of the phase; 0: none */

	ssh_bind		 bind;
	ssh_session		 ssh;
	ssh_event		 event;
	struct ssh_server_callbacks_struct server_cb;
	struct ssh_counter_struct raw, packets;
	short			 parent_events, hub_events; /* polled for */

	unsigned int		 tries, probes, requests;
	bool			 asked_none;
	uint32_t		 auth_id;
	bool			 auth_done, auth_allowed, may_pty;
	char			 auth_text[1024];

	ssh_channel		 chan;
	struct ssh_channel_callbacks_struct chan_cb;
	enum ses_kind		 kind;
	bool			 pty, started, client_eof, client_closed;
	bool			 eof_sent, refused_forwarding;
	size_t			 held;		/* input libssh keeps for us */
	bool			 reading;	/* taking of that */
	bool			 happened;	/* a callback noted something */
	bool			 hub_ready, parent_ready;
	unsigned int		 cols, rows;
	bool			 size_changed, size_untold;
	char			 term[SES_TERM_MAX + 1];
	struct wbuf		 env;
	unsigned int		 env_n;
	struct outq		 out, err;
	uint32_t		 unacked;
	size_t			 untaken;	/* lines in the hub's hands */
	uint8_t			 exit_status;

	char			 prompt[512];
	struct lineedit		 le;
	struct screen		 screen;
	bool			 color;		/* a setting */
	bool			 no_color;	/* NO_COLOR was sent */
	unsigned int		 width;		/* 0: the terminal's */
	struct plainline	 plain;
	bool			 screen_on;	/* pty and shell */
	bool			 page_on;	/* over the screen */
	bool			 page_left;	/* and the hub was told so */
};

/* session.c */
void	 session_end(struct session *, const char *why);
/* Say it if there is somebody to say it to, then end with this status. */
void	 session_bye(struct session *, const char *text, uint8_t status);

/* session_hub.c */
void	 hub_dispatch(struct imsgchan *, struct imsg *, void *);
void	 hub_closed(struct imsgchan *, enum imsgchan_end, const char *, void *);

/* ssh_server.c */
/* Everything that needs files or memory of libraries: before the sandbox. */
void	 ssh_server_prepare(struct session *);
/* One step of the key exchange, then logins may come. */
void	 ssh_server_kex(struct session *);
void	 ssh_server_poll(struct session *, int timeout_ms);
void	 ssh_server_limits(struct session *);
/* The parent's answer with a signature of the host key. */
void	 ssh_server_signed(struct imsgchan *, struct imsg *, void *);
/* Disconnect in order, as far as the client lets us. */
void	 ssh_server_goodbye(struct session *);

/* ssh_auth.c */
int	 ssh_auth_message(ssh_session, ssh_message, void *);

/* channel.c */
ssh_channel client_channel_open(ssh_session, void *);
void	 client_write(struct session *, int stream, const void *, size_t);
size_t	 client_queued(const struct session *);
bool	 client_input_waits(const struct session *);
/* Move bytes to the client, take what it sent and we had no room for. */
void	 client_pump(struct session *);
/* The status is known: send what is left, status, end of file, close. */
void	 client_finish(struct session *, uint8_t status);

/* channel_request.c */
void	 client_callbacks(struct session *);

/* shell.c */
void	 shell_start(struct session *);
void	 shell_input(struct session *, const void *, size_t);
void	 shell_eof(struct session *);
/* A setting of the person, and a ring of their bell. */
void	 shell_set(struct session *, const char *name, const char *value);
void	 shell_clear(struct session *);
void	 shell_bell(struct session *);
void	 shell_output(struct session *, int stream, const char *, size_t);
void	 shell_completed(struct session *, uint32_t id, struct rcur *);
void	 shell_refresh(struct session *);
void	 shell_tick(struct session *, uint64_t now_ms);
uint64_t shell_deadline(const struct session *);
/* The terminal as it was found. */
void	 shell_end(struct session *);

/* shell_page.c */
void	 shell_page(struct session *, const char *, size_t);
void	 shell_page_end(struct session *);
void	 shell_page_keys(struct session *, const uint8_t *, size_t);

#endif
