/* SPDX-License-Identifier: MIT */
#ifndef MICELIO_SSHD_COMMANDS_LOG_H
#define MICELIO_SSHD_COMMANDS_LOG_H

struct hub;
struct logline;

/* A line was logged: those who watch see it. */
void	 log_seen(struct hub *, const struct logline *);

#endif
