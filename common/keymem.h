/* SPDX-License-Identifier: MIT */
/*
 * Memory for secrets: memfd_secret(2), else locked guarded pages; never
 * inherited by a fork, never in a core, erased when freed.
 */
#ifndef MICELIO_KEYMEM_H
#define MICELIO_KEYMEM_H

#include <stddef.h>

/* Whole pages are used; NULL and errno when neither kind can be had. */
void	*keymem_alloc(size_t);
void	 keymem_free(void *, size_t);
/* "memfd_secret", "locked pages" or "none yet". */
const char *keymem_kind(void);

#endif
