/* SPDX-License-Identifier: MIT */
/* record: where what happens in sessions is written down. */
#ifndef MICELIO_SSHD_COMMANDS_RECORD_H
#define MICELIO_SSHD_COMMANDS_RECORD_H

#include <stddef.h>

struct caller;
struct conn;

/* Of somebody in the partyline, to those who record it with the same key. */
void	 record_typed(struct conn *, const char *, size_t);
void	 record_pasted(struct conn *, const char *, size_t);
void	 record_shown(struct conn *, const char *, size_t);
/* Who recorded has gone. */
void	 record_end(struct caller *);

#endif
