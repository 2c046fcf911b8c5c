/* SPDX-License-Identifier: MIT */
/* config_system.c: resolv.conf and hosts, good and otherwise. */
#include "help.h"

#include <stdio.h>

static void
expect_list(void (*fn)(const char *, size_t, struct strlist *),
    const char *text, const char *want)
{
	struct strlist l = { NULL, 0 };
	char got[512] = "";
	size_t n = 0;

	fn(text, strlen(text), &l);
	for (size_t i = 0; i < l.n; i++)
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%s",
		    i == 0 ? "" : ",", l.v[i]);
	assert_string_equal(got, want);
	strlist_free(&l);
}

static void
test_resolv(void **state)
{
	(void)state;
	expect_list(system_resolv, "", "");
	expect_list(system_resolv, "nameserver 192.0.2.1\n",
	    "192.0.2.1:53");
	expect_list(system_resolv, "# x\nsearch a b\n\tnameserver\t2001:db8::1 "
	    "; y\r\nnameserver 192.0.2.2", "[2001:db8::1]:53,192.0.2.2:53");
	expect_list(system_resolv, "nameserver\nnameserver x\nnameserver 1.2\n"
	    "nameservers 192.0.2.1\n", "");
	expect_list(system_resolv,
	    "nameserver 192.0.2.1\nnameserver 192.0.2.2\n"
	    "nameserver 192.0.2.3\nnameserver 192.0.2.4\n"
	    "nameserver 192.0.2.5\n",
	    "192.0.2.1:53,192.0.2.2:53,192.0.2.3:53,192.0.2.4:53");
}

static void
test_hosts(void **state)
{
	struct strlist l = { NULL, 0 };
	char text[8192];
	size_t n = 0;

	(void)state;
	expect_list(system_hosts, "127.0.0.1 LocalHost lo # x\n\n::1 six\n",
	    "localhost 127.0.0.1,lo 127.0.0.1,six ::1");
	expect_list(system_hosts, "x y\n127.0.0.1\n127.0.0.1 a/b \x01 ok\n",
	    "ok 127.0.0.1");
	memset(text, 'n', sizeof(text));
	memcpy(text, "127.0.0.1 a ", 12);
	text[4000] = '\0';	/* longer than a line may be */
	expect_list(system_hosts, text, "");
	for (unsigned int i = 0; i < 300; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "192.0.2.1 h%u\n", i);
	system_hosts(text, n, &l);
	assert_int_equal(l.n, CONF_HOSTS_MAX);
	strlist_free(&l);
	system_hosts("127.0.0.1 a\0b\n127.0.0.1 c\n", 26, &l);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.v[0], "c 127.0.0.1");
	strlist_free(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolv),
		cmocka_unit_test(test_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
