/* SPDX-License-Identifier: MIT */
/* console: which events I see in the partyline. */
#include <sysexits.h>

#include "caller.h"
#include "cmdline.h"
#include "commands.h"
#include "console.h"
#include "cursor.h"
#include "doc.h"
#include "people.h"
#include "persons.h"
#include "row.h"
#include "run.h"
#include "sshd.h"

static void
console_text(const struct doc *d, struct wbuf *w)
{
	struct row_field f;

	if (d->list[0].n == 0) {
		wbuf_printf(w, "-- you see no events; /console +peer shows "
		    "those that begin so, +all all\n");
		return;
	}
	wbuf_printf(w, "-- events you see, the last that fits counts:");
	for (size_t i = 0; i < d->list[0].n; i++)
		if (row_find(d->list[0].rows[i].p, d->list[0].rows[i].len,
		    "rule", &f)) {
			wbuf_u8(w, ' ');
			field_text(&f, w);
		}
	wbuf_u8(w, '\n');
}

static void
console_show(struct run *run, const struct console *c)
{
	struct wbuf w;
	struct doc d;
	size_t list;

	doc_init(&d);
	list = doc_list(&d, "rules");
	wbuf_init(&w, 256);
	for (size_t i = 0; i < c->n; i++) {
		wbuf_reset(&w);
		row_str(&w, "rule", c->rule[i]);
		(void)doc_row(&d, list, w.p, w.len);
	}
	wbuf_free(&w);
	run_doc(run, &d, console_text);
	doc_free(&d);
	run_done(run, EX_OK);
}

void
cmd_console(struct run *run)
{
	struct person *x = self_person(run);
	struct console next;
	char why[400];

	if (x == NULL)
		return;
	next = x->console;
	for (size_t i = 0; i < run->line.argc; i++)
		if (!console_set(&next, run->line.argv[i], why,
		    sizeof(why))) {
			run_fail(run, EX_USAGE, "console: %s", why);
			return;
		}
	if (run->line.argc > 0) {
		x->console = next;
		persons_store(run->caller->hub, x);
	}
	console_show(run, &x->console);
}
