/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cursor.h"
#include "local.h"

#define ARGV_MAX	64
#define STOP_LOOK_MS	100

volatile sig_atomic_t programs_stop;

static bool
is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    access(path, X_OK) == 0;
}

/* The directory a path is in, with n more levels cut off. */
static void
dir_of(const char *path, unsigned int levels, char out[PATH_MAX])
{
	char *slash;

	(void)snprintf(out, PATH_MAX, "%s", path);
	for (levels++; levels > 0; levels--) {
		slash = strrchr(out, '/');
		if (slash == NULL)
			return;
		*slash = '\0';
	}
}

bool
programs_find(struct programs *p, char *why, size_t size)
{
	char dir[PATH_MAX], top[PATH_MAX], probe[PATH_MAX + 32];
	ssize_t n = readlink("/proc/self/exe", p->self, sizeof(p->self) - 1);

	p->libexec[0] = '\0';
	if (n <= 0) {
		(void)snprintf(why, size, "/proc is not there; want it "
		    "mounted, to find micelio beside this program");
		return false;
	}
	p->self[n] = '\0';
	dir_of(p->self, 0, dir);
	dir_of(p->self, 1, top);
	/* All in one directory; a build tree; installed. */
	(void)snprintf(p->micelio, sizeof(p->micelio), "%.4000s/micelio", dir);
	(void)snprintf(probe, sizeof(probe), "%s/micelio-gossipd", dir);
	if (is_program(p->micelio)) {
		if (is_program(probe))
			(void)snprintf(p->libexec, sizeof(p->libexec), "%s",
			    dir);
		return true;
	}
	(void)snprintf(p->micelio, sizeof(p->micelio),
	    "%.4000s/micelio/micelio", top);
	if (is_program(p->micelio)) {
		(void)snprintf(p->libexec, sizeof(p->libexec), "%s", top);
		return true;
	}
	(void)snprintf(p->micelio, sizeof(p->micelio), "%.4000s/sbin/micelio",
	    top);
	if (is_program(p->micelio))
		return true;
	(void)snprintf(why, size, "the program micelio is not beside "
	    "micelioctl (%s); install both", dir);
	return false;
}

static void
take(int *fd, struct wbuf *w)
{
	uint8_t buf[16384];
	ssize_t n = read(*fd, buf, sizeof(buf));

	if (n == -1 && errno == EINTR)
		return;
	if (n <= 0) {
		(void)close(*fd);
		*fd = -1;
	} else if (w != NULL && w->len + (size_t)n <= OUTPUT_MAX)
		wbuf_bytes(w, buf, (size_t)n);
}

static int
collect(pid_t pid, int out_fd, int err_fd, struct wbuf *out,
    struct wbuf *err)
{
	struct pollfd p[2];
	int status;

	while (out_fd != -1 || err_fd != -1) {
		p[0] = (struct pollfd){ .fd = out_fd, .events = POLLIN };
		p[1] = (struct pollfd){ .fd = err_fd, .events = POLLIN };
		/* A signal may come right before this. */
		if (poll(p, 2, STOP_LOOK_MS) <= 0) {
			if (programs_stop)
				(void)kill(pid, SIGTERM);
			continue;
		}
		if (p[0].revents != 0)
			take(&out_fd, out);
		if (p[1].revents != 0)
			take(&err_fd, err);
	}
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) :
	    128 + WTERMSIG(status);
}

int
program_run(const char *const *argv, struct wbuf *out, struct wbuf *err)
{
	int po[2], pe[2], null;
	pid_t pid;

	if (pipe2(po, O_CLOEXEC) == -1)
		return -1;
	if (pipe2(pe, O_CLOEXEC) == -1) {
		(void)close(po[0]);
		(void)close(po[1]);
		return -1;
	}
	pid = fork();
	if (pid == 0) {
		null = open("/dev/null", O_RDONLY);
		if (null == -1 || dup2(null, STDIN_FILENO) == -1 ||
		    dup2(po[1], STDOUT_FILENO) == -1 ||
		    dup2(pe[1], STDERR_FILENO) == -1)
			_exit(127);
		(void)execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	(void)close(po[1]);
	(void)close(pe[1]);
	if (pid == -1) {
		(void)close(po[0]);
		(void)close(pe[0]);
		return -1;
	}
	return collect(pid, po[0], pe[0], out, err);
}

int
node_run(const struct programs *p, const char *data_dir,
    const char *const *words, size_t n, struct wbuf *out, struct wbuf *err)
{
	const char *argv[ARGV_MAX];
	size_t k = 0;

	argv[k++] = p->self;
	argv[k++] = "--data-dir";
	argv[k++] = data_dir;
	for (size_t i = 0; i < n && k < ARGV_MAX - 1; i++)
		argv[k++] = words[i];
	argv[k] = NULL;
	return program_run(argv, out, err);
}
