/* SPDX-License-Identifier: MIT */
/*
 * micelio-transportd: bytes on the network.
 *
 * TCP connections in and out, Noise, frames, names, every limit and timeout
 * of a connection that nobody vouches for yet.  It gives gossipd whole frames
 * of sessions whose static key it has seen, and writes what gossipd gives it.
 *
 * It must never be able to open a file, and never holds a private key: the
 * one Diffie-Hellman of a handshake that wants the static key is done by the
 * parent (KEY_DH).  It reads no protobuf.
 *
 * Talks to: the parent (set-up, listening sockets, KEY_DH), gossipd (dials,
 * sessions, frames), sshd (events and counters only), the network.
 */
#include <string.h>
#include <stdio.h>
#include <unistd.h>

#include "common/libcrypto.h"
#include "common/log.h"
#include "common/proc.h"
#include "common/row.h"
#include "common/usage.h"
#include "transportd.h"

/* Listening sockets come before the configuration is complete. */
struct pending_listener {
	int	fd;
	char	addr[HOSTPORT_MAX + 1];
};

struct daemon {
	struct transport	*t;
	struct pending_listener	 pending[CONF_LISTEN_MAX];
	size_t			 pending_n;
};

static void	transportd_setup(struct proc *, struct imsg *);
static void	transportd_prepare(struct proc *);
static void	transportd_start(struct proc *);
static bool	transportd_check(struct proc *, const struct conf *, char *,
		    size_t);
static void	transportd_apply(struct proc *, const struct conf *);
static void	transportd_shutdown(struct proc *, const char *);
static bool	transportd_table(struct proc *, enum table, uint32_t);
static void	transportd_dispatch_parent(struct proc *, struct imsg *);
static void	transportd_dispatch_gossipd(struct proc *, struct imsg *);

static const struct proc_ops transportd_ops = {
	.setup = transportd_setup,
	.prepare = transportd_prepare,
	.start = transportd_start,
	.check = transportd_check,
	.apply = transportd_apply,
	.dispatch = {
		[PROC_PARENT] = transportd_dispatch_parent,
		[PROC_GOSSIPD] = transportd_dispatch_gossipd,
	},
	.shutdown = transportd_shutdown,
	.table = transportd_table,
	.files = transport_files,
};

int
main(int argc, char **argv)
{
	static struct daemon d;

	proc_main(PROC_TRANSPORTD, &transportd_ops, &d, argc, argv);
}

static void
transportd_setup(struct proc *p, struct imsg *m)
{
	struct daemon *d = p->priv;
	char addr[HOSTPORT_MAX + 1];
	struct rcur c;
	uint8_t kind;
	int fd = imsg_take_fd(m);

	rcur_init(&c, m->data, m->len);
	kind = rcur_u8(&c);
	rcur_cstr(&c, addr, sizeof(addr));
	if (m->type != IMSG_SETUP_LISTEN || !rcur_done(&c) || fd == -1 ||
	    kind != LISTEN_NETWORK)
		fatalx("unexpected %s from the parent",
		    imsg_type_name(m->type));
	if (d->t != NULL) {
		listener_add(d->t, fd, addr);
	} else if (d->pending_n < CONF_LISTEN_MAX) {
		d->pending[d->pending_n].fd = fd;
		memcpy(d->pending[d->pending_n].addr, addr, sizeof(addr));
		d->pending_n++;
	} else {
		close(fd);
	}
}

static void
link_drained_cb(struct imsgchan *chan, void *arg)
{
	struct proc *p = arg;
	struct daemon *d = p->priv;

	(void)chan;
	transport_link_drained(d->t);
}

/* Everything libcrypto reads or fetches, it reads and fetches here. */
static void
transportd_prepare(struct proc *p)
{
	struct daemon *d = p->priv;

	if (!libcrypto_init())
		fatalx("libcrypto does not start");
	d->t = transport_new(p->base, &p->conf, p->x25519_pub);
	d->t->parent = p->parent;
	d->t->gossipd = p->link[PROC_GOSSIPD];
	if (d->t->gossipd == NULL)
		fatalx("the parent gave no link to gossipd");
	imsgchan_set_drained(d->t->gossipd, LINK_LOW, link_drained_cb);
	for (size_t i = 0; i < d->pending_n; i++)
		listener_add(d->t, d->pending[i].fd, d->pending[i].addr);
	d->pending_n = 0;
}

static void
transportd_start(struct proc *p)
{
	struct daemon *d = p->priv;

	transport_start(d->t);
}

/* Descriptors cannot be raised any more once the sandbox is in force. */
static bool
transportd_check(struct proc *p, const struct conf *next, char *why,
    size_t size)
{
	struct daemon *d = p->priv;

	if (next->network_max_unfinished <= d->t->unfinished_room)
		return true;
	snprintf(why, size, "network.max_unfinished: %u: more than the %u it "
	    "was started with needs a restart", next->network_max_unfinished,
	    d->t->unfinished_room);
	return false;
}

static void
transportd_apply(struct proc *p, const struct conf *old)
{
	struct daemon *d = p->priv;

	(void)old;
	transport_apply(d->t);
}

static void
stopped_cb(struct transport *t, void *arg)
{
	(void)t;
	proc_exit(arg);
}

static void
transportd_shutdown(struct proc *p, const char *reason)
{
	struct daemon *d = p->priv;

	log_debug("stopping: %s", reason);
	transport_stop(d->t, stopped_cb, p);
}

static bool
transportd_table(struct proc *p, enum table table, uint32_t id)
{
	struct daemon *d = p->priv;
	struct proc_rows r = { p, id };
	struct wbuf w;

	if (table == TABLE_LINKS || table == TABLE_DROPS) {
		if (table == TABLE_LINKS)
			transport_link_rows(d->t, proc_row_cb, &r);
		else
			transport_drop_rows(d->t, proc_row_cb, &r);
		proc_table_end(p, id, true);
		return true;
	}
	if (table != TABLE_STATUS)
		return false;
	wbuf_init(&w, 8192);
	transport_status_row(d->t, &w);
	row_num(&w, "events_dropped", ROW_U64, p->events_dropped);
	usage_row(&w);
	proc_table_row(p, id, &w);
	proc_table_end(p, id, true);
	wbuf_free(&w);
	return true;
}

static void
transportd_dispatch_parent(struct proc *p, struct imsg *m)
{
	struct daemon *d = p->priv;

	transport_dispatch_parent(d->t, m);
}

static void
transportd_dispatch_gossipd(struct proc *p, struct imsg *m)
{
	struct daemon *d = p->priv;

	transport_dispatch_gossipd(d->t, m);
}
