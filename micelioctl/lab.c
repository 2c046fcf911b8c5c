/* SPDX-License-Identifier: MIT */
/*
 * lab: nodes on loopback in a temporary directory, linked with each other,
 * and gone when this ends.
 */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cursor.h"
#include "lab.h"
#include "local.h"
#include "mtime.h"
#include "text.h"

#define LAB_MAX		32u
#define READY_MS	30000	/* for all of them to start and be linked */
#define HEAR_MS		10000	/* for a line to be heard everywhere */
#define STOP_MS		5000	/* for a node to end */
#define POLL_MS		20
#define NET_PORT	4000u
#define SSH_PORT	2222u

struct lab {
	struct programs	 programs;
	unsigned int	 n;
	char		 dir[64];
	uint32_t	 net;		/* of the addresses: 127.x.y.0 */
	const char	*run;
	struct {
		pid_t		 pid;	/* 0: does not run */
		unsigned int	 links;	/* configured */
		char		 dir[96], name[16], addr[32];
		struct lab_tail	 tail;
	} node[LAB_MAX];
	char		 why[512];
};

static void
stop_cb(int sig)
{
	programs_stop = sig;
}

static int
lab_options(struct lab *lab, const struct options *o)
{
	const char *number = NULL;
	char *end = NULL;
	unsigned long n;

	for (size_t i = 1; i < o->n; i++) {
		if (strcmp(o->words[i], "--run") == 0 && i + 1 < o->n)
			lab->run = o->words[++i];
		else if (number == NULL && o->words[i][0] != '-')
			number = o->words[i];
		else {
			number = NULL;
			break;
		}
	}
	n = number == NULL ? 0 : strtoul(number, &end, 10);
	if (n < 1 || n > LAB_MAX || *end != '\0') {
		(void)snprintf(lab->why, sizeof(lab->why), "want a number of "
		    "nodes from 1 to %u, and at most --run COMMAND in quotes; "
		    "for example: micelioctl lab 3 --run 'say hello'",
		    LAB_MAX);
		return EX_USAGE;
	}
	lab->n = (unsigned int)n;
	return EX_OK;
}

static void
addr_make(const struct lab *lab, unsigned int i, char *out, size_t size)
{
	(void)snprintf(out, size, "127.%u.%u.%u", lab->net >> 16 & 255,
	    lab->net >> 8 & 255, i + 1);
}

static bool
addr_free(const char *addr, unsigned int port)
{
	struct sockaddr_in sin;
	unsigned int a, b, c, d;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool good;

	if (fd == -1 || sscanf(addr, "%u.%u.%u.%u", &a, &b, &c, &d) != 4)
		return false;
	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_port = htons((uint16_t)port);
	sin.sin_addr.s_addr = htonl(a << 24 | b << 16 | c << 8 | d);
	good = bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0;
	(void)close(fd);
	return good;
}

/* A network of loopback addresses nobody listens on. */
static bool
net_find(struct lab *lab)
{
	const uint32_t first = (uint32_t)getpid();
	char addr[32];

	for (uint32_t k = 0; k < 64; k++) {
		bool good = true;

		lab->net = (128u + ((first + k) >> 8 & 63)) << 16 |
		    ((first + k) & 255) << 8;
		for (unsigned int i = 0; i < lab->n && good; i++) {
			addr_make(lab, i, addr, sizeof(addr));
			good = addr_free(addr, NET_PORT) &&
			    addr_free(addr, SSH_PORT);
		}
		if (good)
			return true;
	}
	return false;
}

static bool
file_put(const char *dir, const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	if (f == NULL)
		return false;
	(void)fputs(text, f);
	return fclose(f) == 0;
}

