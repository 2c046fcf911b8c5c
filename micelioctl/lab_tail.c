/* SPDX-License-Identifier: MIT */
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control_proto.h"
#include "ctlpath.h"
#include "cursor.h"
#include "lab.h"
#include "mtime.h"
#include "text.h"

#define TEXT_MAX	(1024u * 1024)
#define LINE_MAX	(CTL_FRAME_MAX + 32u)

static void
word_put(struct wbuf *w, const char *s)
{
	wbuf_u16be(w, (uint16_t)strlen(s));
	wbuf_bytes(w, s, strlen(s));
}

/* HELLO and RUN tail, in one piece. */
static bool
request_send(int fd)
{
	struct wbuf w;
	bool sent;

	wbuf_init(&w, 128);
	wbuf_u32be(&w, 1 + 2 + 2 + 3);
	wbuf_u8(&w, CTL_HELLO);
	wbuf_u16be(&w, CTL_VERSION);
	word_put(&w, "lab");
	wbuf_u32be(&w, 1 + 2 + 2 + 4);
	wbuf_u8(&w, CTL_RUN);
	wbuf_u16be(&w, 1);
	word_put(&w, "tail");
	sent = send(fd, w.p, w.len, MSG_NOSIGNAL) == (ssize_t)w.len;
	wbuf_free(&w);
	return sent;
}

static int
connected(const char *data_dir)
{
	struct sockaddr_un sun;
	char path[CTLPATH_MAX + 1];
	int fd;

	if (!ctlpath(data_dir, getenv("XDG_RUNTIME_DIR"), path))
		return -1;
	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	text_copy(sun.sun_path, path, sizeof(sun.sun_path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd != -1 && connect(fd, (struct sockaddr *)&sun,
	    sizeof(sun)) == -1) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

/* "[11:40] -- ...": about the node, not said by anybody. */
static bool
is_note(const uint8_t *p, size_t n)
{
	const uint8_t *end = n > 0 && *p == '[' ? memchr(p, ']', n) : NULL;

	if (end != NULL && (size_t)(end - p) + 2 <= n) {
		n -= (size_t)(end + 2 - p);
		p = end + 2;
	}
	return n >= 3 && memcmp(p, "-- ", 3) == 0;
}

static void
lines_take(struct lab_tail *t, const char *name, const uint8_t *p, size_t n)
{
	const uint8_t *nl;

	for (; n > 0 && (nl = memchr(p, '\n', n)) != NULL;
	    n -= (size_t)(nl + 1 - p), p = nl + 1) {
		if (is_note(p, (size_t)(nl - p)))
			continue;
		if (t->text.len + LINE_MAX > t->text.max)
			return;
		wbuf_bytes(&t->text, name, strlen(name));
		wbuf_bytes(&t->text, "| ", 2);
		wbuf_bytes(&t->text, p, (size_t)(nl + 1 - p));
	}
}

/* The types of the frames that were complete, as bits. */
static unsigned int
frames_take(struct lab_tail *t, const char *name)
{
	unsigned int seen = 0;
	size_t used = 0, len;
	struct rcur r;

	while (t->in_len - used >= CTL_HEADER) {
		rcur_init(&r, t->in + used, t->in_len - used);
		len = rcur_u32be(&r);
		if (len == 0 || len > CTL_FRAME_MAX) {
			lab_tail_close(t);
			return 0;
		}
		if (t->in_len - used < 4 + len)
			break;
		seen |= 1u << (t->in[used + 4] & 31);
		if (t->in[used + 4] == CTL_OUTPUT && len > 2 && name != NULL)
			lines_take(t, name, t->in + used + 6, len - 2);
		used += 4 + len;
	}
	memmove(t->in, t->in + used, t->in_len - used);
	t->in_len -= used;
	return seen;
}

/* False when nothing came in that time. */
static bool
receive(struct lab_tail *t, int ms)
{
	struct pollfd p = { .fd = t->fd, .events = POLLIN };
	ssize_t n;

	if (t->fd == -1 || poll(&p, 1, ms) != 1)
		return false;
	n = recv(t->fd, t->in + t->in_len, CTL_FRAME_MAX + CTL_HEADER -
	    t->in_len, MSG_DONTWAIT);
	if (n > 0) {
		t->in_len += (size_t)n;
		return true;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		lab_tail_close(t);
	return false;
}

bool
lab_tail_open(struct lab_tail *t, const char *data_dir, uint64_t deadline)
{
	memset(t, 0, sizeof(*t));
	wbuf_init(&t->text, TEXT_MAX);
	t->fd = connected(data_dir);
	t->in = calloc(1, CTL_FRAME_MAX + CTL_HEADER);
	if (t->fd == -1 || t->in == NULL || !request_send(t->fd)) {
		lab_tail_close(t);
		return false;
	}
	/* It watches in the turn in which it says that it will. */
	while (t->fd != -1 && mono_ms() < deadline)
		if (receive(t, 100) &&
		    (frames_take(t, NULL) & 1u << CTL_ACCEPTED) != 0)
			return true;
	lab_tail_close(t);
	return false;
}

bool
lab_tail_heard(struct lab_tail *t, const char *name)
{
	while (receive(t, 0))
		(void)frames_take(t, name);
	return t->text.len > 0;
}

void
lab_tail_close(struct lab_tail *t)
{
	if (t->fd != -1)
		(void)close(t->fd);
	free(t->in);
	if (t->text.max > 0)
		wbuf_free(&t->text);
	t->text.max = 0;
	t->fd = -1;
	t->in = NULL;
	t->in_len = 0;
}
