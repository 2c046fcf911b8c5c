/* SPDX-License-Identifier: MIT */
/* config_print.c: what -nv prints reads back equal. */
#include "help.h"

#include <stdio.h>

#define ID	"0123456789abcdef0123456789abcdef" \
		"0123456789abcdef0123456789abcdef"

static void
round_trip(const struct conf *c)
{
	struct reading r;
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	assert_int_equal(config_print(f, c), 0);
	fclose(f);
	reading_of_bytes(&r, text, len);
	if (!r.ok)
		fail_msg("%s\n%s", r.problems.v[0].text, text);
	expect_equal(c, &r.conf);
	for (const struct conf_setting *s = conf_settings; s->key != 0; s++)
		if (s->name != NULL)
			assert_int_equal((r.given >> s->key) & 1, 1);
	reading_free(&r);
	free(text);
}

static void
test_defaults(void **state)
{
	struct conf c;

	(void)state;
	conf_init(&c);
	snprintf(c.data_dir, sizeof(c.data_dir), "/var/lib/micelio");
	round_trip(&c);
	conf_free(&c);
}

static void
test_everything(void **state)
{
	char tag[CONF_TAG_LEN + 1];
	struct conf c;

	(void)state;
	conf_init(&c);
	snprintf(c.node_name, sizeof(c.node_name), "a \"b\" \\n # /* ü */");
	snprintf(c.data_dir, sizeof(c.data_dir), "/a b/\\\"x");
	memset(tag, 't', sizeof(tag));
	tag[CONF_TAG_LEN] = '\0';
	strlist_add(&c.node_tags, tag);
	strlist_add(&c.node_tags, "\xe2\x82\xac \\");
	strlist_free(&c.ssh_listen);
	strlist_add(&c.ssh_listen, "[2001:db8::1]:0");
	c.ssh_login_grace = 61001;
	snprintf(c.network_advertise_addr, sizeof(c.network_advertise_addr),
	    "n.example.org:1");
	for (int i = 0; i < CONF_ALLOW_MAX; i++) {
		char id[NODEID_HEX + 1] = ID;

		snprintf(id, 9, "%08x", (unsigned int)i);
		id[8] = '0';
		strlist_add(&c.network_allow, id);
	}
	strlist_add(&c.network_bootstrap, ID "@n.example.org:1");
	c.network_max_peers = 0;
	c.network_exchange_interval = 24u * 3600 * 1000;
	c.network_discovery_interval = 1;
	c.network_author_rate = 100000;
	c.logging_level = LOG_LVL_DEBUG;
	c.logging_format = LOG_JSON;
	round_trip(&c);
	conf_free(&c);
}

static void
test_no_room(void **state)
{
	FILE *f = fopen("/dev/full", "w");
	struct conf c;

	(void)state;
	assert_non_null(f);
	conf_init(&c);
	assert_int_equal(config_print(f, &c), -1);
	fclose(f);
	conf_free(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
