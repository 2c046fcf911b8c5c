/* SPDX-License-Identifier: MIT */
/* One command, from connecting to its exit status. */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "config.h"
#include "control_proto.h"
#include "cursor.h"
#include "live.h"
#include "local.h"
#include "micelioctl.h"
#include "mtime.h"
#include "text.h"

#define INPUT_CHUNK	32768u
#define STATUS_INTR	130	/* as a shell has it after C-c */
#define RETRY_MS	20	/* while the socket's queue is full */

struct client {
	const struct options	*opts;
	const char		*path;
	int			 fd;
	uint64_t		 deadline;	/* monotonic; 0: none */
	bool			 accepted, changes, inputs;
	uint8_t			*in;
	size_t			 in_len;
	struct wbuf		 out;
	size_t			 out_done;
	int			 status;	/* -1: not yet */
};

static int	loop(struct client *);

static bool
has_word(const struct options *o, const char *word)
{
	for (size_t i = 1; i < o->n; i++)
		if (strcmp(o->words[i], word) == 0)
			return true;
	return false;
}

/* "version --help" is about the command, as of any other. */
static bool
wants_version(const struct options *o)
{
	return strcmp(o->words[0], "version") == 0 &&
	    !has_word(o, "--help") && !has_word(o, "-h");
}

static int
version_print(const struct options *o, const char *node, size_t n)
{
	bool json = has_word(o, "--json");

	if (json && node == NULL)
		(void)printf("{\"v\":1,\"micelioctl\":\"" MICELIO_VERSION
		    "\",\"micelio\":null}\n");
	else if (json)
		(void)printf("{\"v\":1,\"micelioctl\":\"" MICELIO_VERSION
		    "\",\"micelio\":\"%.*s\"}\n", (int)n, node);
	else if (node == NULL)
		(void)printf("micelioctl " MICELIO_VERSION "\n"
		    "micelio is not running\n");
	else
		(void)printf("micelioctl " MICELIO_VERSION "\n"
		    "micelio %.*s\n", (int)n, node);
	return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

static int
connect_failed(const struct client *c, int err)
{
	struct stat st;

	if (err == EACCES || err == EPERM) {
		(void)fprintf(stderr, "micelioctl: %s: permission denied: "
		    "you are not the node's owner and not in its group; ask "
		    "whoever runs it\n", c->path);
		return EX_NOPERM;
	}
	if (err == EAGAIN) {
		(void)fprintf(stderr, "micelioctl: %s: the node accepts no "
		    "connection now; nothing was changed\n", c->path);
		return EX_TEMPFAIL;
	}
	if (lstat(c->path, &st) == 0 && !S_ISSOCK(st.st_mode)) {
		(void)fprintf(stderr, "micelioctl: %s: not a socket, want the "
		    "node's control socket; name that with -s, or the node's "
		    "directory with --data-dir\n", c->path);
		return EX_USAGE;
	}
	if (err == ENOTDIR) {
		(void)fprintf(stderr, "micelioctl: %s: not in a directory, "
		    "want the node's; name that with --data-dir\n", c->path);
		return EX_USAGE;
	}
	if (err == ENOENT || err == ECONNREFUSED)
		(void)fprintf(stderr, "micelioctl: no answer at %s: micelio "
		    "is not running; see: systemctl status micelio, or start "
		    "it: micelio\n", c->path);
	else
		(void)fprintf(stderr, "micelioctl: no answer at %s: %s\n",
		    c->path, strerror(err));
	return EX_UNAVAILABLE;
}

/* 0, or errno.  A full queue is waited for, everything else is at once. */
static int
open_socket(struct client *c)
{
	struct sockaddr_un sun;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	text_copy(sun.sun_path, c->path, sizeof(sun.sun_path));
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd == -1)
		return errno;
	while (connect(c->fd, (struct sockaddr *)&sun, sizeof(sun)) == -1) {
		if (errno != EINTR && (errno != EAGAIN ||
		    mono_ms() >= c->deadline))
			return errno;
		if (errno == EAGAIN)
			(void)poll(NULL, 0, RETRY_MS);
	}
	return 0;
}

static void
str_put(struct wbuf *w, const char *s)
{
	size_t n = strlen(s);

	wbuf_u16be(w, (uint16_t)n);
	wbuf_bytes(w, s, n);
}

static void
frame_put(struct client *c, enum ctl_type type, const void *p, size_t n)
{
	wbuf_u32be(&c->out, (uint32_t)n + 1);
	wbuf_u8(&c->out, (uint8_t)type);
	wbuf_bytes(&c->out, p, n);
}

static const char *
user_name(void)
{
	const struct passwd *pw = getpwuid(geteuid());

	return pw == NULL || strlen(pw->pw_name) > 32 ? "" : pw->pw_name;
}

