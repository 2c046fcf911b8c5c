/* SPDX-License-Identifier: MIT */
#include <sys/socket.h>
#include <sys/stat.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "footprint.h"
#include "mtime.h"
#include "proc.h"
#include "text.h"
#include "usage.h"

#define EVENT_QUEUE_MAX	(256u * 1024)	/* bytes waiting for the hub */
#define EXIT_FLUSH_MS	500
#define HOLD_LINK	0x80000000u	/* paused until the daemon runs */

static struct proc *self;

static void parent_dispatch(struct imsgchan *, struct imsg *, void *);
static void parent_closed(struct imsgchan *, enum imsgchan_end, const char *,
    void *);
static void link_dispatch(struct imsgchan *, struct imsg *, void *);
static void link_closed(struct imsgchan *, enum imsgchan_end, const char *,
    void *);

bool
proc_event_send(struct imsgchan *hub, const struct log_told *told)
{
	struct wbuf w;
	size_t n = strlen(told->fields);

	if (imsgchan_queued(hub) > EVENT_QUEUE_MAX)
		return false;
	wbuf_init(&w, 4096);
	wbuf_u16(&w, (uint16_t)told->ev);
	wbuf_u8(&w, (uint8_t)told->level);
	wbuf_u64(&w, told->unix_ms);
	wbuf_u64(&w, told->id);
	wbuf_u64(&w, told->cause);
	wbuf_strn(&w, told->fields, n < 4000 ? n : 4000);
	imsg_send_wbuf(hub, IMSG_EVENT, 0, told->id, &w);
	wbuf_free(&w);
	return true;
}

static void
event_sink(const struct log_told *told)
{
	struct imsgchan *hub = self->link[PROC_SSHD];

	if (hub != NULL && self->running &&
	    !proc_event_send(hub, told))
		self->events_dropped++;
}

void
proc_args(const char *title, int argc, char **argv)
{
	enum log_format format = LOG_TEXT;
	enum log_level level = LOG_LVL_INFO;
	struct stat st;
	int c;
	bool bad = false;

	opterr = 0;	/* one line says it all */
	while ((c = getopt(argc, argv, "L:l:")) != -1) {
		if (c == 'L' && strcmp(optarg, "json") == 0)
			format = LOG_JSON;
		else if (c == 'L' && strcmp(optarg, "journal") == 0)
			format = LOG_JOURNAL;
		else if (c == 'L' && strcmp(optarg, "text") == 0)
			format = LOG_TEXT;
		else if (c != 'l' || !log_level_parse(optarg, &level))
			bad = true;
	}
	if (bad || optind != argc || fstat(PROC_FILENO, &st) == -1 ||
	    !S_ISSOCK(st.st_mode)) {
		fprintf(stderr, "%s: this program is started by micelio(8), "
		    "not by hand; run: micelio\n", title);
		exit(EX_USAGE);
	}
	log_init(title, format, level);
}

/* Ends come by the channel: a ^C at the terminal is the parent's to handle. */
static void
signals_ignore(void)
{
	static const int ignored[] = { SIGPIPE, SIGINT, SIGTERM, SIGHUP,
	    SIGQUIT, SIGUSR1, SIGUSR2 };

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		if (signal(ignored[i], SIG_IGN) == SIG_ERR)
			fatal("signal %d", ignored[i]);
}

struct event_base *
proc_base_new(void)
{
	struct event_config *cfg = event_config_new();
	struct event_base *base;

	if (cfg == NULL)
		fatalx("no event configuration");
	(void)event_config_set_flag(cfg, EVENT_BASE_FLAG_PRECISE_TIMER |
	    EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV);
	base = event_base_new_with_config(cfg);
	event_config_free(cfg);
	if (base == NULL)
		fatalx("no event loop");
	return base;
}

void
proc_main(enum proc_role role, const struct proc_ops *ops, void *priv,
    int argc, char **argv)
{
	struct proc *p = xcalloc(1, sizeof(*p));

	proc_args(proc_role_title(role), argc, argv);
	signals_ignore();
	usage_open();
	p->role = role;
	p->ops = ops;
	p->priv = priv;
	conf_init(&p->conf);
	p->base = proc_base_new();
	p->parent = imsgchan_new(p->base, PROC_FILENO, role, PROC_PARENT,
	    parent_dispatch, parent_closed, p);
	self = p;
	log_set_origin(role);
	log_set_sink(role == PROC_SSHD ? NULL : event_sink);
	event_base_dispatch(p->base);
	fatalx("the event loop ended");
}

void
proc_exit(struct proc *p)
{
	log_set_sink(NULL);
	for (int i = 0; i < PROC_MAX; i++)
		if (p->link[i] != NULL)
			(void)imsgchan_flush_wait(p->link[i], EXIT_FLUSH_MS);
	(void)imsgchan_flush_wait(p->parent, EXIT_FLUSH_MS);
	exit(0);
}

