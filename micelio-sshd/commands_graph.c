/* SPDX-License-Identifier: MIT */
/* tree, graph, map: the mesh to look at. */
#include <sysexits.h>

#include "answer.h"
#include "asked.h"
#include "caller.h"
#include "cmdline.h"
#include "commands.h"
#include "cursor.h"
#include "doc.h"
#include "gather.h"
#include "graph.h"
#include "imsg.h"
#include "live.h"
#include "nodeid.h"
#include "proc.h"
#include "row.h"
#include "run.h"
#include "sshd.h"

#define MAP_COLUMNS	78u	/* where there is no terminal to fit */
#define MAP_ROWS	21u
#define MAP_COLUMNS_MAX	120u
#define MAP_ROWS_MAX	50u
#define PICTURE_MAX	(8u * 1024 * 1024)

/* As much of the terminal as is left beside the prompt, or the hint. */
static size_t
fit(unsigned int terminal, unsigned int beside, size_t usual, size_t max)
{
	size_t n = terminal > beside ? terminal - beside : 1;

	return terminal == 0 ? usual : n > max ? max : n;
}

static void
picture(struct run *run, const struct graph *g, struct wbuf *w)
{
	const struct caller *caller = run->caller;

	if (run->line.cmd->start == cmd_tree)
		graph_tree(g, w);
	else if (run->line.cmd->start == cmd_graph && run->line.dot)
		graph_dot(g, w);
	else if (run->line.cmd->start == cmd_graph)
		graph_netjson(g, w);
	else
		(void)meshmap_draw(g, fit(caller->columns, 2, MAP_COLUMNS,
		    MAP_COLUMNS_MAX), fit(caller->rows, 3, MAP_ROWS,
		    MAP_ROWS_MAX), w);
}

static bool
wants_picture(const struct run *run, const struct graph *g)
{
	const enum doc_form form = run->line.form;

	if (run->line.cmd->start == cmd_graph)
		return form == DOC_JSON || (form == DOC_TEXT &&
		    run->line.dot);
	if (run->line.cmd->start == cmd_map &&
	    (run->line.list || g->n > MESHMAP_NODES_MAX))
		return false;
	return form == DOC_TEXT;
}

static void
graph_render(struct run *run, const struct graph *g, struct wbuf *w)
{
	struct doc d;

	if (wants_picture(run, g)) {
		picture(run, g, w);
		return;
	}
	doc_init(&d);
	graph_doc(g, &d);
	run_render(run, &d, graph_list_text, w);
	doc_free(&d);
}

static void
graph_answer(struct run *run, const struct answer *a, size_t n)
{
	struct hub *hub = run->caller->hub;
	char id[NODEID_HEX + 1];
	struct graph g;
	struct wbuf w;

	if (!asked_told(run, a, n, PROC_GOSSIPD))
		return;
	nodeid_hex(&hub->proc->id, id);
	wbuf_init(&w, PICTURE_MAX);
	graph_build(&g, id, hub->proc->conf.node_name, a, n);
	graph_render(run, &g, &w);
	graph_free(&g);
	if (run->live != NULL)
		live_show(run, &w, 0);
	else {
		run_out(run, OUT_STDOUT, (const char *)w.p, w.len);
		run_done(run, EX_OK);
	}
	wbuf_free(&w);
}

static void
ask(struct run *run)
{
	static const struct gather_want want[] = {
		{ PROC_GOSSIPD, TABLE_PEERS }, { PROC_GOSSIPD, TABLE_MESH },
	};

	if (!gather_start(run, want, 2, graph_answer))
		asked_busy(run);
}

void
cmd_tree(struct run *run)
{
	ask(run);
}

void
cmd_graph(struct run *run)
{
	ask(run);
}

void
cmd_map(struct run *run)
{
	if (run->line.watch)
		live_start(run, ask, true);
	else
		ask(run);
}
