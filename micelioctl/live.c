/* SPDX-License-Identifier: MIT */
#include <sys/ioctl.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cursor.h"
#include "live.h"
#include "page.h"

#define ROWS_USUAL	24u
#define PAGE_BYTES_MAX	(512u * 1024)

static struct termios	 before;
static bool		 on, keys;
static volatile sig_atomic_t interrupted;

static void
interrupt(int sig)
{
	(void)sig;
	interrupted = 1;
}

/* Keys come one by one, and unseen; ^C is a signal as ever. */
static void
terminal_take(void)
{
	static const int sigs[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction sa = { .sa_handler = interrupt };
	struct termios t;

	for (size_t i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
		(void)sigaction(sigs[i], &sa, NULL);
	keys = tcgetattr(STDIN_FILENO, &before) == 0;
	if (!keys)
		return;
	t = before;
	t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &t);
}

static bool
write_whole(const struct wbuf *w)
{
	size_t done = 0;
	ssize_t n;

	while (done < w->len) {
		n = write(STDOUT_FILENO, w->p + done, w->len - done);
		if (n == -1 && errno == EINTR && !interrupted)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

static unsigned int
rows(void)
{
	struct winsize ws;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == -1 ||
	    ws.ws_row == 0 ? ROWS_USUAL : ws.ws_row;
}

bool
live_page(const char *text, size_t n)
{
	bool draws = isatty(STDOUT_FILENO) && page_possible(getenv("TERM"));
	bool first = !on, written;
	struct wbuf w;

	if (n == 0) {
		live_end();
		return true;
	}
	wbuf_init(&w, PAGE_BYTES_MAX);
	if (draws) {
		if (first)
			terminal_take();
		on = true;
		page_draw(&w, text, n, rows(), first);
	} else
		wbuf_bytes(&w, text, n);
	written = write_whole(&w);
	wbuf_free(&w);
	return written || interrupted;
}

bool
live_on(void)
{
	return on && keys;
}

bool
live_keys(void)
{
	char buf[256];
	ssize_t n = read(STDIN_FILENO, buf, sizeof(buf));

	if (n <= 0 && !(n == -1 && errno == EINTR))
		keys = false;
	return n > 0 && page_left(buf, (size_t)n);
}

bool
live_interrupted(void)
{
	return interrupted;
}

void
live_end(void)
{
	struct wbuf w;

	if (!on)
		return;
	on = false;
	wbuf_init(&w, PAGE_BYTES_MAX);
	page_end(&w);
	(void)write_whole(&w);
	wbuf_free(&w);
	if (keys)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
	keys = false;
}
