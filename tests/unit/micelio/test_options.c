/* SPDX-License-Identifier: MIT */
/* The command line: spellings, joined letters, and what is told when wrong. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "errtext.h"
#include "log.h"
#include "options.h"

static char err[ERR_MAX];

static enum options_action
parse(struct options *o, const char *const *words)
{
	static char bufs[16][128];
	char *argv[17];
	int argc = 1;

	argv[0] = bufs[0];
	snprintf(bufs[0], sizeof(bufs[0]), "micelio");
	for (; words[argc - 1] != NULL; argc++) {
		argv[argc] = bufs[argc];
		snprintf(bufs[argc], sizeof(bufs[argc]), "%s",
		    words[argc - 1]);
	}
	argv[argc] = NULL;
	return options_parse(o, argc, argv, err);
}
#define PARSE(o, ...) parse((o), (const char *const[]){ __VA_ARGS__, NULL })

static void
test_long(void **state)
{
	static const char *const dashes[] = { "-", "--" };
	struct options o;
	char word[5][64];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		snprintf(word[0], 64, "%sconfig", dashes[i]);
		snprintf(word[1], 64, "%sname=bob", dashes[i]);
		snprintf(word[2], 64, "%sdata-dir", dashes[i]);
		snprintf(word[3], 64, "%sssh-listen", dashes[i]);
		snprintf(word[4], 64, "%slog-level", dashes[i]);
		assert_int_equal(PARSE(&o, word[0], "f", word[1], word[2], "/d",
		    word[3], "[::1]:1", word[4], "WARN"), OPTIONS_RUN);
		assert_string_equal(o.config_file, "f");
		assert_string_equal(o.name, "bob");
		assert_string_equal(o.data_dir, "/d");
		assert_string_equal(o.ssh_listen, "[::1]:1");
		assert_string_equal(o.log_level, "WARN");
		assert_false(o.check);
		assert_false(o.stderr_log);
	}
}

static void
test_short(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(PARSE(&o, "-nv"), OPTIONS_RUN);
	assert_true(o.check);
	assert_int_equal(o.verbose, 1);
	assert_int_equal(PARSE(&o, "-ncfile"), OPTIONS_RUN);
	assert_string_equal(o.config_file, "file");
	/* -n and -d are not the beginning of -name and -data-dir. */
	assert_int_equal(PARSE(&o, "-n", "-d", "-c", "x"), OPTIONS_RUN);
	assert_true(o.check && o.stderr_log);
	assert_string_equal(o.config_file, "x");
	assert_null(o.name);
	assert_int_equal(PARSE(&o, "-h"), OPTIONS_HELP);
	assert_int_equal(PARSE(&o, "--help"), OPTIONS_HELP);
	assert_int_equal(PARSE(&o, "-version"), OPTIONS_VERSION);
	assert_int_equal(PARSE(&o, "--show-id", "--libexec", "l"), OPTIONS_RUN);
	assert_true(o.show_id && !o.init);
	assert_string_equal(o.libexec, "l");
	assert_int_equal(PARSE(&o, "-init"), OPTIONS_RUN);
	assert_true(o.init && !o.show_id);
	assert_int_equal(PARSE(&o, "--"), OPTIONS_RUN);
}

static void
test_bad(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(PARSE(&o, "--data-dri", "x"), OPTIONS_BAD);
	assert_string_equal(err,
	    "--data-dri: unknown option; did you mean --data-dir?");
	assert_int_equal(PARSE(&o, "-nq"), OPTIONS_BAD);
	assert_string_equal(err, "-nq: unknown option; try: micelio -h");
	assert_int_equal(PARSE(&o, "-c"), OPTIONS_BAD);
	assert_string_equal(err, "--config: got nothing, want "
	    "a file name after it; try: micelio -h");
	assert_int_equal(PARSE(&o, "--name="), OPTIONS_BAD);
	assert_string_equal(err, "--name: got \"\", want a name "
	    "after it; try: micelio -h");
	assert_int_equal(PARSE(&o, "--show-id=1"), OPTIONS_BAD);
	assert_string_equal(err,
	    "--show-id: takes no value; try: micelio -h");
	assert_int_equal(PARSE(&o, "--log-level", "loud"), OPTIONS_BAD);
	assert_string_equal(err, "--log-level: got \"loud\", want debug, "
	    "info, warn or error");
	assert_int_equal(PARSE(&o, "start\x1b[2J"), OPTIONS_BAD);
	assert_null(strchr(err, 0x1b));
	assert_int_equal(PARSE(&o, "-d", "--", "x"), OPTIONS_BAD);
	assert_string_equal(err, "\"x\": want options only; try: micelio -h");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