/* False when the words do not fit into a request. */
static bool
request_put(struct client *c)
{
	const struct options *o = c->opts;
	size_t total = 64;
	struct wbuf w;

	for (size_t i = 0; i < o->n; i++) {
		size_t n = strlen(o->words[i]);

		total += n + 2;
		if (n > UINT16_MAX || total > CTL_FRAME_MAX)
			return false;
	}
	wbuf_init(&w, CTL_FRAME_MAX);
	wbuf_u16be(&w, CTL_VERSION);
	str_put(&w, user_name());
	frame_put(c, CTL_HELLO, w.p, w.len);
	wbuf_reset(&w);
	wbuf_u16be(&w, (uint16_t)o->n);
	for (size_t i = 0; i < o->n; i++)
		str_put(&w, o->words[i]);
	frame_put(c, CTL_RUN, w.p, w.len);
	wbuf_free(&w);
	return true;
}

int
client_run(const struct options *o, const char *path)
{
	struct client c = { .opts = o, .path = path, .fd = -1,
	    .status = -1, .deadline = mono_ms() + o->timeout_ms };
	int err, rc;

	if (strcmp(o->words[0], "backup") == 0 && has_word(o, "-") &&
	    isatty(STDOUT_FILENO)) {
		(void)fprintf(stderr, "micelioctl: backup -: standard output "
		    "is a terminal, want a file or a pipe: backup - "
		    ">FILE.tar\n");
		return EX_USAGE;
	}
	err = open_socket(&c);
	if (err != 0) {
		if (c.fd != -1)
			(void)close(c.fd);
		if (wants_version(o))
			return version_print(o, NULL, 0);
		if (strcmp(o->words[0], "help") == 0 && !has_word(o, "--json"))
			return help_print(o);
		return connect_failed(&c, err);
	}
	wbuf_init(&c.out, 4 * CTL_FRAME_MAX);
	c.in = malloc(CTL_FRAME_MAX + CTL_HEADER);
	if (c.in == NULL || !request_put(&c)) {
		(void)fprintf(stderr, "micelioctl: the request is larger than "
		    "%u bytes; use standard input: say -\n", CTL_FRAME_MAX);
		rc = EX_DATAERR;
	} else
		rc = loop(&c);
	live_end();
	if (rc == EX_OK && o->n == 1 && strcmp(o->words[0], "help") == 0)
		local_list();
	(void)close(c.fd);
	free(c.in);
	wbuf_free(&c.out);
	return rc;
}

/*
 * What comes from the node.
 */

static bool
write_all(int fd, const uint8_t *p, size_t n)
{
	ssize_t k;

	while (n > 0) {
		k = write(fd, p, n);
		if (k == -1 && errno == EINTR)
			continue;
		if (k <= 0)
			return false;
		p += k;
		n -= (size_t)k;
	}
	return true;
}

/* Of a file it is known how much is to come. */
static void
size_put(struct client *c)
{
	off_t at = lseek(STDIN_FILENO, 0, SEEK_CUR);
	struct stat st;
	struct wbuf w;

	if (at == -1 || fstat(STDIN_FILENO, &st) == -1 ||
	    !S_ISREG(st.st_mode) || st.st_size <= at)
		return;
	wbuf_init(&w, 8);
	wbuf_u64be(&w, (uint64_t)(st.st_size - at));
	frame_put(c, CTL_INPUT_SIZE, w.p, w.len);
	wbuf_free(&w);
}

static void
accepted(struct client *c, struct rcur *r)
{
	uint8_t bits = rcur_u8(r);

	c->accepted = true;
	c->changes = (bits & CTL_CHANGES) != 0;
	c->inputs = (bits & CTL_INPUTS) != 0;
	if ((bits & (CTL_STREAMS | CTL_INPUTS)) != 0)
		c->deadline = 0;
	if (c->inputs)
		size_put(c);
}

static void
frame_handle(struct client *c, uint8_t type, const uint8_t *p, size_t n)
{
	struct rcur r;

	rcur_init(&r, p, n);
	if (type == CTL_WELCOME && wants_version(c->opts)) {
		(void)rcur_u16be(&r);
		n = rcur_u16be(&r);
		c->status = version_print(c->opts,
		    (const char *)rcur_bytes(&r, n), r.bad ? 0 : n);
	} else if (type == CTL_ACCEPTED)
		accepted(c, &r);
	else if (type == CTL_OUTPUT && n > 0) {
		if (!write_all(p[0] == 2 ? STDERR_FILENO : STDOUT_FILENO,
		    p + 1, n - 1)) {
			(void)fprintf(stderr, "micelioctl: standard output: "
			    "%s, want to write all of it there; what was asked "
			    "may be done\n", strerror(errno));
			c->status = EX_IOERR;
		}
	} else if (type == CTL_PAGE) {
		if (!live_page((const char *)p, n))
			c->status = EX_IOERR;
	} else if (type == CTL_EXIT && n == 1)
		c->status = p[0];
}

