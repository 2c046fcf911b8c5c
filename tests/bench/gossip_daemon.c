/* SPDX-License-Identifier: MIT */
/*
 * A micelio-gossipd between a parent, a transportd, a stated and an sshd that
 * are all this process: the shipping program, its channels and its sandbox.
 */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>
#include <linux/capability.h>
#include <linux/securebits.h>

#include "gossip_bench.h"
#include "gossip_kin.h"
#include "common/cursor.h"
#include "common/mtime.h"
#include "common/proc.h"

#define WAIT_MS		60000u
/* Messages on their way; with one lump less than the window of a session. */
#define IN_FLIGHT	44u
#define LUMP		16u	/* frames whose credit is given back at once */

struct peer {
	uint32_t	 in_frames, in_bytes;	/* not given back by gossipd */
	uint32_t	 out_frames, out_bytes;	/* to be given back to it */
	bool		 ready;
};

struct rig {
	struct event_base *base;
	struct imsgchan	*parent, *link[PROC_MAX];
	pid_t		 pid;
	bool		 running, failed;
	size_t		 ready;
	struct peer	 peer[BENCH_PEERS + 1];	/* by session */
	enum bench_kind	 kind;
	const struct bench_msg *msgs;
	size_t		 n, given, until;	/* to be given now */
	uint64_t	 copies;	/* of messages, that came out */
};

static void
out_of(struct rig *r, uint32_t sid, size_t len)
{
	struct peer *p = &r->peer[sid];
	struct wbuf w;

	p->out_frames++;
	p->out_bytes += (uint32_t)len;
	if (p->out_frames < LUMP)
		return;
	wbuf_init(&w, 16);
	wbuf_u32(&w, p->out_frames);
	wbuf_u32(&w, p->out_bytes);
	imsg_send_wbuf(r->link[PROC_TRANSPORTD], IMSG_CREDIT, sid, 0, &w);
	wbuf_free(&w);
	p->out_frames = p->out_bytes = 0;
}

static bool
is_chat(const uint8_t *p, size_t len)
{
	struct envelope e;

	return envelope_read(&e, p, len) && e.msg_type == MSG_CHAT;
}

static bool
sid_good(struct rig *r, uint32_t sid)
{
	if (sid >= 1 && sid <= BENCH_PEERS)
		return true;
	r->failed = true;
	return false;
}

static void
in_to(struct rig *r, uint32_t sid, const void *p, size_t len)
{
	imsg_send(r->link[PROC_TRANSPORTD], IMSG_FRAME_IN, sid, 0, p, len);
	r->peer[sid].in_frames++;
	r->peer[sid].in_bytes += (uint32_t)len;
}

/* One frame to one peer. */
static void
single(struct rig *r, const struct imsg *m)
{
	struct slice answer;

	if (!sid_good(r, m->id))
		return;
	out_of(r, m->id, m->len);
	if (is_chat(m->data, m->len))
		r->copies++;
	else if (r->kind == BENCH_OURS &&
	    (answer = kin_answer(m->data, m->len)).n > 0)
		in_to(r, m->id, answer.p, answer.n);
}

static void
peer_ready(struct rig *r, uint32_t sid)
{
	struct slice setup;

	if (!sid_good(r, sid))
		return;
	r->ready++;
	if (r->kind != BENCH_OURS)
		return;
	setup = kin_setup();
	in_to(r, sid, setup.p, setup.n);
}

static void
multi(struct rig *r, const struct imsg *m)
{
	uint32_t sids[BENCH_PEERS];
	const uint8_t *p;
	size_t n, i, len;
	struct rcur c;

	rcur_init(&c, m->data, m->len);
	n = rcur_u16(&c);
	for (i = 0; i < n && i < BENCH_PEERS; i++)
		sids[i] = rcur_u32(&c);
	p = rcur_rest(&c, &len);
	if (!rcur_done(&c) || n > BENCH_PEERS) {
		r->failed = true;
		return;
	}
	if (is_chat(p, len))
		r->copies += n;
	for (i = 0; i < n; i++)
		if (sid_good(r, sids[i]))
			out_of(r, sids[i], len);
}

static void
credited(struct rig *r, const struct imsg *m)
{
	struct rcur c;

	rcur_init(&c, m->data, m->len);
	if (!sid_good(r, m->id))
		return;
	r->peer[m->id].in_frames -= rcur_u32(&c);
	r->peer[m->id].in_bytes -= rcur_u32(&c);
}

/* Whatever is to be signed: nobody here looks at the signature. */
static void
sign(struct rig *r, uint32_t req)
{
	uint8_t body[65] = { KEY_OK };

	imsg_send(r->parent, IMSG_KEY_SIGNED, req, 0, body, sizeof(body));
}

