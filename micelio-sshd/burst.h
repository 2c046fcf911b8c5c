/* SPDX-License-Identifier: MIT */
/* Lines one person says in a row, and what became of them. */
#ifndef MICELIO_SSHD_BURST_H
#define MICELIO_SSHD_BURST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bucket;

#define BURST_GAP_MS	1000u	/* of silence end it */

struct burst {
	unsigned int	 said, lost;	/* lost: nobody elsewhere got it */
	bool		 slowed;	/* was told so */
	uint64_t	 last_ms;	/* monotonic */
};

/* Before the next line: at once, when the retry time is over, or again. */
enum burst_next { BURST_GO_ON, BURST_WAIT, BURST_AGAIN };

/* Lines a second that people of a node say to each other: as to v1 nodes. */
#define ALONE_RATE	8u
#define ALONE_BURST	16u

void	 burst_said(struct burst *, uint64_t now_ms);
/* A CHAT_RESULT; tell: the speaker has to hear of it. */
enum burst_next burst_result(struct burst *, unsigned int status,
	    uint64_t now_ms, bool *tell);
bool	 burst_alone(struct burst *, struct bucket *, uint64_t now_ms,
	    bool *tell, uint32_t *wait_ms);
/*
 * Is one over that was slowed?  now_over: nothing can follow.  The sum for
 * its speaker is in the text; a new one begins.
 */
bool	 burst_over(struct burst *, bool now_over, uint64_t now_ms, char *,
	    size_t);

#endif
