/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "cmdline.h"
#include "doc.h"
#include "role.h"

static const struct command table[] = {
	{ "help", "[COMMAND]", "list", { "help", "help say" }, ROLE_USER,
	    DOOR_ANY, .max_args = 1 },
	{ "who", "", "who is here", { "who", "who --json" }, ROLE_USER,
	    DOOR_ANY },
	{ "status", "[--check]", "health", { "status", "status --check" },
	    ROLE_USER, DOOR_ANY, .options = "--check " },
	{ "say", "TEXT", "say", { "say hi", "say -" }, ROLE_USER, DOOR_ANY,
	    .changes = true, .talk = true, .min_args = 1 },
	{ "nick", "NAME", "rename", { "nick a", "nick b" }, ROLE_USER,
	    DOOR_SHELL, .changes = true, .min_args = 1, .max_args = 1 },
	{ "reload", "", "reload", { "reload", "reload" }, ROLE_OP, DOOR_ANY,
	    .changes = true },
	{ "rooms", "", "rooms", { "rooms", "rooms" }, ROLE_USER, DOOR_ANY },
	{ "join", "#ROOM", "join", { "join #a", "join #b" }, ROLE_USER,
	    DOOR_SHELL, .max_args = 1 },
	{ "msg", "NICK TEXT", "to one", { "msg a b", "msg b a" }, ROLE_USER,
	    DOOR_ANY, .talk = true },
	{ "quit", "", "leave", { "quit", "quit" }, ROLE_USER, DOOR_SHELL },
	{ "console", "[+EVENT|-EVENT...]", "events", { "console", "console" },
	    ROLE_OP, DOOR_SHELL, .dashes = true, .max_args = 8 },
	{ "tail", "", "follow", { "tail", "tail" }, ROLE_USER,
	    DOOR_EXEC | DOOR_CONTROL },
	{ .name = NULL }
};

static struct cmdline l;
static char why[512];

static int
parse(const char *s)
{
	cmdline_free(&l);
	why[0] = '\0';
	return cmdline_parse(table, s, strlen(s), &l, why, sizeof(why));
}

static const char *
found(const char *word)
{
	const struct command *c = command_find(table, word, strlen(word),
	    why, sizeof(why));

	return c == NULL ? "" : c->name;
}

/* Of some commands "-word" is a word; "--word" is an option of all. */
static void
test_dashes(void **state)
{
	(void)state;
	assert_int_equal(parse("console +peer -login --json"), 0);
	assert_int_equal(l.argc, 2);
	assert_string_equal(l.argv[1], "-login");
	assert_true(l.form == DOC_JSON);
	assert_int_equal(parse("console --loud"), 64);
	assert_int_equal(parse("status -login"), 64);
}

static void
test_find(void **state)
{
	(void)state;
	assert_string_equal(found("who"), "who");
	assert_string_equal(found("w"), "who");
	assert_string_equal(found("st"), "status");
	assert_string_equal(found("names"), "who");
	assert_string_equal(found("?"), "help");
	assert_string_equal(found("list"), "rooms");
	assert_string_equal(found("j"), "join");
	assert_string_equal(found("m"), "msg");
	assert_string_equal(found("exit"), "quit");
	assert_string_equal(found("s"), "");		/* status, say */
	assert_non_null(strstr(why, "could be: status, say"));
	assert_string_equal(found("rel"), "");		/* it changes */
	assert_non_null(strstr(why, "write \"reload\" in full"));
	assert_string_equal(found("statsu"), "");
	assert_non_null(strstr(why, "did you mean \"status\"?"));
	assert_string_equal(found("Who"), "");
	assert_string_equal(found("xyzzyx"), "");
	assert_null(strstr(why, "did you mean"));
	assert_string_equal(found("\x1b[2J"), "");
	assert_null(strchr(why, '\x1b'));
}

static void
test_words(void **state)
{
	(void)state;
	assert_int_equal(parse("  nick   alice "), EX_OK);
	assert_string_equal(l.cmd->name, "nick");
	assert_int_equal(l.argc, 1);
	assert_string_equal(l.argv[0], "alice");
	assert_int_equal(parse("nick \"a b\\\"c\""), EX_OK);
	assert_string_equal(l.argv[0], "a b\"c");
	assert_int_equal(parse("nick -- --json"), EX_OK);
	assert_string_equal(l.argv[0], "--json");
	assert_int_equal(l.form, DOC_TEXT);
	assert_int_equal(parse("who --json"), EX_OK);
	assert_int_equal(l.form, DOC_JSON);
	assert_int_equal(parse("status --plain --check"), EX_OK);
	assert_int_equal(l.form, DOC_PLAIN);
	assert_true(l.check);
	assert_int_equal(parse("who --help"), EX_OK);
	assert_true(l.help);
}

