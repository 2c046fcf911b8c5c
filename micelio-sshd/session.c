/* SPDX-License-Identifier: MIT */
/*
 * micelio-sshd-session: parses one client's SSH, draws one client's screen.
 *
 * It holds one TCP connection and nothing else: no file, no other socket, no
 * key (the host key signs in the parent, one exchange hash at a time), no
 * decision (who may log in, and what a line means, is the hub's).  So what a
 * fault in the SSH library gives away is this one connection.
 *
 * It talks to the parent (fd 3: set-up, pings; fd 5: host key signatures) and
 * to the hub (fd 4).  When either goes, it goes.
 */
#include <sys/resource.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "log.h"
#include "mtime.h"
#include "session.h"

#define SETUP_MS	10000
#define FLUSH_MS	200
#define POLL_MAX_MS	60000
#define FILES_MAX	16	/* descriptors; seven are in use */

static void	session_setup(struct session *);
static void	setup_identity(struct session *, const struct imsg *);
static void	parent_closed(struct imsgchan *, enum imsgchan_end,
		    const char *, void *);
static void	signer_dispatch(struct imsgchan *, struct imsg *, void *);
static void	parent_dispatch(struct imsgchan *, struct imsg *, void *);
static void	session_sandbox(struct session *);
static void	session_loop(struct session *);
static int	session_timeout(const struct session *);
static void	session_timers(struct session *);
static void	earlier(uint64_t *, uint64_t);

static struct session session;

int
main(int argc, char **argv)
{
	static const int ignored[] = { SIGPIPE, SIGINT, SIGTERM, SIGHUP,
	    SIGQUIT, SIGUSR1, SIGUSR2 };
	struct session *s = &session;
	size_t i;

	proc_args("micelio-sshd-session", argc, argv);
	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		if (signal(ignored[i], SIG_IGN) == SIG_ERR)
			fatal("signal");
	conf_init(&s->conf);
	wbuf_init(&s->env, SES_ENV_BYTES);
	wbuf_init(&s->out.buf, SES_OUT_MAX);
	wbuf_init(&s->err.buf, SES_OUT_MAX);
	session_setup(s);
	ssh_server_prepare(s);
	session_sandbox(s);
	session_loop(s);
	if (s->end_why != NULL)
		log_debug("session ends: %s", s->end_why);
	(void)imsgchan_flush_wait(s->hub, FLUSH_MS);
	_exit(0);	/* no library's last deeds: the sandbox is narrow */
}

void
session_end(struct session *s, const char *why)
{
	if (s->end_why == NULL)
		s->end_why = why;
	s->phase = SES_PH_END;
}

void
session_bye(struct session *s, const char *text, uint8_t status)
{
	if (s->phase < SES_PH_RUN) {
		if (s->phase == SES_PH_OPEN || s->phase == SES_PH_AUTH)
			ssh_session_set_disconnect_message(s->ssh, text);
		session_end(s, "told to go");
		return;
	}
	if (s->phase != SES_PH_RUN)
		return;
	shell_page_end(s);
	if (text[0] != '\0') {
		shell_output(s, s->kind == SES_SHELL ? 1 : 2, text,
		    strlen(text));
		shell_output(s, s->kind == SES_SHELL ? 1 : 2, "\n", 1);
	}
	client_finish(s, status);
}

/* Everything up to SETUP_DONE, before anything else happens. */
static void
session_setup(struct session *s)
{
	s->parent = imsgchan_new(NULL, PROC_FILENO, PROC_SESSION, PROC_PARENT,
	    parent_dispatch, parent_closed, s);
	s->hub = imsgchan_new(NULL, PROC_HUB_FILENO, PROC_SESSION, PROC_SSHD,
	    hub_dispatch, hub_closed, s);
	s->signer = imsgchan_new(NULL, PROC_SIGNER_FILENO, PROC_SESSION,
	    PROC_PARENT, signer_dispatch, parent_closed, s);
	if (!imsgchan_wait(s->parent, &s->setup_done, SETUP_MS))
		exit(0);	/* the parent went away or changed its mind */
	imsgchan_set_phase(s->parent, IMSG_PHASE_RUN);
	imsgchan_set_phase(s->hub, IMSG_PHASE_RUN);
	imsgchan_set_phase(s->signer, IMSG_PHASE_RUN);
}

