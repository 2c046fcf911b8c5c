/* SPDX-License-Identifier: MIT */
/*
 * How the node is, out of what its daemons answered: first whether all is
 * well, or what is not and what helps.
 */
#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "conf.h"
#include "config.h"
#include "cursor.h"
#include "doc.h"
#include "imsg.h"
#include "mtime.h"
#include "nodeid.h"
#include "row.h"
#include "status.h"

struct health {
	unsigned int	up;		/* peers connected */
	char		silent[128];	/* daemons that did not answer */
	char		down_addr[128];	/* a configured peer, and why */
	char		down_cause[64];
	uint64_t	down_next_ms;	/* until it is tried again; 0: now */
	const char	*store, *store_hint;	/* stated's trouble, or NULL */
	uint64_t	since_ms;	/* unix: it is so; 0: not known */
	const char	*clock;		/* how it is off, or NULL */
	char		summary[512];
	char		hint[256];
	bool		healthy;
};

static const struct {
	enum proc_role	 role;
	const char	*name;
	enum table	 table;		/* its answer shows that it lives */
} daemons[] = {
	{ PROC_PARENT, "micelio", TABLE_PROCS },
	{ PROC_TRANSPORTD, "transportd", TABLE_STATUS },
	{ PROC_GOSSIPD, "gossipd", TABLE_STATUS },
	{ PROC_STATED, "stated", TABLE_STATUS },
	{ PROC_SSHD, "sshd", 0 },
};
#define NDAEMONS	(sizeof(daemons) / sizeof(daemons[0]))

static bool
answered(const struct answer *a, size_t n, size_t daemon)
{
	const struct answer *one = answer_of(a, n, daemons[daemon].role,
	    daemons[daemon].table);

	return daemons[daemon].role == PROC_SSHD ||
	    (one != NULL && one->state == ANSWER_COMPLETE);
}

static bool
row_says(const void *row, size_t len, const char *name, const char *value)
{
	struct row_field f;

	return row_find(row, len, name, &f) && field_is(&f, value);
}

static void
field_copy(const void *row, size_t len, const char *name, char *out,
    size_t size)
{
	struct row_field f;

	out[0] = '\0';
	if (row_find(row, len, name, &f) && f.type == ROW_STR)
		(void)snprintf(out, size, "%.*s", (int)f.str_len, f.str);
}

static void
peers_count(const struct answer *peers, struct health *h)
{
	struct row_field f;
	const void *row;
	size_t len;

	if (peers == NULL)
		return;
	for (size_t i = 0; i < peers->n; i++) {
		if ((row = answer_row(peers, i, &len)) == NULL)
			return;
		if (row_says(row, len, "state", "up")) {
			h->up++;
			continue;
		}
		if (h->down_addr[0] != '\0')
			continue;
		field_copy(row, len, "addr", h->down_addr,
		    sizeof(h->down_addr));
		field_copy(row, len, "cause", h->down_cause,
		    sizeof(h->down_cause));
		if (row_find(row, len, "next", &f) && f.type == ROW_MS)
			h->down_next_ms = f.num;
	}
}

static void
silent_find(const struct answer *a, size_t n, struct health *h)
{
	size_t used = 0;

	for (size_t i = 0; i < NDAEMONS; i++)
		if (!answered(a, n, i) && used < sizeof(h->silent))
			used += (size_t)snprintf(h->silent + used,
			    sizeof(h->silent) - used, "%s%s",
			    used > 0 ? ", " : "", daemons[i].name);
}

/* What stated says of its store; anything but these is well. */
static const struct {
	const char	*state, *summary, *hint;
} store_troubles[] = {
	{ "full", "the store is full: new peers are not kept",
	    "make room on the disk of the data directory (or raise its "
	    "quota); then it goes on by itself" },
	{ "failing", "the store cannot be written: new peers are not kept",
	    "see the errors of stated in the log: a disk that fails, or "
	    "permissions of state/ in the data directory" },
	{ "damaged", "the store was damaged and began anew: peers learned "
	    "before are lost",
	    "the old files are kept beside state/ as state.damaged-*; look "
	    "at the disk, then restart the node" },
	{ "newer", "the store was written by a newer micelio: it is not "
	    "touched", "install that version again, or move state/ of the "
	    "data directory away" },
	{ "closed", "the store is closed: new peers are not kept",
	    "see the errors of stated in the log" },
};

