/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "conf.h"
#include "confdoc.h"
#include "cursor.h"
#include "doc.h"
#include "log.h"
#include "row.h"
#include "text.h"

#define NAME_MAX_BYTES	64u

/* "network.listen" as a field is called. */
static void
field_name(const struct conf_setting *s, char out[NAME_MAX_BYTES])
{
	text_copy(out, s->name, NAME_MAX_BYTES);
	for (char *p = out; *p != '\0'; p++)
		if (*p == '.')
			*p = '_';
}

static void
fact(const struct conf *c, const struct conf_setting *s, struct wbuf *w)
{
	char name[NAME_MAX_BYTES];

	field_name(s, name);
	switch (s->type) {
	case CONF_T_STRING:
		row_str(w, name, conf_str(c, s));
		break;
	case CONF_T_INT:
		row_num(w, name, ROW_U64, *conf_int(c, s));
		break;
	case CONF_T_DURATION:
		row_num(w, name, ROW_MS, *conf_ms(c, s));
		break;
	case CONF_T_LEVEL:
		row_str(w, name, log_level_name(c->logging_level));
		break;
	case CONF_T_FORMAT:
		row_str(w, name, c->logging_format == LOG_JSON ? "json" :
		    "text");
		break;
	case CONF_T_LIST:
		break;
	}
}

/* A document keeps names of lists, not copies. */
static const char *
list_name(enum conf_key key)
{
	switch (key) {
	case CONF_NODE_TAGS:
		return "node_tags";
	case CONF_SSH_LISTEN:
		return "ssh_listen";
	case CONF_NETWORK_LISTEN:
		return "network_listen";
	case CONF_NETWORK_BOOTSTRAP:
		return "network_bootstrap";
	default:
		return "network_allow";
	}
}

static void
items(const struct strlist *l, struct doc *d, const char *name)
{
	size_t list = doc_list(d, name);
	struct wbuf w;

	wbuf_init(&w, 4096);
	for (size_t i = 0; i < l->n; i++) {
		wbuf_reset(&w);
		row_str(&w, "value", l->v[i]);
		(void)doc_row(d, list, w.p, w.len);
	}
	wbuf_free(&w);
}

void
confdoc_build(const struct conf *c, struct doc *d)
{
	const struct conf_setting *s;

	for (s = conf_settings; s->key != 0; s++) {
		if (s->name == NULL || s->key == CONF_NODE_DATA_DIR)
			continue;
		if (s->type != CONF_T_LIST)
			fact(c, s, &d->head);
		else
			items(conf_list(c, s), d, list_name(s->key));
	}
}
