/* SPDX-License-Identifier: MIT */
/*
 * The daemon as it is shipped, in its sandbox, with this test in the place of
 * parent, gossipd and sshd.  Its path is the only argument.
 */
#include "stated_test.h"

#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <sysexits.h>

#include <linux/capability.h>
#include <linux/securebits.h>

#include "config.h"
#include "cursor.h"
#include "imsg.h"
#include "mtime.h"
#include "peerbook.h"
#include "row.h"
#include "sandbox.h"

#define DEADLINE_MS	30000u
#define LOG_MAX		16384
#define TOLD_MAX	(PEERBOOK_TELL + 100)

static const char *exe;

struct node {
	struct scratch	 where;		/* top is state/, db beneath it */
	char		 log_path[80];
	pid_t		 pid;
	int		 status;
	struct imsgchan	*chan[3];	/* parent, gossipd, sshd */
	struct sandbox_report sandbox;
	bool		 ready, end, pong, rows, closed;
	bool		 progress;	/* told at least once */
	size_t		 told;
	uint64_t	 told_seen[TOLD_MAX];
	/* TABLE_STATUS */
	char		 state[32];
	uint64_t	 records, commits, refused, failures;
	bool		 unsaved;
	rlim_t		 file_limit;	/* 0: none */
	int		 lock_fd;
	bool		 ends_badly;
};

static void
status_row(struct node *n, const struct imsg *m)
{
	struct row_field f;
	struct rcur c;

	rcur_init(&c, m->data, m->len);
	while (row_next(&c, &f)) {
#define IS(s)	(f.name_len == strlen(s) && memcmp(f.name, s, f.name_len) == 0)
		if (IS("state"))
			snprintf(n->state, sizeof(n->state), "%.*s",
			    (int)f.str_len, f.str);
		else if (IS("records"))
			n->records = f.num;
		else if (IS("commits"))
			n->commits = f.num;
		else if (IS("peers_refused"))
			n->refused = f.num;
		else if (IS("failures"))
			n->failures = f.num;
		else if (IS("unsaved"))
			n->unsaved = f.num != 0;
#undef IS
	}
	assert_false(c.bad);
}

static void
dispatch(struct imsgchan *chan, struct imsg *m, void *arg)
{
	struct node *n = arg;
	struct peerrec r;
	struct rcur c;

	rcur_init(&c, m->data, m->len);
	switch (m->type) {
	case IMSG_READY:
		assert_true(sandbox_report_read(&c, &n->sandbox));
		n->ready = true;
		imsgchan_set_phase(chan, IMSG_PHASE_RUN);
		break;
	case IMSG_PROGRESS:
		n->progress = true;
		break;
	case IMSG_PONG:
		n->pong = true;
		break;
	case IMSG_PEER_RECORD:
		assert_true(peerrec_read_msg(&c, &r));
		assert_null(peerrec_check(&r));
		assert_false(n->end);
		assert_true(n->told < TOLD_MAX);
		n->told_seen[n->told++] = r.last_seen;
		break;
	case IMSG_MAP_PROFILE:
		assert_int_equal(m->len, 32);
		break;
	case IMSG_PEER_END:
		n->end = true;
		break;
	case IMSG_TABLE_ROW:
		status_row(n, m);
		break;
	case IMSG_TABLE_END:
		assert_int_equal(m->data[0], 0);
		n->rows = true;
		break;
	case IMSG_EVENT:
		break;
	default:
		fail_msg("unexpected %s", imsg_type_name(m->type));
	}
}

static void
closed(struct imsgchan *chan, enum imsgchan_end how, const char *why,
    void *arg)
{
	struct node *n = arg;

	(void)how;
	(void)why;
	if (imsgchan_peer(chan) == PROC_STATED)
		n->closed = true;
}

/* As the parent does for a child: no capability, root or not. */
static void
drop_capabilities(void)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2];

	memset(d, 0, sizeof(d));
	if (geteuid() == 0 && prctl(PR_SET_SECUREBITS, SECBIT_NOROOT |
	    SECBIT_NOROOT_LOCKED) == -1)
		_exit(101);
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &h, d) == -1)
		_exit(102);
}

