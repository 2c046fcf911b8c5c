/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>

#include "stated_test.h"

#define PATH_LEN	512

void
scratch_make(struct scratch *s)
{
	snprintf(s->top, sizeof(s->top), "/tmp/micelio-store-XXXXXX");
	assert_non_null(mkdtemp(s->top));
	snprintf(s->db, sizeof(s->db), "%s/db", s->top);
}

static int
remove_cb(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

void
scratch_remove(struct scratch *s)
{
	assert_int_equal(nftw(s->top, remove_cb, 8, FTW_DEPTH | FTW_PHYS), 0);
}

size_t
dir_count(const char *dir, const char *prefix, char *out, size_t size)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	size_t n = 0;

	if (d == NULL)
		return 0;
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.' ||
		    strncmp(e->d_name, prefix, strlen(prefix)) != 0)
			continue;
		n++;
		if (out != NULL)
			snprintf(out, size, "%s", e->d_name);
	}
	closedir(d);
	return n;
}

struct store *
bdb_at(const struct scratch *where)
{
	struct store_config c = STORE_CONFIG_SMALL(where->db);
	struct store *s = store_bdb_new(&c);

	assert_non_null(s);
	return s;
}

struct store *
mem_open(void)
{
	static const struct store_config none = { .dir = "none" };
	struct store *s = store_mem_new(&none);

	assert_non_null(s);
	assert_int_equal(store_open(s), STORE_OK);
	return s;
}

enum store_err
put_one(struct store *s, const char *table, const char *key,
    const char *value)
{
	enum store_err err = store_begin(s);

	if (err != STORE_OK)
		return err;
	err = store_put(s, table, key, strlen(key), value, strlen(value));
	if (err != STORE_OK) {
		store_abort(s);
		return err;
	}
	return store_commit(s);
}

void
assert_value(struct store *s, const char *table, const char *key,
    const char *value)
{
	char buf[256];
	size_t n;

	assert_int_equal(store_get(s, table, key, strlen(key), buf,
	    sizeof(buf), &n), STORE_OK);
	assert_int_equal(n, strlen(value));
	assert_memory_equal(buf, value, n);
}

static int
open_at(const char *dir, const char *name)
{
	char path[PATH_LEN];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

void
file_smash(const char *dir, const char *name, long at, size_t n)
{
	int fd = open_at(dir, name);
	uint8_t b;

	for (size_t i = 0; i < n; i++) {
		assert_int_equal(pread(fd, &b, 1, at + (long)i), 1);
		b ^= 0xff;
		assert_int_equal(pwrite(fd, &b, 1, at + (long)i), 1);
	}
	close(fd);
}

void
file_cut(const char *dir, const char *name, long n)
{
	int fd = open_at(dir, name);

	assert_int_equal(ftruncate(fd, n), 0);
	close(fd);
}

long
file_size(const char *dir, const char *name)
{
	int fd = open_at(dir, name);
	long n = lseek(fd, 0, SEEK_END);

	close(fd);
	return n;
}

long
file_end(const char *dir, const char *name)
{
	int fd = open_at(dir, name);
	long n = lseek(fd, 0, SEEK_END), from;
	uint8_t block[4096];
	ssize_t len = 0;

	while (n > 0 && len == 0) {
		from = n > (long)sizeof(block) ? n - (long)sizeof(block) : 0;
		len = pread(fd, block, (size_t)(n - from), from);
		assert_int_equal(len, n - from);
		while (len > 0 && block[len - 1] == 0)
			len--;
		n = from + len;
	}
	close(fd);
	return n;
}

bool
batches_cb(const void *key, size_t klen, const void *value, size_t vlen,
    void *arg)
{
	struct batches *seen = arg;
	char want[32];

	(void)value;
	snprintf(want, sizeof(want), "%08x.%u", seen->next, seen->part);
	seen->broken = klen != strlen(want) || memcmp(key, want, klen) != 0 ||
	    (seen->vlen == 0 ? vlen == 0 : vlen != seen->vlen);
	if (++seen->part == BATCH_PAIRS) {
		seen->part = 0;
		seen->next++;
	}
	return !seen->broken;
}
