/* SPDX-License-Identifier: MIT */
/*
 * vector group peer_record: superseded by fields of our own in Berkeley DB
 * (the reference keeps JSON in bbolt); our test asserts that the same seven
 * fields survive in both our forms.
 * vector group addresses, discovery_rejects: equal, but superseded for
 * addresses with bytes that are not printable: our test asserts that these
 * are refused.
 */
#include "stated_test.h"

#include "cursor.h"
#include "json.h"
#include "peerbook.h"

static void
from_vector(const struct json *v, struct peerrec *r)
{
	const char *id = json_str(json_get(v, "node_id"));

	memset(r, 0, sizeof(*r));
	assert_true(nodeid_parse(&r->id, id, strlen(id)));
	assert_int_equal(json_hex(json_get(v, "public_key"), r->key,
	    sizeof(r->key)), sizeof(r->key));
	r->has_key = true;
	r->reachable = json_bool(json_get(v, "reachable"));
	r->last_seen = json_u64(json_get(v, "last_seen"));
	r->fail_count = (uint32_t)json_u64(json_get(v, "fail_count"));
	r->last_fail = json_u64(json_get(v, "last_fail"));
	snprintf(r->addr, sizeof(r->addr), "%s",
	    json_str(json_get(v, "addr")));
}

static const char *
hex_of(const uint8_t b[32])
{
	static char hex[NODEID_HEX + 1];

	hex_encode(b, 32, hex);
	return hex;
}

/* The reference's text says these seven fields in this order, no more. */
static void
assert_reference_form(const struct peerrec *r, const char *text)
{
	char want[1024], id[NODEID_HEX + 1];

	nodeid_hex(&r->id, id);
	snprintf(want, sizeof(want), "{\"node_id\":\"%s\",\"addr\":\"%s\","
	    "\"reachable\":%s,\"public_key\":\"%s\",\"last_seen\":%llu,"
	    "\"fail_count\":%u,\"last_fail\":%llu}", id, r->addr,
	    r->reachable ? "true" : "false", hex_of(r->key),
	    (unsigned long long)r->last_seen, r->fail_count,
	    (unsigned long long)r->last_fail);
	assert_string_equal(text, want);
}

static void
load_vector(struct peerrec *r)
{
	struct json *all = json_vectors(), *v;
	const char *text = json_str(json_get(json_get(all, "peer_record"),
	    "value"));

	v = json_parse(text, strlen(text));
	from_vector(v, r);
	json_free(v);
	assert_reference_form(r, text);
	assert_string_equal(json_str(json_get(json_get(all, "peer_record"),
	    "bucket")), PEERBOOK_TABLE);
	assert_string_equal(json_str(json_get(json_get(all, "peer_record"),
	    "key")), hex_of(r->id.b));
	json_free(all);
}

static void
assert_same(const struct peerrec *a, const struct peerrec *b)
{
	assert_memory_equal(a->id.b, b->id.b, NODEID_LEN);
	assert_memory_equal(a->key, b->key, sizeof(a->key));
	assert_int_equal(a->has_key, b->has_key);
	assert_int_equal(a->reachable, b->reachable);
	assert_true(a->last_seen == b->last_seen);
	assert_true(a->last_fail == b->last_fail);
	assert_int_equal(a->fail_count, b->fail_count);
	assert_string_equal(a->addr, b->addr);
	assert_int_equal(a->signed_len, b->signed_len);
	assert_memory_equal(a->signed_by, b->signed_by, a->signed_len);
}

static void
test_vector_record(void **state)
{
	struct peerrec r, back;
	struct wbuf w;
	struct rcur c;

	(void)state;
	load_vector(&r);
	assert_null(peerrec_check(&r));
	assert_string_equal(r.addr, "203.0.113.30:4000");
	assert_true(r.reachable);
	assert_true(r.last_seen == 1770000000);
	assert_true(r.fail_count == 0 && r.last_fail == 0);
	r.fail_count = 7;
	r.last_fail = 1770000123;

	wbuf_init(&w, PEERREC_MAX);
	peerrec_encode(&w, &r);
	assert_true(peerrec_decode(r.id.b, NODEID_LEN, w.p, w.len, &back));
	assert_same(&r, &back);
	wbuf_reset(&w);
	peerrec_write_msg(&w, &r);
	rcur_init(&c, w.p, w.len);
	assert_true(peerrec_read_msg(&c, &back));
	assert_same(&r, &back);
	wbuf_free(&w);
}