static void
parent_dispatch(struct imsgchan *c, struct imsg *m, void *arg)
{
	struct session *s = arg;
	struct rcur cur;

	rcur_init(&cur, m->data, m->len);
	switch (m->type) {
	case IMSG_SETUP_IDENTITY:
		setup_identity(s, m);
		break;
	case IMSG_CONF_BEGIN:
		conf_free(&s->conf);
		conf_init(&s->conf);
		break;
	case IMSG_CONF_RECORD:
		if (!conf_record_read(&s->conf, &cur) || !rcur_done(&cur))
			fatalx("malformed setting from the parent");
		break;
	case IMSG_CONF_COMMIT:
		break;
	case IMSG_SETUP_DONE:
		s->setup_done = true;
		break;
	case IMSG_PING:
		imsg_send(c, IMSG_PONG, m->id, m->cause, m->data, m->len);
		break;
	default:
		imsgchan_violation(c, m, "not for a session");
		break;
	}
}

static void
setup_identity(struct session *s, const struct imsg *m)
{
	uint8_t unused[32];
	struct rcur c;

	rcur_init(&c, m->data, m->len);
	rcur_copy(&c, unused, sizeof(unused));	/* node id */
	rcur_copy(&c, unused, sizeof(unused));	/* ed25519 */
	rcur_copy(&c, unused, sizeof(unused));	/* x25519 */
	rcur_copy(&c, s->hostkey_pub, sizeof(s->hostkey_pub));
	s->mode = rcur_u8(&c);
	if (!rcur_done(&c))
		fatalx("malformed identity from the parent");
}

static void
parent_closed(struct imsgchan *c, enum imsgchan_end end, const char *text,
    void *arg)
{
	struct session *s = arg;

	(void)c;
	(void)end;
	log_debug("channel to the parent: %s", text);
	s->parent_gone = true;
}

/* Answers are taken where they are waited for; see ssh_server.c. */
static void
signer_dispatch(struct imsgchan *c, struct imsg *m, void *arg)
{
	ssh_server_signed(c, m, arg);
}

static void
session_sandbox(struct session *s)
{
	struct rlimit l = { SES_RLIMIT_DATA, SES_RLIMIT_DATA };
	struct wbuf w;

	/* A client that makes the library hoard memory hits this. */
	if (!SANDBOX_OFF && setrlimit(RLIMIT_DATA, &l) == -1)
		fatal("setrlimit data");
	sandbox_limits(PROC_SESSION, FILES_MAX, &s->sandbox);
	sandbox_landlock(PROC_SESSION, -1, &s->sandbox);
	sandbox_seccomp(PROC_SESSION, &s->sandbox);
	s->sandbox.own_uid = s->mode == MODE_SERVICE;
	wbuf_init(&w, 256);
	sandbox_report_write(&w, &s->sandbox);
	wbuf_str(&w, MICELIO_BUILD_ID);
	imsg_send_wbuf(s->parent, IMSG_READY, 0, 0, &w);
	wbuf_free(&w);
	(void)imsgchan_flush(s->parent);
}

static void
session_loop(struct session *s)
{
	s->deadline_ms = mono_ms() + s->conf.ssh_login_grace;
	ssh_server_kex(s);
	while (s->phase != SES_PH_END) {
		ssh_server_poll(s, session_timeout(s));
		s->happened = false;
		if (s->phase == SES_PH_KEX)
			ssh_server_kex(s);
		/* What was entered goes before what is drawn. */
		if (!s->hub_gone)
			(void)imsgchan_flush(s->hub);
		session_timers(s);
		client_pump(s);
		shell_refresh(s);
		client_pump(s);
		if (!s->parent_gone)
			(void)imsgchan_flush(s->parent);
		if (!s->hub_gone)
			(void)imsgchan_flush(s->hub);
		ssh_server_limits(s);
	}
	ssh_server_goodbye(s);
}

static int
session_timeout(const struct session *s)
{
	uint64_t now = mono_ms(), due = now + POLL_MAX_MS;

	if (s->happened || client_input_waits(s))
		return 0;
	earlier(&due, s->deadline_ms);
	earlier(&due, shell_deadline(s));
	return due <= now ? 0 : (int)(due - now);
}

static void
session_timers(struct session *s)
{
	uint64_t now = mono_ms();

	if (s->parent_gone || s->hub_gone) {
		if (s->phase < SES_PH_RUN)
			session_end(s, "parent or hub is gone");
		else
			session_bye(s, s->parent_gone ?
			    "-- the node has stopped" :
			    "-- micelio-sshd has ended; connect again",
			    EXIT_NODE_GONE);
	}
	if (s->deadline_ms != 0 && now >= s->deadline_ms)
		session_end(s, s->phase <= SES_PH_AUTH ? "login grace is over" :
		    "the client does not close");
	shell_tick(s, now);
}

static void
earlier(uint64_t *due, uint64_t t)
{
	if (t != 0 && t < *due)
		*due = t;
}
