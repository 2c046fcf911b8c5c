/* SPDX-License-Identifier: MIT */
/*
 * The unit files against what the programs need: the limits follow from the
 * ranges of the configuration and the bounds in the code.  And the journal's
 * catalogue against the table of events.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf.h"
#include "log.h"
#include "proc.h"

#include "micelio-transportd/transportd.h"

#define MIB	(1024u * 1024)

/*
 * Tasks of a node: the parent and four daemons; stated's worker thread; and
 * for a moment a reader of the configuration, a helper that kills, and
 * micelio -n or micelioctl of the unit's own commands.
 */
#define TASKS_STANDING	5u
#define TASKS_THREADS	1u
#define TASKS_PASSING	8u
/* The parent admits so many that are ending on top of ssh.max_sessions. */
#define SESSIONS_ENDING	64u

/* Memory: what a session may want when busy, and all daemons together. */
#define SESSION_MIB	8u
#define DAEMONS_MIB	512u

static char text[65536];

static const char *
load(const char *env)
{
	const char *path = getenv(env);
	FILE *f = fopen(path == NULL ? "" : path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	assert_true(n > 0 && n < sizeof(text) - 1);
	return text;
}

/* Of "Key=value", once in the file; with K, M or G as systemd has them. */
static uint64_t
value(const char *key)
{
	static const char units[] = "KMG";
	char line[64];
	const char *at, *unit;
	char *end;
	uint64_t v;

	snprintf(line, sizeof(line), "\n%s=", key);
	at = strstr(text, line);
	assert_non_null(at);
	assert_null(strstr(at + 1, line));
	v = strtoull(at + strlen(line), &end, 10);
	if ((unit = memchr(units, *end, sizeof(units) - 1)) != NULL) {
		end++;
		v <<= 10 * (unit - units + 1);
	}
	assert_int_equal(*end, '\n');
	return v;
}

static uint64_t
largest(enum conf_key key)
{
	return conf_setting_by_key(key)->max;
}

static uint64_t
up(uint64_t v, uint64_t step)
{
	return (v + step - 1) / step * step;
}

static void
limits(const char *env)
{
	struct conf most, usual;
	uint64_t files;

	load(env);
	conf_init(&usual);
	conf_init(&most);
	most.ssh_max_sessions = (uint32_t)largest(CONF_SSH_MAX_SESSIONS);
	most.network_max_unfinished = (uint32_t)largest(
	    CONF_NETWORK_MAX_UNFINISHED);
	most.network_max_peers = 0;	/* as many as fit */
	/* These may grow by a reload, the unit's limits may not. */
	assert_int_equal(value("TasksMax"), up(TASKS_STANDING + TASKS_THREADS +
	    TASKS_PASSING + most.ssh_max_sessions + SESSIONS_ENDING, 100));
	files = transport_files(&most);
	assert_true(files > 16384);
	assert_int_equal(value("LimitNOFILE"), up(files, 2048));
	/* Memory as the configuration has it by default. */
	assert_int_equal(value("MemoryMax"), (uint64_t)POOL_LIVE_MAX +
	    (DAEMONS_MIB + SESSION_MIB * (uint64_t)usual.ssh_max_sessions) *
	    MIB);
	conf_free(&usual);
	conf_free(&most);
}

static void
test_limits(void **state)
{
	(void)state;
	limits("MICELIO_UNIT");
	limits("MICELIO_UNIT_INSTANCE");
}

static void
test_templates(void **state)
{
	(void)state;
	/* Made from one template: nothing of it is left. */
	assert_null(strstr(load("MICELIO_UNIT"), "micelio@"));
	assert_null(strstr(text, "%i"));
	assert_non_null(strstr(text, "\nExecStart=/"));
	load("MICELIO_UNIT_INSTANCE");
	assert_non_null(strstr(text, "/micelio/%i.conf --data-dir /"));
	assert_non_null(strstr(text, "/run/micelio-%i/control.sock reload\n"));
	assert_non_null(strstr(text, "\nRuntimeDirectory=micelio-%i\n"));
}

static void
test_catalogue(void **state)
{
	char id[LOG_ID_MAX], want[256], name[64];
	size_t entries = 0;

	(void)state;
	load("MICELIO_CATALOG");
	for (int ev = 1; ev < EV_MAX; ev++) {
		const struct event_info *e = &event_infos[ev];

		if (ev == EV_DEBUG)
			continue;
		for (size_t i = 0; i <= strlen(e->name); i++)
			name[i] = e->name[i] >= 'A' && e->name[i] <= 'Z' ?
			    (char)(e->name[i] + 'a' - 'A') : e->name[i];
		snprintf(want, sizeof(want), "\n-- %s\nSubject: %s\n",
		    log_message_id(ev, id), e->meaning);
		if (strstr(text, want) == NULL)
			fail_msg("not in the catalogue: %s", want);
		snprintf(want, sizeof(want), "\nEvent %s, level %s.\n", name,
		    log_level_name(e->level));
		assert_non_null(strstr(strstr(text, id), want));
		entries++;
	}
	for (const char *p = text; (p = strstr(p, "\n-- ")) != NULL; p++)
		entries--;
	assert_int_equal(entries, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_templates),
		cmocka_unit_test(test_catalogue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
