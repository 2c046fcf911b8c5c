/* SPDX-License-Identifier: MIT */
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include "common/log.h"
#include "common/proc.h"
#include "micelio/child_spawn.h"
#include "micelio/config_load.h"
#include "micelio/file.h"
#include "micelio/keyserv.h"
#include "micelio/micelio.h"
#include "parent_rig.h"

#define TIMERS_MAX	64
#define KEYS_FILE_MAX	(1024u * 1024)
#define ANSWERS_MAX	(16u * 1024 * 1024)	/* as dispatch.c has it */

static struct rig rig;
static struct parent parent;
static struct secret node_secret, host_secret;
static struct event_base *base;
static struct event *timers[TIMERS_MAX];
static uint64_t now_ms;
static uint8_t how_made, *keys_file;
static size_t keys_len;

pid_t	 __wrap_spawn(const struct spawn *, int *, char *);
bool	 __wrap_spawn_kill(int, bool, uid_t, gid_t);
int	 __wrap_waitid(idtype_t, id_t, siginfo_t *, int);
int	 __wrap_config_load(const struct config_source *, struct conf *,
	    struct config_problems *);
ssize_t	 __wrap_file_read(int, const char *, void *, size_t, struct stat *);
bool	 __wrap_file_write_atomic(int, const char *, const void *, size_t,
	    mode_t);
uint64_t __wrap_mono_ms(void);
uint64_t __wrap_log_event_fields(enum log_ev, const struct log_field *);
int	 __wrap_crypto_sign_detached(uint8_t *, unsigned long long *,
	    const uint8_t *, unsigned long long, const uint8_t *);
int	 __real_crypto_sign_detached(uint8_t *, unsigned long long *,
	    const uint8_t *, unsigned long long, const uint8_t *);
struct event *__wrap_event_new(struct event_base *, evutil_socket_t, short,
	    event_callback_fn, void *);
struct event *__real_event_new(struct event_base *, evutil_socket_t, short,
	    event_callback_fn, void *);
void	 __wrap_event_free(struct event *);
void	 __real_event_free(struct event *);

static struct far *
far_new(enum proc_role role, int fd, int exit_fd)
{
	struct far *f = &rig.far[rig.nfar++];

	HOLDS(rig.nfar <= RIG_FAR_MAX);
	*f = (struct far){ .role = role, .fd = fcntl(fd, F_DUPFD_CLOEXEC, 3),
	    .exit_fd = exit_fd };
	HOLDS(f->fd != -1);
	return f;
}

/* The ends that a process would have got. */
pid_t
__wrap_spawn(const struct spawn *sp, int *pidfd, char *err)
{
	enum proc_role role = PROC_SESSION;
	int exit_fd;

	for (enum proc_role i = PROC_TRANSPORTD; i <= PROC_SSHD; i++)
		if (strcmp(sp->argv[0], proc_role_title(i)) == 0)
			role = i;
	if (rig.nfar + 2 > RIG_FAR_MAX || (how_made & 0x80)) {
		snprintf(err, ERR_MAX, "no process");
		if (rig.nfar + 2 > RIG_FAR_MAX || role == PROC_SESSION)
			return -1;
	}
	HOLDS((*pidfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) != -1);
	HOLDS((exit_fd = fcntl(*pidfd, F_DUPFD_CLOEXEC, 3)) != -1);
	far_new(role, sp->fds[0].from, exit_fd);
	if (role == PROC_SESSION)	/* its signer; ends with it */
		far_new(role, sp->fds[2].from, -1);
	return 1 << 30;
}

bool
__wrap_spawn_kill(int pidfd, bool own, uid_t uid, gid_t gid)
{
	uint64_t one = 1;

	(void)own;
	(void)uid;
	(void)gid;
	return write(pidfd, &one, sizeof(one)) == sizeof(one);
}

int
__wrap_waitid(idtype_t type, id_t id, siginfo_t *si, int options)
{
	(void)type;
	(void)id;
	(void)options;
	si->si_code = CLD_KILLED;
	si->si_status = 9;
	return 0;
}

