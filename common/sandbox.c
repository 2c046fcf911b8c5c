/* SPDX-License-Identifier: MIT */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "cursor.h"
#include "log.h"
#include "sandbox.h"

#include <linux/capability.h>

/*
 * Landlock by number: Debian 12's header ends with ABI 2, and a weaker
 * sandbox on a newer kernel must not come from an old header.
 */
#define LL_CREATE	444
#define LL_ADD_RULE	445
#define LL_RESTRICT	446
#define LL_VERSION	(1u << 0)	/* flag of LL_CREATE */
#define LL_PATH_BENEATH	1

#define LL_FS_EXECUTE	(1ull << 0)
#define LL_FS_WRITE	(1ull << 1)
#define LL_FS_READ	(1ull << 2)
#define LL_FS_READ_DIR	(1ull << 3)
#define LL_FS_RM_DIR	(1ull << 4)
#define LL_FS_RM_FILE	(1ull << 5)
#define LL_FS_MK_DIR	(1ull << 7)
#define LL_FS_MK_REG	(1ull << 8)
#define LL_FS_REFER	(1ull << 13)
#define LL_FS_TRUNCATE	(1ull << 14)
#define LL_NET_ALL	3ull		/* bind and connect of TCP, ABI 4 */
#define LL_SCOPE_ALL	3ull		/* abstract sockets, signals, ABI 6 */

struct ll_ruleset {
	uint64_t	fs, net, scoped;
};

struct ll_beneath {
	uint64_t	allowed;
	int32_t		fd;
} __attribute__((packed));

/* All file rights an ABI knows. */
static uint64_t
ll_fs_all(int abi)
{
	if (abi >= 5)
		return (1ull << 16) - 1;
	if (abi >= 3)
		return (1ull << 15) - 1;
	return abi == 2 ? (1ull << 14) - 1 : (1ull << 13) - 1;
}

void
sandbox_landlock(enum proc_role role, int dirfd, struct sandbox_report *rep)
{
	struct ll_ruleset rs = { 0 };
	struct ll_beneath rule = { 0 };
	size_t size = 8;
	int abi, fd;

	if (SANDBOX_OFF || SANDBOX_LOG)
		return;
	abi = (int)syscall(LL_CREATE, NULL, 0, LL_VERSION);
	if (abi < 1) {
		log_event(EV_SANDBOX_WEAK, LF_STR("lacks", "landlock"));
		return;
	}
	rs.fs = ll_fs_all(abi);
	if (abi >= 4) {
		/* transportd dials any port: seccomp is its fence. */
		rs.net = role == PROC_TRANSPORTD ? 0 : LL_NET_ALL;
		size = 16;
	}
	if (abi >= 6) {
		rs.scoped = LL_SCOPE_ALL;
		size = 24;
	}
	fd = (int)syscall(LL_CREATE, &rs, size, 0);
	if (fd == -1)
		fatal("landlock: create");
	if (dirfd != -1) {
		rule.fd = dirfd;
		rule.allowed = (LL_FS_WRITE | LL_FS_READ | LL_FS_READ_DIR |
		    LL_FS_RM_DIR | LL_FS_RM_FILE | LL_FS_MK_DIR |
		    LL_FS_MK_REG | LL_FS_REFER | LL_FS_TRUNCATE) & rs.fs;
		if (syscall(LL_ADD_RULE, fd, LL_PATH_BENEATH, &rule, 0) == -1)
			fatal("landlock: add rule");
	}
	if (syscall(LL_RESTRICT, fd, 0) == -1)
		fatal("landlock: restrict");
	close(fd);
	rep->landlock_abi = (uint8_t)abi;
}

static void
limit_set(int what, const char *name, rlim_t value)
{
	struct rlimit l;

	if (getrlimit((__rlimit_resource_t)what, &l) == -1)
		fatal("getrlimit %s", name);
	if (l.rlim_max != RLIM_INFINITY && value > l.rlim_max)
		value = l.rlim_max;
	l.rlim_cur = l.rlim_max = value;
	if (setrlimit((__rlimit_resource_t)what, &l) == -1)
		fatal("setrlimit %s", name);
}

/* True if no capability is in any set of this process. */
static bool
caps_empty(void)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2];

	memset(d, 0, sizeof(d));
	if (syscall(SYS_capget, &h, d) == -1)
		return false;
	for (int i = 0; i < 2; i++)
		if (d[i].effective != 0 || d[i].permitted != 0 ||
		    d[i].inheritable != 0)
			return false;
	return true;
}

void
sandbox_limits(enum proc_role role, unsigned int files,
    struct sandbox_report *rep)
{
	(void)role;
	limit_set(RLIMIT_CORE, "core", 0);
	limit_set(RLIMIT_NOFILE, "files", files);
	if (prctl(PR_SET_DUMPABLE, SANDBOX_OFF ? 1 : 0) == -1)
		fatal("prctl dumpable");
	rep->no_dump = !SANDBOX_OFF;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		fatal("prctl no_new_privs");
	rep->no_new_privs = true;
	rep->no_caps = caps_empty();
	if (!rep->no_caps)
		fatalx("a capability is left: refusing to run with it");
}

void
sandbox_report_write(struct wbuf *w, const struct sandbox_report *r)
{
	wbuf_u8(w, r->landlock_abi);
	wbuf_u8(w, r->seccomp);
	wbuf_u8(w, r->no_new_privs);
	wbuf_u8(w, r->no_caps);
	wbuf_u8(w, r->no_dump);
	wbuf_u8(w, r->own_uid);
}

bool
sandbox_report_read(struct rcur *c, struct sandbox_report *r)
{
	r->landlock_abi = rcur_u8(c);
	r->seccomp = rcur_u8(c) != 0;
	r->no_new_privs = rcur_u8(c) != 0;
	r->no_caps = rcur_u8(c) != 0;
	r->no_dump = rcur_u8(c) != 0;
	r->own_uid = rcur_u8(c) != 0;
	return !c->bad;
}
