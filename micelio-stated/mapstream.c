/* SPDX-License-Identifier: MIT */
/*
 * A copy of the database as a tar archive, for who asked for it: read on the
 * database's thread, a page at a time, and only when the page before was
 * taken.  The copy was read back before the first byte leaves, and is removed
 * after the last, or when nobody wants it any more.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mapd.h"
#include "row.h"
#include "store_files.h"
#include "tar.h"

#define PAGE_MAX	(128u * 1024)
#define ROW_VALUE	16384u		/* of a page in one message */
#define FILES_MAX	1024u
#define NAME_LEN	64u
#define DIR_NAME	"db/"		/* of all members */

struct mapstream {
	struct job	 job;		/* first: cast */
	struct mapd	*mapd;
	uint32_t	 req;
	char		 text[256];	/* about the copy */
	uint64_t	 records, total;
	char		(*name)[NAME_LEN];
	size_t		 names, at;	/* the member that is read */
	int		 fd;		/* of it, or -1 */
	uint64_t	 left;		/* bytes of it that are to be read */
	uint64_t	 zeros;		/* to be given out next */
	bool		 begun, end;
	bool		 busy, unwanted;	/* the loop's */
	bool		 drop;			/* set before the last job */
	char		 why[256];	/* it failed */
	size_t		 n;
	uint8_t		 page[PAGE_MAX];
};

static void	submit(struct mapstream *);

static void
fail(struct mapstream *s, const char *what, const char *why)
{
	if (s->why[0] == '\0')
		(void)snprintf(s->why, sizeof(s->why), "%s: %s", what, why);
}

static bool
stat_of(struct mapstream *s, const char *name, struct stat *st, int *fd)
{
	char path[sizeof(MAP_COPY_DIR) + NAME_LEN];

	(void)snprintf(path, sizeof(path), "%s/%s", MAP_COPY_DIR, name);
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd == -1 || fstat(*fd, st) == -1) {
		fail(s, path, strerror(errno));
		if (*fd != -1)
			close(*fd);
		*fd = -1;
		return false;
	}
	return true;
}

/* The files of the copy, and how long the archive will be. */
static void
survey(struct mapstream *s)
{
	DIR *d = opendir(MAP_COPY_DIR);
	struct dirent *e;
	struct stat st;
	int fd;

	if (d == NULL) {
		fail(s, MAP_COPY_DIR, strerror(errno));
		return;
	}
	s->total = TAR_BLOCK + TAR_END;
	while (s->why[0] == '\0' && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		if (s->names == FILES_MAX || strlen(e->d_name) >= NAME_LEN) {
			fail(s, MAP_COPY_DIR, "too many files");
			break;
		}
		if (!stat_of(s, e->d_name, &st, &fd))
			break;
		close(fd);
		(void)snprintf(s->name[s->names++], NAME_LEN, "%s",
		    e->d_name);
		s->total += TAR_BLOCK + (uint64_t)st.st_size +
		    tar_padding((uint64_t)st.st_size);
	}
	closedir(d);
}

static void
header(struct mapstream *s, const char *name, const struct stat *st,
    uint32_t mode)
{
	char path[sizeof(DIR_NAME) + NAME_LEN];
	const struct tar_member m = { .name = path, .mode = mode,
	    .uid = st->st_uid, .gid = st->st_gid,
	    .size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0,
	    .mtime = (uint64_t)st->st_mtime };

	(void)snprintf(path, sizeof(path), DIR_NAME "%s", name);
	if (!tar_header(&m, s->page + s->n))
		fail(s, path, "does not fit into a tar archive");
	s->n += TAR_BLOCK;
}

/* There is room for a header. */
static void
member_begin(struct mapstream *s)
{
	struct stat st;

	if (!s->begun) {
		s->begun = true;
		if (stat(MAP_COPY_DIR, &st) == -1)
			fail(s, MAP_COPY_DIR, strerror(errno));
		else
			header(s, "", &st, 0700);
		return;
	}
	if (s->at == s->names) {
		s->zeros = TAR_END;
		s->end = true;
		return;
	}
	if (!stat_of(s, s->name[s->at], &st, &s->fd))
		return;
	header(s, s->name[s->at], &st, 0600);
	s->left = (uint64_t)st.st_size;
	s->zeros = tar_padding(s->left);
}

