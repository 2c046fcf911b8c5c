/* SPDX-License-Identifier: MIT */
/* The replicated map, as commands see it. */
#ifndef MICELIO_SSHD_COMMANDS_MAP_H
#define MICELIO_SSHD_COMMANDS_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hub;
struct imsg;
struct run;

void	 map_put(struct hub *, uint32_t req, const char *key,
	    const void *value, size_t);
/* All of its standard input is there. */
void	 cmd_put_input(struct run *);
/* Does put take its value from standard input, with these words? */
bool	 put_reads(const char *const *, size_t);
/* From stated. */
void	 map_row(struct hub *, struct imsg *);
void	 map_done(struct hub *, struct imsg *);
void	 map_run_free(struct run *);

#endif
