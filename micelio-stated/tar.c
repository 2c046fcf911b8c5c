/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "tar.h"

/* Offsets and lengths of fields: POSIX.1-2008, pax, ustar interchange. */
#define NAME_AT		0u
#define NAME_LEN	100u
#define MODE_AT		100u
#define UID_AT		108u
#define GID_AT		116u
#define ID_LEN		8u
#define SIZE_AT		124u
#define MTIME_AT	136u
#define SIZE_LEN	12u
#define SUM_AT		148u
#define SUM_LEN		8u
#define TYPE_AT		156u
#define MAGIC_AT	257u

/* Octal digits and a NUL. */
static bool
octal(uint8_t *at, size_t len, uint64_t n)
{
	char text[32];
	int k = snprintf(text, sizeof(text), "%0*llo", (int)len - 1,
	    (unsigned long long)n);

	if (k < 0 || (size_t)k != len - 1)
		return false;
	memcpy(at, text, len);
	return true;
}

bool
tar_header(const struct tar_member *m, uint8_t out[TAR_BLOCK])
{
	size_t n = strlen(m->name);
	uint64_t sum = 0;

	memset(out, 0, TAR_BLOCK);
	if (n == 0 || n >= NAME_LEN)
		return false;
	memcpy(out + NAME_AT, m->name, n);
	if (!octal(out + MODE_AT, ID_LEN, m->mode) ||
	    !octal(out + UID_AT, ID_LEN, m->uid) ||
	    !octal(out + GID_AT, ID_LEN, m->gid) ||
	    !octal(out + SIZE_AT, SIZE_LEN, m->size) ||
	    !octal(out + MTIME_AT, SIZE_LEN, m->mtime))
		return false;
	out[TYPE_AT] = m->name[n - 1] == '/' ? '5' : '0';
	memcpy(out + MAGIC_AT, "ustar\00000", 8);
	/* The sum counts its own field as spaces. */
	memset(out + SUM_AT, ' ', SUM_LEN);
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += out[i];
	return octal(out + SUM_AT, SUM_LEN - 1, sum);
}

uint64_t
tar_padding(uint64_t size)
{
	return (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;
}
