/* SPDX-License-Identifier: MIT */
/*
 * init: what a node needs before its first start.  Nothing that is there is
 * changed, so that it may be run again at any time.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cursor.h"
#include "local.h"
#include "text.h"

#define NODE_ID_HEX	64

static const char example[] =
#include "conf_example.h"
;

enum step_id { STEP_DIR, STEP_CONFIG, STEP_IDENTITY, STEP_KEYS, STEPS };
static const char *const step_names[STEPS] = { "directory", "configuration",
	"identity", "authorized_keys" };

enum outcome { MADE, WOULD_MAKE, KEPT, NOBODY };
static const char *const outcome_names[] = { "made", "would make", "kept",
	"missing" };

struct init {
	char		 dir[PATH_MAX];
	char		 conf[PATH_MAX], keys[PATH_MAX], node_key[PATH_MAX];
	bool		 dry, quiet, json;
	uid_t		 uid;		/* whose all of it is to be */
	gid_t		 gid;
	struct {
		enum outcome	 outcome;
		const char	*path;
		char		 text[160];
	} step[STEPS];
	char		 node[NODE_ID_HEX + 1];	/* "" if not known yet */
	char		 why[1024];
};

bool
data_dir_of(const struct options *o, char out[PATH_MAX], char *why,
    size_t size)
{
	const char *home = getenv("HOME");
	const struct passwd *pw;
	char cwd[PATH_MAX];

	if (o->data_dir != NULL && o->data_dir[0] == '/')
		(void)snprintf(out, PATH_MAX, "%s", o->data_dir);
	else if (o->data_dir != NULL) {
		if (getcwd(cwd, sizeof(cwd)) == NULL)
			cwd[0] = '\0';
		(void)snprintf(out, PATH_MAX, "%.2000s/%.2000s", cwd,
		    o->data_dir);
	} else {
		if ((home == NULL || home[0] != '/') &&
		    (pw = getpwuid(geteuid())) != NULL)
			home = pw->pw_dir;
		if (home == NULL || home[0] != '/') {
			(void)snprintf(why, size, "HOME is not set: where is "
			    "the node to live? give --data-dir");
			return false;
		}
		(void)snprintf(out, PATH_MAX, "%.4000s/.micelio", home);
	}
	return true;
}

static int
init_options(struct init *in, const struct options *o)
{
	const char *config = NULL;

	for (size_t i = 1; i < o->n; i++) {
		const char *w = o->words[i];

		if (strcmp(w, "--dry-run") == 0)
			in->dry = true;
		else if (strcmp(w, "--quiet") == 0)
			in->quiet = true;
		else if (strcmp(w, "--json") == 0)
			in->json = true;
		else if (strcmp(w, "--config") == 0 && i + 1 < o->n)
			config = o->words[++i];
		else {
			char safe[160];

			text_safe(w, strnlen(w, 64), safe, sizeof(safe),
			    true);
			(void)snprintf(in->why, sizeof(in->why), "\"%s\": "
			    "want --dry-run, --quiet, --json or --config "
			    "FILE; usage: micelioctl [--data-dir DIR] init",
			    safe);
			return EX_USAGE;
		}
	}
	if (!data_dir_of(o, in->dir, in->why, sizeof(in->why)))
		return EX_USAGE;
	if (config != NULL)
		(void)snprintf(in->conf, sizeof(in->conf), "%s", config);
	else
		(void)snprintf(in->conf, sizeof(in->conf),
		    "%.4000s/micelio.conf", in->dir);
	(void)snprintf(in->keys, sizeof(in->keys), "%.4000s/authorized_keys",
	    in->dir);
	(void)snprintf(in->node_key, sizeof(in->node_key),
	    "%.4000s/identity/node.key", in->dir);
	return EX_OK;
}

static int
failed(struct init *in, const char *path, int err)
{
	(void)snprintf(in->why, sizeof(in->why), "%.500s: %s; name a directory "
	    "you may write to with --data-dir", path, strerror(err));
	return err == EACCES || err == EPERM ? EX_NOPERM : EX_CANTCREAT;
}

