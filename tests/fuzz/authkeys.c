/* SPDX-License-Identifier: MIT */
/*
 * Feeds: authorized_keys, as the hub reads it and as the parent edits it.
 * Holds: each key has a role, a number and the hash of its line, by which the
 * parent finds and removes that very line; patterns of addresses are good
 * ones; a line that the parent would add gives the hub one line more.
 * Reads with: micelio-sshd/authkeys.c micelio-sshd/authkeys_options.c
 * micelio-sshd/authkeys_from.c micelio/authkeys_lines.c
 */
#include "common/addr.h"
#include "common/cursor.h"
#include "fuzz.h"
#include "micelio-sshd/authkeys.h"
#include "micelio-sshd/authkeys_from.h"

/* Of micelio/authkeys_lines.h, whose guards and limits have these names. */
bool	 authkeys_line_good(const uint8_t *, size_t);
void	 authkeys_with(const uint8_t *, size_t, const uint8_t *, size_t,
	    struct wbuf *);
bool	 authkeys_without(const uint8_t *, size_t, uint32_t, const uint8_t[32],
	    struct wbuf *);

struct told {
	unsigned int	 n, last;
	bool		 rest;
};

static void
complain_cb(unsigned int line, const char *why, void *arg)
{
	struct told *t = arg;

	HOLDS(why != NULL && why[0] != '\0' && !t->rest);
	HOLDS(++t->n <= AUTHKEYS_COMPLAINTS_MAX + 1);
	HOLDS(line == 0 || line > t->last);
	t->rest = line == 0;
	if (line != 0)
		t->last = line;
}

static void
key_good(const struct authkey *k, const uint8_t *data, size_t size)
{
	struct wbuf out;
	struct addr a;

	HOLDS(k->role >= ROLE_USER && k->role <= ROLE_ADMIN);
	HOLDS(k->line > 0 && sshkey_type_name(k->type) != NULL);
	HOLDS(memchr(k->name, '\0', sizeof(k->name)) != NULL);
	if (k->from != NULL) {
		HOLDS(authkeys_from_check(k->from) == NULL);
		HOLDS(addr_parse("192.0.2.1:1", &a));
		(void)authkeys_from_match(k->from, &a);
	}
	wbuf_init(&out, AUTHKEYS_FILE_MAX + AUTHKEYS_LINE_MAX + 2);
	HOLDS(authkeys_without(data, size, k->line, k->digest, &out));
	HOLDS(out.len < size);
	wbuf_free(&out);
}

static void
add_line(const struct authkeys *before, const uint8_t *data, size_t size)
{
	static const char line[] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAOhB7"
	    "/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
	struct authkeys keys = { 0 };
	struct told told = { 0 };
	struct wbuf out;

	HOLDS(authkeys_line_good((const uint8_t *)line, strlen(line)));
	wbuf_init(&out, AUTHKEYS_FILE_MAX + AUTHKEYS_LINE_MAX + 2);
	authkeys_with(data, size, (const uint8_t *)line, strlen(line), &out);
	authkeys_parse(&keys, (const char *)out.p, out.len, 0, complain_cb,
	    &told);
	if (before->n < AUTHKEYS_MAX)
		HOLDS(keys.n == before->n + 1);
	authkeys_free(&keys);
	wbuf_free(&out);
}

FUZZ_TARGET(authkeys)(const uint8_t *data, size_t size)
{
	struct authkeys keys = { 0 };
	struct told told = { 0 };

	if (size > 65536)
		return 0;
	authkeys_parse(&keys, (const char *)data, size, 3600, complain_cb,
	    &told);
	HOLDS(keys.n <= AUTHKEYS_MAX);
	for (size_t i = 0; i < keys.n; i++)
		key_good(&keys.v[i], data, size);
	add_line(&keys, data, size);
	(void)authkeys_line_good(data, size);
	authkeys_free(&keys);
	return 0;
}
