/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "common/cursor.h"
#include "proto/arena.h"
#include "proto/talk.h"

static struct arena	arena;
static struct wbuf	out;

static int
setup(void **state)
{
	(void)state;
	arena_init(&arena, MESSAGE_ARENA);
	wbuf_init(&out, 70000);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	wbuf_free(&out);
	return 0;
}

static struct slice
text(const char *s)
{
	return (struct slice){ (const uint8_t *)s, strlen(s) };
}

static void
test_room(void **state)
{
	static const uint8_t key[32] = { 1 };
	struct room_msg m = { .kind = ROOM_MSG_TOPIC, .timestamp = 5,
	    .speaker = { key, 32 } }, r;

	(void)state;
	m.room = text("#dev");
	m.nick = text("alice");
	m.text = text("what we do");
	room_msg_write(&out, &m);
	assert_true(room_msg_read(&r, &arena, out.p, out.len));
	assert_true(r.kind == ROOM_MSG_TOPIC && r.timestamp == 5);
	assert_true(r.room.n == 4 && memcmp(r.room.p, "#dev", 4) == 0);
	assert_true(r.speaker.n == 32 && r.text.n == 10);
	for (size_t n = 0; n < out.len; n++)	/* cut: no, or without it */
		(void)room_msg_read(&r, &arena, out.p, n);
	/* Of a room there is a name; of the mesh there is none. */
	m.kind = ROOM_MSG_WHO;
	wbuf_reset(&out);
	room_msg_write(&out, &m);
	assert_false(room_msg_read(&r, &arena, out.p, out.len));
	m.room.n = 0;
	wbuf_reset(&out);
	room_msg_write(&out, &m);
	assert_true(room_msg_read(&r, &arena, out.p, out.len));
	m.kind = ROOM_MSG_MAX;
	wbuf_reset(&out);
	room_msg_write(&out, &m);
	assert_false(room_msg_read(&r, &arena, out.p, out.len));
}

static void
test_names(void **state)
{
	static const char *const bad[] = { "", "#", "dev", "#Dev", "#d v",
	    "#\xc3\xa4", "#0123456789012345678901234567890123456789" };

	(void)state;
	assert_true(room_name_valid("#d", 2));
	assert_true(room_name_valid("#dev-ops_2", 10));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(room_name_valid(bad[i], strlen(bad[i])));
}

static void
test_sealed(void **state)
{
	static const uint8_t id[32] = { 1 }, eph[32] = { 2 }, box[40] = { 3 };
	struct sealed_msg s = { { id, 32 }, { eph, 32 }, { box, 40 } }, r;

	(void)state;
	sealed_write(&out, &s);
	assert_true(sealed_read(&r, &arena, out.p, out.len));
	assert_true(r.box.n == 40 && memcmp(r.ephemeral.p, eph, 32) == 0);
	for (size_t n = 0; n < out.len; n++)
		assert_false(sealed_read(&r, &arena, out.p, n));
	s.to.n = 31;
	wbuf_reset(&out);
	sealed_write(&out, &s);
	assert_false(sealed_read(&r, &arena, out.p, out.len));
	s.to.n = 32;
	s.box.n = SEALED_MAC - 1;
	wbuf_reset(&out);
	sealed_write(&out, &s);
	assert_false(sealed_read(&r, &arena, out.p, out.len));
}

static void
test_private(void **state)
{
	struct private_msg x = { .kind = PRIVATE_RECEIPT,
	    .outcome = PRIVATE_KEPT, .ref = 77 }, r;

	(void)state;
	x.nick = text("a");
	private_write(&out, &x);
	assert_true(private_read(&r, &arena, out.p, out.len));
	assert_true(r.kind == PRIVATE_RECEIPT && r.outcome == PRIVATE_KEPT &&
	    r.ref == 77 && r.nick.n == 1 && r.text.n == 0);
	x.outcome = PRIVATE_OUTCOMES;
	wbuf_reset(&out);
	private_write(&out, &x);
	assert_false(private_read(&r, &arena, out.p, out.len));
	x.outcome = 0;
	x.nick = text("\xff");
	wbuf_reset(&out);
	private_write(&out, &x);
	assert_false(private_read(&r, &arena, out.p, out.len));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_room, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sealed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_private, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
