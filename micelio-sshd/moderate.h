/* SPDX-License-Identifier: MIT */
/* Bans between the commands, the logins and stated. */
#ifndef MICELIO_SSHD_MODERATE_H
#define MICELIO_SSHD_MODERATE_H

#include <stdbool.h>
#include <stddef.h>

struct addr;
struct ban;
struct caller;
struct hub;

/* A row stated kept. */
void	 moderate_row(struct hub *, const void *key, size_t, const void *value,
	    size_t);
/* Put in force and have it kept; NULL: there are too many. */
struct ban *moderate_add(struct hub *, const struct ban *);
void	 moderate_remove(struct hub *, struct ban *);
/* The ban that keeps out who has the key or comes from there, or NULL. */
const struct ban *moderate_login(struct hub *, const unsigned char *key,
	    const struct addr *);
/* May not speak: with the line for them in why. */
bool	 moderate_muted(struct caller *, char *why, size_t);
/* Who gives the order: the name others know. */
const char *moderate_by(const struct caller *);
/* Is this one, a struct caller, among those whom moderate_told() tells? */
bool	 moderate_tells(const void *caller);
/* Every op of the node sees what was done, and by which key. */
void	 moderate_told(struct caller *, const char *act, const char *target,
	    const char *what, const char *text);

#endif