/* Nothing shorter, longer, or of another format is taken. */
static void
test_decode_refuses(void **state)
{
	struct peerrec r, back;
	struct wbuf w;

	(void)state;
	load_vector(&r);
	wbuf_init(&w, PEERREC_MAX);
	peerrec_encode(&w, &r);
	for (size_t n = 0; n < w.len; n++)
		assert_false(peerrec_decode(r.id.b, NODEID_LEN, w.p, n,
		    &back));
	wbuf_u8(&w, 0);
	assert_false(peerrec_decode(r.id.b, NODEID_LEN, w.p, w.len, &back));
	w.len--;
	assert_false(peerrec_decode(r.id.b, NODEID_LEN - 1, w.p, w.len,
	    &back));
	assert_true(peerrec_decode(r.id.b, NODEID_LEN, w.p, w.len, &back));
	w.p[0] = 3;			/* format */
	assert_false(peerrec_decode(r.id.b, NODEID_LEN, w.p, w.len, &back));
	/* As it was before there was anything signed. */
	w.p[0] = 1;
	assert_false(peerrec_decode(r.id.b, NODEID_LEN, w.p, w.len, &back));
	assert_true(peerrec_decode(r.id.b, NODEID_LEN, w.p, w.len - 2,
	    &back));
	assert_same(&r, &back);
	w.p[0] = 2;
	w.p[w.len - 1] = 1;		/* more signed than there is */
	assert_false(peerrec_decode(r.id.b, NODEID_LEN, w.p, w.len, &back));
	w.p[w.len - 1] = 0;
	w.p[1] = 2;			/* neither yes nor no */
	assert_false(peerrec_decode(r.id.b, NODEID_LEN, w.p, w.len, &back));
	w.p[1] = 1;
	w.p[2] ^= 1;			/* another key than the id says */
	assert_false(peerrec_decode(r.id.b, NODEID_LEN, w.p, w.len, &back));
	w.p[2] ^= 1;
	w.p[w.len - 3] = '\0';		/* NUL in the address */
	assert_false(peerrec_decode(r.id.b, NODEID_LEN, w.p, w.len, &back));
	wbuf_free(&w);
}

static void
test_longest(void **state)
{
	struct peerrec r, back;
	struct wbuf w;
	struct rcur c;

	(void)state;
	load_vector(&r);
	memset(r.addr, 'h', HOST_MAX);
	snprintf(r.addr + HOST_MAX, sizeof(r.addr) - HOST_MAX, ":65535");
	assert_null(peerrec_check(&r));
	r.signed_len = PEERREC_SIGNED_MAX;
	memset(r.signed_by, 0x5a, PEERREC_SIGNED_MAX);
	wbuf_init(&w, PEERREC_MAX);
	peerrec_encode(&w, &r);
	assert_true(peerrec_decode(r.id.b, NODEID_LEN, w.p, w.len, &back));
	assert_same(&r, &back);
	wbuf_reset(&w);
	peerrec_write_msg(&w, &r);
	rcur_init(&c, w.p, w.len);
	assert_true(peerrec_read_msg(&c, &back));
	assert_same(&r, &back);
	wbuf_free(&w);
}

static void
test_check(void **state)
{
	struct peerrec r;

	(void)state;
	load_vector(&r);
	r.addr[0] = '\0';
	assert_null(peerrec_check(&r));
	snprintf(r.addr, sizeof(r.addr), "a\x1b[2J:1");
	assert_non_null(peerrec_check(&r));
	snprintf(r.addr, sizeof(r.addr), "h:1");
	r.has_key = false;
	assert_non_null(peerrec_check(&r));
	memset(r.key, 0, sizeof(r.key));
	assert_null(peerrec_check(&r));
	r.has_key = true;
	assert_non_null(peerrec_check(&r));
}

static void
test_vector_addresses(void **state)
{
	struct json *all = json_vectors();
	const struct json *list = json_get(all, "addresses"), *v;
	struct peerrec r = { .has_key = false };
	const char *addr;
	bool refused;

	(void)state;
	assert_true(json_len(list) > 10);
	for (size_t i = 0; i < json_len(list); i++) {
		v = json_at(list, i);
		addr = json_str(json_get(v, "addr"));
		if (*addr == '\0')
			continue;	/* known, but not where: kept */
		snprintf(r.addr, sizeof(r.addr), "%s", addr);
		refused = json_bool(json_get(v, "discovery_rejects"));
		for (const char *p = addr; *p != '\0'; p++)
			refused = refused || *p <= ' ' || *p > '~';
		if ((peerrec_check(&r) != NULL) != refused)
			fail_msg("\"%s\": %s", addr, peerrec_check(&r));
	}
	json_free(all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vector_record),
		cmocka_unit_test(test_decode_refuses),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_vector_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
