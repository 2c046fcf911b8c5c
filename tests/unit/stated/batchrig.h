/* SPDX-License-Identifier: MIT */
/* Batches in a Berkeley DB store of a scratch directory. */
#ifndef MICELIO_TESTS_STATED_BATCHRIG_H
#define MICELIO_TESTS_STATED_BATCHRIG_H

#include "stated_test.h"

#define BATCH_TABLE	"t"

/* Of cmocka_unit_test_setup_teardown(); *state is a struct scratch. */
int	 batch_setup(void **state);
int	 batch_teardown(void **state);
/* Batch n, of values of that length. */
enum store_err batch_write(struct store *, uint32_t n, size_t vlen);
/* All of them, from seen->next on. */
enum store_err batches_read(struct store *, struct batches *seen);
/* One more than the last batch in the store; all before it must be there. */
uint32_t batches_found(const struct scratch *, bool *recovered);

#endif
