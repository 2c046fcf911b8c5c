/* SPDX-License-Identifier: MIT */
/*
 * What each process may still do once it runs.  Three steps, in this order:
 * sandbox_limits() and sandbox_landlock() (binds the calling thread only, so
 * before worker threads), then threads, then sandbox_seccomp() (all threads).
 */
#ifndef MICELIO_SANDBOX_H
#define MICELIO_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "imsg.h"

struct rcur;
struct wbuf;

struct sandbox_report {
	uint8_t	landlock_abi;	/* 0: none */
	bool	seccomp;
	bool	no_new_privs;
	bool	no_caps;	/* effective, permitted, inheritable, ambient */
	bool	no_dump;
	bool	own_uid;	/* runs under a uid of its own (service) */
};

/*
 * rlimits (files: descriptors it may have open; no core, no new processes
 * where it may not), no-new-privs, not dumpable; fatal if a capability is
 * left.
 */
void	sandbox_limits(enum proc_role, unsigned int files,
	    struct sandbox_report *);
/* Deny all files and TCP except beneath dirfd (-1: none), read and write. */
void	sandbox_landlock(enum proc_role, int dirfd, struct sandbox_report *);
/* The role's system call list; anything else kills the process. */
void	sandbox_seccomp(enum proc_role, struct sandbox_report *);

/*
 * The parent's own filter: as wide as the union of its children's, and set*id
 * only to the given ids (n of each; 0 in personal mode: none at all).
 */
void	sandbox_parent(const uint32_t *uids, const uint32_t *gids, unsigned n,
	    struct sandbox_report *);

void	sandbox_report_write(struct wbuf *, const struct sandbox_report *);
bool	sandbox_report_read(struct rcur *, struct sandbox_report *);

#endif
