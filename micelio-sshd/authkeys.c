/* SPDX-License-Identifier: MIT */
/*
 * The text of authorized_keys: "[options] type base64 [comment]" by line, as
 * sshd(8) has it.  An option that is not honoured here refuses its line: a
 * key somebody meant to restrict is never let in without the restriction.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authkeys.h"
#include "authkeys_from.h"
#include "base64.h"
#include "log.h"
#include "nick.h"
#include "role.h"
#include "sshkey.h"
#include "text.h"

struct parse {
	struct authkeys		*keys;
	size_t			 room;
	int32_t			 utc_offset_s;
	authkeys_complain_cb	 complain;
	void			*arg;
	unsigned int		 line, complaints, unsaid;
	char			 why[256];
};

static void	line_parse(struct parse *, const char *, size_t);
static bool	options_parse(struct parse *, struct authkey *, const char *,
    size_t);

static bool
blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The end of the first word; quotes may hold blanks.  NULL: a quote open. */
static const char *
word_end(const char *s, const char *end)
{
	bool quoted = false;

	for (; s < end && (quoted || !blank(*s)); s++) {
		if (*s == '\\' && s + 1 < end && s[1] == '"')
			s++;
		else if (*s == '"')
			quoted = !quoted;
	}
	return quoted ? NULL : s;
}

static void
complain(struct parse *p)
{
	if (p->complain == NULL)
		return;
	if (p->complaints < AUTHKEYS_COMPLAINTS_MAX) {
		p->complaints++;
		p->complain(p->line, p->why, p->arg);
	} else
		p->unsaid++;
}

static void
complain_rest(struct parse *p)
{
	if (p->unsaid == 0)
		return;
	(void)snprintf(p->why, sizeof(p->why), "%u more lines are refused",
	    p->unsaid);
	p->complain(0, p->why, p->arg);
}

void
authkeys_free(struct authkeys *keys)
{
	for (size_t i = 0; i < keys->n; i++)
		free(keys->v[i].from);
	free(keys->v);
	free(keys->refused);
	memset(keys, 0, sizeof(*keys));
}

void
authkeys_parse(struct authkeys *keys, const char *text, size_t len,
    int32_t utc_offset_s, authkeys_complain_cb cb, void *arg)
{
	struct parse p = { .keys = keys, .utc_offset_s = utc_offset_s,
	    .complain = cb, .arg = arg };
	const char *nl;
	size_t n;

	authkeys_free(keys);
	for (; len > 0; text += n, len -= n) {
		nl = memchr(text, '\n', len);
		n = nl == NULL ? len : (size_t)(nl - text) + 1;
		p.line++;
		line_parse(&p, text, nl == NULL ? n : n - 1);
	}
	complain_rest(&p);
}

static void
keep(struct parse *p, const struct authkey *k)
{
	struct authkeys *keys = p->keys;

	if (keys->n == p->room) {
		p->room = p->room == 0 ? 8 : p->room * 2;
		keys->v = xreallocarray(keys->v, p->room, sizeof(*keys->v));
	}
	keys->v[keys->n++] = *k;
}

/* "ssh-ed25519 AAAA... comment" into k. */
static bool
key_parse(struct parse *p, struct authkey *k, const char *s, const char *end)
{
	const char *type = s, *type_end, *b64;
	uint8_t blob[SSHKEY_BLOB_MAX];
	struct sshkey key;
	const char *why;
	size_t len;

	for (type_end = s; type_end < end && !blank(*type_end);)
		type_end++;
	for (b64 = type_end; b64 < end && blank(*b64);)
		b64++;
	for (s = b64; s < end && !blank(*s);)
		s++;
	k->type = sshkey_type_by_name(type, (size_t)(type_end - type));
	if (!base64_decode(b64, (size_t)(s - b64), blob, sizeof(blob), &len)) {
		(void)snprintf(p->why, sizeof(p->why), "the key is not base64");
		return false;
	}
	if (!sshkey_read(&key, blob, len, &why)) {
		(void)snprintf(p->why, sizeof(p->why), "%s", why);
		return false;
	}
	memcpy(k->hash, key.hash, sizeof(k->hash));
	if (key.type != k->type) {
		(void)snprintf(p->why, sizeof(p->why),
		    "the line says %s, the key is %s",
		    sshkey_type_name(k->type), sshkey_type_name(key.type));
		sshkey_clear(&key);
		return false;
	}
	sshkey_clear(&key);
	return true;
}

