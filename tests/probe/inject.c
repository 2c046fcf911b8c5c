/* SPDX-License-Identifier: MIT */
/*
 * Makes a running process try a system call, as if its code had been taken
 * over, and says what came of it:
 *
 *	inject PID ATTEMPT [PATH]
 *
 * prints "allowed N", "errno NAME" or "killed SIGNAL".  Needs the right to
 * trace the process (root); the process itself is the shipping binary, its
 * sandbox untouched.
 */
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* For a busy process to come to rest. */
#define ASLEEP_TRIES	1000
#define ASLEEP_PAUSE_US	5000

#define STRING	0xffffff01UL	/* stands for the address of our string */
#define SOCKADDR 0xffffff02UL	/* of a socket address */
#define PARENT	0xffffff03UL	/* for the pid of the node's parent */

static const struct attempt {
	const char	*name;
	long		 nr;
	unsigned long	 arg[6];
	const char	*string;
} attempts[] = {
	{ "open", SYS_openat, { (unsigned long)AT_FDCWD, STRING, O_RDONLY },
	    "/etc/passwd" },
	{ "create", SYS_openat, { (unsigned long)AT_FDCWD, STRING,
	    O_RDWR | O_CREAT, 0600 }, "/dev/shm/micelio-probe" },
	{ "unlink", SYS_unlink, { STRING }, "/dev/shm/micelio-none" },
	{ "socket-inet", SYS_socket, { AF_INET, SOCK_STREAM, 0 }, NULL },
	{ "socket-unix", SYS_socket, { AF_UNIX, SOCK_STREAM, 0 }, NULL },
	{ "socket-netlink", SYS_socket, { AF_NETLINK, SOCK_RAW, 0 }, NULL },
	{ "socket-packet", SYS_socket, { AF_PACKET, SOCK_RAW, 0 }, NULL },
	{ "connect", SYS_connect, { 3, SOCKADDR, sizeof(struct sockaddr_in) },
	    NULL },
	{ "bind", SYS_bind, { 3, SOCKADDR, sizeof(struct sockaddr_in) }, NULL },
	{ "fork", SYS_clone, { SIGCHLD }, NULL },
	{ "exec", SYS_execve, { STRING, 0, 0 }, "/bin/true" },
	{ "ptrace", SYS_ptrace, { PTRACE_ATTACH, PARENT }, NULL },
	{ "readmem", SYS_process_vm_readv, { PARENT, 0, 0, 0, 0, 0 }, NULL },
	{ "kill", SYS_kill, { PARENT, SIGTERM }, NULL },
	{ "tgkill", SYS_tgkill, { PARENT, PARENT, SIGTERM }, NULL },
	{ "pidfd", SYS_pidfd_open, { PARENT, 0 }, NULL },
	{ "listen", SYS_listen, { 3, 5 }, NULL },
	{ "setuid", SYS_setuid, { 0 }, NULL },
	{ "setresuid", SYS_setresuid, { 0, 0, 0 }, NULL },
	{ "mount", SYS_mount, { STRING, STRING, 0, 0, 0 }, "/tmp" },
	{ "unshare", SYS_unshare, { 0x10000000 }, NULL },
	{ "io_uring", SYS_io_uring_setup, { 1, 0 }, NULL },
	{ "bpf", SYS_bpf, { 0, 0, 0 }, NULL },
	{ "mmap-exec", SYS_mmap, { 0, 4096, 7, 0x22, (unsigned long)-1, 0 },
	    NULL },
};

