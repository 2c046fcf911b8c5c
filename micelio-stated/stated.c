/* SPDX-License-Identifier: MIT */
/*
 * micelio-stated: what the node remembers.
 *
 * Keeps a Berkeley DB environment in its working directory: the remembered
 * peers, the replicated map, what was said and what people set.  Talks to
 * gossipd (peers to remember, peers remembered), to sshd (the map, lines,
 * settings, tables, events) and to the parent, which
 * signs what this node writes.  The database lives on a thread of its own
 * (worker.c), signatures are checked on others (pool.c); this loop never
 * waits for a disk.
 *
 * It must never be able to touch the network, a key, or a file outside of
 * its directory.  It holds the lock of the data directory as long as it
 * lives, so that no other opens the database beside it.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "footprint.h"
#include "mtime.h"
#include "mapd.h"
#include "row.h"
#include "stated.h"
#include "usage.h"

#define FILES_MAX	64u	/* descriptors: tables, logs, channels */
#define STOP_MS		1200	/* the parent kills us soon after */

struct stated {
	struct proc	*proc;
	struct store	*store;
	struct worker	*worker;
	struct event	*wake, *stop;
	struct peers	*peers;
	struct mapd	*map;
	struct lines	*lines;
	int		 lock_fd, dir_fd;
	char		 why[STORE_WHY_MAX + WORKER_NAME_MAX + 2];
	const char	*state;		/* of the store, as last looked at */
	uint64_t	 state_since;	/* unix ms */
};

static void
setup(struct proc *p, struct imsg *m)
{
	struct stated *st = p->priv;

	if (m->type != IMSG_SETUP_LOCK)
		fatalx("%s is not for us", imsg_type_name(m->type));
	st->lock_fd = imsg_take_fd(m);
}

static void progress_send(struct proc *, uint64_t);

static void
opened(struct stated *st, const struct worker_notice *n)
{
	struct worker_stat ws;

	st->why[0] = '\0';
	worker_get_stat(st->worker, &ws);
	log_event(EV_STORE_OPEN, LF_NUM("ms", n->num),
	    LF_NUM("bytes", ws.bytes),
	    LF_STR("recovered", n->recovered ? "yes" : "no"));
	progress_send(st->proc, 100);
	if (n->first) {
		peers_load(st->peers);
		lines_load(st->lines);
	}
	mapd_load(st->map);
	footprint_settle();
}

/* A disk stays full for long, and every retry says so: once a minute. */
static void
troubled(struct stated *st, const struct worker_notice *n)
{
	uint32_t more = 0;

	snprintf(st->why, sizeof(st->why), "%s: %s", n->text, n->why);
	if (log_allowed(0, EV_STORE_FAILED, mono_ms(), &more))
		log_event(EV_STORE_FAILED, LF_STR("what", n->text),
		    LF_STR("text", n->why), LF_NUM("more", more));
	if (strcmp(n->text, "open") == 0)
		peers_tell(st->peers);
}

static void
set_aside(struct stated *st, const struct worker_notice *n)
{
	char place[WORKER_NAME_MAX + sizeof(STATED_DIR_NAME) + 1];

	snprintf(place, sizeof(place), "%s/%s", STATED_DIR_NAME, n->text);
	log_event(EV_STORE_DAMAGED, LF_STR("set_aside", place),
	    LF_STR("instead", n->restored ? "backup" : "nothing"),
	    LF_STR("text", n->why));
	peers_lost(st->peers);
	mapd_lost(st->map);
}

static void
state_look(struct stated *st, struct worker_stat *ws)
{
	const char *is;

	worker_get_stat(st->worker, ws);
	is = worker_state_text(ws);
	if (st->state == NULL || strcmp(st->state, is) != 0)
		st->state_since = wall_ms();
	st->state = is;
}

static void
notice_cb(const struct worker_notice *n, void *arg)
{
	struct stated *st = arg;
	struct worker_stat ws;

	state_look(st, &ws);
	switch (n->event) {
	case WORKER_EV_PROGRESS:
		progress_send(st->proc, n->num);
		break;
	case WORKER_EV_OPEN:
		opened(st, n);
		break;
	case WORKER_EV_SET_ASIDE:
		set_aside(st, n);
		break;
	case WORKER_EV_TROUBLE:
		troubled(st, n);
		break;
	case WORKER_EV_WELL:
		st->why[0] = '\0';
		log_event(EV_STORE_WELL);
		break;
	case WORKER_EV_NEWER:
		fatalx("%s/%s was written by a newer micelio: %s; install "
		    "that version again, or restore a backup of before",
		    STATED_DIR_NAME, STATED_DB_DIR, n->why);
	case WORKER_EV_STOPPED:
		proc_exit(st->proc);
	case WORKER_EV_MAX:
		break;
	}
}

