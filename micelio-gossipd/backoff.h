/* SPDX-License-Identifier: MIT */
/* How long what failed is left alone. */
#ifndef MICELIO_GOSSIP_BACKOFF_H
#define MICELIO_GOSSIP_BACKOFF_H

#include <stdint.h>

struct gossip;

/* 0 for no failure, then 1 2 4 8 16 30 30 ... seconds (wire-v1 4.1). */
uint32_t backoff_seconds(int64_t fail_count);
/* The same in ms with a jitter, and longer for what failed ever since. */
uint64_t backoff_ms(struct gossip *, uint32_t fails);

#endif