/* Two links each, so that it is one mesh whatever single node is missing. */
static bool
node_write(struct lab *lab, unsigned int i, const char *keys)
{
	char conf[1024], links[256] = "";
	size_t n = 0;

	(void)snprintf(lab->node[i].name, sizeof(lab->node[i].name), "n%u",
	    i + 1);
	(void)snprintf(lab->node[i].dir, sizeof(lab->node[i].dir), "%s/n%u",
	    lab->dir, i + 1);
	addr_make(lab, i, lab->node[i].addr, sizeof(lab->node[i].addr));
	if (i > 0) {
		n = (size_t)snprintf(links, sizeof(links), "\"%s:%u\"",
		    lab->node[i - 1].addr, NET_PORT);
		lab->node[i].links = 1;
	}
	if (i > 1) {
		(void)snprintf(links + n, sizeof(links) - n, ", \"%s:%u\"",
		    lab->node[(i - 1) / 2].addr, NET_PORT);
		lab->node[i].links = (i - 1) / 2 == i - 1 ? 1 : 2;
	}
	(void)snprintf(conf, sizeof(conf), "node = { name = \"%s\"; };\n"
	    "ssh = { listen = \"%s:%u\"; };\n"
	    "network = { listen = \"%s:%u\"; bootstrap = [ %s ]; };\n",
	    lab->node[i].name, lab->node[i].addr, SSH_PORT,
	    lab->node[i].addr, NET_PORT, links);
	return mkdir(lab->node[i].dir, 0700) == 0 &&
	    file_put(lab->node[i].dir, "micelio.conf", conf) &&
	    (keys[0] == '\0' || file_put(lab->node[i].dir, "authorized_keys",
	    keys));
}