static void
member_read(struct mapstream *s)
{
	size_t want = PAGE_MAX - s->n;
	ssize_t k;

	if (s->left < want)
		want = (size_t)s->left;
	k = want == 0 ? 0 : read(s->fd, s->page + s->n, want);
	if (k == -1 && errno == EINTR)
		return;
	if (k == -1 || (k == 0 && s->left > 0)) {
		fail(s, s->name[s->at], k == 0 ? "became shorter" :
		    strerror(errno));
		return;
	}
	s->n += (size_t)k;
	s->left -= (uint64_t)k;
	if (s->left == 0) {
		close(s->fd);
		s->fd = -1;
		s->at++;
	}
}

static void
copy_remove(struct mapstream *s)
{
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
	(void)store_dir_remove(MAP_COPY_DIR);
}

/* On the worker's thread: one page. */
static enum store_err
page_run(struct store *store, struct job *j)
{
	struct mapstream *s = (struct mapstream *)(void *)j;
	size_t k;

	(void)store;
	s->n = 0;
	if (s->drop) {
		copy_remove(s);
		return STORE_OK;
	}
	if (!s->begun)
		survey(s);
	while (s->why[0] == '\0' && s->n < PAGE_MAX) {
		if (s->fd != -1) {
			member_read(s);
		} else if (s->zeros > 0) {
			k = PAGE_MAX - s->n;
			k = s->zeros < k ? (size_t)s->zeros : k;
			memset(s->page + s->n, 0, k);
			s->n += k;
			s->zeros -= k;
		} else if (s->end || PAGE_MAX - s->n < TAR_BLOCK) {
			break;
		} else {
			member_begin(s);
		}
	}
	if (s->end && s->zeros == 0)
		copy_remove(s);
	return STORE_OK;
}

static void
stream_free(struct mapstream *s)
{
	s->mapd->stream = NULL;
	free(s->name);
	free(s);
}

static void
page_send(struct mapstream *s)
{
	struct wbuf row;
	size_t k;

	wbuf_init(&row, 256);
	row_num(&row, "bytes", ROW_BYTES, s->total);
	row_num(&row, "entries", ROW_U64, s->records);
	for (size_t i = 0; i < s->n; i += k) {
		k = s->n - i < ROW_VALUE ? s->n - i : ROW_VALUE;
		mapask_row(s->mapd, s->req, &row, s->page + i, k);
	}
	wbuf_free(&row);
}

static void
page_done(struct job *j, void *arg)
{
	struct mapstream *s = arg;
	struct mapd *d = s->mapd;
	bool over = s->end && s->zeros == 0;

	s->busy = false;
	if (s->drop) {
		if (j->result != STORE_OK)
			copy_remove(s);
		stream_free(s);
		return;
	}
	if (j->result != STORE_OK)
		fail(s, "the database", "is not open; see status");
	if (s->why[0] != '\0' && !s->unwanted)
		mapask_done(d, s->req, MAP_DONE_FAILED, s->why);
	if (s->why[0] != '\0' || s->unwanted) {
		s->drop = true;
		submit(s);
		return;
	}
	page_send(s);
	if (!over) {
		mapask_more(d, s->req);
		return;
	}
	mapask_done(d, s->req, MAP_DONE_OK, s->text);
	stream_free(s);
}

static void
submit(struct mapstream *s)
{
	s->job = (struct job){ .kind = JOB_READ, .run = page_run,
	    .done = page_done, .arg = s };
	s->busy = worker_submit(s->mapd->worker, &s->job);
	if (s->busy)
		return;
	if (!s->drop)
		mapask_done(s->mapd, s->req, MAP_DONE_FAILED, "the database "
		    "is busy; try again");
	copy_remove(s);
	stream_free(s);
}

void
mapstream_next(struct mapd *d, uint32_t req)
{
	struct mapstream *s = d->stream;

	if (s == NULL || s->req != req || s->busy || s->drop)
		mapask_done(d, req, MAP_DONE_FAILED, "there is no such copy");
	else
		submit(s);
}

void
mapstream_begin(struct mapd *d, uint32_t req, uint64_t records,
    const char *text)
{
	struct mapstream *s = xcalloc(1, sizeof(*s));

	s->mapd = d;
	s->req = req;
	s->fd = -1;
	s->records = records;
	s->name = xcalloc(FILES_MAX, sizeof(s->name[0]));
	(void)snprintf(s->text, sizeof(s->text), "%s", text);
	d->stream = s;
	mapstream_next(d, req);
}

void
mapstream_end(struct mapd *d, uint32_t req)
{
	struct mapstream *s = d->stream;

	if (s == NULL || (req != 0 && s->req != req))
		return;
	s->unwanted = true;
	if (s->busy)
		return;
	s->drop = true;
	submit(s);
}
