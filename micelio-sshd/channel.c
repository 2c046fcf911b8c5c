/* SPDX-License-Identifier: MIT */
/*
 * The one channel: bytes in, bytes out, and its end.
 *
 * Beware: most calls into libssh that read or write a channel also poll and
 * run callbacks, so callbacks only note what they have seen (s->happened
 * keeps the loop from sleeping over it), and nothing of ours is held by
 * pointer across such a call but bytes that are sent before it polls.
 *
 * Out: libssh buffers without bound what the client does not take, so bytes
 * are handed to it only while its socket is free and the window is open.  In:
 * libssh does not enforce its receive window, so what is held is watched.
 */
#include <string.h>

#include "mtime.h"
#include "session.h"

#define WRITE_MAX	32768u
#define READ_MAX	16384u
#define KEYS_AT_ONCE	32u
#define LINES_AT_ONCE	1024u

static int	data_cb(ssh_session, ssh_channel, void *, uint32_t, int, void *);
static void	eof_cb(ssh_session, ssh_channel, void *);
static void	close_cb(ssh_session, ssh_channel, void *);
static size_t	piece_size(const struct session *);
static size_t	take(struct session *, const uint8_t *, size_t);
static void	input(struct session *, const uint8_t *, size_t);
static bool	input_room(const struct session *);
static void	input_held(struct session *);
static void	input_eof(struct session *);
static void	output(struct session *, struct outq *, bool);
static bool	output_possible(struct session *);
static void	acknowledge(struct session *);
static void	say_refused(struct session *);
static void	close_channel(struct session *);

ssh_channel
client_channel_open(ssh_session ssh, void *arg)
{
	struct session *s = arg;

	s->requests++;
	if (s->chan != NULL || s->phase != SES_PH_OPEN)
		return NULL;
	s->chan = ssh_channel_new(ssh);
	if (s->chan == NULL)
		return NULL;
	s->cols = SCREEN_COLS;
	s->rows = SCREEN_ROWS;
	ssh_callbacks_init(&s->chan_cb);
	s->chan_cb.userdata = s;
	s->chan_cb.channel_data_function = data_cb;
	s->chan_cb.channel_eof_function = eof_cb;
	s->chan_cb.channel_close_function = close_cb;
	client_callbacks(s);
	if (ssh_set_channel_callbacks(s->chan, &s->chan_cb) != SSH_OK)
		return NULL;
	return s->chan;
}

void
client_write(struct session *s, int stream, const void *data, size_t len)
{
	struct outq *q = stream == 2 ? &s->err : &s->out;

	/* The hub is made to wait long before; this cannot happen by size. */
	if (len > SES_OUT_MAX - q->buf.len) {
		session_end(s, "too much output waits");
		return;
	}
	wbuf_bytes(&q->buf, data, len);
}

/* Is there input that no descriptor will wake us for? */
bool
client_input_waits(const struct session *s)
{
	return s->held > 0 && input_room(s);
}

size_t
client_queued(const struct session *s)
{
	return s->out.buf.len - s->out.off + s->err.buf.len - s->err.off;
}

void
client_pump(struct session *s)
{
	if (s->chan == NULL || s->phase < SES_PH_RUN ||
	    s->phase == SES_PH_END)
		return;
	if (s->client_closed && s->phase != SES_PH_CLOSE) {
		session_end(s, "channel closed by the client");
		return;
	}
	say_refused(s);
	input_held(s);
	if (s->client_eof && !s->eof_sent && s->held == 0)
		input_eof(s);
	output(s, &s->out, false);
	output(s, &s->err, true);
	acknowledge(s);
	if (s->phase == SES_PH_DRAIN && client_queued(s) == 0)
		close_channel(s);
}

void
client_finish(struct session *s, uint8_t status)
{
	if (s->phase != SES_PH_RUN)
		return;
	shell_end(s);
	s->exit_status = status;
	s->phase = SES_PH_DRAIN;
	s->deadline_ms = mono_ms() + SES_DRAIN_MS;
}

/* libssh keeps what is not taken; len counts that, too. */
static int
data_cb(ssh_session ssh, ssh_channel chan, void *data, uint32_t len,
    int is_stderr, void *arg)
{
	struct session *s = arg;

	(void)ssh;
	(void)chan;
	s->happened = true;
	if (is_stderr)
		return (int)len;
	if (s->phase > SES_PH_RUN) {
		s->held = 0;		/* nobody listens any more */
		return (int)len;
	}
	if (len > SES_IN_HELD_MAX) {
		session_end(s, "more input than the window allows");
		return (int)len;
	}
	s->held = len;
	if (!s->reading)
		s->held -= take(s, data, len);
	return (int)(len - s->held);
}

/*
 * Input is handled in small pieces: two keys may bring 16 KiB back onto the
 * screen, and there has to be room for that.
 */
static size_t
piece_size(const struct session *s)
{
	if (s->kind == SES_EXEC)
		return READ_MAX;
	return s->pty ? KEYS_AT_ONCE : LINES_AT_ONCE;
}

