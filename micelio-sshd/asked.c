/* SPDX-License-Identifier: MIT */
#include <sysexits.h>

#include "answer.h"
#include "asked.h"
#include "gather.h"
#include "live.h"
#include "peers.h"
#include "proc.h"
#include "run.h"

void
asked_busy(struct run *run)
{
	if (run->live != NULL) {
		live_failed(run);
		return;
	}
	run_fail(run, EX_TEMPFAIL, "%s: too many are asking at once; ask "
	    "again", run->line.cmd->name);
}

bool
asked_told(struct run *run, const struct answer *a, size_t n,
    enum proc_role role)
{
	for (size_t i = 0; i < n; i++) {
		if (a[i].from != role || a[i].state == ANSWER_COMPLETE)
			continue;
		if (run->live != NULL)
			live_failed(run);
		else
			run_fail(run, EX_TEMPFAIL, "%s: no answer from %s in "
			    "%d s; ask again, or see status",
			    run->line.cmd->name, proc_role_name(role),
			    GATHER_MS / 1000);
		return false;
	}
	return true;
}

bool
asked_one(struct run *run, const struct answer *a, size_t n, bool linked,
    struct meant *m)
{
	const char *word = run->line.argv[0];
	char why[1024];

	meant_find(m, a, n, word, linked);
	if (m->n == 1)
		return true;
	meant_text(m, word, linked, why, sizeof(why));
	run_fail(run, m->n == 0 ? 1 : EX_USAGE, "%s: %s",
	    run->line.cmd->name, why);
	return false;
}
