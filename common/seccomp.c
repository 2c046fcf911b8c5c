/* SPDX-License-Identifier: MIT */
/*
 * The system call lists: one table, a bit for each role that may.  What is
 * not listed kills the process.
 */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <unistd.h>

#undef EV_NONE		/* from <elf.h>; ours is an event */
#include "config.h"
#include "log.h"
#include "sandbox.h"

#define Pa	IMSG_ROLE(PARENT)
#define Tr	IMSG_ROLE(TRANSPORTD)
#define Go	IMSG_ROLE(GOSSIPD)
#define St	IMSG_ROLE(STATED)
#define Ss	IMSG_ROLE(SSHD)
#define Se	IMSG_ROLE(SESSION)
#define Cf	IMSG_ROLE(CONFIG)
#define ALL	(Pa | Tr | Go | St | Ss | Se | Cf)
#define LOOP	(Pa | Tr | Go | St | Ss)
#define NET	(Pa | Tr | Ss | Se)

#define MAY(call, roles)	{ SCMP_SYS(call), (roles) }

static const struct {
	int		nr;
	unsigned int	roles;
} calls[] = {
	/* memory, time, the end */
	MAY(brk, ALL), MAY(munmap, ALL), MAY(mremap, ALL), MAY(madvise, ALL),
	MAY(futex, ALL), MAY(getpid, ALL), MAY(gettid, ALL),
	MAY(getrandom, ALL), MAY(exit, ALL), MAY(exit_group, ALL),
	MAY(clock_gettime, ALL), MAY(gettimeofday, ALL), MAY(time, ALL),
	MAY(clock_nanosleep, ALL), MAY(nanosleep, ALL),
	MAY(restart_syscall, ALL), MAY(rt_sigreturn, ALL),
	MAY(rt_sigaction, ALL), MAY(rt_sigprocmask, ALL),
	MAY(sigaltstack, ALL), MAY(sched_yield, ALL),
	MAY(sched_getaffinity, ALL), MAY(getrusage, ALL), MAY(sysinfo, ALL),
	MAY(getuid, ALL), MAY(geteuid, ALL), MAY(getgid, ALL),
	MAY(getegid, ALL), MAY(getppid, ALL),
	/* descriptors one already has */
	MAY(read, ALL), MAY(readv, ALL), MAY(write, ALL), MAY(writev, ALL),
	MAY(close, ALL), MAY(recvmsg, ALL), MAY(sendmsg, ALL),
	MAY(recvfrom, ALL), MAY(sendto, ALL), MAY(poll, ALL),
	MAY(ppoll, ALL), MAY(fstat, ALL), MAY(lseek, ALL),
	MAY(shutdown, NET | Go | St),
	MAY(epoll_wait, LOOP), MAY(epoll_pwait, LOOP), MAY(epoll_ctl, LOOP),
	MAY(timerfd_settime, LOOP), MAY(timerfd_gettime, LOOP),
	/* sockets */
	MAY(accept4, Pa | Tr | Ss), MAY(accept, Pa | Tr | Ss),
	MAY(getsockname, NET), MAY(getpeername, NET),
	MAY(getsockopt, NET), MAY(setsockopt, Pa),
	MAY(connect, Pa | Tr),
	/* files */
	MAY(openat, Pa | St), MAY(open, Pa | St), MAY(creat, Pa | St),
	MAY(newfstatat, Pa | St), MAY(stat, Pa | St), MAY(lstat, Pa | St),
	MAY(statx, Pa | St), MAY(access, Pa | St), MAY(faccessat, Pa | St),
	MAY(faccessat2, Pa | St), MAY(statfs, Pa | St), MAY(fstatfs, Pa | St),
	MAY(pread64, Pa | St), MAY(pwrite64, Pa | St), MAY(preadv, Pa | St),
	MAY(pwritev, Pa | St), MAY(fsync, Pa | St), MAY(fdatasync, Pa | St),
	MAY(ftruncate, Pa | St), MAY(fallocate, Pa | St),
	MAY(fadvise64, Pa | St), MAY(sync_file_range, Pa | St),
	MAY(rename, Pa | St), MAY(renameat, Pa | St), MAY(renameat2, Pa | St),
	MAY(unlink, Pa | St), MAY(unlinkat, Pa | St), MAY(mkdir, Pa | St),
	MAY(mkdirat, Pa | St), MAY(rmdir, Pa | St), MAY(getdents64, Pa | St),
	MAY(getcwd, Pa | St), MAY(flock, Pa | St), MAY(umask, Pa | St),
	MAY(select, Pa | St), MAY(pselect6, Pa | St),
	/* modes and times: Landlock does not look at these */
	MAY(fchmod, Pa), MAY(chmod, Pa), MAY(fchmodat, Pa),
	MAY(utimensat, Pa),
	/* the parent: start, watch and end processes; its files */
	MAY(clone, Pa), MAY(clone3, Pa), MAY(fork, Pa), MAY(vfork, Pa),
	MAY(execve, Pa), MAY(execveat, Pa), MAY(wait4, Pa), MAY(waitid, Pa),
	MAY(kill, Pa), MAY(pidfd_open, Pa), MAY(pidfd_send_signal, Pa),
	MAY(arch_prctl, Pa), MAY(set_tid_address, Pa),
	MAY(set_robust_list, Pa), MAY(rseq, Pa), MAY(prlimit64, Pa),
	MAY(getrlimit, Pa), MAY(setrlimit, Pa), MAY(prctl, Pa),
	MAY(seccomp, Pa), MAY(capget, Pa), MAY(capset, Pa),
	MAY(landlock_create_ruleset, Pa), MAY(landlock_add_rule, Pa),
	MAY(landlock_restrict_self, Pa), MAY(membarrier, Pa),
	MAY(dup, Pa), MAY(dup2, Pa), MAY(dup3, Pa), MAY(pipe2, Pa),
	MAY(pipe, Pa), MAY(socketpair, Pa), MAY(bind, Pa), MAY(listen, Pa),
	MAY(chdir, Pa), MAY(fchdir, Pa), MAY(fchown, Pa), MAY(fchownat, Pa),
	MAY(chown, Pa), MAY(link, Pa), MAY(linkat, Pa), MAY(readlink, Pa),
	MAY(readlinkat, Pa), MAY(inotify_init1, Pa),
	MAY(inotify_add_watch, Pa), MAY(inotify_rm_watch, Pa),
	MAY(signalfd4, Pa), MAY(epoll_create1, Pa), MAY(epoll_create, Pa),
	MAY(eventfd2, Pa), MAY(timerfd_create, Pa), MAY(uname, Pa),
	MAY(setsid, Pa), MAY(setpgid, Pa), MAY(getpgid, Pa),
	MAY(getpgrp, Pa), MAY(getresuid, Pa), MAY(getresgid, Pa),
	MAY(getgroups, Pa), MAY(close_range, Pa), MAY(mlock, Pa),
	MAY(munlock, Pa), MAY(memfd_secret, Pa), MAY(memfd_create, Pa),
	MAY(sched_getparam, Pa), MAY(sched_getscheduler, Pa),
};