/* Options, if the first word is not a key type, and where they end. */
static bool
line_cut(struct parse *p, const char *s, const char *end,
    const char **options_end)
{
	const char *w = word_end(s, end);

	*options_end = s;
	if (w == NULL) {
		(void)snprintf(p->why, sizeof(p->why),
		    "a quote is not closed");
		return false;
	}
	if (sshkey_type_by_name(s, (size_t)(w - s)) != SSHKEY_NONE)
		return true;
	*options_end = w;
	while (w < end && blank(*w))
		w++;
	s = w;
	while (w < end && !blank(*w))
		w++;
	if (sshkey_type_by_name(s, (size_t)(w - s)) != SSHKEY_NONE)
		return true;
	(void)snprintf(p->why, sizeof(p->why),
	    "no key of an accepted type; want one of %s", sshkey_types_text());
	return false;
}

/*
 * The options are refused: the key is kept in mind, so that its holder is not
 * told to add it once more.  The complaint stays that of the options.
 */
static void
refused_keep(struct parse *p, const char *s, const char *end)
{
	struct authkeys *keys = p->keys;
	struct parse quiet = *p;
	struct authkey k;

	while (s < end && blank(*s))
		s++;
	if (keys->nrefused >= AUTHKEYS_MAX || !key_parse(&quiet, &k, s, end))
		return;
	keys->refused = xreallocarray(keys->refused, keys->nrefused + 1,
	    sizeof(*keys->refused));
	memcpy(keys->refused[keys->nrefused++], k.hash, SSHKEY_HASH_LEN);
}

static void
line_parse(struct parse *p, const char *s, size_t n)
{
	struct authkey k = { .role = ROLE_OP, .pty = true, .line = p->line };
	const char *end = s + n, *opt_end;

	while (s < end && blank(*s))
		s++;
	while (end > s && (end[-1] == '\r' || blank(end[-1])))
		end--;
	if (s == end || *s == '#')
		return;
	if (n > AUTHKEYS_LINE_MAX) {
		(void)snprintf(p->why, sizeof(p->why),
		    "longer than %u bytes", AUTHKEYS_LINE_MAX);
		complain(p);
		return;
	}
	if (p->keys->n >= AUTHKEYS_MAX) {
		(void)snprintf(p->why, sizeof(p->why),
		    "more than %u keys", AUTHKEYS_MAX);
		complain(p);
		return;
	}
	if (!line_cut(p, s, end, &opt_end)) {
		complain(p);
		return;
	}
	if (!options_parse(p, &k, s, (size_t)(opt_end - s))) {
		refused_keep(p, opt_end, end);
		free(k.from);
		complain(p);
		return;
	}
	for (s = opt_end; s < end && blank(*s);)
		s++;
	if (!key_parse(p, &k, s, end)) {
		free(k.from);
		complain(p);
		return;
	}
	keep(p, &k);
}

/*
 * Options.
 */

static bool
opt_from(struct parse *p, struct authkey *k, const char *v)
{
	const char *why = authkeys_from_check(v);

	if (k->from != NULL)
		why = "given twice";
	if (why == NULL) {
		k->from = xstrdup(v);
		return true;
	}
	(void)snprintf(p->why, sizeof(p->why), "from=: %s", why);
	return false;
}

