/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "auth.h"
#include "authkeys.h"
#include "authkeys_from.h"
#include "base64.h"
#include "json.h"
#include "role.h"
#include "sshkey.h"

#define A_B64	"AAAAC3NzaC1lZDI1NTE5AAAAIAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3" \
		"chmQSVTG4"
#define B_B64	"AAAAC3NzaC1lZDI1NTE5AAAAICmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJe" \
		"UvJMilm3X"
#define A	"ssh-ed25519 " A_B64
#define B	"ssh-ed25519 " B_B64

static struct authkeys keys;
static unsigned int complaints, last_line;
static char last_why[256];

static void
complain(unsigned int line, const char *why, void *arg)
{
	(void)arg;
	complaints++;
	last_line = line;
	snprintf(last_why, sizeof(last_why), "%s", why);
}

static size_t
parse(const char *text)
{
	complaints = last_line = 0;
	last_why[0] = '\0';
	authkeys_parse(&keys, text, strlen(text), 3600, complain, NULL);
	return keys.n;
}

static struct addr
at(const char *host)
{
	struct addr a;

	assert_true(addr_from_host(host, 22, &a));
	return a;
}

static bool
is_key(const struct authkey *k, const char *b64)
{
	uint8_t blob[128], hash[SSHKEY_HASH_LEN];
	size_t n;

	assert_true(base64_decode(b64, strlen(b64), blob, sizeof(blob), &n));
	sshkey_hash(blob, n, hash);
	return memcmp(hash, k->hash, sizeof(hash)) == 0;
}

/*
 * vector group authorized_keys: superseded by the honouring of options and of
 * the type word, our test asserts ours: a key meant to be restricted is let
 * in as restricted, or not at all, and loudly (3 vectors of 9; 6 are equal).
 */
static void
test_vectors(void **state)
{
	static const struct {
		const char	*note;
		const char	*theirs;	/* the key they let in */
		size_t		 keys;		/* ours */
		unsigned int	 complaints;
	} ours[] = {
		{ "options are parsed and then ignored (from=, restrict, "
		    "expiry)", "A", 1, 0 },	/* and honoured: see below */
		{ "option with quoted space", "B", 0, 1 },
		{ "key type word is not checked against the blob", "A", 0,
		    1 },
	};
	struct json *v = json_vectors();
	const struct json *group = json_get(v, "authorized_keys");
	size_t superseded = 0, i, k;

	(void)state;
	assert_int_equal(json_len(group), 9);
	for (i = 0; i < json_len(group); i++) {
		const struct json *one = json_at(group, i);
		const struct json *accepted = json_get(one, "accepted");
		const char *note = json_str(json_get(one, "note"));

		parse(json_str(json_get(one, "file")));
		for (k = 0; k < 3; k++)
			if (strcmp(ours[k].note, note) == 0)
				break;
		if (k < 3) {
			superseded++;
			assert_int_equal(json_len(accepted), 1);
			assert_string_equal(json_str(json_at(accepted, 0)),
			    ours[k].theirs);
			assert_int_equal(keys.n, ours[k].keys);
			assert_int_equal(complaints, ours[k].complaints);
			continue;
		}
		assert_int_equal(keys.n, json_len(accepted));
		for (k = 0; k < keys.n; k++) {
			const char *who = json_str(json_at(accepted, k));
			bool is_a = strcmp(who, "A") == 0;

			assert_true(is_a || strcmp(who, "B") == 0);
			assert_true(is_key(&keys.v[k], is_a ? A_B64 : B_B64));
		}
	}
	assert_int_equal(superseded, 3);
	json_free(v);
}

