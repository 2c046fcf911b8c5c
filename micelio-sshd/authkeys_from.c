/* SPDX-License-Identifier: MIT */
/* The patterns of from="...": addresses, wildcards, networks, "!" before. */
#include <stdio.h>
#include <string.h>

#include "addr.h"
#include "authkeys_from.h"

static bool
wildcard(const char *p, const char *s)
{
	const char *star = NULL, *back = NULL;

	while (*s != '\0') {
		if (*p == '*') {
			star = ++p;
			back = s;
		} else if (*p == '?' || *p == *s) {
			p++;
			s++;
		} else if (star != NULL) {
			p = star;
			s = ++back;
		} else
			return false;
	}
	while (*p == '*')
		p++;
	return *p == '\0';
}

/* The next pattern of the list into out; false at the end. */
static bool
pattern_next(const char **list, char *out, size_t size, bool *negated)
{
	size_t n;

	if (**list == '\0')
		return false;
	*negated = **list == '!';
	*list += *negated;
	n = strcspn(*list, ",");
	(void)snprintf(out, size, "%.*s", (int)n, *list);
	*list += n;
	if (**list == ',')
		(*list)++;
	return true;
}

const char *
authkeys_from_check(const char *list)
{
	char pattern[256];
	bool negated, malformed;
	struct addr any;
	size_t n = strlen(list);

	if (n == 0 || list[0] == ',' || list[n - 1] == ',' ||
	    strstr(list, ",,") != NULL)
		return "want addresses separated by commas";
	if (!addr_from_host("127.0.0.1", 0, &any))
		return "no addresses here";
	while (pattern_next(&list, pattern, sizeof(pattern), &negated)) {
		if (pattern[0] == '\0' || strlen(pattern) > 200)
			return "a pattern is empty or too long";
		malformed = false;
		if (strchr(pattern, '/') != NULL)
			(void)addr_in_net(&any, pattern, &malformed);
		if (malformed)
			return "a network is malformed; want address/bits";
	}
	return NULL;
}

bool
authkeys_from_match(const char *list, const struct addr *a)
{
	char pattern[256], host[HOST_MAX + 1];
	bool negated, malformed, hit, found = false;

	addr_host_text(a, host);
	while (pattern_next(&list, pattern, sizeof(pattern), &negated)) {
		malformed = false;
		hit = strchr(pattern, '/') != NULL ?
		    addr_in_net(a, pattern, &malformed) && !malformed :
		    wildcard(pattern, host) ||
		    (strpbrk(pattern, "*?") == NULL &&
		    addr_in_net(a, pattern, &malformed) && !malformed);
		if (hit && negated)
			return false;
		found |= hit;
	}
	return found;
}
