/* SPDX-License-Identifier: MIT */
/* The parent's side of reading a configuration: see config_load.h. */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child_spawn.h"
#include "conf.h"
#include "config_load.h"
#include "cursor.h"
#include "errtext.h"
#include "imsg.h"
#include "log.h"
#include "proc.h"
#include "text.h"

struct load {
	const struct config_source *src;
	struct conf		*conf;
	struct config_problems	*problems;
	uint32_t		 given;		/* bit per key */
	size_t			 nrecords;
	bool			 done;
	char			 why[ERR_MAX];	/* it ended otherwise */
};

static int	open_file(struct load *);
static int	open_quiet(const char *);
static void	run_child(struct load *, int file);
static pid_t	start_child(struct load *, const char *,
		    const struct spawn_fd *, size_t, int *pidfd);
static void	follow_child(struct load *, int chan_fd, pid_t, int pidfd);
static void	message_cb(struct imsgchan *, struct imsg *, void *);
static void	closed_cb(struct imsgchan *, enum imsgchan_end, const char *,
		    void *);
static bool	take_record(struct load *, struct imsg *);
static bool	take_error(struct load *, struct imsg *);
static bool	take_commit(struct load *, struct imsg *);

int
config_load(const struct config_source *src, struct conf *conf,
    struct config_problems *ps)
{
	struct load l = { .src = src, .conf = conf, .problems = ps };
	int file;

	memset(ps, 0, sizeof(*ps));
	conf_init(conf);
	if ((file = open_file(&l)) != -1) {
		run_child(&l, file);
		close(file);
	}
	config_apply_flags(src, conf, l.given, ps);
	return ps->n + ps->more == 0 ? 0 : -1;
}

/* The file, or /dev/null for none; -1 when that is a problem. */
static int
open_file(struct load *l)
{
	const char *path = l->src->path, *want = "want a configuration file";
	struct stat st;
	int fd;

	if (path == NULL)
		return open_quiet("/dev/null");
	/* Non-blocking, lest a FIFO without writer keeps us for ever. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	/* What is wrong with the directory, opening that tells best. */
	if (fd == -1 && !l->src->must_exist && (errno == ENOENT ||
	    errno == ENOTDIR || errno == ENAMETOOLONG))
		return open_quiet("/dev/null");
	if (fd == -1 && errno == ENOENT)
		config_problem(l->problems, "%s: does not exist, %s; make it, "
		    "or leave out -c", path, want);
	else if (fd == -1 && (errno == EACCES || errno == EPERM))
		config_problem(l->problems, "%s: cannot be read by uid %u "
		    "(%s), %s one may read; see its owner and mode", path,
		    (unsigned int)geteuid(), strerror(errno), want);
	else if (fd == -1)
		config_problem(l->problems, "%s: %s, %s; give the name of a "
		    "file", path, strerror(errno), want);
	else if (fstat(fd, &st) == -1 || S_ISDIR(st.st_mode) ||
	    S_ISBLK(st.st_mode) || S_ISSOCK(st.st_mode)) {
		config_problem(l->problems, "%s: is %s, %s; give the name of "
		    "a file", path, S_ISDIR(st.st_mode) ? "a directory" :
		    "no file of text", want);
		close(fd);
		fd = -1;
	} else
		(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	return fd;
}

/* A file of the system that may be missing. */
static int
open_quiet(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd == -1)
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return fd;
}

static void
run_child(struct load *l, int file)
{
	const char *name = l->src->path == NULL ? "(no file)" : l->src->path;
	int resolv = open_quiet("/etc/resolv.conf");
	int hosts = open_quiet("/etc/hosts"), pidfd = -1, pair[2];
	pid_t pid;

	if (imsg_socketpair(pair) == -1)
		snprintf(l->why, sizeof(l->why), "%s", strerror(errno));
	else {
		const struct spawn_fd fds[] = {
			{ pair[1], PROC_FILENO }, { file, CONFIG_FILE_FILENO },
			{ resolv, CONFIG_RESOLV_FILENO },
			{ hosts, CONFIG_HOSTS_FILENO },
		};

		pid = start_child(l, name, fds, sizeof(fds) / sizeof(fds[0]),
		    &pidfd);
		close(pair[1]);
		if (pid != -1) {
			follow_child(l, pair[0], pid, pidfd);
			close(pidfd);
		} else
			close(pair[0]);
	}
	close(resolv);
	close(hosts);
	if (l->done)
		return;
	/* Whatever it said until then may be part of the trouble. */
	config_problems_free(l->problems);
	config_problem(l->problems, "%s: the process that reads it %s; this "
	    "is no fault of the file: report it", name, l->why);
}