/* Days since 1970-01-01 of a date (Howard Hinnant's civil calendar). */
static int64_t
days_from_civil(int64_t y, unsigned int m, unsigned int d)
{
	int64_t era;
	unsigned int yoe, doy;

	y -= m <= 2;
	era = y / 400;
	yoe = (unsigned int)(y - era * 400);
	doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static unsigned int
digits(const char *s, size_t n)
{
	unsigned int v = 0;

	while (n-- > 0)
		v = v * 10 + (unsigned int)(*s++ - '0');
	return v;
}

/* YYYYMMDD[HHMM[SS]][Z]; 0 if it is not that. */
static uint64_t
expiry_parse(const char *v, int32_t utc_offset_s)
{
	static const uint8_t month[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30,
	    31, 30, 31 };
	size_t n = strspn(v, "0123456789");
	bool utc = v[n] == 'Z';
	unsigned int mon, day, h = 0, min = 0, sec = 0;
	int64_t t;

	if (v[n + utc] != '\0' || (n != 8 && n != 12 && n != 14))
		return 0;
	mon = digits(v + 4, 2);
	day = digits(v + 6, 2);
	if (n >= 12) {
		h = digits(v + 8, 2);
		min = digits(v + 10, 2);
	}
	if (n == 14)
		sec = digits(v + 12, 2);
	if (mon < 1 || mon > 12 || day < 1 || day > month[mon - 1] ||
	    h > 23 || min > 59 || sec > 60 || digits(v, 4) < 1970)
		return 0;
	t = days_from_civil(digits(v, 4), mon, day) * 86400 + h * 3600 +
	    min * 60 + sec;
	if (!utc)
		t -= utc_offset_s;
	return t < 1 ? 1 : (uint64_t)t;
}

static bool
opt_expiry(struct parse *p, struct authkey *k, const char *v)
{
	uint64_t t = expiry_parse(v, p->utc_offset_s);

	if (t == 0) {
		(void)snprintf(p->why, sizeof(p->why),
		    "expiry-time=: want YYYYMMDD[HHMM[SS]][Z]");
		return false;
	}
	if (k->expires == 0 || t < k->expires)
		k->expires = t;
	return true;
}

static bool
opt_name(struct parse *p, struct authkey *k, const char *v)
{
	const char *why = nick_check(v, strlen(v));

	if (why != NULL) {
		(void)snprintf(p->why, sizeof(p->why), "name=: %s", why);
		return false;
	}
	text_copy(k->name, v, sizeof(k->name));
	return true;
}

static bool
opt_role(struct parse *p, struct authkey *k, const char *v)
{
	for (int r = ROLE_USER; r <= ROLE_ADMIN; r++)
		if (strcmp(role_name((enum role)r), v) == 0) {
			k->role = (enum role)r;
			return true;
		}
	(void)snprintf(p->why, sizeof(p->why),
	    "role=: want user, op or admin");
	return false;
}

static bool
opt_restrict(struct parse *p, struct authkey *k, const char *v)
{
	(void)p;
	(void)v;
	k->pty = false;
	return true;
}

static bool
opt_pty(struct parse *p, struct authkey *k, const char *v)
{
	(void)p;
	(void)v;
	k->pty = true;
	return true;
}

/* What is never possible here needs no forbidding. */
static bool
opt_nothing(struct parse *p, struct authkey *k, const char *v)
{
	(void)p;
	(void)k;
	(void)v;
	return true;
}

static const struct {
	const char	*name;
	bool		 value;
	bool		(*apply)(struct parse *, struct authkey *,
	    const char *);
} options[] = {
	{ "from", true, opt_from },
	{ "expiry-time", true, opt_expiry },
	{ "name", true, opt_name },
	{ "role", true, opt_role },
	{ "restrict", false, opt_restrict },
	{ "no-pty", false, opt_restrict },
	{ "pty", false, opt_pty },
	{ "no-port-forwarding", false, opt_nothing },
	{ "no-agent-forwarding", false, opt_nothing },
	{ "no-X11-forwarding", false, opt_nothing },
	{ "no-user-rc", false, opt_nothing },
};

static bool
option_apply(struct parse *p, struct authkey *k, const char *name,
    const char *value)
{
	char safe[64];

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (strcasecmp(options[i].name, name) != 0)
			continue;
		if (options[i].value == (value != NULL))
			return options[i].apply(p, k, value);
		(void)snprintf(p->why, sizeof(p->why), "%s: %s",
		    options[i].name, options[i].value ?
		    "needs a value: " "=\"...\"" : "takes no value");
		return false;
	}
	text_safe(name, strlen(name), safe, sizeof(safe), true);
	(void)snprintf(p->why, sizeof(p->why), "option \"%s\" is not "
	    "supported, so the key is not let in; remove it, or the line",
	    safe);
	return false;
}

/* name or name="value", where \" stands for a quote; false: malformed. */
static bool
option_cut(const char **sp, const char *end, char *name, char *value,
    size_t size, bool *has_value)
{
	const char *s = *sp;
	size_t n = 0;

	while (s < end && *s != '=' && *s != ',' && *s != '"' &&
	    n + 1 < size)
		name[n++] = *s++;
	name[n] = '\0';
	*has_value = s < end && *s == '=';
	if (n == 0 || (s < end && *s != '=' && *s != ','))
		return false;
	if (*has_value) {
		if (++s == end || *s++ != '"')
			return false;
		for (n = 0; s < end && *s != '"' && n + 1 < size; s++) {
			if (*s == '\\' && s + 1 < end && s[1] == '"')
				s++;
			value[n++] = *s;
		}
		value[n] = '\0';
		if (s == end || *s++ != '"' || strlen(value) != n)
			return false;
	}
	if (s < end && (*s++ != ',' || s == end))
		return false;
	*sp = s;
	return true;
}

static bool
options_parse(struct parse *p, struct authkey *k, const char *s, size_t n)
{
	char name[1024], value[1024];
	const char *end = s + n;
	bool has_value;

	while (s < end) {
		if (!option_cut(&s, end, name, value, sizeof(name),
		    &has_value)) {
			(void)snprintf(p->why, sizeof(p->why),
			    "the options before the key are malformed");
			return false;
		}
		if (!option_apply(p, k, name, has_value ? value : NULL))
			return false;
	}
	return true;
}
