/* SPDX-License-Identifier: MIT */
/*
 * config.c and config_flags.c, with real children: this program is its own
 * config child, honest or, when the name of the file begins with "liar", one
 * that says what it must not.
 */
#include "help.h"

#include <sys/stat.h>

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "imsg.h"
#include "mtime.h"
#include "proc.h"

static char dir[] = "config-load-XXXXXX";

struct loading {
	struct config_source	src;
	struct config_problems	problems;
	struct conf		conf;
	int			rc;
};

static void
load(struct loading *l)
{
	l->rc = config_load(&l->src, &l->conf, &l->problems);
	assert_int_equal(l->rc, l->problems.n == 0 ? 0 : -1);
}

static void
unload(struct loading *l)
{
	config_problems_free(&l->problems);
	conf_free(&l->conf);
}

static void
put(const char *name, const void *text, size_t len)
{
	FILE *f = fopen(name, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void
expect_line(struct loading *l, const char *line)
{
	load(l);
	assert_int_equal(l->rc, -1);
	assert_int_equal(l->problems.n, 1);
	assert_string_equal(l->problems.line[0], line);
	unload(l);
}

static void
test_good(void **state)
{
	struct loading l = { .src = { .path = "a.conf", .must_exist = true,
	    .home = "/home/ann" } };
	static const char text[] = "network = { max_peers = 7;\n"
	    "bootstrap = (\"a:1\", \"b:2\"); };\nssh = { listen = \"\"; };";

	(void)state;
	put("a.conf", text, strlen(text));
	load(&l);
	assert_int_equal(l.rc, 0);
	assert_int_equal(l.conf.network_max_peers, 7);
	assert_int_equal(l.conf.network_bootstrap.n, 2);
	assert_int_equal(l.conf.ssh_listen.n, 0);
	assert_string_equal(l.conf.data_dir, "/home/ann/.micelio");
	unload(&l);
}

/* Parity: LoadNoFile, LoadNonexistentFile. */
static void
test_missing(void **state)
{
	struct loading l = { .src = { .path = "none.conf",
	    .default_data_dir = "/var/lib/micelio" } };
	struct conf c;

	(void)state;
	load(&l);
	assert_int_equal(l.rc, 0);
	conf_init(&c);
	snprintf(c.data_dir, sizeof(c.data_dir), "/var/lib/micelio");
	for (const struct conf_setting *s = conf_settings; s->key != 0; s++)
		if (s->name != NULL)
			assert_false(conf_differs(&c, &l.conf, s));
	conf_free(&c);
	unload(&l);
	l.src.path = NULL;
	load(&l);
	assert_int_equal(l.rc, 0);
	unload(&l);
	l.src.path = "none.conf";
	l.src.must_exist = true;
	expect_line(&l, "none.conf: does not exist, want a configuration "
	    "file; make it, or leave out -c");
	l.src.path = ".";
	expect_line(&l, ".: is a directory, want a configuration file; give "
	    "the name of a file");
}

static void
test_fifo(void **state)
{
	struct loading l = { .src = { .path = "fifo", .home = "/" } };
	static const char text[] = "node = { name = \"f\"; };";
	uint64_t before = mono_ms();
	char path[32];
	int fds[2];

	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	/* Without a writer it is empty, not a wait for ever. */
	load(&l);
	assert_int_equal(l.rc, 0);
	unload(&l);
	assert_true(mono_ms() - before < CONFIG_DEADLINE_MS);
	unlink("fifo");
	/* "-c <(command)" of a shell. */
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], text, strlen(text)), strlen(text));
	close(fds[1]);
	snprintf(path, sizeof(path), "/dev/fd/%d", fds[0]);
	l.src.path = path;
	load(&l);
	assert_int_equal(l.rc, 0);
	assert_string_equal(l.conf.node_name, "f");
	unload(&l);
	close(fds[0]);
}

