/* SPDX-License-Identifier: MIT */
/* RFC 4648, strict. */
#ifndef MICELIO_SSHD_BASE64_H
#define MICELIO_SSHD_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* False on a foreign byte, wrong padding, stray bits or more than max. */
bool	 base64_decode(const char *, size_t, uint8_t *out, size_t max,
	    size_t *len);
/* Writes at most size bytes with the NUL; returns the length written. */
size_t	 base64_encode(const void *, size_t, bool pad, char *out, size_t size);

#endif
