/* SPDX-License-Identifier: MIT */
/* Lines of one session that wait for their turn. */
#ifndef MICELIO_SSHD_INTAKE_H
#define MICELIO_SSHD_INTAKE_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imsg.h"

#define INTAKE_MAX	(16u * SES_LINES_WINDOW)	/* more is a lie */

struct intake_item {
	STAILQ_ENTRY(intake_item) entry;
	enum imsg_type	 type;
	size_t		 len;
	uint8_t		 data[];
};

struct intake {
	STAILQ_HEAD(, intake_item) items;
	size_t		 cost;		/* as SES_TAKEN counts */
	unsigned int	 n;
};

void	 intake_init(struct intake *);
/* Keep a copy; false: the session sends more than its window. */
bool	 intake_add(struct intake *, enum imsg_type, const void *, size_t);
/* The oldest, now the caller's to free(), or NULL. */
struct intake_item *intake_take(struct intake *);
void	 intake_clear(struct intake *);

#endif
