/* SPDX-License-Identifier: MIT */
/* What a setting wants, and how to mend it, in words. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config_parse.h"
#include "mtime.h"
#include "text.h"

static const char *const groups[] = { "node", "ssh", "network", "logging",
	NULL };

char *
want_span(uint64_t ms, char out[32])
{
	char text[TIME_TEXT_MAX];
	size_t n;

	duration_text(ms, text);
	n = strlen(text);
	if (n > 3 && strcmp(text + n - 3, "m0s") == 0)
		text[n -= 2] = '\0';
	if (n > 3 && strcmp(text + n - 3, "h0m") == 0)
		text[n - 2] = '\0';
	text_copy(out, text, 32);
	return out;
}

static const char *
want_item(const struct conf_setting *s)
{
	switch (s->key) {
	case CONF_NODE_TAGS:
		return "1..64 bytes of text in quotes, for example \"eu-west\"";
	case CONF_SSH_LISTEN:
		return "host:port in quotes, for example \"127.0.0.1:2222\"";
	case CONF_NETWORK_LISTEN:
		return "host:port in quotes, for example \"0.0.0.0:4000\"";
	case CONF_NETWORK_ALLOW:
		return "a node id: 64 lower-case hex digits in quotes";
	default:
		return "[id@]host:port in quotes, for example "
		    "\"node.example.org:4000\"";
	}
}

char *
want_text(const struct conf_setting *s, char out[WANT_MAX])
{
	char low[32], high[32];

	switch (s->type) {
	case CONF_T_INT:
		snprintf(out, WANT_MAX, "a number %" PRIu64 "..%" PRIu64,
		    s->min, s->max);
		break;
	case CONF_T_DURATION:
		snprintf(out, WANT_MAX, "a duration %s..%s in quotes, for "
		    "example \"30s\"", want_span(s->min, low),
		    want_span(s->max, high));
		break;
	case CONF_T_LIST:
		text_copy(out, want_item(s), WANT_MAX);
		break;
	case CONF_T_LEVEL:
		text_copy(out, "\"debug\", \"info\", \"warn\" or \"error\"",
		    WANT_MAX);
		break;
	case CONF_T_FORMAT:
		text_copy(out, "\"text\" or \"json\"", WANT_MAX);
		break;
	case CONF_T_STRING:
		text_copy(out, s->key == CONF_NODE_NAME ?
		    "1..64 bytes of text in quotes, for example \"attic\"" :
		    s->key == CONF_NODE_DATA_DIR ?
		    "a path in quotes, for example \"~/.micelio\"" :
		    "host:port in quotes, for example "
		    "\"node.example.org:4000\"", WANT_MAX);
		break;
	}
	return out;
}

/* What to do about an address that lacks or has something. */
static void
mend_address(const struct conf_setting *s, const char *v, const char *why,
    char out[WANT_MAX])
{
	const char *port = s->key == CONF_SSH_LISTEN ? "2222" : "4000";
	bool listen = s->key == CONF_SSH_LISTEN ||
	    s->key == CONF_NETWORK_LISTEN;
	char q[QUOTE_MAX];

	if (strncmp(why, "missing port", 12) == 0)
		snprintf(out, WANT_MAX, "add a port, as in \"%.120s%s%s\"", v,
		    v[strlen(v) - 1] == ':' ? "" : ":", port);
	else if (strstr(v, "://") != NULL)
		text_copy(out, "leave out what is before the host",
		    WANT_MAX);
	else if (strcmp(why, "too many colons in address") == 0)
		snprintf(out, WANT_MAX, "write an IPv6 address in brackets, "
		    "as in \"[::1]:%s\"", port);
	else if (strcmp(why, "missing host") == 0)
		snprintf(out, WANT_MAX, "for every address of this machine "
		    "write \"0.0.0.0%s\" and \"[::]%s\"", v, v);
	else if (strcmp(why, "address is empty") == 0)
		text_copy(out, "write one, or remove it", WANT_MAX);
	else if (strncmp(why, "wildcard", 8) == 0)
		text_copy(out, "write the address by which other nodes reach "
		    "it", WANT_MAX);
	else if (strncmp(why, "port ", 5) == 0)
		snprintf(out, WANT_MAX, "write a port %d..65535",
		    listen ? 0 : 1);
	else if (strchr(why, '@') != NULL)
		text_copy(out, "write 64 lower-case hex digits before the "
		    "\"@\", as \"micelio --show-id\" prints them there",
		    WANT_MAX);
	else if (strncmp(why, "a node id", 9) == 0)
		snprintf(out, WANT_MAX, "write %s", quote(strchr(v, '@') == NULL
		    ? v : strchr(v, '@') + 1, q));
	else
		snprintf(out, WANT_MAX, "write it as \"host:%s\" or "
		    "\"[IPv6 address]:%s\"", port, port);
}

