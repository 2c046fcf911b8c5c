/* SPDX-License-Identifier: MIT */
/* common/conf.c, conf_check.c, conf_record.c. */
#include "../common/t.h"

#include <stdio.h>

#include "conf.h"
#include "cursor.h"
#include "json.h"
#include "mtime.h"

#define ID	"0123456789abcdef0123456789abcdef" \
		"0123456789abcdef0123456789abcdef"

struct sent {
	struct conf	conf;
	size_t		n;
	bool		data_dir;
};

static void
receive(const struct wbuf *b, void *arg)
{
	struct sent *s = arg;
	struct rcur r;

	rcur_init(&r, b->p, b->len);
	s->data_dir |= rcur_u16(&r) == CONF_NODE_DATA_DIR;
	rcur_init(&r, b->p, b->len);
	assert_true(conf_record_read(&s->conf, &r));
	s->n++;
}

static void
expect_same(const struct conf *a, const struct conf *b)
{
	for (const struct conf_setting *s = conf_settings; s->key != 0; s++)
		if (s->key != CONF_NODE_DATA_DIR && conf_differs(a, b, s))
			fail_msg("setting %d differs", (int)s->key);
}

/* Parity: Defaults (SSH on loopback only: superseded by design 5). */
static void
test_defaults(void **state)
{
	struct conf c;

	(void)state;
	conf_init(&c);
	assert_true(c.node_name[0] != '\0');
	assert_int_equal(c.ssh_listen.n, 2);
	assert_string_equal(c.ssh_listen.v[0], "127.0.0.1:2222");
	assert_string_equal(c.ssh_listen.v[1], "[::1]:2222");
	assert_int_equal(c.network_listen.n, 0);
	assert_int_equal(c.network_max_peers, 15);
	assert_int_equal(c.network_exchange_interval, 30000);
	assert_int_equal(c.network_discovery_interval, 10000);
	assert_int_equal(c.logging_level, LOG_LVL_INFO);
	assert_int_equal(c.logging_format, LOG_TEXT);
	conf_free(&c);
}

/* Keys are the row numbers, members do not overlap, names have a group. */
static void
test_table(void **state)
{
	unsigned int key = 0;

	(void)state;
	for (const struct conf_setting *s = conf_settings; s->key != 0; s++) {
		assert_int_equal(s->key, ++key);
		assert_ptr_equal(conf_setting_by_key(key), s);
		assert_true(s->min <= s->max && s->help != NULL);
		if (s->name != NULL)
			assert_non_null(strchr(s->name, '.'));
		for (const struct conf_setting *t = conf_settings; t != s; t++)
			assert_int_not_equal(t->offset, s->offset);
	}
	assert_int_equal(key, CONF_KEY_MAX - 1);
	assert_null(conf_setting_by_key(0));
	assert_null(conf_setting_by_key(CONF_KEY_MAX));
}

static void
fill(struct conf *c)
{
	conf_init(c);
	snprintf(c->node_name, sizeof(c->node_name), "attic");
	strlist_add(&c->node_tags, "eu");
	snprintf(c->data_dir, sizeof(c->data_dir), "/data");
	strlist_free(&c->ssh_listen);
	c->ssh_max_sessions = 1024;
	c->ssh_max_per_address = 1;
	c->ssh_login_grace = 1000;
	strlist_add(&c->network_listen, "0.0.0.0:4000");
	strlist_add(&c->network_listen, "[::]:0");
	snprintf(c->network_advertise_addr, sizeof(c->network_advertise_addr),
	    "a.example.org:4000");
	strlist_add(&c->network_bootstrap, ID "@a.example.org:4000");
	c->network_max_peers = 0;
	c->network_exchange_interval = 0;
	c->network_discovery_interval = 86400000;
	c->network_max_unfinished = 16384;
	c->network_max_per_address = 2;
	c->network_author_rate = 100000;
	strlist_add(&c->network_allow, ID);
	c->logging_level = LOG_LVL_ERROR;
	c->logging_format = LOG_JSON;
	strlist_add(&c->nameservers, "192.0.2.1:53");
	strlist_add(&c->hosts, "a.example.org 192.0.2.2");
}

static void
test_records(void **state)
{
	struct sent s = { 0 };
	struct conf c;

	(void)state;
	fill(&c);
	conf_init(&s.conf);
	conf_write(&c, receive, &s);
	assert_false(s.data_dir);
	assert_string_equal(s.conf.data_dir, "");
	expect_same(&c, &s.conf);
	/* One for each setting but data_dir, one more for the 2nd listener. */
	assert_int_equal(s.n, CONF_KEY_MAX - 2 + 1);
	conf_write_setting(&c, conf_setting_by_key(CONF_NODE_DATA_DIR),
	    receive, &s);
	assert_string_equal(s.conf.data_dir, "/data");
	conf_free(&s.conf);
	conf_free(&c);
}

