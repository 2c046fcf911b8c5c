/* SPDX-License-Identifier: MIT */
/* micelio.conf(5) says what the table says, and its examples are good. */
#include "help.h"

#include <inttypes.h>
#include <stdio.h>

static char *page;

/* The text of one setting: from its ".It" to the next request of a list. */
static void
entry_of(const struct conf_setting *s, char *out, size_t size)
{
	const char *dot = strchr(s->name, '.'), *at, *end;
	char head[64];

	snprintf(head, sizeof(head), "\n.Ss Group %.*s\n",
	    (int)(dot - s->name), s->name);
	at = strstr(page, head);
	if (at == NULL)
		fail_msg("no section for %s", s->name);
	snprintf(head, sizeof(head), "\n.It Ic %s No = ", dot + 1);
	at = strstr(at + 1, head);
	if (at == NULL)
		fail_msg("no entry for %s", s->name);
	at++;
	end = strstr(at, "\n.It ");
	if (end == NULL || strstr(at, "\n.El") < end)
		end = strstr(at, "\n.El");
	assert_true(end != NULL && (size_t)(end - at) < size);
	memcpy(out, at, (size_t)(end - at));
	out[end - at] = '\0';
}

static void
expect_in(const struct conf_setting *s, const char *entry, const char *want)
{
	if (strstr(entry, want) == NULL)
		fail_msg("%s: \"%s\" is not in the page", s->name, want);
}

static void
test_settings(void **state)
{
	char entry[2048], want[64], span[32];
	struct conf c;

	(void)state;
	conf_init(&c);
	for (const struct conf_setting *s = conf_settings; s->key != 0; s++) {
		if (s->name == NULL)
			continue;
		entry_of(s, entry, sizeof(entry));
		expect_in(s, entry, s->reloadable ? "\nReloadable." :
		    "\nRestart needed.");
		expect_in(s, entry, "\nDefault:");
		if (s->type == CONF_T_INT) {
			snprintf(want, sizeof(want), "%" PRIu64 "..%" PRIu64,
			    s->min, s->max);
			expect_in(s, entry, want);
			snprintf(want, sizeof(want), "Default: %" PRIu32 ".",
			    *conf_int(&c, s));
			expect_in(s, entry, want);
		} else if (s->type == CONF_T_DURATION) {
			snprintf(want, sizeof(want), "\n.Ql \\(dq%s\\(dq\nto",
			    want_span(s->min, span));
			expect_in(s, entry, want);
			snprintf(want, sizeof(want), "to\n.Ql \\(dq%s\\(dq",
			    want_span(s->max, span));
			expect_in(s, entry, want);
			snprintf(want, sizeof(want), "Default:\n.Ql "
			    "\\(dq%s\\(dq", want_span(*conf_ms(&c, s), span));
			expect_in(s, entry, want);
		} else if (s->type == CONF_T_LIST) {
			snprintf(want, sizeof(want), "at most %" PRIu64,
			    s->max);
			expect_in(s, entry, want);
		}
	}
	conf_free(&c);
}

static void
test_examples(void **state)
{
	/* Those that are files; others are run (tests/man/examples.py). */
	static const char begin[] = "\n.\\\" run -c\n"
	    ".Bd -literal -offset indent\n";
	char *at = page, *end, *block;
	size_t n = 0;

	(void)state;
	while ((at = strstr(at, begin)) != NULL) {
		at += strlen(begin);
		end = strstr(at, "\n.Ed");
		assert_non_null(end);
		block = strndup(at, (size_t)(end - at) + 1);
		expect_good(block);
		free(block);
		n++;
	}
	assert_int_equal(n, 2);
}

static int
setup(void **state)
{
	size_t len;

	(void)state;
	page = file_text(getenv("MICELIO_CONF_PAGE"), &len);
	return page == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	free(page);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_examples),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
