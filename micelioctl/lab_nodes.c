/* SPDX-License-Identifier: MIT */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lab_nodes.h"
#include "mtime.h"

#define READY_MS	30000	/* for all of them to start and be linked */
#define STOP_MS		5000	/* for a node to end */

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

bool
lab_net_find(struct lab *lab)
{
	const uint32_t first = (uint32_t)getpid();
	char addr[32];

	for (uint32_t k = 0; k < 64; k++) {
		bool good = true;

		lab->net = (128u + ((first + k) >> 8 & 63)) << 16 |
		    ((first + k) & 255) << 8;
		for (unsigned int i = 0; i < lab->n && good; i++) {
			addr_make(lab, i, addr, sizeof(addr));
			good = addr_free(addr, LAB_NET_PORT) &&
			    addr_free(addr, LAB_SSH_PORT);
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

bool
lab_node_write(struct lab *lab, unsigned int i, const char *keys)
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
		    lab->node[i - 1].addr, LAB_NET_PORT);
		lab->node[i].links = 1;
	}
	if (i > 1) {
		(void)snprintf(links + n, sizeof(links) - n, ", \"%s:%u\"",
		    lab->node[(i - 1) / 2].addr, LAB_NET_PORT);
		lab->node[i].links = (i - 1) / 2 == i - 1 ? 1 : 2;
	}
	(void)snprintf(conf, sizeof(conf), "node = { name = \"%s\"; };\n"
	    "ssh = { listen = \"%s:%u\"; };\n"
	    "network = { listen = \"%s:%u\"; bootstrap = [ %s ]; };\n",
	    lab->node[i].name, lab->node[i].addr, LAB_SSH_PORT,
	    lab->node[i].addr, LAB_NET_PORT, links);
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

bool
lab_nodes_start(struct lab *lab)
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

bool
lab_nodes_wait(struct lab *lab)
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
			(void)poll(NULL, 0, LAB_POLL_MS);
		}
	}
	return true;
}

void
lab_nodes_stop(struct lab *lab)
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
}
