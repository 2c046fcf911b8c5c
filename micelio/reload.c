/* SPDX-License-Identifier: MIT */
/*
 * A changed configuration, all or nothing: read it (in the config child), let
 * every daemon check it, and only then let all of them apply it.  Settings
 * that need a restart keep their old value, and are named.
 */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "conf.h"
#include "config_load.h"
#include "cursor.h"
#include "imsg.h"
#include "log.h"
#include "micelio.h"
#include "mtime.h"
#include "notify.h"
#include "text.h"

#define ANSWER_MS	5000	/* for the daemons to check */
#define PROBLEMS_TEXT_MAX 16000u

static void	next_effective(struct reload *, const struct conf *,
    const struct conf *);
static void	reload_finish(struct parent *, int, const char *);
static void	reload_settle(struct parent *);
static void	deadline_cb(evutil_socket_t, short, void *);
static void	refused(struct parent *, const struct config_problems *);
static void	wait_children(struct parent *);

void
reload_start(struct parent *p, uint32_t asker, bool has_asker)
{
	struct reload *r = &p->reload;
	struct config_problems bad;
	struct conf read;

	if (has_asker && r->naskers < RELOAD_ASKERS_MAX)
		r->asker[r->naskers++] = asker;
	if (p->stop_ms != 0) {
		reload_finish(p, EX_TEMPFAIL, "the node stops");
		return;
	}
	/* One that comes too early is done when its time has come. */
	if (r->busy || p->ready_ms == 0) {
		r->again = true;
		return;
	}
	notify_send(&p->notify, "RELOADING=1\nMONOTONIC_USEC=%llu\n",
	    (unsigned long long)mono_us());
	authkeys_send(p);
	if (config_load(p->source, &read, &bad) != 0)
		refused(p, &bad);
	else {
		config_changes(&p->conf, &read, r->changed,
		    sizeof(r->changed), r->restart, sizeof(r->restart));
		next_effective(r, &p->conf, &read);
		wait_children(p);
	}
	config_problems_free(&bad);
	conf_free(&read);
}

static void
put_record(const struct wbuf *w, void *arg)
{
	struct rcur c;

	rcur_init(&c, w->p, w->len);
	if (!conf_record_read(arg, &c))
		fatalx("a setting in force cannot be read back");
}

/* What is read, but for the settings that wait for a restart. */
static void
next_effective(struct reload *r, const struct conf *old,
    const struct conf *read)
{
	conf_copy(&r->next, read);
	r->next.lists_begun = 0;
	for (const struct conf_setting *s = conf_settings; s->key != 0; s++)
		if (s->name != NULL && !s->reloadable)
			conf_write_setting(old, s, put_record, &r->next);
}

static void
wait_children(struct parent *p)
{
	const struct timeval tv = { ANSWER_MS / 1000, 0 };
	struct reload *r = &p->reload;

	r->busy = true;
	r->number++;
	r->refused[0] = '\0';
	r->refused_status = EX_CONFIG;
	for (int i = PROC_TRANSPORTD; i <= PROC_SSHD; i++) {
		struct child *c = child_running(p, i);

		if (c == NULL)
			continue;
		child_send_config(c->chan, &r->next, r->number);
		c->conf = r->number;
		c->reload_wait = true;
	}
	if (r->ev_deadline == NULL)
		r->ev_deadline = event_new(p->base, -1, 0, deadline_cb, p);
	if (r->ev_deadline == NULL || event_add(r->ev_deadline, &tv) == -1)
		fatalx("no timer");
	reload_settle(p);
}

void
reload_answer(struct child *c, struct imsg *m)
{
	struct reload *r = &c->parent->reload;
	char why[512], shown[600];
	struct rcur cur;

	if (m->id > r->number) {
		imsgchan_violation(c->chan, m, "nobody asked");
		return;
	}
	/* An answer too late, to a reload that has been given up. */
	if (m->id != r->number || !r->busy || !c->reload_wait)
		return;
	c->reload_wait = false;
	if (m->type == IMSG_CONF_REFUSED && r->refused[0] == '\0') {
		rcur_init(&cur, m->data, m->len);
		rcur_cstr(&cur, why, sizeof(why));
		text_safe(why, strlen(why), shown, sizeof(shown), true);
		snprintf(r->refused, sizeof(r->refused), "%s: %.600s",
		    proc_role_name(c->role), shown);
	}
	reload_settle(c->parent);
}

