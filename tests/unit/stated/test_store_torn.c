/* SPDX-License-Identifier: MIT */
/*
 * A log whose end is torn: the writer was killed, and of the last log a part
 * never reached the disk, or reached it as something else.  Wherever that
 * begins, the store opens with every batch that was durable before it, and
 * no batch in part.  MICELIO_LONG tries many more places.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>

#include "batchrig.h"
#include "store_files.h"

#define BATCHES		24u
#define VALUE_LEN	200u
#define PLACES		20	/* that are tried */
#define PLACES_LONG	1000
#define ZEROS		8	/* that a commit's record ends in */
#define FILES_MAX	16u
#define FILE_MAX	(4u * 1024 * 1024)

/* The directory as the dead writer left it, to be put back each time. */
struct image {
	struct scratch	 at;
	char		 name[FILES_MAX][64];
	uint8_t		*bytes[FILES_MAX];
	size_t		 len[FILES_MAX], n;
	char		 log[64];
	long		 first;			/* log before batch 1 */
	long		 end[BATCHES];		/* log after each commit */
};

static void __attribute__((noreturn))
writer(const struct scratch *w, int ack)
{
	struct store *s = bdb_at(w);
	bool done;

	if (store_open(s) != STORE_OK)
		_exit(1);
	/* The table is there, and in the tables, before the log to be torn. */
	if (batch_write(s, 0, VALUE_LEN) != STORE_OK ||
	    store_checkpoint(s, true, &done) != STORE_OK ||
	    write(ack, &done, 1) != 1)
		_exit(2);
	for (uint32_t i = 1; i <= BATCHES; i++) {
		char go;

		if (read(ack, &go, 1) != 1 ||
		    batch_write(s, i, VALUE_LEN) != STORE_OK ||
		    write(ack, &go, 1) != 1)
			_exit(3);
	}
	for (;;)
		pause();
}

static void
image_read(struct image *im)
{
	DIR *d = opendir(im->at.db);
	char path[192];
	struct dirent *e;
	struct stat st;
	int fd;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		size_t n = im->n;

		if (e->d_name[0] == '.')
			continue;
		assert_true(n < FILES_MAX);
		snprintf(im->name[n], sizeof(im->name[n]), "%.63s",
		    e->d_name);
		snprintf(path, sizeof(path), "%s/%s", im->at.db, im->name[n]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		assert_true(fd >= 0 && fstat(fd, &st) == 0);
		assert_in_range(st.st_size, 0, FILE_MAX);
		im->len[n] = (size_t)st.st_size;
		im->bytes[n] = malloc(im->len[n] + 1);
		assert_non_null(im->bytes[n]);
		assert_int_equal(read(fd, im->bytes[n], im->len[n]),
		    im->len[n]);
		close(fd);
		im->n++;
	}
	closedir(d);
}

/* Zeros are not written: a log is sparse behind its end. */
static void
image_put_back(const struct image *im)
{
	char path[192];

	assert_int_equal(store_dir_remove(im->at.db), 0);
	assert_int_equal(mkdir(im->at.db, 0700), 0);
	for (size_t i = 0; i < im->n; i++) {
		size_t n = im->len[i];
		int fd;

		while (n > 0 && im->bytes[i][n - 1] == 0)
			n--;
		snprintf(path, sizeof(path), "%s/%s", im->at.db, im->name[i]);
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		assert_true(fd >= 0);
		assert_int_equal(write(fd, im->bytes[i], n), n);
		assert_int_equal(ftruncate(fd, (off_t)im->len[i]), 0);
		close(fd);
	}
}