static bool
read_text(struct conf *c, unsigned int key, const char *text)
{
	struct wbuf b;
	struct rcur r;
	bool ok;

	wbuf_init(&b, 65536);
	wbuf_u16(&b, (uint16_t)key);
	wbuf_str(&b, text);
	rcur_init(&r, b.p, b.len);
	ok = conf_record_read(c, &r);
	wbuf_free(&b);
	return ok;
}

static bool
read_num(struct conf *c, unsigned int key, uint64_t v, size_t extra)
{
	struct wbuf b;
	struct rcur r;
	bool ok;

	wbuf_init(&b, 64);
	wbuf_u16(&b, (uint16_t)key);
	wbuf_u64(&b, v);
	wbuf_bytes(&b, "\0\0\0\0", extra);
	rcur_init(&r, b.p, b.len);
	ok = conf_record_read(c, &r);
	wbuf_free(&b);
	return ok;
}

static void
test_records_refused(void **state)
{
	char name[CONF_NODE_NAME_MAX + 2];
	struct conf c;

	(void)state;
	conf_init(&c);
	assert_true(read_num(&c, CONF_NETWORK_MAX_PEERS, 1024, 0));
	assert_false(read_num(&c, CONF_NETWORK_MAX_PEERS, 1025, 0));
	assert_false(read_num(&c, CONF_NETWORK_MAX_PEERS, UINT64_MAX, 0));
	assert_false(read_num(&c, CONF_NETWORK_MAX_PEERS, 5, 1));
	assert_int_equal(c.network_max_peers, 1024);
	assert_false(read_num(&c, CONF_SSH_LOGIN_GRACE, 999, 0));
	assert_false(read_num(&c, CONF_LOGGING_LEVEL, 1, 0));
	assert_false(read_num(&c, 0, 1, 0));
	assert_false(read_num(&c, CONF_KEY_MAX, 1, 0));
	assert_false(read_text(&c, CONF_NETWORK_MAX_PEERS, "5"));
	assert_false(read_text(&c, CONF_NODE_NAME, ""));
	assert_false(read_text(&c, CONF_NODE_NAME, "a\nb"));
	memset(name, 'n', sizeof(name));
	name[CONF_NODE_NAME_MAX + 1] = '\0';
	assert_false(read_text(&c, CONF_NODE_NAME, name));
	name[CONF_NODE_NAME_MAX] = '\0';
	assert_true(read_text(&c, CONF_NODE_NAME, name));
	assert_string_equal(c.node_name, name);
	assert_false(read_text(&c, CONF_NODE_DATA_DIR, "rel/ative"));
	assert_false(read_text(&c, CONF_NETWORK_BOOTSTRAP, "0.0.0.0:1"));
	assert_false(read_text(&c, CONF_NAMESERVER, "dns.example.org:53"));
	assert_false(read_text(&c, CONF_HOST, "name"));
	assert_false(read_text(&c, CONF_HOST, "name name"));
	assert_true(read_text(&c, CONF_HOST, "name 192.0.2.1"));
	conf_free(&c);
}

static void
test_record_lists(void **state)
{
	char addr[32];
	struct conf c;

	(void)state;
	conf_init(&c);
	/* The first replaces the default, the rest are added, to the limit. */
	for (unsigned int i = 0; i < CONF_LISTEN_MAX; i++) {
		snprintf(addr, sizeof(addr), "127.0.0.1:%u", 4000 + i);
		assert_true(read_text(&c, CONF_SSH_LISTEN, addr));
		assert_int_equal(c.ssh_listen.n, i + 1);
	}
	assert_false(read_text(&c, CONF_SSH_LISTEN, "127.0.0.1:1"));
	assert_false(read_text(&c, CONF_SSH_LISTEN, ""));
	conf_free(&c);
	conf_init(&c);
	assert_true(read_text(&c, CONF_SSH_LISTEN, ""));
	assert_int_equal(c.ssh_listen.n, 0);
	conf_free(&c);
}

static void
test_differs(void **state)
{
	struct conf a, b;

	(void)state;
	fill(&a);
	conf_copy(&b, &a);
	for (const struct conf_setting *s = conf_settings; s->key != 0; s++) {
		assert_false(conf_differs(&a, &b, s));
		switch (s->type) {
		case CONF_T_STRING:
			conf_str(&b, s)[0] ^= 1;
			break;
		case CONF_T_INT:
			(*conf_int(&b, s))++;
			break;
		case CONF_T_DURATION:
			(*conf_ms(&b, s))++;
			break;
		case CONF_T_LIST:
			strlist_add(conf_list(&b, s), "x");
			break;
		case CONF_T_LEVEL:
			b.logging_level = LOG_LVL_DEBUG;
			break;
		case CONF_T_FORMAT:
			b.logging_format = LOG_TEXT;
			break;
		}
		for (const struct conf_setting *t = conf_settings;
		    t->key != 0; t++)
			assert_int_equal(conf_differs(&a, &b, t),
			    t->key <= s->key);
	}
	conf_free(&a);
	conf_free(&b);
}

