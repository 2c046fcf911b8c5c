/* SPDX-License-Identifier: MIT */
/* How messages came, in rows. */
#include "common/row.h"
#include "kin.h"

struct told {
	char	message[8][UUID_LEN + 1], type[8][12], by[8][8];
	size_t	n;
};

static void
take(char *out, size_t room, const struct row_field *f, const char *name)
{
	if (f->name_len != strlen(name) ||
	    memcmp(f->name, name, f->name_len) != 0)
		return;
	assert_int_equal(f->type, ROW_STR);
	assert_true(f->str_len < room);
	memcpy(out, f->str, f->str_len);
	out[f->str_len] = '\0';
}

static void
told_cb(const struct wbuf *w, void *arg)
{
	struct told *t = arg;
	struct row_field f;
	struct rcur c;

	assert_true(t->n < 8);
	rcur_init(&c, w->p, w->len);
	while (row_next(&c, &f)) {
		take(t->message[t->n], sizeof(t->message[0]), &f, "message");
		take(t->type[t->n], sizeof(t->type[0]), &f, "type");
		take(t->by[t->n], sizeof(t->by[0]), &f, "by");
	}
	assert_false(c.bad);
	t->n++;
}

/* People are told what it is, and in whatever type it comes. */
static void
test_types(void **state)
{
	static const struct { uint32_t type; const char *name; } t[] = {
		{ MSG_CHAT, "chat" }, { MSG_ROOM, "room" },
		{ MSG_SEALED, "private" }, { MSG_STATE_DELTA, "delta" },
		{ MSG_SUSPECT, "suspect" }, { 1000, "1000" },
	};
	const size_t n = sizeof(t) / sizeof(t[0]);
	static const uint8_t rubbish[] = { 0xff };
	char mid[UUID_LEN + 1];
	struct told told = { .n = 0 };
	struct kin k;

	(void)state;
	kin_open(&k);
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(mid, sizeof(mid),
		    "00000000-0000-4000-8000-%012zu", i);
		fake_frame(k.f, 1, env_make(&k.author, mid, t[i].type, 7,
		    (struct slice){ rubbish, sizeof(rubbish) }, true));
	}
	gossip_trace_rows(k.f->g, told_cb, &told);
	assert_int_equal(told.n, n);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(told.type[i], t[n - 1 - i].name);
		assert_string_equal(told.by[i], "tree");
		assert_int_equal(told.message[i][UUID_LEN - 1],
		    '0' + (int)(n - 1 - i));
	}
	fake_free(k.f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
