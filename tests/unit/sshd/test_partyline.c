/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cursor.h"
#include "doc.h"
#include "imsg.h"
#include "json.h"
#include "nodeid.h"
#include "people.h"
#include "room.h"
#include "settings.h"
#include "text.h"
#include "who.h"

#define NOW	1700000000000u		/* 2023-11-14 22:13:20 UTC */
#define T	"[22:13] "

struct seat {
	struct member	 m;
	char		*seen;
	size_t		 len;
};

static struct room room;
static struct seat alice, bob, eve, watcher;
static const uint8_t key_a[32] = { 0xaa, 0x5c }, key_b[32] = { 0xbb, 0x1e };
static char sent[256], note[512];
static size_t sent_len;
static unsigned int nsent, nunsent;
static size_t seen_total, shown_before;
static bool full;

static void
show(void *arg, const char *s, size_t n)
{
	struct seat *seat = arg;

	seen_total += n;
	seat->seen = realloc(seat->seen, seat->len + n + 1);
	memcpy(seat->seen + seat->len, s, n);
	seat->len += n;
	seat->seen[seat->len] = '\0';
}

static bool
carry(void *arg, void *from, const char *nick, const char *text, size_t n)
{
	assert_ptr_equal(arg, &room);
	assert_non_null(from);
	shown_before = seen_total;
	if (full)
		return false;
	nsent++;
	sent_len = n;
	snprintf(sent, sizeof(sent), "%s: %.*s", nick, (int)n, text);
	return true;
}

static void
unsent(void *arg, void *from)
{
	assert_ptr_equal(arg, &room);
	assert_non_null(from);
	assert_true(seen_total > shown_before);
	nunsent++;
}

static const struct room_ops ops = { .show = show, .send = carry,
	.unsent = unsent };
static const struct speaker nobody;

static void
forget(struct seat *s)
{
	free(s->seen);
	s->seen = NULL;
	s->len = 0;
}

static const char *
seen(struct seat *s)
{
	return s->seen == NULL ? "" : s->seen;
}

static void
join(struct seat *s, const char *nick, const uint8_t *key)
{
	room_join(&room, &s->m, nick, key, NOW, s, note, sizeof(note));
}

static int
setup(void **state)
{
	(void)state;
	room_init(&room, &ops, &room);
	nsent = 0;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	forget(&alice);
	forget(&bob);
	forget(&eve);
	forget(&watcher);
	return 0;
}

/* 9.6 JoinLeave: others see the notices. */
static void
test_join_leave(void **state)
{
	(void)state;
	join(&alice, "alice", key_a);
	assert_string_equal(note, "");
	join(&bob, "bob", key_b);
	assert_string_equal(seen(&alice), T "* bob joined\n");
	assert_string_equal(seen(&bob), "");
	room_leave(&room, &bob.m, "quit", NOW);
	assert_string_equal(seen(&alice), T "* bob joined\n"
	    T "* bob left (quit)\n");
	assert_int_equal(room.people, 1);
}

/* In a crowd who comes and goes is shown only of those who spoke lately. */
static void
test_crowd(void **state)
{
	static struct person usual;
	struct seat many[JOINS_CROWD + 2] = { 0 };
	uint8_t key[32] = { 0 };
	char nick[16];

	(void)state;
	settings_default(&usual.set);
	join(&alice, "alice", key_a);
	alice.m.self = &usual;
	for (unsigned int i = 0; i < JOINS_CROWD + 2; i++) {
		snprintf(nick, sizeof(nick), "q%u", i);
		key[0] = (uint8_t)i;
		join(&many[i], nick, key);
	}
	assert_non_null(strstr(seen(&alice), "* q5 joined\n"));
	forget(&alice);
	join(&bob, "bob", key_b);
	room_leave(&room, &many[0].m, "quit", NOW);
	assert_string_equal(seen(&alice), "");
	assert_int_equal(room_say(&room, &bob, "bob", &nobody, "hi", 2, NOW),
	    SAY_OK);
	room_leave(&room, &bob.m, "quit", NOW);
	assert_string_equal(seen(&alice), T "<bob> hi\n"
	    T "* bob left (quit)\n");
	/* Somebody who spoke comes back, and goes again. */
	forget(&alice);
	join(&many[0], "q0", (const uint8_t[32]){ 99 });
	join(&bob, "bob", key_b);
	room_leave(&room, &bob.m, "quit", NOW);
	assert_string_equal(seen(&alice), T "* bob joined\n"
	    T "* bob left (quit)\n");
	/* Lately is not long ago. */
	forget(&alice);
	room_join(&room, &bob.m, "bob", key_b, NOW + JOINS_LATELY_MS, &bob,
	    note, sizeof(note));
	assert_string_equal(seen(&alice), "");
	usual.set.joins = JOINS_ALL;
	room_leave(&room, &bob.m, "quit", NOW + JOINS_LATELY_MS);
	assert_non_null(strstr(seen(&alice), "* bob left (quit)\n"));
	for (unsigned int i = 0; i < JOINS_CROWD + 2; i++)
		forget(&many[i]);
}

