/* SPDX-License-Identifier: MIT */
/* config_parse.c and config_value.c: what is accepted, and the words. */
#include "help.h"

#include <stdio.h>

/* Parity: LoadTOML (superseded by libconfig's syntax), intervals too. */
static void
test_all_settings(void **state)
{
	struct reading r;

	(void)state;
	reading_of(&r,
	    "node = { name = \"attic\"; tags = [\"a\", \"b\"];\n"
	    "  data_dir = \"~/x\"; };\n"
	    "ssh = { listen = \"127.0.0.1:1\"; max_sessions = 2;\n"
	    "  max_per_address = 3; login_grace = \"4s\"; };\n"
	    "network = { listen = (\"0.0.0.0:5\"); advertise_addr = \"a:6\";\n"
	    "  bootstrap = (\"b:7\", \"c:8\"); max_peers = 9;\n"
	    "  exchange_interval = \"10s\"; discovery_interval = \"11s\";\n"
	    "  max_unfinished = 12; max_per_address = 13;\n"
	    "  author_rate = 14; allow = (); };\n"
	    "logging = { level = \"warn\"; format = \"json\"; };\n");
	assert_true(r.ok);
	assert_string_equal(r.conf.node_name, "attic");
	assert_int_equal(r.conf.node_tags.n, 2);
	assert_string_equal(r.conf.node_tags.v[1], "b");
	assert_string_equal(r.conf.data_dir, "/home/ann/x");
	assert_int_equal(r.conf.ssh_listen.n, 1);
	assert_string_equal(r.conf.ssh_listen.v[0], "127.0.0.1:1");
	assert_int_equal(r.conf.ssh_max_sessions, 2);
	assert_int_equal(r.conf.ssh_max_per_address, 3);
	assert_int_equal(r.conf.ssh_login_grace, 4000);
	assert_string_equal(r.conf.network_listen.v[0], "0.0.0.0:5");
	assert_string_equal(r.conf.network_advertise_addr, "a:6");
	assert_string_equal(r.conf.network_bootstrap.v[1], "c:8");
	assert_int_equal(r.conf.network_max_peers, 9);
	assert_int_equal(r.conf.network_exchange_interval, 10000);
	assert_int_equal(r.conf.network_discovery_interval, 11000);
	assert_int_equal(r.conf.network_max_unfinished, 12);
	assert_int_equal(r.conf.network_max_per_address, 13);
	assert_int_equal(r.conf.network_author_rate, 14);
	assert_int_equal(r.conf.network_allow.n, 0);
	assert_int_equal(r.conf.logging_level, LOG_LVL_WARN);
	assert_int_equal(r.conf.logging_format, LOG_JSON);
	/* Every setting there is was given: this test knows them all. */
	for (const struct conf_setting *s = conf_settings; s->key != 0; s++)
		assert_int_equal((r.given >> s->key) & 1, s->name != NULL);
	reading_free(&r);
}

/* Parity: LoadNoFile. */
static void
test_empty(void **state)
{
	struct reading r;
	struct conf c;

	(void)state;
	conf_init(&c);
	reading_of(&r, "");
	assert_true(r.ok);
	assert_int_equal(r.given, 0);
	expect_equal(&r.conf, &c);
	reading_free(&r);
	conf_free(&c);
}

/* Parity: ExpandHome. */
static void
test_home(void **state)
{
	struct config_text text = { "t.conf", NULL, NULL, 0 };
	static const char *const dirs[][2] = {
		{ "~", "/home/ann" }, { "~/", "/home/ann/" },
		{ "~/x", "/home/ann/x" }, { "/x/~", "/x/~" },
	};
	char conf[64], out[16];
	struct problems ps;
	struct reading r;
	uint32_t given;

	(void)state;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		snprintf(conf, sizeof(conf), "node: { data_dir: \"%s\"; }",
		    dirs[i][0]);
		reading_of(&r, conf);
		assert_true(r.ok);
		assert_string_equal(r.conf.data_dir, dirs[i][1]);
		reading_free(&r);
	}
	/* Nobody's home. */
	text.buf = "node: { data_dir: \"~/x\"; }";
	text.len = strlen(text.buf);
	conf_init(&r.conf);
	problems_init(&ps, text.name);
	assert_false(config_parse(&text, &r.conf, &given, &ps));
	assert_non_null(strstr(ps.v[0].text, "HOME is not set"));
	problems_free(&ps);
	conf_free(&r.conf);
	assert_null(config_expand_home("~/x", "/", out, sizeof(out)));
	assert_string_equal(out, "/x");
	assert_non_null(config_expand_home("~/long", "/home/ann", out, 12));
}

/*
 * Parity: ConfigValidate_Valid, _EmptyOptionalFields, _AdvertiseAddrEmpty,
 * _IntervalsAllowZero, ValidateLogLevel, ValidateLogLevel_WhitespaceOnly.
 */
static void
test_accepted(void **state)
{
	struct reading r;

	(void)state;
	expect_good("network = { listen = \"\"; bootstrap = \"\";"
	    "advertise_addr = \"\"; }; logging = { level = \"\"; };");
	expect_good("network = { exchange_interval = \"0\";"
	    "discovery_interval = \"0s\"; max_peers = 0; };");
	expect_good("logging = { level = \"debug\"; };");
	expect_good("logging = { level = \"info\"; };");
	expect_good("logging = { level = \" WaRn \"; };");
	expect_good("logging = { level = \"warning\"; };");
	expect_good("logging = { level = \"ERROR\"; };");
	reading_of(&r, "logging = { level = \"  \"; };");
	assert_true(r.ok);
	assert_int_equal(r.given, 0);
	reading_free(&r);
	/* Trimmed in use too, unlike the reference (W29). */
	reading_of(&r, "network = { listen = \" 127.0.0.1:8080 \"; };");
	assert_true(r.ok);
	assert_string_equal(r.conf.network_listen.v[0], "127.0.0.1:8080");
	reading_free(&r);
}

