/* SPDX-License-Identifier: MIT */
/* whom: who is in the partyline, on the whole mesh. */
#include <sysexits.h>

#include "announce.h"
#include "caller.h"
#include "cmdline.h"
#include "commands.h"
#include "doc.h"
#include "proc.h"
#include "run.h"
#include "sshd.h"
#include "whom.h"

#define ANSWERS_MS	800	/* for those who were not heard yet */

static void
whom_show(struct run *run)
{
	struct hub *hub = run->caller->hub;
	struct doc d;

	doc_init(&d);
	whom_build(&hub->room, &hub->presence, &hub->proc->id,
	    hub->proc->conf.node_name, hub_now(hub), &d);
	run_doc(run, &d, whom_text);
	doc_free(&d);
	run_done(run, EX_OK);
}

void
cmd_whom(struct run *run)
{
	struct hub *hub = run->caller->hub;

	if (hub->presence.complete || hub->links == 0) {
		whom_show(run);
		return;
	}
	announce_ask(hub);
	run_deadline(run, ANSWERS_MS, whom_show);
}