static void
test_options(void **state)
{
	struct addr there = at("192.0.2.1"), other = at("192.0.2.2");
	const char *cause;

	(void)state;
	/* 2020-01-01 00:00 at UTC+1 is 1577833200. */
	assert_int_equal(parse("from=\"192.0.2.1\",restrict,"
	    "expiry-time=\"20200101\" " A " x\n"), 1);
	assert_int_equal(complaints, 0);
	assert_false(keys.v[0].pty);
	assert_int_equal(keys.v[0].role, ROLE_OP);
	assert_int_equal(keys.v[0].expires, 1577833200);
	assert_non_null(auth_find(&keys, keys.v[0].hash, &there, 1577833199,
	    &cause));
	assert_null(auth_find(&keys, keys.v[0].hash, &there, 1577833200,
	    &cause));
	assert_string_equal(cause, "expired-key");
	assert_null(auth_find(&keys, keys.v[0].hash, &other, 0, &cause));
	assert_string_equal(cause, "not-from-there");

	assert_int_equal(parse("name=\"alice\",role=\"admin\",no-pty,PTY,"
	    "no-port-forwarding,no-agent-forwarding,no-X11-forwarding,"
	    "no-user-rc " A), 1);
	assert_string_equal(keys.v[0].name, "alice");
	assert_int_equal(keys.v[0].role, ROLE_ADMIN);
	assert_true(keys.v[0].pty);
	assert_int_equal(parse("role=\"user\" " A), 1);
	assert_int_equal(keys.v[0].role, ROLE_USER);
}