static void
test_problems(void **state)
{
	struct loading l = { .src = { .path = "b.conf", .home = "/" } };
	struct config_source none = { 0 };
	char text[200], *big = malloc(300 * 1024);
	size_t n = 0;

	(void)state;
	put("b.conf", "node = {\n name = \"\x1b]0;x\x07\"; };", 28);
	expect_line(&l, "b.conf:2: node.name: got \"\\x1b]0;x\\x07\": has a "
	    "control character, want 1..64 bytes of text in quotes, for "
	    "example \"attic\"; choose another name");
	for (unsigned int i = 0; i < 1000; i++)
		n += (size_t)snprintf(big + n, 300 * 1024 - n, "k%u=1;\n", i);
	put("b.conf", big, n);
	load(&l);
	assert_int_equal(l.problems.n, CONFIG_PROBLEMS_MAX);
	assert_int_equal(l.problems.more, 1000 - CONFIG_PROBLEMS_MAX);
	assert_string_equal(config_summary(text, sizeof(text), &l.src,
	    &l.problems, "nothing changed"),
	    "micelio: 1000 errors in b.conf, nothing changed");
	l.problems.more = 0;
	for (; l.problems.n > 1; free(l.problems.line[l.problems.n]))
		l.problems.n--;
	assert_string_equal(config_summary(text, sizeof(text), &none,
	    &l.problems, NULL), "micelio: 1 error in the settings given");
	unload(&l);
	memset(big, ' ', 300 * 1024);
	put("b.conf", big, 300 * 1024);
	expect_line(&l, "b.conf: larger than 256 KiB, want a configuration "
	    "file; is this the right file?");
	free(big);
}

/* Flags win over the file; the environment only where neither speaks. */
static void
test_flags(void **state)
{
	struct loading l = { .src = { .path = "c.conf", .home = "/h",
	    .flag_name = "cellar", .flag_data_dir = "/d",
	    .flag_ssh_listen = "127.0.0.1:1, [::1]:2",
	    .flag_log_level = "error", .env_log_level = "debug" } };
	static const char text[] = "node = { name = \"attic\"; "
	    "data_dir = \"/f\"; };\nlogging = { level = \"warn\"; };\n";
	char cwd[PATH_MAX], want[PATH_MAX + 8];

	(void)state;
	put("c.conf", text, strlen(text));
	load(&l);
	assert_int_equal(l.rc, 0);
	assert_string_equal(l.conf.node_name, "cellar");
	assert_string_equal(l.conf.data_dir, "/d");
	assert_int_equal(l.conf.ssh_listen.n, 2);
	assert_string_equal(l.conf.ssh_listen.v[1], "[::1]:2");
	assert_int_equal(l.conf.logging_level, LOG_LVL_ERROR);
	unload(&l);
	l.src.flag_log_level = l.src.flag_name = l.src.flag_data_dir = "";
	l.src.flag_ssh_listen = "";
	load(&l);
	assert_string_equal(l.conf.node_name, "attic");
	assert_string_equal(l.conf.data_dir, "/f");
	assert_int_equal(l.conf.logging_level, LOG_LVL_WARN);
	unload(&l);
	l.src.path = NULL;
	l.src.flag_data_dir = "rel";
	load(&l);
	assert_int_equal(l.conf.logging_level, LOG_LVL_DEBUG);
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	snprintf(want, sizeof(want), "%s/rel", cwd);
	assert_string_equal(l.conf.data_dir, want);
	unload(&l);
	l.src.flag_data_dir = "~/x";
	load(&l);
	assert_string_equal(l.conf.data_dir, "/h/x");
	unload(&l);
}

