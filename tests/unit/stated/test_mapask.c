/* SPDX-License-Identifier: MIT */
/* Questions and orders of people, as the hub brings them. */
#include "maprig.h"
#include "row.h"

struct rig {
	struct proc	 proc;
	struct mapd	 d;
	size_t		 copies, unwanted, pages;
	char		 put[ENTRY_KEY_MAX + 1];	/* the last one's key */
	uint32_t	 flags;
	const char	*refusal;
};

static struct rig *rig;

const char *
mapsign_put(struct mapd *d, uint32_t req, const void *key, size_t klen,
    const void *value, size_t vlen, uint32_t flags)
{
	(void)d;
	(void)req;
	(void)value;
	(void)vlen;
	snprintf(rig->put, sizeof(rig->put), "%.*s", (int)klen,
	    (const char *)key);
	rig->flags = flags;
	return rig->refusal;
}

void
mapcopy_start(struct mapd *d, uint32_t req, enum map_ask what)
{
	(void)d;
	(void)req;
	(void)what;
	rig->copies++;
}

void
mapcopy_unwanted(struct mapd *d, uint32_t req)
{
	(void)d;
	(void)req;
	rig->unwanted++;
}

void
mapstream_next(struct mapd *d, uint32_t req)
{
	(void)d;
	(void)req;
	rig->pages++;
}

void
mapd_row(const struct mapd *d, struct wbuf *w)
{
	(void)d;
	row_str(w, "map", "ok");
}

void
maprecon_row(const struct mapd *d, struct wbuf *w)
{
	(void)d;
	(void)w;
}

static int
setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	rig = r;
	maprig_init(&r->d, &r->proc);
	memset(r->proc.id.b, 0xab, sizeof(r->proc.id.b));
	r->d.profile.quota = 1000;
	*state = r;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *r = *state;

	mapask_forget(&r->d);
	maprig_free(&r->d);
	free(r);
	return 0;
}

/* A question; what was sent before is forgotten. */
static void
ask(struct rig *r, uint8_t what, uint32_t req, const char *key,
    const char *after, size_t value_len, size_t cut)
{
	struct imsg m = { .type = IMSG_MAP_ASK, .id = req, .fd = -1 };
	struct wbuf w;

	fake_read();
	wbuf_init(&w, 32768);
	wbuf_u8(&w, what);
	wbuf_str(&w, key);
	wbuf_str(&w, after);
	wbuf_u32(&w, (uint32_t)value_len);
	memset(wbuf_reserve(&w, value_len), 'v', value_len);
	m.data = w.p;
	m.len = w.len - cut;
	mapask(&r->d, &m);
	wbuf_free(&w);
}

/* The answer ended so; what it says of going on. */
static const char *
done(uint32_t req, enum map_status st, const char *text)
{
	static char last[ENTRY_KEY_MAX + 1];
	const struct fake_msg *m = fake_last(IMSG_MAP_DONE);
	const char *s;
	struct rcur c;
	size_t n;

	assert_int_equal(m->id, req);
	rcur_init(&c, m->data, m->len);
	assert_int_equal(rcur_u8(&c), st);
	s = rcur_str(&c, 1024, &n);
	if (memmem(s, n, text, strlen(text)) == NULL)
		fail_msg("\"%.*s\" without \"%s\"", (int)n, s, text);
	s = rcur_str(&c, ENTRY_KEY_MAX, &n);
	snprintf(last, sizeof(last), "%.*s", (int)n, s);
	assert_true(rcur_done(&c));
	return last;
}

