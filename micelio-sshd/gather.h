/* SPDX-License-Identifier: MIT */
/* Asking the daemons. */
#ifndef MICELIO_SSHD_GATHER_H
#define MICELIO_SSHD_GATHER_H

#include <stdbool.h>
#include <stddef.h>

#include "imsg.h"

struct answer;
struct gather;
struct hub;
struct run;

#define GATHER_MAX	16
#define GATHER_MS	2000
struct gather_want {
	enum proc_role	from;
	enum table	table;
};
typedef void (*gather_cb)(struct run *, const struct answer *, size_t n);
bool	 gather_start(struct run *, const struct gather_want *, size_t n,
	    gather_cb);
void	 gather_cancel(struct gather *);
void	 gather_row(struct hub *, enum proc_role, struct imsg *);
void	 gather_end(struct hub *, enum proc_role, struct imsg *);

#endif
