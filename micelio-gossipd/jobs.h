/* SPDX-License-Identifier: MIT */
/* Signature checks under way. */
#ifndef MICELIO_GOSSIP_JOBS_H
#define MICELIO_GOSSIP_JOBS_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/nodeid.h"
#include "proto/envelope.h"
#include "proto/m2.h"

struct gossip;

#define JOB_COPIES_MAX		3u	/* of one message, waiting */

enum job_kind { JOB_HELLO, JOB_EXCHANGE, JOB_GOSSIP, JOB_RECORD };

/* A signature check under way, and what it is about. */
struct job {
	TAILQ_ENTRY(job) entry;
	uint64_t	 number;
	enum job_kind	 kind;
	uint32_t	 sid;
	struct envelope	 env;		/* into frame; JOB_RECORD: only its
					   payload, PeerRecords with one */
	uint8_t		*frame;		/* own copy, once pending */
	size_t		 len;
	uint8_t		 pubkey[32];
	struct nodeid	 sender;
	uint8_t		 seen_key[16];
	uint8_t		 mid[M2_MID];
	bool		 waiting;	/* for another copy's verdict */
	/* When it came; until it is verified its link may end: */
	bool		 m2;		/* by a link of our kind */
	bool		 asked;		/* as of repair_asked() */
};

/*
 * Checks the signature of job->env under job->pubkey.  The job is the
 * caller's and is copied when the answer is not there at once.
 */
void	 job_run(struct gossip *, struct job *);
/* A job that waits for the verdict on another copy, or NULL. */
struct job *job_waiting(struct gossip *, const uint8_t seen_key[16]);
/* Keeps a copy to wait like that; false: enough of them wait. */
bool	 job_wait(struct gossip *, const struct job *);
/* Its turn has come; or it is not needed any more. */
void	 job_start(struct gossip *, struct job *);
void	 job_cancel(struct gossip *, struct job *);
void	 jobs_free(struct gossip *);

#endif
