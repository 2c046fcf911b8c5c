/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "lab.h"
#include "local.h"
#include "scrub.h"

static void
scrubbed(const char *text, const char *want)
{
	struct wbuf w;

	wbuf_init(&w, 4096);
	scrub(text, strlen(text), &w);
	wbuf_u8(&w, '\0');
	assert_string_equal((const char *)w.p, want);
	wbuf_free(&w);
}

static void
test_scrub(void **state)
{
	(void)state;
	scrubbed("", "");
	scrubbed("one\ntwo", "one\ntwo");
	/* Ids are hexadecimal, fingerprints shorter: both are needed. */
	scrubbed("id 56475aa75463474c0285df5dbf2bcab73da651358839e9b77481"
	    "b2eab107708c\n", "id 56475aa75463474c0285df5dbf2bcab73da65135"
	    "8839e9b77481b2eab107708c\n");
	scrubbed("SHA256:9aXw1hQ2mN5pK8rT3vY6zB0cD4fG7jL1nP2sU5xW8eA",
	    "SHA256:9aXw1hQ2mN5pK8rT3vY6zB0cD4fG7jL1nP2sU5xW8eA");
	scrubbed("x ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAOhB7/zzhC+HXDdG"
	    "OdLwJln5NYwm6UNXx3chmQSVTG4 alice\n",
	    "x ssh-ed25519 [removed] alice\n");
	scrubbed("a\n-----BEGIN PRIVATE KEY-----\nMC4CAQ\n"
	    "-----END PRIVATE KEY-----\nb\n",
	    "a\n[removed]\n[removed]\n[removed]\nb\n");
	/* A block that is cut off hides the rest. */
	scrubbed("-----BEGIN X-----\nMC4CAQ", "[removed]\n[removed]");
}

static void
test_own_keys(void **state)
{
	static const char text[] = "# comment\nssh-ed25519 AAAA alice@a\r\n"
	    "ssh-ed25519 AAAA again\n\nsk-ssh-ed25519@openssh.com AAAB x\n"
	    "ssh-rsa AAAC\necdsa-sha2-nistp256 AAAD\nssh-rsa";
	struct ownkeys keys = { .n = 0 };

	(void)state;
	ownkeys_add(&keys, text, sizeof(text) - 1);
	ownkeys_add(&keys, text, sizeof(text) - 1);
	assert_int_equal(keys.n, 3);
	assert_string_equal(keys.line[0], "ssh-ed25519 AAAA alice@a");
	assert_string_equal(keys.line[1], "ssh-rsa AAAC");
	assert_string_equal(keys.line[2], "ecdsa-sha2-nistp256 AAAD");
	ownkeys_free(&keys);
	for (unsigned int i = 0; i < OWNKEYS_MAX + 9; i++) {
		char line[32];
		int n = snprintf(line, sizeof(line), "ssh-rsa A%u\n", i);

		ownkeys_add(&keys, line, (size_t)n);
	}
	assert_int_equal(keys.n, OWNKEYS_MAX);
	ownkeys_free(&keys);
}

static size_t
cut(const char *line, const char *words[LAB_WORDS_MAX])
{
	static char buf[256];

	(void)snprintf(buf, sizeof(buf), "%s", line);
	return lab_words(buf, words);
}

static void
test_words(void **state)
{
	const char *w[LAB_WORDS_MAX];

	(void)state;
	assert_int_equal(cut("", w), 0);
	assert_int_equal(cut("  \t ", w), 0);
	assert_int_equal(cut(" say  hello ", w), 2);
	assert_string_equal(w[0], "say");
	assert_string_equal(w[1], "hello");
	assert_int_equal(cut("put o/x \"a 'b' c\" 'd \"e' f\" \"g", w), 5);
	assert_string_equal(w[2], "a 'b' c");
	assert_string_equal(w[3], "d \"e");
	assert_string_equal(w[4], "f g");
	assert_int_equal(cut("say 'hello", w), 0);
	assert_int_equal(cut("1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 "
	    "5 6 7 8 9 0 1 2", w), LAB_WORDS_MAX);
	assert_int_equal(cut("1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 "
	    "5 6 7 8 9 0 1 2 3", w), 0);
}

static void
test_tables(void **state)
{
	(void)state;
	assert_non_null(local_find("init"));
	assert_null(local_find("who"));
	/* A word means one thing only. */
	for (const struct nodecmd *c = nodecmds; c->name != NULL; c++)
		assert_null(local_find(c->name));
	for (const struct local *l = locals; l->name != NULL; l++)
		for (size_t i = 0; i < 2; i++)
			assert_int_equal(strncmp(l->examples[i], l->name,
			    strlen(l->name)), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scrub),
		cmocka_unit_test(test_own_keys),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
