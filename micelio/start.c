/* SPDX-License-Identifier: MIT */
/*
 * From a command line to a running node, in the order that matters: nothing
 * is written before the lock is held, nothing is started before all sockets
 * are bound, and no right is kept that the next step does not need.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "config.h"
#include "config_load.h"
#include "datadir.h"
#include "errtext.h"
#include "identity.h"
#include "imsg.h"
#include "listen.h"
#include "log.h"
#include "micelio.h"
#include "mtime.h"
#include "privs.h"
#include "text.h"

#define DEFAULT_NAME	"micelio.conf"
#define FILES_BASE	256u	/* descriptors besides those of sessions */
#define FILES_SESSION	3u	/* channel, signer, pidfd */

static struct config_source source;
static char data_dir_default[4096];

static bool	service_defaults(const struct options *);
static int	show_identity(struct parent *);

/* Where the configuration is, by the table of defaults in micelio(8). */
int
start_source(struct parent *p, char err[ERR_MAX])
{
	const struct options *o = &p->opts;
	const char *home = getenv("HOME"), *dir = o->data_dir;
	const bool service = service_defaults(o);

	memset(&source, 0, sizeof(source));
	p->source = &source;
	p->source_path[0] = '\0';
	if (service)
		text_copy(data_dir_default, MICELIO_STATEDIR,
		    sizeof(data_dir_default));
	else if (home != NULL && home[0] == '/')
		snprintf(data_dir_default, sizeof(data_dir_default),
		    "%.4000s/.micelio", home);
	else if (dir == NULL && o->config_file == NULL) {
		snprintf(err, ERR_MAX, "HOME is not set: where is the node to "
		    "live? give --data-dir");
		return EX_USAGE;
	}
	if (o->config_file != NULL)
		text_copy(p->source_path, o->config_file,
		    sizeof(p->source_path));
	else if (service)
		text_copy(p->source_path, MICELIO_SYSCONFDIR "/" DEFAULT_NAME,
		    sizeof(p->source_path));
	else
		snprintf(p->source_path, sizeof(p->source_path),
		    "%.4000s/" DEFAULT_NAME, dir != NULL ? dir :
		    data_dir_default);
	source.path = p->source_path;
	source.must_exist = o->config_file != NULL;
	source.home = home;
	source.default_data_dir = data_dir_default[0] != '\0' ?
	    data_dir_default : NULL;
	source.flag_name = o->name;
	source.flag_data_dir = dir;
	source.flag_ssh_listen = o->ssh_listen;
	source.flag_log_level = o->log_level != NULL ? o->log_level :
	    o->verbose > 0 && !o->check ? "debug" : NULL;
	source.env_log_level = getenv("MICELIO_LOG_LEVEL");
	source.exe_fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	return 0;
}

/*
 * As user micelio, or as root where it is told to be micelio's: by a data
 * directory of that user, or by a file under /etc/micelio.
 */
static bool
service_defaults(const struct options *o)
{
	struct stat st;

	if (getuid() != 0)
		return privs_is_service_uid(getuid());
	if (o->data_dir != NULL)
		return stat(o->data_dir, &st) == 0 && st.st_uid != 0 &&
		    privs_is_service_uid(st.st_uid);
	return o->config_file != NULL && strncmp(o->config_file,
	    MICELIO_SYSCONFDIR "/", sizeof(MICELIO_SYSCONFDIR)) == 0;
}

/* Read it; on failure every problem is on standard error. */
int
start_config(struct parent *p)
{
	struct config_problems bad;
	char last[512];
	int rc = 0;

	if (config_load(&source, &p->conf, &bad) != 0) {
		config_problems_print(stderr, &bad);
		fprintf(stderr, "%s\n", config_summary(last, sizeof(last),
		    &source, &bad, NULL));
		rc = EX_CONFIG;
	}
	config_problems_free(&bad);
	/*
	 * A file that was there and is gone at a reload is a mistake: taken
	 * for an empty one it would open a mesh that was closed.
	 */
	if (access(p->source_path, F_OK) == 0)
		source.must_exist = true;
	p->conf_wall_ms = wall_ms();
	return rc;
}