static int
setup(void **state)
{
	struct image *im = calloc(1, sizeof(*im));
	int p[2], status;
	char go = 1;
	pid_t pid;

	assert_non_null(im);
	scratch_make(&im->at);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    p), 0);
	assert_true((pid = fork()) >= 0);
	if (pid == 0)
		writer(&im->at, p[1]);
	close(p[1]);
	assert_int_equal(read(p[0], &go, 1), 1);
	assert_int_equal(dir_count(im->at.db, "log.", im->log,
	    sizeof(im->log)), 1);
	im->first = file_end(im->at.db, im->log);
	for (unsigned int i = 0; i < BATCHES; i++) {
		assert_int_equal(write(p[0], &go, 1), 1);
		assert_int_equal(read(p[0], &go, 1), 1);
		im->end[i] = file_end(im->at.db, im->log) + ZEROS;
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(p[0]);
	image_read(im);
	*state = im;
	return 0;
}

static int
teardown(void **state)
{
	struct image *im = *state;

	scratch_remove(&im->at);
	for (size_t i = 0; i < im->n; i++)
		free(im->bytes[i]);
	free(im);
	return 0;
}

/* Batches 1 to n are there, whole and readable; it can be written again. */
static uint32_t
batches(const struct scratch *at)
{
	struct store *s = bdb_at(at);
	struct batches seen = { .vlen = VALUE_LEN };

	if (store_open(s) != STORE_OK)
		fail_msg("open: %s", store_why(s));
	assert_true(s->recovered);
	assert_int_equal(store_verify(s), STORE_OK);
	assert_int_equal(batches_read(s, &seen), STORE_OK);
	assert_false(seen.broken);
	assert_int_equal(seen.part, 0);
	assert_int_equal(batch_write(s, seen.next, VALUE_LEN), STORE_OK);
	store_close(s);
	/* What is written after a tear is not lost with it. */
	assert_int_equal(store_open(s), STORE_OK);
	seen = (struct batches){ .vlen = VALUE_LEN };
	assert_int_equal(batches_read(s, &seen), STORE_OK);
	assert_false(seen.broken);
	store_free(s);
	return seen.next - 2;	/* batch 0, and the one just written */
}

static uint32_t
acknowledged_before(const struct image *im, long at)
{
	uint32_t n = 0;

	while (n < BATCHES && im->end[n] <= at)
		n++;
	return n;
}

static void
everywhere(struct image *im, void (*tear)(const struct image *, long))
{
	long places = getenv("MICELIO_LONG") != NULL ? PLACES_LONG : PLACES;
	long end = im->end[BATCHES - 1], tried = 0;
	long step = (end - im->first) / places + 1;

	for (long at = end; at > im->first; at -= step, tried++) {
		uint32_t want = acknowledged_before(im, at), n;

		image_put_back(im);
		tear(im, at);
		n = batches(&im->at);
		if (n < want || n > BATCHES)
			fail_msg("torn at %ld of %ld: %u of %u", at, end, n,
			    want);
		/* The test would notice a tear that tears nothing. */
		assert_true(at == end || n < BATCHES ||
		    at > im->end[BATCHES - 2]);
	}
	print_message("torn at %ld places of %ld bytes\n", tried,
	    end - im->first);
}

static void
tear_cut(const struct image *im, long at)
{
	file_cut(im->at.db, im->log, at);
}

/* Space was given, and nothing written: zeros to the old length. */
static void
tear_zero(const struct image *im, long at)
{
	long n = file_size(im->at.db, im->log);

	file_cut(im->at.db, im->log, at);
	file_cut(im->at.db, im->log, n);
}

static void
tear_garble(const struct image *im, long at)
{
	file_smash(im->at.db, im->log, at,
	    (size_t)(im->end[BATCHES - 1] - at));
}

/* One sector of another file, with sound records behind it. */
static void
tear_hole(const struct image *im, long at)
{
	long n = im->end[BATCHES - 1] - at;

	file_smash(im->at.db, im->log, at, (size_t)(n < 512 ? n : 512));
}

static void
test_cut(void **state)
{
	everywhere(*state, tear_cut);
}

static void
test_zeros(void **state)
{
	everywhere(*state, tear_zero);
}

static void
test_garbled(void **state)
{
	everywhere(*state, tear_garble);
}

static void
test_hole(void **state)
{
	everywhere(*state, tear_hole);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_cut),
		T(test_zeros),
		T(test_garbled),
		T(test_hole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
