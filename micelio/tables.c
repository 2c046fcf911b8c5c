/* SPDX-License-Identifier: MIT */
/* What the parent can tell people: itself, its children, the key service. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "addr.h"
#include "conf.h"
#include "config.h"
#include "cursor.h"
#include "identity.h"
#include "imsg.h"
#include "keymem.h"
#include "keyserv.h"
#include "micelio.h"
#include "mtime.h"
#include "proc.h"
#include "row.h"
#include "usage.h"

static void	table_status(struct parent *, struct imsgchan *, uint32_t);
static void	table_procs(struct parent *, struct imsgchan *, uint32_t);
static void	table_keyserv(struct parent *, struct imsgchan *, uint32_t);
static void	send_row(struct imsgchan *, uint32_t, struct wbuf *);

void
tables_answer(struct parent *p, struct imsg *m)
{
	struct imsgchan *hub = p->child[PROC_SSHD].chan;
	uint8_t status = 0;

	/* One that asks and does not read gets no more answers. */
	if (imsgchan_queued(hub) > PROC_ANSWERS_MAX)
		return;
	switch (m->data[0]) {
	case TABLE_STATUS:	table_status(p, hub, m->id); break;
	case TABLE_PROCS:	table_procs(p, hub, m->id); break;
	case TABLE_KEYSERV:	table_keyserv(p, hub, m->id); break;
	default:		status = 1;
	}
	imsg_send(hub, IMSG_TABLE_END, m->id, 0, &status, 1);
}

static void
send_row(struct imsgchan *hub, uint32_t id, struct wbuf *w)
{
	imsg_send_wbuf(hub, IMSG_TABLE_ROW, id, 0, w);
	wbuf_reset(w);
}

/* What the way of running, the kernel and the build leave out. */
static void
lacks(struct parent *p, char *out, size_t size)
{
	bool landlock = true, seccomp = p->sandbox.seccomp;
	size_t n = 0;

	for (int r = PROC_TRANSPORTD; r <= PROC_SSHD; r++)
		if (p->child[r].state == CHILD_RUNNING) {
			landlock = landlock &&
			    p->child[r].sandbox.landlock_abi > 0;
			seccomp = seccomp && p->child[r].sandbox.seccomp;
		}
	out[0] = '\0';
	if (p->privs.mode == MODE_PERSONAL)
		n += (size_t)snprintf(out + n, size - n, "a uid for each "
		    "daemon, ");
	if (!landlock)
		n += (size_t)snprintf(out + n, size - n, "landlock, ");
	if (!seccomp)
		n += (size_t)snprintf(out + n, size - n, "seccomp, ");
	if (strcmp(keymem_kind(), "memfd_secret") != 0)
		n += (size_t)snprintf(out + n, size - n, "memfd_secret, ");
	if (n >= 2)
		out[n - 2] = '\0';
}

/* The addresses of a kind, as they are bound, one space between two. */
static void
bound(const struct parent *p, enum listen_kind kind, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < p->listeners.n; i++) {
		const struct listener *l = &p->listeners.v[i];

		if (l->kind == kind && n + strlen(l->text) + 2 < size)
			n += (size_t)snprintf(out + n, size - n, "%s%s",
			    n > 0 ? " " : "", l->text);
	}
}

static void
table_status(struct parent *p, struct imsgchan *hub, uint32_t id)
{
	char text[CONF_LISTEN_MAX * (HOSTPORT_MAX + 1)];
	struct wbuf w;

	wbuf_init(&w, 8192);
	row_str(&w, "name", p->conf.node_name);
	row_str(&w, "id", p->identity.id_hex);
	row_str(&w, "version", MICELIO_VERSION);
	row_str(&w, "mode", p->privs.mode == MODE_SERVICE ? "service" :
	    "personal");
	lacks(p, text, sizeof(text));
	row_str(&w, "lacks", text);
	row_str(&w, "host_key", ssh_fingerprint(p->identity.hostkey_pub,
	    text));
	row_num(&w, "pid", ROW_U64, (uint64_t)getpid());
	row_num(&w, "uptime", ROW_MS, mono_ms() - p->started_ms);
	row_num(&w, "start_ms", ROW_MS, p->ready_ms - p->started_ms);
	row_str(&w, "data_dir", p->dir.path);
	bound(p, LISTEN_NETWORK, text, sizeof(text));
	row_str(&w, "network", text);
	if (access(p->source_path, F_OK) == 0)
		row_str(&w, "config_file", p->source_path);
	else
		row_null(&w, "config_file");
	row_num(&w, "config_since", ROW_TIME, p->conf_wall_ms);
	row_str(&w, "secret_memory", keymem_kind());
	row_num(&w, "ssh_sessions", ROW_U64, p->nsessions);
	row_num(&w, "ssh_sessions_started", ROW_U64, p->sessions_started);
	row_num(&w, "events_dropped", ROW_U64, p->events_dropped);
	usage_row(&w);
	send_row(hub, id, &w);
	wbuf_free(&w);
}

