/* SPDX-License-Identifier: MIT */
/* retry: dial a configured peer that is down, without waiting for its time. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "answer.h"
#include "asked.h"
#include "commands.h"
#include "cursor.h"
#include "doc.h"
#include "gather.h"
#include "imsg.h"
#include "peers.h"
#include "proc.h"
#include "row.h"
#include "run.h"
#include "text.h"

/* There is nothing to dial: because it is linked, or not configured. */
static void
not_down(struct run *run, const struct answer *a, size_t n)
{
	const char *word = run->line.argv[0];
	struct meant m;
	char safe[128];

	text_safe(word, strnlen(word, 80), safe, sizeof(safe), true);
	meant_find(&m, a, n, word, true);
	if (m.n > 0)
		run_fail(run, 1, "retry: %s: linked already; see peers",
		    safe);
	else
		run_fail(run, 1, "retry: no configured peer that is down "
		    "fits \"%s\"; peers lists them, link HOST:PORT dials "
		    "any", safe);
}

static void
retry_answer(struct run *run, const struct answer *a, size_t n)
{
	const char *word = run->line.argv[0];
	struct meant m;
	char why[1024];

	if (!asked_told(run, a, n, PROC_GOSSIPD))
		return;
	meant_down(&m, a, word);
	if (m.n == 0)
		not_down(run, a, n);
	else if (m.n > 1) {
		meant_text(&m, word, false, why, sizeof(why));
		run_fail(run, EX_USAGE, "retry: %s", why);
	} else {
		gather_cancel(run->gather);
		link_order(run, m.addr[0]);
	}
}

void
cmd_retry(struct run *run)
{
	static const struct gather_want want = { PROC_GOSSIPD, TABLE_PEERS };

	if (!gather_start(run, &want, 1, retry_answer))
		asked_busy(run);
}
