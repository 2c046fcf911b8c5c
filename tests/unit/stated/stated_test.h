/* SPDX-License-Identifier: MIT */
/* Scratch directories and small helpers of the store's tests. */
#ifndef MICELIO_TESTS_STATED_TEST_H
#define MICELIO_TESTS_STATED_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store.h"

struct scratch {
	char	top[64];	/* a directory of this test only */
	char	db[80];		/* the environment's, beneath it */
};

void	 scratch_make(struct scratch *);
void	 scratch_remove(struct scratch *);
/* Entries of dir whose names begin so; the last one's name in out. */
size_t	 dir_count(const char *dir, const char *prefix, char *out,
	    size_t size);

/* A small Berkeley DB store there. */
struct store *bdb_at(const struct scratch *);
/* One in memory, open and empty. */
struct store *mem_open(void);

/* One committed batch of one pair. */
enum store_err put_one(struct store *, const char *table, const char *key,
	    const char *value);
/* Does the table hold exactly this value under key? */
void	 assert_value(struct store *, const char *table, const char *key,
	    const char *value);

/*
 * For store_iterate(): batches of BATCH_PAIRS pairs, whose keys are "%08x.%u"
 * of batch and pair, come in order, every one whole and none left out.
 */
#define BATCH_PAIRS	3u
struct batches {
	uint32_t	 next;		/* batch whose turn it is */
	unsigned int	 part;
	size_t		 vlen;		/* of the values; 0: any but none */
	bool		 broken;
};
bool	 batches_cb(const void *key, size_t klen, const void *value,
	    size_t vlen, void *batches);

/* Turn over n bytes of a file at an offset. */
void	 file_smash(const char *dir, const char *name, long at, size_t n);
void	 file_cut(const char *dir, const char *name, long n);
long	 file_size(const char *dir, const char *name);
/* Where the zeros at the end of a file begin. */
long	 file_end(const char *dir, const char *name);

#endif
