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
#include "authkeys_options.h"
#include "base64.h"
#include "log.h"
#include "role.h"
#include "sshkey.h"

struct parse {
	struct authkeys		*keys;
	size_t			 room;
	int32_t			 utc_offset_s;
	authkeys_complain_cb	 complain;
	void			*arg;
	unsigned int		 line, complaints, unsaid;
	char			 why[AUTHKEYS_WHY_MAX];
};

static void	line_parse(struct parse *, const char *, size_t);

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

	sshkey_hash(s, n, k.digest);
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
	if (!authkeys_options(&k, s, (size_t)(opt_end - s), p->utc_offset_s,
	    p->why)) {
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
