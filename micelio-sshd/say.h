/* SPDX-License-Identifier: MIT */
/* Lines on their way to the network. */
#ifndef MICELIO_SSHD_SAY_H
#define MICELIO_SSHD_SAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct caller;
struct hub;
struct imsg;
struct run;

#define SAYS_MAX	1024u

/* At once, not at the end of the turn.  False: too much is on its way. */
bool	 say_send(struct hub *, struct caller *, struct run *,
	    const char *nick, const char *text, size_t);
/* The line of the caller, or of the command, was not taken. */
void	 say_unsent(struct caller *, struct run *);
void	 say_result(struct hub *, struct imsg *);
void	 say_forget(struct hub *, const struct caller *, const struct run *);
void	 say_chat_in(struct hub *, struct imsg *);
/* One object for programs: links it was given to, ms it waits for that. */
void	 say_answer_json(struct run *, int rc, unsigned int links,
	    uint32_t wait_ms, const char *text);
/* A say that came to nothing, in the form asked for. */
void	 say_fail(struct run *, int rc, const char *why);
/* The last words about what was said, before the speaker goes. */
void	 say_settle(struct caller *);
/* A line a person typed or pasted as talk. */
void	 say_line(struct caller *, const char *, size_t);
void	 say_action(struct caller *, const char *, size_t);

#endif
