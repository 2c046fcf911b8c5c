/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "local.h"

#define PUB_FILE_MAX	16384u

/* Of one: as far as the second blank, that is without its comment. */
static size_t
key_length(const char *s, size_t n)
{
	size_t k = 0;

	while (k < n && s[k] != ' ')
		k++;
	for (k += k < n; k < n && s[k] != ' ';)
		k++;
	return k;
}

static bool
understood(const char *s, size_t n)
{
	static const char *const types[] = { "ssh-ed25519 ", "ssh-rsa ",
	    "ecdsa-sha2-nistp256 ", "ecdsa-sha2-nistp384 ",
	    "ecdsa-sha2-nistp521 " };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		size_t k = strlen(types[i]);

		if (n > k && memcmp(s, types[i], k) == 0)
			return true;
	}
	return false;
}

static bool
there(const struct ownkeys *keys, const char *s, size_t n)
{
	size_t k = key_length(s, n);

	for (size_t i = 0; i < keys->n; i++)
		if (key_length(keys->line[i], strlen(keys->line[i])) == k &&
		    memcmp(keys->line[i], s, k) == 0)
			return true;
	return false;
}

void
ownkeys_add(struct ownkeys *keys, const char *text, size_t len)
{
	const char *end = text + len, *nl;
	size_t n;

	for (; text < end; text = nl + 1) {
		nl = memchr(text, '\n', (size_t)(end - text));
		if (nl == NULL)
			nl = end;
		n = (size_t)(nl - text);
		if (n > 0 && text[n - 1] == '\r')
			n--;
		if (keys->n < OWNKEYS_MAX && understood(text, n) &&
		    memchr(text, '\0', n) == NULL && !there(keys, text, n) &&
		    (keys->line[keys->n] = strndup(text, n)) != NULL)
			keys->n++;
	}
}

static void
file_add(struct ownkeys *keys, const char *path)
{
	char text[PUB_FILE_MAX];
	FILE *f = fopen(path, "re");

	if (f == NULL)
		return;
	ownkeys_add(keys, text, fread(text, 1, sizeof(text), f));
	(void)fclose(f);
}

void
ownkeys_find(struct ownkeys *keys)
{
	static const char *const kinds[] = { "ed25519", "ecdsa", "rsa" };
	static const char *const agent[] = { "ssh-add", "-L", NULL };
	const char *home = getenv("HOME");
	char path[PATH_MAX];
	struct wbuf w;

	memset(keys, 0, sizeof(*keys));
	for (size_t i = 0; home != NULL && i < 3; i++) {
		(void)snprintf(path, sizeof(path), "%.4000s/.ssh/id_%s.pub",
		    home, kinds[i]);
		file_add(keys, path);
	}
	wbuf_init(&w, OUTPUT_MAX);
	if (program_run(agent, &w, NULL) == 0)
		ownkeys_add(keys, (const char *)w.p, w.len);
	wbuf_free(&w);
}

void
ownkeys_free(struct ownkeys *keys)
{
	for (size_t i = 0; i < keys->n; i++)
		free(keys->line[i]);
	keys->n = 0;
}
