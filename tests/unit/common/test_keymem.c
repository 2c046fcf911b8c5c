/* SPDX-License-Identifier: MIT */
#include "t.h"

#include <sys/wait.h>

#include <signal.h>
#include <unistd.h>

#include "keymem.h"

/* A forked child faults where the parent's secret was. */
static void
a_fork_does_not_inherit_it(void **state)
{
	volatile uint8_t *p = keymem_alloc(32);
	int status;
	pid_t pid;

	(void)state;
	assert_non_null((void *)(uintptr_t)p);
	p[0] = 42;
	if ((pid = fork()) == 0) {
		signal(SIGSEGV, SIG_DFL);
		_exit(p[0] == 42 ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* SIGSEGV; a sanitizer turns that into an exit status of its own */
	assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGSEGV :
	    WEXITSTATUS(status) > 1);
	assert_int_equal(p[0], 42);
	keymem_free((void *)(uintptr_t)p, 32);
	assert_string_not_equal(keymem_kind(), "none yet");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fork_does_not_inherit_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
