/* SPDX-License-Identifier: MIT */
/* The table of messages, and the life of a channel. */
#include <sys/socket.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imsg_chan.h"
#include "log.h"

#define SOCKBUF		(1024 * 1024)

const struct imsg_rule imsg_rules[IMSG_MAX] = {
	[IMSG_NONE] = { "NONE", 0, 0, 0, 0, 0, false },
#define X(name, from, to, phase, min, max, fd)				\
	[IMSG_##name] = { #name, (from), (to), (phase), (min), (max), (fd) },
	IMSG_TABLE(X)
#undef X
};

const char *
proc_role_title(enum proc_role role)
{
	static const char *const titles[PROC_MAX] = {
		"nobody", "micelio", "micelio-transportd", "micelio-gossipd",
		"micelio-stated", "micelio-sshd", "micelio-sshd-session",
		"micelio-config",
	};

	return (unsigned int)role < PROC_MAX ? titles[role] : "?";
}

const char *
proc_role_name(enum proc_role role)
{
	const char *title = proc_role_title(role);
	const char *dash = strchr(title, '-');

	return dash != NULL ? dash + 1 : title;
}

const char *
imsg_type_name(unsigned int type)
{
	return type < IMSG_MAX ? imsg_rules[type].name : "?";
}

const char *
down_reason_text(unsigned int reason)
{
	static const char *const texts[DOWN_MAX] = {
#define X(name, text) [DOWN_##name] = text,
		DOWN_TABLE(X)
#undef X
	};

	return reason < DOWN_MAX ? texts[reason] : "unknown";
}

int
imsg_socketpair(int fds[2])
{
	int size = SOCKBUF;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
	    fds) == -1)
		return -1;
	/* Clipped where the system allows less; coalescing suffices then. */
	for (int i = 0; i < 2; i++) {
		(void)setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size,
		    sizeof(size));
		(void)setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &size,
		    sizeof(size));
	}
	return 0;
}

static bool
takes_fds(enum proc_role self, enum proc_role peer)
{
	for (size_t i = IMSG_NONE + 1; i < IMSG_MAX; i++)
		if (imsg_rules[i].fd && (imsg_rules[i].to & 1u << self) != 0 &&
		    (imsg_rules[i].from & 1u << peer) != 0)
			return true;
	return false;
}

struct imsgchan *
imsgchan_new(struct event_base *base, int fd, enum proc_role self,
    enum proc_role peer, imsg_dispatch_cb dispatch, imsg_closed_cb closed,
    void *arg)
{
	struct imsgchan *c = xcalloc(1, sizeof(*c));

	c->base = base;
	c->fd = fd;
	c->self = self;
	c->peer = peer;
	c->phase = IMSG_PHASE_SETUP;
	c->dispatch = dispatch;
	c->closed = closed;
	c->arg = arg;
	c->takes_fds = takes_fds(self, peer);
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	if (base == NULL)
		return c;
	c->ev_read = event_new(base, fd, EV_READ | EV_PERSIST, imsgchan_read_cb, c);
	c->ev_write = event_new(base, fd, EV_WRITE, imsgchan_write_cb, c);
	c->ev_flush = event_new(base, -1, 0, imsgchan_flush_cb, c);
	if (c->ev_read == NULL || c->ev_write == NULL || c->ev_flush == NULL ||
	    event_add(c->ev_read, NULL) == -1)
		fatalx("channel to %s: no event", proc_role_title(peer));
	return c;
}

static void
chan_release(struct imsgchan *c)
{
	for (size_t i = 0; i < c->nfds; i++)
		close(c->fds[i]);
	for (size_t i = 0; i < c->nout_fds; i++)
		close(c->out_fds[i].fd);
	free(c->out_fds);
	free(c->in);
	free(c->out);
	free(c);
}

/* Stop all traffic; the memory stays until nobody is inside. */
static void
chan_silence(struct imsgchan *c)
{
	if (c->ev_read != NULL)
		event_free(c->ev_read);
	if (c->ev_write != NULL)
		event_free(c->ev_write);
	if (c->ev_flush != NULL)
		event_free(c->ev_flush);
	c->ev_read = c->ev_write = c->ev_flush = NULL;
	if (c->fd != -1)
		close(c->fd);
	c->fd = -1;
	c->ended = true;
}

void
imsgchan_free(struct imsgchan *c)
{
	if (c == NULL)
		return;
	c->closed = NULL;
	c->drained = NULL;
	/* Last words: what the socket takes at once still leaves. */
	if (!c->ended && c->busy == 0)
		(void)imsgchan_flush(c);
	if (!c->ended)
		chan_silence(c);
	c->freed = true;
	if (c->busy == 0)
		chan_release(c);
}

bool
imsgchan_leave(struct imsgchan *c)
{
	bool alive = !c->ended;

	if (--c->busy == 0 && c->freed)
		chan_release(c);
	return alive;
}

void
imsgchan_end(struct imsgchan *c, enum imsgchan_end how, const char *why)
{
	if (c->ended)
		return;
	if (why != c->why)
		snprintf(c->why, sizeof(c->why), "%s", why);
	chan_silence(c);
	if (c->closed != NULL && !c->freed) {
		c->busy++;
		c->closed(c, how, c->why, c->arg);
		(void)imsgchan_leave(c);
	}
}

void
imsgchan_set_phase(struct imsgchan *c, unsigned int phase)
{
	c->phase = phase;
}

enum proc_role
imsgchan_peer(const struct imsgchan *c)
{
	return c->peer;
}

size_t
imsgchan_queued(const struct imsgchan *c)
{
	return c->out_len - c->out_off;
}

void
imsgchan_set_drained(struct imsgchan *c, size_t low,
    void (*cb)(struct imsgchan *, void *))
{
	c->low = low;
	c->drained = cb;
}

void
imsgchan_pause(struct imsgchan *c, unsigned int reason)
{
	if (c->paused == 0 && c->ev_read != NULL)
		event_del(c->ev_read);
	c->paused |= reason;
}

void
imsgchan_resume(struct imsgchan *c, unsigned int reason)
{
	unsigned int before = c->paused;

	c->paused &= ~reason;
	if (before == 0 || c->paused != 0 || c->ev_read == NULL)
		return;
	event_add(c->ev_read, NULL);
	/* Complete messages may already wait in our buffer. */
	if (c->in_len >= sizeof(struct imsg_hdr))
		event_active(c->ev_read, EV_READ, 0);
}
