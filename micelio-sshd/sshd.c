/* SPDX-License-Identifier: MIT */
/*
 * micelio-sshd, the operators' door: who may come in, the room they talk in,
 * the commands they give, and the same commands for micelioctl.
 *
 * It accepts SSH connections and hands them on unread; a session process per
 * connection parses SSH and is not believed.  It must never open a file,
 * make a connection, hold a key or parse a byte of SSH.
 *
 * Talks to: the parent (spawns sessions, hands over authorized_keys, reloads),
 * gossipd (chat), transportd and stated (tables, events), the sessions.
 */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "addr.h"
#include "announce.h"
#include "authkeys.h"
#include "budget.h"
#include "caller.h"
#include "cmdline.h"
#include "commands.h"
#include "commands_map.h"
#include "conn.h"
#include "contact.h"
#include "control.h"
#include "cursor.h"
#include "doc.h"
#include "gather.h"
#include "hub_keys.h"
#include "imsg.h"
#include "live.h"
#include "listener.h"
#include "log.h"
#include "mtime.h"
#include "notes.h"
#include "notice.h"
#include "people.h"
#include "persons.h"
#include "private.h"
#include "proc.h"
#include "recall.h"
#include "room.h"
#include "rooms.h"
#include "row.h"
#include "say.h"
#include "sshd.h"
#include "sshkey.h"
#include "text.h"

#define STOP_MS		800
#define FILES_BASE	256u
#define FILES_SESSIONS	1024u	/* the most ssh.max_sessions can be */

static void	room_show_cb(void *, const char *, size_t);
static bool	room_send_cb(void *, void *, const char *, const char *, size_t);
static void	room_unsent_cb(void *, void *);

static void	room_said_cb(void *, const struct room_item *);
static void	room_named_cb(void *, const char *, size_t);
static void	room_bell_cb(void *);
static void	room_moved_cb(void *);
static void	room_tag_cb(void *, const struct stranger *, char[LABEL_TAG]);

static const struct room_ops room_ops = { .show = room_show_cb,
	.send = room_send_cb, .unsent = room_unsent_cb,
	.said = room_said_cb,
	.show_named = room_named_cb, .bell = room_bell_cb,
	.moved = room_moved_cb, .tag = room_tag_cb };
static struct hub the_hub;	/* for the log's sink, which takes no arg */

/* Also refreshes what the room's clock shows: summer comes while we run. */
uint64_t
hub_now(struct hub *hub)
{
	uint64_t now = wall_ms();
	time_t t = (time_t)(now / 1000);
	struct tm tm;

	if (localtime_r(&t, &tm) != NULL)
		hub->room.utc_offset_s = (int32_t)tm.tm_gmtoff;
	return now;
}

static void
room_show_cb(void *arg, const char *s, size_t n)
{
	struct caller *caller = arg;

	caller->out(caller, caller->door == DOOR_SHELL ? OUT_ROOM :
	    OUT_STDOUT, s, n);
}

static void
room_named_cb(void *arg, const char *s, size_t n)
{
	struct caller *caller = arg;

	caller->out(caller, caller->door == DOOR_SHELL ? OUT_NAMED :
	    OUT_STDOUT, s, n);
}

static void
room_bell_cb(void *arg)
{
	struct caller *caller = arg;
	struct conn *c = arg;	/* who set a bell has one */

	if (caller->door == DOOR_SHELL && c->chan != NULL)
		imsg_send(c->chan, IMSG_SES_BELL, 0, 0, NULL, 0);
}

/* For those who come later; and whom one can answer. */
static void
room_said_cb(void *arg, const struct room_item *item)
{
	struct hub *hub = arg;

	recall_keep(hub, item);
	if (item->id != NULL)
		heard_note(&hub->heard, item->id, item->bare, item->tag,
		    item->key, item->now_ms);
}

static void
room_moved_cb(void *arg)
{
	announce_changed(arg);
}

static void
room_tag_cb(void *arg, const struct stranger *who, char out[LABEL_TAG])
{
	struct hub *hub = arg;

	label_tag(&hub->room, &hub->presence, who, out);
}

/* Elsewhere than in the partyline a caller has one command only. */
static struct run *
saying_run(struct caller *caller)
{
	return caller->door != DOOR_SHELL ? TAILQ_FIRST(&caller->runs) : NULL;
}

static bool
room_send_cb(void *arg, void *from, const char *nick, const char *text,
    size_t n)
{
	return say_send(arg, from, saying_run(from), nick, text, n);
}

static void
room_unsent_cb(void *arg, void *from)
{
	(void)arg;
	say_unsent(from, saying_run(from));
}

/* Asked anew at each change, so that greetings need not wait for it. */
void
hub_links_ask(struct hub *hub)
{
	uint8_t table = TABLE_STATUS;

	hub->links_request = ++hub->next_request;
	imsg_send(hub->proc->link[PROC_GOSSIPD], IMSG_TABLE_GET,
	    hub->links_request, 0, &table, 1);
}

