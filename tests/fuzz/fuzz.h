/* SPDX-License-Identifier: MIT */
/*
 * What the fuzz targets share.  A target is one function that takes any bytes;
 * libFuzzer calls it (-Dfuzz=true, tools/fuzz), or replay.c does with the
 * inputs that are kept.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef FUZZ_ALONE
#define FUZZ_TARGET(name)						\
	int LLVMFuzzerTestOneInput(const uint8_t *, size_t);		\
	int LLVMFuzzerTestOneInput
#else
#define FUZZ_TARGET(name)						\
	int fuzz_##name(const uint8_t *, size_t);			\
	int fuzz_##name
#endif

/* What must hold whatever the input is. */
#define HOLDS(what) do {						\
	if (!(what))							\
		fuzz_broken(__FILE__, __LINE__, #what);			\
} while (0)

__attribute__((noreturn)) static inline void
fuzz_broken(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

/* The input as choices: zeros when there is no more of it. */
struct fuzz_in {
	const uint8_t	*p;
	size_t		 left;
};

static inline struct fuzz_in
fuzz_begin(const uint8_t *p, size_t n)
{
	return (struct fuzz_in){ p, n };
}

static inline uint8_t
fuzz_u8(struct fuzz_in *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->p++;
}

static inline uint16_t
fuzz_u16(struct fuzz_in *in)
{
	uint16_t hi = fuzz_u8(in);

	return (uint16_t)(hi << 8 | fuzz_u8(in));
}

static inline uint32_t
fuzz_u32(struct fuzz_in *in)
{
	uint32_t hi = fuzz_u16(in);

	return hi << 16 | fuzz_u16(in);
}

/* At most n bytes, in place. */
static inline const uint8_t *
fuzz_bytes(struct fuzz_in *in, size_t n, size_t *len)
{
	const uint8_t *p = in->p;

	*len = n < in->left ? n : in->left;
	in->p += *len;
	in->left -= *len;
	return p;
}

/* memcmp(3) that takes two NULLs of no length. */
static inline bool
fuzz_same(const void *a, size_t n, const void *b, size_t m)
{
	return n == m && (n == 0 || memcmp(a, b, n) == 0);
}

#endif