static void
store_find(const struct answer *a, size_t n, struct health *h)
{
	struct row_field f;

	if (!answer_status(a, n, PROC_STATED, "state", &f))
		return;
	for (size_t i = 0; i < sizeof(store_troubles) /
	    sizeof(store_troubles[0]); i++)
		if (field_is(&f, store_troubles[i].state)) {
			h->store = store_troubles[i].summary;
			h->store_hint = store_troubles[i].hint;
		}
}

/* Against the neighbours', who may be the ones that are wrong. */
static void
clock_find(const struct answer *a, size_t n, struct health *h)
{
	struct row_field f;

	if (!answer_status(a, n, PROC_GOSSIPD, "clock", &f))
		return;
	if (field_is(&f, "behind"))
		h->clock = "behind";
	else if (field_is(&f, "ahead"))
		h->clock = "ahead of";
}

/* A node whom nobody of those configured answers. */
static void
judge_alone(const struct status_facts *s, struct health *h)
{
	bool self = strcmp(h->down_cause, down_reason_text(DOWN_SELF)) == 0;
	char span[TIME_TEXT_MAX], next[TIME_TEXT_MAX + 20] = "";

	if (h->down_next_ms != 0)
		(void)snprintf(next, sizeof(next), "; next try in %s",
		    span_text(h->down_next_ms, span));
	(void)snprintf(h->summary, sizeof(h->summary),
	    "no peer is connected: %s: %s%s", h->down_addr[0] != '\0' ?
	    h->down_addr : s->bootstrap->v[0], h->down_cause[0] != '\0' ?
	    h->down_cause : "not reached yet", next);
	(void)snprintf(h->hint, sizeof(h->hint), "%s", self ?
	    "this node itself answers there, or one with a copy of its keys: "
	    "remove the entry, or that node's identity" :
	    "check the address in network.bootstrap and that the node there "
	    "is running");
}

static void
judge(const struct status_facts *s, struct health *h)
{
	const char *people = s->people == 1 ? "person" : "people";

	if (h->silent[0] != '\0') {
		(void)snprintf(h->summary, sizeof(h->summary),
		    "no answer from %s", h->silent);
		(void)snprintf(h->hint, sizeof(h->hint), "ask again; if it "
		    "stays so, see the log of the node");
		return;
	}
	if (h->store != NULL) {
		(void)snprintf(h->summary, sizeof(h->summary), "%s",
		    h->store);
		(void)snprintf(h->hint, sizeof(h->hint), "%s", h->store_hint);
		return;
	}
	if (h->up == 0 && s->bootstrap->n > 0) {
		judge_alone(s, h);
		return;
	}
	h->healthy = true;
	(void)snprintf(h->summary, sizeof(h->summary),
	    "%u peer%s%s, %u %s here", h->up, h->up == 1 ? "" : "s",
	    h->up == 0 ? " (none configured)" : "", s->people, people);
	if (h->clock != NULL)
		(void)snprintf(h->hint, sizeof(h->hint), "the clock of this "
		    "node is %s its neighbours'; other nodes may not take "
		    "what is said here: set it, run chrony or "
		    "systemd-timesyncd", h->clock);
	else if (s->ssh_on && s->keys == 0)
		(void)snprintf(h->hint, sizeof(h->hint), "nobody can log in "
		    "by SSH: %s", s->keys_known ? "authorized_keys holds no "
		    "key that is accepted" : "authorized_keys is missing");
}

static uint64_t
time_of(const struct answer *a, size_t n, enum proc_role from,
    const char *name)
{
	struct row_field f;

	return answer_status(a, n, from, name, &f) && f.type == ROW_TIME ?
	    f.num : 0;
}

/* Since when it is as judged: the last of what led to that. */
static void
since_find(const struct status_facts *s, const struct answer *a, size_t n,
    struct health *h)
{
	uint64_t store = time_of(a, n, PROC_STATED, "state_since");
	uint64_t peers = time_of(a, n, PROC_GOSSIPD, "peers_since");