static void
progress_send(struct proc *p, uint64_t percent)
{
	struct wbuf w;

	wbuf_init(&w, 128);
	wbuf_str(&w, "database recovery");
	wbuf_u8(&w, (uint8_t)percent);
	imsg_send_wbuf(p->parent, IMSG_PROGRESS, 0, 0, &w);
	wbuf_free(&w);
}

static void
wake_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	worker_dispatch(((struct stated *)arg)->worker);
}

static void
stop_cb(evutil_socket_t fd, short what, void *arg)
{
	struct stated *st = arg;

	(void)fd;
	(void)what;
	/* Nothing acknowledged is lost: the next start recovers it. */
	log_debug("the database did not close in %d ms", STOP_MS);
	proc_exit(st->proc);
}

static void
prepare(struct proc *p)
{
	static const struct store_config small =
	    STORE_CONFIG_SMALL(STATED_DB_DIR);
	struct stated *st = p->priv;
	struct worker_config wc = { .checkpoint_ms = WORKER_CHECKPOINT_MS,
	    .retry_ms = WORKER_RETRY_MS, .notice = notice_cb, .arg = st,
	    .backup = MAP_BACKUP_DIR };

	if (st->lock_fd == -1)
		fatalx("the parent gave no lock of the data directory");
	st->proc = p;
	umask(077);
	st->dir_fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (st->dir_fd == -1)
		fatal("%s", STATED_DIR_NAME);
	if (flock(st->dir_fd, LOCK_EX | LOCK_NB) == -1)
		fatal("%s is in use by another process", STATED_DIR_NAME);
	if ((st->store = store_bdb_new(&small)) == NULL ||
	    (st->worker = worker_new(st->store, &wc)) == NULL)
		fatal("database");
	st->peers = peers_new(p, st->worker);
	st->map = mapd_new(p, st->worker);
	st->lines = lines_new(p, st->worker);
	st->wake = event_new(p->base, worker_fd(st->worker),
	    EV_READ | EV_PERSIST, wake_cb, st);
	st->stop = evtimer_new(p->base, stop_cb, st);
	if (st->wake == NULL || st->stop == NULL ||
	    event_add(st->wake, NULL) == -1)
		fatalx("no event for the database");
}

static void
threads(struct proc *p)
{
	struct stated *st = p->priv;

	if (!worker_start(st->worker))
		fatal("cannot start the thread of the database");
	mapd_threads(st->map);
}

static void
start(struct proc *p)
{
	struct stated *st = p->priv;

	mapnet_profile(st->map);
	worker_open(st->worker);
}

static void
apply(struct proc *p, const struct conf *old)
{
	struct stated *st = p->priv;

	(void)old;
	mapd_configured(st->map);
}

static void
dispatch_gossipd(struct proc *p, struct imsg *m)
{
	struct stated *st = p->priv;

	switch (m->type) {
	case IMSG_PEER_PUT:
		peers_put(st->peers, m);
		break;
	case IMSG_PEER_DEL:
		peers_del(st->peers, m);
		break;
	default:
		if (!mapnet_dispatch(st->map, m))
			fatalx("%s from gossipd: nobody here handles it",
			    imsg_type_name(m->type));
	}
}

static void
dispatch_sshd(struct proc *p, struct imsg *m)
{
	struct stated *st = p->priv;

	switch (m->type) {
	case IMSG_MAP_ASK:
		mapask(st->map, m);
		break;
	case IMSG_HISTORY_PUT:
		lines_put(st->lines, m);
		break;
	case IMSG_HISTORY_ASK:
		lines_ask(st->lines, m);
		break;
	case IMSG_KEEP_PUT:
		keep_put(p, st->worker, m);
		break;
	case IMSG_KEEP_ASK:
		keep_ask(p, st->worker, m);
		break;
	default:
		fatalx("%s from sshd: nobody here handles it",
		    imsg_type_name(m->type));
	}
}

