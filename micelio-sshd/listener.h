/* SPDX-License-Identifier: MIT */
/* Where SSH connections come in. */
#ifndef MICELIO_SSHD_LISTENER_H
#define MICELIO_SSHD_LISTENER_H

#include <stddef.h>

struct hub;

void	 listener_add(struct hub *, int fd, const char *text);
void	 listener_start(struct hub *);
void	 listener_stop(struct hub *);
size_t	 listener_list(const struct hub *, const char **, size_t max);

#endif
