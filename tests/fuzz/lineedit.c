/* SPDX-License-Identifier: MIT */
/*
 * Feeds: the keys somebody types, in pieces with pauses between them,
 * candidates of a completion, and the width of the terminal.
 * Holds: the cursor stays in the line and on a character; every line and paste
 * is UTF-8 within its limit; what waits for time is over when the time is; the
 * screen is drawn whatever stands in the line.
 * Reads with: micelio-sshd/keys.c micelio-sshd/lineedit.c
 * micelio-sshd/lineedit_find.c micelio-sshd/lineedit_paste.c
 * micelio-sshd/linebuf.c micelio-sshd/screen.c micelio-sshd/layout.c
 */
#include "common/text.h"
#include "fuzz.h"
#include "micelio-sshd/lineedit.h"
#include "micelio-sshd/screen.h"

struct rig {
	struct lineedit	 le;
	struct screen	 screen;
	struct wbuf	 out;
	uint64_t	 now;
	uint32_t	 asked;		/* completion; 0: none */
	size_t		 cursor;
	unsigned int	 ends;
};

static void
refresh(struct rig *r)
{
	char prompt[LINEEDIT_QUERY_MAX + 64];
	const char *text;
	size_t len, cursor;
	bool own = false;

	lineedit_view(&r->le, prompt, sizeof(prompt), &own, &text, &len,
	    &cursor);
	HOLDS(cursor <= len && len <= LINEBUF_MAX);
	HOLDS(utf8_valid(text, len) && utf8_valid(text, cursor));
	wbuf_reset(&r->out);
	screen_refresh(&r->screen, own ? prompt : "[alice]> ", text, len,
	    cursor, r->now);
}

static void
entered_cb(void *arg)
{
	struct rig *r = arg;

	wbuf_reset(&r->out);
	screen_commit(&r->screen, "[alice]> ", r->le.buf.text, r->le.buf.len,
	    "");
}

static void
line_cb(void *arg, const char *s, size_t n)
{
	(void)arg;
	HOLDS(n <= LINEEDIT_PASTE_MAX && utf8_valid(s, n));
}

static void
pasted_cb(void *arg, size_t lines)
{
	(void)arg;
	HOLDS(lines > 0);
}

static void
too_big_cb(void *arg, size_t bytes, size_t limit)
{
	(void)arg;
	HOLDS(bytes > limit);
}

static void
too_long_cb(void *arg, size_t bytes)
{
	(void)arg;
	HOLDS(bytes > 0);
}

static void
complete_cb(void *arg, uint32_t id, const char *s, size_t n, size_t cursor)
{
	struct rig *r = arg;

	HOLDS(id != 0 && cursor <= n && utf8_valid(s, n));
	r->asked = id;
	r->cursor = cursor;
}

static void
list_cb(void *arg)
{
	struct rig *r = arg;

	HOLDS(r->le.cand_n > 0 && r->le.cand_n <= LINEEDIT_CANDIDATES);
}

static void
interrupt_cb(void *arg, bool was_empty)
{
	(void)arg;
	(void)was_empty;
}

static void
count_cb(void *arg)
{
	((struct rig *)arg)->ends++;
}

static const struct lineedit_ops ops = { entered_cb, line_cb, line_cb,
	pasted_cb, too_big_cb, too_long_cb, complete_cb, list_cb,
	interrupt_cb, count_cb, count_cb, count_cb };

/* A tick at the time that was asked for leaves nothing due. */
static void
pass(struct rig *r, uint64_t ms)
{
	uint64_t due;

	r->now += ms;
	for (int i = 0; i < 8 && (due = lineedit_deadline(&r->le)) != 0 &&
	    due <= r->now; i++)
		lineedit_tick(&r->le, r->now);
	due = lineedit_deadline(&r->le);
	HOLDS(due == 0 || due > r->now);
}

static void
answer(struct rig *r, struct fuzz_in *in)
{
	const char *cand[3];
	size_t len[3], n;

	for (n = 0; n < 3; n++) {
		cand[n] = (const char *)fuzz_bytes(in, fuzz_u8(in) % 16,
		    &len[n]);
		if (!utf8_valid(cand[n], len[n]))
			len[n] = 0;
	}
	lineedit_completed(&r->le, r->asked, fuzz_u8(in) % (r->cursor + 2),
	    cand, len, n);
	r->asked = 0;
}

static void
step(struct rig *r, struct fuzz_in *in)
{
	uint8_t what = fuzz_u8(in);
	const uint8_t *p;
	size_t n;

	switch (what & 0xf) {
	case 0:
		pass(r, (uint64_t)fuzz_u8(in) * 10);
		break;
	case 1:
		answer(r, in);
		break;
	case 2:
		screen_resize(&r->screen, fuzz_u8(in) * 2u, fuzz_u8(in),
		    r->now);
		break;
	case 3:
		wbuf_reset(&r->out);
		screen_print(&r->screen, "a line of the room\n", 19);
		break;
	default:
		p = fuzz_bytes(in, 1u + (what >> 4) * 3u, &n);
		lineedit_feed(&r->le, p, n, r->now);
		pass(r, what & 1 ? 20 : 0);
	}
	refresh(r);
}

FUZZ_TARGET(lineedit)(const uint8_t *data, size_t size)
{
	struct fuzz_in in = fuzz_begin(data, size);
	uint8_t how = fuzz_u8(&in);
	static struct rig r;

	memset(&r, 0, sizeof(r));
	r.now = 1000;
	wbuf_init(&r.out, 64u * 1024 * 1024);
	lineedit_init(&r.le, &ops, &r);
	screen_init(&r.screen, &r.out, how & 1 ? "dumb" : "xterm",
	    how & 0x7eu, how >> 5);
	screen_plain(&r.screen, (how & 0x80) != 0);
	screen_start(&r.screen);
	while (in.left > 0)
		step(&r, &in);
	lineedit_flush(&r.le);
	screen_end(&r.screen, true);
	lineedit_free(&r.le);
	screen_free(&r.screen);
	wbuf_free(&r.out);
	return 0;
}