int
__wrap_config_load(const struct config_source *src, struct conf *c,
    struct config_problems *bad)
{
	(void)src;
	memset(bad, 0, sizeof(*bad));
	conf_init(c);
	c->network_author_rate = 1 + how_made;
	snprintf(c->data_dir, sizeof(c->data_dir), "/x");
	if ((how_made & 3) != 3)
		return 0;
	config_problem(bad, "t.conf:1: it is not good");
	return -1;
}

ssize_t
__wrap_file_read(int dirfd, const char *name, void *buf, size_t max,
    struct stat *st)
{
	(void)dirfd;
	(void)name;
	memset(st, 0, sizeof(*st));
	st->st_mode = S_IFREG | 0600;
	HOLDS(keys_len <= max);
	if (keys_len > 0)
		memcpy(buf, keys_file, keys_len);
	return (ssize_t)keys_len;
}

/* What the parent writes is whole lines within the limit of the file. */
bool
__wrap_file_write_atomic(int dirfd, const char *name, const void *p, size_t n,
    mode_t mode)
{
	(void)dirfd;
	HOLDS(strcmp(name, "authorized_keys") == 0 && (mode & 022) == 0);
	HOLDS(n <= KEYS_FILE_MAX);
	free(keys_file);
	HOLDS((keys_file = malloc(n + 1)) != NULL);
	if (n > 0)
		memcpy(keys_file, p, n);
	keys_len = n;
	return true;
}

uint64_t
__wrap_mono_ms(void)
{
	return now_ms;
}

/* Not said, but read: what it points to must be there. */
uint64_t
__wrap_log_event_fields(enum log_ev ev, const struct log_field *f)
{
	HOLDS(ev < EV_MAX);
	for (; f->type != LF_T_END; f++)
		HOLDS(f->type != LF_T_STR || f->ptr == NULL ||
		    strlen(f->ptr) < RELOAD_TEXT_MAX);
	return 0;
}

/* Is it what the key may be used for? */
static bool
may_sign(const uint8_t *p, size_t n)
{
	static const uint8_t record[] = "\377micelio/peer/1";
	static const uint8_t entry[] = "\377micelio/entry/1";
	const struct identity *id = &parent.identity;
	uint32_t type;

	if (n > sizeof(record) && memcmp(p, record, sizeof(record)) == 0)
		return memcmp(p + sizeof(record) + 16, id->ed25519_pub,
		    32) == 0;
	if (n > sizeof(entry) && memcmp(p, entry, sizeof(entry)) == 0)
		return memcmp(p + sizeof(entry) + 16 + 1 + 8 + 8,
		    id->ed25519_pub, 32) == 0;
	if (n < 36 + NODEID_HEX + 12 || p[0] == 0xff ||
	    memcmp(p + 36, id->id_hex, NODEID_HEX) != 0)
		return false;
	p += 36 + NODEID_HEX + 8;
	type = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
	return (type >= 1 && type <= 4) || type == 34 || type == 35 ||
	    type == 38 || type == 39;
}

int
__wrap_crypto_sign_detached(uint8_t *sig, unsigned long long *len,
    const uint8_t *p, unsigned long long n, const uint8_t *key)
{
	if (key == host_secret.ed25519)
		HOLDS(n == 32);
	else {
		HOLDS(key == node_secret.ed25519);
		HOLDS(may_sign(p, (size_t)n));
	}
	return __real_crypto_sign_detached(sig, len, p, n, key);
}

struct event *
__wrap_event_new(struct event_base *b, evutil_socket_t fd, short what,
    event_callback_fn cb, void *arg)
{
	struct event *ev = __real_event_new(b, fd, what, cb, arg);

	for (size_t i = 0; fd == -1 && i < TIMERS_MAX; i++)
		if (timers[i] == NULL) {
			timers[i] = ev;
			break;
		}
	return ev;
}

