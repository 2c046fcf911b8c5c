/* SPDX-License-Identifier: MIT */
/*
 * libcrypto fetches on first use, which a stranger may cause at any time:
 * under the filter, then, and without a file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <string.h>
#include <unistd.h>

#include <linux/capability.h>

#include "common/imsg.h"
#include "common/sandbox.h"
#include "micelio-gossipd/montgomery.h"
#include "micelio-gossipd/verify.h"

#define FILES	256

/* The neutral point has signed everything: only libcrypto says so. */
static int
verify_all(void)
{
	uint8_t key[32] = { 1 }, sig[64] = { 1 }, out[32];

	if (!verify_signature(key, sig, sizeof(sig), "x", 1))
		return 1;
	sig[32] = 1;
	if (verify_signature(key, sig, sizeof(sig), "x", 1))
		return 2;
	return montgomery_from_edwards(key, sizeof(key), out) ? 0 : 3;
}

/* As the parent does for its children. */
static void
drop_caps(void)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2];

	memset(d, 0, sizeof(d));
	if (syscall(SYS_capset, &h, d) == -1)
		_exit(4);
}

static void
test_first_use(void **state)
{
	struct sandbox_report rep;
	int status;
	pid_t pid;

	(void)state;
	memset(&rep, 0, sizeof(rep));
	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0) {
		drop_caps();
		verify_init();
		sandbox_limits(PROC_GOSSIPD, FILES, &rep);
		sandbox_landlock(PROC_GOSSIPD, -1, &rep);
		sandbox_seccomp(PROC_GOSSIPD, &rep);
		_exit(verify_all());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_false(WIFSIGNALED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_use),
	};

	return cmocka_run_group_tests_name("gossipd sandboxed", tests, NULL,
	    NULL);
}
