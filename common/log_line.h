/* SPDX-License-Identifier: MIT */
/* An event as a line of the log; for log.c. */
#ifndef MICELIO_LOG_LINE_H
#define MICELIO_LOG_LINE_H

#include <stddef.h>

#include "log.h"

#define LOG_LINE_MAX		4096u
#define LOG_VALUE_MAX		1100u	/* of a field, before it is quoted */
#define LOG_EVENT_NAME_MAX	48u

struct log_line {
	char	buf[LOG_LINE_MAX];
	size_t	len;
};

/* What does not fit is left out; there is always room for two bytes more. */
void	 log_line_add(struct log_line *, const char *, size_t);
void	 log_line_str(struct log_line *, const char *);

/*
 * The fields, event_id and cause_id, and last the hint: " key=value" each,
 * members of a JSON object with a comma before each, or lines of the journal.
 */
void	 log_line_text(struct log_line *, const struct log_told *,
	    const struct log_field *);
void	 log_line_json(struct log_line *, const struct log_told *,
	    const struct log_field *);
void	 log_line_journal(struct log_line *, const struct log_told *,
	    const struct log_field *);

/* "peer_down"; returns out. */
const char *log_event_name(enum log_ev, char out[LOG_EVENT_NAME_MAX]);

#endif