void
__wrap_event_free(struct event *ev)
{
	for (size_t i = 0; i < TIMERS_MAX; i++)
		if (timers[i] == ev)
			timers[i] = NULL;
	__real_event_free(ev);
}

/* As micelio.c has it, which has a main of its own. */
void
parent_ready(struct parent *p)
{
	if (p->ready_ms != 0 || p->stop_ms != 0)
		return;
	p->ready_ms = now_ms;
	reload_pending(p);
}

static void
identity_make(struct parent *p)
{
	uint8_t pub[32];

	memset(node_secret.seed, 1, sizeof(node_secret.seed));
	memset(host_secret.seed, 2, sizeof(host_secret.seed));
	crypto_sign_seed_keypair(pub, node_secret.ed25519, node_secret.seed);
	crypto_sign_seed_keypair(pub, host_secret.ed25519, host_secret.seed);
	memset(node_secret.x25519, 3, sizeof(node_secret.x25519));
	p->identity.node = &node_secret;
	p->identity.host = &host_secret;
	identity_derive(&p->identity);
}

static void
begin_once(void)
{
	if (base != NULL)
		return;
	HOLDS(sodium_init() != -1);
	log_init("micelio", LOG_TEXT, LOG_LVL_ERROR);
	base = proc_base_new();
}

struct rig *
rig_open(uint8_t how)
{
	static struct config_source source;
	struct parent *p = &parent;
	char err[ERR_MAX];

	begin_once();
	memset(&rig, 0, sizeof(rig));
	memset(p, 0, sizeof(*p));
	how_made = how;
	now_ms = 1000000;
	keys_len = 0;
	p->base = base;
	p->source = &source;
	p->signal_fd = p->inotify_fd = p->notify.fd = -1;
	p->session_exe = p->dir.state_fd = p->dir.fd = -1;
	p->dir.lock_fd = STDERR_FILENO;
	p->privs.mode = MODE_PERSONAL;
	LIST_INIT(&p->sessions);
	conf_init(&p->conf);
	snprintf(p->conf.data_dir, sizeof(p->conf.data_dir), "/x");
	identity_make(p);
	keyserv_init(&p->keyserv, &p->identity, now_ms);
	for (enum proc_role i = PROC_TRANSPORTD; i <= PROC_SSHD; i++) {
		p->child[i].parent = p;
		p->child[i].role = i;
		p->child[i].essential = i != PROC_SSHD;
		p->child[i].exe = p->child[i].pidfd = -1;
	}
	HOLDS((p->dir.fd = open("/", O_PATH | O_CLOEXEC)) != -1);
	HOLDS(children_start(p, err) == 0);
	watch_start(p);
	rig_turn(&rig);
	return &rig;
}