/*
 * 9.6 Broadcast, superseded: the speaker too sees that it was said; our test
 * asserts ours.  9.6 RemoteSend: handed to the network, once.
 */
static void
test_say(void **state)
{
	(void)state;
	join(&alice, "alice", key_a);
	join(&bob, "bob", key_b);
	forget(&alice);
	assert_int_equal(room_say(&room, &alice, alice.m.nick, &nobody, "  hi  \r\n",
	    8, NOW), SAY_OK);
	assert_string_equal(seen(&alice), T "<alice> hi\n");
	assert_string_equal(seen(&bob), T "<alice> hi\n");
	assert_int_equal(nsent, 1);
	assert_string_equal(sent, "alice: hi");
	assert_int_equal(alice.m.spoke_ms, NOW);
	room.utc_offset_s = 3600 + 46 * 60 + 40;
	assert_int_equal(room_say(&room, &alice, "alice", &nobody, "x", 1, NOW),
	    SAY_OK);
	assert_string_equal(seen(&bob), T "<alice> hi\n[00:00] <alice> x\n");
}

static bool
is_told(const void *arg)
{
	return arg == &alice;
}

/* One line for each: who was told otherwise, the others, and who watches. */
static void
test_kicked(void **state)
{
	static const uint8_t key_e[32] = { 0xee };

	(void)state;
	join(&alice, "alice", key_a);
	join(&bob, "bob", key_b);
	join(&eve, "eve", key_e);
	room_watch(&room, &watcher.m, false, false, &watcher);
	forget(&alice);
	forget(&bob);
	room_note_kick(&room, "eve was kicked", NOW, is_told);
	room_leave(&room, &eve.m, ROOM_KICKED, NOW);
	assert_string_equal(seen(&alice), "");
	assert_string_equal(seen(&bob), T "-- eve was kicked\n");
	assert_non_null(strstr(seen(&watcher), "eve left"));
}

/* The network first; what it does not take is shown here all the same. */
static void
test_say_unsent(void **state)
{
	size_t before;

	(void)state;
	join(&alice, "alice", key_a);
	before = seen_total;
	full = true;
	assert_int_equal(room_say(&room, &alice, "alice", &nobody, "hi", 2,
	    NOW), SAY_OK);
	full = false;
	assert_int_equal(shown_before, before);
	assert_int_equal(nunsent, 1);
	assert_string_equal(seen(&alice), T "<alice> hi\n");
}

static void
test_say_refused(void **state)
{
	char *big = malloc(CHAT_TEXT_MAX + 2), why[256];

	(void)state;
	join(&alice, "alice", key_a);
	memset(big, 'x', CHAT_TEXT_MAX + 2);
	assert_int_equal(room_say(&room, &alice, "alice", &nobody, " \t ", 3, NOW),
	    SAY_EMPTY);
	assert_int_equal(room_say(&room, &alice, "alice", &nobody, big,
	    CHAT_TEXT_MAX + 1, NOW), SAY_TOO_LONG);
	assert_int_equal(room_say(&room, &alice, "alice", &nobody, "a\xff", 2, NOW),
	    SAY_NOT_TEXT);
	assert_int_equal(nsent, 0);
	assert_string_equal(seen(&alice), "");
	say_status_text(SAY_TOO_LONG, CHAT_TEXT_MAX + 1, why, sizeof(why));
	assert_non_null(strstr(why, "60001 bytes, the limit is 60000"));
	assert_int_equal(room_say(&room, &alice, "alice", &nobody, big, CHAT_TEXT_MAX,
	    NOW), SAY_OK);
	assert_int_equal(sent_len, CHAT_TEXT_MAX);
	free(big);
}