/* A field of a row, as text; and the value that came with it. */
static const char *
field(size_t at, const char *name, size_t *value_len)
{
	static char text[128];
	struct row_field f;
	struct rcur c, row;
	const uint8_t *p;
	size_t n;

	assert_true(at < fake_msgs);
	assert_int_equal(fake_msg[at].type, IMSG_MAP_ROW);
	rcur_init(&c, fake_msg[at].data, fake_msg[at].len);
	p = rcur_blob(&c, 8192, &n);
	rcur_init(&row, p, n);
	(void)rcur_blob(&c, ENTRY_VALUE_MAX, value_len);
	assert_true(rcur_done(&c));
	text[0] = '\0';
	while (row_next(&row, &f))
		if (f.name_len == strlen(name) &&
		    memcmp(f.name, name, f.name_len) == 0 && f.str != NULL)
			snprintf(text, sizeof(text), "%.*s", (int)f.str_len,
			    f.str);
		else if (f.name_len == strlen(name) &&
		    memcmp(f.name, name, f.name_len) == 0)
			snprintf(text, sizeof(text), "%llu",
			    (unsigned long long)f.num);
	assert_false(row.bad);
	return text;
}

static void
have(struct rig *r, unsigned int author, const char *name, const char *value)
{
	static uint64_t hlc;
	struct made m;

	make(&m, author, name, value, HLC_OF_MS(NOW0) + hlc++, NOW0 + 20 *
	    DAY_MS);
	assert_int_equal(put(&r->d.map, &m, NOW0), MAP_TAKE);
}

/* Bare words are of the node's own space; what has one of its own is whole. */
static void
test_whole_keys(void **state)
{
	static const char *const whole[] = { "o/a", "n/x/a", "t/a", "s/a",
	    "cap/a", "revoke/a", "trust/a" };
	struct rig *r = *state;
	char own[ENTRY_KEY_MAX], hex[NODEID_HEX + 1];

	nodeid_hex(&r->proc.id, hex);
	snprintf(own, sizeof(own), "n/%s/capital", hex);
	ask(r, MAP_ASK_PUT, 1, "capital", "", 1, 0);
	assert_string_equal(r->put, own);
	assert_int_equal(r->flags, 0);
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		ask(r, MAP_ASK_PUT, 1, whole[i], "", 1, 0);
		assert_string_equal(r->put, whole[i]);
	}
	assert_int_equal(fake_msgs, 0);		/* the answer comes later */
	r->refusal = "no room";
	ask(r, MAP_ASK_PUT, 2, "o/a", "", 1, 0);
	(void)done(2, MAP_DONE_REFUSED, "no room");
}

static void
test_refused(void **state)
{
	struct rig *r = *state;
	char key[ENTRY_KEY_MAX + 2];

	memset(key, 'k', sizeof(key));
	memcpy(key, "o/", 2);
	key[sizeof(key) - 1] = '\0';
	ask(r, MAP_ASK_PUT, 1, key, "", 1, 0);
	(void)done(1, MAP_DONE_BAD, "");
	ask(r, MAP_ASK_PUT, 2, "o//a", "", 1, 0);
	(void)done(2, MAP_DONE_BAD, "");
	ask(r, MAP_ASK_PUT, 3, "o/a", "", r->d.profile.value_max + 1, 0);
	(void)done(3, MAP_DONE_BAD, "longer");
	ask(r, MAP_ASK_DEL, 4, "o/a", "", 0, 0);
	(void)done(4, MAP_DONE_NONE, "no such key");
	r->d.loading = true;
	ask(r, MAP_ASK_PUT, 5, "o/a", "", 1, 0);
	(void)done(5, MAP_DONE_FAILED, "still being read");
	assert_string_equal(r->put, "");
	r->d.loading = false;
	have(r, 1, "a", "v");
	ask(r, MAP_ASK_DEL, 6, "o/a", "", 0, 0);
	assert_int_equal(r->flags, ENTRY_DELETED);
	assert_int_equal(fake_violations, 0);
	ask(r, MAP_ASK_GET, 7, "o/a", "", 0, 1);
	ask(r, 99, 8, "o/a", "", 0, 0);
	assert_int_equal(fake_violations, 2);
}

