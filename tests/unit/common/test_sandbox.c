/* SPDX-License-Identifier: MIT */
/*
 * Every role in a process of its own, with the shipping limits, Landlock and
 * filter, tries what it must not: it dies of SIGSYS, or is refused.
 */
#include "t.h"

#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <linux/capability.h>

#include "sandbox.h"

enum outcome { ALLOWED, REFUSED, KILLED };

static int
try_open(void)
{
	return open("/etc/passwd", O_RDONLY);
}

static int
try_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static int
try_unix(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int
try_packet(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0);
}

static int
try_connect(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_port = htons(1), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	return connect(STDERR_FILENO, (struct sockaddr *)&sin, sizeof(sin));
}

static int
try_fork(void)
{
	return (int)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static int
try_exec(void)
{
	return execl("/bin/true", "true", (char *)NULL);
}

static int
try_ptrace(void)
{
	return (int)ptrace(PTRACE_ATTACH, getppid(), 0, 0);
}

static int
try_kill(void)
{
	return (int)syscall(SYS_kill, getppid(), 0);
}

static int
try_setuid(void)
{
	return (int)syscall(SYS_setuid, 0);
}

static int
try_wx(void)
{
	return syscall(SYS_mmap, 0, 4096, 7, 0x22, -1, 0) == -1 ? -1 : 0;
}

/* Of our own file: in personal mode the keys are files of this uid, too. */
static int
try_chmod(void)
{
	return (int)syscall(SYS_chmod, "/proc/self", 0755);
}

/* A signal of the kernel's on our behalf. */
static int
try_sigio(void)
{
	return fcntl(STDERR_FILENO, F_SETOWN, getppid());
}

static int
try_setsig(void)
{
	return fcntl(STDERR_FILENO, F_SETSIG, SIGKILL);
}

/* Who closes the last copy of such a socket waits. */
static int
try_linger(void)
{
	const struct linger l = { 1, 3600 };

	return setsockopt(STDERR_FILENO, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
}

static const struct attempt {
	const char	*name;
	int		(*run)(void);
} attempts[] = {
	{ "open", try_open }, { "socket", try_socket }, { "unix", try_unix },
	{ "packet", try_packet }, { "connect", try_connect },
	{ "fork", try_fork }, { "exec", try_exec }, { "ptrace", try_ptrace },
	{ "kill", try_kill }, { "setuid", try_setuid }, { "wx", try_wx },
	{ "sigio", try_sigio }, { "setsig", try_setsig },
	{ "linger", try_linger }, { "chmod", try_chmod },
};

static void
drop_caps(void)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2];

	memset(d, 0, sizeof(d));
	if (syscall(SYS_capset, &h, d) == -1)
		_exit(98);
}

static enum outcome
outcome_of(enum proc_role role, int (*run)(void))
{
	struct sandbox_report rep = { 0 };
	int status;
	pid_t pid = fork();

	assert_true(pid != -1);
	if (pid == 0) {
		drop_caps();
		sandbox_limits(role, 64, &rep);
		sandbox_landlock(role, -1, &rep);
		sandbox_seccomp(role, &rep);
		if (!rep.seccomp || !rep.no_new_privs || !rep.no_caps)
			_exit(97);
		_exit(run() == -1 ? REFUSED : ALLOWED);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), SIGSYS);
		return KILLED;
	}
	assert_true(WEXITSTATUS(status) <= KILLED);
	return (enum outcome)WEXITSTATUS(status);
}

/* What design gives a role beyond nothing. */
static enum outcome
expected(enum proc_role role, const char *attempt)
{
	if (role == PROC_TRANSPORTD && strcmp(attempt, "socket") == 0)
		return ALLOWED;
	if (role == PROC_TRANSPORTD && strcmp(attempt, "connect") == 0)
		return REFUSED;		/* the call is its job; the fd is not */
	if (role == PROC_STATED && strcmp(attempt, "open") == 0)
		return REFUSED;		/* Landlock: only beneath state/ */
	return KILLED;
}

static void
every_role_is_fenced(void **state)
{
	static const enum proc_role roles[] = { PROC_TRANSPORTD, PROC_GOSSIPD,
	    PROC_STATED, PROC_SSHD, PROC_SESSION, PROC_CONFIG };

	(void)state;
	for (size_t r = 0; r < sizeof(roles) / sizeof(roles[0]); r++)
		for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]);
		    i++) {
			enum outcome got = outcome_of(roles[r],
			    attempts[i].run);

			if (got != expected(roles[r], attempts[i].name))
				fail_msg("%s: %s: outcome %d",
				    proc_role_title(roles[r]),
				    attempts[i].name, got);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_role_is_fenced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
