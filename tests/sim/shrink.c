/* SPDX-License-Identifier: MIT */
/*
 * The smallest run that still fails: without classes of trouble, then with
 * fewer nodes, then for less time.  Each try is a process of its own, for a
 * run may end in a crash.
 */
#include <sys/wait.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shrink.h"

#define NODES_LEAST	4u

static bool
fails(const struct scenario *s, uint64_t seed,
    int (*run)(struct scenario *, uint64_t seed))
{
	static struct scenario copy;
	int status, fd;
	pid_t pid;

	fflush(NULL);
	if ((pid = fork()) == -1)
		return false;
	if (pid == 0) {
		if ((fd = open("/dev/null", O_WRONLY | O_CLOEXEC)) != -1) {
			(void)dup2(fd, STDOUT_FILENO);
			(void)dup2(fd, STDERR_FILENO);
		}
		copy = *s;
		_exit(run(&copy, seed));
	}
	return waitpid(pid, &status, 0) == pid && status != 0;
}

static void
fewer_classes(struct scenario *s, uint64_t seed,
    int (*run)(struct scenario *, uint64_t))
{
	static struct scenario plan;
	uint32_t c;

	plan = *s;
	torture_plan(&plan, seed);
	for (c = 0; c < TORTURE_CLASSES; c++) {
		if (!torture_has(&plan, c))
			continue;
		s->without |= UINT64_C(1) << c;
		if (fails(s, seed, run))
			printf("  without %s: fails\n", torture_name(c));
		else
			s->without &= ~(UINT64_C(1) << c);
	}
}

static void
fewer_nodes(struct scenario *s, uint64_t seed,
    int (*run)(struct scenario *, uint64_t))
{
	uint32_t n;

	while ((n = s->nodes / 2) >= NODES_LEAST &&
	    (s->self_formed || n > s->degree)) {
		s->nodes = n;
		if (!fails(s, seed, run)) {
			s->nodes = n * 2;
			return;
		}
		printf("  %u nodes: fails\n", n);
	}
}

static void
less_time(struct scenario *s, uint64_t seed,
    int (*run)(struct scenario *, uint64_t))
{
	uint64_t to = s->until > 0 ? s->until : s->run, was;

	for (to = to * 3 / 4; to > UINT64_C(1000000); to = to * 3 / 4) {
		was = s->until;
		s->until = to;
		if (!fails(s, seed, run)) {
			s->until = was;
			return;
		}
		printf("  until %llu ms: fails\n",
		    (unsigned long long)to / 1000);
	}
}

void
shrink(struct scenario *s, uint64_t seed,
    int (*run)(struct scenario *, uint64_t seed))
{
	printf("shrinking seed %llu\n", (unsigned long long)seed);
	if (!fails(s, seed, run)) {
		printf("  it does not fail\n");
		return;
	}
	fewer_classes(s, seed, run);
	fewer_nodes(s, seed, run);
	less_time(s, seed, run);
}
