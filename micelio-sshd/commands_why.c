/* SPDX-License-Identifier: MIT */
/* why: what led to what happened to a node, or to an event. */
#include <string.h>
#include <sysexits.h>

#include "caller.h"
#include "cmdline.h"
#include "commands.h"
#include "doc.h"
#include "run.h"
#include "sshd.h"
#include "text.h"
#include "why.h"

void
cmd_why(struct run *run)
{
	const char *word = run->line.argv[0];
	char safe[128];
	struct doc d;

	doc_init(&d);
	if (why_build(&run->caller->hub->log, word, &d)) {
		run_doc(run, &d, why_text);
		run_done(run, EX_OK);
	} else {
		text_safe(word, strnlen(word, 80), safe, sizeof(safe), true);
		run_fail(run, 1, "why: nothing of \"%s\" was logged lately; "
		    "want the begin of a node's id, its address, or the "
		    "event_id of a line of log", safe);
	}
	doc_free(&d);
}