void
rig_put(struct rig *r, struct far *f, const struct imsg_hdr *h,
    const void *body, size_t n, bool fd)
{
	union {
		struct cmsghdr	hdr;
		char		buf[CMSG_SPACE(sizeof(int))];
	} u;
	struct iovec iov[2] = { { (void *)(uintptr_t)h, sizeof(*h) },
	    { (void *)(uintptr_t)body, n } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };
	int one = STDERR_FILENO;

	if (f->fd == -1)
		return;
	if (fd) {
		memset(&u, 0, sizeof(u));
		m.msg_control = u.buf;
		m.msg_controllen = sizeof(u.buf);
		u.hdr.cmsg_level = SOL_SOCKET;
		u.hdr.cmsg_type = SCM_RIGHTS;
		u.hdr.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&u.hdr), &one, sizeof(one));
	}
	if (sendmsg(f->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) == -1 &&
	    errno == EAGAIN) {
		rig_turn(r);
		(void)!sendmsg(f->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
}

void
rig_ready(struct rig *r, struct far *f)
{
	struct sandbox_report report = { .seccomp = true };
	struct imsg_hdr h = { .type = IMSG_READY };
	struct wbuf w;

	if (f->was_ready || f->exit_fd == -1)
		return;
	f->was_ready = true;
	wbuf_init(&w, 256);
	sandbox_report_write(&w, &report);
	wbuf_str(&w, MICELIO_BUILD_ID);
	h.len = (uint32_t)w.len;
	h.seq = f->seq++;
	rig_put(r, f, &h, w.p, w.len, false);
	wbuf_free(&w);
}

void
rig_close(struct far *f)
{
	if (f->fd != -1)
		close(f->fd);
	f->fd = -1;
}

void
rig_exit(struct far *f)
{
	uint64_t one = 1;

	rig_close(f);
	if (f->exit_fd != -1) {
		(void)!write(f->exit_fd, &one, sizeof(one));
		close(f->exit_fd);
	}
	f->exit_fd = -1;
}

void
rig_time(struct rig *r, unsigned int ms)
{
	(void)r;
	now_ms += ms;
	for (size_t i = 0; i < TIMERS_MAX; i++)
		if (timers[i] != NULL &&
		    event_pending(timers[i], EV_TIMEOUT, NULL))
			event_active(timers[i], EV_TIMEOUT, 0);
}

/* Read what it is told, note the pings, and close what came along. */
static void
listen_to(struct far *f)
{
	static uint8_t buf[65536];
	union {
		struct cmsghdr	hdr;
		char		room[CMSG_SPACE(16 * sizeof(int))];
	} u;
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr m;
	ssize_t n;
	int fd;

	while (f->fd != -1 && !f->deaf) {
		m = (struct msghdr){ .msg_iov = &iov, .msg_iovlen = 1,
		    .msg_control = u.room, .msg_controllen = sizeof(u) };
		if ((n = recvmsg(f->fd, &m, MSG_DONTWAIT)) <= 0)
			return;
		for (struct cmsghdr *h = CMSG_FIRSTHDR(&m); h != NULL;
		    h = CMSG_NXTHDR(&m, h))
			for (size_t i = 0; CMSG_LEN((i + 1) * sizeof(int)) <=
			    h->cmsg_len; i++) {
				memcpy(&fd, CMSG_DATA(h) + i * sizeof(int),
				    sizeof(fd));
				close(fd);
			}
		for (ssize_t i = 0; i + 32 <= n && n == 32; i += 32)
			if (buf[0] == IMSG_PING)
				memcpy(&f->ping, buf + 24, sizeof(f->ping));
	}
}

void
rig_turn(struct rig *r)
{
	struct parent *p = &parent;

	for (int i = 0; i < 4; i++) {
		event_base_loop(base, EVLOOP_NONBLOCK);
		for (size_t k = 0; k < r->nfar; k++)
			listen_to(&r->far[k]);
	}
	HOLDS(p->nsessions <= p->conf.ssh_max_sessions + 64u);
	for (enum proc_role i = PROC_TRANSPORTD; i <= PROC_SSHD; i++)
		HOLDS(p->child[i].chan == NULL ||
		    imsgchan_queued(p->child[i].chan) <=
		    ANSWERS_MAX + RELOAD_TEXT_MAX + KEYS_FILE_MAX * 2);
}

/* All processes end; what remains is the parent's own. */
void
rig_end(struct rig *r)
{
	struct parent *p = &parent;

	how_made |= 0x80;	/* no more sessions */
	parent_stop(p, 0, "the end");
	for (size_t i = 0; i < r->nfar; i++)
		rig_exit(&r->far[i]);
	for (int i = 0; i < 16; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	for (enum proc_role i = PROC_TRANSPORTD; i <= PROC_SSHD; i++) {
		HOLDS(p->child[i].state == CHILD_GONE);
		imsgchan_free(p->child[i].chan);
	}
	HOLDS(p->nsessions == 0);
	for (size_t i = 0; i < TIMERS_MAX; i++)
		if (timers[i] != NULL)
			event_free(timers[i]);
	close(p->dir.fd);
	keyserv_free(&p->keyserv);
	conf_free(&p->reload.next);
	conf_free(&p->conf);
	free(keys_file);
	keys_file = NULL;
	keys_len = 0;
}
