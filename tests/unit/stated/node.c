/* SPDX-License-Identifier: MIT */
#include "node.h"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sysexits.h>

#include <linux/capability.h>
#include <linux/securebits.h>

#include "config.h"
#include "cursor.h"
#include "mtime.h"
#include "row.h"

#define LOG_MAX		16384

static const char *exe;

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
		assert_true(n->told < NODE_TOLD_MAX);
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

void
node_start(struct node *n)
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

void
node_talk(struct node *n, const bool *cond)
{
	uint64_t end = mono_ms() + NODE_DEADLINE_MS;

	while (!*cond) {
		if (mono_ms() > end)
			fail_msg("no answer; see the log of stated");
		for (int i = 0; i < 3 && !*cond; i++)
			(void)imsgchan_wait(n->chan[i], cond, 10);
		if (n->closed && cond != &n->closed)
			fail_msg("stated ended");
	}
}

void
node_wait_exit(struct node *n)
{
	if (!n->closed)
		node_talk(n, &n->closed);
	assert_int_equal(waitpid(n->pid, &n->status, 0), n->pid);
	n->pid = 0;
}

void
node_kill(struct node *n)
{
	assert_int_equal(kill(n->pid, SIGKILL), 0);
	node_wait_exit(n);
	assert_true(WIFSIGNALED(n->status));
}

void
node_stop(struct node *n)
{
	const char body[] = "\4\0test";

	imsg_send(n->chan[0], IMSG_SHUTDOWN, 0, 0, body, 6);
	node_wait_exit(n);
	assert_true(WIFEXITED(n->status));
	assert_int_equal(WEXITSTATUS(n->status), 0);
}

void
node_open(struct node *n)
{
	node_start(n);
	node_talk(n, &n->ready);
	node_talk(n, &n->end);
}

void
node_status(struct node *n)
{
	uint8_t t = TABLE_STATUS;

	n->rows = false;
	imsg_send(n->chan[2], IMSG_TABLE_GET, 7, 0, &t, 1);
	node_talk(n, &n->rows);
}

void
node_put(struct node *n, unsigned int k, uint64_t seen)
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

void
node_del(struct node *n, unsigned int k)
{
	struct nodeid id = { { 0 } };

	memcpy(id.b, &k, sizeof(k));
	imsg_send(n->chan[1], IMSG_PEER_DEL, 0, 0, id.b, sizeof(id.b));
}

void
node_saved(struct node *n, uint64_t records)
{
	uint64_t end = mono_ms() + NODE_DEADLINE_MS;

	do {
		assert_true(mono_ms() < end);
		node_status(n);
		(void)imsgchan_wait(n->chan[1], &n->closed, 5);
	} while (n->records != records || n->unsaved);
}

bool
node_log_has(const struct node *n, const char *text)
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

int
node_args(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s path-of-micelio-stated\n", argv[0]);
		return EX_USAGE;
	}
	exe = argv[1];
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

int
node_setup(void **state)
{
	struct node *n = calloc(1, sizeof(*n));

	assert_non_null(n);
	scratch_make(&n->where);
	*state = n;
	return 0;
}

int
node_teardown(void **state)
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
