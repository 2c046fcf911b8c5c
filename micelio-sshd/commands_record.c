/* SPDX-License-Identifier: MIT */
/*
 * record: who holds a key has what their own sessions at this node type and
 * are shown written down, as it comes.  The hub opens no file: it goes where
 * the output of ssh(1) goes.
 */
#include <string.h>

#include "caller.h"
#include "commands.h"
#include "commands_record.h"
#include "conf.h"
#include "conn.h"
#include "cursor.h"
#include "proc.h"
#include "run.h"
#include "sshd.h"
#include "transcript.h"

/* To all who record with the key of this connection. */
static void
record_put(const struct conn *of, const struct wbuf *w)
{
	struct conn *c;

	TAILQ_FOREACH(c, &of->hub->conns, entry)
		if (w->len > 0 && c->caller.recording &&
		    memcmp(c->hash, of->hash, sizeof(c->hash)) == 0)
			c->caller.out(&c->caller, OUT_STDOUT,
			    (const char *)w->p, w->len);
}

static void
record_line(struct conn *of, const char *s, size_t n, void (*put)(const char *,
    const char *, const char *, size_t, struct wbuf *))
{
	struct wbuf w;

	if (of->hub->nrecorders == 0)
		return;
	wbuf_init(&w, TRANSCRIPT_MAX(n));
	put(of->caller.member.nick, of->hub->proc->conf.node_name, s, n, &w);
	record_put(of, &w);
	wbuf_free(&w);
}

void
record_typed(struct conn *of, const char *s, size_t n)
{
	record_line(of, s, n, transcript_typed);
}

void
record_pasted(struct conn *of, const char *s, size_t n)
{
	record_line(of, s, n, transcript_pasted);
}

void
record_shown(struct conn *of, const char *s, size_t n)
{
	struct wbuf w;
	size_t done;

	if (of->hub->nrecorders == 0)
		return;
	wbuf_init(&w, TRANSCRIPT_MAX(n));
	for (; n > 0; s += done, n -= done) {
		wbuf_reset(&w);
		done = transcript_shown(of->caller.member.nick,
		    of->hub->proc->conf.node_name, s, n, &w);
		record_put(of, &w);
	}
	wbuf_free(&w);
}

/* Until the reader leaves: see record_end(). */
void
cmd_record(struct run *run)
{
	struct caller *caller = run->caller;

	caller->recording = true;
	caller->hub->nrecorders++;
	caller_text(caller, OUT_STDERR, "-- recording what you type and read "
	    "in the partyline of this node; ^C ends it\n");
}

void
record_end(struct caller *caller)
{
	if (caller->recording)
		caller->hub->nrecorders--;
	caller->recording = false;
}