static void
test_bad_flags(void **state)
{
	struct loading l = { .src = { .home = "/h", .flag_name = "a\nb" } };
	char text[128];

	(void)state;
	expect_line(&l, "micelio: --name: got \"a b\": has a control "
	    "character, want 1..64 bytes of text without control characters "
	    "or spaces at its ends");
	l.src.flag_name = NULL;
	l.src.flag_ssh_listen = "127.0.0.1:1,localhost";
	expect_line(&l, "micelio: --ssh-listen: got \"localhost\": missing "
	    "port in address, want host:port, for example 127.0.0.1:2222");
	l.src.flag_ssh_listen = NULL;
	l.src.flag_log_level = "info x";
	expect_line(&l, "micelio: --log-level: got \"info x\", want debug, "
	    "info, warn or error; choose one of them");
	l.src.flag_log_level = NULL;
	l.src.env_log_level = "loud";
	expect_line(&l, "micelio: MICELIO_LOG_LEVEL: got \"loud\", want "
	    "debug, info, warn or error; choose one of them");
	l.src.env_log_level = " Warning ";
	load(&l);
	assert_int_equal(l.conf.logging_level, LOG_LVL_WARN);
	unload(&l);
	l.src.home = NULL;
	load(&l);
	l.src.path = "a.conf";
	assert_string_equal(config_summary(text, sizeof(text), &l.src,
	    &l.problems, NULL),
	    "micelio: 1 error in the flags and the environment");
	unload(&l);
	l.src.path = NULL;
	expect_line(&l, "micelio: data directory: got \"~/.micelio\": \"~\" "
	    "means nothing here, as HOME is not set, want a path; give it "
	    "with --data-dir or node.data_dir");
}

static void
test_changes(void **state)
{
	char changed[128], restart[128];
	struct conf a, b;

	(void)state;
	conf_init(&a);
	conf_copy(&b, &a);
	config_changes(&a, &b, changed, sizeof(changed), restart,
	    sizeof(restart));
	assert_string_equal(changed, "");
	assert_string_equal(restart, "");
	b.network_max_peers++;
	b.logging_level = LOG_LVL_DEBUG;
	strlist_add(&b.network_listen, "127.0.0.1:1");
	strlist_add(&b.hosts, "a 127.0.0.1");
	config_changes(&a, &b, changed, sizeof(changed), restart,
	    sizeof(restart));
	assert_string_equal(changed, "network.max_peers, logging.level");
	assert_string_equal(restart, "network.listen");
	conf_free(&a);
	conf_free(&b);
}

/*
 * The child is the one that reads foreign text, so it is not believed: each
 * of these must end as a failure, soon, and leave no process behind.
 */
static const struct {
	const char	*name, *why;
} liars[] = {
	{ "liar-exit", "ended before it was done" },
	{ "liar-crash", "was ended by signal 6 (Aborted)" },
	{ "liar-range", "failed: " },
	{ "liar-key", "failed: " },
	{ "liar-flood", "failed: " },
	{ "liar-errors", "failed: " },
	{ "liar-long", "failed: " },
	{ "liar-count", "failed: " },
	{ "liar-type", "failed: " },
	{ "liar-rubbish", "failed: " },
	{ "liar-after", NULL },	/* what follows the end is not heard */
	{ "liar-stays", NULL },	/* done, but does not leave */
};

static void
test_liars(void **state)
{
	struct loading l = { .src = { .home = "/h" } };
	char want[128];

	(void)state;
	for (size_t i = 0; i < sizeof(liars) / sizeof(liars[0]); i++) {
		uint64_t before = mono_ms();

		l.src.path = liars[i].name;
		load(&l);
		if (liars[i].why == NULL) {
			assert_int_equal(l.rc, 0);
			assert_int_equal(l.conf.network_max_peers, 15);
		} else {
			assert_int_equal(l.rc, -1);
			snprintf(want, sizeof(want), "%s: the process that "
			    "reads it %s", liars[i].name, liars[i].why);
			if (strstr(l.problems.line[l.problems.n - 1], want) ==
			    NULL)
				fail_msg("%s: %s", liars[i].name,
				    l.problems.line[l.problems.n - 1]);
		}
		assert_true(mono_ms() - before < CONFIG_DEADLINE_MS / 2);
		unload(&l);
	}
}