/*
 * Parity: LoadBadTOML and the ConfigValidate_Invalid* rows; the sentences
 * are superseded by ours, which name file, line, setting, value and remedy.
 */
static void
test_refused(void **state)
{
	(void)state;
	expect_problem("network = { max_peers = -5; };", "1: network.max_peers:"
	    " got -5, want a number 0..1024; write at least 0");
	expect_problem("network = {\n exchange_interval = \"-5s\"; };",
	    "2: network.exchange_interval: got \"-5s\", want a duration "
	    "0s..24h in quotes, for example \"30s\"; write at least \"0s\"");
	expect_problem("logging = { level = \"fatal\"; };", "1: logging.level: "
	    "got \"fatal\", want \"debug\", \"info\", \"warn\" or \"error\"; "
	    "choose one of them");
	expect_problem("ssh = { listen = \":\"; };", "1: ssh.listen: got "
	    "\":\": missing port, want host:port in quotes, for example "
	    "\"127.0.0.1:2222\"; add a port, as in \":2222\"");
	expect_problem("max_peers = 3;", "1: max_peers: unknown setting; did "
	    "you mean \"network.max_peers\"?");
	expect_problem("network = { max_peers = \"15\"; };",
	    "1: network.max_peers: got the text \"15\", want a number "
	    "0..1024; remove the quotes");
	expect_problem("node = { tags = \"cap/x\"; };", "1: node.tags: got "
	    "\"cap/x\": tags that begin with \"cap/\" are Micelio's own, want "
	    "1..64 bytes of text in quotes, for example \"eu-west\"; choose "
	    "another tag, or remove it");
}

/* Parity: ConfigValidate_MultipleErrors, in the order of the file. */
static void
test_many(void **state)
{
	struct reading r;

	(void)state;
	reading_of(&r,
	    "logging = { level = \"loud\"; };\n"
	    "network = {\n"
	    "  discovery_interval = \"-1s\"; exchange_interval = \"-1s\";\n"
	    "  max_peers = -1; advertise_addr = \"0.0.0.0:1\";\n"
	    "  bootstrap = (\"x\"); listen = \"y\"; };\n"
	    "ssh = { listen = \"z\"; };\n");
	assert_int_equal(r.problems.n, 8);
	for (size_t i = 1; i < r.problems.n; i++)
		assert_true(r.problems.v[i - 1].line <= r.problems.v[i].line);
	assert_int_equal(r.problems.v[7].line, 6);
	assert_false(r.problems.syntax);
	reading_free(&r);
}

static void
test_size(void **state)
{
	char *big = malloc(CONFIG_FILE_MAX + 1);
	struct reading r;

	(void)state;
	memset(big, '\n', CONFIG_FILE_MAX + 1);
	reading_of_bytes(&r, big, CONFIG_FILE_MAX);
	assert_true(r.ok);
	reading_free(&r);
	reading_of_bytes(&r, big, CONFIG_FILE_MAX + 1);
	assert_int_equal(r.problems.n, 1);
	assert_string_equal(r.problems.v[0].text, "t.conf: larger than 256 "
	    "KiB, want a configuration file; is this the right file?");
	reading_free(&r);
	free(big);
}

/* A long list of mistakes is cut, and says so. */
static void
test_bounded(void **state)
{
	char *big = calloc(1, CONFIG_FILE_MAX);
	struct reading r;
	size_t n = 0;

	(void)state;
	for (unsigned int i = 0; i < 9000; i++)
		n += (size_t)snprintf(big + n, CONFIG_FILE_MAX - n, "k%u=1;\n",
		    i);
	reading_of(&r, big);
	assert_int_equal(r.problems.n, 1);	/* 8192 settings, then stop */
	reading_free(&r);
	n = 0;
	for (unsigned int i = 0; i < 1000; i++)
		n += (size_t)snprintf(big + n, CONFIG_FILE_MAX - n, "k%u=1;\n",
		    i);
	reading_of(&r, big);
	assert_int_equal(r.problems.n, CONFIG_PROBLEMS_MAX);
	assert_int_equal(r.problems.n + r.problems.more, 1000);
	reading_free(&r);
	free(big);
}

/* Every key with its default, as the file says. */
static void
test_example(void **state)
{
	size_t len;
	char *text = file_text(getenv("MICELIO_EXAMPLE"), &len), *at;
	struct reading r;
	struct conf c;

	(void)state;
	assert_non_null(text);
	conf_init(&c);
	reading_of_bytes(&r, text, len);
	if (!r.ok)
		fail_msg("%s", r.problems.v[0].text);
	expect_equal(&r.conf, &c);
	for (const struct conf_setting *s = conf_settings; s->key != 0; s++) {
		if (s->name == NULL)
			continue;
		if (s->key == CONF_NODE_NAME || s->key == CONF_NODE_DATA_DIR)
			assert_int_equal((r.given >> s->key) & 1, 0);
		else
			assert_int_equal((r.given >> s->key) & 1, 1);
		/* The two that depend on the machine are there as comments. */
		at = strstr(text, strchr(s->name, '.') + 1);
		assert_non_null(at);
	}
	assert_non_null(strstr(text, "# name = "));
	assert_non_null(strstr(text, "# data_dir = "));
	reading_free(&r);
	conf_free(&c);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_settings),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_home),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_example),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
