/* SPDX-License-Identifier: MIT */
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "caller.h"
#include "commands.h"
#include "commands_map.h"
#include "mtime.h"
#include "outlet.h"
#include "pages.h"
#include "progress.h"
#include "row.h"
#include "run.h"

#define PROGRESS_MS	2000u

void
pages_row(struct run *run, const void *row, size_t len, const char *value,
    size_t n)
{
	struct pages *g = &run->map->pages;
	struct row_field f;

	if (run->map->what == MAP_ASK_EXPORT) {
		g->rows++;
		g->bytes += map_json_line(run, OUT_WHOLE, row, len, value, n);
		return;
	}
	if (row_find(row, len, "bytes", &f))
		g->total = f.num;
	if (n > 0)
		run_out(run, OUT_WHOLE, value, n);
	g->bytes += n;
}

/* "2.1 MB of 40.2 MB, 1.0 MB/s, 38s left" */
static void
progress(struct run *run)
{
	struct pages *g = &run->map->pages;
	uint64_t now = mono_ms(), ms;
	char text[PROGRESS_TEXT_MAX];

	if (g->began == 0)
		g->began = g->shown = now;
	if (run->line.form != DOC_TEXT || now < g->shown + PROGRESS_MS)
		return;
	g->shown = now;
	ms = now - g->began;
	progress_text(g->rows, g->bytes, g->total, ms, text);
	caller_text(run->caller, OUT_STDERR, "-- %s\n", text);
}

static void
ask(struct run *run)
{
	struct pages *g = &run->map->pages;

	progress(run);
	map_ask_page(run, g->after, g->after_len);
}

static void
end(struct run *run)
{
	struct pages *g = &run->map->pages;

	if (g->text[0] != '\0' && run->line.form == DOC_TEXT)
		caller_text(run->caller, OUT_STDERR, "-- %s\n", g->text);
	run_done(run, EX_OK);
}

void
pages_next(struct run *run, const char *after, size_t n)
{
	struct pages *g = &run->map->pages;

	memcpy(g->after, after, n);
	g->after_len = n;
	if (run->deadline != NULL)
		event_del(run->deadline);
	run_when(run, OUTLET_WINDOW / 2, ask);
}

void
pages_done(struct run *run, const char *text)
{
	struct pages *g = &run->map->pages;

	(void)snprintf(g->text, sizeof(g->text), "%s", text);
	if (run->deadline != NULL)
		event_del(run->deadline);
	run_when(run, 0, end);
}
