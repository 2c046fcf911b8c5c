/* SPDX-License-Identifier: MIT */
/* An SSH connection. */
#ifndef MICELIO_SSHD_CONN_H
#define MICELIO_SSHD_CONN_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "budget.h"
#include "caller.h"
#include "intake.h"
#include "outlet.h"
#include "sshkey.h"

struct event;
struct hub;
struct imsg;
struct imsgchan;

enum conn_state { CONN_SPAWNING, CONN_LOGIN, CONN_IN, CONN_ENDING };
struct conn {
	struct caller		 caller;	/* first: see conn.c */
	TAILQ_ENTRY(conn)	 entry;
	struct budget_entry	 budget;
	struct hub		*hub;
	uint32_t		 id;
	enum conn_state		 state;
	struct addr		 addr;
	struct imsgchan		*chan;
	struct event		*timer;		/* grace, expiry, end */
	bool			 has_sid;
	uint8_t			 sid[32];
	uint8_t			*parked;	/* SES_AUTH before its sid */
	size_t			 parked_len;
	uint32_t		 parked_id;
	unsigned int		 asked;		/* SES_AUTH so far */
	unsigned int		 tries;
	bool			 opened;
	bool			 shell;
	bool			 pty;
	bool			 exited;	/* its process has */
	struct intake		 intake;
	char			 user[64];	/* made safe */
	char			 fp[SSHKEY_FP_MAX];
	uint8_t			 hash[SSHKEY_HASH_LEN];
	uint64_t		 expires;	/* unix s; 0: never */
	uint64_t		 since_ms;	/* monotonic */
	struct outlet		 outlet;
	const char		*cause;		/* of the end */
};

/* conn.c */
void	 conn_accept(struct hub *, int fd, const struct addr *);
void	 conn_spawned(struct hub *, struct imsg *);
void	 conn_spawn_failed(struct hub *, struct imsg *);
void	 conn_sid(struct hub *, struct imsg *);
void	 conn_exited(struct hub *, struct imsg *);
/* The keys changed: end whom they do not let in any more. */
void	 conn_recheck(struct hub *);
/* Say goodbye with a reason, then end it. */
void	 conn_bye(struct conn *, const char *cause, const char *text);
void	 conn_bye_all(struct hub *, const char *text);
/* Nobody is there any more and nothing waits: end it.  May free it. */
void	 conn_drained(struct conn *);

/* login.c: the part of a connection before it is let in. */
void	 login_auth(struct conn *, struct imsg *);
void	 login_sid(struct conn *);
void	 login_arm_expiry(struct conn *);
void	 login_lied(struct conn *, const char *what);

/* conn_in.c: the part after. */
void	 conn_in_dispatch(struct conn *, struct imsg *);
/*
 * A line is on its way: what came after it goes on.  May free the conn when
 * its process has ended.
 */
void	 conn_in_next(struct conn *);

#endif
