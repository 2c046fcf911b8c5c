/* SPDX-License-Identifier: MIT */
/* people.c, settings.c, record.c, since.c, contact.c, notes.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "contact.h"
#include "cursor.h"
#include "imsg.h"
#include "nodeid.h"
#include "notes.h"
#include "people.h"
#include "presence.h"
#include "record.h"
#include "room.h"
#include "settings.h"
#include "since.h"
#include "text.h"

#define NOW	UINT64_C(1700000000000)		/* 22:13:20 UTC */

static const uint8_t key_a[32] = { [31] = 0xaa }, key_b[32] = { [31] = 0xbb };

static void
test_settings(void **state)
{
	static const struct { const char *name, *value, *then; } good[] = {
		{ "time", "off", "off" }, { "bell", "mention", "mention" },
		{ "joins", "all", "all" }, { "width", "80", "80" },
		{ "width", "0", "0" }, { "tz", "+05:30", "+05:30" },
		{ "tz", "-03:00", "-03:00" }, { "tz", "UTC", "utc" },
		{ "tz", "+00:00", "utc" }, { "tz", "local", "local" },
	}, bad[] = {
		{ "time", "", "time: got \"\", want on or off" },
		{ "bell", "loud", "bell: got \"loud\", want off, mention or "
		    "all" },
		{ "width", "19", "width: got \"19\"" },
		{ "width", "501", "want 0, or 20 to 500" },
		{ "width", "99999999999999999999", "want" },
		{ "tz", "+15:00", "want local" }, { "tz", "+1:00", "want" },
		{ "tz", "+01:60", "want" }, { "tz", "\x1b[m", "\\x1b" },
		{ "nothing", "1", "no setting \"nothing\"" },
	};
	char why[256], text[SETTING_TEXT_MAX];
	struct settings s, was;

	(void)state;
	settings_default(&s);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(setting_set(&s, good[i].name, good[i].value, why,
		    sizeof(why)));
		assert_string_equal(setting_text(&s, (size_t)setting_index(
		    good[i].name), text), good[i].then);
	}
	was = s;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(setting_set(&s, bad[i].name, bad[i].value, why,
		    sizeof(why)));
		if (strstr(why, bad[i].then) == NULL)
			fail_msg("%s: %s", bad[i].name, why);
	}
	assert_memory_equal(&s, &was, sizeof(s));
	assert_int_equal(settings_offset(&s, 3600), 3600);
	assert_true(setting_set(&s, "tz", "-03:30", why, sizeof(why)));
	assert_int_equal(settings_offset(&s, 3600), -12600);
	assert_int_equal(settings_offset(NULL, 3600), 3600);
}

static void
test_person(void **state)
{
	struct person x, y;
	char why[128];
	struct wbuf w;
	bool was_here;

	(void)state;
	memset(&x, 0, sizeof(x));
	memset(&y, 0, sizeof(y));
	settings_default(&x.set);
	settings_default(&y.set);
	strcpy(x.nick, "alice");
	strcpy(x.away_text, "gone");
	x.away = true;
	x.here = 2;
	x.seen_ms = NOW;
	assert_true(setting_set(&x.set, "tz", "+01:00", why, sizeof(why)));
	assert_true(person_ignore(&x, key_a, "mallory"));
	assert_true(person_ignore(&x, key_a, "mallory"));
	assert_int_equal(x.nignored, 1);
	wbuf_init(&w, 65536);
	person_write(&x, &w);
	assert_true(person_read(&y, w.p, w.len, &was_here));
	assert_true(was_here && y.away && y.here == 0);
	assert_string_equal(y.nick, "alice");
	assert_string_equal(y.away_text, "gone");
	assert_true(y.seen_ms == NOW);
	assert_memory_equal(&y.set, &x.set, sizeof(x.set));
	assert_true(person_ignores(&y, key_a));
	assert_false(person_ignores(&y, key_b));
	assert_false(person_ignores(&y, NULL));
	assert_false(person_ignores(NULL, key_a));
	assert_false(person_unignore(&y, "bob"));
	assert_true(person_unignore(&y, "mallory"));
	assert_false(person_ignores(&y, key_a));
	/* Cut anywhere it is no crash, and what is whole is taken. */
	for (size_t n = 0; n < w.len; n++)
		(void)person_read(&y, w.p, n, &was_here);
	assert_true(y.nignored <= IGNORED_MAX);
	wbuf_free(&w);
}