void
reload_child_gone(struct child *c)
{
	if (!c->reload_wait)
		return;
	c->reload_wait = false;
	reload_settle(c->parent);
}

void
reload_catch_up(struct child *c)
{
	struct parent *p = c->parent;

	if (c->conf == p->reload.applied || c->reload_wait)
		return;
	c->conf = p->reload.applied;
	child_send_config(c->chan, &p->conf, 0);
	imsg_send(c->chan, IMSG_CONF_APPLY, 0, 0, NULL, 0);
}

static void
deadline_cb(evutil_socket_t fd, short what, void *arg)
{
	struct parent *p = arg;

	(void)fd;
	(void)what;
	for (int i = PROC_TRANSPORTD; i <= PROC_SSHD; i++) {
		struct child *c = &p->child[i];

		if (!c->reload_wait)
			continue;
		c->reload_wait = false;
		snprintf(p->reload.refused, sizeof(p->reload.refused),
		    "%s: no answer within %d s", proc_role_name(c->role),
		    ANSWER_MS / 1000);
		p->reload.refused_status = EX_TEMPFAIL;
	}
	reload_settle(p);
}

void
reload_pending(struct parent *p)
{
	if (!p->reload.again)
		return;
	p->reload.again = false;
	reload_start(p, 0, false);
}

/* When all have answered: apply everywhere, or nowhere. */
static void
reload_settle(struct parent *p)
{
	struct reload *r = &p->reload;
	char text[sizeof(r->changed) + sizeof(r->restart) + 128];
	const bool good = r->refused[0] == '\0';
	struct child *c;

	if (!r->busy)
		return;
	for (int i = PROC_TRANSPORTD; i <= PROC_SSHD; i++)
		if (p->child[i].reload_wait)
			return;
	r->busy = false;
	event_del(r->ev_deadline);
	/* Not one that was started meanwhile: it has not got it. */
	for (int i = PROC_TRANSPORTD; i <= PROC_SSHD; i++)
		if ((c = child_running(p, i)) != NULL &&
		    c->conf == r->number) {
			imsg_send(c->chan, good ? IMSG_CONF_APPLY :
			    IMSG_CONF_ABORT, 0, 0, NULL, 0);
			c->conf = good ? r->number : r->applied;
		}
	if (!good) {
		conf_free(&r->next);
		log_event(EV_CONFIG_REFUSED, LF_STR("errors", r->refused));
		snprintf(text, sizeof(text), "%.1000s; nothing changed",
		    r->refused);
		reload_finish(p, r->refused_status, text);
		return;
	}
	conf_free(&p->conf);
	p->conf = r->next;
	memset(&r->next, 0, sizeof(r->next));
	r->applied = r->number;
	p->conf_wall_ms = wall_ms();
	log_set_level(p->conf.logging_level);
	if (p->ev_level != NULL)
		event_del(p->ev_level);
	start_raise_files(&p->conf);
	for (int i = PROC_TRANSPORTD; i <= PROC_SSHD; i++)
		if ((c = child_running(p, i)) != NULL)
			reload_catch_up(c);
	log_event(EV_CONFIG_RELOADED, LF_STR("changed", r->changed[0] != '\0' ?
	    r->changed : "nothing"), LF_STR("restart", r->restart[0] != '\0' ?
	    r->restart : NULL));
	snprintf(text, sizeof(text), "reloaded; %s%s%s%s",
	    r->changed[0] != '\0' ? "changed: " : "nothing changed",
	    r->changed, r->restart[0] != '\0' ? "\nneeds a restart: " : "",
	    r->restart);
	reload_finish(p, EX_OK, text);
}

