/* SPDX-License-Identifier: MIT */
#include "t.h"

#include "common/reach.h"

static void
test_classes(void **state)
{
	static const struct {
		const char	*addr;
		enum reach	 reach;
	} want[] = {
		{ "0.0.0.0:4000", REACH_NEVER },
		{ "0.1.2.3:4000", REACH_NEVER },
		{ "[::]:4000", REACH_NEVER },
		{ "255.255.255.255:4000", REACH_NEVER },
		{ "240.0.0.1:4000", REACH_NEVER },
		{ "224.0.0.1:4000", REACH_NEVER },
		{ "[ff02::1]:4000", REACH_NEVER },
		{ "169.254.1.1:4000", REACH_NEVER },
		{ "[fe80::1]:4000", REACH_NEVER },
		{ "[::ffff:224.0.0.1]:4000", REACH_NEVER },
		{ "[2002:7f00:1::1]:4000", REACH_NEVER },
		{ "[64:ff9b::127.0.0.1]:4000", REACH_NEVER },
		{ "127.0.0.1:4000", REACH_LOOPBACK },
		{ "127.9.9.9:22", REACH_LOOPBACK },
		{ "[::1]:4000", REACH_LOOPBACK },
		{ "[::ffff:127.0.0.1]:4000", REACH_LOOPBACK },
		{ "10.1.2.3:4000", REACH_INNER },
		{ "172.31.255.255:4000", REACH_INNER },
		{ "192.168.1.1:4000", REACH_INNER },
		{ "[fd00::1]:4000", REACH_INNER },
		{ "192.0.2.1:4000", REACH_INNER },
		{ "198.51.100.1:4000", REACH_INNER },
		{ "203.0.113.9:4000", REACH_INNER },
		{ "[2001:db8::1]:4000", REACH_INNER },
		{ "100.64.0.1:4000", REACH_INNER },
		{ "8.8.4.4:4000", REACH_OPEN },
		{ "172.32.0.1:4000", REACH_OPEN },
		{ "[2600::1]:4000", REACH_OPEN },
	};
	struct addr a;

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_true(addr_parse(want[i].addr, &a));
		if (addr_reach(&a) != want[i].reach)
			fail_msg("%s: %d", want[i].addr, addr_reach(&a));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes),
	};

	return cmocka_run_group_tests_name("reach", tests, NULL, NULL);
}
