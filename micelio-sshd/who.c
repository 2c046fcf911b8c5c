/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "doc.h"
#include "people.h"
#include "room.h"
#include "row.h"
#include "sshkey.h"
#include "who.h"

void
who_build(const struct room *r, const char *node, uint64_t now_ms,
    struct doc *d)
{
	struct member **v;
	size_t n = room_sorted(r, &v), list;
	struct wbuf w;

	row_str(&d->head, "node", node);
	row_num(&d->head, "count", ROW_U64, n);
	list = doc_list(d, "people");
	wbuf_init(&w, 1024);
	for (size_t i = 0; i < n; i++) {
		uint64_t last = v[i]->spoke_ms != 0 ? v[i]->spoke_ms :
		    v[i]->joined_ms;
		char fp[SSHKEY_FP_MAX];

		wbuf_reset(&w);
		row_str(&w, "nick", v[i]->nick);
		row_num(&w, "here", ROW_MS, now_ms > v[i]->joined_ms ?
		    now_ms - v[i]->joined_ms : 0);
		row_num(&w, "idle", ROW_MS, now_ms > last ?
		    now_ms - last : 0);
		if (v[i]->self != NULL && v[i]->self->away)
			row_str(&w, "away", v[i]->self->away_text[0] == '\0' ?
			    "yes" : v[i]->self->away_text);
		else
			row_null(&w, "away");
		row_str(&w, "key", sshkey_fingerprint(v[i]->key, fp));
		(void)doc_row(d, list, w.p, w.len);
	}
	wbuf_free(&w);
	free(v);
}

/* "Online (2): alice, bob", then how long each is here and idle. */
void
who_text(const struct doc *d, struct wbuf *w)
{
	const struct doc_list *l = &d->list[0];
	struct row_field f;

	wbuf_printf(w, "Online (%zu)%s", l->n, l->n > 0 ? ": " : "\n");
	for (size_t i = 0; i < l->n; i++) {
		if (!row_find(l->rows[i].p, l->rows[i].len, "nick", &f))
			continue;
		if (i > 0)
			wbuf_printf(w, ", ");
		field_text(&f, w);
	}
	if (l->n == 0)
		return;
	wbuf_u8(w, '\n');
	doc_table_used(l, "nick here idle away", w);
}