/* Every line the config child found, and one that sums them up. */
static void
problems_text(const struct parent *p, const struct config_problems *bad,
    const char *tail, char text[PROBLEMS_TEXT_MAX])
{
	char last[512];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < bad->n; i++) {
		if (n + strlen(bad->line[i]) + sizeof(last) >=
		    PROBLEMS_TEXT_MAX)
			break;
		n += (size_t)snprintf(text + n, PROBLEMS_TEXT_MAX - n,
		    "%s\n", bad->line[i]);
	}
	config_summary(last, sizeof(last), p->source, bad, tail);
	snprintf(text + n, PROBLEMS_TEXT_MAX - n, "%s", last);
}

/* For whoever asked, and for the log. */
static void
refused(struct parent *p, const struct config_problems *bad)
{
	char text[PROBLEMS_TEXT_MAX], time[TIME_TEXT_MAX], tail[128];

	for (size_t i = 0; i < bad->n; i++)
		log_event(EV_CONFIG_REFUSED, LF_STR("errors", bad->line[i]));
	time_text(p->conf_wall_ms, time);
	snprintf(tail, sizeof(tail), "nothing changed; pid %ld keeps its "
	    "configuration of %s", (long)getpid(), time);
	problems_text(p, bad, tail, text);
	reload_finish(p, EX_CONFIG, text);
}

static void
done_send(struct parent *p, uint32_t asker, int status, const char *text)
{
	struct child *hub = child_running(p, PROC_SSHD);
	struct wbuf w;

	if (hub == NULL)
		return;
	wbuf_init(&w, RELOAD_TEXT_MAX + 16);
	wbuf_u8(&w, (uint8_t)status);
	wbuf_blob(&w, text, strnlen(text, RELOAD_TEXT_MAX));
	imsg_send_wbuf(hub->chan, IMSG_RELOAD_DONE, asker, 0, &w);
	wbuf_free(&w);
}

static void
reload_finish(struct parent *p, int status, const char *text)
{
	struct reload *r = &p->reload;

	for (size_t i = 0; i < r->naskers; i++)
		done_send(p, r->asker[i], status, text);
	r->naskers = 0;
	if (p->stop_ms == 0 && p->ready_ms != 0)
		notify_send(&p->notify, "READY=1\n");
	reload_pending(p);
}

/* The file as it is on the disk, as -n judges it; nothing changes. */
static void
check(struct parent *p, uint32_t asker)
{
	char text[PROBLEMS_TEXT_MAX], changed[1024], restart[1024];
	struct config_problems bad;
	struct conf read;

	if (config_load(p->source, &read, &bad) != 0) {
		problems_text(p, &bad, NULL, text);
		done_send(p, asker, EX_CONFIG, text);
	} else {
		config_changes(&p->conf, &read, changed, sizeof(changed),
		    restart, sizeof(restart));
		snprintf(text, sizeof(text), "configuration ok; a reload "
		    "would change: %s%s%s", changed[0] != '\0' ? changed :
		    "nothing", restart[0] != '\0' ?
		    "\nneeds a restart: " : "", restart);
		done_send(p, asker, EX_OK, text);
	}
	config_problems_free(&bad);
	conf_free(&read);
}

static void
print(struct parent *p, uint32_t asker)
{
	size_t size = 0;
	char *text = NULL;
	FILE *f = open_memstream(&text, &size);

	if (f == NULL || config_print(f, &p->conf) != 0 || fclose(f) != 0)
		fatalx("no memory to print the configuration");
	done_send(p, asker, EX_OK, text);
	free(text);
}

void
reload_asked(struct child *c, struct imsg *m)
{
	switch (m->data[0]) {
	case RELOAD_APPLY:
		reload_start(c->parent, m->id, true);
		break;
	case RELOAD_CHECK:
		check(c->parent, m->id);
		break;
	case RELOAD_PRINT:
		print(c->parent, m->id);
		break;
	default:
		imsgchan_violation(c->chan, m, "no such question");
	}
}