/* Whoever asks and does not read gets no answer; what ends it passes. */
static void
test_who_does_not_read(void **state)
{
	struct rig *r = *state;

	ask(r, MAP_ASK_WATCH, 1, "o/", "", 0, 0);
	fake_queued = PROC_ANSWERS_MAX + 1;
	have(r, 1, "a", "v");
	ask(r, MAP_ASK_GET, 2, "o/a", "", 0, 0);
	assert_int_equal(fake_msgs, 0);
	mapask_changed(&r->d, "o/a", 3);
	assert_int_equal(fake_msgs, 0);
	ask(r, MAP_ASK_UNWATCH, 1, "", "", 0, 0);
	ask(r, MAP_ASK_STREAM_END, 1, "", "", 0, 0);
	assert_int_equal(r->unwanted, 1);
	fake_queued = 0;
	mapask_changed(&r->d, "o/a", 3);
	assert_int_equal(fake_msgs, 0);
}

static void
test_get(void **state)
{
	struct rig *r = *state;
	size_t n;

	have(r, 1, "a", "four");
	ask(r, MAP_ASK_GET, 3, "o/a", "", 0, 0);
	assert_string_equal(field(0, "key", &n), "o/a");
	assert_int_equal(n, 4);
	assert_string_equal(field(0, "size", &n), "4");
	(void)done(3, MAP_DONE_OK, "");
	have(r, 2, "a", NULL);
	ask(r, MAP_ASK_GET, 4, "o/a", "", 0, 0);
	assert_int_equal(fake_msgs, 1);
	(void)done(4, MAP_DONE_NONE, "no such key");
	/* Both registers; neither value is what is shown. */
	ask(r, MAP_ASK_VERSIONS, 5, "o/a", "", 0, 0);
	assert_int_equal(fake_count(IMSG_MAP_ROW), 2);
	for (size_t i = 0; i < 2; i++)
		assert_string_equal(field(i, "shown", &n), "0");
	have(r, 1, "a", "five5");
	ask(r, MAP_ASK_VERSIONS, 6, "o/a", "", 0, 0);
	assert_int_equal(fake_count(IMSG_MAP_ROW), 2);
	n = (size_t)(field(0, "shown", &n)[0] + field(1, "shown", &n)[0]);
	assert_int_equal(n, '0' + '1');
}

/* Page by page, each from where the one before ended, nothing twice. */
static void
test_pages(void **state)
{
	struct rig *r = *state;
	char name[16], after[ENTRY_KEY_MAX + 1] = "";
	size_t rows = 0, pages = 0, n;

	for (unsigned int i = 0; i < 600; i++) {
		snprintf(name, sizeof(name), "%u", i);
		have(r, 1, name, "v");
	}
	do {
		ask(r, MAP_ASK_LIST, 7, "o", after, 0, 0);
		rows += fake_count(IMSG_MAP_ROW);
		(void)field(0, "key", &n);
		assert_int_equal(n, 0);		/* keys only */
		snprintf(after, sizeof(after), "%s", done(7, MAP_DONE_OK,
		    ""));
		pages++;
	} while (after[0] != '\0' && pages < 10);
	assert_int_equal(rows, 600);
	assert_int_equal(pages, 3);
	ask(r, MAP_ASK_LIST, 8, "o/59", "", 0, 0);
	assert_int_equal(fake_count(IMSG_MAP_ROW), 11);
	ask(r, MAP_ASK_LIST, 9, "", "", 0, 0);
	assert_int_equal(fake_count(IMSG_MAP_ROW), 256);
	ask(r, MAP_ASK_LIST, 10, "none", "", 0, 0);
	assert_int_equal(fake_count(IMSG_MAP_ROW), 0);
	assert_string_equal(done(10, MAP_DONE_OK, ""), "");
	ask(r, MAP_ASK_EXPORT, 11, "o/", "", 0, 0);
	assert_int_equal(fake_count(IMSG_MAP_ROW), 32);
	(void)field(0, "key", &n);
	assert_int_equal(n, 1);
}