static void
test_ignored_are_few(void **state)
{
	struct person x;
	uint8_t key[32] = { 0 };

	(void)state;
	memset(&x, 0, sizeof(x));
	for (key[0] = 1; key[0] <= IGNORED_MAX; key[0]++)
		assert_true(person_ignore(&x, key, "somebody"));
	assert_false(person_ignore(&x, key, "one more"));
}

/* Who was here longest ago makes room; who is here never does. */
static void
test_people_are_few(void **state)
{
	uint8_t key[32] = { 0 }, gone[32];
	struct people p;
	struct person *x;
	bool was_gone;

	(void)state;
	people_init(&p);
	for (unsigned int i = 0; i < PEOPLE_MAX; i++) {
		memcpy(key, &i, sizeof(i));
		x = people_get(&p, key, gone, &was_gone);
		assert_false(was_gone);
		x->seen_ms = 5000 - i;
		x->here = i != 7;
	}
	assert_int_equal(p.n, PEOPLE_MAX);
	assert_non_null(people_get(&p, key_b, gone, &was_gone));
	assert_true(was_gone && gone[0] == 7 && gone[1] == 0);
	people_find(&p, key_b)->here = 1;
	assert_null(people_get(&p, key_a, gone, &was_gone));
	people_free(&p);
	assert_int_equal(p.n, 0);
}

static void
test_record(void **state)
{
	struct room_item i = { .kind = ROOM_ACTION, .now_ms = NOW,
	    .sent_s = 5, .nick = "bob", .node = "56475aa75463", .key = key_a,
	    .text = "a\nb", .len = 3 }, back;
	struct record r;
	struct wbuf w;

	(void)state;
	wbuf_init(&w, HISTORY_LINE_MAX);
	record_write(&w, &i);
	assert_true(record_read(&r, w.p, w.len));
	r.ms = NOW;
	record_item(&r, &back);
	assert_true(back.kind == ROOM_ACTION && back.now_ms == NOW);
	assert_string_equal(back.nick, "bob");
	assert_string_equal(back.node, "56475aa75463");
	assert_memory_equal(back.key, key_a, 32);
	assert_true(back.len == 3 && memcmp(back.text, "a\nb", 3) == 0);
	for (size_t n = 0; n < w.len; n++)
		assert_false(record_read(&r, w.p, n));
	w.p[0] = 2;
	assert_false(record_read(&r, w.p, w.len));
	/* Names that came back from the disk other than they went. */
	i.nick = "b\x1b[2J";
	wbuf_reset(&w);
	record_write(&w, &i);
	assert_false(record_read(&r, w.p, w.len));
	wbuf_free(&w);
}

