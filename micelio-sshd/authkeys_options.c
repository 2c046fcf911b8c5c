/* SPDX-License-Identifier: MIT */
/* What stands before a key: restrictions, name and role. */
#include <stdio.h>
#include <string.h>

#include "authkeys_from.h"
#include "authkeys_options.h"
#include "log.h"
#include "nick.h"
#include "role.h"
#include "text.h"

struct parse {
	int32_t	 utc_offset_s;
	char	*why;
};

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
	(void)snprintf(p->why, AUTHKEYS_WHY_MAX, "from=: %s", why);
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
		(void)snprintf(p->why, AUTHKEYS_WHY_MAX,
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
		(void)snprintf(p->why, AUTHKEYS_WHY_MAX, "name=: %s", why);
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
	(void)snprintf(p->why, AUTHKEYS_WHY_MAX,
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
		(void)snprintf(p->why, AUTHKEYS_WHY_MAX, "%s: %s",
		    options[i].name, options[i].value ?
		    "needs a value: " "=\"...\"" : "takes no value");
		return false;
	}
	text_safe(name, strlen(name), safe, sizeof(safe), true);
	(void)snprintf(p->why, AUTHKEYS_WHY_MAX, "option \"%s\" is not "
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


bool
authkeys_options(struct authkey *k, const char *s, size_t n,
    int32_t utc_offset_s, char why[AUTHKEYS_WHY_MAX])
{
	struct parse p = { .utc_offset_s = utc_offset_s, .why = why };
	char name[1024], value[1024];
	const char *end = s + n;
	bool has_value;

	while (s < end) {
		if (!option_cut(&s, end, name, value, sizeof(name),
		    &has_value)) {
			(void)snprintf(why, AUTHKEYS_WHY_MAX,
			    "the options before the key are malformed");
			return false;
		}
		if (!option_apply(&p, k, name, has_value ? value : NULL))
			return false;
	}
	return true;
}