static void
must(int rc, const char *what)
{
	if (rc < 0)
		fatalx("seccomp: %s: error %d", what, -rc);
}

/* No page that is or becomes both ours to write and executable. */
static void
rules_memory(scmp_filter_ctx ctx, enum proc_role role)
{
	if (role == PROC_PARENT) {	/* its children load libraries */
		must(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 0),
		    "mmap");
		must(seccomp_rule_add(ctx, SCMP_ACT_ALLOW,
		    SCMP_SYS(mprotect), 0), "mprotect");
		return;
	}
	must(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)), "mmap");
	must(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)), "mprotect");
}

static void
rules_socket(scmp_filter_ctx ctx, enum proc_role role)
{
	static const unsigned int inet[] = { AF_INET, AF_INET6 };

	if (role == PROC_PARENT)
		must(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
		    SCMP_A0_32(SCMP_CMP_EQ, AF_UNIX, 0)), "socket");
	if (role != PROC_PARENT && role != PROC_TRANSPORTD)
		return;
	for (size_t i = 0; i < 2; i++)
		must(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
		    SCMP_A0_32(SCMP_CMP_EQ, inet[i], 0)), "socket");
}

/*
 * Not F_SETOWN and F_SETSIG: with these the kernel sends any signal to any
 * process of the same uid.  Not SO_LINGER: the last close(2) of such a socket
 * waits, also when a process that was sent it has to close it.
 */
