/* SPDX-License-Identifier: MIT */
/*
 * What is kept for the hub, which alone knows what it means: settings of
 * people, messages for the absent.  Small tables, read whole at its start.
 */
#include <stdlib.h>
#include <string.h>

#include "stated.h"

#define ROWS_BYTES_MAX	(8u * 1024 * 1024)	/* of a table */

static const char *const tables[] = {
	[KEEP_PEOPLE] = "people",
	[KEEP_NOTES] = "notes",
	[KEEP_BANS] = "bans",
};

struct keepjob {
	struct job	 job;		/* first: cast */
	struct proc	*proc;
	const char	*table;
	uint32_t	 req;
	size_t		 rows;
	struct wbuf	 data;		/* str key, blob value; or rows of it */
};

static const char *
table_name(uint8_t t)
{
	return t < sizeof(tables) / sizeof(tables[0]) ? tables[t] : NULL;
}

static struct keepjob *
job_new(struct proc *p, const char *table, uint32_t req, size_t max)
{
	struct keepjob *k = xcalloc(1, sizeof(*k));

	k->proc = p;
	k->table = table;
	k->req = req;
	wbuf_init(&k->data, max);
	return k;
}

static void
job_free(struct keepjob *k)
{
	wbuf_free(&k->data);
	free(k);
}

/* On the worker's thread.  A full table takes nothing new. */
static enum store_err
put_run(struct store *s, struct job *j)
{
	struct keepjob *k = (struct keepjob *)(void *)j;
	uint8_t was[1];
	const uint8_t *value;
	const char *key;
	enum store_err err;
	struct rcur c;
	uint64_t rows;
	size_t klen, n;

	rcur_init(&c, k->data.p, k->data.len);
	key = rcur_str(&c, KEEP_KEY_MAX, &klen);
	value = rcur_rest(&c, &n);
	if (c.bad || klen == 0 || n > KEEP_VALUE_MAX)
		return STORE_INVAL;
	if (n == 0)
		return store_del(s, k->table, key, klen);
	if (store_get(s, k->table, key, klen, was, 0, &(size_t){ 0 }) ==
	    STORE_NOTFOUND) {
		err = store_count(s, k->table, KEEP_ROWS_MAX, &rows);
		if (err != STORE_OK || rows >= KEEP_ROWS_MAX)
			return err;
	}
	return store_put(s, k->table, key, klen, value, n);
}

static void
put_done(struct job *j, void *arg)
{
	(void)arg;
	if (j->result != STORE_OK && j->result != STORE_NOTFOUND)
		log_debug("%s: not kept: %s",
		    ((struct keepjob *)(void *)j)->table,
		    store_err_text(j->result));
	job_free((struct keepjob *)(void *)j);
}

void
keep_put(struct proc *p, struct worker *worker, struct imsg *m)
{
	const char *table;
	struct keepjob *k;

	if ((table = table_name(m->data[0])) == NULL) {
		imsgchan_violation(p->link[PROC_SSHD], m, "no such table");
		return;
	}
	k = job_new(p, table, 0, m->len);
	wbuf_bytes(&k->data, (const uint8_t *)m->data + 1, m->len - 1);
	k->job = (struct job){ .kind = JOB_WRITE, .run = put_run,
	    .done = put_done };
	if (!worker_submit(worker, &k->job)) {
		log_debug("%s: not kept: too much is waiting", table);
		job_free(k);
	}
}

static bool
row_cb(const void *key, size_t klen, const void *value, size_t vlen,
    void *arg)
{
	struct keepjob *k = arg;

	if (klen > KEEP_KEY_MAX || vlen > KEEP_VALUE_MAX)
		return true;
	if (k->rows == KEEP_ROWS_MAX ||
	    k->data.len + klen + vlen + 8 > ROWS_BYTES_MAX)
		return false;
	wbuf_strn(&k->data, key, klen);
	wbuf_blob(&k->data, value, vlen);
	k->rows++;
	return true;
}

/* On the worker's thread. */
static enum store_err
ask_run(struct store *s, struct job *j)
{
	struct keepjob *k = (struct keepjob *)(void *)j;

	wbuf_reset(&k->data);
	k->rows = 0;
	return store_iterate(s, k->table, NULL, 0, row_cb, k);
}

static void
ask_done(struct job *j, void *arg)
{
	struct keepjob *k = (struct keepjob *)(void *)j;
	struct imsgchan *hub = k->proc->link[PROC_SSHD];
	uint8_t good = j->result == STORE_OK;
	const uint8_t *value;
	const char *key;
	struct rcur c;
	struct wbuf w;
	size_t klen, n;

	(void)arg;
	wbuf_init(&w, KEEP_VALUE_MAX + 256);
	rcur_init(&c, k->data.p, good ? k->data.len : 0);
	while (hub != NULL && c.left > 0) {
		key = rcur_str(&c, KEEP_KEY_MAX, &klen);
		value = rcur_blob(&c, KEEP_VALUE_MAX, &n);
		wbuf_reset(&w);
		wbuf_strn(&w, key, klen);
		wbuf_bytes(&w, value, n);
		imsg_send_wbuf(hub, IMSG_KEEP_ROW, k->req, 0, &w);
	}
	if (hub != NULL)
		imsg_send(hub, IMSG_KEEP_END, k->req, 0, &good, 1);
	wbuf_free(&w);
	job_free(k);
}

void
keep_ask(struct proc *p, struct worker *worker, struct imsg *m)
{
	const char *table;
	struct keepjob *k;

	if ((table = table_name(m->data[0])) == NULL) {
		imsgchan_violation(p->link[PROC_SSHD], m, "no such table");
		return;
	}
	k = job_new(p, table, m->id, ROWS_BYTES_MAX);
	k->job = (struct job){ .kind = JOB_READ, .run = ask_run,
	    .done = ask_done };
	if (!worker_submit(worker, &k->job)) {
		k->job.result = STORE_FAILED;
		ask_done(&k->job, NULL);
	}
}