	if (h->silent[0] != '\0')
		return;
	if (h->store == NULL && s->bootstrap->n > 0)
		h->since_ms = peers;
	if (h->store != NULL || (h->healthy && store > h->since_ms))
		h->since_ms = store;
}

/* A fact of the parent's, as it is. */
static void
parent_fact(const struct answer *a, size_t n, const char *name,
    struct doc *d)
{
	struct row_field f;

	if (answer_status(a, n, PROC_PARENT, name, &f) && f.type == ROW_STR &&
	    f.str_len > 0)
		row_strn(&d->head, name, f.str, f.str_len);
	else
		row_null(&d->head, name);
}

/* Who may write the map: people are told while it is everybody. */
static void
map_fact(const struct answer *a, size_t n, struct doc *d)
{
	struct row_field f;

	if (!answer_status(a, n, PROC_STATED, "map_open", &f))
		row_null(&d->head, "map");
	else
		row_str(&d->head, "map", f.num != 0 ? "open: anyone who "
		    "connects can read and write it (network.allow closes it)" :
		    "closed: the nodes of network.allow write it");
}

static void
head_build(const struct status_facts *s, const struct health *h,
    const struct answer *a, size_t n, struct doc *d)
{
	char id[NODEID_HEX + 1];
	struct row_field f;

	row_bool(&d->head, "healthy", h->healthy);
	row_str(&d->head, "summary", h->summary);
	if (h->hint[0] != '\0')
		row_str(&d->head, "hint", h->hint);
	else
		row_null(&d->head, "hint");
	if (h->since_ms != 0)
		row_num(&d->head, "since", ROW_TIME, h->since_ms);
	else
		row_none(&d->head, "since", ROW_TIME);
	nodeid_hex(&s->id, id);
	row_str(&d->head, "node", s->node_name);
	row_str(&d->head, "id", id);
	row_str(&d->head, "mode", s->mode == MODE_SERVICE ? "service" :
	    "personal");
	/* The node's, which may be older than this program. */
	row_num(&d->head, "up", ROW_MS, answer_status(a, n, PROC_PARENT,
	    "uptime", &f) ? f.num : s->up_ms);
	row_str(&d->head, "version", MICELIO_VERSION);
	row_num(&d->head, "peer_count", ROW_U64, h->up);
	row_num(&d->head, "people", ROW_U64, s->people);
	row_num(&d->head, "authorized_keys", ROW_U64, s->keys);
	map_fact(a, n, d);
	parent_fact(a, n, "lacks", d);
	parent_fact(a, n, "host_key", d);
	parent_fact(a, n, "data_dir", d);
	parent_fact(a, n, "config_file", d);
}

static void
listen_row(struct doc *d, size_t list, const char *what, const char *addr,
    size_t n)
{
	struct wbuf w;

	wbuf_init(&w, 1024);
	row_str(&w, "what", what);
	row_strn(&w, "addr", addr, n);
	(void)doc_row(d, list, w.p, w.len);
	wbuf_free(&w);
}

static void
listen_rows(struct doc *d, size_t list, const char *what,
    const struct strlist *l)
{
	for (size_t i = 0; i < l->n; i++)
		listen_row(d, list, what, l->v[i], strlen(l->v[i]));
}

/* What the parent bound, which a port of 0 in the settings does not tell. */
static void
network_rows(struct doc *d, size_t list, const struct answer *a, size_t n)
{
	struct row_field f;
	const char *p, *end, *space;

	if (!answer_status(a, n, PROC_PARENT, "network", &f) ||
	    f.type != ROW_STR)
		return;
	for (p = f.str, end = p + f.str_len; p < end; p = space + 1) {
		if ((space = memchr(p, ' ', (size_t)(end - p))) == NULL)
			space = end;
		listen_row(d, list, "network", p, (size_t)(space - p));
	}
}