static void
links_answer(struct hub *hub, const struct imsg *m)
{
	struct row_field f;

	if (row_find(m->data, m->len, "peers", &f) && f.type == ROW_U64)
		hub->links = f.num > 1024 ? 1024 : (int)f.num;
}

/*
 * Messages.
 */

static bool
dispatch_common(struct hub *hub, enum proc_role from, struct imsg *m)
{
	switch (m->type) {
	case IMSG_TABLE_ROW:
		if (from == PROC_PARENT && m->id == hub->dir_request)
			hub_keys_dir_answer(hub, m);
		else if (from == PROC_GOSSIPD && m->id == hub->links_request)
			links_answer(hub, m);
		else
			gather_row(hub, from, m);
		return true;
	case IMSG_TABLE_END:
		gather_end(hub, from, m);
		return true;
	case IMSG_EVENT:
		notice_event(hub, from, m);
		return true;
	default:
		return false;
	}
}

static void
unexpected(struct imsgchan *chan, struct imsg *m)
{
	imsgchan_violation(chan, m, "not for the hub");
}

static void
sshd_dispatch_parent(struct proc *p, struct imsg *m)
{
	struct hub *hub = p->priv;

	if (dispatch_common(hub, PROC_PARENT, m))
		return;
	switch (m->type) {
	case IMSG_SSH_SPAWNED:
		conn_spawned(hub, m);
		break;
	case IMSG_SSH_SPAWN_FAILED:
		conn_spawn_failed(hub, m);
		break;
	case IMSG_SSH_SID:
		conn_sid(hub, m);
		break;
	case IMSG_SSH_EXIT:
		conn_exited(hub, m);
		break;
	case IMSG_AUTHKEYS_BEGIN:
		hub_keys_begin(hub);
		break;
	case IMSG_AUTHKEYS_DATA:
		hub_keys_data(hub, m);
		break;
	case IMSG_AUTHKEYS_END:
		hub_keys_end(hub, m);
		break;
	case IMSG_AUTHKEYS_EDITED:
		cmd_key_done(hub, m);
		break;
	case IMSG_RELOAD_DONE:
		cmd_reload_done(hub, m);
		break;
	default:
		unexpected(p->parent, m);
	}
}

static void
sshd_dispatch_gossipd(struct proc *p, struct imsg *m)
{
	struct hub *hub = p->priv;

	if (dispatch_common(hub, PROC_GOSSIPD, m))
		return;
	if (m->type == IMSG_CHAT_IN)
		say_chat_in(hub, m);
	else if (m->type == IMSG_ROOM_IN)
		rooms_in(hub, m);
	else if (m->type == IMSG_PRIVATE_IN)
		private_in(hub, m);
	else if (m->type == IMSG_CHAT_RESULT) {
		if (!private_result(hub, m) && !rooms_result(hub, m))
			say_result(hub, m);
	}
	else if (m->type == IMSG_LINK_DONE)
		cmd_link_done(hub, m);
	else if (m->type == IMSG_UNLINK_DONE)
		cmd_unlink_done(hub, m);
	else if (m->type == IMSG_NODE_PONG)
		cmd_ping_done(hub, m);
	else if (m->type == IMSG_MESH_CHANGED)
		live_mesh_changed(hub);
	else
		unexpected(p->link[PROC_GOSSIPD], m);
}

static void
sshd_dispatch_transportd(struct proc *p, struct imsg *m)
{
	if (!dispatch_common(p->priv, PROC_TRANSPORTD, m))
		unexpected(p->link[PROC_TRANSPORTD], m);
}

static void
sshd_dispatch_stated(struct proc *p, struct imsg *m)
{
	if (dispatch_common(p->priv, PROC_STATED, m))
		return;
	if (m->type == IMSG_HISTORY_LINE)
		recall_line(p->priv, m);
	else if (m->type == IMSG_HISTORY_DONE)
		recall_done(p->priv, m);
	else if (m->type == IMSG_KEEP_ROW)
		persons_row(p->priv, m);
	else if (m->type == IMSG_KEEP_END)
		persons_end(p->priv, m);
	else if (m->type == IMSG_MAP_ROW)
		map_row(p->priv, m);
	else if (m->type == IMSG_MAP_DONE)
		map_done(p->priv, m);
	else
		unexpected(p->link[PROC_STATED], m);
}

/*
 * Life.
 */

