/* SPDX-License-Identifier: MIT */
/* One setting of libconfig's tree against its row of the table. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libconfig.h>

#include "config_parse.h"
#include "mtime.h"
#include "text.h"

#define SPACES	" \t\r\n\v\f"

/* A setting or item being read, and where it stands. */
struct place {
	const struct conf_setting *s;
	config_setting_t	  *node;
	struct scan_value	  *v;
	const char		  *path;
};

static void	read_text(struct parse *, const struct place *);
static void	read_int(struct parse *, const struct place *);
static void	read_span(struct parse *, const struct place *);
static void	read_choice(struct parse *, const struct place *);
static void	read_list(struct parse *, const struct place *);
static void	read_items(struct parse *, const struct place *);
static void	read_item(struct parse *, const struct place *);
static void	add_item(struct parse *, const struct place *, const char *);

void
value_read(struct parse *p, const struct conf_setting *s,
    config_setting_t *node, struct scan_value *v)
{
	struct place at = { s, node, v, s->name };

	if (v->said)
		return;
	switch (s->type) {
	case CONF_T_STRING:
		read_text(p, &at);
		break;
	case CONF_T_INT:
		read_int(p, &at);
		break;
	case CONF_T_DURATION:
		read_span(p, &at);
		break;
	case CONF_T_LEVEL:
	case CONF_T_FORMAT:
		read_choice(p, &at);
		break;
	case CONF_T_LIST:
		read_list(p, &at);
		break;
	}
}

static void
given(struct parse *p, const struct place *at)
{
	p->given |= UINT32_C(1) << at->s->key;
}

char *
value_got(config_setting_t *node, const struct scan_value *v,
    char out[WANT_MAX])
{
	char q[QUOTE_MAX];

	if (v->word) {
		snprintf(out, WANT_MAX, "%s%s",
		    isalpha((unsigned char)v->raw[0]) ? "the word " : "",
		    v->raw);
		return out;
	}
	switch (config_setting_type(node)) {
	case CONFIG_TYPE_STRING:
		snprintf(out, WANT_MAX, "the text %s",
		    quote(config_setting_get_string(node), q));
		break;
	case CONFIG_TYPE_GROUP:
		text_copy(out, "a group", WANT_MAX);
		break;
	case CONFIG_TYPE_ARRAY:
	case CONFIG_TYPE_LIST:
		text_copy(out, "a list", WANT_MAX);
		break;
	default:
		text_copy(out, v->raw, WANT_MAX);
	}
	return out;
}

static void
mend_int(struct parse *p, const struct place *at, char out[WANT_MAX])
{
	const char *text = NULL;

	if (config_setting_type(at->node) == CONFIG_TYPE_STRING)
		text = config_setting_get_string(at->node);
	if (text != NULL && *text != '\0' &&
	    strspn(text, "0123456789") == strlen(text))
		text_copy(out, "remove the quotes", WANT_MAX);
	else
		snprintf(out, WANT_MAX, "write a number without quotes, for "
		    "example %" PRIu32, *conf_int(p->conf, at->s));
}

/* What to do about a value of the wrong kind. */
static void
mend_kind(struct parse *p, const struct place *at, char out[WANT_MAX])
{
	const char *raw = at->v->raw;
	bool number = raw[0] != '\0' && !at->v->word;

	if (at->s->type == CONF_T_INT)
		mend_int(p, at, out);
	else if (raw[0] == '\'')
		text_copy(out, "use double quotes", WANT_MAX);
	else if (strncmp(raw, "\xe2\x80", 2) == 0)
		text_copy(out, "use the plain quotes \"\"", WANT_MAX);
	else if (number && at->s->type == CONF_T_DURATION &&
	    strspn(raw, "0123456789.") == strlen(raw))
		snprintf(out, WANT_MAX, "write its unit, as in \"%ss\"", raw);
	else if (at->v->word || (number && (at->s->key == CONF_NODE_NAME ||
	    at->s->key == CONF_NODE_TAGS)))
		snprintf(out, WANT_MAX, "put it in double quotes: \"%s\"",
		    raw);
	else
		text_copy(out, "write one such text instead", WANT_MAX);
}

