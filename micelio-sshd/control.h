/* SPDX-License-Identifier: MIT */
/* The control socket. */
#ifndef MICELIO_SSHD_CONTROL_H
#define MICELIO_SSHD_CONTROL_H

struct hub;

void	 control_add(struct hub *, int fd);
void	 control_start(struct hub *);
void	 control_stop(struct hub *, const char *text);

#endif
