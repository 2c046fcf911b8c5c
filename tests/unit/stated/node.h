/* SPDX-License-Identifier: MIT */
/*
 * The daemon as it is shipped, in its sandbox, with the test in the place of
 * parent, gossipd and sshd.
 */
#ifndef MICELIO_TESTS_STATED_NODE_H
#define MICELIO_TESTS_STATED_NODE_H

#include "stated_test.h"

#include <sys/resource.h>

#include "imsg.h"
#include "peerbook.h"
#include "sandbox.h"

#define NODE_DEADLINE_MS	30000u
#define NODE_TOLD_MAX		(PEERBOOK_TELL + 100)

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
	uint64_t	 told_seen[NODE_TOLD_MAX];
	/* TABLE_STATUS */
	char		 state[32];
	uint64_t	 records, commits, refused, failures;
	bool		 unsaved;
	rlim_t		 file_limit;	/* 0: none */
	int		 lock_fd;
	bool		 ends_badly;
};

/*
 * The path of the daemon is the only argument of a test program; main()
 * returns what this does, unless that is 0.
 */
int	 node_args(int argc, char **argv);

/* Of cmocka_unit_test_setup_teardown(); *state is a node not started. */
int	 node_setup(void **state);
int	 node_teardown(void **state);

/* A process, with a log of its own; what the last one told is forgotten. */
void	 node_start(struct node *);
/* And until it is ready and has told of all peers. */
void	 node_open(struct node *);
/* Talk until *cond; fails at the deadline, and when it ends before. */
void	 node_talk(struct node *, const bool *cond);
/* Its end is awaited; status is that of waitpid(2). */
void	 node_wait_exit(struct node *);
void	 node_kill(struct node *);
/* In order, as the parent asks for it. */
void	 node_stop(struct node *);

/* Ask for TABLE_STATUS, and wait for it. */
void	 node_status(struct node *);
/* Remember peer k, seen then; forget it. */
void	 node_put(struct node *, unsigned int k, uint64_t seen);
void	 node_del(struct node *, unsigned int k);
/* Until so many are remembered and all of it is on the disk. */
void	 node_saved(struct node *, uint64_t records);
bool	 node_log_has(const struct node *, const char *text);

#endif