static pid_t
start_child(struct load *l, const char *path, const struct spawn_fd *fds,
    size_t nfds, int *pidfd)
{
	const struct config_source *src = l->src;
	char arg0[] = "micelio", arg1[] = "-x", arg2[] = "config";
	char *name = xstrdup(path);
	char *home = xstrdup(src->home == NULL ? "" : src->home);
	char *argv[] = { arg0, arg1, arg2, name, home, NULL };
	struct spawn sp = { .exe = src->exe_fd, .argv = argv, .fds = fds,
		.nfds = nfds, .cwd = -1, .own_ids = src->own_ids,
		.uid = src->uid, .gid = src->gid, .drop_caps = true };
	char err[ERR_MAX];
	pid_t pid;

	if (src->exe_fd <= 0)
		sp.exe = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	if ((pid = spawn(&sp, pidfd, err)) == -1)
		snprintf(l->why, sizeof(l->why), "was not started: %.400s",
		    err);
	if (src->exe_fd <= 0 && sp.exe != -1)
		close(sp.exe);
	free(name);
	free(home);
	return pid;
}

/*
 * Read what the child says until it is done or its time is over, then make
 * sure that it is gone.
 */
static void
follow_child(struct load *l, int chan_fd, pid_t pid, int pidfd)
{
	struct imsgchan *chan = imsgchan_new(NULL, chan_fd, PROC_PARENT,
	    PROC_CONFIG, message_cb, closed_cb, l);
	char how[128];
	int status;

	(void)imsgchan_wait(chan, &l->done, CONFIG_DEADLINE_MS);
	imsgchan_free(chan);
	if (!l->done && l->why[0] == '\0')
		snprintf(l->why, sizeof(l->why), "did not finish in %d s",
		    CONFIG_DEADLINE_MS / 1000);
	/*
	 * It has nothing more to do, and may not stay.  If it ended by itself
	 * it is a zombie by now, or about to be, and keeps its status.
	 */
	if (waitpid(pid, &status, WNOHANG) == 0) {
		(void)spawn_kill(pidfd, l->src->own_ids, l->src->uid,
		    l->src->gid);
		while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
			;
	}
	if (!l->done && WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL) {
		snprintf(how, sizeof(how), "was ended by signal %d (%s)",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
		text_copy(l->why, how, sizeof(l->why));
	}
}

static void
closed_cb(struct imsgchan *c, enum imsgchan_end end, const char *text,
    void *arg)
{
	struct load *l = arg;

	(void)c;
	if (end == IMSGCHAN_EOF)
		text_copy(l->why, "ended before it was done", sizeof(l->why));
	else
		snprintf(l->why, sizeof(l->why), "failed: %s", text);
}

static void
message_cb(struct imsgchan *c, struct imsg *m, void *arg)
{
	struct load *l = arg;
	bool good;

	if (l->done)
		good = false;
	else if (m->type == IMSG_CONF_RECORD)
		good = take_record(l, m);
	else if (m->type == IMSG_CONF_ERROR)
		good = take_error(l, m);
	else
		good = take_commit(l, m);
	if (!good)
		imsgchan_violation(c, m, "not what a configuration is");
}

static bool
take_record(struct load *l, struct imsg *m)
{
	struct rcur r;
	unsigned int key;

	if (++l->nrecords > CONFIG_RECORDS_MAX)
		return false;
	rcur_init(&r, m->data, m->len);
	key = rcur_u16(&r);
	rcur_init(&r, m->data, m->len);
	if (!conf_record_read(l->conf, &r))
		return false;
	l->given |= UINT32_C(1) << key;
	return true;
}

static bool
take_error(struct load *l, struct imsg *m)
{
	char line[CONFIG_LINE_MAX + 1];
	struct rcur r;

	rcur_init(&r, m->data, m->len);
	rcur_cstr(&r, line, sizeof(line));
	if (!rcur_done(&r) || l->problems->n >= CONFIG_PROBLEMS_MAX)
		return false;
	config_problem(l->problems, "%s", line);
	return true;
}

static bool
take_commit(struct load *l, struct imsg *m)
{
	struct rcur r;
	size_t n;

	rcur_init(&r, m->data, m->len);
	n = rcur_u32(&r);
	if (!rcur_done(&r) || n < l->problems->n)
		return false;
	l->problems->more += n - l->problems->n;
	l->done = true;
	return true;
}
