/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmdline.h"
#include "complete.h"
#include "nodeid.h"
#include "role.h"
#include "room.h"

static const struct command table[] = {
	{ "help", "", "", { "", "" }, ROLE_USER, DOOR_ANY },
	{ "say", "", "", { "", "" }, ROLE_USER, DOOR_ANY, .talk = true },
	{ "status", "", "", { "", "" }, ROLE_USER, DOOR_ANY,
	    .options = "--check " },
	{ "tail", "", "", { "", "" }, ROLE_USER, DOOR_EXEC },
	{ "unlink", "", "", { "", "" }, ROLE_OP, DOOR_ANY, .node = true },
	{ .name = NULL }
};

static void
nothing(void *arg, const char *s, size_t n)
{
	(void)arg;
	(void)s;
	(void)n;
}

static const char ids[][NODEID_SHORT + 1] = { "56475aa75463",
	"5f0011223344", "a1b2c3d4e5f6" };
static const struct completion_nodes nodes = { ids, 3 };
static const struct room_ops ops = { .show = nothing };
static struct room room;
static struct member zoe, al, alice;

/* The candidates as one text: "start:a|b". */
static const char *
got(const char *line)
{
	static char out[512];
	struct completion c;
	size_t n;

	complete(table, &room, &nodes, line, strlen(line), strlen(line), &c);
	n = (size_t)snprintf(out, sizeof(out), "%u:", c.start);
	for (size_t i = 0; i < c.n; i++)
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%s",
		    i > 0 ? "|" : "", c.v[i]);
	completion_free(&c);
	return out;
}

static void
test_complete(void **state)
{
	(void)state;
	assert_string_equal(got("/s"), "0:/say |/status ");
	assert_string_equal(got("/"), "0:/help |/say |/status |/unlink ");
	assert_string_equal(got("/unlink 5"), "8:56475aa75463 |5f0011223344 ");
	assert_string_equal(got("/unlink A1"), "8:a1b2c3d4e5f6 ");
	assert_string_equal(got("/unlink 7"), "8:");
	assert_string_equal(got("/t"), "0:");
	assert_string_equal(got("a"), "0:al: |alice: ");
	assert_string_equal(got("AL"), "0:al: |alice: ");
	assert_string_equal(got("hi z"), "3:zoe ");
	assert_string_equal(got("/say hi z"), "8:zoe ");
	assert_string_equal(got("/help s"), "6:say |status ");
	assert_string_equal(got("/status --c"), "8:--check ");
	assert_string_equal(got("/status --"), "8:--check |--help |--json |"
	    "--plain ");
	assert_string_equal(got("/nosuch a"), "8:");
	assert_string_equal(got("//s"), "0:");
}

static void
test_cursor_outside(void **state)
{
	struct completion c;

	(void)state;
	complete(table, &room, &nodes, "a\0b", 3, 60000, &c);
	assert_int_equal(c.n, 0);
	completion_free(&c);
}

int
main(void)
{
	static const uint8_t key[32] = { 1 };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_complete),
		cmocka_unit_test(test_cursor_outside),
	};
	char note[256];

	room_init(&room, &ops, NULL);
	room_join(&room, &zoe, "zoe", key, 1, NULL, note, sizeof(note));
	room_join(&room, &alice, "alice", key, 1, NULL, note, sizeof(note));
	room_join(&room, &al, "al", key, 1, NULL, note, sizeof(note));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
