/* SPDX-License-Identifier: MIT */
/* Who is elsewhere: what is told, taken, doubted and forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "cursor.h"
#include "doc.h"
#include "label.h"
#include "nodeid.h"
#include "people.h"
#include "presence.h"
#include "room.h"
#include "whom.h"

#define NOW	1700000000000u		/* unix ms */
#define KEY_A	"aa5c000000000000000000000000000000000000000000000000000000000000"
#define KEY_B	"bb1e000000000000000000000000000000000000000000000000000000000000"

static const struct nodeid self = { { 0x11 } }, eu = { { 0xe0 } },
	us = { { 0x05 } };
static const uint8_t key_a[32] = { 0xaa, 0x5c }, key_b[32] = { 0xbb, 0x1e };
static struct presence p;
static struct room room;
static struct wbuf out;

static void
show(void *arg, const char *s, size_t n)
{
	(void)arg;
	(void)s;
	(void)n;
}

static const struct room_ops ops = { .show = show };

static int
setup(void **state)
{
	(void)state;
	presence_init(&p);
	room_init(&room, &ops, &room);
	wbuf_init(&out, 65535);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	presence_free(&p);
	wbuf_free(&out);
	return 0;
}

static void
join(struct member *m, const char *nick, const uint8_t *key)
{
	char note[512];

	room_join(&room, m, nick, key, NOW, m, note, sizeof(note));
}

static bool
take(const struct nodeid *id, const char *name, const char *text,
    uint64_t now)
{
	return presence_take(&p, id, name, strlen(name), text, strlen(text),
	    now);
}

static const char *
label(const char *id)
{
	static char text[PRESENCE_LABEL_MAX];

	presence_label(&p, id, text);
	return text;
}

/* What one node says another understands. */
static void
test_words(void **state)
{
	struct person away = { .away = true, .away_text = "at\tlunch\n" };
	static const uint8_t none[32];
	struct member alice, bob;
	const struct present_node *x;

	(void)state;
	join(&alice, "alice", key_a);
	join(&bob, "bob", none);
	alice.self = &away;
	bob.spoke_ms = NOW - 5000;
	presence_write(&p, &room, NOW, &out);
	assert_true(presence_take(&p, &eu, "eu-3", 4, (const char *)out.p,
	    out.len, 1000));
	x = presence_find(&p, "e00000000000");
	assert_non_null(x);
	assert_int_equal(x->n, 2);
	assert_string_equal(x->name, "eu-3");
	assert_string_equal(x->v[0].nick, "alice");
	assert_true(x->v[0].has_key);
	assert_memory_equal(x->v[0].key, key_a, 32);
	assert_true(x->v[0].away && x->v[0].spoke_s == 0);
	assert_string_equal(x->v[0].away_text, "at lunch ");
	assert_false(x->v[1].has_key);
	assert_int_equal(x->v[1].spoke_s, NOW / 1000 - 5);
	assert_string_equal(label("e00000000000"), "eu-3 (alice, bob)");
	assert_string_equal(label("050000000000"), "050000000000");
	/* Of two words in one ms, or with the clock set back, the later. */
	wbuf_reset(&out);
	presence_write(&p, &room, NOW - 9000, &out);
	assert_true(presence_take(&p, &eu, "", 0, (const char *)out.p,
	    out.len, 1000));
	assert_false(presence_take(&p, &eu, "", 0, (const char *)out.p,
	    out.len, 1000));
}