static void
die(const char *what)
{
	fprintf(stderr, "inject: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void
regs_get(pid_t pid, struct user_regs_struct *r)
{
	struct iovec v = { r, sizeof(*r) };

	if (ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &v) == -1)
		die("read registers");
}

static void
regs_set(pid_t pid, struct user_regs_struct *r)
{
	struct iovec v = { r, sizeof(*r) };

	if (ptrace(PTRACE_SETREGSET, pid, (void *)NT_PRSTATUS, &v) == -1)
		die("write registers");
}

static void
poke(pid_t pid, unsigned long at, const void *src, size_t len)
{
	unsigned char buf[512] = { 0 };
	long word;

	memcpy(buf, src, len);
	for (size_t i = 0; i < len; i += sizeof(word)) {
		memcpy(&word, buf + i, sizeof(word));
		if (ptrace(PTRACE_POKEDATA, pid, (void *)(at + i),
		    (void *)word) == -1)
			die("write memory");
	}
}

static void
say_killed(int status)
{
	int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	printf("killed %s\n", sig == SIGSYS ? "SIGSYS" :
	    sig != 0 ? strsignal(sig) : "exit");
	exit(0);
}

/*
 * One instruction of the traced process, and no stop that came before it;
 * exits when it died of the attempt.
 */
static void
step(pid_t pid, unsigned long until, struct user_regs_struct *r)
{
	int status;

	do {
		if (ptrace(PTRACE_SINGLESTEP, pid, 0, 0) == -1)
			die("go on");
		if (waitpid(pid, &status, __WALL) == -1)
			die("wait");
		if (WIFEXITED(status) || WIFSIGNALED(status))
			say_killed(status);
		regs_get(pid, r);
	} while (r->rip != until);
}

static pid_t
parent_of(pid_t pid)
{
	char path[64], line[512];
	FILE *f;
	int ppid = -1;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if ((f = fopen(path, "r")) == NULL || fgets(line, sizeof(line), f) ==
	    NULL || strrchr(line, ')') == NULL ||
	    sscanf(strrchr(line, ')'), ") %*c %d", &ppid) != 1)
		die(path);
	fclose(f);
	return ppid;
}

/* Stop it where it waits in a system call: a busy one is let go on first. */
static int
stop_asleep(pid_t pid, struct user_regs_struct *regs)
{
	int status;

	for (int tries = 0; tries < ASLEEP_TRIES; tries++) {
		if (ptrace(PTRACE_INTERRUPT, pid, 0, 0) == -1 ||
		    waitpid(pid, &status, __WALL) == -1)
			die("interrupt");
		regs_get(pid, regs);
		if ((long)regs->orig_rax >= 0)
			return 1;
		if (ptrace(PTRACE_CONT, pid, 0, 0) == -1)
			die("continue");
		(void)usleep(ASLEEP_PAUSE_US);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct user_regs_struct saved, r;
	const struct attempt *a = NULL;
	unsigned long stack, v[6];
	const char *string;
	pid_t pid;
	long rc;

	if (argc < 3) {
		for (size_t i = 0; i < sizeof(attempts) / sizeof(*a); i++)
			puts(attempts[i].name);
		return argc == 1 ? 0 : 64;
	}
	pid = (pid_t)strtol(argv[1], NULL, 10);
	for (size_t i = 0; i < sizeof(attempts) / sizeof(*a); i++)
		if (strcmp(argv[2], attempts[i].name) == 0)
			a = &attempts[i];
	if (a == NULL) {
		fprintf(stderr, "inject: no attempt \"%s\"\n", argv[2]);
		return 64;
	}
	string = argc > 3 ? argv[3] : a->string;

	if (ptrace(PTRACE_SEIZE, pid, 0, 0) == -1)
		die("seize");
	/* Let an interrupted sleep reach its restart: then rip is at syscall. */
	if (!stop_asleep(pid, &saved))
		errno = EBUSY, die("never asleep in a system call");
	stack = (saved.rsp - 4096) & ~15UL;
	if (string != NULL)
		poke(pid, stack, string, strlen(string) + 1);
	sin.sin_port = htons(1);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	poke(pid, stack + 1024, &sin, sizeof(sin));
	for (int i = 0; i < 6; i++)
		v[i] = a->arg[i] == STRING ? stack :
		    a->arg[i] == SOCKADDR ? stack + 1024 :
		    a->arg[i] == PARENT ? (unsigned long)parent_of(pid) :
		    a->arg[i];

	r = saved;
	r.rip = saved.rip - 2;		/* the syscall instruction itself */
	r.orig_rax = (unsigned long)-1;	/* no restart of the old one */
	r.rax = (unsigned long)a->nr;
	r.rdi = v[0];
	r.rsi = v[1];
	r.rdx = v[2];
	r.r10 = v[3];
	r.r8 = v[4];
	r.r9 = v[5];
	regs_set(pid, &r);
	step(pid, saved.rip, &r);
	rc = (long)r.rax;
	if (rc < 0 && rc > -4096)
		printf("errno %s\n", strerrorname_np((int)-rc));
	else
		printf("allowed %ld\n", rc);
	regs_set(pid, &saved);
	(void)ptrace(PTRACE_DETACH, pid, 0, 0);
	return 0;
}
