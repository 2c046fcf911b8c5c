/* SPDX-License-Identifier: MIT */
/* Names people go by. */
#ifndef MICELIO_SSHD_NICK_H
#define MICELIO_SSHD_NICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * 1..CHAT_NICK_MAX bytes of UTF-8 letters, digits, marks after a letter and
 * _-.[]`^{}|, no leading '-', not reserved, no Latin letters together with
 * those of a script that look like them.  NULL if good, else the rule.
 */
const char *nick_check(const char *, size_t);
/* Would people take the two for one (case, width, composition)? */
bool	 nick_same(const char *, const char *);
/* Equal of any two that nick_same() takes for one. */
uint64_t nick_hash(const char *);
/*
 * A stranger's nick made fit to stand in <nick@node>; letters that only look
 * like Latin ones beside them as \u0430.
 */
void	 nick_show(const char *, size_t, char *out, size_t);

#endif
