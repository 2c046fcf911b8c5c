/* SPDX-License-Identifier: MIT */
/*
 * micelio, the parent of all daemons of a node.
 *
 * Its job: keep the private keys, start the daemons, give them their
 * configuration, their sockets and each other, watch over them, and end them
 * in order.  It signs and does the static Diffie-Hellman on request.
 *
 * It must never parse what a stranger could have written: no protobuf, no
 * SSH, no configuration text, no network bytes.  What it reads are the
 * fixed-size records of its children and its own key files.
 *
 * It talks to each daemon over that daemon's descriptor 3, to session
 * processes, and to systemd.
 */
#include <sys/signalfd.h>

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "config.h"
#include "config_load.h"
#include "cursor.h"
#include "errtext.h"
#include "footprint.h"
#include "identity.h"
#include "imsg.h"
#include "keyserv.h"
#include "listen.h"
#include "log.h"
#include "micelio.h"
#include "mtime.h"
#include "notify.h"
#include "options.h"
#include "privs.h"
#include "proc.h"
#include "text.h"
#include "usage.h"


static struct parent parent;

static int	run(struct parent *);
static int	failed(const char *, int);
static void	signals_block(struct parent *);
static void	signal_cb(evutil_socket_t, short, void *);
static void	event_sink(const struct log_told *);

int
main(int argc, char **argv)
{
	struct parent *p = &parent;
	char err[ERR_MAX];
	int rc;

	if (argc > 2 && strcmp(argv[1], "-x") == 0 &&
	    strcmp(argv[2], "config") == 0)
		return config_child_main(argc, argv);
	p->started_ms = mono_ms();
	p->signal_fd = p->inotify_fd = -1;
	LIST_INIT(&p->sessions);
	notify_init(&p->notify);
	log_init("micelio", LOG_TEXT, LOG_LVL_INFO);
	switch (options_parse(&p->opts, argc, argv, err)) {
	case OPTIONS_BAD:
		return failed(err, EX_USAGE);
	case OPTIONS_HELP:
		fputs(options_usage, stdout);
		return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
	case OPTIONS_VERSION:
		printf("micelio %s\n", MICELIO_VERSION);
		return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
	case OPTIONS_RUN:
		break;
	}
	if (sodium_init() == -1)
		return failed("libsodium does not start", EX_SOFTWARE);
	if ((rc = start_source(p, err)) != 0)
		return failed(err, rc);
	if ((rc = start_config(p)) != 0)
		return rc;
	if (p->opts.check) {
		if (p->opts.verbose > 0)
			return config_print(stdout, &p->conf) == 0 ? EX_OK :
			    EX_IOERR;
		fprintf(stderr, "micelio: %s: %s\n", p->source_path,
		    access(p->source_path, F_OK) == 0 ? "configuration ok" :
		    "no such file, so the defaults hold; ok");
		return EX_OK;
	}
	if (p->opts.show_id || p->opts.init) {
		rc = p->opts.init ? start_init(p, err) :
		    start_show_id(p, err);
		return rc == 0 ? EX_OK : failed(err, rc);
	}
	return run(p);
}

static int
failed(const char *err, int status)
{
	fprintf(stderr, "micelio: %s\n", err);
	return status;
}

/* The same for people and for the journal, once the log is open. */
static int
start_failed(struct parent *p, const char *err, int status)
{
	if (p->log_format == LOG_TEXT)
		fprintf(stderr, "micelio: %s\n", err);
	else
		log_event(EV_START_FAILED, LF_STR("text", err));
	notify_send(&p->notify, "STATUS=%.500s\nERRNO=0\n", err);
	identity_free(&p->identity);
	listen_close(&p->listeners);
	return status;
}

static int
run(struct parent *p)
{
	char err[ERR_MAX];
	int rc;

	if (!p->opts.stderr_log)
		notify_journal(&p->notify);
	p->log_format = p->notify.journal ? LOG_JOURNAL :
	    p->conf.logging_format;
	log_init("micelio", p->log_format, p->conf.logging_level);
	if ((rc = start_prepare(p, err)) != 0)
		return start_failed(p, err, rc);
	signals_block(p);
	usage_open();
	privs_lock(&p->privs, &p->sandbox);
	keyserv_init(&p->keyserv, &p->identity, mono_ms());
	p->base = proc_base_new();
	log_set_origin(PROC_PARENT);
	log_set_sink(event_sink);
	p->ev_signal = event_new(p->base, p->signal_fd, EV_READ | EV_PERSIST,
	    signal_cb, p);
	if (p->ev_signal == NULL || event_add(p->ev_signal, NULL) == -1)
		fatalx("no event for signals");
	authkeys_start(p);
	if ((rc = children_start(p, err)) != 0)
		parent_stop(p, rc, err);
	else
		watch_start(p);
	event_base_dispatch(p->base);
	log_set_sink(NULL);
	log_event(EV_NODE_STOPPED, LF_MS("ms", mono_ms() - p->stop_ms));
	listen_close(&p->listeners);
	keyserv_free(&p->keyserv);
	identity_free(&p->identity);
	return p->exit_status;
}

void
parent_ready(struct parent *p)
{
	if (p->ready_ms != 0 || p->stop_ms != 0)
		return;
	p->ready_ms = mono_ms();
	log_event(EV_NODE_READY, LF_ID("node", &p->identity.id),
	    LF_STR("name", p->conf.node_name),
	    LF_MS("ms", p->ready_ms - p->started_ms));
	notify_send(&p->notify, "READY=1\nSTATUS=%s %.12s\n",
	    p->conf.node_name, p->identity.id_hex);
	reload_pending(p);
	footprint_settle();
}

/* As descriptors: nothing runs in a handler, and forks inherit nothing. */
static void
signals_block(struct parent *p)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1 ||
	    (p->signal_fd = signalfd(-1, &set, SFD_NONBLOCK |
	    SFD_CLOEXEC)) == -1)
		fatal("signals");
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGUSR1, SIG_IGN);
	(void)signal(SIGUSR2, SIG_IGN);
}

static void
signal_cb(evutil_socket_t fd, short what, void *arg)
{
	struct parent *p = arg;
	struct signalfd_siginfo si;

	(void)what;
	while (read(fd, &si, sizeof(si)) == sizeof(si))
		if (si.ssi_signo == SIGHUP)
			reload_start(p, 0, false);
		else
			parent_stop(p, EX_OK, si.ssi_signo == SIGINT ?
			    "interrupted at the terminal" :
			    "stopped by its operator");
}

static void
event_sink(const struct log_told *told)
{
	struct parent *p = &parent;
	struct child *hub = child_running(p, PROC_SSHD);

	if (hub != NULL && !proc_event_send(hub->chan, told))
		p->events_dropped++;
}
