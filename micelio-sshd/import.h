/* SPDX-License-Identifier: MIT */
/* Lines of export, read back. */
#ifndef MICELIO_SSHD_IMPORT_H
#define MICELIO_SSHD_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct run;

void	 import_free(struct run *);
bool	 import_has(const struct run *, uint32_t req);
/* n 0: the end.  The run may end. */
void	 import_input(struct run *, const void *, size_t n);
void	 import_answer(struct run *, uint32_t req, int status,
	    const char *why);

#endif
