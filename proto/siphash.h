/* SPDX-License-Identifier: MIT */
/*
 * SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF"):
 * short names of messages and origins that only the holder of the key can
 * make collide.
 */
#ifndef MICELIO_SIPHASH_H
#define MICELIO_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define SIPHASH_KEY	16u

uint64_t siphash24(const uint8_t key[SIPHASH_KEY], const void *, size_t);

#endif
