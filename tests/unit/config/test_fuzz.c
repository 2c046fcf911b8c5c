/* SPDX-License-Identifier: MIT */
/*
 * Random changes to the files of tests/config, from a fixed seed: whatever
 * the text, the reader ends, within its bounds, and agrees with libconfig.
 * Runs under the sanitizers too.  MICELIO_FUZZ sets the number of texts.
 */
#include "help.h"

#include <dirent.h>
#include <stdio.h>

#include "text.h"

#define TEXTS_MAX	128
#define ROUNDS		5000u

static struct {
	char	*text;
	size_t	 len;
} texts[TEXTS_MAX];
static size_t ntexts, ngood;
static uint64_t seed = 0x6d6963656c696f01;

/* xorshift64*: the same on every machine. */
static size_t
below(size_t n)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (size_t)((seed * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % n;
}

static const char *const pieces[] = { "{", "}", "(", ")", "[", "]", "\"", ";",
	",", "=", ":", "\\", "/*", "*/", "//", "#", "\n", "\r\n", "@include",
	"@include \"/etc/passwd\"\n", "network", "node = {", "max_peers = ",
	"\"15\"", "4294967311", "0x", "1e", "-", "+.", "true", "L", "\\x",
	"\\u00e9", "'", "\xe2\x80\x9c", "\xff", "\xef\xbb\xbf", "\t", " " };

/* One small change in place; the buffer has room for 64 bytes more. */
static size_t
mutate(char *buf, size_t len)
{
	const char *piece;
	size_t at = below(len + 1), n;

	switch (below(5)) {
	case 0:			/* other byte */
		if (at < len)
			buf[at] = (char)below(256);
		return len;
	case 1:			/* removed */
		n = below(8) + 1;
		if (n > len - at)
			n = len - at;
		memmove(buf + at, buf + at + n, len - at - n);
		return len - n;
	case 2:			/* cut short */
		return below(10) == 0 ? at : len;
	default:		/* something that means something */
		piece = pieces[below(sizeof(pieces) / sizeof(pieces[0]))];
		n = strlen(piece);
		memmove(buf + at + n, buf + at, len - at);
		memcpy(buf + at, piece, n);
		return len + n;
	}
}

/*
 * What the scan makes of a good text is the same configuration: a vertical
 * tab is nothing to us but not libconfig's, so it makes the scan's text be
 * used instead of the file's.
 */
static void
check_twin(const struct reading *r, const char *buf, size_t len)
{
	char *twin = malloc(len + 1);
	struct reading t;

	twin[0] = '\v';
	memcpy(twin + 1, buf, len);
	reading_of_bytes(&t, twin, len + 1);
	assert_true(t.ok);
	assert_int_equal(t.given, r->given);
	expect_equal(&t.conf, &r->conf);
	reading_free(&t);
	free(twin);
}

static void
check(const char *buf, size_t len)
{
	unsigned int lines = 1;
	struct reading r;

	reading_of_bytes(&r, buf, len);
	for (size_t i = 0; i < len; i++)
		lines += buf[i] == '\n';
	for (size_t i = 0; i < r.problems.n; i++) {
		const struct problem *p = &r.problems.v[i];

		assert_true(p->line <= lines);
		assert_true(i == 0 || p[-1].line <= p->line);
		assert_true(strlen(p->text) < CONFIG_LINE_MAX);
		assert_true(utf8_valid(p->text, strlen(p->text)));
		assert_null(strpbrk(p->text, "\n\r\033"));
		/* libconfig finds nothing that the scan has not found. */
		assert_null(strstr(p->text, ", want the form"));
	}
	if (r.ok) {
		ngood++;
		if (len < CONFIG_FILE_MAX)
			check_twin(&r, buf, len);
	}
	reading_free(&r);
}

static void
test_random(void **state)
{
	const char *env = getenv("MICELIO_FUZZ");
	unsigned long rounds = env == NULL ? ROUNDS : strtoul(env, NULL, 10);
	char *buf = malloc(CONFIG_FILE_MAX + 1024);
	size_t len;

	(void)state;
	assert_true(ntexts >= 40);
	for (unsigned long i = 0; i < rounds; i++) {
		size_t t = below(ntexts), n = below(6) + 1;

		len = texts[t].len;
		memcpy(buf, texts[t].text, len);
		while (n-- > 0)
			len = mutate(buf, len);
		buf[len] = '\0';
		check(buf, len);
	}
	/* The test is of both kinds. */
	assert_true(ngood > rounds / 100 && ngood < rounds / 2);
	free(buf);
}

/* Long runs of one thing: no quadratic time, no deep stack. */
static void
test_runs(void **state)
{
	static const char *const runs[] = { "{", "a={", "(", "a=(", "\"",
		"\"\"", "a=\"\"", ",", ";", "=", "/*", "a", "a.", "\n",
		"a\n", "a=1;", "[a=", "}", "\xff", "\\", "a=b ",
		"a:\"x\"\n", "@include", "9", "a=9", "node={" };
	char *buf = calloc(1, CONFIG_FILE_MAX + 64);
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		size_t n = strlen(runs[i]);

		for (len = 0; len + n <= CONFIG_FILE_MAX; len += n)
			memcpy(buf + len, runs[i], n);
		buf[len] = '\0';
		check(buf, len);
	}
	free(buf);
}

static int
setup(void **state)
{
	const char *name = getenv("MICELIO_CONFIGS");
	DIR *d = name == NULL ? NULL : opendir(name);
	char path[4096];
	struct dirent *e;

	(void)state;
	if (d == NULL)
		return 1;
	while ((e = readdir(d)) != NULL && ntexts < TEXTS_MAX) {
		if (strstr(e->d_name, ".conf") == NULL)
			continue;
		snprintf(path, sizeof(path), "%s/%s", name, e->d_name);
		texts[ntexts].text = file_text(path, &texts[ntexts].len);
		if (texts[ntexts].text == NULL)
			return 1;
		ntexts++;
	}
	closedir(d);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	while (ntexts > 0)
		free(texts[--ntexts].text);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_runs),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
