/* SPDX-License-Identifier: MIT */
/* What led to what; see log.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imsg.h"
#include "log.h"

#define ROLE_SHIFT	56
#define COUNT_MASK	((UINT64_C(1) << ROLE_SHIFT) - 1)

static struct {
	uint64_t	 origin;	/* 0: no ids */
	uint64_t	 count;
	struct log_scope scope;
} at;

void
log_set_origin(unsigned int role)
{
	at.origin = (uint64_t)role << ROLE_SHIFT;
}

struct log_scope
log_cause_begin(uint64_t cause)
{
	struct log_scope before = at.scope;

	at.scope = (struct log_scope){ cause, true };
	return before;
}

void
log_cause_end(struct log_scope before)
{
	at.scope = before;
}

uint64_t
log_cause(void)
{
	return at.scope.cause;
}

/* "debug" is no event of its own: nothing comes of it. */
void
log_cause_take(struct log_told *told)
{
	if (at.origin == 0 || told->ev == EV_DEBUG)
		return;
	told->id = at.origin | (++at.count & COUNT_MASK);
	told->cause = at.scope.cause;
	if (at.scope.inside)
		at.scope.cause = told->id;
}

char *
log_event_id(uint64_t id, char out[LOG_EVENT_ID_MAX])
{
	(void)snprintf(out, LOG_EVENT_ID_MAX, "%s-%" PRIu64,
	    proc_role_name((enum proc_role)(id >> ROLE_SHIFT)),
	    id & COUNT_MASK);
	return out;
}

uint64_t
log_event_id_parse(const char *s)
{
	const char *dash = strrchr(s, '-'), *name;
	uint64_t n;
	char *end;

	if (dash == NULL || dash[1] < '1' || dash[1] > '9')
		return 0;
	n = strtoull(dash + 1, &end, 10);
	if (*end != '\0' || n > COUNT_MASK)
		return 0;
	for (unsigned int role = PROC_PARENT; role <= PROC_SSHD; role++) {
		name = proc_role_name((enum proc_role)role);
		if (strlen(name) == (size_t)(dash - s) &&
		    memcmp(name, s, strlen(name)) == 0)
			return (uint64_t)role << ROLE_SHIFT | n;
	}
	return 0;
}