static void
say_num(struct imsgchan *c, uint16_t key, uint64_t v)
{
	struct wbuf b;

	wbuf_init(&b, 64);
	wbuf_u16(&b, key);
	wbuf_u64(&b, v);
	imsg_send_wbuf(c, IMSG_CONF_RECORD, 0, 0, &b);
	wbuf_free(&b);
}

static void
say_error(struct imsgchan *c, size_t n)
{
	char text[2047];
	struct wbuf b;

	memset(text, 'e', sizeof(text));
	wbuf_init(&b, 2048);
	wbuf_strn(&b, text, n);
	imsg_send_wbuf(c, IMSG_CONF_ERROR, 0, 0, &b);
	wbuf_free(&b);
}

static void
say_done(struct imsgchan *c, uint32_t n)
{
	imsg_send(c, IMSG_CONF_COMMIT, 0, 0, &n, sizeof(n));
}

static void
no_message(struct imsgchan *c, struct imsg *m, void *arg)
{
	(void)c;
	(void)m;
	(void)arg;
}

static void
no_close(struct imsgchan *c, enum imsgchan_end end, const char *text,
    void *arg)
{
	(void)c;
	(void)end;
	(void)text;
	(void)arg;
}

/* What the lying child does, by name. */
static int
lie(const char *name)
{
	struct imsgchan *c = imsgchan_new(NULL, PROC_FILENO, PROC_CONFIG,
	    PROC_PARENT, no_message, no_close, NULL);
	struct imsg_hdr h = { .type = IMSG_CONF_APPLY };

	if (strcmp(name, "liar-exit") == 0)
		say_num(c, CONF_NETWORK_MAX_PEERS, 9);
	else if (strcmp(name, "liar-crash") == 0)
		abort();
	else if (strcmp(name, "liar-range") == 0)
		say_num(c, CONF_NETWORK_MAX_PEERS, 1025);
	else if (strcmp(name, "liar-key") == 0)
		say_num(c, 77, 1);
	else if (strcmp(name, "liar-flood") == 0)
		for (int i = 0; i < 3000; i++)
			say_num(c, CONF_NETWORK_MAX_PEERS, 9);
	else if (strcmp(name, "liar-errors") == 0)
		for (int i = 0; i <= CONFIG_PROBLEMS_MAX; i++)
			say_error(c, 1);
	else if (strcmp(name, "liar-long") == 0)
		say_error(c, CONFIG_LINE_MAX + 1);
	else if (strcmp(name, "liar-count") == 0) {
		say_error(c, 1);
		say_done(c, 0);
	} else if (strcmp(name, "liar-type") == 0) {
		if (write(PROC_FILENO, &h, sizeof(h)) == -1)
			return 1;
	} else if (strcmp(name, "liar-rubbish") == 0) {
		if (write(PROC_FILENO, "\xff\xff\xff\xff\xff\xff\xff\xff"
		    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
		    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 32) == -1)
			return 1;
	} else {
		say_done(c, 0);
		(void)imsgchan_flush_wait(c, 1000);
		if (strcmp(name, "liar-stays") == 0)
			pause();
		say_num(c, CONF_NETWORK_MAX_PEERS, 9);
	}
	(void)imsgchan_flush_wait(c, 1000);
	return 0;
}

static int
setup(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL || chdir(dir) == -1;
}

static int
teardown(void **state)
{
	(void)state;
	unlink("a.conf");
	unlink("b.conf");
	unlink("c.conf");
	return chdir("..") == -1 || rmdir(dir) == -1;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_fifo),
		cmocka_unit_test(test_problems),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_bad_flags),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_liars),
	};

	if (argc > 3 && strncmp(argv[3], "liar", 4) == 0)
		return lie(argv[3]);
	if (argc > 2 && strcmp(argv[1], "-x") == 0)
		return config_child_main(argc, argv);
	return cmocka_run_group_tests(tests, setup, teardown);
}