/* False when it is no answer of a node. */
static bool
frames_cut(struct client *c)
{
	size_t used = 0, len;
	struct rcur r;

	while (c->status == -1 && c->in_len - used >= CTL_HEADER) {
		rcur_init(&r, c->in + used, c->in_len - used);
		len = rcur_u32be(&r);
		if (len == 0 || len > CTL_FRAME_MAX)
			return false;
		if (c->in_len - used < 4 + len)
			break;
		frame_handle(c, c->in[used + 4], c->in + used + 5, len - 1);
		used += 4 + len;
	}
	memmove(c->in, c->in + used, c->in_len - used);
	c->in_len -= used;
	return true;
}

static int
gave_up(const struct client *c, const char *what)
{
	bool unknown = c->changes || !c->accepted;

	(void)fprintf(stderr, "micelioctl: %s at %s; %s\n", what, c->path,
	    unknown ? "it is not known whether it was done" :
	    "nothing was changed");
	return unknown ? EX_TEMPFAIL : EX_UNAVAILABLE;
}

/* -1: go on. */
static int
receive(struct client *c)
{
	ssize_t n = recv(c->fd, c->in + c->in_len,
	    CTL_FRAME_MAX + CTL_HEADER - c->in_len, 0);

	if (n == -1 && (errno == EINTR || errno == EAGAIN))
		return -1;
	if (n <= 0)
		return gave_up(c, "the node ended the connection");
	c->in_len += (size_t)n;
	if (!frames_cut(c)) {
		(void)fprintf(stderr, "micelioctl: %s: answers like no node, "
		    "want the control socket of micelio; see -s and "
		    "--data-dir\n", c->path);
		return EX_PROTOCOL;
	}
	return c->status;
}

/*
 * What goes to the node.
 */

static void
input_read(struct client *c)
{
	uint8_t buf[INPUT_CHUNK];
	ssize_t n = read(STDIN_FILENO, buf, sizeof(buf));

	if (n == -1 && errno == EINTR)
		return;
	if (n == -1) {
		(void)fprintf(stderr, "micelioctl: standard input: %s, want "
		    "the text; give it by a pipe or <FILE\n", errno == EBADF ?
		    "closed" : strerror(errno));
		c->status = EX_NOINPUT;
		return;
	}
	if (n == 0) {
		c->inputs = false;
		c->deadline = mono_ms() + c->opts->timeout_ms;
	}
	frame_put(c, CTL_INPUT, buf, (size_t)n);
}

static void
transmit(struct client *c)
{
	ssize_t n;

	while (c->out_done < c->out.len) {
		n = send(c->fd, c->out.p + c->out_done,
		    c->out.len - c->out_done, MSG_NOSIGNAL);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)	/* full, or ended: then reading tells why */
			return;
		c->out_done += (size_t)n;
	}
	wbuf_reset(&c->out);
	c->out_done = 0;
}

static int
wait_ms(const struct client *c)
{
	uint64_t now = mono_ms();

	if (c->deadline == 0)
		return -1;
	return now >= c->deadline ? 0 : (int)(c->deadline - now);
}

static int
loop(struct client *c)
{
	struct pollfd p[2];
	char span[TIME_TEXT_MAX], what[80];
	int n, rc;

	for (;;) {
		transmit(c);
		p[0].fd = c->fd;
		p[0].events = POLLIN;
		if (c->out.len > 0)
			p[0].events |= POLLOUT;
		/* One piece of input at a time is on its way. */
		p[1].fd = (c->inputs && c->out.len == 0) || live_on() ?
		    STDIN_FILENO : -1;
		p[1].events = POLLIN;
		p[0].revents = p[1].revents = 0;
		n = poll(p, 2, wait_ms(c));
		if (n == 0) {
			(void)snprintf(what, sizeof(what), "no answer in %s",
			    span_text(c->opts->timeout_ms, span));
			(void)gave_up(c, what);
			return EX_TEMPFAIL;
		}
		if (live_interrupted())
			return STATUS_INTR;
		if (n == -1)
			continue;
		if ((p[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0 &&
		    (rc = receive(c)) != -1)
			return rc;
		if (p[1].revents != 0 && live_on()) {
			if (live_keys())
				return EX_OK;
		} else if (p[1].revents != 0)
			input_read(c);
		if (c->status != -1)
			return c->status;
	}
}