static void
test_malformed(void **state)
{
	static const char *const bad[] = { "", "\n", "x 1\n", "1\n", "1 1 1\n",
	    "1 1\nbob\n", "1 1\n\t-\t1\t1\there\t\n",
	    "1 1\nbob\tzz\t1\t1\there\t\n", "1 1\nbob\t-\t\t1\there\t\n",
	    "1 1\nbob\t-\t1\t-1\there\t\n", "1 1\nbob\t-\t1\t1\tgone\t\n",
	    "1 1\nbob\t-\t9999999999999999\t1\there\t\n",
	    "1 1\nbob\t" KEY_A "0\t1\t1\there\t\n" };
	char many[8192] = "1 900\n", long_away[512];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (take(&eu, "x", bad[i], 1000))
			fail_msg("taken: %s", bad[i]);
	snprintf(long_away, sizeof(long_away), "1 1\nb\t-\t1\t1\taway\t%201d",
	    1);
	assert_false(take(&eu, "x", long_away, 1000));
	assert_int_equal(p.nnodes, 0);
	for (unsigned int i = 0; i < PRESENCE_OF_NODE_MAX; i++)
		strcat(many, "bob\t-\t1\t0\there\t\n");
	assert_true(take(&eu, "x", many, 1000));
	assert_string_equal(label("e00000000000"),
	    "x (bob, bob, bob, bob, bob and 895 more)");
	strcat(many, "bob\t-\t1\t0\there\t\n");
	many[0] = '2';
	assert_false(take(&eu, "x", many, 1000));
	/* What would obey a terminal does not get that far. */
	assert_true(take(&us, "n\x1b[2J", "1 1\nb\x1b[31m@<o>\t-\t1\t0\t"
	    "away\t\x1b]0;x\x07\n", 1000));
	assert_null(strchr(label("050000000000"), '\x1b'));
	assert_null(strchr(label("050000000000"), '@'));
}

/* Nobody speaks much, everybody is answered, who is silent is forgotten. */
static void
test_times(void **state)
{
	(void)state;
	assert_true(presence_next(&p) == UINT64_MAX);
	presence_changed(&p, 1000);
	assert_int_equal(presence_next(&p), 1000 + PRESENCE_SOON_MS);
	assert_int_equal(presence_tick(&p, 1100, 1), 0);
	assert_int_equal(presence_tick(&p, 1200, 1), PRESENCE_SAY);
	presence_changed(&p, 1300);
	assert_int_equal(presence_next(&p), 1200 + PRESENCE_EVERY_MS);
	assert_int_equal(presence_tick(&p, 3200, 1), PRESENCE_SAY);
	assert_int_equal(presence_next(&p), 3200 + PRESENCE_REFRESH_MS);
	for (unsigned int i = 0; i < 100; i++)
		presence_asked(&p, 4000 + i);
	assert_int_equal(presence_next(&p), 3200 + PRESENCE_ANSWER_MS);
	assert_int_equal(presence_tick(&p, 13200, 1), PRESENCE_SAY);
	/* The last one goes: once; then we have nothing to say. */
	presence_changed(&p, 20000);
	assert_int_equal(presence_tick(&p, 20200, 0), PRESENCE_SAY);
	presence_asked(&p, 40000);
	presence_linked(&p, 40000);
	assert_true(presence_next(&p) == UINT64_MAX);
	/* Questions. */
	presence_want(&p, 50000);
	assert_int_equal(presence_tick(&p, 50000, 0), PRESENCE_ASK);
	assert_true(p.complete);
	presence_want(&p, 51000);
	assert_int_equal(presence_tick(&p, 51000, 0), 0);
	assert_int_equal(presence_next(&p), 50000 + PRESENCE_ASK_MS);
}

static void
test_forgotten(void **state)
{
	static const char one[] = "5 1\ncarol\t-\t1\t0\there\t\n";

	(void)state;
	assert_true(take(&eu, "eu-3", one, 1000));
	(void)presence_tick(&p, 1000 + PRESENCE_LIFE_MS - 1, 0);
	assert_int_equal(p.nnodes, 1);
	(void)presence_tick(&p, 1000 + PRESENCE_LIFE_MS, 0);
	assert_int_equal(p.nnodes + p.npeople, 0);
	/* Somebody asked, and it did not answer. */
	assert_true(take(&eu, "eu-3", one, 1000));
	assert_true(take(&us, "us-1", one, 1000));
	presence_asked(&p, 2000);
	assert_true(take(&us, "us-1", "6 1\ncarol\t-\t1\t0\there\t\n", 3000));
	(void)presence_tick(&p, 2000 + PRESENCE_DOUBT_MS, 0);
	assert_null(presence_find(&p, "e00000000000"));
	assert_non_null(presence_find(&p, "050000000000"));
	/* The last one there left; the node is down. */
	assert_true(take(&us, "us-1", "7 0\n", 3000));
	assert_int_equal(p.nnodes, 0);
	assert_true(take(&eu, "eu-3", one, 4000));
	presence_gone(&p, "e00000000000");
	presence_gone(&p, "e00000000000");
	assert_int_equal(p.nnodes, 0);
}

