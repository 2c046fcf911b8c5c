/* SPDX-License-Identifier: MIT */
/* Settings as records: how a configuration travels between processes. */
#include <stddef.h>
#include <string.h>

#include "conf.h"
#include "cursor.h"
#include "text.h"

#define RECORD_MAX	2048	/* as CONF_RECORD in imsg_types.h */
#define TEXT_MAX	(RECORD_MAX - 4)

typedef void emit_fn(const struct wbuf *, void *);

static void	write_list(const struct strlist *, uint16_t, struct wbuf *,
		    emit_fn *, void *);
static bool	read_text(struct conf *, const struct conf_setting *,
		    struct rcur *);
static bool	read_item(struct conf *, const struct conf_setting *,
		    const char *);

void
conf_write(const struct conf *c, emit_fn *emit, void *arg)
{
	const struct conf_setting *s;

	for (s = conf_settings; s->key != 0; s++)
		if (s->key != CONF_NODE_DATA_DIR)
			conf_write_setting(c, s, emit, arg);
}

void
conf_write_setting(const struct conf *c, const struct conf_setting *s,
    emit_fn *emit, void *arg)
{
	struct wbuf b;

	wbuf_init(&b, RECORD_MAX);
	if (s->type == CONF_T_LIST) {
		write_list(conf_list(c, s), (uint16_t)s->key, &b, emit, arg);
		wbuf_free(&b);
		return;
	}
	wbuf_u16(&b, (uint16_t)s->key);
	switch (s->type) {
	case CONF_T_STRING:
		wbuf_str(&b, conf_str(c, s));
		break;
	case CONF_T_INT:
		wbuf_u64(&b, *conf_int(c, s));
		break;
	case CONF_T_DURATION:
		wbuf_u64(&b, *conf_ms(c, s));
		break;
	case CONF_T_LEVEL:
		wbuf_u8(&b, (uint8_t)c->logging_level);
		break;
	case CONF_T_FORMAT:
		wbuf_u8(&b, (uint8_t)c->logging_format);
		break;
	case CONF_T_LIST:
		break;
	}
	emit(&b, arg);
	wbuf_free(&b);
}

static void
write_list(const struct strlist *l, uint16_t key, struct wbuf *b,
    emit_fn *emit, void *arg)
{
	size_t i = 0;

	do {
		wbuf_reset(b);
		wbuf_u16(b, key);
		wbuf_str(b, i < l->n ? l->v[i] : "");
		emit(b, arg);
	} while (++i < l->n);
}

bool
conf_record_read(struct conf *c, struct rcur *r)
{
	const struct conf_setting *s = conf_setting_by_key(rcur_u16(r));
	uint64_t v;

	if (r->bad || s == NULL)
		return false;
	if (s->type == CONF_T_STRING || s->type == CONF_T_LIST)
		return read_text(c, s, r);
	if (s->type == CONF_T_INT || s->type == CONF_T_DURATION)
		v = rcur_u64(r);
	else
		v = rcur_u8(r);
	if (!rcur_done(r) || v < s->min || v > s->max)
		return false;
	if (s->type == CONF_T_INT)
		*conf_int(c, s) = (uint32_t)v;
	else if (s->type == CONF_T_DURATION)
		*conf_ms(c, s) = v;
	else if (s->type == CONF_T_LEVEL)
		c->logging_level = (enum log_level)v;
	else
		c->logging_format = (enum log_format)v;
	return true;
}

static bool
read_text(struct conf *c, const struct conf_setting *s, struct rcur *r)
{
	char text[TEXT_MAX + 1];

	rcur_cstr(r, text, sizeof(text));
	if (!rcur_done(r))
		return false;
	if (s->type == CONF_T_LIST)
		return read_item(c, s, text);
	if (strlen(text) > s->max || conf_check_text(s, text) != NULL)
		return false;
	text_copy(conf_str(c, s), text, s->max + 1);
	return true;
}

static bool
read_item(struct conf *c, const struct conf_setting *s, const char *text)
{
	struct strlist *l = conf_list(c, s);
	uint32_t bit = UINT32_C(1) << s->key;
	bool first = (c->lists_begun & bit) == 0;

	if (*text == '\0') {
		if (!first)
			return false;
	} else if (conf_check_text(s, text) != NULL)
		return false;
	if (first) {
		strlist_free(l);
		c->lists_begun |= bit;
	}
	if (*text == '\0')
		return true;
	if (l->n >= s->max)
		return false;
	strlist_add(l, text);
	return true;
}
