/* SPDX-License-Identifier: MIT */
/* The replicated map, as commands see it. */
#ifndef MICELIO_SSHD_COMMANDS_MAP_H
#define MICELIO_SSHD_COMMANDS_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cursor.h"
#include "doc.h"
#include "imsg_types.h"
#include "pages.h"

struct hub;
struct imsg;
struct run;

#define MAP_VALUE_MAX	16384u	/* bytes of a value */

/* What a command has gathered of its answer. */
struct maprun {
	enum map_ask	 what;
	struct doc	 doc;
	size_t		 list, rows;
	struct wbuf	 value;
	bool		 has_head;
	struct pages	 pages;
};

/* commands_map.c */

/* The next page of what the run asked for. */
void	 map_ask_page(struct run *, const char *after, size_t n);
/* The value of one key, as cmd_get has it. */
void	 map_get(struct run *, const char *key);
void	 map_put(struct hub *, uint32_t req, const char *key,
	    const void *value, size_t);
/* All of its standard input is there. */
void	 cmd_put_input(struct run *);
/* Does put take its value from standard input, with these words? */
bool	 put_reads(const char *const *, size_t);
void	 map_run_free(struct run *);

/* map_answer.c */

/* One entry as a line of JSON to stream; its length. */
size_t	 map_json_line(struct run *, int stream, const void *row, size_t,
	    const char *value, size_t);
/* From stated. */
void	 map_row(struct hub *, struct imsg *);
void	 map_done(struct hub *, struct imsg *);

#endif