static void
sandbox_text(bool seccomp, unsigned int landlock, bool own_uid, char *out,
    size_t size)
{
	char ll[24] = "no landlock";

	if (landlock > 0)
		(void)snprintf(ll, sizeof(ll), "landlock %u", landlock);
	(void)snprintf(out, size, "%s, %s%s", seccomp ? "seccomp" :
	    "NO SECCOMP", ll, own_uid ? ", own uid" : "");
}

const void *
status_proc(const struct answer *procs, const char *name, size_t *len)
{
	const void *row;
	char full[32];

	(void)snprintf(full, sizeof(full), "micelio-%s", name);
	for (size_t i = 0; procs != NULL && i < procs->n; i++) {
		row = answer_row(procs, i, len);
		if (row != NULL && (row_says(row, *len, "name", name) ||
		    row_says(row, *len, "name", full)))
			return row;
	}
	return NULL;
}

static void
daemon_row(const struct status_facts *s, const struct answer *procs,
    size_t i, bool alive, struct wbuf *w)
{
	struct row_field f, ll, uid;
	char text[160] = "";
	const void *row;
	size_t len;

	row = status_proc(procs, daemons[i].name, &len);
	row_str(w, "name", daemons[i].name);
	if (row != NULL && row_find(row, len, "pid", &f))
		row_num(w, "pid", ROW_U64, f.num);
	else
		row_null(w, "pid");
	row_str(w, "state", alive ? "running" : "no answer");
	if (row != NULL && row_find(row, len, "seccomp", &f)) {
		(void)row_find(row, len, "landlock_abi", &ll);
		(void)row_find(row, len, "own_uid", &uid);
		sandbox_text(f.num != 0, (unsigned int)ll.num, uid.num != 0,
		    text, sizeof(text));
	} else if (daemons[i].role == PROC_SSHD)
		sandbox_text(s->sandbox.seccomp, s->sandbox.landlock_abi,
		    s->sandbox.own_uid, text, sizeof(text));
	if (text[0] != '\0')
		row_str(w, "sandbox", text);
	else
		row_null(w, "sandbox");
}

static void
daemons_build(const struct status_facts *s, const struct answer *a, size_t n,
    struct doc *d)
{
	size_t list = doc_list(d, "daemons");
	struct wbuf w;

	wbuf_init(&w, 4096);
	for (size_t i = 0; i < NDAEMONS; i++) {
		wbuf_reset(&w);
		daemon_row(s, answer_of(a, n, PROC_PARENT, TABLE_PROCS), i,
		    answered(a, n, i), &w);
		(void)doc_row(d, list, w.p, w.len);
	}
	wbuf_free(&w);
}

static void
answer_list(const struct answer *a, const char *name, struct doc *d)
{
	size_t list = doc_list(d, name), len;
	const void *row;

	for (size_t i = 0; a != NULL && i < a->n; i++)
		if ((row = answer_row(a, i, &len)) != NULL)
			(void)doc_row(d, list, row, len);
}

bool
status_build(const struct status_facts *s, const struct answer *a, size_t n,
    struct doc *d)
{
	struct health h;
	size_t list;

	memset(&h, 0, sizeof(h));
	peers_count(answer_of(a, n, PROC_GOSSIPD, TABLE_PEERS), &h);
	silent_find(a, n, &h);
	clock_find(a, n, &h);
	store_find(a, n, &h);
	judge(s, &h);
	since_find(s, a, n, &h);
	head_build(s, &h, a, n, d);
	list = doc_list(d, "listen");
	listen_rows(d, list, "ssh", s->ssh_listen);
	network_rows(d, list, a, n);
	daemons_build(s, a, n, d);
	answer_list(answer_of(a, n, PROC_GOSSIPD, TABLE_PEERS), "peers", d);
	answer_list(answer_of(a, n, PROC_PARENT, TABLE_KEYSERV),
	    "key_service", d);
	answer_list(answer_of(a, n, PROC_TRANSPORTD, TABLE_STATUS),
	    "transportd", d);
	answer_list(answer_of(a, n, PROC_GOSSIPD, TABLE_STATUS), "gossipd",
	    d);
	answer_list(answer_of(a, n, PROC_STATED, TABLE_STATUS), "stated", d);
	return h.healthy;
}
