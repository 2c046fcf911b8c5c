/* SPDX-License-Identifier: MIT */
/* ping: is a node there, and by which way. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>

#include "answer.h"
#include "asked.h"
#include "commands.h"
#include "conf.h"
#include "cursor.h"
#include "doc.h"
#include "gather.h"
#include "graph.h"
#include "imsg.h"
#include "nodeid.h"
#include "peers.h"
#include "ping.h"
#include "proc.h"
#include "row.h"
#include "run.h"
#include "sshd.h"
#include "verdict.h"

#define PING_MS		2000	/* gossipd ends a silent link after 3 s */

static void
tell(struct run *run, struct doc *d, int rc)
{
	run_verdict(run, d, rc);
	doc_free(d);
	run_done(run, rc);
}

static void
ping_timeout(struct run *run)
{
	run_fail(run, EX_TEMPFAIL, "ping: %.12s: no answer in %d s; its link "
	    "stands still, or it is too busy: see peers", run->about,
	    PING_MS / 1000);
}

/* Of nodes that are not, others may say that they are up. */
static bool
linked(const struct answer *a, size_t n, const char *id)
{
	struct meant m;

	meant_find(&m, answer_of(a, n, PROC_GOSSIPD, TABLE_PEERS), 1, id,
	    true);
	return m.n > 0;
}

static void
ask_link(struct run *run, const char *id)
{
	struct hub *hub = run->caller->hub;
	struct nodeid node;

	if (!nodeid_parse(&node, id, NODEID_HEX)) {
		run_fail(run, EX_SOFTWARE, "ping: gossipd said a bad id, "
		    "which is a bug: report it");
		return;
	}
	(void)snprintf(run->about, sizeof(run->about), "%s", id);
	gather_cancel(run->gather);
	run->request = ++hub->next_request;
	run_deadline(run, PING_MS, ping_timeout);
	imsg_send(hub->proc->link[PROC_GOSSIPD], IMSG_NODE_PING, run->request,
	    0, node.b, NODEID_LEN);
}

static void
ping_answer(struct run *run, const struct answer *a, size_t n)
{
	struct hub *hub = run->caller->hub;
	const char *word = run->line.argv[0];
	char self[NODEID_HEX + 1];
	struct graph g;
	struct meant m;
	struct doc d;
	int rc;

	if (!asked_told(run, a, n, PROC_GOSSIPD))
		return;
	doc_init(&d);
	nodeid_hex(&hub->proc->id, self);
	if (word[0] != '\0' && (strncasecmp(self, word, strlen(word)) == 0 ||
	    strcmp(hub->proc->conf.node_name, word) == 0)) {
		tell(run, &d, ping_self_build(self, &d));
		return;
	}
	if (!asked_one(run, a, n, false, &m)) {
		doc_free(&d);
		return;
	}
	if (linked(a, n, m.id[0])) {
		doc_free(&d);
		ask_link(run, m.id[0]);
		return;
	}
	graph_build(&g, self, hub->proc->conf.node_name, a, n);
	rc = ping_far_build(&g, m.id[0], &d);
	graph_free(&g);
	tell(run, &d, rc);
}

void
cmd_ping(struct run *run)
{
	static const struct gather_want want[] = {
		{ PROC_GOSSIPD, TABLE_PEERS }, { PROC_GOSSIPD, TABLE_NODES },
		{ PROC_GOSSIPD, TABLE_MESH }, { PROC_STATED, TABLE_NODES },
	};

	if (!gather_start(run, want, 4, ping_answer))
		asked_busy(run);
}

void
cmd_ping_done(struct hub *hub, struct imsg *m)
{
	struct run *run = run_by_request(hub, m->id);
	char addr[HOSTPORT_MAX + 1];
	struct ping_result r;
	struct rcur c;
	struct doc d;

	if (run == NULL || m->id == 0)
		return;
	rcur_init(&c, m->data, m->len);
	r.id = run->about;
	r.status = (enum ping_status)rcur_u8(&c);
	r.ms = rcur_u32(&c);
	r.rtt_us = rcur_u32(&c);
	rcur_cstr(&c, addr, sizeof(addr));
	r.addr = addr;
	doc_init(&d);
	tell(run, &d, ping_direct_build(&r, &d));
}
