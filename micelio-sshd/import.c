/* SPDX-License-Identifier: MIT */
/*
 * import: JSON lines of standard input, each written like put does.  So many
 * are on their way at once that stated can put them into one transaction;
 * meanwhile the input waits where it comes from.
 */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "caller.h"
#include "commands.h"
#include "commands_map.h"
#include "cursor.h"
#include "doc.h"
#include "import.h"
#include "jsonline.h"
#include "log.h"
#include "mtime.h"
#include "row.h"
#include "progress.h"
#include "run.h"
#include "sshd.h"

#define AHEAD		128u	/* writes on their way */
#define LINE_MAX_IN	(6 * JSONLINE_VALUE_MAX + 8192)
#define BUFFER_MAX	(1024u * 1024)
#define BUFFER_HIGH	(128u * 1024)	/* beyond, the input waits */
#define PROGRESS_MS	2000u
#define ANSWER_MS	60000u

struct import {
	struct wbuf	 in;
	size_t		 off;
	uint32_t	 req[AHEAD];
	uint64_t	 line_of[AHEAD];
	unsigned int	 n;
	uint64_t	 lines, written, refused, bytes;
	uint64_t	 eaten;			/* bytes of input */
	uint64_t	 began, shown;		/* mono ms */
	bool		 eof, held;
	int		 status;		/* of the first refusal */
	char		 first[512];		/* the first refusal */
	struct jsonline	 json;
};

static void	step(struct run *);

void
cmd_import(struct run *run)
{
	struct import *im = xcalloc(1, sizeof(*im));

	run->import = im;
	wbuf_init(&im->in, BUFFER_MAX);
	im->began = im->shown = mono_ms();
	run->wants_input = true;
}

void
import_free(struct run *run)
{
	struct import *im = run->import;

	if (im == NULL)
		return;
	if (im->held && run->caller->hold != NULL)
		run->caller->hold(run->caller, false);
	wbuf_free(&im->in);
	free(im);
	run->import = NULL;
}

bool
import_has(const struct run *run, uint32_t req)
{
	const struct import *im = run->import;

	for (unsigned int i = 0; im != NULL && i < im->n; i++)
		if (im->req[i] == req)
			return true;
	return false;
}

static void
refused(struct import *im, uint64_t line, int status, const char *why)
{
	if (im->refused++ > 0)
		return;
	im->status = status;
	(void)snprintf(im->first, sizeof(im->first), "line %llu: %s",
	    (unsigned long long)line, why);
}

static void
timeout(struct run *run)
{
	const struct import *im = run->import;
	uint64_t line = im->lines + 1;

	for (unsigned int i = 0; i < im->n; i++)
		if (im->line_of[i] < line)
			line = im->line_of[i];
	run_fail(run, EX_TEMPFAIL, "import: no answer in time; all lines "
	    "before line %llu were done, those behind it may still be "
	    "written: go on there", (unsigned long long)line);
}

static void
one(struct run *run, const char *p, size_t n)
{
	struct import *im = run->import;
	const char *why;

	im->lines++;
	if (n == 0)
		return;
	if ((why = jsonline_read(&im->json, p, n)) != NULL) {
		refused(im, im->lines, EX_DATAERR, why);
		return;
	}
	im->bytes += im->json.value_len;
	im->req[im->n] = ++run->caller->hub->next_request;
	im->line_of[im->n] = im->lines;
	map_put(run->caller->hub, im->req[im->n++], im->json.key,
	    im->json.value, im->json.value_len);
	run_deadline(run, ANSWER_MS, timeout);
}

static void
progress(struct run *run)
{
	struct import *im = run->import;
	char text[PROGRESS_TEXT_MAX];

	if (run->line.form != DOC_TEXT ||
	    mono_ms() < im->shown + PROGRESS_MS)
		return;
	im->shown = mono_ms();
	progress_text(im->written, im->eaten, run->in_total,
	    im->shown - im->began, text);
	caller_text(run->caller, OUT_STDERR, "-- %s\n", text);
}

static void
finish(struct run *run)
{
	struct import *im = run->import;
	char text[PROGRESS_TEXT_MAX];
	struct doc d;

	progress_text(im->written, im->eaten, 0, mono_ms() - im->began, text);
	if (run->line.form != DOC_TEXT) {
		doc_init(&d);
		row_num(&d.head, "written", ROW_U64, im->written);
		row_num(&d.head, "refused", ROW_U64, im->refused);
		row_num(&d.head, "bytes", ROW_BYTES, im->bytes);
		row_num(&d.head, "took", ROW_MS, mono_ms() - im->began);
		run_doc(run, &d, doc_text);
		doc_free(&d);
	} else
		caller_text(run->caller, OUT_STDERR, "-- %s\n", text);
	if (im->refused > 0)
		run_fail(run, im->status, "import: %llu of %llu lines were "
		    "refused; %s", (unsigned long long)im->refused,
		    (unsigned long long)im->lines, im->first);
	else
		run_done(run, EX_OK);
}

/* Lines that are whole, as far as there is room; the run may end. */
static void
step(struct run *run)
{
	struct import *im = run->import;
	const char *p, *nl;
	size_t left;
	bool hold;

	while (im->n < AHEAD) {
		p = (const char *)im->in.p + im->off;
		left = im->in.len - im->off;
		nl = left > 0 ? memchr(p, '\n', left) : NULL;
		if (nl == NULL && left > LINE_MAX_IN) {
			run_fail(run, EX_DATAERR, "import: line %llu is too "
			    "long", (unsigned long long)im->lines + 1);
			return;
		}
		if (nl == NULL && (!im->eof || left == 0))
			break;
		if (nl != NULL)
			left = (size_t)(nl - p);
		one(run, p, left);
		im->off += left + (nl != NULL);
		im->eaten += left + (nl != NULL);
	}
	if (im->off > 0)
		memmove(im->in.p, im->in.p + im->off, im->in.len - im->off);
	im->in.len -= im->off;
	im->off = 0;
	if (im->eof && im->in.len == 0 && im->n == 0) {
		finish(run);
		return;
	}
	hold = im->in.len > BUFFER_HIGH;
	if (hold != im->held && run->caller->hold != NULL) {
		im->held = hold;
		run->caller->hold(run->caller, hold);
	}
}

void
import_input(struct run *run, const void *p, size_t n)
{
	struct import *im = run->import;

	if (n == 0) {
		im->eof = true;
		run->wants_input = false;
	} else if (n > BUFFER_MAX - im->in.len) {
		run_fail(run, EX_DATAERR, "import: the input comes faster "
		    "than it may; give it by micelioctl import <FILE");
		return;
	} else
		wbuf_bytes(&im->in, p, n);
	step(run);
}

void
import_answer(struct run *run, uint32_t req, int status, const char *why)
{
	struct import *im = run->import;
	unsigned int i;

	for (i = 0; i < im->n && im->req[i] != req; i++)
		;
	if (i == im->n)
		return;
	if (status == EX_OK)
		im->written++;
	else
		refused(im, im->line_of[i], status, why);
	im->n--;
	im->req[i] = im->req[im->n];
	im->line_of[i] = im->line_of[im->n];
	if (im->n == 0 && run->deadline != NULL)
		event_del(run->deadline);
	progress(run);
	step(run);
}