char *
want_mend(const struct conf_setting *s, const char *value, const char *why,
    char out[WANT_MAX])
{
	size_t n = strlen(value);

	out[0] = '\0';
	switch (s->key) {
	case CONF_NODE_NAME:
		text_copy(out, "choose another name", WANT_MAX);
		break;
	case CONF_NODE_TAGS:
		text_copy(out, "choose another tag, or remove it", WANT_MAX);
		break;
	case CONF_NODE_DATA_DIR:
		text_copy(out, "begin it with \"/\" or \"~/\"", WANT_MAX);
		break;
	case CONF_NETWORK_ALLOW:
		if (n == NODEID_HEX && strspn(value, "0123456789abcdefABCDEF")
		    == n)
			text_copy(out, "write it in lower case", WANT_MAX);
		else
			text_copy(out, "\"micelio --show-id\" on that node "
			    "prints it", WANT_MAX);
		break;
	default:
		mend_address(s, value, why, out);
	}
	return out;
}

bool
want_is_group(const char *name)
{
	for (size_t i = 0; groups[i] != NULL; i++)
		if (strcmp(groups[i], name) == 0)
			return true;
	return false;
}

static void
lower(const char *s, char *out, size_t size)
{
	text_copy(out, s, size);
	for (; *out != '\0'; out++)
		*out = *out == '-' ? '_' : (char)tolower((unsigned char)*out);
}

const char *
want_nearest_group(const char *name)
{
	char word[SCAN_PATH_MAX];

	lower(name, word, sizeof(word));
	return text_nearest(word, groups);
}

/* The settings a path may have meant, best first; both ends NULL. */
struct nearest {
	const char	*first, *second;
};

/* Names of settings whose last word is leaf: there may be two. */
static struct nearest
nearest_leaf(const char *leaf)
{
	struct nearest n = { NULL, NULL };

	for (const struct conf_setting *s = conf_settings; s->key != 0; s++) {
		if (s->name == NULL ||
		    strcmp(strchr(s->name, '.') + 1, leaf) != 0)
			continue;
		if (n.first == NULL)
			n.first = s->name;
		else
			n.second = s->name;
	}
	return n;
}

/*
 * First the same word elsewhere (max_peers at top level, or spelled
 * Max-Peers), then a slip in the word within its group, then anywhere.
 */
static struct nearest
nearest(const char *path)
{
	const char *leaves[CONF_KEY_MAX + 1], *leaf, *slip;
	char word[SCAN_PATH_MAX];
	struct nearest n = { NULL, NULL };
	size_t group, own = 0, all = 0;

	lower(path, word, sizeof(word));
	leaf = strrchr(word, '.');
	group = leaf == NULL ? 0 : (size_t)(leaf - word) + 1;
	leaf = word + group;
	for (const struct conf_setting *s = conf_settings; s->key != 0; s++) {
		if (s->name == NULL)
			continue;
		if (strcmp(s->name, word) == 0) {
			n.first = s->name;
			return n;
		}
		if (group > 0 && strncmp(s->name, word, group) == 0)
			leaves[own++] = s->name + group;
	}
	n = nearest_leaf(leaf);
	if (n.first != NULL)
		return n;
	leaves[own] = NULL;
	if ((slip = text_nearest(leaf, leaves)) != NULL) {
		n.first = slip - group;
		return n;
	}
	for (const struct conf_setting *s = conf_settings; s->key != 0; s++)
		if (s->name != NULL)
			leaves[all++] = strchr(s->name, '.') + 1;
	leaves[all] = NULL;
	if ((slip = text_nearest(leaf, leaves)) != NULL)
		n = nearest_leaf(slip);
	return n;
}

void
problem_unknown(struct problems *ps, const char *path, unsigned int line,
    bool is_group)
{
	const char *dot = strchr(path, '.');
	struct nearest n = { NULL, NULL };

	if (is_group)
		n.first = want_nearest_group(path);
	else
		n = nearest(path);
	/* "network.max_peers = 15;": the right name, the wrong form. */
	if (n.first != NULL && dot != NULL && strcmp(n.first, path) == 0)
		problem_add(ps, line, path, "got a name with a dot, want the "
		    "setting inside its group; write %.*s = { %s = ...; };",
		    (int)(dot - path), path, dot + 1);
	else if (n.second != NULL)
		problem_add(ps, line, path, "unknown setting; did you mean "
		    "\"%s\" or \"%s\"?", n.first, n.second);
	else if (n.first != NULL)
		problem_add(ps, line, path, "unknown setting; did you mean "
		    "\"%s\"?", n.first);
	else
		problem_add(ps, line, path, "unknown setting; remove it, or "
		    "see micelio.conf(5) for those there are");
}