static void __attribute__((noreturn))
become(const struct node *n, int chan)
{
	struct rlimit l = { n->file_limit, n->file_limit };
	char path[PATH_MAX];
	int log;

	if (realpath(exe, path) == NULL || chdir(n->where.top) == -1)
		_exit(103);
	log = open(n->log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (log == -1 || dup2(log, 2) == -1 || dup2(chan, 3) == -1)
		_exit(104);
	if (n->file_limit != 0 && setrlimit(RLIMIT_FSIZE, &l) == -1)
		_exit(105);
	drop_capabilities();
	/* An end in the middle leaves an open database: no leak to report. */
	if (n->ends_badly && setenv("ASAN_OPTIONS", "detect_leaks=0", 1) == -1)
		_exit(107);
	execl(path, "micelio-stated", "-L", "text", "-l", "debug",
	    (char *)NULL);
	_exit(106);
}

static void
setup_link(struct node *n, enum proc_role role, int i)
{
	uint8_t r = (uint8_t)role;
	int pair[2];

	assert_int_equal(imsg_socketpair(pair), 0);
	imsg_send_fd(n->chan[0], IMSG_SETUP_LINK, 0, 0, pair[1], &r, 1);
	n->chan[i] = imsgchan_new(NULL, pair[0], role, PROC_STATED, dispatch,
	    closed, n);
	imsgchan_set_phase(n->chan[i], IMSG_PHASE_RUN);
}

static void
start(struct node *n)
{
	uint8_t identity[129] = { [128] = MODE_PERSONAL };
	char lock[128];
	int pair[2];

	for (int i = 0; i < 3; i++)
		imsgchan_free(n->chan[i]);
	memset(n->chan, 0, sizeof(n->chan));
	n->ready = n->end = n->closed = false;
	n->told = 0;
	n->progress = false;
	snprintf(n->log_path, sizeof(n->log_path), "%.70s/log", n->where.top);
	(void)unlink(n->log_path);
	assert_int_equal(imsg_socketpair(pair), 0);
	assert_true((n->pid = fork()) >= 0);
	if (n->pid == 0)
		become(n, pair[1]);
	close(pair[1]);
	n->chan[0] = imsgchan_new(NULL, pair[0], PROC_PARENT, PROC_STATED,
	    dispatch, closed, n);
	imsg_send(n->chan[0], IMSG_SETUP_IDENTITY, 0, 0, identity,
	    sizeof(identity));
	setup_link(n, PROC_GOSSIPD, 1);
	setup_link(n, PROC_SSHD, 2);
	snprintf(lock, sizeof(lock), "%s/lock", n->where.top);
	n->lock_fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(n->lock_fd >= 0);
	imsg_send_fd(n->chan[0], IMSG_SETUP_LOCK, 0, 0, n->lock_fd, NULL, 0);
	imsg_send(n->chan[0], IMSG_CONF_BEGIN, 0, 0, NULL, 0);
	imsg_send(n->chan[0], IMSG_CONF_COMMIT, 0, 0, NULL, 0);
	imsg_send(n->chan[0], IMSG_SETUP_DONE, 0, 0, NULL, 0);
}

/* Talk until *cond, or until the deadline fails the test. */
static void
talk(struct node *n, const bool *cond)
{
	uint64_t end = mono_ms() + DEADLINE_MS;

	while (!*cond) {
		if (mono_ms() > end)
			fail_msg("no answer; see the log of stated");
		for (int i = 0; i < 3 && !*cond; i++)
			(void)imsgchan_wait(n->chan[i], cond, 10);
		if (n->closed && cond != &n->closed)
			fail_msg("stated ended");
	}
}

static void
wait_exit(struct node *n)
{
	if (!n->closed)
		talk(n, &n->closed);
	assert_int_equal(waitpid(n->pid, &n->status, 0), n->pid);
	n->pid = 0;
}

static void
kill_it(struct node *n)
{
	assert_int_equal(kill(n->pid, SIGKILL), 0);
	wait_exit(n);
	assert_true(WIFSIGNALED(n->status));
}

static void
stop(struct node *n)
{
	const char body[] = "\4\0test";

	imsg_send(n->chan[0], IMSG_SHUTDOWN, 0, 0, body, 6);
	wait_exit(n);
	assert_true(WIFEXITED(n->status));
	assert_int_equal(WEXITSTATUS(n->status), 0);
}

static void
start_open(struct node *n)
{
	start(n);
	talk(n, &n->ready);
	talk(n, &n->end);
}

static void
status(struct node *n)
{
	uint8_t t = TABLE_STATUS;

	n->rows = false;
	imsg_send(n->chan[2], IMSG_TABLE_GET, 7, 0, &t, 1);
	talk(n, &n->rows);
}

static void
put(struct node *n, unsigned int k, uint64_t seen)
{
	struct peerrec r = { .reachable = true, .last_seen = seen };
	struct wbuf w;

	memcpy(r.id.b, &k, sizeof(k));
	snprintf(r.addr, sizeof(r.addr), "host%u:4000", k);
	wbuf_init(&w, PEERREC_MAX);
	peerrec_write_msg(&w, &r);
	imsg_send_wbuf(n->chan[1], IMSG_PEER_PUT, 0, 0, &w);
	wbuf_free(&w);
}

static void
del(struct node *n, unsigned int k)
{
	struct nodeid id = { { 0 } };

	memcpy(id.b, &k, sizeof(k));
	imsg_send(n->chan[1], IMSG_PEER_DEL, 0, 0, id.b, sizeof(id.b));
}

/* Until so many are remembered and all of it is on the disk. */
static void
saved(struct node *n, uint64_t records)
{
	uint64_t end = mono_ms() + DEADLINE_MS;

	do {
		assert_true(mono_ms() < end);
		status(n);
		(void)imsgchan_wait(n->chan[1], &n->closed, 5);
	} while (n->records != records || n->unsaved);
}

static bool
log_has(const struct node *n, const char *text)
{
	static char log[LOG_MAX];
	int fd = open(n->log_path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd == -1 ? -1 : read(fd, log, sizeof(log) - 1);

	if (fd != -1)
		close(fd);
	if (len < 0)
		return false;
	log[len] = '\0';
	return strstr(log, text) != NULL;
}

static int
setup(void **state)
{
	struct node *n = calloc(1, sizeof(*n));

	assert_non_null(n);
	scratch_make(&n->where);
	*state = n;
	return 0;
}

static int
teardown(void **state)
{
	struct node *n = *state;

	if (n->pid > 0) {
		(void)kill(n->pid, SIGKILL);
		(void)waitpid(n->pid, NULL, 0);
	}
	for (int i = 0; i < 3; i++)
		imsgchan_free(n->chan[i]);
	scratch_remove(&n->where);
	free(n);
	return 0;
}

static void
test_life(void **state)
{
	struct node *n = *state;

	start_open(n);
	assert_true(n->ready);
	assert_true(n->sandbox.no_new_privs && n->sandbox.no_caps);
	if (!SANDBOX_OFF && !SANDBOX_LOG) {
		assert_true(n->sandbox.seccomp);
		assert_true(n->sandbox.no_dump);
	}
	assert_int_equal(n->told, 0);
	talk(n, &n->progress);
	status(n);
	assert_string_equal(n->state, "ok");
	stop(n);
	assert_true(log_has(n, "store_open"));
	assert_true(log_has(n, "recovered=no"));
	start_open(n);
	assert_true(log_has(n, "recovered=no"));
	stop(n);
}

static void
test_kept_over_kill(void **state)
{
	struct node *n = *state;

	start_open(n);
	put(n, 1, 100);
	put(n, 2, 300);
	put(n, 3, 200);
	put(n, 4, 50);
	put(n, 3, 200);
	del(n, 4);
	saved(n, 3);
	kill_it(n);
	start_open(n);
	assert_true(log_has(n, "recovered=yes"));
	assert_int_equal(n->told, 3);
	assert_int_equal(n->told_seen[0], 300);	/* latest first */
	assert_int_equal(n->told_seen[1], 200);
	assert_int_equal(n->told_seen[2], 100);
	/* What does not change is not written. */
	put(n, 1, 100);
	put(n, 2, 300);
	saved(n, 3);
	/* The opening of an existing database commits nothing. */
	assert_int_equal(n->commits, 0);
	stop(n);
}

/* A change of a moment ago is not lost by an orderly end. */
static void
test_kept_over_stop(void **state)
{
	struct node *n = *state;

	start(n);
	put(n, 1, 100);		/* even before it is open */
	imsgchan_flush_wait(n->chan[1], 1000);
	talk(n, &n->ready);
	talk(n, &n->end);
	put(n, 2, 200);
	status(n);
	imsgchan_flush_wait(n->chan[1], 1000);
	while (n->records != 2)
		status(n);
	stop(n);
	start_open(n);
	assert_int_equal(n->told, 2);
	stop(n);
}

static void
test_told_bounded(void **state)
{
	struct node *n = *state;

	start_open(n);
	for (unsigned int k = 1; k <= PEERBOOK_MAX + 100; k++)
		put(n, k, k);
	saved(n, PEERBOOK_MAX);
	kill_it(n);
	start_open(n);
	assert_int_equal(n->told, PEERBOOK_TELL);
	assert_int_equal(n->told_seen[0], PEERBOOK_MAX + 100);
	saved(n, PEERBOOK_MAX);
	stop(n);
}

static void
test_refused(void **state)
{
	struct node *n = *state;
	uint8_t bad[90] = { 0 };

	n->ends_badly = true;
	start_open(n);
	bad[33] = 1;		/* a key, and none is said to be there */
	imsg_send(n->chan[1], IMSG_PEER_PUT, 0, 0, bad, sizeof(bad));
	imsgchan_flush_wait(n->chan[1], 1000);
	while (n->refused != 1)
		status(n);
	assert_int_equal(n->records, 0);
	bad[32] = 2;		/* neither yes nor no */
	imsg_send(n->chan[1], IMSG_PEER_PUT, 0, 0, bad, sizeof(bad));
	imsgchan_flush_wait(n->chan[1], 1000);
	wait_exit(n);
	assert_true(WIFEXITED(n->status));
	assert_int_equal(WEXITSTATUS(n->status), EX_SOFTWARE);
	assert_true(log_has(n, "channel_violation"));
}

static void
test_damaged(void **state)
{
	struct node *n = *state;
	char name[64];

	start_open(n);
	for (unsigned int k = 1; k <= 50; k++)
		put(n, k, k);
	saved(n, 50);
	stop(n);
	for (long at = 200; at < file_size(n->where.db, "peers.db");
	    at += 4096)
		file_smash(n->where.db, "peers.db", at, 16);
	start_open(n);
	assert_int_equal(n->told, 0);
	assert_true(log_has(n, "store_damaged"));
	assert_true(log_has(n, "set_aside=state/state.damaged-2"));
	assert_int_equal(dir_count(n->where.top, "state.damaged-", name,
	    sizeof(name)), 1);
	status(n);
	assert_string_equal(n->state, "damaged");
	put(n, 7, 70);
	saved(n, 1);
	stop(n);
	start_open(n);
	assert_int_equal(n->told, 1);
	stop(n);
}

static void
test_newer(void **state)
{
	struct node *n = *state;
	const uint8_t newer[4] = { 0, 0, 0, STORE_SCHEMA + 1 };
	struct store *s = bdb_at(&n->where);

	assert_int_equal(store_open(s), STORE_OK);
	assert_int_equal(store_begin(s), STORE_OK);
	assert_int_equal(store_put(s, STORE_META_TABLE, STORE_SCHEMA_KEY,
	    strlen(STORE_SCHEMA_KEY), newer, 4), STORE_OK);
	assert_int_equal(store_commit(s), STORE_OK);
	store_free(s);
	start(n);
	wait_exit(n);
	assert_true(WIFEXITED(n->status));
	assert_int_equal(WEXITSTATUS(n->status), EX_SOFTWARE);
	assert_true(log_has(n, "written by a newer micelio"));
	assert_true(log_has(n, "this version knows"));
	assert_int_equal(dir_count(n->where.top, "state.damaged-", NULL, 0),
	    0);
}

static void
state_is(struct node *n, const char *want)
{
	uint64_t end = mono_ms() + DEADLINE_MS;

	do {
		assert_true(mono_ms() < end);
		status(n);
	} while (strcmp(n->state, want) != 0);
}

static void
answers_ping(struct node *n)
{
	uint64_t cookie = 1;

	n->pong = false;
	imsg_send(n->chan[0], IMSG_PING, 0, 0, &cookie, sizeof(cookie));
	talk(n, &n->pong);
}

/* No room from the first moment: the node goes on, and says so. */
static void
test_full_at_start(void **state)
{
	struct node *n = *state;

	n->file_limit = 4 * 1024;
	start_open(n);
	assert_int_equal(n->told, 0);
	state_is(n, "full");
	put(n, 1, 100);
	imsgchan_flush_wait(n->chan[1], 1000);
	while (n->records != 1)
		status(n);
	assert_true(n->unsaved);
	answers_ping(n);
	assert_true(log_has(n, "store_failed"));
	assert_false(log_has(n, "store_damaged"));
	stop(n);
	n->file_limit = 0;
	start_open(n);
	state_is(n, "ok");
	stop(n);
}

static void
ballast_fill(const char *path)
{
	static const char zeros[4096];
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	while (write(fd, zeros, sizeof(zeros)) == (ssize_t)sizeof(zeros))
		continue;
	assert_int_equal(errno, ENOSPC);
	close(fd);
}

/*
 * A disk that is full and later is not: nothing is lost, nothing set aside,
 * and what had to wait is written by itself.
 */
static void
test_full_later(void **state)
{
	struct node *n = *state;
	char ballast[128];

	if (geteuid() != 0) {
		print_message("not root: no small file system of our own\n");
		skip();
	}
	assert_int_equal(unshare(CLONE_NEWNS), 0);
	assert_int_equal(mount("none", "/", "none", MS_REC | MS_PRIVATE,
	    NULL), 0);
	assert_int_equal(mount("tmpfs", n->where.top, "tmpfs", 0, "size=4m"),
	    0);
	snprintf(ballast, sizeof(ballast), "%s/ballast", n->where.top);
	start_open(n);
	for (unsigned int k = 1; k <= 10; k++)
		put(n, k, k);
	saved(n, 10);
	ballast_fill(ballast);
	for (unsigned int k = 1; k <= 1000; k++)
		put(n, k, 1000 + k);
	state_is(n, "full");
	answers_ping(n);
	assert_true(n->failures > 0);
	assert_true(n->unsaved);
	assert_int_equal(unlink(ballast), 0);
	saved(n, 1000);
	state_is(n, "ok");
	assert_true(log_has(n, "store_well"));
	assert_false(log_has(n, "store_damaged"));
	kill_it(n);
	start_open(n);
	assert_int_equal(n->told, 1000);
	assert_int_equal(n->told_seen[999], 1001);
	stop(n);
	assert_int_equal(umount2(n->where.top, MNT_DETACH), 0);
}

/* Another process beside it never gets at the database. */
static void
test_alone(void **state)
{
	struct node *n = *state;
	static struct node other;

	start_open(n);
	memset(&other, 0, sizeof(other));
	other.where = n->where;
	snprintf(other.where.db, sizeof(other.where.db), "%s", n->where.db);
	start(&other);
	wait_exit(&other);
	assert_true(WIFEXITED(other.status));
	assert_int_not_equal(WEXITSTATUS(other.status), 0);
	assert_true(log_has(&other, "in use by another process"));
	for (int i = 0; i < 3; i++)
		imsgchan_free(other.chan[i]);
	put(n, 1, 1);
	saved(n, 1);
	stop(n);
}

/* The parent's death is the end, at once. */
static void
test_orphan(void **state)
{
	struct node *n = *state;

	start_open(n);
	imsgchan_free(n->chan[0]);
	n->chan[0] = NULL;
	assert_int_equal(waitpid(n->pid, &n->status, 0), n->pid);
	n->pid = 0;
	assert_true(WIFEXITED(n->status));
	assert_int_equal(WEXITSTATUS(n->status), EX_UNAVAILABLE);
}

static void
show_memory(const struct node *n)
{
	char path[64], line[128];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)n->pid);
	if ((f = fopen(path, "re")) == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "Pss:", 4) == 0 ||
		    strncmp(line, "Rss:", 4) == 0 ||
		    strncmp(line, "Private_Dirty:", 14) == 0)
			print_message("%s", line);
	fclose(f);
}

static void
test_memory(void **state)
{
	struct node *n = *state;

	start_open(n);
	print_message("idle, empty:\n");
	show_memory(n);
	for (unsigned int k = 1; k <= 1000; k++)
		put(n, k, k);
	saved(n, 1000);
	print_message("1,000 peers remembered:\n");
	show_memory(n);
	stop(n);
}

int
main(int argc, char **argv)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_life),
		T(test_kept_over_kill),
		T(test_kept_over_stop),
		T(test_told_bounded),
		T(test_refused),
		T(test_damaged),
		T(test_newer),
		T(test_full_at_start),
		T(test_full_later),
		T(test_alone),
		T(test_orphan),
		T(test_memory),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: test_stated path-of-micelio-stated\n");
		return EX_USAGE;
	}
	exe = argv[1];
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