static void
sshd_setup(struct proc *p, struct imsg *m)
{
	struct hub *hub = p->priv;
	char text[HOSTPORT_MAX + 1];
	struct rcur r;
	size_t n;
	const char *s;
	uint8_t kind;
	int fd;

	hub->proc = p;
	rcur_init(&r, m->data, m->len);
	kind = rcur_u8(&r);
	s = rcur_str(&r, 510, &n);
	fd = imsg_take_fd(m);
	if (!rcur_done(&r) || fd == -1)
		fatalx("malformed %s from the parent",
		    imsg_type_name(m->type));
	if (n > HOSTPORT_MAX)
		n = HOSTPORT_MAX;
	memcpy(text, s, n);
	text[n] = '\0';
	if (kind == LISTEN_SSH)
		listener_add(hub, fd, text);
	else if (kind == LISTEN_CONTROL)
		control_add(hub, fd);
	else
		fatalx("a listener of kind %u is not for us", kind);
}

/* What opens files does it now. */
static void
sshd_prepare(struct proc *p)
{
	struct hub *hub = p->priv;

	hub->proc = p;
	/* Named, glibc reads the zone once; unnamed, at every use. */
	if (setenv("TZ", ":/etc/localtime", 0) == -1)
		fatal("setenv");
	tzset();
	sshkey_init();
}

static void
own_event(const struct log_told *told)
{
	notice_own(&the_hub, told);
}

static void
sshd_start(struct proc *p)
{
	struct hub *hub = p->priv;

	log_set_sink(own_event);
	hub_keys_dir_ask(hub);
	hub_links_ask(hub);
	persons_ask(hub);
	listener_start(hub);
	control_start(hub);
}

static void
stop_cb(evutil_socket_t fd, short what, void *arg)
{
	struct hub *hub = arg;

	(void)fd;
	(void)what;
	proc_exit(hub->proc);
}

static void
sshd_shutdown(struct proc *p, const char *reason)
{
	struct timeval tv = { 0, STOP_MS * 1000 };
	struct hub *hub = p->priv;
	char text[400], safe[256];

	if (hub->stopping)
		return;
	hub->stopping = true;
	listener_stop(hub);
	text_safe(reason, strlen(reason), safe, sizeof(safe), true);
	(void)snprintf(text, sizeof(text), "this node is stopping: %s",
	    safe[0] == '\0' ? "no reason given" : safe);
	control_stop(hub, text);
	conn_bye_all(hub, text);
	hub->stop_timer = evtimer_new(p->base, stop_cb, hub);
	if (hub->stop_timer == NULL)
		proc_exit(p);
	event_add(hub->stop_timer, &tv);
	if (TAILQ_EMPTY(&hub->conns)) {	/* let the last words leave */
		tv.tv_usec = 20 * 1000;
		event_add(hub->stop_timer, &tv);
	}
}

void
hub_conn_ended(struct hub *hub)
{
	struct timeval tv = { 0, 1000 };

	if (hub->stopping && hub->stop_timer != NULL &&
	    TAILQ_EMPTY(&hub->conns))
		event_add(hub->stop_timer, &tv);
}

static unsigned int
sshd_files(const struct conf *conf)
{
	(void)conf;		/* ssh.max_sessions may grow by a reload */
	return FILES_BASE + FILES_SESSIONS;
}

/* What loglevel had set is over everywhere. */
static void
sshd_apply(struct proc *p, const struct conf *old)
{
	struct hub *hub = p->priv;

	(void)old;
	memset(hub->level, 0, sizeof(hub->level));
}

static const struct proc_ops ops = {
	.apply = sshd_apply,
	.setup = sshd_setup,
	.prepare = sshd_prepare,
	.start = sshd_start,
	.dispatch = {
		[PROC_PARENT] = sshd_dispatch_parent,
		[PROC_TRANSPORTD] = sshd_dispatch_transportd,
		[PROC_GOSSIPD] = sshd_dispatch_gossipd,
		[PROC_STATED] = sshd_dispatch_stated,
	},
	.shutdown = sshd_shutdown,
	.files = sshd_files,
};

static void
hub_init(struct hub *hub)
{
	TAILQ_INIT(&hub->conns);
	TAILQ_INIT(&hub->listens);
	TAILQ_INIT(&hub->gathers);
	TAILQ_INIT(&hub->runs);
	TAILQ_INIT(&hub->says);
	TAILQ_INIT(&hub->recalls);
	logring_init(&hub->log);
	people_init(&hub->people);
	bans_init(&hub->bans);
	heard_init(&hub->heard);
	notes_init(&hub->kept_notes);
	presence_init(&hub->presence);
	TAILQ_INIT(&hub->privates);
	TAILQ_INIT(&hub->siderooms);
	budget_init(&hub->budget);
	room_init(&hub->room, &room_ops, hub);
	wbuf_init(&hub->keys_in, AUTHKEYS_FILE_MAX);
	hub->started_ms = mono_ms();
	hub->started_wall_ms = wall_ms();
	hub->links = -1;
}

int
main(int argc, char **argv)
{
	hub_init(&the_hub);
	proc_main(PROC_SSHD, &ops, &the_hub, argc, argv);
}