static void
bad_kind(struct parse *p, const struct place *at)
{
	char what[WANT_MAX], want[WANT_MAX], mend[WANT_MAX];

	mend_kind(p, at, mend);
	problem_add(p->problems, at->v->line, at->path, "got %s, want %s; %s",
	    value_got(at->node, at->v, what), want_text(at->s, want), mend);
}

static void
bad_text(struct parse *p, const struct place *at, const char *value,
    const char *why)
{
	char q[QUOTE_MAX], want[WANT_MAX], mend[WANT_MAX];

	problem_add(p->problems, at->v->line, at->path,
	    "got %s: %s, want %s; %s", quote(value, q), why,
	    want_text(at->s, want), want_mend(at->s, value, why, mend));
}

static bool
is_text(const struct place *at)
{
	return !at->v->word &&
	    config_setting_type(at->node) == CONFIG_TYPE_STRING;
}

/* A copy without the white space around it; freed by the caller. */
static char *
trimmed(const char *s)
{
	char *copy;
	size_t n;

	s += strspn(s, SPACES);
	copy = xstrdup(s);
	for (n = strlen(copy); n > 0 && strchr(SPACES, copy[n - 1]) != NULL;)
		copy[--n] = '\0';
	return copy;
}

static void
read_text(struct parse *p, const struct place *at)
{
	char path[CONF_DATA_DIR_MAX + 1], *text;
	const char *why = NULL, *use;

	if (!is_text(at)) {
		bad_kind(p, at);
		return;
	}
	use = config_setting_get_string(at->node);
	/* Spaces around an address mean nothing; around a name they do. */
	text = at->s->key == CONF_NETWORK_ADVERTISE_ADDR ? trimmed(use) :
	    xstrdup(use);
	use = text;
	if (at->s->key == CONF_NODE_DATA_DIR) {
		why = config_expand_home(text, p->text->home, path, sizeof(path));
		use = path;
	}
	if (why == NULL)
		why = conf_check_text(at->s, use);
	if (why == NULL) {
		text_copy(conf_str(p->conf, at->s), use, at->s->max + 1);
		given(p, at);
	} else
		bad_text(p, at, text, why);
	free(text);
}

static void
read_int(struct parse *p, const struct place *at)
{
	int type = config_setting_type(at->node);
	char want[WANT_MAX];
	long long v;

	if (at->v->word || (type != CONFIG_TYPE_INT &&
	    type != CONFIG_TYPE_INT64)) {
		bad_kind(p, at);
		return;
	}
	if (at->v->zeros) {
		problem_add(p->problems, at->v->line, at->path, "got %s, want "
		    "%s; write it without the leading 0", at->v->raw,
		    want_text(at->s, want));
		return;
	}
	v = config_setting_get_int64(at->node);
	if (at->v->wraps)
		v = at->v->raw[0] == '-' ? INT64_MIN : INT64_MAX;
	if (v < (long long)at->s->min) {
		problem_add(p->problems, at->v->line, at->path, "got %s, want "
		    "%s; write at least %" PRIu64, at->v->raw,
		    want_text(at->s, want), at->s->min);
	} else if (v > (long long)at->s->max) {
		problem_add(p->problems, at->v->line, at->path, "got %s, want "
		    "%s; write at most %" PRIu64, at->v->raw,
		    want_text(at->s, want), at->s->max);
	} else {
		*conf_int(p->conf, at->s) = (uint32_t)v;
		given(p, at);
	}
}

static void
read_span(struct parse *p, const struct place *at)
{
	char q[QUOTE_MAX], want[WANT_MAX], mend[WANT_MAX], span[32];
	const char *text;
	int64_t ms;

	if (!is_text(at)) {
		bad_kind(p, at);
		return;
	}
	text = config_setting_get_string(at->node);
	quote(text, q);
	want_text(at->s, want);
	if (!duration_parse(text, &ms)) {
		bool bare = *text != '\0' &&
		    strspn(text, "0123456789.") == strlen(text);

		if (bare)
			snprintf(mend, sizeof(mend), "write its unit, as in "
			    "\"%.20ss\"", text);
		problem_add(p->problems, at->v->line, at->path, "got the text "
		    "%s, want %s; %s", q, want, bare ? mend : "write a number "
		    "with its unit: h, m, s or ms");
	} else if (ms < 0 || (uint64_t)ms < at->s->min) {
		problem_add(p->problems, at->v->line, at->path, "got %s, want "
		    "%s; write at least \"%s\"", q, want,
		    want_span(at->s->min, span));
	} else if ((uint64_t)ms > at->s->max) {
		problem_add(p->problems, at->v->line, at->path, "got %s, want "
		    "%s; write at most \"%s\"", q, want,
		    want_span(at->s->max, span));
	} else {
		*conf_ms(p->conf, at->s) = (uint64_t)ms;
		given(p, at);
	}
}

