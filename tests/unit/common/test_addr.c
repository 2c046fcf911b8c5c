/* SPDX-License-Identifier: MIT */
#include "t.h"

#include "addr.h"

static void
splits_like_go(void **state)
{
	static const struct {
		const char *in, *host, *port, *why;
	} t[] = {
		{ "127.0.0.1:4000", "127.0.0.1", "4000", NULL },
		{ "[::1]:4000", "::1", "4000", NULL },
		{ "host:http", "host", "http", NULL },
		{ ":80", "", "80", NULL },
		{ "host:", "host", "", NULL },
		{ "host", NULL, NULL, "missing port in address" },
		{ "", NULL, NULL, "missing port in address" },
		{ "::1", NULL, NULL, "too many colons in address" },
		{ "[::1", NULL, NULL, "missing ']' in address" },
		{ "[::1]", NULL, NULL, "missing port in address" },
		{ "[::1]80", NULL, NULL, "missing port in address" },
		{ "[::1]:80:90", NULL, NULL, "too many colons in address" },
		{ "ho[st:80", NULL, NULL, "unexpected '[' in address" },
		{ "host]:80", NULL, NULL, "unexpected ']' in address" },
	};
	struct hostport hp;
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		bool ok = hostport_split(t[i].in, &hp, &why);

		assert_int_equal(ok, t[i].why == NULL);
		if (ok) {
			assert_string_equal(hp.host, t[i].host);
			assert_string_equal(hp.port, t[i].port);
		} else
			assert_string_equal(why, t[i].why);
	}
}

static void
long_hosts_are_refused_not_cut(void **state)
{
	char s[400];
	struct hostport hp;
	const char *why;

	(void)state;
	memset(s, 'a', sizeof(s));
	memcpy(s + 300, ":80", 4);
	assert_false(hostport_split(s, &hp, &why));
	assert_string_equal(why, "address too long");
}

static void
ports(void **state)
{
	(void)state;
	assert_int_equal(port_parse("1", false), 1);
	assert_int_equal(port_parse("65535", false), 65535);
	assert_int_equal(port_parse("0", true), 0);
	assert_int_equal(port_parse("0", false), -1);
	assert_int_equal(port_parse("65536", false), -1);
	assert_int_equal(port_parse("", false), -1);
	assert_int_equal(port_parse("+80", false), -1);
	assert_int_equal(port_parse("8o", false), -1);
	assert_int_equal(port_parse("000080", false), -1);
}

static void
texts_and_kinds(void **state)
{
	char t[HOSTPORT_MAX + 1];
	struct addr a, b;

	(void)state;
	assert_true(addr_parse("[2001:db8::1]:4000", &a));
	assert_string_equal(addr_text(&a, t), "[2001:db8::1]:4000");
	assert_true(addr_parse("[::ffff:10.1.2.3]:5", &a));
	assert_string_equal(addr_text(&a, t), "10.1.2.3:5");
	assert_true(addr_parse("10.1.2.3:5", &b));
	assert_true(addr_equal(&a, &b));
	assert_true(addr_is_private(&a));
	assert_true(addr_host_key(&a) == addr_host_key(&b));
	assert_true(addr_parse("10.1.2.99:5", &b));
	assert_true(addr_net_key(&a) == addr_net_key(&b));
	assert_false(addr_host_key(&a) == addr_host_key(&b));
	assert_false(addr_parse("example.org:1", &a));
	assert_true(addr_parse("127.9.9.9:1", &a) && addr_is_loopback(&a));
	assert_true(addr_parse("[::1]:1", &a) && addr_is_loopback(&a));
	assert_true(addr_parse("[::]:1", &a) && addr_is_unspecified(&a));
	assert_true(addr_parse("224.0.0.1:1", &a) && addr_is_multicast(&a));
	assert_true(addr_parse("[fe80::1]:1", &a) && addr_is_linklocal(&a));
	assert_true(addr_parse("169.254.1.1:1", &a) && addr_is_linklocal(&a));
	assert_true(addr_parse("172.31.0.1:1", &a) && addr_is_private(&a));
	assert_true(addr_parse("172.32.0.1:1", &a) && !addr_is_private(&a));
}

static void
networks(void **state)
{
	struct addr a;
	bool bad;

	(void)state;
	assert_true(addr_parse("10.1.2.3:5", &a));
	assert_true(addr_in_net(&a, "10.0.0.0/8", &bad) && !bad);
	assert_true(addr_in_net(&a, "10.1.2.3", &bad) && !bad);
	assert_false(addr_in_net(&a, "10.1.2.4/31", &bad));
	assert_true(addr_in_net(&a, "10.1.2.2/31", &bad));
	assert_true(addr_in_net(&a, "0.0.0.0/0", &bad));
	assert_false(addr_in_net(&a, "2001:db8::/32", &bad) || bad);
	assert_false(addr_in_net(&a, "10.0.0.0/33", &bad));
	assert_true(bad);
	assert_false(addr_in_net(&a, "tenth", &bad));
	assert_true(bad);
	assert_true(addr_parse("[2001:db8:ffff::1]:5", &a));
	assert_true(addr_in_net(&a, "2001:db8::/32", &bad) && !bad);
	assert_false(addr_in_net(&a, "2001:db9::/32", &bad) || bad);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits_like_go),
		cmocka_unit_test(long_hosts_are_refused_not_cut),
		cmocka_unit_test(ports),
		cmocka_unit_test(texts_and_kinds),
		cmocka_unit_test(networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
