/* SPDX-License-Identifier: MIT */
/* What a daemon answered to TABLE_GET: u32 length and row, repeated. */
#include "answer.h"
#include "cursor.h"
#include "doc.h"
#include "row.h"

bool
answer_next(struct rcur *c, const struct answer *a, const void **row,
    size_t *len)
{
	if (*row == NULL)
		rcur_init(c, a->rows.p, a->rows.len);
	if (c->left == 0)
		return false;
	*row = rcur_blob(c, ANSWER_NODES_MAX, len);
	return !c->bad;
}

const struct answer *
answer_of(const struct answer *a, size_t n, enum proc_role from, enum table t)
{
	for (size_t i = 0; i < n; i++)
		if (a[i].from == from && a[i].table == t)
			return &a[i];
	return NULL;
}

const void *
answer_row(const struct answer *a, size_t i, size_t *len)
{
	const uint8_t *p = NULL;
	struct rcur c;

	rcur_init(&c, a->rows.p, a->rows.len);
	for (size_t k = 0; k <= i && !c.bad; k++)
		p = rcur_blob(&c, ANSWER_BYTES_MAX, len);
	return c.bad ? NULL : p;
}

bool
answer_status(const struct answer *a, size_t n, enum proc_role from,
    const char *name, struct row_field *f)
{
	const struct answer *of = answer_of(a, n, from, TABLE_STATUS);
	const void *row;
	size_t len;

	return of != NULL && (row = answer_row(of, 0, &len)) != NULL &&
	    row_find(row, len, name, f);
}

void
answer_add(struct answer *a, const void *row, size_t n)
{
	if (a->rows.len + n + 4 > a->rows.max)
		return;
	wbuf_blob(&a->rows, row, n);
	a->n++;
}
