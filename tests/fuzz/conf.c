/* SPDX-License-Identifier: MIT */
/*
 * Feeds: records of a configuration, u8 length and bytes each, as the config
 * child sends them to the parent and the parent to the daemons.
 * Holds: what was taken keeps every limit of the table, is written as records
 * that are all taken again, and these give the same configuration.
 * Reads with: common/conf_record.c common/conf_check.c
 */
#include "common/conf.h"
#include "common/cursor.h"
#include "fuzz.h"

static void
read_back(const struct wbuf *w, void *arg)
{
	struct rcur c;

	HOLDS(w->len <= 2048);
	rcur_init(&c, w->p, w->len);
	HOLDS(conf_record_read(arg, &c));
}

static void
limits(const struct conf *c)
{
	for (const struct conf_setting *s = conf_settings; s->key != 0; s++)
		switch (s->type) {
		case CONF_T_INT:
			HOLDS(*conf_int(c, s) >= s->min &&
			    *conf_int(c, s) <= s->max);
			break;
		case CONF_T_DURATION:
			HOLDS(*conf_ms(c, s) >= s->min &&
			    *conf_ms(c, s) <= s->max);
			break;
		case CONF_T_LIST:
			HOLDS(conf_list(c, s)->n <= s->max);
			for (size_t i = 0; i < conf_list(c, s)->n; i++)
				HOLDS(conf_check_text(s,
				    conf_list(c, s)->v[i]) == NULL);
			break;
		case CONF_T_STRING:
			HOLDS(strlen(conf_str(c, s)) <= s->max);
			break;
		default:
			break;
		}
}

FUZZ_TARGET(conf)(const uint8_t *data, size_t size)
{
	struct fuzz_in in = fuzz_begin(data, size);
	struct conf c, again;
	const uint8_t *p;
	struct rcur r;
	size_t n;

	conf_init(&c);
	while (in.left > 0) {
		p = fuzz_bytes(&in, fuzz_u8(&in), &n);
		rcur_init(&r, p, n);
		if (!conf_record_read(&c, &r))
			break;
		HOLDS(rcur_done(&r));
	}
	limits(&c);
	conf_init(&again);
	conf_write(&c, read_back, &again);
	for (const struct conf_setting *s = conf_settings; s->key != 0; s++)
		HOLDS(s->key == CONF_NODE_DATA_DIR ||
		    !conf_differs(&c, &again, s));
	conf_free(&again);
	conf_free(&c);
	return 0;
}