static size_t
take(struct session *s, const uint8_t *data, size_t len)
{
	size_t piece = piece_size(s), n, done;

	for (done = 0; done < len && input_room(s); done += n) {
		n = len - done < piece ? len - done : piece;
		input(s, data + done, n);
		if (imsgchan_queued(s->hub) > SES_IN_QUEUE / 2)
			(void)imsgchan_flush(s->hub);
	}
	return done;
}

static void
eof_cb(ssh_session ssh, ssh_channel chan, void *arg)
{
	struct session *s = arg;

	(void)ssh;
	(void)chan;
	s->happened = true;
	s->client_eof = true;
}

static void
close_cb(ssh_session ssh, ssh_channel chan, void *arg)
{
	struct session *s = arg;

	(void)ssh;
	(void)chan;
	s->happened = true;
	s->client_closed = true;
}

static void
input(struct session *s, const uint8_t *data, size_t len)
{
	if (s->page_on) {
		shell_page_keys(s, data, len);
		return;
	}
	if (s->kind == SES_SHELL) {
		shell_input(s, data, len);
		return;
	}
	if (s->pty && memchr(data, 0x03, len) != NULL)
		imsg_send(s->hub, IMSG_SES_INTR, 0, 0, NULL, 0);
	imsg_send(s->hub, IMSG_SES_IN, 0, 0, data, len);
}

/* Keys struck before the hub has opened the shell wait for it. */
static bool
input_room(const struct session *s)
{
	if (s->kind == SES_SHELL && s->pty && !s->screen_on)
		return false;
	return s->phase == SES_PH_RUN && !s->hub_gone &&
	    s->untaken < SES_LINES_WINDOW &&
	    imsgchan_queued(s->hub) < SES_IN_QUEUE &&
	    client_queued(s) < SES_OUT_RESUME;
}

/* What libssh kept while there was no room. */
static void
input_held(struct session *s)
{
	uint8_t buf[READ_MAX];
	int n;

	while (client_input_waits(s)) {
		s->reading = true;	/* data_cb only counts meanwhile */
		n = ssh_channel_read_nonblocking(s->chan, buf,
		    (uint32_t)piece_size(s), 0);
		s->reading = false;
		if (n <= 0) {
			s->held = 0;
			break;
		}
		s->held -= (size_t)n < s->held ? (size_t)n : s->held;
		input(s, buf, (size_t)n);
		if (imsgchan_queued(s->hub) > SES_IN_QUEUE / 2)
			(void)imsgchan_flush(s->hub);
	}
}

static void
input_eof(struct session *s)
{
	s->eof_sent = true;
	if (s->phase != SES_PH_RUN || s->hub_gone)
		return;
	if (s->kind == SES_EXEC)
		imsg_send(s->hub, IMSG_SES_IN, 0, 0, NULL, 0);
	else
		shell_eof(s);
}

static void
output(struct session *s, struct outq *q, bool is_stderr)
{
	size_t n, window;
	int wrote;

	while (q->off < q->buf.len && output_possible(s)) {
		n = q->buf.len - q->off;
		n = n < WRITE_MAX ? n : WRITE_MAX;
		/* More than the window, and libssh polls before it sends. */
		window = ssh_channel_window_size(s->chan);
		n = n < window ? n : window;
		wrote = is_stderr ?
		    ssh_channel_write_stderr(s->chan, q->buf.p + q->off,
		    (uint32_t)n) :
		    ssh_channel_write(s->chan, q->buf.p + q->off, (uint32_t)n);
		if (wrote <= 0)
			break;
		q->off += (size_t)wrote;
	}
	if (q->off == q->buf.len) {
		wbuf_reset(&q->buf);
		q->off = 0;
	} else if (q->off > SES_OUT_RESUME) {
		memmove(q->buf.p, q->buf.p + q->off, q->buf.len - q->off);
		q->buf.len -= q->off;
		q->off = 0;
	}
}

static bool
output_possible(struct session *s)
{
	return !s->client_closed &&
	    (ssh_get_poll_flags(s->ssh) & SSH_WRITE_PENDING) == 0 &&
	    ssh_channel_window_size(s->chan) > 0;
}

static void
acknowledge(struct session *s)
{
	uint32_t n = s->unacked;

	if (n == 0 || client_queued(s) > SES_OUT_ACK || s->hub_gone)
		return;
	s->unacked = 0;
	imsg_send(s->hub, IMSG_SES_ACK, 0, 0, &n, sizeof(n));
}

/* Port forwarding, agent, X11: libssh refuses them, this says why. */
static void
say_refused(struct session *s)
{
	static const char text[] = "-- forwarding is not offered here: this "
	    "is a partyline, not a login\n";

	if (!s->refused_forwarding || s->phase != SES_PH_RUN)
		return;
	s->refused_forwarding = false;
	shell_output(s, 2, text, sizeof(text) - 1);
}

/*
 * Status, end of file, close, in this order; then the client closes, and only
 * then the connection goes: a client that is still sending gives back 255
 * when it finds the connection gone before it has seen the status.
 */
static void
close_channel(struct session *s)
{
	(void)ssh_channel_request_send_exit_status(s->chan, s->exit_status);
	(void)ssh_channel_send_eof(s->chan);
	(void)ssh_channel_close(s->chan);
	s->phase = SES_PH_CLOSE;
	s->deadline_ms = mono_ms() + SES_CLOSE_MS;
}
