/* SPDX-License-Identifier: MIT */
/*
 * authorized_keys: watched, read and handed to the hub as it is.  Its text is
 * the hub's to parse.
 */
#include <sys/inotify.h>
#include <sys/stat.h>

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "authkeys_lines.h"
#include "cursor.h"
#include "file.h"
#include "imsg.h"
#include "log.h"
#include "micelio.h"
#include "text.h"

#define AUTHKEYS_CHUNK	32768u	/* of AUTHKEYS_DATA */
#define WATCHED		(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | \
			    IN_DELETE | IN_ATTRIB | IN_ONLYDIR)
#define SETTLE_MS	50	/* an editor makes several changes in a row */

enum { AUTHKEYS_READ = 0, AUTHKEYS_ABSENT = 1, AUTHKEYS_UNREADABLE = 2 };

static void	changed_cb(evutil_socket_t, short, void *);
static void	settled_cb(evutil_socket_t, short, void *);
static void	send_end(struct child *, uint8_t, const char *);
static void	send_bytes(struct child *, const uint8_t *, size_t);

void
authkeys_start(struct parent *p)
{
	p->ev_authkeys = event_new(p->base, -1, 0, settled_cb, p);
	p->inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (p->ev_authkeys == NULL || p->inotify_fd == -1 ||
	    inotify_add_watch(p->inotify_fd, p->dir.path, WATCHED) == -1) {
		/* A reload reads it too. */
		log_debug("%s is not watched: %s", AUTHKEYS_FILE,
		    strerror(errno));
		return;
	}
	p->ev_inotify = event_new(p->base, p->inotify_fd,
	    EV_READ | EV_PERSIST, changed_cb, p);
	if (p->ev_inotify == NULL || event_add(p->ev_inotify, NULL) == -1)
		fatalx("no event for inotify");
}

static void
changed_cb(evutil_socket_t fd, short what, void *arg)
{
	_Alignas(struct inotify_event) char buf[4096];
	const struct timeval tv = { 0, SETTLE_MS * 1000 };
	const struct inotify_event *e;
	struct parent *p = arg;
	bool ours = false;
	ssize_t n;

	(void)what;
	/* A link's target may be in a directory of its own. */
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		for (char *at = buf; at < buf + n;
		    at += sizeof(*e) + e->len) {
			e = (const struct inotify_event *)(void *)at;
			if ((e->mask & IN_Q_OVERFLOW) != 0 || (e->len > 0 &&
			    (strcmp(e->name, AUTHKEYS_FILE) == 0 ||
			    strcmp(e->name, p->authkeys_target) == 0)))
				ours = true;
		}
	if (ours && event_add(p->ev_authkeys, &tv) == -1)
		fatalx("no timer");
}

static void
settled_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	authkeys_send(arg);
}

/* The directory that a link leads to, once more at every look. */
static void
watch_target(struct parent *p, const char *file)
{
	char real[PATH_MAX], *name;

	p->authkeys_target[0] = '\0';
	if (p->inotify_fd == -1 || realpath(file, real) == NULL ||
	    (name = strrchr(real, '/')) == NULL || name == real)
		return;
	*name++ = '\0';
	/* The same directory as ours: the watch stays the one it is. */
	if (inotify_add_watch(p->inotify_fd, real, WATCHED) == -1)
		log_debug("%s leads to %s, which is not watched: %s", file,
		    real, strerror(errno));
	else
		text_copy(p->authkeys_target, name,
		    sizeof(p->authkeys_target));
}

void
authkeys_send(struct parent *p)
{
	struct child *hub = child_running(p, PROC_SSHD);
	char file[sizeof(p->dir.path) + sizeof("/" AUTHKEYS_FILE)], reason[400];
	struct stat st;
	uint8_t *buf;
	bool absent;
	ssize_t n;

	if (hub == NULL)
		return;
	snprintf(file, sizeof(file), "%s/" AUTHKEYS_FILE, p->dir.path);
	watch_target(p, file);
	buf = xcalloc(1, AUTHKEYS_MAX);
	n = file_read(p->dir.fd, AUTHKEYS_FILE, buf, AUTHKEYS_MAX, &st);
	absent = n == -1 && errno == ENOENT;
	imsg_send(hub->chan, IMSG_AUTHKEYS_BEGIN, 0, 0, NULL, 0);
	if (absent) {
		/* Every reload looks again; said once is enough. */
		if (!p->authkeys_missing)
			log_event(EV_AUTHKEYS_MISSING, LF_STR("file", file));
		send_end(hub, AUTHKEYS_ABSENT, "");
	} else if (n == -1) {
		snprintf(reason, sizeof(reason), "%s", errno == EFBIG ?
		    "longer than 1 MiB" : errno == EINVAL ?
		    "not a regular file" : strerror(errno));
		log_event(EV_AUTHKEYS_UNREADABLE, LF_STR("file", file),
		    LF_STR("text", reason));
		send_end(hub, AUTHKEYS_UNREADABLE, reason);
	} else if ((st.st_mode & 022) != 0) {
		/* Whoever may write it decides who logs in. */
		snprintf(reason, sizeof(reason), "mode %04o lets others write "
		    "to it; type: chmod 600 %.300s",
		    (unsigned int)st.st_mode & 07777, file);
		log_event(EV_AUTHKEYS_UNREADABLE, LF_STR("file", file),
		    LF_STR("text", reason));
		send_end(hub, AUTHKEYS_UNREADABLE, reason);
	} else {
		log_event(EV_AUTHKEYS_READ, LF_STR("file", file),
		    LF_NUM("bytes", n));
		send_bytes(hub, buf, (size_t)n);
		send_end(hub, AUTHKEYS_READ, NULL);
	}
	p->authkeys_missing = absent;
	free(buf);
}

static void
send_bytes(struct child *hub, const uint8_t *p, size_t n)
{
	while (n > 0) {
		size_t k = n < AUTHKEYS_CHUNK ? n : AUTHKEYS_CHUNK;

		imsg_send(hub->chan, IMSG_AUTHKEYS_DATA, 0, 0, p, k);
		p += k;
		n -= k;
	}
}

/* A reason follows status 2 only. */
static void
send_end(struct child *hub, uint8_t status, const char *reason)
{
	struct wbuf w;

	wbuf_init(&w, 512);
	wbuf_u8(&w, status);
	if (status == AUTHKEYS_UNREADABLE)
		wbuf_str(&w, reason);
	imsg_send_wbuf(hub->chan, IMSG_AUTHKEYS_END, 0, 0, &w);
	wbuf_free(&w);
}
