/* SPDX-License-Identifier: MIT */
/* How the node is, as people read it. */
#include "cursor.h"
#include "doc.h"
#include "row.h"
#include "status.h"

static void
head_put(const struct doc *d, const char *name, struct wbuf *w)
{
	struct row_field f;

	(void)row_find(d->head.p, d->head.len, name, &f);
	field_text(&f, w);
}

static void
listen_text(const struct doc_list *l, struct wbuf *w)
{
	struct row_field what, addr;
	bool network = false;

	wbuf_printf(w, "listen    ");
	for (size_t i = 0; i < l->n; i++) {
		if (!row_find(l->rows[i].p, l->rows[i].len, "what", &what) ||
		    !row_find(l->rows[i].p, l->rows[i].len, "addr", &addr))
			continue;
		network |= what.str_len == 7;
		field_text(&what, w);
		wbuf_u8(w, ' ');
		field_text(&addr, w);
		wbuf_printf(w, i + 1 < l->n ? ", " : "");
	}
	wbuf_printf(w, "%s\n", network ? "" : l->n == 0 ?
	    "nowhere: this node only dials out" :
	    "; no network address: this node only dials out");
}

static void
line_put(const struct doc *d, const char *label, const char *name,
    const char *after, struct wbuf *w)
{
	struct row_field f;

	if (!row_find(d->head.p, d->head.len, name, &f) || f.type == ROW_NULL)
		return;
	wbuf_printf(w, "%-10s", label);
	field_text(&f, w);
	wbuf_printf(w, "%s\n", after);
}

/* What fits a screen between two lines of talk. */
void
status_short_text(const struct doc *d, struct wbuf *w)
{
	struct row_field f;

	(void)row_find(d->head.p, d->head.len, "healthy", &f);
	wbuf_printf(w, f.num != 0 ? "healthy: " : "not healthy: ");
	head_put(d, "summary", w);
	if (row_find(d->head.p, d->head.len, "since", &f) &&
	    f.type == ROW_TIME) {
		wbuf_printf(w, "; since ");
		field_text(&f, w);
	}
	wbuf_u8(w, '\n');
	line_put(d, "hint", "hint", "", w);
	wbuf_printf(w, "node      ");
	head_put(d, "node", w);
	wbuf_printf(w, ", ");
	head_put(d, "mode", w);
	wbuf_printf(w, " mode, up ");
	head_put(d, "up", w);
	wbuf_printf(w, ", version ");
	head_put(d, "version", w);
	wbuf_u8(w, '\n');
	line_put(d, "id", "id", "", w);
	line_put(d, "host key", "host_key", "", w);
	line_put(d, "map", "map", "", w);
	listen_text(&d->list[0], w);
	line_put(d, "lacks", "lacks", "", w);
	wbuf_u8(w, '\n');
	doc_table(&d->list[1], NULL, w);
	if (d->list[2].n > 0) {
		wbuf_printf(w, "\npeers:\n");
		doc_table(&d->list[2],
		    "id addr dir kind state up rtt cause next", w);
	}
}

void
status_text(const struct doc *d, struct wbuf *w)
{
	status_short_text(d, w);
	wbuf_u8(w, '\n');
	line_put(d, "keys", "authorized_keys", " in authorized_keys", w);
	line_put(d, "data", "data_dir", "", w);
	line_put(d, "config", "config_file", "", w);
	for (size_t i = 4; i < d->nlists; i++)
		doc_facts_text(&d->list[i], w);
	if (d->list[3].n > 0) {
		wbuf_printf(w, "\nkey service:\n");
		doc_table(&d->list[3], "use from ok refused slowed", w);
	}
}
