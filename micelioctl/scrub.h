/* SPDX-License-Identifier: MIT */
#ifndef MICELIO_SCRUB_H
#define MICELIO_SCRUB_H

#include <stddef.h>

struct wbuf;

/*
 * Append the text with what may be a key taken out: lines of a PEM block,
 * and runs of SCRUB_RUN or more base64 characters that are not all
 * hexadecimal (an id is, a fingerprint is shorter).
 */
#define SCRUB_RUN	60u
void	scrub(const char *, size_t, struct wbuf *);

#endif
