/* SPDX-License-Identifier: MIT */
/*
 * What the resolver needs of resolv.conf(5) and hosts(5).  These files are
 * the system's, not ours to complain of: a line that makes no sense is
 * skipped.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "config_parse.h"
#include "text.h"

#define LINE_MAX_LEN	1024
#define DNS_PORT	53

typedef void line_fn(char *, struct strlist *);

static void	each_line(const char *, size_t, line_fn *, struct strlist *);
static line_fn	resolv_line;
static line_fn	hosts_line;

void
system_resolv(const char *text, size_t len, struct strlist *nameservers)
{
	each_line(text, len, resolv_line, nameservers);
}

void
system_hosts(const char *text, size_t len, struct strlist *hosts)
{
	each_line(text, len, hosts_line, hosts);
}

static void
each_line(const char *p, size_t len, line_fn *fn, struct strlist *out)
{
	const char *end = p + len, *nl;
	char line[LINE_MAX_LEN];
	size_t n;

	for (; p < end; p = nl + 1) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		n = (size_t)(nl - p);
		if (n >= sizeof(line) || memchr(p, '\0', n) != NULL)
			continue;
		memcpy(line, p, n);
		line[n] = '\0';
		line[strcspn(line, "#;")] = '\0';
		fn(line, out);
	}
}

static char *
word(char **p)
{
	char *w;

	*p += strspn(*p, " \t\r");
	w = *p;
	*p += strcspn(*p, " \t\r");
	if (**p != '\0')
		*(*p)++ = '\0';
	return w;
}

static void
resolv_line(char *line, struct strlist *out)
{
	char text[HOSTPORT_MAX + 1];
	struct addr a;

	if (strcmp(word(&line), "nameserver") != 0 ||
	    out->n >= CONF_NAMESERVER_MAX ||
	    !addr_from_host(word(&line), DNS_PORT, &a))
		return;
	strlist_add(out, addr_text(&a, text));
}

static void
hosts_line(char *line, struct strlist *out)
{
	const struct conf_setting *s = conf_setting_by_key(CONF_HOST);
	char text[HOST_MAX + 1 + HOST_MAX + 1], host[HOST_MAX + 1], *name;
	struct addr a;

	if (!addr_from_host(word(&line), 0, &a))
		return;
	addr_host_text(&a, host);
	while (*(name = word(&line)) != '\0' && out->n < CONF_HOSTS_MAX) {
		if (strlen(name) > HOST_MAX)
			continue;
		for (char *c = name; *c != '\0'; c++)
			*c = (char)tolower((unsigned char)*c);
		snprintf(text, sizeof(text), "%s %s", name, host);
		if (conf_check_text(s, text) == NULL)
			strlist_add(out, text);
	}
}