static void
dispatch_parent(struct proc *p, struct imsg *m)
{
	struct stated *st = p->priv;

	if (m->type != IMSG_KEY_ENTRIES_SIGNED)
		fatalx("the parent sent %s", imsg_type_name(m->type));
	mapsign_signed(st->map, m);
}

/* Whoever watched is gone with the hub. */
static void
link_lost(struct proc *p, enum proc_role role)
{
	struct stated *st = p->priv;

	if (role == PROC_SSHD && st->map != NULL)
		mapask_forget(st->map);
}

static void
finished(void *arg)
{
	struct stated *st = arg;

	worker_stop(st->worker);
}

static void
lines_finished(void *arg)
{
	struct stated *st = arg;

	mapd_finish(st->map, finished, st);
}

static void
peers_finished(void *arg)
{
	struct stated *st = arg;

	lines_finish(st->lines, lines_finished, st);
}

static void
shutdown_cb(struct proc *p, const char *reason)
{
	static const struct timeval limit = { STOP_MS / 1000,
	    STOP_MS % 1000 * 1000 };
	struct stated *st = p->priv;

	log_debug("shutdown: %s", reason);
	if (st->worker == NULL || !p->running)
		proc_exit(p);
	evtimer_add(st->stop, &limit);
	peers_finish(st->peers, peers_finished, st);
}

static bool
table(struct proc *p, enum table t, uint32_t id)
{
	struct stated *st = p->priv;
	struct proc_rows r = { p, id };
	struct worker_stat ws;
	struct wbuf w;

	if (t == TABLE_NODES || t == TABLE_DROPS) {
		if (t == TABLE_NODES)
			peers_node_rows(st->peers, proc_row_cb, &r);
		else
			peers_drop_rows(st->peers, proc_row_cb, &r);
		proc_table_end(p, id, true);
		return true;
	}
	if (t != TABLE_STATUS)
		return false;
	state_look(st, &ws);
	wbuf_init(&w, 4096);
	row_str(&w, "state", st->state);
	row_num(&w, "state_since", ROW_TIME, st->state_since);
	if (st->why[0] != '\0')
		row_str(&w, "trouble", st->why);
	if (ws.damaged)
		row_str(&w, "set_aside", ws.set_aside);
	peers_row(st->peers, &w);
	mapd_row(st->map, &w);
	lines_row(st->lines, &w);
	row_num(&w, "bytes", ROW_BYTES, ws.bytes);
	if (ws.last_checkpoint != 0)
		row_num(&w, "last_checkpoint", ROW_TIME, ws.last_checkpoint);
	else
		row_none(&w, "last_checkpoint", ROW_TIME);
	row_num(&w, "checkpoints", ROW_U64, ws.checkpoints);
	row_num(&w, "commits", ROW_U64, ws.commits);
	row_num(&w, "failures", ROW_U64, ws.failures);
	row_num(&w, "queued", ROW_U64, ws.queued);
	row_num(&w, "events_dropped", ROW_U64, p->events_dropped);
	usage_row(&w);
	proc_table_row(p, id, &w);
	wbuf_free(&w);
	proc_table_end(p, id, true);
	return true;
}

static unsigned int
files(const struct conf *conf)
{
	(void)conf;
	return FILES_MAX;
}

static int
dirfd_cb(struct proc *p)
{
	return ((struct stated *)p->priv)->dir_fd;
}

static const struct proc_ops stated_ops = {
	.setup = setup,
	.prepare = prepare,
	.threads = threads,
	.start = start,
	.apply = apply,
	.dispatch[PROC_GOSSIPD] = dispatch_gossipd,
	.dispatch[PROC_PARENT] = dispatch_parent,
	.dispatch[PROC_SSHD] = dispatch_sshd,
	.link_lost = link_lost,
	.shutdown = shutdown_cb,
	.table = table,
	.files = files,
	.dirfd = dirfd_cb,
};

int
main(int argc, char **argv)
{
	static struct stated st = { .lock_fd = -1, .dir_fd = -1 };

	/* A limit on file sizes is a full disk, not the end. */
	(void)signal(SIGXFSZ, SIG_IGN);
	/* One heap for two threads that hardly ever allocate at once. */
	(void)mallopt(M_ARENA_MAX, 1);
	proc_main(PROC_STATED, &stated_ops, &st, argc, argv);
}