/* 9.6 DeliverRemote, with the node shown; and it is not sent on. */
static void
test_remote(void **state)
{
	struct nodeid id;

	(void)state;
	assert_true(nodeid_parse(&id, "56475aa75463474c0285df5dbf2bcab73da651"
	    "358839e9b77481b2eab107708c", 64));
	join(&alice, "alice", key_a);
	room_remote(&room, &id, NOW / 1000, "bob", 3, &nobody, "hello", 5, NOW);
	assert_string_equal(seen(&alice), T "<bob@56475aa75463> hello\n");
	assert_int_equal(nsent, 0);
	forget(&alice);
	/* Forged lines stay inside their message; late ones are marked. */
	room_remote(&room, &id, NOW / 1000 - 3600, "b\nob", 4, &nobody,
	    "x\n[22:13] <root> y\x1b[2J\xe2\x80\xae", 25, NOW);
	assert_string_equal(seen(&alice), T "<b?ob@56475aa75463> (sent 21:13)"
	    " x\n        | [22:13] <root> y\\x1b[2J<U+202E>\n");
}

/* A tower of marks on one letter is cut, what people write is not. */
static void
test_marks(void **state)
{
	static const char hebrew[] = "\xd7\xa9\xd6\xbc\xd7\x81\xd6\xb8"
	    "\xd6\x91x";
	char tower[1 + 2 * 500 + 2] = "a", want[256];
	struct nodeid id;

	(void)state;
	memset(&id, 0x11, sizeof(id));
	for (size_t i = 1; i < sizeof(tower) - 2; i += 2)
		memcpy(tower + i, "\xcc\x81", 2);
	memcpy(tower + sizeof(tower) - 2, "b", 2);
	join(&alice, "alice", key_a);
	room_remote(&room, &id, NOW / 1000, "bob", 3, &nobody, tower, strlen(tower),
	    NOW);
	assert_string_equal(seen(&alice), T "<bob@111111111111> a\xcc\x81"
	    "\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81" "b\n");
	forget(&alice);
	room_remote(&room, &id, NOW / 1000, "bob", 3, &nobody, hebrew, strlen(hebrew),
	    NOW);
	snprintf(want, sizeof(want), T "<bob@111111111111> %s\n", hebrew);
	assert_string_equal(seen(&alice), want);
	forget(&alice);
}

static void
test_fold(void **state)
{
	char text[1024], *p = text;
	const char *s;
	unsigned int lines = 0;

	(void)state;
	for (int i = 1; i <= 100; i++)
		p += sprintf(p, "l%d%s", i, i < 100 ? "\r\n" : "");
	join(&alice, "alice", key_a);
	room_watch(&room, &watcher.m, false, false, &watcher);
	assert_int_equal(room_say(&room, &alice, "alice", &nobody, text,
	    strlen(text), NOW), SAY_OK);
	assert_int_equal(nsent, 1);
	assert_string_equal(seen(&alice), T "<alice> l1\n        | l2\n"
	    "        | l3\n        | +97 lines\n");
	for (s = seen(&watcher); (s = strchr(s, '\n')) != NULL; s++)
		lines++;
	assert_int_equal(lines, 100);	/* who tails sees all of it */
	forget(&alice);
	room_say(&room, &alice, "alice", &nobody, "1\n2\n3\n4", 7, NOW);
	assert_string_equal(seen(&alice), T "<alice> 1\n        | 2\n"
	    "        | 3\n        | 4\n");
}

/* 9.6 Who: all are listed; ours sorted. */
static void
test_who(void **state)
{
	struct member **v;
	struct wbuf w;
	struct doc d;

	(void)state;
	join(&bob, "bob", key_b);
	join(&alice, "alice", key_a);
	room_watch(&room, &watcher.m, false, true, &watcher);
	assert_int_equal(room_sorted(&room, &v), 2);
	assert_string_equal(v[0]->nick, "alice");
	free(v);
	doc_init(&d);
	wbuf_init(&w, 65536);
	who_build(&room, "north", NOW + 5000, &d);
	who_text(&d, &w);
	wbuf_u8(&w, 0);
	assert_non_null(strstr((char *)w.p, "Online (2): alice, bob\n"));
	doc_free(&d);
	wbuf_free(&w);
}

/* 9.6 SetNick, with rules the reference lacks. */
static void
test_nick(void **state)
{
	char why[512];

	(void)state;
	join(&alice, "alice", key_a);
	join(&bob, "bob", key_b);
	forget(&alice);
	assert_true(room_nick(&room, &alice.m, "al", 2, NOW, why,
	    sizeof(why)));
	assert_string_equal(seen(&bob), T "* alice is now al\n");
	assert_string_equal(seen(&alice), T "* alice is now al\n");
	assert_false(room_nick(&room, &alice.m, "BOB", 3, NOW, why,
	    sizeof(why)));
	assert_non_null(strstr(why, "nick not changed: \"bob\" belongs to key "
	    "SHA256:"));
	assert_non_null(strstr(why, "you are al"));
	assert_false(room_nick(&room, &alice.m, "a b", 3, NOW, why,
	    sizeof(why)));
	assert_false(room_nick(&room, &alice.m, "al", 2, NOW, why,
	    sizeof(why)));
	assert_true(room_nick(&room, &alice.m, "AL", 2, NOW, why,
	    sizeof(why)));
	assert_string_equal(alice.m.nick, "AL");
}