/* mkdir -p, what is new for its owner only. */
static int
make_dir(struct init *in)
{
	char buf[PATH_MAX];
	struct stat st;

	in->step[STEP_DIR].path = in->dir;
	in->step[STEP_DIR].outcome = KEPT;
	in->uid = geteuid();
	in->gid = getegid();
	if (stat(in->dir, &st) == 0) {
		if (!S_ISDIR(st.st_mode))
			return failed(in, in->dir, ENOTDIR);
		/* Root may do it for the user of a service. */
		if (geteuid() == 0) {
			in->uid = st.st_uid;
			in->gid = st.st_gid;
		}
		if (st.st_uid == in->uid)
			return EX_OK;
		(void)snprintf(in->why, sizeof(in->why), "%.500s: belongs to "
		    "uid %u; run this as that user, or name a directory of "
		    "your own with --data-dir", in->dir,
		    (unsigned int)st.st_uid);
		return EX_NOPERM;
	}
	if (errno != ENOENT)
		return failed(in, in->dir, errno);
	in->step[STEP_DIR].outcome = in->dry ? WOULD_MAKE : MADE;
	if (in->dry)
		return EX_OK;
	(void)snprintf(buf, sizeof(buf), "%s", in->dir);
	for (char *p = buf + 1;; p++) {
		if (*p != '/' && *p != '\0')
			continue;
		char was = *p;

		*p = '\0';
		if (mkdir(buf, 0700) == -1 && errno != EEXIST)
			return failed(in, in->dir, errno);
		if ((*p = was) == '\0')
			return EX_OK;
	}
}

static int
make_file(struct init *in, enum step_id id, const char *path,
    const void *text, size_t n)
{
	const uint8_t *p = text;
	int fd, err = 0;
	ssize_t k;

	in->step[id].path = path;
	in->step[id].outcome = in->dry ? WOULD_MAKE : MADE;
	if (in->dry)
		return EX_OK;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
	    0600);
	if (fd == -1)
		return failed(in, path, errno);
	for (; n > 0 && err == 0; p += k, n -= (size_t)k)
		if ((k = write(fd, p, n)) <= 0)
			err = k == 0 ? EIO : errno;
	if (err == 0 && in->uid != geteuid() &&
	    fchown(fd, in->uid, in->gid) == -1)
		err = errno;
	if (close(fd) == -1 && err == 0)
		err = errno;
	if (err == 0)
		return EX_OK;
	(void)unlink(path);
	return failed(in, path, err);
}

static bool
kept(struct init *in, enum step_id id, const char *path)
{
	struct stat st;

	in->step[id].path = path;
	in->step[id].outcome = KEPT;
	return lstat(path, &st) == 0;
}

/* The id is the first line micelio prints: "node id     5647...". */
static void
node_take(struct init *in, const struct wbuf *out)
{
	static const char head[] = "node id     ";
	const size_t n = sizeof(head) - 1;

	if (out->len <= n + NODE_ID_HEX || memcmp(out->p, head, n) != 0)
		return;
	memcpy(in->node, out->p + n, NODE_ID_HEX);
	in->node[NODE_ID_HEX] = '\0';
	(void)snprintf(in->step[STEP_IDENTITY].text,
	    sizeof(in->step[STEP_IDENTITY].text), "node %.12s", in->node);
}

static int
make_identity(struct init *in)
{
	const bool there = kept(in, STEP_IDENTITY, in->node_key);
	struct programs p;
	const char *argv[8] = { p.micelio, there ? "--show-id" : "--init",
	    "--data-dir", in->dir, "-c", in->conf };
	struct wbuf out, err;
	int rc;

	if (!programs_find(&p, in->why, sizeof(in->why)))
		return EX_UNAVAILABLE;
	if (!there)
		in->step[STEP_IDENTITY].outcome = in->dry ? WOULD_MAKE : MADE;
	if (!there && in->dry)
		return EX_OK;
	wbuf_init(&out, OUTPUT_MAX);
	wbuf_init(&err, OUTPUT_MAX);
	rc = program_run(argv, &out, &err);
	node_take(in, &out);
	if (rc != 0)
		(void)snprintf(in->why, sizeof(in->why), "micelio %s: %.*s",
		    argv[1], err.len < 900 ? (int)err.len : 900,
		    err.len == 0 ? "" : (const char *)err.p);
	wbuf_free(&out);
	wbuf_free(&err);
	return rc == -1 || rc == 127 ? EX_UNAVAILABLE : rc;
}