static void
child_exec(const struct lab *lab, unsigned int i, pid_t parent)
{
	const char *argv[8], **a = argv;
	char log[PATH_MAX];
	int fd, null;

	/* Whatever ends us, no node is left over. */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(0);
	(void)setpgid(0, 0);	/* C-c is for us, we tell them */
	(void)snprintf(log, sizeof(log), "%s/log", lab->node[i].dir);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	null = open("/dev/null", O_RDONLY);
	if (fd == -1 || null == -1 || dup2(null, 0) == -1 ||
	    dup2(fd, 1) == -1 || dup2(fd, 2) == -1)
		_exit(127);
	*a++ = lab->programs.micelio;
	*a++ = "-d";
	*a++ = "--data-dir";
	*a++ = lab->node[i].dir;
	if (lab->programs.libexec[0] != '\0') {
		*a++ = "--libexec";
		*a++ = lab->programs.libexec;
	}
	*a = NULL;
	(void)execv(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

static bool
nodes_start(struct lab *lab)
{
	pid_t pid, self = getpid();

	for (unsigned int i = 0; i < lab->n; i++) {
		pid = fork();
		if (pid == 0)
			child_exec(lab, i, self);
		if (pid == -1) {
			(void)snprintf(lab->why, sizeof(lab->why),
			    "cannot start node %u: %s", i + 1,
			    strerror(errno));
			return false;
		}
		lab->node[i].pid = pid;
	}
	return true;
}

/* Why it ended: the last line of its log. */
static bool
node_lost(struct lab *lab, unsigned int i)
{
	char path[PATH_MAX], line[400] = "";
	int status;
	FILE *f;

	if (waitpid(lab->node[i].pid, &status, WNOHANG) !=
	    lab->node[i].pid)
		return false;
	lab->node[i].pid = 0;
	(void)snprintf(path, sizeof(path), "%s/log", lab->node[i].dir);
	if ((f = fopen(path, "re")) != NULL) {
		while (fgets(line, sizeof(line), f) != NULL)
			;
		(void)fclose(f);
	}
	line[strcspn(line, "\n")] = '\0';
	(void)snprintf(lab->why, sizeof(lab->why), "node %u ended: %s",
	    i + 1, line[0] == '\0' ? "it logged nothing" : line);
	return true;
}

static unsigned int
links_up(const struct lab *lab, unsigned int i)
{
	static const char *const words[] = { "peers", "--json" };
	static const char up[] = "\"state\":\"up\"";
	unsigned int found = 0;
	struct wbuf w;

	wbuf_init(&w, OUTPUT_MAX);
	if (node_run(&lab->programs, lab->node[i].dir, words, 2, &w,
	    NULL) == 0)
		for (const uint8_t *p = w.p, *end = w.p + w.len;
		    (p = memmem(p, (size_t)(end - p), up,
		    sizeof(up) - 1)) != NULL; p += sizeof(up) - 1)
			found++;
	wbuf_free(&w);
	return found;
}

static bool
nodes_wait(struct lab *lab)
{
	const uint64_t deadline = mono_ms() + READY_MS;

	for (unsigned int i = lab->n; i-- > 0;) {
		unsigned int want = lab->n > 1 && lab->node[i].links == 0 ? 1 :
		    lab->node[i].links;

		while (!lab_tail_open(&lab->node[i].tail, lab->node[i].dir,
		    deadline) || links_up(lab, i) < want) {
			lab_tail_close(&lab->node[i].tail);
			if (programs_stop || node_lost(lab, i))
				return false;
			if (mono_ms() > deadline) {
				(void)snprintf(lab->why, sizeof(lab->why),
				    "node %u is not linked after %d s; try "
				    "fewer nodes", i + 1, READY_MS / 1000);
				return false;
			}
			(void)poll(NULL, 0, POLL_MS);
		}
	}
	return true;
}

/*
 * One command, at the first node.
 */

static bool
heard_everywhere(struct lab *lab)
{
	bool all = true;

	for (unsigned int i = 0; i < lab->n; i++)
		all = lab_tail_heard(&lab->node[i].tail,
		    lab->node[i].name) && all;
	return all;
}

static void
show(const struct wbuf *w, FILE *f)
{
	if (w->len > 0)
		(void)fwrite(w->p, 1, w->len, f);
}

static int
run_one(struct lab *lab)
{
	const char *words[LAB_WORDS_MAX];
	char *line = strdup(lab->run);
	const uint64_t deadline = mono_ms() + HEAR_MS;
	struct wbuf out, err;
	size_t n = line == NULL ? 0 : lab_words(line, words);
	bool talk, heard = true;
	int rc;

	if (n == 0) {
		(void)snprintf(lab->why, sizeof(lab->why), "--run: want a "
		    "command of at most %d words, with its quotes closed",
		    LAB_WORDS_MAX);
		free(line);
		return EX_USAGE;
	}
	talk = strcmp(words[0], "say") == 0 || strcmp(words[0], "me") == 0;
	wbuf_init(&out, OUTPUT_MAX);
	wbuf_init(&err, OUTPUT_MAX);
	rc = node_run(&lab->programs, lab->node[0].dir, words, n, &out, &err);
	show(&out, stdout);
	show(&err, stderr);
	wbuf_free(&out);
	wbuf_free(&err);
	while (talk && rc == EX_OK && !(heard = heard_everywhere(lab)) &&
	    !programs_stop && mono_ms() < deadline)
		(void)poll(NULL, 0, POLL_MS);
	for (unsigned int i = 0; i < lab->n; i++)
		show(&lab->node[i].tail.text, stdout);
	free(line);
	(void)fflush(stdout);
	if (rc == EX_OK && !heard) {
		(void)snprintf(lab->why, sizeof(lab->why), "not every node "
		    "has shown it after %d s", HEAR_MS / 1000);
		return 1;
	}
	return rc;
}

/*
 * The partyline of the first node, in this terminal.
 */

static bool
key_make(const struct lab *lab, struct wbuf *pub)
{
	char path[PATH_MAX], text[4096];
	const char *argv[] = { "ssh-keygen", "-q", "-t", "ed25519", "-N", "",
	    "-C", "lab", "-f", path, NULL };
	struct wbuf err;
	size_t n = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/key", lab->dir);
	wbuf_init(&err, OUTPUT_MAX);
	if (program_run(argv, NULL, &err) == 0) {
		(void)snprintf(path, sizeof(path), "%s/key.pub", lab->dir);
		if ((f = fopen(path, "re")) != NULL) {
			n = fread(text, 1, sizeof(text), f);
			(void)fclose(f);
		}
	}
	wbuf_free(&err);
	wbuf_bytes(pub, "role=\"admin\" ", 13);
	wbuf_bytes(pub, text, n);
	wbuf_u8(pub, '\0');
	return n > 0;
}

static void
partyline_exec(const struct lab *lab)
{
	char key[128], known[160], port[16];
	const char *user = getenv("USER");
	const char *argv[] = { "ssh", "-F", "none", "-q", "-p", port, "-i", key,
	    "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no",
	    "-o", known, "-l", user == NULL || user[0] == '\0' ? "you" :
	    user, lab->node[0].addr, NULL };

	(void)snprintf(port, sizeof(port), "%u", SSH_PORT);
	(void)snprintf(key, sizeof(key), "%s/key", lab->dir);
	(void)snprintf(known, sizeof(known), "UserKnownHostsFile=%s/known",
	    lab->dir);
	(void)execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

static int
partyline(struct lab *lab)
{
	pid_t pid;
	int status;

	(void)fprintf(stderr, "%u linked nodes in %s, gone when you /quit; "
	    "another terminal may:\n    micelioctl --data-dir %s peers\n",
	    lab->n, lab->dir, lab->node[lab->n - 1].dir);
	for (unsigned int i = 0; i < lab->n; i++)
		lab_tail_close(&lab->node[i].tail);
	pid = fork();
	if (pid == 0)
		partyline_exec(lab);
	if (pid == -1)
		return EX_OSERR;
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (programs_stop)
			(void)kill(pid, SIGTERM);
		(void)poll(NULL, 0, POLL_MS);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		(void)snprintf(lab->why, sizeof(lab->why), "ssh: not found; "
		    "install the package openssh-client");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/*
 * The end.
 */

static int
remove_cb(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void
lab_stop(struct lab *lab)
{
	const uint64_t deadline = mono_ms() + STOP_MS;

	for (unsigned int i = 0; i < lab->n; i++) {
		lab_tail_close(&lab->node[i].tail);
		if (lab->node[i].pid > 0)
			(void)kill(lab->node[i].pid, SIGTERM);
	}
	for (unsigned int i = 0; i < lab->n; i++) {
		while (lab->node[i].pid > 0 &&
		    waitpid(lab->node[i].pid, NULL, WNOHANG) == 0) {
			if (mono_ms() > deadline)
				(void)kill(lab->node[i].pid, SIGKILL);
			(void)poll(NULL, 0, 5);
		}
	}
	(void)nftw(lab->dir, remove_cb, 16, FTW_DEPTH | FTW_PHYS);
}

static int
lab_prepare(struct lab *lab)
{
	struct wbuf pub;
	bool good = true;

	wbuf_init(&pub, 8192);
	if (lab->run == NULL)
		good = key_make(lab, &pub);
	else
		wbuf_u8(&pub, '\0');
	if (!good)
		(void)snprintf(lab->why, sizeof(lab->why), "ssh-keygen does "
		    "not make a key; install the package openssh-client");
	for (unsigned int i = 0; i < lab->n && good; i++)
		if (!(good = node_write(lab, i, (const char *)pub.p)))
			(void)snprintf(lab->why, sizeof(lab->why), "%s: %s",
			    lab->node[i].dir, strerror(errno));
	wbuf_free(&pub);
	return good ? EX_OK : EX_CANTCREAT;
}

static int
lab_begin(struct lab *lab)
{
	const char *tmp = getenv("TMPDIR");

	if (!programs_find(&lab->programs, lab->why, sizeof(lab->why)))
		return EX_UNAVAILABLE;
	if (!net_find(lab)) {
		(void)snprintf(lab->why, sizeof(lab->why), "no free addresses "
		    "in 127.0.0.0/8; end another lab");
		return EX_TEMPFAIL;
	}
	/* Short enough for the sockets in it. */
	if (tmp == NULL || tmp[0] != '/' || strlen(tmp) > 30)
		tmp = "/tmp";
	(void)snprintf(lab->dir, sizeof(lab->dir), "%s/micelio-lab.XXXXXX",
	    tmp);
	if (mkdtemp(lab->dir) == NULL) {
		(void)snprintf(lab->why, sizeof(lab->why), "%s: %s; set "
		    "TMPDIR", lab->dir, strerror(errno));
		return EX_CANTCREAT;
	}
	return EX_OK;
}

int
lab_run(const struct options *o)
{
	struct sigaction sa = { .sa_handler = stop_cb };
	static struct lab lab;
	int rc;

	for (unsigned int i = 0; i < LAB_MAX; i++)
		lab.node[i].tail.fd = -1;
	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGTERM, &sa, NULL);
	(void)sigaction(SIGHUP, &sa, NULL);
	if ((rc = lab_options(&lab, o)) == EX_OK &&
	    (rc = lab_begin(&lab)) == EX_OK) {
		rc = lab_prepare(&lab);
		if (rc == EX_OK)
			rc = nodes_start(&lab) && nodes_wait(&lab) ?
			    EX_OK : EX_UNAVAILABLE;
		if (rc == EX_OK)
			rc = lab.run != NULL ? run_one(&lab) :
			    partyline(&lab);
		lab_stop(&lab);
	}
	if (lab.why[0] != '\0')
		(void)fprintf(stderr, "micelioctl: lab: %s\n", lab.why);
	return programs_stop ? 128 + programs_stop : rc;
}