static void
test_wrong(void **state)
{
	(void)state;
	assert_int_equal(parse(""), EX_USAGE);
	assert_int_equal(parse("   "), EX_USAGE);
	assert_int_equal(parse("nosuch"), EX_USAGE);
	assert_int_equal(parse("nick"), EX_USAGE);
	assert_non_null(strstr(why, "usage: nick NAME"));
	assert_int_equal(parse("nick a b"), EX_USAGE);
	assert_int_equal(parse("who x"), EX_USAGE);
	assert_int_equal(parse("who --check"), EX_USAGE);
	assert_non_null(strstr(why, "unknown option \"--check\""));
	assert_int_equal(parse("nick \"a"), EX_USAGE);
	assert_non_null(strstr(why, "quote"));
	assert_int_equal(parse("say"), EX_USAGE);
	assert_int_equal(parse("say  --json "), EX_USAGE);
	cmdline_free(&l);
	assert_int_equal(cmdline_parse(table, "who\0x", 5, &l, why,
	    sizeof(why)), EX_DATAERR);
}

static void
test_many_words(void **state)
{
	char text[400] = "help";

	(void)state;
	for (int i = 0; i < 40; i++)
		strcat(text, " x");
	assert_int_equal(parse(text), EX_USAGE);
}

static void
test_talk(void **state)
{
	static const char *const words[] = { "say", "it's", "--json", "\"q" };

	(void)state;
	assert_int_equal(parse("say  it's \"fine\"  -- really "), EX_OK);
	assert_int_equal(l.text_len, strlen("it's \"fine\"  -- really"));
	assert_memory_equal(l.text, "it's \"fine\"  -- really", l.text_len);
	assert_int_equal(parse("say --json hi"), EX_OK);
	assert_int_equal(l.form, DOC_JSON);
	assert_int_equal(l.text_len, 2);
	assert_int_equal(parse("say -- --json"), EX_OK);
	assert_int_equal(l.text_len, 6);
	assert_int_equal(parse("say -1 is a number"), EX_OK);
	assert_memory_equal(l.text, "-1 is", 5);
	assert_int_equal(parse("say -"), EX_OK);
	assert_int_equal(l.text_len, 1);
	cmdline_free(&l);
	assert_int_equal(cmdline_from_words(table, words, 4, &l, why,
	    sizeof(why)), EX_OK);
	assert_int_equal(l.text_len, strlen("it's --json \"q"));
	assert_memory_equal(l.text, "it's --json \"q", l.text_len);
	cmdline_free(&l);
	assert_int_equal(cmdline_from_words(table, words, 1, &l, why,
	    sizeof(why)), EX_USAGE);
}

static void
test_from_words(void **state)
{
	static const char *const nick[] = { "nick", "a \"b", "--json" };
	static const char *const none[] = { "" };

	(void)state;
	cmdline_free(&l);
	assert_int_equal(cmdline_from_words(table, nick, 3, &l, why,
	    sizeof(why)), EX_OK);
	assert_int_equal(l.argc, 1);
	assert_string_equal(l.argv[0], "a \"b");
	assert_int_equal(l.form, DOC_JSON);
	cmdline_free(&l);
	assert_int_equal(cmdline_from_words(table, none, 1, &l, why,
	    sizeof(why)), EX_USAGE);
	assert_int_equal(cmdline_from_words(table, none, 0, &l, why,
	    sizeof(why)), EX_USAGE);
}

static void
test_allowed(void **state)
{
	const struct command *nick = command_find(table, "nick", 4, why,
	    sizeof(why)), *reload = command_find(table, "reload", 6, why,
	    sizeof(why)), *tail = command_find(table, "tail", 4, why,
	    sizeof(why));

	(void)state;
	assert_int_equal(command_allowed(nick, ROLE_USER, DOOR_SHELL, why,
	    sizeof(why)), EX_OK);
	assert_int_equal(command_allowed(nick, ROLE_ADMIN, DOOR_EXEC, why,
	    sizeof(why)), EX_USAGE);
	assert_non_null(strstr(why, "in the partyline only"));
	assert_int_equal(command_allowed(tail, ROLE_USER, DOOR_SHELL, why,
	    sizeof(why)), EX_USAGE);
	assert_int_equal(command_allowed(reload, ROLE_USER, DOOR_EXEC, why,
	    sizeof(why)), EX_NOPERM);
	assert_non_null(strstr(why, "needs the role op, you have user"));
	assert_non_null(strstr(why, "an admin"));
	assert_int_equal(command_allowed(reload, ROLE_OP, DOOR_EXEC, why,
	    sizeof(why)), EX_OK);
}

static void
test_noise(void **state)
{
	char text[120];
	unsigned int seed = 5;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		for (size_t k = 0; k < sizeof(text); k++) {
			seed = seed * 1103515245 + 12345;
			text[k] = (char)(seed >> 16);
		}
		if (i % 2 == 0)
			memcpy(text, i % 4 == 0 ? "say " : "nick ", 5);
		cmdline_free(&l);
		(void)cmdline_parse(table, text, seed % sizeof(text), &l, why,
		    sizeof(why));
		for (const char *p = why; *p != '\0'; p++)
			assert_true((uint8_t)*p >= 0x20 && *p != 0x7f);
	}
}

static int
teardown(void **state)
{
	(void)state;
	cmdline_free(&l);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_dashes),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_many_words),
		cmocka_unit_test(test_talk),
		cmocka_unit_test(test_from_words),
		cmocka_unit_test(test_allowed),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