static int
make_keys(struct init *in)
{
	struct ownkeys keys;
	struct wbuf w;
	int rc = EX_OK;

	if (kept(in, STEP_KEYS, in->keys))
		return EX_OK;
	ownkeys_find(&keys);
	wbuf_init(&w, OUTPUT_MAX);
	for (size_t i = 0; i < keys.n; i++) {
		wbuf_bytes(&w, keys.line[i], strlen(keys.line[i]));
		wbuf_u8(&w, '\n');
	}
	if (keys.n == 0)
		in->step[STEP_KEYS].outcome = NOBODY;
	else
		rc = make_file(in, STEP_KEYS, in->keys, w.p, w.len);
	(void)snprintf(in->step[STEP_KEYS].text,
	    sizeof(in->step[STEP_KEYS].text), keys.n == 0 ? "you have no SSH "
	    "key yet, so nobody can log in" : "%zu public key%s of yours may "
	    "log in", keys.n, keys.n == 1 ? "" : "s");
	wbuf_free(&w);
	ownkeys_free(&keys);
	return rc;
}

static void
print_text(const struct init *in)
{
	for (int i = 0; i < STEPS; i++) {
		if (in->quiet && in->step[i].outcome == KEPT)
			continue;
		(void)printf("%-16s %-11s %s%s%s\n", step_names[i],
		    outcome_names[in->step[i].outcome], in->step[i].path,
		    in->step[i].text[0] != '\0' ? ": " : "",
		    in->step[i].text);
	}
	if (in->step[STEP_KEYS].outcome == NOBODY)
		(void)printf("Make a key:\n    ssh-keygen -t ed25519\n"
		    "and allow it (it is read at once):\n"
		    "    cat ~/.ssh/id_ed25519.pub >>%s\n", in->keys);
	if (!in->quiet)
		(void)printf("next: micelio%s%s\n", strstr(in->dir,
		    "/.micelio") != NULL ? "" : " --data-dir ",
		    strstr(in->dir, "/.micelio") != NULL ? "" : in->dir);
}

static void
print_json_str(const char *name, const char *s)
{
	char out[PATH_MAX * 2 + 64];

	if (s[0] == '\0') {
		(void)printf("\"%s\":null", name);
		return;
	}
	text_json(s, strnlen(s, PATH_MAX / 6), out, sizeof(out));
	(void)printf("\"%s\":%s", name, out);
}

static void
print_json(const struct init *in)
{
	(void)printf("{\"v\":1,\"dry_run\":%s,", in->dry ? "true" : "false");
	print_json_str("node", in->node);
	(void)printf(",\"steps\":[");
	for (int i = 0; i < STEPS; i++) {
		(void)printf("%s{\"what\":\"%s\",\"outcome\":\"%s\",",
		    i > 0 ? "," : "", step_names[i],
		    outcome_names[in->step[i].outcome]);
		print_json_str("path", in->step[i].path);
		(void)putchar(',');
		print_json_str("text", in->step[i].text);
		(void)putchar('}');
	}
	(void)printf("]}\n");
}

int
init_run(const struct options *o)
{
	struct init in = { .dry = false };
	int rc;

	rc = init_options(&in, o);
	if (rc == EX_OK)
		rc = make_dir(&in);
	if (rc == EX_OK && !kept(&in, STEP_CONFIG, in.conf))
		rc = make_file(&in, STEP_CONFIG, in.conf, example,
		    sizeof(example) - 1);
	if (rc == EX_OK)
		rc = make_identity(&in);
	if (rc == EX_OK)
		rc = make_keys(&in);
	if (rc != EX_OK) {
		size_t n = strlen(in.why);

		(void)fprintf(stderr, "micelioctl: init: %s%s", in.why,
		    n > 0 && in.why[n - 1] == '\n' ? "" : "\n");
		return rc;
	}
	if (in.json)
		print_json(&in);
	else
		print_text(&in);
	return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}
