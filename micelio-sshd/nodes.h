/* SPDX-License-Identifier: MIT */
/* The nodes known of, in pages. */
#ifndef MICELIO_SSHD_NODES_H
#define MICELIO_SSHD_NODES_H

#include <stddef.h>
#include <stdint.h>

struct answer;
struct doc;
struct wbuf;

#define NODES_PAGE	100u
/* page: from 1.  word: only those it fits; NULL: all. */
void	 nodes_build(const struct answer *, size_t n, const char *word,
	    uint64_t page, uint64_t now_ms, struct doc *);
void	 nodes_text(const struct doc *, struct wbuf *);

#endif
