/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "cmdline.h"
#include "doc.h"
#include "help.h"
#include "role.h"
#include "written.h"

#define ROWS_MAX	23	/* of 24; the prompt has one */
#define COLUMNS		80

/* What command.c has, without what starts it. */
static const struct command real[] = {
#include "help_commands.h"
	{ .name = NULL }
};

static const struct command table[] = {
	{ "who", "", "who is here", { "who", "who --json" }, ROLE_USER,
	    DOOR_ANY },
	{ "nick", "NAME", "rename", { "nick a", "nick \"b\"" }, ROLE_USER,
	    DOOR_SHELL },
	{ "tail", "", "follow", { "tail", "tail" }, ROLE_USER,
	    DOOR_EXEC | DOOR_CONTROL },
	{ "reload", "", "reload", { "reload", "reload" }, ROLE_OP, DOOR_ANY,
	    .group = GROUP_NODE },
	{ .name = NULL }
};

/* Nobody has to scroll back to see what there is. */
static void
test_fits(void **state)
{
	unsigned int rows = 0;
	const char *s, *end;

	(void)state;
	help_shell_text(real, &written);
	s = written_text();
	for (; (end = strchr(s, '\n')) != NULL; s = end + 1) {
		rows++;
		assert_in_range(end - s, 1, COLUMNS);
		assert_int_not_equal(end[-1], ' ');
	}
	assert_int_equal(*s, '\0');
	assert_in_range(rows, 5, ROWS_MAX);
}

/* 9.6 RegistryHelpText, Builtins: every command of this door, once. */
static void
test_complete(void **state)
{
	char word[64], *at;
	unsigned int n = 0;

	(void)state;
	help_shell_text(real, &written);
	(void)written_text();
	for (char *p = (char *)written.p; *p != '\0'; p++)
		if (*p == '\n')
			*p = ' ';
	for (const struct command *c = real; c->name != NULL; c++, n++) {
		(void)snprintf(word, sizeof(word), " /%s ", c->name);
		at = strstr((char *)written.p, word);
		if ((c->doors & DOOR_SHELL) == 0) {
			assert_null(at);
			continue;
		}
		assert_non_null(at);
		/* "(/help COMMAND" has no blank before it. */
		assert_null(strstr(at + 1, word));
	}
	assert_in_range(n, 40, 200);
}

static void
test_groups(void **state)
{
	(void)state;
	help_shell_text(table, &written);
	assert_string_equal(written_text(),
	    "commands (/help COMMAND tells more):\n"
	    "talk  /who     /nick\n"
	    "node  /reload\n"
	    "Anything without / is said to everybody; //x says \"/x\".\n");
}

static void
test_list(void **state)
{
	struct doc d;

	(void)state;
	doc_init(&d);
	help_list(table, DOOR_CONTROL, &d);
	help_list_text(&d, &written);
	assert_string_equal(written_text(),
	    "commands (help COMMAND tells more):\n"
	    "  who                    who is here\n"
	    "  tail                   follow\n"
	    "  reload                 reload\n");
	doc_free(&d);
}

static void
test_one(void **state)
{
	(void)state;
	help_one(&table[3], DOOR_EXEC, DOC_TEXT, &written);
	assert_string_equal(written_text(), "ssh NODE reload\n  reload\n"
	    "examples:\n  ssh NODE reload\n  ssh NODE reload\nrole: op\n");
}

static void
test_one_json(void **state)
{
	(void)state;
	help_one(&table[1], DOOR_EXEC, DOC_JSON, &written);
	assert_string_equal(written_text(), "{\"v\":1,\"name\":\"nick\","
	    "\"args\":\"NAME\",\"help\":\"rename\",\"role\":\"user\","
	    "\"here\":false,\"examples\":[{\"line\":\"nick a\"},"
	    "{\"line\":\"nick \\\"b\\\"\"}]}\n");
}

#define TEST(f)								\
	cmocka_unit_test_setup_teardown(f, written_setup, written_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_fits),
		TEST(test_complete),
		TEST(test_groups),
		TEST(test_list),
		TEST(test_one),
		TEST(test_one_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