static void
dispatch(struct imsgchan *chan, struct imsg *m, void *arg)
{
	struct rig *r = arg;

	(void)chan;
	switch (m->type) {
	case IMSG_READY:
		r->running = true;
		imsgchan_set_phase(r->parent, IMSG_PHASE_RUN);
		break;
	case IMSG_KEY_SIGN:
		sign(r, m->id);
		break;
	case IMSG_FRAME_OUT:
		single(r, m);
		break;
	case IMSG_FRAME_MULTI:
		multi(r, m);
		break;
	case IMSG_CREDIT:
		credited(r, m);
		break;
	case IMSG_SESSION_READY:
		peer_ready(r, m->id);
		break;
	case IMSG_SESSION_CLOSE:
		fprintf(stderr, "gossip_bench: session %u closed: %s\n",
		    m->id, down_reason_text(m->data[0]));
		r->failed = true;
		break;
	default:
		break;
	}
}

static void
closed(struct imsgchan *chan, enum imsgchan_end how, const char *text,
    void *arg)
{
	struct rig *r = arg;

	(void)chan;
	(void)how;
	fprintf(stderr, "gossip_bench: gossipd: %s\n", text);
	r->failed = true;
}

/* The daemon refuses to run with any, as the parent gives it none. */
static void
drop_capabilities(void)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = { { 0, 0, 0 }, { 0, 0, 0 } };

	if (getuid() == 0 && (prctl(PR_SET_SECUREBITS, SECBIT_NOROOT) == -1 ||
	    syscall(SYS_capset, &h, d) == -1))
		_exit(71);
}

static bool
spawn(struct rig *r, const char *program)
{
	int fds[2];

	if (imsg_socketpair(fds) == -1 || (r->pid = fork()) == -1)
		return false;
	if (r->pid == 0) {
		if (fds[1] == PROC_FILENO ? fcntl(fds[1], F_SETFD, 0) == -1 :
		    dup2(fds[1], PROC_FILENO) == -1)
			_exit(71);
		bench_place(true);
		drop_capabilities();
		execl(program, "micelio-gossipd", "-L", "text", "-l", "warn",
		    (char *)NULL);
		fprintf(stderr, "gossip_bench: %s: cannot be run\n", program);
		_exit(71);
	}
	bench_place(false);
	close(fds[1]);
	r->parent = imsgchan_new(r->base, fds[0], PROC_PARENT, PROC_GOSSIPD,
	    dispatch, closed, r);
	return true;
}

static void
wire(struct rig *r, enum proc_role role)
{
	uint8_t body = (uint8_t)role;
	int fds[2];

	if (imsg_socketpair(fds) == -1)
		abort();
	imsg_send_fd(r->parent, IMSG_SETUP_LINK, 0, 0, fds[1], &body, 1);
	r->link[role] = imsgchan_new(r->base, fds[0], role, PROC_GOSSIPD,
	    dispatch, closed, r);
	imsgchan_set_phase(r->link[role], IMSG_PHASE_RUN);
}

static void
setting_cb(const struct wbuf *record, void *arg)
{
	struct rig *r = arg;

	imsg_send_wbuf(r->parent, IMSG_CONF_RECORD, 0, 0, record);
}

/* The defaults, but for the rate and a log of what goes wrong only. */
static void
configure(struct rig *r)
{
	struct conf conf;

	conf_init(&conf);
	conf.logging_level = LOG_LVL_WARN;
	conf.network_author_rate = BENCH_AUTHOR_RATE;
	imsg_send(r->parent, IMSG_CONF_BEGIN, 0, 0, NULL, 0);
	conf_write(&conf, setting_cb, r);
	imsg_send(r->parent, IMSG_CONF_COMMIT, 0, 0, NULL, 0);
	conf_free(&conf);
}

static void
set_up(struct rig *r)
{
	static const uint8_t hostkey[32];
	struct ident me;
	struct wbuf w;

	ident_make(&me, 0);
	wbuf_init(&w, 256);
	wbuf_bytes(&w, me.id.b, NODEID_LEN);
	wbuf_bytes(&w, me.pub, sizeof(me.pub));
	wbuf_bytes(&w, me.noise, sizeof(me.noise));
	wbuf_bytes(&w, hostkey, sizeof(hostkey));
	wbuf_u8(&w, MODE_PERSONAL);
	imsg_send_wbuf(r->parent, IMSG_SETUP_IDENTITY, 0, 0, &w);
	wbuf_free(&w);
	wire(r, PROC_TRANSPORTD);
	wire(r, PROC_STATED);
	wire(r, PROC_SSHD);
	configure(r);
	imsg_send(r->parent, IMSG_SETUP_DONE, 0, 0, NULL, 0);
}

