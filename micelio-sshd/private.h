/* SPDX-License-Identifier: MIT */
/* From one person to another. */
#ifndef MICELIO_SSHD_PRIVATE_H
#define MICELIO_SSHD_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct caller;
struct hub;
struct imsg;
struct nodeid;
struct run;

/* One line, as "<who> text" or "* who text"; named: it is for the reader. */
void	 caller_line(struct caller *, const char *who, bool action,
	    const char *, size_t, uint64_t ms, uint64_t sent_s, bool named);
/* To somebody of this node, or of another; may end the run. */
void	 private_here(struct run *, const char *nick, const char *from,
	    const char *, size_t);
void	 private_there(struct run *, const struct nodeid *, const char *nick,
	    const char *from, const char *, size_t);
void	 private_in(struct hub *, struct imsg *);
bool	 private_result(struct hub *, struct imsg *);
void	 private_forget(struct hub *, const struct caller *,
	    const struct run *);
/* What came for somebody while they were not here. */
void	 notes_deliver(struct caller *);

#endif