static void
rules_descriptors(scmp_filter_ctx ctx, enum proc_role role)
{
	static const struct {
		unsigned int	cmd, roles;
	} cmds[] = {
		{ F_GETFD, ALL }, { F_SETFD, ALL }, { F_GETFL, ALL },
		{ F_SETFL, ALL }, { F_DUPFD, Pa | St },
		{ F_DUPFD_CLOEXEC, Pa | St }, { F_GETLK, Pa | St },
		{ F_SETLK, Pa | St }, { F_SETLKW, Pa | St },
	};

	for (size_t i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++)
		if ((cmds[i].roles & 1u << role) != 0)
			must(seccomp_rule_add(ctx, SCMP_ACT_ALLOW,
			    SCMP_SYS(fcntl), 1, SCMP_A1_32(SCMP_CMP_EQ,
			    cmds[i].cmd, 0)), "fcntl");
	if ((NET & ~Pa & 1u << role) == 0)
		return;
	must(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 1,
	    SCMP_A1_32(SCMP_CMP_EQ, IPPROTO_TCP, 0)), "setsockopt");
	must(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 2,
	    SCMP_A1_32(SCMP_CMP_EQ, SOL_SOCKET, 0),
	    SCMP_A2_32(SCMP_CMP_EQ, SO_KEEPALIVE, 0)), "setsockopt");
}

/* abort(3), and nothing else, may signal: only ourselves. */
static void
rules_signal(scmp_filter_ctx ctx, enum proc_role role)
{
	if (role == PROC_PARENT)
		must(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill),
		    0), "tgkill");
	else
		must(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
		    SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)getpid(), 0)), "tgkill");
}

/* Calls that libraries try and can do without: refused, not killed. */
static void
rules_harmless(scmp_filter_ctx ctx, enum proc_role role)
{
	must(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
	    SCMP_A1_32(SCMP_CMP_EQ, FIONREAD, 0)), "ioctl");
	must(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
	    SCMP_A1_32(SCMP_CMP_EQ, FIONBIO, 0)), "ioctl");
	must(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOTTY), SCMP_SYS(ioctl), 1,
	    SCMP_A1_32(SCMP_CMP_EQ, TCGETS, 0)), "ioctl");
	if (role != PROC_PARENT && role != PROC_STATED)
		must(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EACCES),
		    SCMP_SYS(newfstatat), 0), "newfstatat");
}

static void
rules_calls(scmp_filter_ctx ctx, enum proc_role role)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		int nr = calls[i].nr;

		/* Negative: the architecture does not have it. */
		if ((calls[i].roles & 1u << role) != 0 && nr >= 0)
			must(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 0),
			    "call");
	}
}

/* set*id: only to micelio's own ids, all three at once. */
static void
rules_ids(scmp_filter_ctx ctx, int nr, const uint32_t *ids, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		must(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 3,
		    SCMP_A0_32(SCMP_CMP_EQ, ids[i], 0),
		    SCMP_A1_32(SCMP_CMP_EQ, ids[i], 0),
		    SCMP_A2_32(SCMP_CMP_EQ, ids[i], 0)), "set*id");
}

static scmp_filter_ctx
filter_new(enum proc_role role)
{
	scmp_filter_ctx ctx = seccomp_init(SANDBOX_LOG ? SCMP_ACT_LOG :
	    SCMP_ACT_KILL_PROCESS);

	if (ctx == NULL)
		fatalx("seccomp: no filter");
	must(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1), "tsync");
	must(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2), "optimize");
	rules_calls(ctx, role);
	rules_memory(ctx, role);
	rules_socket(ctx, role);
	rules_descriptors(ctx, role);
	rules_signal(ctx, role);
	rules_harmless(ctx, role);
	return ctx;
}

static void
filter_load(scmp_filter_ctx ctx, struct sandbox_report *rep)
{
	must(seccomp_load(ctx), "load");
	seccomp_release(ctx);
	rep->seccomp = !SANDBOX_LOG;
}

void
sandbox_seccomp(enum proc_role role, struct sandbox_report *rep)
{
	struct rlimit none = { 0, 0 };

	/* Threads exist by now; nothing more may be started. */
	if (setrlimit(RLIMIT_NPROC, &none) == -1)
		fatal("setrlimit processes");
	if (SANDBOX_OFF)
		return;
	filter_load(filter_new(role), rep);
}

void
sandbox_parent(const uint32_t *uids, const uint32_t *gids, unsigned int n,
    struct sandbox_report *rep)
{
	scmp_filter_ctx ctx;

	if (SANDBOX_OFF)
		return;
	ctx = filter_new(PROC_PARENT);
	rules_ids(ctx, SCMP_SYS(setresuid), uids, n);
	rules_ids(ctx, SCMP_SYS(setresgid), gids, n);
	if (n > 0)
		must(seccomp_rule_add(ctx, SCMP_ACT_ALLOW,
		    SCMP_SYS(setgroups), 1,
		    SCMP_A0_32(SCMP_CMP_EQ, 0, 0)), "setgroups");
	filter_load(ctx, rep);
}