static void
test_unique(void **state)
{
	struct seat third;
	char guest[CHAT_NICK_MAX + 1];
	static const uint8_t none[32];

	(void)state;
	memset(&third, 0, sizeof(third));
	join(&alice, "alice", key_a);
	join(&bob, "alice", key_a);
	assert_string_equal(bob.m.nick, "alice~2");
	assert_non_null(strstr(note, "already here as alice"));
	join(&eve, "Alice", key_b);
	assert_string_equal(eve.m.nick, "Alice~bb1e");
	assert_non_null(strstr(note, "belongs to key SHA256:"));
	join(&third, "alice", key_b);
	assert_string_equal(third.m.nick, "alice~bb1e~2");
	room_guest_nick(&room, "alice", key_a, guest);
	assert_string_equal(guest, "alice");
	room_guest_nick(&room, "alice", none, guest);
	assert_string_equal(guest, "alice~ctl");
	room_guest_nick(&room, "carol", none, guest);
	assert_string_equal(guest, "carol");
	room_guest_nick(&room, "a\x1b", none, guest);
	assert_string_equal(guest, "user-ctl");
	free(third.seen);
}

static void
test_bad_login_name(void **state)
{
	(void)state;
	join(&alice, "a b\x1b[2J", key_a);
	assert_string_equal(alice.m.nick, "user-aa5c");
	assert_null(strchr(note, '\x1b'));
	join(&bob, "0123456789012345678901234567890\xc3", key_b);
	assert_string_equal(bob.m.nick, "user-bb1e");
	join(&eve, "0123456789012345678901234567890", key_b);
	assert_int_equal(strlen(eve.m.nick), 31);
	memset(&watcher, 0, sizeof(watcher));
	/* No room for the suffix: cut, and never inside a character. */
	join(&watcher, "0123456789012345678901234567890", key_a);
	assert_string_equal(watcher.m.nick,
	    "012345678901234567890123456~aa5c");
}

/* 9.6 SystemMessage; and events are for those who tail as op. */
static void
test_notes(void **state)
{
	(void)state;
	join(&alice, "alice", key_a);
	room_watch(&room, &watcher.m, false, true, &watcher);
	room_watch(&room, &bob.m, false, false, &bob);
	room_note(&room, false, "linked", NOW);
	room_note(&room, true, "info x", NOW);
	assert_string_equal(seen(&alice), T "-- linked\n");
	assert_string_equal(seen(&watcher), T "-- info x\n");
	assert_string_equal(seen(&bob), T "-- linked\n");
	forget(&alice);
	room_leave(&room, &watcher.m, "gone", NOW);
	assert_string_equal(seen(&alice), "");	/* was never there */
}

static void
test_json_lines(void **state)
{
	const struct json *j;
	struct json *top;
	struct nodeid id;

	(void)state;
	memset(&id, 0xab, sizeof(id));
	room_watch(&room, &watcher.m, true, true, &watcher);
	room_remote(&room, &id, NOW / 1000, "b\"", 2, &nobody, "x\ny\x1b", 4, NOW);
	top = json_parse(watcher.seen, watcher.len);
	j = top;
	assert_int_equal(json_int(json_get(j, "v")), 1);
	assert_string_equal(json_str(json_get(j, "kind")), "chat");
	assert_string_equal(json_str(json_get(j, "nick")), "b\"");
	assert_string_equal(json_str(json_get(j, "node")), "abababababab");
	assert_string_equal(json_str(json_get(j, "text")), "x\ny\x1b");
	assert_string_equal(json_str(json_get(j, "time")),
	    "2023-11-14T22:13:20.000Z");
	json_free(top);
	forget(&watcher);
	join(&alice, "alice", key_a);
	top = json_parse(watcher.seen, watcher.len);
	assert_string_equal(json_str(json_get(top, "kind")), "join");
	json_free(top);
}

