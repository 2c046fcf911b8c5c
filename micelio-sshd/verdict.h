/* SPDX-License-Identifier: MIT */
/* What became of a link asked for; both return the exit status. */
#ifndef MICELIO_SSHD_VERDICT_H
#define MICELIO_SSHD_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "imsg_types.h"

struct doc;
struct wbuf;

struct link_result {
	const char	*where;		/* as it was asked for */
	enum link_status status;
	enum down_reason why;
	const char	*id;		/* 64 hex, or NULL */
	uint64_t	 ms;
};
int	 link_build(const struct link_result *, struct doc *);
int	 unlink_build(const char *id, bool was, uint64_t ms, struct doc *);
void	 verdict_text(const struct doc *, struct wbuf *);

#endif