static void
identity_read(struct proc *p, const struct imsg *m)
{
	struct rcur c;

	rcur_init(&c, m->data, m->len);
	rcur_copy(&c, p->id.b, sizeof(p->id.b));
	rcur_copy(&c, p->ed25519_pub, sizeof(p->ed25519_pub));
	rcur_copy(&c, p->x25519_pub, sizeof(p->x25519_pub));
	rcur_copy(&c, p->hostkey_pub, sizeof(p->hostkey_pub));
	p->mode = rcur_u8(&c);
	if (!rcur_done(&c))
		fatalx("malformed identity from the parent");
}

static void
link_set(struct proc *p, struct imsg *m)
{
	enum proc_role peer = m->data[0];
	bool again;

	if (peer <= PROC_PARENT || peer > PROC_SSHD || peer == p->role)
		fatalx("the parent wires us to %u", (unsigned int)peer);
	again = p->link[peer] != NULL;
	/* The end of the old one may not have been read yet. */
	if (again && p->running && p->ops->link_lost != NULL)
		p->ops->link_lost(p, peer);
	imsgchan_free(p->link[peer]);
	p->link[peer] = imsgchan_new(p->base, imsg_take_fd(m), p->role, peer,
	    link_dispatch, link_closed, p);
	imsgchan_set_phase(p->link[peer], IMSG_PHASE_RUN);
	if (!p->running)
		imsgchan_pause(p->link[peer], HOLD_LINK);
	else if (again && p->ops->link_new != NULL)
		p->ops->link_new(p, peer);
}

static void
go(struct proc *p)
{
	struct wbuf w;
	unsigned int files = 256;
	int dirfd = -1;

	if (p->ops->prepare != NULL)
		p->ops->prepare(p);
	if (p->ops->files != NULL)
		files = p->ops->files(&p->conf);
	if (p->ops->dirfd != NULL)
		dirfd = p->ops->dirfd(p);
	sandbox_limits(p->role, files, &p->sandbox);
	sandbox_landlock(p->role, dirfd, &p->sandbox);
	if (p->ops->threads != NULL)
		p->ops->threads(p);
	sandbox_seccomp(p->role, &p->sandbox);
	p->sandbox.own_uid = p->mode == MODE_SERVICE;

	wbuf_init(&w, 256);
	sandbox_report_write(&w, &p->sandbox);
	wbuf_str(&w, MICELIO_BUILD_ID);
	imsg_send_wbuf(p->parent, IMSG_READY, 0, 0, &w);
	wbuf_free(&w);
	imsgchan_set_phase(p->parent, IMSG_PHASE_RUN);
	p->running = true;
	for (int i = 0; i < PROC_MAX; i++)
		if (p->link[i] != NULL)
			imsgchan_resume(p->link[i], HOLD_LINK);
	p->ops->start(p);
	footprint_settle();
}

/*
 * Configuration: collected in next, taken over at once while setting up, in
 * two steps when running, so that all daemons change together or none does.
 */

static void
conf_commit(struct proc *p, uint32_t id)
{
	char why[512] = "";
	struct wbuf w;

	if (!p->running) {
		conf_free(&p->conf);
		p->conf = p->next;
		memset(&p->next, 0, sizeof(p->next));
		log_set_level(p->conf.logging_level);
		return;
	}
	if (p->ops->check == NULL ||
	    p->ops->check(p, &p->next, why, sizeof(why))) {
		imsg_send(p->parent, IMSG_CONF_OK, id, 0, NULL, 0);
		return;
	}
	wbuf_init(&w, 1024);
	wbuf_str(&w, why);
	imsg_send_wbuf(p->parent, IMSG_CONF_REFUSED, id, 0, &w);
	wbuf_free(&w);
}

static void
conf_apply(struct proc *p)
{
	struct conf old = p->conf;

	p->conf = p->next;
	memset(&p->next, 0, sizeof(p->next));
	log_set_level(p->conf.logging_level);
	if (p->level_timer != NULL)
		event_del(p->level_timer);
	if (p->ops->apply != NULL)
		p->ops->apply(p, &old);
	conf_free(&old);
}

static bool
conf_message(struct proc *p, struct imsg *m)
{
	struct rcur c;

	switch (m->type) {
	case IMSG_CONF_BEGIN:
		conf_free(&p->next);
		conf_init(&p->next);
		return true;
	case IMSG_CONF_RECORD:
		rcur_init(&c, m->data, m->len);
		if (!conf_record_read(&p->next, &c))
			fatalx("malformed setting from the parent");
		return true;
	case IMSG_CONF_COMMIT:
		conf_commit(p, m->id);
		return true;
	case IMSG_CONF_APPLY:
		conf_apply(p);
		return true;
	case IMSG_CONF_ABORT:
		conf_free(&p->next);
		memset(&p->next, 0, sizeof(p->next));
		return true;
	default:
		return false;
	}
}

