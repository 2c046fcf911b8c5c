/* SPDX-License-Identifier: MIT */
/*
 * Backups, and proof that the database can be read: always of a copy, which
 * is opened as after a crash and read to its end.  A backup that was good is
 * replaced only by one that is.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mapd.h"
#include "mtime.h"
#include "stated.h"
#include "store_files.h"

#define COPY_DIR	MAP_COPY_DIR
#define OLD_DIR		"backup.old"

struct mapcopy {
	struct job	 job;		/* first: cast */
	struct mapd	*mapd;
	uint32_t	 req;
	enum map_ask	 what;
	bool		 unwanted;	/* to be streamed, but nobody reads */
	uint64_t	 began, bytes, records;
	char		 why[STORE_WHY_MAX];
};

/* Opening recovers it, closing leaves a store that needs none. */
static enum store_err
copy_read(struct mapcopy *c)
{
	static const struct store_config config =
	    STORE_CONFIG_SMALL(COPY_DIR);
	struct store *s = store_bdb_new(&config);
	enum store_err err;

	if (s == NULL)
		return STORE_FAILED;
	c->records = 0;
	err = store_open(s);
	if (err == STORE_OK)
		err = store_verify(s);
	if (err == STORE_OK)
		err = store_count(s, MAP_TABLE, UINT64_MAX, &c->records);
	if (err != STORE_OK)
		snprintf(c->why, sizeof(c->why), "the copy: %s",
		    store_why(s));
	store_free(s);
	c->bytes = store_dir_bytes(COPY_DIR);
	return err;
}

/* The new one in the place of the old one. */
static int
copy_keep(void)
{
	int error = store_dir_remove(OLD_DIR);

	if (error == 0) {
		error = store_dir_rename(MAP_BACKUP_DIR, OLD_DIR);
		if (error == ENOENT)
			error = 0;
	}
	if (error == 0)
		error = store_dir_rename(COPY_DIR, MAP_BACKUP_DIR);
	if (error == 0)
		error = store_dir_remove(OLD_DIR);
	return error;
}

/* On the worker's thread. */
static enum store_err
copy_run(struct store *s, struct job *j)
{
	struct mapcopy *c = (struct mapcopy *)(void *)j;
	enum store_err err = store_backup(s, COPY_DIR);
	int error;

	c->why[0] = '\0';
	if (err != STORE_OK)
		snprintf(c->why, sizeof(c->why), "%s", store_why(s));
	else
		err = copy_read(c);
	if (err == STORE_OK && c->what == MAP_ASK_BACKUP &&
	    (error = copy_keep()) != 0) {
		snprintf(c->why, sizeof(c->why), "%s: %s", MAP_BACKUP_DIR,
		    strerror(error));
		err = STORE_FAILED;
	}
	if (err != STORE_OK || c->what == MAP_ASK_VERIFY)
		(void)store_dir_remove(COPY_DIR);
	/* That the copy failed says nothing about the store itself. */
	return store_usable(s) ? STORE_OK : err;
}

static void
copy_done(struct job *j, void *arg)
{
	struct mapcopy *c = arg;
	struct mapd *d = c->mapd;
	uint64_t ms = mono_ms() - c->began;
	char text[STORE_WHY_MAX + 128];
	bool good = j->result == STORE_OK && c->why[0] == '\0';

	if (good)
		snprintf(text, sizeof(text), "%s%s: %llu entries, %llu "
		    "bytes, read back in %llu ms", c->what ==
		    MAP_ASK_BACKUP ? "backup in " STATED_DIR_NAME "/"
		    MAP_BACKUP_DIR : c->what == MAP_ASK_VERIFY ? "verified" :
		    "backup", c->what == MAP_ASK_VERIFY ? " by a copy" : "",
		    (unsigned long long)c->records,
		    (unsigned long long)c->bytes, (unsigned long long)ms);
	else
		snprintf(text, sizeof(text), "%s", c->why[0] != '\0' ?
		    c->why : "the database is not open; see status");
	if (good && c->what == MAP_ASK_BACKUP)
		log_event(EV_MAP_BACKUP, LF_STR("dir", STATED_DIR_NAME "/"
		    MAP_BACKUP_DIR), LF_NUM("ms", ms), LF_NUM("bytes",
		    c->bytes), LF_NUM("records", c->records));
	else if (!good)
		log_event(EV_MAP_BACKUP_FAILED, LF_STR("dir",
		    STATED_DIR_NAME "/" MAP_BACKUP_DIR), LF_STR("text",
		    text));
	d->copy = NULL;
	if (good && c->what == MAP_ASK_STREAM) {
		mapstream_begin(d, c->req, c->records, text);
		if (c->unwanted)
			mapstream_end(d, c->req);
	} else {
		mapask_done(d, c->req, good ? MAP_DONE_OK : MAP_DONE_FAILED,
		    text);
	}
	free(c);
}

void
mapcopy_unwanted(struct mapd *d, uint32_t req)
{
	if (d->copy != NULL && (req == 0 || d->copy->req == req))
		d->copy->unwanted = true;
	mapstream_end(d, req);
}

void
mapcopy_start(struct mapd *d, uint32_t req, enum map_ask what)
{
	struct mapcopy *c;

	if (d->copy != NULL || d->stream != NULL) {
		mapask_done(d, req, MAP_DONE_FAILED, "a backup is being made "
		    "already");
		return;
	}
	c = xcalloc(1, sizeof(*c));
	c->mapd = d;
	c->req = req;
	c->what = what;
	c->began = mono_ms();
	c->job = (struct job){ .kind = JOB_READ, .run = copy_run,
	    .done = copy_done, .arg = c };
	d->copy = c;
	if (!worker_submit(d->worker, &c->job)) {
		d->copy = NULL;
		free(c);
		mapask_done(d, req, MAP_DONE_FAILED, "the database is busy; "
		    "try again");
	}
}