static void
connect_peers(struct rig *r)
{
	static const uint8_t hash[32], profile[32];
	struct ident who;
	struct slice hello;
	char addr[32];
	struct wbuf w;
	uint32_t sid;

	/* No SETUP is sent before the map's profile is known. */
	imsg_send(r->link[PROC_STATED], IMSG_MAP_PROFILE, 0, 0, profile,
	    sizeof(profile));
	imsg_send(r->link[PROC_STATED], IMSG_PEER_END, 0, 0, NULL, 0);
	for (sid = 1; sid <= BENCH_PEERS; sid++) {
		ident_make(&who, sid);
		snprintf(addr, sizeof(addr), "127.0.0.1:%u", 40000 + sid);
		wbuf_init(&w, 256);
		wbuf_u8(&w, false);
		wbuf_u32(&w, 0);
		wbuf_bytes(&w, hash, sizeof(hash));
		wbuf_bytes(&w, who.noise, sizeof(who.noise));
		wbuf_str(&w, addr);
		wbuf_str(&w, "127.0.0.1:4000");
		imsg_send_wbuf(r->link[PROC_TRANSPORTD], IMSG_SESSION_UP,
		    sid, 0, &w);
		wbuf_free(&w);
		hello = hello_tagged(&who, MSG_HELLO, "",
		    r->kind == BENCH_OURS ? FAKE_KIN : NULL);
		in_to(r, sid, hello.p, hello.n);
	}
}

/* What the windows allow; then it is gossipd's turn. */
static void
give(struct rig *r)
{
	const struct bench_msg *m;
	struct peer *p;
	uint32_t sid;

	while (r->given < r->until &&
	    r->given - r->copies / (BENCH_PEERS - 1) < IN_FLIGHT) {
		m = &r->msgs[r->given];
		sid = 1 + (uint32_t)r->given % BENCH_PEERS;
		p = &r->peer[sid];
		if (p->in_frames >= SESSION_WINDOW_FRAMES ||
		    p->in_bytes + m->len > SESSION_WINDOW_BYTES)
			return;
		in_to(r, sid, m->frame, m->len);
		r->given++;
	}
}

static void
nothing_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

/* Turns of the loop until done() or WAIT_MS. */
static bool
run_until(struct rig *r, bool (*done)(struct rig *))
{
	uint64_t end = mono_ms() + WAIT_MS;
	struct timeval second = { 1, 0 };
	struct event *tick = event_new(r->base, -1, EV_PERSIST, nothing_cb,
	    NULL);

	event_add(tick, &second);
	while (!done(r) && !r->failed && mono_ms() < end)
		event_base_loop(r->base, EVLOOP_ONCE);
	event_free(tick);
	return !r->failed && done(r);
}

static bool
is_running(struct rig *r)
{
	return r->running;
}

static bool
all_ready(struct rig *r)
{
	return r->ready == BENCH_PEERS;
}

static bool
all_out(struct rig *r)
{
	give(r);
	return r->copies >= r->until * (BENCH_PEERS - 1);
}

static double
cpu_of(pid_t pid)
{
	struct timespec t = { 0, 0 };
	clockid_t id;

	if (clock_getcpuclockid(pid, &id) != 0 || clock_gettime(id, &t) == -1)
		return 0;
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
tear_down(struct rig *r)
{
	int status;

	for (int i = 0; i < PROC_MAX; i++)
		imsgchan_free(r->link[i]);
	imsgchan_free(r->parent);	/* without it the daemon ends */
	if (r->pid > 0)
		(void)waitpid(r->pid, &status, 0);
	event_base_free(r->base);
}

void
bench_place(bool daemon)
{
	const long n = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t set;

	if (n < 2 || n > CPU_SETSIZE)
		return;
	CPU_ZERO(&set);
	for (long i = 0; i < n; i++)
		if ((i == n - 1) == daemon)
			CPU_SET((size_t)i, &set);
	(void)sched_setaffinity(0, sizeof(set), &set);
}

/* So many messages more have come out; the processor time of that. */
static bool
pass_on(struct rig *r, size_t until, struct bench_run *run)
{
	const double cpu = cpu_of(r->pid);
	const uint64_t since = mono_us();

	run->n = until - r->given;
	r->until = until;
	if (!run_until(r, all_out))
		return false;
	run->wall_s = (double)(mono_us() - since) / 1e6;
	run->cpu_s = cpu_of(r->pid) - cpu;
	return true;
}

bool
bench_daemon(const char *program, enum bench_kind kind,
    const struct bench_msg *msgs, size_t n, struct bench_run *run)
{
	struct rig r = { .kind = kind, .msgs = msgs, .n = n };
	bool good;

	if ((r.base = event_base_new()) == NULL || !spawn(&r, program))
		return false;
	set_up(&r);
	good = run_until(&r, is_running);
	if (good) {
		connect_peers(&r);
		good = run_until(&r, all_ready);
	}
	if (good && kind == BENCH_OURS)
		good = pass_on(&r, BENCH_AUTHORS, run);
	good = good && pass_on(&r, n, run);
	if (!good)
		fprintf(stderr, "gossip_bench: %zu of %zu peers ready, %zu "
		    "messages given, %ju copies came out\n", r.ready,
		    (size_t)BENCH_PEERS, r.given, (uintmax_t)r.copies);
	tear_down(&r);
	return good && r.copies == n * (BENCH_PEERS - 1);
}
