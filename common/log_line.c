/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "log_line.h"
#include "mtime.h"
#include "text.h"

void
log_line_add(struct log_line *l, const char *s, size_t n)
{
	if (n > sizeof(l->buf) - 2 - l->len)
		n = sizeof(l->buf) - 2 - l->len;
	memcpy(l->buf + l->len, s, n);
	l->len += n;
}

void
log_line_str(struct log_line *l, const char *s)
{
	log_line_add(l, s, strlen(s));
}

const char *
log_event_name(enum log_ev ev, char out[LOG_EVENT_NAME_MAX])
{
	size_t i;
	const char *s = event_infos[ev].name;

	for (i = 0; s[i] != '\0' && i < LOG_EVENT_NAME_MAX - 1; i++)
		out[i] = s[i] >= 'A' && s[i] <= 'Z' ?
		    (char)(s[i] - 'A' + 'a') : s[i];
	out[i] = '\0';
	return out;
}

char *
log_message_id(enum log_ev ev, char out[LOG_ID_MAX])
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	char name[LOG_EVENT_NAME_MAX];
	char text[sizeof(LOG_ID_PREFIX) + sizeof(name)];
	int n = snprintf(text, sizeof(text), LOG_ID_PREFIX "%s",
	    log_event_name(ev, name));

	crypto_hash_sha256(hash, (const uint8_t *)text, (size_t)n);
	hex_encode(hash, (LOG_ID_MAX - 1) / 2, out);
	return out;
}

/* The value as text, not yet quoted; its length. */
static size_t
field_text(const struct log_field *f, char *out, size_t size)
{
	char t[HOSTPORT_MAX + 1];

	switch (f->type) {
	case LF_T_STR:
	case LF_T_HINT:
		return text_copy(out, f->ptr, size) < size ? strlen(out) :
		    size - 1;
	case LF_T_STRN: {
		size_t n = f->num < size ? (size_t)f->num : size - 1;

		memcpy(out, f->ptr, n);
		out[n] = '\0';
		return n;
	}
	case LF_T_NUM:
		return (size_t)snprintf(out, size, "%" PRIu64, f->num);
	case LF_T_MS:
		if (f->num < 1000)
			return (size_t)snprintf(out, size, "%" PRIu64 "ms",
			    f->num);
		return text_copy(out, span_text(f->num, t), size);
	case LF_T_ID:
		return text_copy(out, nodeid_short(f->ptr, t), size);
	case LF_T_ADDR:
		return text_copy(out, addr_text(f->ptr, t), size);
	case LF_T_END:
		break;
	}
	out[0] = '\0';
	return 0;
}

/* Where a field goes differs by format; the walk over them does not. */
typedef void (*field_cb)(struct log_line *, const struct log_field *,
    const char *text, size_t len);

/* Event id and cause go before the hint. */
static void
ids_walk(struct log_line *l, const struct log_told *told, field_cb cb)
{
	struct log_field f[2] = { LF_STR("event_id", NULL),
	    LF_STR("cause_id", NULL) };
	const uint64_t ids[2] = { told->id, told->cause };
	char text[LOG_EVENT_ID_MAX];

	for (size_t i = 0; i < 2; i++)
		if (ids[i] != 0) {
			f[i].ptr = log_event_id(ids[i], text);
			cb(l, &f[i], text, strlen(text));
		}
}

static void
fields_walk(struct log_line *l, const struct log_told *told,
    const struct log_field *fields, field_cb cb)
{
	static const struct log_field none = LF_END;
	const enum log_ev ev = told->ev;
	const struct log_field *f, *hint = &none;
	struct log_field table_hint;
	char text[LOG_VALUE_MAX];
	size_t n;

	for (f = fields; f->type != LF_T_END; f++) {
		if (f->type == LF_T_HINT) {
			hint = f;
			continue;
		}
		if (f->ptr == NULL && (f->type == LF_T_STR ||
		    f->type == LF_T_STRN || f->type == LF_T_ID ||
		    f->type == LF_T_ADDR))
			continue;
		n = field_text(f, text, sizeof(text));
		cb(l, f, text, n);
	}
	ids_walk(l, told, cb);
	if (hint->type == LF_T_END && *event_infos[ev].remedy != '\0') {
		table_hint = (struct log_field)LF_HINT(event_infos[ev].remedy);
		hint = &table_hint;
	}
	if (hint->type == LF_T_HINT && hint->ptr != NULL) {
		n = field_text(hint, text, sizeof(text));
		cb(l, hint, text, n);
	}
}

static void
field_as_text(struct log_line *l, const struct log_field *f, const char *text,
    size_t n)
{
	char quoted[LOG_VALUE_MAX * 2];
	size_t len = text_log_value(text, n, quoted, sizeof(quoted));

	log_line_add(l, " ", 1);
	log_line_str(l, f->key);
	log_line_add(l, "=", 1);
	/* The hint is always quoted, so that it stands out as the last. */
	if (f->type == LF_T_HINT && quoted[0] != '"') {
		log_line_add(l, "\"", 1);
		log_line_add(l, quoted, len);
		log_line_add(l, "\"", 1);
	} else
		log_line_add(l, quoted, len);
}

static void
field_as_json(struct log_line *l, const struct log_field *f, const char *text,
    size_t n)
{
	char quoted[LOG_VALUE_MAX * 6];
	size_t len;

	/* Whole fields only: a cut line would not be JSON. */
	if (sizeof(l->buf) - l->len < n * 6 + strlen(f->key) + 16)
		return;
	log_line_add(l, ",\"", 2);
	log_line_str(l, f->key);
	log_line_add(l, "\":", 2);
	if (f->type == LF_T_NUM) {
		log_line_add(l, text, n);
		return;
	}
	if (f->type == LF_T_MS) {
		char ms[24];

		snprintf(ms, sizeof(ms), "%" PRIu64 ".%03u", f->num / 1000,
		    (unsigned int)(f->num % 1000));
		log_line_str(l, ms);
		return;
	}
	len = text_json(text, n, quoted, sizeof(quoted));
	log_line_add(l, quoted, len);
}

/* A native journal field: NAME=value, the value made one safe line. */
static void
field_as_journal(struct log_line *l, const struct log_field *f,
    const char *text, size_t n)
{
	char safe[LOG_VALUE_MAX];
	size_t len = text_safe(text, n, safe, sizeof(safe), true);

	if (sizeof(l->buf) - l->len < len + strlen(f->key) + 16)
		return;
	log_line_str(l, "MICELIO_");
	for (const char *k = f->key; *k != '\0'; k++) {
		char c = *k >= 'a' && *k <= 'z' ? (char)(*k - 'a' + 'A') : *k;

		log_line_add(l, &c, 1);
	}
	log_line_add(l, "=", 1);
	log_line_add(l, safe, len);
	log_line_add(l, "\n", 1);
}

void
log_line_text(struct log_line *l, const struct log_told *told,
    const struct log_field *fields)
{
	fields_walk(l, told, fields, field_as_text);
}

void
log_line_json(struct log_line *l, const struct log_told *told,
    const struct log_field *fields)
{
	fields_walk(l, told, fields, field_as_json);
}

void
log_line_journal(struct log_line *l, const struct log_told *told,
    const struct log_field *fields)
{
	fields_walk(l, told, fields, field_as_journal);
}