/* A page of large values ends before it is megabytes. */
static void
test_page_bytes(void **state)
{
	struct rig *r = *state;
	static char value[16384];
	struct made m;
	char name[16];
	size_t n;

	memset(value, 'v', sizeof(value));
	for (unsigned int i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "%u", i);
		make(&m, 1, name, "x", HLC_OF_MS(NOW0) + i, NOW0 + DAY_MS);
		m.e.value = (struct slice){ (uint8_t *)value, sizeof(value) };
		make_id(&m);
		assert_int_equal(put(&r->d.map, &m, NOW0), MAP_TAKE);
	}
	ask(r, MAP_ASK_EXPORT, 1, "o/", "", 0, 0);
	assert_int_equal(fake_count(IMSG_MAP_ROW), 2);
	assert_string_equal(done(1, MAP_DONE_OK, ""), "o/1");
	(void)field(1, "key", &n);
	assert_int_equal(n, sizeof(value));
}

static void
test_watches(void **state)
{
	struct rig *r = *state;
	size_t n;

	ask(r, MAP_ASK_WATCH, 1, "o/a", "", 0, 0);
	ask(r, MAP_ASK_WATCH, 2, "o/", "", 0, 0);
	ask(r, MAP_ASK_WATCH, 3, "o/ab/c", "", 0, 0);
	assert_int_equal(fake_msgs, 0);
	have(r, 1, "ab", "v");
	mapask_changed(&r->d, "o/ab/cd", 4);	/* the key ends before */
	assert_int_equal(fake_msgs, 2);
	assert_int_equal(fake_msg[0].id + fake_msg[1].id, 3);
	assert_string_equal(field(0, "deleted", &n), "0");
	have(r, 1, "ab", NULL);
	fake_read();
	mapask_changed(&r->d, "o/ab", 4);
	assert_string_equal(field(0, "deleted", &n), "1");
	ask(r, MAP_ASK_UNWATCH, 2, "", "", 0, 0);
	mapask_changed(&r->d, "o/ab", 4);
	assert_int_equal(fake_msgs, 1);
	mapask_forget(&r->d);
	fake_read();
	mapask_changed(&r->d, "o/ab", 4);
	assert_int_equal(fake_msgs, 0);
	for (uint32_t i = 1; i <= WATCHES_MAX; i++) {
		ask(r, MAP_ASK_WATCH, i, "o/", "", 0, 0);
		assert_int_equal(fake_msgs, 0);
	}
	ask(r, MAP_ASK_WATCH, 100, "o/", "", 0, 0);
	(void)done(100, MAP_DONE_FAILED, "too many");
	ask(r, MAP_ASK_UNWATCH, 7, "", "", 0, 0);
	ask(r, MAP_ASK_WATCH, 100, "o/", "", 0, 0);
	assert_int_equal(fake_msgs, 0);
}

/* A row of the map, then one an author; copies are others' work. */
static void
test_state_and_copies(void **state)
{
	struct rig *r = *state;
	size_t n;

	have(r, 1, "a", "v");
	have(r, 2, "a", "v");
	have(r, 2, "b", "v");
	ask(r, MAP_ASK_STATE, 1, "", "", 0, 0);
	assert_int_equal(fake_count(IMSG_MAP_ROW), 3);
	assert_int_equal(strlen(field(0, "digest", &n)), 64);
	assert_int_equal(strlen(field(1, "author", &n)), 64);
	n = (size_t)(field(1, "entries", &n)[0] +
	    field(2, "entries", &n)[0]);
	assert_int_equal(n, '1' + '2');
	ask(r, MAP_ASK_BACKUP, 2, "", "", 0, 0);
	ask(r, MAP_ASK_VERIFY, 2, "", "", 0, 0);
	ask(r, MAP_ASK_STREAM, 2, "", "", 0, 0);
	assert_int_equal(r->copies, 3);
	ask(r, MAP_ASK_STREAM, 2, "", "more", 0, 0);
	assert_int_equal(r->pages, 1);
	assert_int_equal(r->copies, 3);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_whole_keys),
		T(test_refused),
		T(test_who_does_not_read),
		T(test_get),
		T(test_pages),
		T(test_page_bytes),
		T(test_watches),
		T(test_state_and_copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