static void
test_words(void **state)
{
	static const struct { const char *text; bool is; } named[] = {
		{ "alice: hi", true }, { "hi Alice!", true }, { "ALICE", true },
		{ "malice", false }, { "alice2", false }, { "alice~2", false },
		{ "al ice", false }, { "", false }, { "ali", false },
		{ "malice alice", true }, { "\xc3\xa9""alice", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		assert_int_equal(text_names(named[i].text,
		    strlen(named[i].text), "alice"), named[i].is);
	assert_false(text_names("x", 1, ""));
	assert_true(text_has("One Two", 7, "ne tw", 5));
	assert_false(text_has("One", 3, "onet", 4));
}

static void
test_since(void **state)
{
	static const struct { const char *s; bool good, count; uint64_t n; }
	    t[] = {
		{ "1", true, true, 1 }, { "500", true, true, 500 },
		{ "0", false }, { "501", false }, { "5000", false },
		{ "22:13", true, false, NOW - 20000 },
		{ "22:14", true, false, NOW - 20000 - 86340000 },
		{ "0:00", true, false, NOW - 80000000 },
		{ "24:00", false }, { "11:6", false }, { ":30", false },
		{ "11:60", false }, { "111:30", false },
		{ "2h", true, false, NOW - 7200000 },
		{ "30m", true, false, NOW - 1800000 },
		{ "-2h", false }, { "", false }, { "x", false },
	};
	struct since s;
	char why[256];

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		bool good = since_parse(t[i].s, NOW, 0, &s, why, sizeof(why));

		if (good != t[i].good)
			fail_msg("%s", t[i].s);
		if (good)
			assert_true(s.is_count == t[i].count &&
			    s.n == t[i].n);
		else
			assert_non_null(strstr(why, "11:40"));
	}
	/* East of here it is later. */
	assert_true(since_parse("23:13", NOW, 3600, &s, why, sizeof(why)));
	assert_true(s.n == NOW - 20000);
	assert_true(since_parse("23:13", NOW, 0, &s, why, sizeof(why)));
	assert_true(s.n == NOW - 20000 - 82800000);
}

static void
nothing(void *arg, const char *s, size_t n)
{
	(void)arg;
	(void)s;
	(void)n;
}

static void
test_contacts(void **state)
{
	static const char there[] = "1 2\ncarol\t-\t1\t0\there\t\n"
	    "dave\t-\t1\t0\there\t\n";
	static const char alone[] = "1 1\nerin\t-\t1\t0\there\t\n";
	static const uint8_t none[32];
	static const struct room_ops ops = { .show = nothing };
	struct nodeid self = { { 0x11 } }, one = { { 0x56 } },
	    two = { { 0x57 } };
	uint8_t key[32] = { 0 };
	char why[256], label[LABEL_MAX], note[128];
	struct member alice;
	struct presence elsewhere;
	struct contact c;
	struct heard h;
	struct room r;

	(void)state;
	presence_init(&elsewhere);
	heard_init(&h);
	room_init(&r, &ops, NULL);
	room_join(&r, &alice, "alice", key_a, NOW, NULL, note, sizeof(note));
	heard_note(&h, &one, "bob", "", key_b, NOW);
	assert_true(contact_find(&r, &h, &elsewhere, &self,
	    "bob", &c, why, sizeof(why)));
	contact_label(&c, label);
	assert_string_equal(label, "bob@560000000000");
	key[0] = 1;
	heard_note(&h, &two, "bob", "", key, NOW);
	assert_false(contact_find(&r, &h, &elsewhere, &self, "bob", &c, why,
	    sizeof(why)));
	assert_non_null(strstr(why, "more than once"));
	assert_true(contact_find(&r, &h, &elsewhere, &self, "BOB@56", &c, why,
	    sizeof(why)));
	assert_memory_equal(c.key, key_b, 32);
	assert_true(contact_find(&r, &h, &elsewhere, &self, "alice", &c, why,
	    sizeof(why)));
	assert_true(c.member == &alice && !c.remote);
	assert_true(contact_find(&r, &h, &elsewhere, &self, "alice@11", &c, why,
	    sizeof(why)));
	assert_false(contact_find(&r, &h, &elsewhere, &self,
	    "alice@56", &c, why, sizeof(why)));
	assert_false(contact_find(&r, &h, &elsewhere, &self, "alice@", &c, why,
	    sizeof(why)));
	assert_false(contact_find(&r, &h, &elsewhere, &self,
	    "\x1b[2Jx", &c, why, sizeof(why)));
	assert_null(strchr(why, '\x1b'));
	/* As many as fit; who spoke longest ago goes. */
	for (unsigned int i = 0; i < HEARD_MAX; i++) {
		key[1] = (uint8_t)i;
		key[2] = (uint8_t)(1 + (i >> 8));
		heard_note(&h, &two, "eve", "", key, NOW);
	}
	assert_int_equal(h.n, HEARD_MAX);
	assert_false(contact_find(&r, &h, &elsewhere, &self, "bob@56", &c, why,
	    sizeof(why)));
	/* Who was not heard, but is there by the word of their node. */
	assert_true(presence_take(&elsewhere, &two, "", 0, there,
	    sizeof(there) - 1, 1000));
	assert_true(contact_find(&r, &h, &elsewhere, &self, "carol", &c, why,
	    sizeof(why)));
	assert_true(c.remote && c.spoke_ms == 0 && c.tag[0] == '\0');
	assert_memory_equal(&c.id, &two, sizeof(two));
	assert_true(presence_take(&elsewhere, &one, "", 0, there,
	    sizeof(there) - 1, 1000));
	assert_false(contact_find(&r, &h, &elsewhere, &self, "carol", &c, why,
	    sizeof(why)));
	assert_non_null(strstr(why, "more than once"));
	/* They speak; who has no key is known by nick and node. */
	c = (struct contact){ .id = { { 0x58 } } };
	assert_true(presence_take(&elsewhere, &c.id, "", 0, alone,
	    sizeof(alone) - 1, 1000));
	contact_remote(&c, &r, &elsewhere, none, "erin", 4);
	contact_label(&c, label);
	assert_string_equal(label, "erin@580000000000");
	memcpy(key, c.key, sizeof(key));
	contact_remote(&c, &r, &elsewhere, none, "frank", 5);
	assert_memory_not_equal(key, c.key, sizeof(key));
	contact_remote(&c, &r, &elsewhere, key_b, "alice", 5);
	contact_label(&c, label);
	assert_string_equal(label, "alice~0000@580000000000");
	presence_free(&elsewhere);
	heard_free(&h);
	room_leave(&r, &alice, "", NOW);
}

/* Which events one wants to see; kept like all else of a person. */
static void
test_console(void **state)
{
	static const char *const bad[] = { "", "+", "peer", "+xyzzy", "-\x1b[m",
	    "+peer_up_with_a_name_that_is_far_too_long_for_this" };
	struct person x = { .nick = "a" }, y = { .nick = "" };
	struct wbuf w;
	char why[256];
	bool was_here;

	(void)state;
	assert_false(console_sees(&x.console, "peer_up"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(console_set(&x.console, bad[i], why,
		    sizeof(why)));
		assert_null(strchr(why, '\x1b'));
	}
	assert_true(console_set(&x.console, "+peer", why, sizeof(why)));
	assert_true(console_set(&x.console, "-peer_up", why, sizeof(why)));
	assert_false(console_sees(&x.console, "peer_up"));
	assert_true(console_sees(&x.console, "peer_down"));
	assert_false(console_sees(&x.console, "login"));
	assert_true(console_set(&x.console, "+peer_up", why, sizeof(why)));
	assert_int_equal(x.console.n, 2);
	assert_true(console_sees(&x.console, "peer_up"));
	settings_default(&x.set);
	wbuf_init(&w, 8192);
	person_write(&x, &w);
	assert_true(person_read(&y, w.p, w.len, &was_here));
	assert_int_equal(y.console.n, 2);
	assert_true(console_sees(&y.console, "peer_up"));
	wbuf_free(&w);
	assert_true(console_set(&x.console, "+all", why, sizeof(why)));
	assert_true(console_set(&x.console, "-login", why, sizeof(why)));
	assert_int_equal(x.console.n, 2);
	assert_true(console_sees(&x.console, "map_read"));
	assert_false(console_sees(&x.console, "login_refused"));
	assert_true(console_set(&x.console, "-all", why, sizeof(why)));
	assert_false(console_sees(&x.console, "map_read"));
	for (char c[] = "+p"; c[0] == '+' && x.console.n < CONSOLE_RULES_MAX;)
		text_copy(x.console.rule[x.console.n++], c, sizeof(c));
	assert_false(console_set(&x.console, "+login", why, sizeof(why)));
	assert_non_null(strstr(why, "the limit"));
}

static void
test_notes(void **state)
{
	char big[NOTE_TEXT_MAX + 1];
	struct notes n, back;
	struct wbuf key, value;
	struct note *x;
	size_t klen;

	(void)state;
	notes_init(&n);
	notes_init(&back);
	memset(big, 'x', sizeof(big));
	assert_null(notes_add(&n, key_a, "bob", false, big, sizeof(big), 1));
	x = notes_add(&n, key_a, "bob@560000000000", true, "hi", 2, NOW);
	assert_non_null(x);
	assert_ptr_equal(notes_next(&n, key_a), x);
	assert_null(notes_next(&n, key_b));
	wbuf_init(&key, 256);
	wbuf_init(&value, 8192);
	note_key(x, &key);
	note_write(x, &value);
	klen = key.len - 2;	/* behind its length */
	assert_true(notes_read(&back, key.p + 2, klen, value.p, value.len));
	x = notes_next(&back, key_a);
	assert_true(x != NULL && x->ms == NOW && x->action && x->len == 2);
	assert_string_equal(x->from, "bob@560000000000");
	for (size_t i = 0; i < value.len; i++)
		assert_false(notes_read(&back, key.p + 2, klen, value.p, i));
	assert_false(notes_read(&back, key.p + 2, klen - 1, value.p,
	    value.len));
	((char *)memmem(value.p, value.len, "bob@", 4))[3] = '\n';
	assert_false(notes_read(&back, key.p + 2, klen, value.p, value.len));
	for (unsigned int i = 1; i < NOTES_EACH; i++)
		assert_non_null(notes_add(&n, key_a, "bob", false, "x", 1,
		    NOW));
	assert_null(notes_add(&n, key_a, "bob", false, "x", 1, NOW));
	assert_non_null(notes_add(&n, key_b, "bob", false, "x", 1, NOW));
	notes_remove(&n, notes_next(&n, key_a));
	assert_non_null(notes_add(&n, key_a, "bob", false, "x", 1, NOW));
	wbuf_free(&key);
	wbuf_free(&value);
	notes_free(&n);
	notes_free(&back);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_person),
		cmocka_unit_test(test_ignored_are_few),
		cmocka_unit_test(test_people_are_few),
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_since),
		cmocka_unit_test(test_contacts),
		cmocka_unit_test(test_console),
		cmocka_unit_test(test_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