static void
shutdown_read(struct proc *p, const struct imsg *m)
{
	char reason[256];
	struct rcur c;

	rcur_init(&c, m->data, m->len);
	rcur_cstr(&c, reason, sizeof(reason));
	if (p->ops->shutdown == NULL)
		proc_exit(p);
	p->ops->shutdown(p, c.bad ? "" : reason);
}

static void
parent_dispatch(struct imsgchan *chan, struct imsg *m, void *arg)
{
	struct proc *p = arg;

	if (conf_message(p, m))
		return;
	switch (m->type) {
	case IMSG_SETUP_IDENTITY:
		identity_read(p, m);
		break;
	case IMSG_SETUP_LINK:
		link_set(p, m);
		break;
	case IMSG_SETUP_DONE:
		go(p);
		break;
	case IMSG_PING:
		imsg_send(chan, IMSG_PONG, 0, m->cause, m->data, m->len);
		break;
	case IMSG_SHUTDOWN:
		shutdown_read(p, m);
		break;
	case IMSG_SETUP_LISTEN:
	case IMSG_SETUP_LOCK:
		if (p->ops->setup == NULL)
			fatalx("%s is not for us", imsg_type_name(m->type));
		p->ops->setup(p, m);
		break;
	default:
		link_dispatch(chan, m, p);
	}
}

/* Nobody is left to serve, and nobody would end us. */
static void
parent_closed(struct imsgchan *chan, enum imsgchan_end how, const char *why,
    void *arg)
{
	(void)chan;
	(void)arg;
	log_set_sink(NULL);
	if (how == IMSGCHAN_VIOLATION)
		log_event(EV_CHANNEL_VIOLATION, LF_STR("text", why));
	log_debug("parent: %s", why);
	_exit(EX_UNAVAILABLE);
}

static void
level_cb(evutil_socket_t fd, short what, void *arg)
{
	struct proc *p = arg;

	(void)fd;
	(void)what;
	log_set_level(p->conf.logging_level);
}

void
proc_log_level(struct proc *p, enum log_level level, uint32_t seconds)
{
	struct timeval tv = { (time_t)seconds, 0 };

	if (p->level_timer == NULL)
		p->level_timer = evtimer_new(p->base, level_cb, p);
	if (p->level_timer == NULL)
		fatalx("no memory for a timer");
	log_set_level(level);
	event_add(p->level_timer, &tv);
}

static void
log_level_read(struct proc *p, struct imsgchan *chan, struct imsg *m)
{
	struct rcur c;
	uint8_t level;
	uint32_t seconds;

	rcur_init(&c, m->data, m->len);
	level = rcur_u8(&c);
	seconds = rcur_u32(&c);
	if (level > LOG_LVL_ERROR)
		imsgchan_violation(chan, m, "no such level");
	else
		proc_log_level(p, (enum log_level)level, seconds);
}

static void
link_dispatch(struct imsgchan *chan, struct imsg *m, void *arg)
{
	struct proc *p = arg;
	enum proc_role peer = imsgchan_peer(chan);

	if (m->type == IMSG_LOG_LEVEL) {
		log_level_read(p, chan, m);
		return;
	}
	if (m->type == IMSG_TABLE_GET) {
		/* One that asks and does not read gets no more answers. */
		if (imsgchan_queued(chan) > PROC_ANSWERS_MAX)
			return;
		if (p->ops->table == NULL ||
		    !p->ops->table(p, (enum table)m->data[0], m->id))
			proc_table_end(p, m->id, false);
		return;
	}
	if (p->ops->dispatch[peer] == NULL)
		fatalx("%s from %s: nobody here handles it",
		    imsg_type_name(m->type), proc_role_title(peer));
	p->ops->dispatch[peer](p, m);
}

/*
 * sshd may end and come back.  Of the others the parent hears itself, and
 * decides; until then the link stays, silent.
 */
static void
link_closed(struct imsgchan *chan, enum imsgchan_end how, const char *why,
    void *arg)
{
	struct proc *p = arg;
	enum proc_role peer = imsgchan_peer(chan);

	if (how == IMSGCHAN_VIOLATION) {
		log_event(EV_CHANNEL_VIOLATION,
		    LF_STR("from", proc_role_title(peer)),
		    LF_STR("text", why));
		exit(EX_SOFTWARE);
	}
	log_debug("link to %s: %s", proc_role_title(peer), why);
	if (p->ops->link_lost != NULL)
		p->ops->link_lost(p, peer);
}

void
proc_table_row(struct proc *p, uint32_t id, const struct wbuf *w)
{
	imsg_send_wbuf(p->link[PROC_SSHD], IMSG_TABLE_ROW, id, 0, w);
}

void
proc_row_cb(const struct wbuf *w, void *arg)
{
	const struct proc_rows *r = arg;

	proc_table_row(r->proc, r->id, w);
}

void
proc_table_end(struct proc *p, uint32_t id, bool known)
{
	uint8_t status = known ? 0 : 1;

	imsg_send(p->link[PROC_SSHD], IMSG_TABLE_END, id, 0, &status, 1);
}
