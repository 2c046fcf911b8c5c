/* SPDX-License-Identifier: MIT */
/* peers, peer, nodes, stats, link, unlink. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "addr.h"
#include "answer.h"
#include "asked.h"
#include "commands.h"
#include "conf.h"
#include "cursor.h"
#include "doc.h"
#include "gather.h"
#include "imsg.h"
#include "metrics.h"
#include "nodeid.h"
#include "nodes.h"
#include "peers.h"
#include "proc.h"
#include "row.h"
#include "run.h"
#include "sshd.h"
#include "stats.h"
#include "text.h"
#include "usage.h"
#include "verdict.h"

#define LINK_MS		4000	/* the dial itself may take 10 s */

static void
peers_answer(struct run *run, const struct answer *a, size_t n)
{
	struct doc d;

	if (!asked_told(run, a, n, PROC_GOSSIPD))
		return;
	doc_init(&d);
	peers_build(a, n, &d);
	run_doc(run, &d, peers_text);
	doc_free(&d);
	run_done(run, EX_OK);
}

void
cmd_peers(struct run *run)
{
	static const struct gather_want want[] = {
		{ PROC_GOSSIPD, TABLE_PEERS },
		{ PROC_TRANSPORTD, TABLE_LINKS },
	};

	if (!gather_start(run, want, 2, peers_answer))
		asked_busy(run);
}

static void
peer_answer(struct run *run, const struct answer *a, size_t n)
{
	struct meant m;
	struct doc d;

	if (!asked_told(run, a, n, PROC_GOSSIPD) ||
	    !asked_one(run, a, n, false, &m))
		return;
	doc_init(&d);
	peer_build(a, n, m.id[0], &d);
	run_doc(run, &d, doc_text);
	doc_free(&d);
	run_done(run, EX_OK);
}

void
cmd_peer(struct run *run)
{
	static const struct gather_want want[] = {
		{ PROC_GOSSIPD, TABLE_PEERS },
		{ PROC_TRANSPORTD, TABLE_LINKS },
		{ PROC_GOSSIPD, TABLE_NODES }, { PROC_STATED, TABLE_NODES },
	};

	if (!gather_start(run, want, 4, peer_answer))
		asked_busy(run);
}

/* "page=N" in any place; the other word is what to look for. */
static bool
nodes_words(const struct run *run, const char **word, uint64_t *page)
{
	const char *s;
	char *end;

	*word = NULL;
	*page = 1;
	for (size_t i = 0; i < run->line.argc; i++) {
		s = run->line.argv[i];
		if (strncmp(s, "page=", 5) == 0) {
			*page = strtoull(s + 5, &end, 10);
			if (s[5] < '1' || s[5] > '9' || *end != '\0')
				return false;
		} else if (*word == NULL)
			*word = s;
		else
			return false;
	}
	return true;
}

static void
nodes_answer(struct run *run, const struct answer *a, size_t n)
{
	const char *word;
	uint64_t page;
	struct doc d;

	if (!asked_told(run, a, n, PROC_GOSSIPD))
		return;
	(void)nodes_words(run, &word, &page);
	doc_init(&d);
	nodes_build(a, n, word, page, hub_now(run->caller->hub), &d);
	run_doc(run, &d, nodes_text);
	doc_free(&d);
	run_done(run, EX_OK);
}

void
cmd_nodes(struct run *run)
{
	static const struct gather_want want[] = {
		{ PROC_GOSSIPD, TABLE_NODES }, { PROC_STATED, TABLE_NODES },
	};
	const char *word;
	uint64_t page;

	if (!nodes_words(run, &word, &page))
		run_fail(run, EX_USAGE, "nodes: want one word to look for "
		    "and page=N, N from 1");
	else if (!gather_start(run, want, 2, nodes_answer))
		asked_busy(run);
}

static void
drop_set(struct wbuf *w, const char *what, uint64_t count, const char *why)
{
	wbuf_init(w, 1024);
	row_str(w, "daemon", "sshd");
	row_str(w, "what", what);
	row_num(w, "count", ROW_U64, count);
	row_str(w, "why", why);
}

static void
stats_answer(struct run *run, const struct answer *a, size_t n)
{
	const struct hub *hub = run->caller->hub;
	const struct hub_count *c = &hub->count;
	struct wbuf own, drops[3];
	struct doc d;

	wbuf_init(&own, 1024);
	row_num(&own, "people", ROW_U64, hub->room.people);
	row_num(&own, "connections", ROW_U64, c->connections);
	row_num(&own, "logins", ROW_U64, c->logins);
	row_num(&own, "commands", ROW_U64, c->commands);
	row_num(&own, "lines_out", ROW_U64, c->lines_out);
	row_num(&own, "lines_in", ROW_U64, c->lines_in);
	row_num(&own, "events_in", ROW_U64, c->events_in);
	row_num(&own, "keys", ROW_U64, hub->keys.n);
	usage_row(&own);
	drop_set(&drops[0], "connection", c->refused,
	    "an SSH connection over its budget");
	drop_set(&drops[1], "login", c->logins_refused,
	    "a key that is not let in");
	drop_set(&drops[2], "lines", c->lines_skipped,
	    "a reader was too slow for what was said");
	doc_init(&d);
	stats_build(a, n, &own, drops, 3, &d);
	stats_events(c->events, &d);
	run_doc(run, &d, run->line.cmd->start == cmd_metrics ? metrics_text :
	    stats_text);
	doc_free(&d);
	wbuf_free(&own);
	for (size_t i = 0; i < 3; i++)
		wbuf_free(&drops[i]);
	run_done(run, EX_OK);
}

