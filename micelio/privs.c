/* SPDX-License-Identifier: MIT */
/*
 * The two ways to run.  Service: each child under a uid of its own; the
 * parent keeps CAP_SETUID and CAP_SETGID and nothing else.  Personal: one uid
 * for all, and no capability at all, root's included.
 */
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "config.h"
#include "errtext.h"
#include "imsg.h"
#include "log.h"
#include "privs.h"
#include "sandbox.h"

#define PARENT_USER	"micelio"
#define SETID_CAPS	(1u << CAP_SETUID | 1u << CAP_SETGID)

static const struct {
	enum proc_role	 role;
	const char	*name;
} users[] = {
	{ PROC_TRANSPORTD, MICELIO_USER_PREFIX "transport" },
	{ PROC_GOSSIPD, MICELIO_USER_PREFIX "gossip" },
	{ PROC_STATED, MICELIO_USER_PREFIX "state" },
	{ PROC_SSHD, MICELIO_USER_PREFIX "ssh" },
	{ PROC_SESSION, MICELIO_USER_PREFIX "session" },
};
#define NUSERS	(sizeof(users) / sizeof(users[0]))

static bool	caps_permitted(uint32_t *);
static bool	caps_set(uint32_t);
static int	service_ids(struct privs *, char *);

bool
privs_is_service_uid(uid_t uid)
{
	const struct passwd *pw = getpwnam(PARENT_USER);

	return pw != NULL && pw->pw_uid == uid && uid != 0;
}

int
privs_decide(struct privs *p, uid_t owner, const char *path, char err[ERR_MAX])
{
	uid_t uid = getuid();
	uint32_t caps = 0;

	memset(p, 0, sizeof(*p));
	p->self.uid = uid;
	p->self.gid = getgid();
	(void)caps_permitted(&caps);
	if ((uid == 0 && owner != 0 && privs_is_service_uid(owner)) ||
	    (owner == uid && privs_is_service_uid(uid) &&
	    (caps & SETID_CAPS) == SETID_CAPS))
		return service_ids(p, err);
	p->mode = MODE_PERSONAL;
	if (owner == uid)
		return 0;
	snprintf(err, ERR_MAX, "data directory %.300s: belongs to uid %u, and "
	    "we are uid %u; run micelio as its owner, or choose another "
	    "directory with --data-dir", path, (unsigned int)owner,
	    (unsigned int)uid);
	return EX_NOPERM;
}

static int
service_ids(struct privs *p, char *err)
{
	const struct passwd *pw = getpwnam(PARENT_USER);

	p->mode = MODE_SERVICE;
	p->self.uid = pw->pw_uid;
	p->self.gid = pw->pw_gid;
	for (size_t i = 0; i < NUSERS; i++) {
		struct ids *ids = &p->role[users[i].role];

		if ((pw = getpwnam(users[i].name)) == NULL ||
		    pw->pw_uid == 0 || pw->pw_gid == 0) {
			snprintf(err, ERR_MAX, "user %s: %s; run "
			    "systemd-sysusers, or make it with: useradd "
			    "--system --no-create-home --shell "
			    "/usr/sbin/nologin %s", users[i].name, pw == NULL ?
			    "does not exist" : "is root", users[i].name);
			return EX_CONFIG;
		}
		ids->uid = pw->pw_uid;
		ids->gid = pw->pw_gid;
		/* A shared uid would make one of two daemons the other. */
		for (size_t k = 0; k < i; k++)
			if (p->role[users[k].role].uid == ids->uid) {
				snprintf(err, ERR_MAX, "users %s and %s: the "
				    "same uid %u, want one for each",
				    users[k].name, users[i].name,
				    (unsigned int)ids->uid);
				return EX_CONFIG;
			}
	}
	return 0;
}

int
privs_become(const struct privs *p, char err[ERR_MAX])
{
	if (p->mode == MODE_PERSONAL) {
		if (privs_drop_all())
			return 0;
		snprintf(err, ERR_MAX, "dropping capabilities: %s",
		    strerror(errno));
		return EX_OSERR;
	}
	if (getuid() == 0 && (setgroups(0, NULL) == -1 ||
	    setresgid(p->self.gid, p->self.gid, p->self.gid) == -1 ||
	    prctl(PR_SET_KEEPCAPS, 1) == -1 ||
	    setresuid(p->self.uid, p->self.uid, p->self.uid) == -1)) {
		snprintf(err, ERR_MAX, "becoming user " PARENT_USER ": %s",
		    strerror(errno));
		return EX_OSERR;
	}
	(void)prctl(PR_SET_KEEPCAPS, 0);
	/* Not inheritable, not ambient: no child gets them by an exec. */
	if (!caps_set(SETID_CAPS) ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == -1) {
		snprintf(err, ERR_MAX, "capabilities: %s", strerror(errno));
		return EX_OSERR;
	}
	return 0;
}

void
privs_lock(const struct privs *p, struct sandbox_report *rep)
{
	uint32_t uids[NUSERS], gids[NUSERS];
	unsigned int n = 0;

	if (p->mode == MODE_SERVICE)
		for (; n < NUSERS; n++) {
			uids[n] = p->role[users[n].role].uid;
			gids[n] = p->role[users[n].role].gid;
		}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		fatal("prctl no_new_privs");
	rep->no_new_privs = true;
	sandbox_parent(uids, gids, n, rep);
}

/*
 * A process of uid 0 would get them all back by the next exec but for
 * SECBIT_NOROOT.
 */
bool
privs_drop_all(void)
{
	uint32_t caps;

	if (!caps_permitted(&caps))
		return false;
	if (caps & 1u << CAP_SETPCAP) {
		for (unsigned long c = 0;
		    prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; c++)
			if (prctl(PR_CAPBSET_DROP, c, 0, 0, 0) == -1)
				return false;
		if (prctl(PR_SET_SECUREBITS, SECBIT_NOROOT |
		    SECBIT_NOROOT_LOCKED, 0, 0, 0) == -1)
			return false;
	} else if (getuid() == 0 &&
	    (prctl(PR_GET_SECUREBITS) & SECBIT_NOROOT) == 0 &&
	    prctl(PR_CAPBSET_READ, CAP_SETUID, 0, 0, 0) == 1) {
		errno = EPERM;
		return false;
	}
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0 &&
	    caps_set(0);
}

/* The first 32; libcap would be a library for two calls. */
static bool
caps_permitted(uint32_t *caps)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = { { 0 }, { 0 } };

	if (syscall(SYS_capget, &h, d) == -1)
		return false;
	*caps = d[0].permitted;
	return true;
}

static bool
caps_set(uint32_t caps)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	const struct __user_cap_data_struct d[2] = { { caps, caps, 0 },
	    { 0 } };

	return syscall(SYS_capset, &h, d) == 0;
}
