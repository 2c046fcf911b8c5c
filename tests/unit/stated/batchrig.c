/* SPDX-License-Identifier: MIT */
#include "batchrig.h"

/*
 * Berkeley DB loses some memory when it refuses to open damaged files.  What
 * we lose ourselves the other tests of the store would show.
 */
const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
	return "leak:libdb";
}

int
batch_setup(void **state)
{
	struct scratch *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	scratch_make(w);
	*state = w;
	return 0;
}

int
batch_teardown(void **state)
{
	scratch_remove(*state);
	free(*state);
	return 0;
}

enum store_err
batch_write(struct store *s, uint32_t n, size_t vlen)
{
	static char value[STORE_VALUE_MAX];
	char key[32];
	enum store_err err = store_begin(s);

	memset(value, 'v', sizeof(value));
	for (unsigned int i = 0; i < BATCH_PAIRS && err == STORE_OK; i++) {
		snprintf(key, sizeof(key), "%08x.%u", n, i);
		err = store_put(s, BATCH_TABLE, key, strlen(key), value, vlen);
	}
	if (err != STORE_OK) {
		store_abort(s);
		return err;
	}
	return store_commit(s);
}

enum store_err
batches_read(struct store *s, struct batches *seen)
{
	return store_iterate(s, BATCH_TABLE, NULL, 0, batches_cb, seen);
}

uint32_t
batches_found(const struct scratch *w, bool *recovered)
{
	struct store *s = bdb_at(w);
	struct batches seen = { .next = 1 };

	assert_int_equal(store_open(s), STORE_OK);
	*recovered = s->recovered;
	assert_int_equal(batches_read(s, &seen), STORE_OK);
	assert_false(seen.broken);
	assert_int_equal(seen.part, 0);		/* no batch in part */
	store_free(s);
	return seen.next;
}