void
cmd_stats(struct run *run)
{
	static const struct gather_want want[] = {
		{ PROC_PARENT, TABLE_STATUS }, { PROC_PARENT, TABLE_KEYSERV },
		{ PROC_TRANSPORTD, TABLE_STATUS },
		{ PROC_TRANSPORTD, TABLE_DROPS },
		{ PROC_GOSSIPD, TABLE_STATUS }, { PROC_GOSSIPD, TABLE_DROPS },
		{ PROC_STATED, TABLE_STATUS }, { PROC_STATED, TABLE_DROPS },
	};

	if (!gather_start(run, want, sizeof(want) / sizeof(want[0]),
	    stats_answer))
		asked_busy(run);
}

/* The same numbers, for Prometheus. */
void
cmd_metrics(struct run *run)
{
	cmd_stats(run);
}

/*
 * link and unlink: an order to gossipd, and its answer.
 */

static void
link_timeout(struct run *run)
{
	char safe[HOSTPORT_MAX * 2];

	text_safe(run->line.argv[0], strnlen(run->line.argv[0],
	    HOSTPORT_MAX), safe, sizeof(safe), true);
	run_fail(run, EX_TEMPFAIL, "%s: %s: still pending after %d s; it "
	    "may yet come up: see peers", run->line.cmd->name, safe,
	    LINK_MS / 1000);
}

void
cmd_link(struct run *run)
{
	const char *where = run->line.argv[0], *why;
	char safe[256];

	if ((why = conf_check_peer(where, true)) != NULL) {
		text_safe(where, strnlen(where, 80), safe, sizeof(safe),
		    true);
		run_fail(run, EX_USAGE, "link: \"%s\": %s; want "
		    "[NODE_ID@]HOST:PORT, for example 192.0.2.10:4000",
		    safe, why);
		return;
	}
	link_order(run, where);
}

void
link_order(struct run *run, const char *where)
{
	struct hub *hub = run->caller->hub;
	struct wbuf w;

	run->request = ++hub->next_request;
	run_deadline(run, LINK_MS, link_timeout);
	wbuf_init(&w, 512);
	wbuf_str(&w, where);
	imsg_send_wbuf(hub->proc->link[PROC_GOSSIPD], IMSG_LINK, run->request,
	    0, &w);
	wbuf_free(&w);
}

void
cmd_link_done(struct hub *hub, struct imsg *m)
{
	struct run *run = run_by_request(hub, m->id);
	char id[NODEID_HEX + 1];
	struct link_result r;
	struct nodeid node;
	struct rcur c;
	struct doc d;
	int rc;

	if (run == NULL || m->id == 0)
		return;
	rcur_init(&c, m->data, m->len);
	r.status = (enum link_status)rcur_u8(&c);
	r.why = (enum down_reason)rcur_u8(&c);
	r.id = rcur_u8(&c) != 0 ? id : NULL;
	rcur_copy(&c, node.b, NODEID_LEN);
	r.ms = rcur_u64(&c);
	nodeid_hex(&node, id);
	r.where = run->line.argv[0];
	doc_init(&d);
	rc = link_build(&r, &d);
	run_verdict(run, &d, rc);
	doc_free(&d);
	run_done(run, rc);
}

static void
unlink_timeout(struct run *run)
{
	run_fail(run, EX_TEMPFAIL, "unlink: no answer from gossipd in %d s; "
	    "it may still happen: see peers", GATHER_MS / 1000);
}

static void
unlink_answer(struct run *run, const struct answer *a, size_t n)
{
	struct hub *hub = run->caller->hub;
	struct nodeid id;
	struct meant m;

	if (!asked_told(run, a, n, PROC_GOSSIPD) ||
	    !asked_one(run, a, n, true, &m))
		return;
	if (!nodeid_parse(&id, m.id[0], NODEID_HEX)) {
		run_fail(run, EX_SOFTWARE, "unlink: gossipd said a bad "
		    "id, which is a bug: report it");
		return;
	}
	(void)snprintf(run->about, sizeof(run->about), "%s", m.id[0]);
	gather_cancel(run->gather);
	run->request = ++hub->next_request;
	run_deadline(run, GATHER_MS, unlink_timeout);
	imsg_send(hub->proc->link[PROC_GOSSIPD], IMSG_UNLINK, run->request, 0,
	    id.b, NODEID_LEN);
}

void
cmd_unlink(struct run *run)
{
	static const struct gather_want want = { PROC_GOSSIPD, TABLE_PEERS };

	if (!gather_start(run, &want, 1, unlink_answer))
		asked_busy(run);
}

void
cmd_unlink_done(struct hub *hub, struct imsg *m)
{
	struct run *run = run_by_request(hub, m->id);
	struct rcur c;
	struct doc d;
	uint64_t ms;
	bool was;
	int rc;

	if (run == NULL || m->id == 0)
		return;
	rcur_init(&c, m->data, m->len);
	was = rcur_u8(&c) != 0;
	ms = rcur_u64(&c);
	doc_init(&d);
	rc = unlink_build(run->about, was, ms, &d);
	run_verdict(run, &d, rc);
	doc_free(&d);
	run_done(run, rc);
}
