/* SPDX-License-Identifier: MIT */
/*
 * lab: nodes on loopback in a temporary directory, linked with each other,
 * and gone when this ends.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "lab_nodes.h"
#include "mtime.h"

#define HEAR_MS		10000	/* for a line to be heard everywhere */

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
		(void)poll(NULL, 0, LAB_POLL_MS);
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

	(void)snprintf(port, sizeof(port), "%u", LAB_SSH_PORT);
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
		(void)poll(NULL, 0, LAB_POLL_MS);
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
	lab_nodes_stop(lab);
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
		if (!(good = lab_node_write(lab, i, (const char *)pub.p)))
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
	if (!lab_net_find(lab)) {
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
			rc = lab_nodes_start(&lab) && lab_nodes_wait(&lab) ?
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