static void
test_bounds(void **state)
{
	struct nodeid id = { { 0 } };
	char many[8192] = "1 64\n";

	(void)state;
	for (unsigned int i = 0; i < PRESENCE_OF_NODE_MAX; i++)
		strcat(many, "bob\t-\t1\t0\there\t\n");
	for (unsigned int i = 0; i < 2 * PRESENCE_NODES_MAX; i++) {
		memcpy(id.b, &i, sizeof(i));
		assert_true(take(&id, "", i % 2 == 0 ? many :
		    "1 1\nbob\t-\t1\t0\there\t\n", 1000));
		assert_true(p.nnodes <= PRESENCE_NODES_MAX);
		assert_true(p.npeople <= PRESENCE_PEOPLE_MAX);
	}
	assert_true(p.npeople > PRESENCE_PEOPLE_MAX - PRESENCE_OF_NODE_MAX);
}

static void
tag(const struct nodeid *id, const char *nick, const uint8_t *key,
    const char *want)
{
	char is[LABEL_TAG];

	label_tag(&room, &p, &(struct stranger){ id, nick, key }, is);
	assert_string_equal(is, want);
}

/* The same nick under another key is told apart, whoever came first. */
static void
test_tag(void **state)
{
	struct member alice;

	(void)state;
	join(&alice, "alice", key_a);
	tag(&eu, "alice", key_a, "");		/* the same person */
	tag(&eu, "alice", key_b, "~bb1e");
	tag(&eu, "\xd0\xb0lice", key_b, "~bb1e");
	tag(&eu, "bob", key_b, "");
	assert_true(take(&eu, "eu", "1 1\nbob\t" KEY_A "\t1\t0\there\t\n", 1));
	assert_true(take(&us, "us", "1 1\nbob\t" KEY_B "\t1\t0\there\t\n", 1));
	tag(&eu, "bob", key_a, "~aa5c");
	tag(&us, "BOB", key_b, "~bb1e");
	presence_gone(&p, "050000000000");
	tag(&eu, "bob", key_a, "");
}

/* Sorted, aligned by the columns a terminal needs, nothing left raw. */
static void
test_whom(void **state)
{
	struct member me;
	struct doc d;

	(void)state;
	doc_init(&d);
	whom_build(&room, &p, &self, "here", NOW, &d);
	whom_text(&d, &out);
	wbuf_u8(&out, '\0');
	assert_non_null(strstr((char *)out.p, "Nobody is in the partyline"));
	doc_free(&d);
	join(&me, "dave", key_a);
	assert_true(take(&eu, "eu", "1 3\n\xe6\xbc\xa2\xe5\xad\x97\t" KEY_B
	    "\t1699999940\t0\there\t\nBob\t-\t1699999940\t1699999990\taway\t"
	    "lunch\nzoe\t-\t1799999940\t0\there\t\n", 1));
	assert_true(take(&us, "", "1 70\nalice\t-\t1699999940\t0\there\t\n",
	    1));
	wbuf_reset(&out);
	doc_init(&d);
	whom_build(&room, &p, &self, "here", NOW, &d);
	whom_text(&d, &out);
	wbuf_u8(&out, '\0');
	assert_string_equal((char *)out.p,
	    "74 people on 3 nodes\n"
	    "nick   node  id            here   idle   away\n"
	    "alice  -     050000000000  1m00s  1m00s  -\n"
	    "Bob    eu    e00000000000  1m00s  10.0s  lunch\n"
	    "dave   here  110000000000  0.0s   0.0s   -\n"
	    "zoe    eu    e00000000000  0.0s   0.0s   -\n"
	    "\xe6\xbc\xa2\xe5\xad\x97   eu    e00000000000  1m00s  1m00s"
	    "  -\n"
	    "and 69 more; each node tells of 64 by name\n");
	doc_free(&d);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_words), T(test_malformed), T(test_times),
		T(test_forgotten), T(test_bounds), T(test_tag), T(test_whom),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
