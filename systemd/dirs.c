/* SPDX-License-Identifier: MIT */
/*
 * micelio-dirs: the directories of a node started by systemd, and their
 * owners.
 *
 *   BASE             0700 micelio   (or BASE/INSTANCE)
 *   BASE/identity    0700 micelio   private keys
 *   BASE/state       0700 _mstate   the database
 *
 * Its job: make those that are missing, and give those that are root's, as
 * after a backup restored by root, to whom they belong.  It runs as root on a
 * directory of an ordinary user, so it follows no symbolic link, acts on open
 * descriptors only, and changes nothing that has a second name elsewhere.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "config.h"

#define INSTANCE_MAX	64
#define DEPTH_MAX	4	/* state/backup/NAME/ is the deepest */
#define OPEN_DIR	(O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static int	failed(const char *, const char *, int);
static const struct passwd *user(const char *);
static bool	instance_ok(const char *);
static int	dir_open(int, const char *);
static int	tree_give(int, const char *, uid_t, uid_t, gid_t);
static int	give(int, uid_t, uid_t, gid_t, unsigned int);
static int	give_entry(int, const char *, uid_t, uid_t, gid_t,
    unsigned int);
static int	top_give(int, const char *, uid_t, gid_t);

static char where[4096];

int
main(int argc, char **argv)
{
	static const char *const files[] = { "VERSION", "lock",
	    "authorized_keys" };
	const struct passwd *pw;
	uid_t node, state;
	gid_t node_gid, state_gid;
	int fd, rc;

	if (argc < 2 || argc > 3 || argv[1][0] != '/') {
		fprintf(stderr, "usage: micelio-dirs DIRECTORY [INSTANCE]\n");
		return EX_USAGE;
	}
	if (argc == 3 && !instance_ok(argv[2])) {
		fprintf(stderr, "micelio-dirs: \"%.64s\": no name of an "
		    "instance: want up to %d characters, and not one of "
		    "the names in %.300s\n", argv[2], INSTANCE_MAX, argv[1]);
		return EX_USAGE;
	}
	if ((pw = user("micelio")) == NULL)
		return EX_CONFIG;
	node = pw->pw_uid;
	node_gid = pw->pw_gid;
	if ((pw = user(MICELIO_USER_PREFIX "state")) == NULL)
		return EX_CONFIG;
	state = pw->pw_uid;
	state_gid = pw->pw_gid;
	snprintf(where, sizeof(where), "%.2000s", argv[1]);
	if ((fd = dir_open(AT_FDCWD, where)) == -1 ||
	    (rc = top_give(fd, where, node, node_gid)) != 0)
		return fd == -1 ? failed(where, strerror(errno), EX_OSERR) :
		    rc;
	if (argc == 3) {
		snprintf(where, sizeof(where), "%.2000s/%s", argv[1],
		    argv[2]);
		if ((fd = dir_open(fd, argv[2])) == -1)
			return failed(where, strerror(errno), EX_OSERR);
		if ((rc = top_give(fd, where, node, node_gid)) != 0)
			return rc;
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (give_entry(fd, files[i], 0, node, node_gid, DEPTH_MAX) ==
		    -1)
			return failed(files[i], strerror(errno), EX_OSERR);
	if ((rc = tree_give(fd, "identity", 0, node, node_gid)) != 0)
		return rc;
	/* micelio's if it was made by a start without us. */
	return tree_give(fd, "state", node, state, state_gid);
}

static int
failed(const char *what, const char *why, int status)
{
	fprintf(stderr, "micelio-dirs: %s: %s\n", what, why);
	return status;
}

static const struct passwd *
user(const char *name)
{
	const struct passwd *pw = getpwnam(name);

	if (pw != NULL && pw->pw_uid != 0 && pw->pw_gid != 0)
		return pw;
	fprintf(stderr, "micelio-dirs: user %s: %s; run systemd-sysusers\n",
	    name, pw == NULL ? "does not exist" : "is root");
	return NULL;
}

/* An instance lives beside what the unnamed node has in the same place. */
static bool
instance_ok(const char *s)
{
	static const char *const taken[] = { "identity", "state", "lock",
	    "VERSION", "authorized_keys", "micelio.conf", "control.sock" };

	if (*s == '\0' || *s == '.' || strchr(s, '/') != NULL ||
	    strlen(s) > INSTANCE_MAX)
		return false;
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (strcmp(s, taken[i]) == 0)
			return false;
	return true;
}

/* Open it, made if need be. */
static int
dir_open(int at, const char *name)
{
	if (mkdirat(at, name, 0700) == -1 && errno != EEXIST)
		return -1;
	return openat(at, name, OPEN_DIR);
}

/* The directory alone; what else is in it is not ours to touch. */
static int
top_give(int fd, const char *path, uid_t uid, gid_t gid)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return failed(path, strerror(errno), EX_OSERR);
	if (st.st_uid == uid)
		return 0;
	if (st.st_uid != 0)
		return failed(path, "belongs neither to micelio nor to root; "
		    "is it a node's?", EX_NOPERM);
	if (fchown(fd, uid, gid) == -1 || fchmod(fd, 0700) == -1)
		return failed(path, strerror(errno), EX_OSERR);
	return 0;
}

/* A directory below, and all in it that is root's or of the user also. */
static int
tree_give(int at, const char *name, uid_t also, uid_t uid, gid_t gid)
{
	const size_t len = strlen(where);
	int fd = dir_open(at, name), rc = 0;

	snprintf(where + len, sizeof(where) - len, "/%.64s", name);
	if (fd == -1 || give(fd, also, uid, gid, 0) == -1)
		rc = failed(where, strerror(errno), EX_OSERR);
	where[len] = '\0';
	return rc;
}

/* Takes fd over.  -1 and errno on failure. */
static int
give(int fd, uid_t also, uid_t uid, gid_t gid, unsigned int depth)
{
	const struct dirent *e;
	struct stat st;
	DIR *d;
	int rc = 0;

	if (fstat(fd, &st) == -1 || ((st.st_uid == 0 || st.st_uid == also) &&
	    st.st_uid != uid && (fchown(fd, uid, gid) == -1 ||
	    fchmod(fd, 0700) == -1)) || (d = fdopendir(fd)) == NULL) {
		close(fd);
		return -1;
	}
	while (rc == 0 && (e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			rc = give_entry(dirfd(d), e->d_name, also, uid, gid,
			    depth);
	closedir(d);
	return rc;
}

static int
give_entry(int at, const char *name, uid_t also, uid_t uid, gid_t gid,
    unsigned int depth)
{
	/* O_NONBLOCK: a FIFO must not hold us. */
	int fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	    O_NOCTTY | O_CLOEXEC);
	struct stat st;
	int rc = 0;

	/* Gone meanwhile, a link, a socket: nothing of a node's. */
	if (fd == -1)
		return 0;
	if (fstat(fd, &st) == -1) {
		close(fd);
		return -1;
	}
	if (S_ISDIR(st.st_mode))
		return depth < DEPTH_MAX ? give(fd, also, uid, gid,
		    depth + 1) : close(fd);
	if (S_ISREG(st.st_mode) && st.st_nlink == 1 && st.st_uid != uid &&
	    (st.st_uid == 0 || st.st_uid == also))
		rc = fchown(fd, uid, gid);
	close(fd);
	return rc;
}