/* --show-id: reads, and changes nothing. */
int
start_show_id(struct parent *p, char err[ERR_MAX])
{
	uid_t owner;
	int rc;

	if ((rc = datadir_open(&p->dir, p->conf.data_dir, false, &owner,
	    err)) != 0)
		return rc == EX_CONFIG ? 1 : rc;
	if ((rc = identity_load(&p->identity, p->dir.fd, p->dir.path,
	    getenv("CREDENTIALS_DIRECTORY"), false, err)) != 0)
		return rc;
	return show_identity(p);
}

/* --init: what the first start would make, by the same code. */
int
start_init(struct parent *p, char err[ERR_MAX])
{
	uid_t owner;
	int rc;

	umask(077);
	if ((rc = datadir_open(&p->dir, p->conf.data_dir, true, &owner,
	    err)) != 0 ||
	    (rc = privs_decide(&p->privs, owner, p->dir.path, err)) != 0 ||
	    (rc = privs_become(&p->privs, err)) != 0 ||
	    (rc = datadir_lock(&p->dir, err)) != 0 ||
	    (rc = datadir_version(&p->dir, err)) != 0 ||
	    (rc = identity_load(&p->identity, p->dir.fd, p->dir.path,
	    getenv("CREDENTIALS_DIRECTORY"), true, err)) != 0)
		return rc;
	return show_identity(p);
}

static int
show_identity(struct parent *p)
{
	char line[SSH_PUB_MAX], fp[SSH_FP_MAX];

	printf("node id     %s\n", p->identity.id_hex);
	printf("public key  %s\n", ssh_public_line(p->identity.ed25519_pub,
	    line));
	printf("host key    %s\n", ssh_fingerprint(p->identity.hostkey_pub,
	    fp));
	identity_free(&p->identity);
	return fflush(stdout) == 0 ? 0 : EX_IOERR;
}

/* Everything up to the first child. */
int
start_prepare(struct parent *p, char err[ERR_MAX])
{
	const struct rlimit no_core = { 0, 0 };
	uid_t owner;
	int rc;

	(void)setrlimit(RLIMIT_CORE, &no_core);
	(void)prctl(PR_SET_DUMPABLE, SANDBOX_OFF ? 1 : 0);
	p->sandbox.no_dump = !SANDBOX_OFF;
	umask(077);
	if ((rc = children_open(p, p->opts.libexec, err)) != 0 ||
	    (rc = datadir_open(&p->dir, p->conf.data_dir, true, &owner,
	    err)) != 0 ||
	    (rc = privs_decide(&p->privs, owner, p->dir.path, err)) != 0 ||
	    (rc = listen_prepare(&p->listeners, &p->dir, &p->privs,
	    err)) != 0 ||
	    (rc = privs_become(&p->privs, err)) != 0)
		return rc;
	/* From now on a configuration is read by the least of all users. */
	source.own_ids = p->privs.mode == MODE_SERVICE;
	source.uid = p->privs.role[PROC_SESSION].uid;
	source.gid = p->privs.role[PROC_SESSION].gid;
	p->sandbox.no_caps = p->privs.mode == MODE_PERSONAL;
	start_raise_files(&p->conf);
	if ((rc = datadir_lock(&p->dir, err)) != 0 ||
	    (rc = datadir_version(&p->dir, err)) != 0 ||
	    (rc = datadir_state(&p->dir, &p->privs, err)) != 0)
		return rc;
	log_event(EV_NODE_STARTING, LF_STR("version", MICELIO_VERSION),
	    LF_STR("name", p->conf.node_name), LF_NUM("pid", getpid()),
	    LF_STR("mode", p->privs.mode == MODE_SERVICE ? "service" :
	    "personal"));
	if ((rc = identity_load(&p->identity, p->dir.fd, p->dir.path,
	    getenv("CREDENTIALS_DIRECTORY"), true, err)) != 0)
		return rc;
	return listen_open(&p->listeners, &p->conf, &p->privs, &p->notify,
	    err);
}

/* A session process costs us descriptors. */
void
start_raise_files(const struct conf *conf)
{
	const rlim_t want = FILES_BASE + FILES_SESSION *
	    (conf->ssh_max_sessions + 64);
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == -1 || l.rlim_cur >= want)
		return;
	l.rlim_cur = l.rlim_max == RLIM_INFINITY || l.rlim_max > want ? want :
	    l.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &l);
}
