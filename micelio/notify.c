/* SPDX-License-Identifier: MIT */
/*
 * systemd, without its library: sd_notify(3), sd_listen_fds(3), the watchdog
 * and the journal's native socket, each by its documented protocol.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "notify.h"

#define LISTEN_FIRST	3	/* SD_LISTEN_FDS_START */
#define FD_BASE		16	/* where taken descriptors move to */
#define JOURNAL_SOCKET	"/run/systemd/journal/socket"

static unsigned long env_number(const char *, unsigned long);
static void	take_listen_fds(struct notify *);
static int	connect_unix(const char *);

void
notify_init(struct notify *n)
{
	static const char *const gone[] = { "NOTIFY_SOCKET", "WATCHDOG_PID",
	    "WATCHDOG_USEC", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES" };
	unsigned long pid;
	const char *path;

	memset(n, 0, sizeof(*n));
	n->fd = -1;
	/* All three standard descriptors exist from here on. */
	for (int fd = open("/dev/null", O_RDWR); fd >= 0 && fd < 3;)
		fd = open("/dev/null", O_RDWR);
	take_listen_fds(n);
	(void)syscall(SYS_close_range, LISTEN_FIRST, FD_BASE - 1, 0);
	(void)syscall(SYS_close_range, FD_BASE + n->nlisten, UINT_MAX, 0);
	if ((path = getenv("NOTIFY_SOCKET")) != NULL)
		n->fd = connect_unix(path);
	pid = env_number("WATCHDOG_PID", (unsigned long)getpid());
	if (pid == (unsigned long)getpid())
		n->watchdog_ms = env_number("WATCHDOG_USEC", 0) / 1000;
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		(void)unsetenv(gone[i]);
}

static unsigned long
env_number(const char *name, unsigned long otherwise)
{
	const char *s = getenv(name);
	char *end;
	unsigned long v;

	if (s == NULL || *s < '0' || *s > '9')
		return otherwise;
	errno = 0;
	v = strtoul(s, &end, 10);
	return errno == 0 && *end == '\0' ? v : otherwise;
}

/* Up to FD_BASE and on, as 3 to 7 have other uses in this suite. */
static void
take_listen_fds(struct notify *n)
{
	unsigned long count = env_number("LISTEN_FDS", 0);

	if (env_number("LISTEN_PID", 0) != (unsigned long)getpid())
		return;
	if (count > NOTIFY_FDS_MAX)
		count = NOTIFY_FDS_MAX;
	/* From the top, so that none lands on one not yet moved. */
	for (unsigned long i = count; i-- > 0;) {
		int from = LISTEN_FIRST + (int)i, to = FD_BASE + (int)i;

		if (from == to ? fcntl(from, F_SETFD, FD_CLOEXEC) == -1 :
		    dup3(from, to, O_CLOEXEC) == -1)
			to = -1;
		n->listen_fd[i] = to;
	}
	n->nlisten = count;
}

static int
connect_unix(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int fd;

	if (len == 0 || len >= sizeof(sun.sun_path) ||
	    (path[0] != '/' && path[0] != '@'))
		return -1;
	memcpy(sun.sun_path, path, len);
	if (path[0] == '@')
		sun.sun_path[0] = '\0';
	if ((fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1)
		return -1;
	if (connect(fd, (struct sockaddr *)&sun, (socklen_t)(offsetof(
	    struct sockaddr_un, sun_path) + len)) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

void
notify_journal(struct notify *n)
{
	const char *s = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;
	char *end;
	int fd;

	if (s == NULL || fstat(STDERR_FILENO, &st) == -1)
		return;
	dev = strtoull(s, &end, 10);
	if (*end != ':')
		return;
	ino = strtoull(end + 1, &end, 10);
	if (*end != '\0' || dev != (unsigned long long)st.st_dev ||
	    ino != (unsigned long long)st.st_ino)
		return;
	if ((fd = connect_unix(JOURNAL_SOCKET)) == -1)
		return;
	if (fd != LOG_FILENO) {
		n->journal = dup3(fd, LOG_FILENO, O_CLOEXEC) == LOG_FILENO;
		close(fd);
	} else
		n->journal = true;
}

void
notify_send(struct notify *n, const char *fmt, ...)
{
	char buf[1024];
	va_list ap;
	int len;

	if (n->fd == -1)
		return;
	va_start(ap, fmt);
	len = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (len <= 0 || (size_t)len >= sizeof(buf))
		return;
	/* systemd down or busy is no trouble of ours. */
	(void)send(n->fd, buf, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT);
}