static void
row_sandbox(struct wbuf *w, const struct sandbox_report *s)
{
	row_num(w, "landlock_abi", ROW_U64, s->landlock_abi);
	row_bool(w, "seccomp", s->seccomp);
	row_bool(w, "no_new_privs", s->no_new_privs);
	row_bool(w, "no_caps", s->no_caps);
	row_bool(w, "no_dump", s->no_dump);
	row_bool(w, "own_uid", s->own_uid);
}

static void
table_procs(struct parent *p, struct imsgchan *hub, uint32_t id)
{
	static const char *const states[] = { "gone", "starting", "running",
	    "stopping" };
	const uint64_t now = mono_ms();
	struct ssh_session *s;
	struct wbuf w;

	wbuf_init(&w, 8192);
	row_str(&w, "name", "micelio");
	row_num(&w, "pid", ROW_U64, (uint64_t)getpid());
	row_str(&w, "state", "running");
	row_num(&w, "uptime", ROW_MS, now - p->started_ms);
	row_num(&w, "restarts", ROW_U64, 0);
	row_sandbox(&w, &p->sandbox);
	send_row(hub, id, &w);
	for (int r = PROC_TRANSPORTD; r <= PROC_SSHD; r++) {
		const struct child *c = &p->child[r];

		row_str(&w, "name", proc_role_title(r));
		row_num(&w, "pid", ROW_U64, (uint64_t)c->pid);
		row_str(&w, "state", c->unanswered > 1 ? "silent" :
		    states[c->state]);
		row_num(&w, "uptime", ROW_MS, c->state == CHILD_GONE ? 0 :
		    now - c->started_ms);
		row_num(&w, "restarts", ROW_U64, c->restarts);
		row_sandbox(&w, &c->sandbox);
		send_row(hub, id, &w);
	}
	LIST_FOREACH(s, &p->sessions, entry) {
		row_str(&w, "name", proc_role_title(PROC_SESSION));
		row_num(&w, "pid", ROW_U64, (uint64_t)s->pid);
		row_str(&w, "state", s->killed ? "stopping" : s->ready ?
		    "running" : "starting");
		row_num(&w, "uptime", ROW_MS, now - s->started_ms);
		row_num(&w, "restarts", ROW_U64, 0);
		row_sandbox(&w, &s->sandbox);
		send_row(hub, id, &w);
	}
	wbuf_free(&w);
}

static void
row_count(struct wbuf *w, const char *name, const char *from,
    const struct key_count *n, uint32_t rate, uint32_t burst)
{
	row_str(w, "use", name);
	row_str(w, "from", from);
	row_num(w, "ok", ROW_U64, n->ok);
	row_num(w, "refused", ROW_U64, n->refused);
	row_num(w, "slowed", ROW_U64, n->slowed);
	row_num(w, "rate", ROW_U64, rate);
	row_num(w, "burst", ROW_U64, burst);
}

static void
table_keyserv(struct parent *p, struct imsgchan *hub, uint32_t id)
{
	const struct key_count other = { 0, p->keyserv.refused, 0 };
	struct wbuf w;

	wbuf_init(&w, 8192);
	for (size_t i = 0; i < KEY_RULES; i++) {
		row_count(&w, key_rules[i].name,
		    proc_role_name(key_rules[i].from), &p->keyserv.count[i],
		    key_rules[i].rate, key_rules[i].burst);
		send_row(hub, id, &w);
	}
	row_count(&w, "ssh host key", proc_role_name(PROC_SESSION),
	    &p->keyserv.hostkey, 0, 3);
	send_row(hub, id, &w);
	/* A request nothing here asks for: worth a line when there was one. */
	if (other.refused > 0) {
		row_count(&w, "no such use", "any", &other, 0, 0);
		send_row(hub, id, &w);
	}
	wbuf_free(&w);
}