/* The reference's sentence around our reason. */
static void
expect_reason(const char *addr, const char *why, const char *want)
{
	char text[512];

	if (want == NULL) {
		assert_null(why);
		return;
	}
	assert_non_null(why);
	snprintf(text, sizeof(text), "%s", why);
	if (strstr(why, " in address") != NULL)
		snprintf(text, sizeof(text), "invalid format (expected "
		    "host:port): address %s: %s", addr, why);
	assert_string_equal(text, want);
}

/*
 * vector group addresses, config_listen_error and config_peer_error: equal,
 * but for "host:http" and "host:99999": superseded by numeric ports (W29),
 * our test asserts ours.  Parity: ValidateListenAddr, ValidatePeerAddr.
 */
static void
test_vector_addresses(void **state)
{
	struct json *all = json_vectors();
	const struct json *v = json_get(all, "addresses");
	size_t odd = 0;

	(void)state;
	assert_int_equal(json_len(v), 24);
	for (size_t i = 0; i < json_len(v); i++) {
		const struct json *a = json_at(v, i);
		const char *addr = json_str(json_get(a, "addr"));
		const struct json *l = json_get(a, "config_listen_error");
		const struct json *p = json_get(a, "config_peer_error");

		if (strcmp(addr, "host:http") == 0 ||
		    strcmp(addr, "host:99999") == 0) {
			assert_string_equal(conf_check_listen(addr),
			    "port is not a number in range");
			assert_string_equal(conf_check_peer(addr, true),
			    "port is not a number in range");
			odd++;
			continue;
		}
		expect_reason(addr, conf_check_listen(addr),
		    json_type(l) == JSON_STR ? json_str(l) : NULL);
		expect_reason(addr, conf_check_peer(addr, false),
		    json_type(p) == JSON_STR ? json_str(p) : NULL);
	}
	assert_int_equal(odd, 2);
	json_free(all);
}

/* vector group durations: equal.  Parity: DurationUnmarshalText. */
static void
test_vector_durations(void **state)
{
	struct json *all = json_vectors();
	const struct json *v = json_get(all, "durations");
	int64_t ms;

	(void)state;
	assert_int_equal(json_len(v), 11);
	for (size_t i = 0; i < json_len(v); i++) {
		const struct json *d = json_at(v, i);
		const char *in = json_str(json_get(d, "in"));

		if (json_has(d, "error")) {
			assert_false(duration_parse(in, &ms));
			continue;
		}
		assert_true(duration_parse(in, &ms));
		assert_int_equal(ms, json_int(json_get(d, "ms")));
	}
	json_free(all);
}

static void
test_addresses(void **state)
{
	struct nodeid id;
	const char *hostport;
	bool has_id;

	(void)state;
	assert_null(conf_check_listen("127.0.0.1:0"));
	assert_non_null(conf_check_peer("127.0.0.1:0", true));
	assert_non_null(conf_check_listen("127.0.0.1:65536"));
	assert_non_null(conf_check_listen("127.0.0.1:+80"));
	assert_null(conf_check_peer(ID "@h:1", true));
	assert_non_null(conf_check_peer(ID "@h:1", false));
	assert_non_null(conf_check_peer(ID "@0.0.0.0:1", true));
	assert_non_null(conf_check_peer("@h:1", true));
	assert_non_null(conf_check_peer("0" ID "@h:1", true));
	assert_non_null(conf_check_peer("[::ffff:0.0.0.0]:1", true));
	assert_non_null(conf_check_peer("h\x01:1", true));
	assert_non_null(conf_check_peer("h h:1", true));
	assert_non_null(conf_check_peer("h/x:1", true));
	assert_non_null(conf_check_peer("[fe80::1%eth0]:1", true));
	assert_true(conf_peer_split(ID "@h:1", &id, &has_id, &hostport));
	assert_true(has_id);
	assert_int_equal(id.b[0], 0x01);
	assert_int_equal(id.b[31], 0xef);
	assert_string_equal(hostport, "h:1");
	assert_true(conf_peer_split("h:1", &id, &has_id, &hostport));
	assert_false(has_id);
	assert_string_equal(hostport, "h:1");
	assert_false(conf_peer_split("x@h:1", &id, &has_id, &hostport));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_records_refused),
		cmocka_unit_test(test_record_lists),
		cmocka_unit_test(test_differs),
		cmocka_unit_test(test_vector_addresses),
		cmocka_unit_test(test_vector_durations),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
