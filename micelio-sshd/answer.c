/* SPDX-License-Identifier: MIT */
/* What a daemon answered to TABLE_GET: u32 length and row, repeated. */
#include "answer.h"
#include "cursor.h"

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

void
answer_add(struct answer *a, const void *row, size_t n)
{
	if (a->rows.len + n + 4 > a->rows.max)
		return;
	wbuf_blob(&a->rows, row, n);
	a->n++;
}
