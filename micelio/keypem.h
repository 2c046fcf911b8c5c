/* SPDX-License-Identifier: MIT */
/* PKCS#8 PEM of an Ed25519 key (wire-v1 1.1, RFC 8410). */
#ifndef MICELIO_MICELIO_KEYPEM_H
#define MICELIO_MICELIO_KEYPEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEYPEM_LEN	119		/* of a file we write */
#define KEYPEM_FILE_MAX	16384u		/* of a file we read */

/*
 * Find the first PEM block of text[n] and put its seed into seed.  Any label;
 * text before it is skipped; PKCS#8 version 2 with a public key too.  text is
 * overwritten: it is secret memory and serves as scratch space.
 */
bool	 keypem_read(char *text, size_t n, uint8_t seed[32], const char **why);
/* Exactly KEYPEM_LEN bytes, not terminated. */
void	 keypem_write(const uint8_t seed[32], char out[KEYPEM_LEN]);

#endif
