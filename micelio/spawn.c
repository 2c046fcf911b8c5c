/* SPDX-License-Identifier: MIT */
/* Starting a program as another process, and ending it. */
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "child_spawn.h"
#include "errtext.h"
#include "privs.h"

/* Above every descriptor number a child is given. */
#define SPAWN_FD_BASE	32

/* What the child tells through the close-on-exec pipe when it fails. */
struct failure {
	int	step;
	int	error;
};
enum step { STEP_FDS, STEP_IDS, STEP_CAPS, STEP_CWD, STEP_EXEC };
static const char *const step_names[] = {
	[STEP_FDS] = "descriptors",
	[STEP_IDS] = "change of user",
	[STEP_CAPS] = "dropping capabilities",
	[STEP_CWD] = "change of directory",
	[STEP_EXEC] = "exec",
};

static void	spawn_child(const struct spawn *, int) __attribute__((noreturn));
static bool	child_fds(const struct spawn *, int[3]);
static bool	child_ids(const struct spawn *);
static void	child_signals(void);

pid_t
spawn(const struct spawn *sp, int *pidfd, char err[ERR_MAX])
{
	struct failure fail;
	int report[2];
	ssize_t n;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC) == -1) {
		snprintf(err, ERR_MAX, "pipe: %s", strerror(errno));
		return -1;
	}
	if ((pid = fork()) == 0)
		spawn_child(sp, report[1]);
	close(report[1]);
	if (pid == -1) {
		snprintf(err, ERR_MAX, "fork: %s", strerror(errno));
		close(report[0]);
		return -1;
	}
	/* Ends with the child's exec, or its failure. */
	do
		n = read(report[0], &fail, sizeof(fail));
	while (n == -1 && errno == EINTR);
	close(report[0]);
	if (n == sizeof(fail)) {
		snprintf(err, ERR_MAX, "%s: %s: %s", sp->argv[0],
		    step_names[fail.step], strerror(fail.error));
		waitpid(pid, NULL, 0);
		return -1;
	}
	if (pidfd != NULL &&
	    (*pidfd = (int)syscall(SYS_pidfd_open, pid, 0)) == -1) {
		snprintf(err, ERR_MAX, "%s: pidfd: %s", sp->argv[0],
		    strerror(errno));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return -1;
	}
	return pid;
}

static void
spawn_child(const struct spawn *sp, int report)
{
	static char *const env[] = { NULL };
	struct failure fail;
	int exe = sp->exe;
	int keep[] = { report, exe, sp->cwd };

	fail.step = STEP_FDS;
	if (!child_fds(sp, keep))
		goto failed;
	report = keep[0];
	exe = keep[1];
	fail.step = STEP_IDS;
	if (sp->own_ids && !child_ids(sp))
		goto failed;
	/*
	 * Ambient capabilities would survive both the change of user and the
	 * exec.
	 */
	fail.step = STEP_CAPS;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == -1 ||
	    (sp->drop_caps && !privs_drop_all()))
		goto failed;
	/*
	 * By descriptor and as the new user: the way there may be closed to
	 * it, the directory itself is not.
	 */
	fail.step = STEP_CWD;
	if ((sp->cwd == -1 ? chdir("/") : fchdir(keep[2])) == -1)
		goto failed;
	child_signals();
	fail.step = STEP_EXEC;
	execveat(exe, "", sp->argv, env, AT_EMPTY_PATH);
failed:
	fail.error = errno;
	if (write(report, &fail, sizeof(fail)) == -1)
		_exit(126);
	_exit(127);
}

/*
 * Two steps, as a source may sit on another's target: all up out of the way,
 * then down into place.  keep[] survives too, until the exec.
 */
static bool
child_fds(const struct spawn *sp, int keep[3])
{
	int up[SPAWN_FDS_MAX];
	int i, null;

	if (sp->nfds > SPAWN_FDS_MAX) {
		errno = E2BIG;
		return false;
	}
	for (i = 0; i < 3; i++)
		if (keep[i] != -1 && (keep[i] = fcntl(keep[i],
		    F_DUPFD_CLOEXEC, SPAWN_FD_BASE)) == -1)
			return false;
	for (size_t n = 0; n < sp->nfds; n++) {
		up[n] = -1;
		if (sp->fds[n].from != -1 && (up[n] = fcntl(sp->fds[n].from,
		    F_DUPFD_CLOEXEC, SPAWN_FD_BASE)) == -1)
			return false;
	}
	/* Whatever is open by now closes at the exec, if not before. */
	if (syscall(SYS_close_range, 3, UINT_MAX, CLOSE_RANGE_CLOEXEC) == -1)
		return false;
	if ((null = open("/dev/null", O_RDWR | O_CLOEXEC)) == -1 ||
	    dup2(null, STDIN_FILENO) == -1 || dup2(null, STDOUT_FILENO) == -1)
		return false;
	for (size_t n = 0; n < sp->nfds; n++)
		if (up[n] != -1 && dup2(up[n], sp->fds[n].to) == -1)
			return false;
	return true;
}

static bool
child_ids(const struct spawn *sp)
{
	return setgroups(0, NULL) == 0 &&
	    setresgid(sp->gid, sp->gid, sp->gid) == 0 &&
	    setresuid(sp->uid, sp->uid, sp->uid) == 0;
}

/*
 * A key typed at the terminal reaches the whole process group, but the order
 * of an end is the parent's: children leave when told or at end-of-file.
 */
static void
child_signals(void)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT,
	    SIGPIPE, SIGUSR1, SIGUSR2 };
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);	/* the rest refuse, as they may */
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

bool
spawn_kill(int pidfd, bool own_ids, uid_t uid, gid_t gid)
{
	pid_t helper;
	int status;

	if (syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) == 0)
		return true;
	if (errno == ESRCH)
		return true;
	if (errno != EPERM || !own_ids)
		return false;
	if ((helper = fork()) == -1)
		return false;
	if (helper == 0) {
		const struct spawn as = { .uid = uid, .gid = gid };

		if (!child_ids(&as) || syscall(SYS_pidfd_send_signal, pidfd,
		    SIGKILL, NULL, 0) == -1)
			_exit(1);
		_exit(0);
	}
	while (waitpid(helper, &status, 0) == -1)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