/* logging.level and logging.format: case and spaces around do not matter. */
static void
read_choice(struct parse *p, const struct place *at)
{
	static const char *const levels[] = { "debug", "info", "warn",
	    "warning", "error", NULL };
	static const char *const formats[] = { "text", "json", NULL };
	bool level = at->s->type == CONF_T_LEVEL;
	char q[QUOTE_MAX], want[WANT_MAX], *text;
	const char *near;

	if (!is_text(at)) {
		bad_kind(p, at);
		return;
	}
	text = trimmed(config_setting_get_string(at->node));
	for (char *c = text; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	if (level && *text == '\0') {
		free(text);		/* as if it were not there */
		return;
	}
	if (level ? log_level_parse(text, &p->conf->logging_level) :
	    (strcmp(text, "text") == 0 || strcmp(text, "json") == 0)) {
		if (!level)
			p->conf->logging_format = text[0] == 't' ? LOG_TEXT :
			    LOG_JSON;
		given(p, at);
	} else {
		near = text_nearest(text, level ? levels : formats);
		problem_add(p->problems, at->v->line, at->path, "got %s, want "
		    "%s; %s%s%s", quote(config_setting_get_string(at->node),
		    q), want_text(at->s, want), near == NULL ?
		    "choose one of them" : "did you mean \"", near == NULL ?
		    "" : near, near == NULL ? "" : "\"?");
	}
	free(text);
}

/* A list, or one item without the brackets; "" is the empty list. */
static void
read_list(struct parse *p, const struct place *at)
{
	struct strlist *l = conf_list(p->conf, at->s);
	int type = config_setting_type(at->node);
	char *text;

	strlist_free(l);
	if (is_text(at)) {
		text = trimmed(config_setting_get_string(at->node));
		if (*text != '\0')
			read_item(p, at);
		free(text);
		given(p, at);
	} else if (type == CONFIG_TYPE_ARRAY || type == CONFIG_TYPE_LIST) {
		read_items(p, at);
		given(p, at);
	} else
		bad_kind(p, at);
}

static void
read_items(struct parse *p, const struct place *at)
{
	int n = config_setting_length(at->node);
	char path[SCAN_PATH_MAX];
	struct place item = *at;

	if (n < 0 || (uint64_t)n > at->s->max) {
		problem_add(p->problems, at->v->line, at->path, "got %d items, "
		    "want at most %" PRIu64 "; remove some", n, at->s->max);
		return;
	}
	item.path = path;
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s[%d]", at->path, i);
		item.node = config_setting_get_elem(at->node, (unsigned int)i);
		item.v = scan_find(p->scan, path);
		if (item.v == NULL)
			item.v = at->v;
		if (!item.v->said)
			read_item(p, &item);
	}
}

static void
read_item(struct parse *p, const struct place *at)
{
	const char *why;
	char *text;

	if (!is_text(at)) {
		bad_kind(p, at);
		return;
	}
	text = at->s->key == CONF_NODE_TAGS ?
	    xstrdup(config_setting_get_string(at->node)) :
	    trimmed(config_setting_get_string(at->node));
	why = conf_check_text(at->s, text);
	if (why != NULL)
		bad_text(p, at, text, why);
	else
		add_item(p, at, text);
	free(text);
}

static void
add_item(struct parse *p, const struct place *at, const char *text)
{
	struct strlist *l = conf_list(p->conf, at->s);
	char q[QUOTE_MAX];

	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], text) == 0) {
			problem_add(p->problems, at->v->line, at->path, "got "
			    "%s twice, want each item once; remove one",
			    quote(text, q));
			return;
		}
	strlist_add(l, text);
}