static void
test_results(void **state)
{
	char t[256];

	(void)state;
	chat_result_text(CHAT_SENT, 0, 1, t, sizeof(t));
	assert_string_equal(t, "");
	chat_result_text(CHAT_NO_PEERS, 0, 1, t, sizeof(t));
	assert_string_equal(t, "no peers: only people here saw it");
	chat_result_text(CHAT_NO_PEERS, 0, 0, t, sizeof(t));
	assert_non_null(strstr(t, "nobody saw it"));
	chat_result_text(CHAT_SLOWED, 20, 0, t, sizeof(t));
	assert_ptr_equal(strstr(t, "slowed: it goes out in a moment"), t);
	chat_result_text(CHAT_SLOWED, 1200, 0, t, sizeof(t));
	assert_ptr_equal(strstr(t, "slowed: it goes out in 1.2s"), t);
	chat_result_text(CHAT_REFUSED, 3000, 0, t, sizeof(t));
	assert_ptr_equal(strstr(t, "not sent"), t);
	for (unsigned int st = CHAT_BAD; st < 255; st++) {
		chat_result_text(st, 0, 0, t, sizeof(t));
		assert_ptr_equal(strstr(t, "not sent"), t);
	}
}

/* No byte of a stranger's is a control byte when it reaches a reader. */
static void
test_noise(void **state)
{
	char nick[40], text[200];
	unsigned int seed = 99;
	struct nodeid id;
	uint32_t cp;

	(void)state;
	memset(&id, 1, sizeof(id));
	join(&alice, "alice", key_a);
	room_watch(&room, &watcher.m, true, true, &watcher);
	for (int i = 0; i < 10000; i++) {
		for (size_t k = 0; k < sizeof(text); k++) {
			seed = seed * 1103515245 + 12345;
			text[k] = (char)(seed >> 16);
			if (k < sizeof(nick))
				nick[k] = (char)(seed >> 20);
		}
		forget(&alice);
		forget(&watcher);
		room_remote(&room, &id, seed, nick, seed % 40, &nobody, text,
		    seed % 200, NOW);
		nick[seed % 32] = '\0';
		join(&bob, nick, key_b);
		room_nick(&room, &bob.m, text, seed % 32, NOW, note,
		    sizeof(note));
		show(&alice, note, strlen(note));
		room_leave(&room, &bob.m, "x", NOW);
		room_note(&room, false, nick, NOW);
		for (size_t k = 0, n; k < alice.len; k += n) {
			n = utf8_decode(alice.seen + k, alice.len - k, &cp);
			assert_true(n > 0);
			assert_true(cp == '\n' || !text_unsafe_cp(cp));
		}
		for (size_t k = 0; k < watcher.len; k++)
			assert_true((uint8_t)watcher.seen[k] >= 0x20 ||
			    watcher.seen[k] == '\n');
	}
}

/*
 * vector group partyline_bytes: superseded by our own greeting and help (no
 * CR CR LF, who you are and who is here, more commands), our test asserts
 * ours; the prompt is equal, and what they have in help ours has.
 */
static void
test_vectors(void **state)
{
	struct json *v = json_vectors();
	const struct json *g = json_get(v, "partyline_bytes");
	const char *help = json_str(json_get(g, "help"));
	static const char *const verbs[] = { "who", "nick", "quit", "help" };
	static const char theirs[] = "Commands:\r\n"
	    "  /who           \xe2\x80\x94 list online users\r\n"
	    "  /nick <name>   \xe2\x80\x94 change your nickname\r\n"
	    "  /quit          \xe2\x80\x94 disconnect\r\n"
	    "  /help          \xe2\x80\x94 show this help\r\n";
	uint8_t banner[256];
	char prompt[64];
	size_t n = json_hex(json_get(g, "banner_hex"), banner,
	    sizeof(banner));

	(void)state;
	snprintf(prompt, sizeof(prompt), "[%s]> ", "tester");
	assert_string_equal(prompt, json_str(json_get(g, "prompt")));
	assert_true(n > 42);
	assert_memory_equal(banner, "Welcome to test-node partyline!\r\r\n",
	    34);
	assert_memory_equal(banner + 34, "Type /help for commands.\r\n\r\n",
	    28);
	assert_int_equal(n, 62);
	assert_string_equal(help, theirs);
	for (size_t i = 0; i < 4; i++) {
		char want[32];

		snprintf(want, sizeof(want), "  /%s", verbs[i]);
		assert_non_null(strstr(theirs, want));
	}
	json_free(v);
}

int
main(void)
{
#define T_(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T_(test_join_leave), T_(test_crowd), T_(test_say),
		T_(test_kicked), T_(test_say_unsent), T_(test_say_refused),
		T_(test_remote), T_(test_marks), T_(test_fold), T_(test_who),
		T_(test_nick),
		T_(test_unique), T_(test_bad_login_name), T_(test_notes),
		T_(test_json_lines), T_(test_results), T_(test_noise),
		T_(test_vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