static void
test_refused(void **state)
{
	static const struct {
		const char	*line, *why;
	} t[] = {
		{ "command=\"x\" " A, "\"command\" is not supported" },
		{ "restrict,cert-authority " A, "\"cert-authority\"" },
		{ "environment=\"A=b\" " A, "\"environment\"" },
		{ "port-forwarding " A, "\"port-forwarding\"" },
		{ "from=\"10.0.0.0/33\" " A, "from=" },
		{ "from=\"\" " A, "from=" },
		{ "from=\"a,,b\" " A, "from=" },
		{ "from=\"1.1.1.1\",from=\"2.2.2.2\" " A, "given twice" },
		{ "from " A, "needs a value" },
		{ "restrict=\"1\" " A, "takes no value" },
		{ "expiry-time=\"2020\" " A, "YYYYMMDD" },
		{ "expiry-time=\"20201301\" " A, "YYYYMMDD" },
		{ "expiry-time=\"20200101x\" " A, "YYYYMMDD" },
		{ "expiry-time=\"202001012460\" " A, "YYYYMMDD" },
		{ "role=\"root\" " A, "role=" },
		{ "name=\"a b\" " A, "name=" },
		{ "name=\"micelio\" " A, "reserved" },
		{ "restrict, " A, "malformed" },
		{ ",restrict " A, "malformed" },
		{ "restrict,,pty " A, "malformed" },
		{ "from=x " A, "malformed" },
		{ "from=\"1.1.1.1\"pty " A, "malformed" },
		{ "from=\"1.1.1.1 " A, "quote is not closed" },
		{ "ssh-rsa " A_B64, "says ssh-rsa, the key is ssh-ed25519" },
		{ "ssh-dss AAAA", "no key of an accepted type" },
		{ "sk-ssh-ed25519@openssh.com AAAA", "no key of an accepted" },
		{ "ssh-ed25519", "not base64" },
		{ "ssh-ed25519 " A_B64 "=", "not base64" },
		{ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAOhB7/z", "32 bytes" },
		{ A_B64, "no key of an accepted type" },
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		/* The lines around it are not touched. */
		snprintf(text, sizeof(text), "%s\n%s\n%s", B, t[i].line, B);
		if (parse(text) != 2 || complaints != 1 || last_line != 2 ||
		    strstr(last_why, t[i].why) == NULL)
			fail_msg("%s: %zu keys, %u complaints, line %u: %s",
			    t[i].line, keys.n, complaints, last_line,
			    last_why);
	}
}

static void
test_from(void **state)
{
	static const struct {
		const char	*list, *host;
		bool		 match;
	} t[] = {
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.10", false },
		{ "192.0.2.?", "192.0.2.7", true },
		{ "192.0.2.?", "192.0.2.17", false },
		{ "10.*", "10.200.3.4", true },
		{ "10.*", "110.200.3.4", false },
		{ "10.0.0.0/8", "10.255.255.255", true },
		{ "10.0.0.0/8", "11.0.0.0", false },
		{ "*,!10.0.0.0/8", "192.0.2.1", true },
		{ "*,!10.0.0.0/8", "10.1.1.1", false },
		{ "!10.0.0.0/8,*", "10.1.1.1", false },
		{ "!10.0.0.0/8", "192.0.2.1", false },
		{ "10.1.1.1,192.0.2.0/24", "192.0.2.99", true },
		{ "2001:db8::/32", "2001:db8:1::1", true },
		{ "2001:db8::/32", "2001:db9::1", false },
		{ "2001:db8::1", "2001:db8:0:0:0:0:0:1", true },
		{ "127.0.0.1", "::ffff:127.0.0.1", true },
		{ "*.example.org", "192.0.2.1", false },
		{ "host", "192.0.2.1", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct addr a = at(t[i].host);

		assert_null(authkeys_from_check(t[i].list));
		if (authkeys_from_match(t[i].list, &a) != t[i].match)
			fail_msg("%s, %s", t[i].list, t[i].host);
	}
}

static void
test_expiry(void **state)
{
	(void)state;
	parse("expiry-time=\"20200101Z\" " A);
	assert_int_equal(keys.v[0].expires, 1577836800);
	parse("expiry-time=\"202402291530Z\" " A);
	assert_int_equal(keys.v[0].expires, 1709220600);
	parse("expiry-time=\"20240229153015\" " A);	/* UTC+1 */
	assert_int_equal(keys.v[0].expires, 1709220615 - 3600);
	/* Of two the earlier holds. */
	parse("expiry-time=\"20240101Z\",expiry-time=\"20200101Z\" " A);
	assert_int_equal(keys.v[0].expires, 1577836800);
	parse("expiry-time=\"20200101Z\",expiry-time=\"20240101Z\" " A);
	assert_int_equal(keys.v[0].expires, 1577836800);
}

static void
test_second_line_of_a_key(void **state)
{
	struct addr a = at("192.0.2.1");
	const struct authkey *k;
	const char *cause;

	(void)state;
	parse("from=\"10.*\",role=\"admin\" " A "\nrole=\"user\" " A "\n");
	k = auth_find(&keys, keys.v[0].hash, &a, 0, &cause);
	assert_non_null(k);
	assert_int_equal(k->role, ROLE_USER);
}

static void
test_bounds(void **state)
{
	const size_t line = strlen(A) + 1;
	char *text = calloc(1, 1200 * (line + 1) + 20000);
	char *p = text;

	(void)state;
	for (int i = 0; i < 1100; i++)
		p += sprintf(p, "%s\n", A);
	assert_int_equal(parse(text), AUTHKEYS_MAX);
	assert_int_equal(complaints, AUTHKEYS_COMPLAINTS_MAX + 1);
	assert_int_equal(last_line, 0);
	assert_string_equal(last_why, "56 more lines are refused");
	memset(text, 'x', 17000);
	snprintf(text + 17000, 200, "\n%s", A);
	assert_int_equal(parse(text), 1);
	assert_int_equal(last_line, 1);
	free(text);
}

/* Whatever the bytes: no crash, no key. */
static void
test_noise(void **state)
{
	char text[400];
	unsigned int seed = 7;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		for (size_t k = 0; k < sizeof(text); k++) {
			seed = seed * 1103515245 + 12345;
			text[k] = (char)(seed >> 16);
		}
		authkeys_parse(&keys, text, sizeof(text), 0, NULL, NULL);
		assert_int_equal(keys.n, 0);
	}
}

static int
teardown(void **state)
{
	(void)state;
	authkeys_free(&keys);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_from),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_second_line_of_a_key),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
