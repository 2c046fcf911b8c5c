/* SPDX-License-Identifier: MIT */
/*
 * Parent and hub in one, for trying micelio-sshd-session alone with real SSH
 * clients: fakehub SESSION-BINARY [port].  Prints what arrives.  Its host key
 * is made at start; everybody with a good signature is let in.
 *
 * Commands: who, exit N, err TEXT, big LINES, cat, hang.  In the shell: text
 * goes to all others; /quit /flood N /slow N MS /bye /prompt X.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sodium.h>

#include "conf.h"
#include "cursor.h"
#include "imsg.h"
#include "log.h"
#include "mtime.h"
#include "proc.h"

#define CONNS_MAX	64
#define WINDOW		(256u * 1024)	/* SES_OUT before an ACK */

struct conn {
	bool		 used;
	pid_t		 pid;
	struct imsgchan	*parent, *hub, *signer;
	char		 user[64];
	bool		 shell, cat;
	uint32_t	 unacked;
	unsigned int	 big_left, big_at;
	struct event	*timer;
	unsigned int	 slow_left, slow_ms, slow_at;
	uint64_t	 slow_sent_ms;
};

static struct conn conns[CONNS_MAX];
static struct event_base *base;
static const char *binary;
static uint8_t host_pub[32], host_sec[64];

static void say(const char *, ...) __attribute__((format(printf, 1, 2)));
static void out(struct conn *, int, const char *, ...)
    __attribute__((format(printf, 3, 4)));

static void
say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
}

static void
out_bytes(struct conn *c, int stream, const void *text, size_t len)
{
	struct wbuf w;

	wbuf_init(&w, 65536);
	wbuf_u8(&w, (uint8_t)stream);
	wbuf_bytes(&w, text, len);
	c->unacked += (uint32_t)len;
	imsg_send_wbuf(c->hub, IMSG_SES_OUT, 0, 0, &w);
	wbuf_free(&w);
}

static void
out(struct conn *c, int stream, const char *fmt, ...)
{
	char text[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	out_bytes(c, stream, text, strlen(text));
}

static void
finish(struct conn *c, unsigned int status)
{
	uint8_t b = (uint8_t)status;

	imsg_send(c->hub, IMSG_SES_EXIT, 0, 0, &b, 1);
}

static void
text_msg(struct conn *c, enum imsg_type type, const char *text)
{
	struct wbuf w;

	wbuf_init(&w, 512);
	wbuf_str(&w, text);
	imsg_send_wbuf(c->hub, type, 0, 0, &w);
	wbuf_free(&w);
}

static void
big_more(struct conn *c)
{
	while (c->big_left > 0 && c->unacked < WINDOW) {
		out(c, 1, "%08u the quick brown fox jumps over it\n",
		    c->big_at++);
		if (--c->big_left == 0)
			finish(c, 0);
	}
}

static void
exec_command(struct conn *c, const char *cmd)
{
	if (strcmp(cmd, "who") == 0) {
		out(c, 1, "alice online\nbob idle\n");
		finish(c, 0);
	} else if (strncmp(cmd, "exit ", 5) == 0) {
		finish(c, (unsigned int)strtoul(cmd + 5, NULL, 10));
	} else if (strncmp(cmd, "err ", 4) == 0) {
		out(c, 1, "to stdout\n");
		out(c, 2, "%s\n", cmd + 4);
		finish(c, 3);
	} else if (strncmp(cmd, "big ", 4) == 0) {
		c->big_left = (unsigned int)strtoul(cmd + 4, NULL, 10);
		big_more(c);
	} else if (strcmp(cmd, "cat") != 0 && strcmp(cmd, "hang") != 0) {
		out(c, 2, "unknown command\n");
		finish(c, 64);
	}
}

static void
slow_cb(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	struct timeval tv = { 0, (long)c->slow_ms * 1000 };

	(void)fd;
	(void)what;
	out(c, 3, "[bot] line %u of the slow ones\n", ++c->slow_at);
	if (--c->slow_left > 0)
		evtimer_add(c->timer, &tv);
}

static void
shell_line(struct conn *c, const char *line)
{
	unsigned int i, n, ms;

	if (strcmp(line, "/quit") == 0) {
		out(c, 1, "Goodbye.\n");
		finish(c, 0);
	} else if (sscanf(line, "/flood %u", &n) == 1) {
		for (i = 0; i < n; i++)
			out(c, 3, "[bot] flood %u\n", i);
	} else if (sscanf(line, "/slow %u %u", &n, &ms) == 2) {
		c->slow_left = n;
		c->slow_ms = ms;
		c->slow_at = 0;
		c->timer = evtimer_new(base, slow_cb, c);
		slow_cb(-1, 0, c);
	} else if (strcmp(line, "/bye") == 0) {
		text_msg(c, IMSG_SES_BYE, "-- the node stops: maintenance");
	} else if (strncmp(line, "/prompt ", 8) == 0) {
		text_msg(c, IMSG_SES_PROMPT, line + 8);
	} else {
		for (i = 0; i < CONNS_MAX; i++)
			if (conns[i].used && conns[i].shell && &conns[i] != c)
				out(&conns[i], 3, "[%s] %s\n", c->user, line);
	}
}

static void
on_auth(struct conn *c, struct imsg *m, struct rcur *cur)
{
	const uint8_t *blob, *input = NULL, *sig = NULL;
	size_t user_len, alg_len, blob_len, input_len = 0, sig_len = 0;
	const char *user, *alg;
	bool is_signed, good;
	struct wbuf w;

	is_signed = rcur_u8(cur) == 1;
	user = rcur_str(cur, 255, &user_len);
	alg = rcur_str(cur, 64, &alg_len);
	blob = (const uint8_t *)rcur_str(cur, 4096, &blob_len);
	if (is_signed) {
		input = rcur_blob(cur, 8192, &input_len);
		sig = rcur_blob(cur, 2048, &sig_len);
	}
	if (!rcur_done(cur))
		fatalx("malformed SES_AUTH");
	good = !is_signed || sig_len > 0;
	if (is_signed && alg_len == 11 && memcmp(alg, "ssh-ed25519", 11) == 0)
		good = sig_len == 64 && blob_len == 51 &&
		    crypto_sign_verify_detached(sig, input, input_len,
		    blob + 19) == 0;
	if (user_len == 8 && memcmp(user, "stranger", 8) == 0)
		good = false;
	say("auth signed=%d user=%.*s alg=%.*s input=%zu sig=%zu ok=%d",
	    is_signed, (int)user_len, user, (int)alg_len, alg, input_len,
	    sig_len, good);
	snprintf(c->user, sizeof(c->user), "%.*s", (int)user_len, user);
	wbuf_init(&w, 512);
	wbuf_u8(&w, good);
	wbuf_u8(&w, good);
	wbuf_str(&w, good ? "" : "key refused here; ask the owner\n");
	imsg_send_wbuf(c->hub, IMSG_SES_AUTH_DONE, m->id, 0, &w);
	wbuf_free(&w);
}

static void
on_open(struct conn *c, struct rcur *cur)
{
	char term[128], env[4096], cmd[8192], prompt[128];
	unsigned int kind, pty, cols, rows;
	struct wbuf w;

	kind = rcur_u8(cur);
	pty = rcur_u8(cur);
	cols = rcur_u16(cur);
	rows = rcur_u16(cur);
	rcur_cstr(cur, term, sizeof(term));
	rcur_cstr(cur, env, sizeof(env));
	rcur_cstr(cur, cmd, sizeof(cmd));
	if (!rcur_done(cur))
		fatalx("malformed SES_OPEN");
	for (char *p = env; *p != '\0'; p++)
		if (*p == '\n')
			*p = ',';
	say("open kind=%u pty=%u size=%ux%u term=%s env=%s cmd=%s", kind, pty,
	    cols, rows, term, env, cmd);
	c->shell = kind == SES_SHELL;
	c->cat = strcmp(cmd, "cat") == 0;
	if (!c->shell) {
		exec_command(c, cmd);
		return;
	}
	snprintf(prompt, sizeof(prompt), "[%s]> ", c->user);
	wbuf_init(&w, 512);
	wbuf_str(&w, prompt);
	wbuf_str(&w, c->user);
	imsg_send_wbuf(c->hub, IMSG_SES_OPENED, 0, 0, &w);
	wbuf_free(&w);
	out(c, 1, "Welcome to the fake partyline!\n");
}

static void
on_complete(struct conn *c, struct imsg *m, struct rcur *cur)
{
	static const char *const words[] = { "/help", "/history", "/nick",
	    "/quit", "/who", "/whois" };
	size_t i, n = 0, len, start, at = rcur_u16(cur);
	const char *line = rcur_str(cur, 8192, &len);
	struct wbuf w, list;

	if (!rcur_done(cur) || at > len)
		fatalx("malformed SES_COMPLETE");
	for (start = at; start > 0 && line[start - 1] != ' '; start--)
		;
	wbuf_init(&w, 4096);
	wbuf_init(&list, 4096);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i]) < at - start ||
		    memcmp(words[i], line + start, at - start) != 0)
			continue;
		wbuf_str(&list, words[i]);
		n++;
	}
	wbuf_u16(&w, (uint16_t)start);
	wbuf_u8(&w, (uint8_t)n);
	wbuf_bytes(&w, list.p, list.len);
	imsg_send_wbuf(c->hub, IMSG_SES_COMPLETED, m->id, 0, &w);
	wbuf_free(&w);
	wbuf_free(&list);
}

static void
taken(struct conn *c, size_t len)
{
	uint32_t cost = (uint32_t)(SES_LINE_COST + len);

	imsg_send(c->hub, IMSG_SES_TAKEN, 0, 0, &cost, sizeof(cost));
}

static void
hub_cb(struct imsgchan *chan, struct imsg *m, void *arg)
{
	struct conn *c = arg;
	struct rcur cur;
	char line[65536];
	size_t i, lines = 1;
	unsigned int cols;

	(void)chan;
	rcur_init(&cur, m->data, m->len);
	switch (m->type) {
	case IMSG_SES_AUTH:
		on_auth(c, m, &cur);
		break;
	case IMSG_SES_OPEN:
		on_open(c, &cur);
		break;
	case IMSG_SES_LINE:
		taken(c, m->len);
		snprintf(line, sizeof(line), "%.*s", (int)m->len,
		    (const char *)m->data);
		say("line %s: %s", c->user, line);
		shell_line(c, line);
		break;
	case IMSG_SES_PASTE:
		taken(c, m->len);
		for (i = 0; i < m->len; i++)
			lines += m->data[i] == '\n';
		say("paste %s: %zu lines, %zu bytes", c->user, lines, m->len);
		break;
	case IMSG_SES_IN:
		if (c->cat && m->len == 0)
			finish(c, 0);
		else if (c->cat)
			out_bytes(c, 1, m->data, m->len);
		break;
	case IMSG_SES_ACK:
		c->unacked -= rcur_u32(&cur);
		big_more(c);
		break;
	case IMSG_SES_EOF:
		say("eof %s", c->user);
		finish(c, 0);
		break;
	case IMSG_SES_INTR:
		say("intr %s", c->user);
		if (!c->shell)
			finish(c, 130);
		break;
	case IMSG_SES_WINDOW:
		cols = rcur_u16(&cur);
		say("window %ux%u", cols, rcur_u16(&cur));
		break;
	case IMSG_SES_COMPLETE:
		on_complete(c, m, &cur);
		break;
	default:
		say("? %s", imsg_type_name(m->type));
	}
}

static void
parent_cb(struct imsgchan *chan, struct imsg *m, void *arg)
{
	struct conn *c = arg;
	struct sandbox_report rep;
	struct rcur cur;
	uint8_t answer[65] = { KEY_OK };

	switch (m->type) {
	case IMSG_READY:
		rcur_init(&cur, m->data, m->len);
		if (!sandbox_report_read(&cur, &rep))
			fatalx("malformed READY");
		say("ready pid=%d landlock=%u seccomp=%d", (int)c->pid,
		    rep.landlock_abi, rep.seccomp);
		break;
	case IMSG_SIGN_HOSTKEY:
		crypto_sign_detached(answer + 1, NULL, m->data, m->len,
		    host_sec);
		imsg_send(chan, IMSG_HOSTKEY_SIGNED, 0, 0, answer,
		    sizeof(answer));
		break;
	default:
		say("? %s", imsg_type_name(m->type));
	}
}

static void
conn_end(struct conn *c, const char *why)
{
	int status = 0;

	if (!c->used)
		return;
	c->used = false;
	imsgchan_free(c->parent);
	imsgchan_free(c->hub);
	imsgchan_free(c->signer);
	if (c->timer != NULL)
		event_free(c->timer);
	waitpid(c->pid, &status, 0);
	say("end pid=%d status=%d/%d: %s", (int)c->pid,
	    WIFEXITED(status) ? WEXITSTATUS(status) : -1,
	    WIFSIGNALED(status) ? WTERMSIG(status) : 0, why);
	memset(c, 0, sizeof(*c));
}

static void
closed_cb(struct imsgchan *chan, enum imsgchan_end end, const char *text,
    void *arg)
{
	(void)chan;
	(void)end;
	conn_end(arg, text);
}

static void
conf_emit(const struct wbuf *w, void *arg)
{
	struct conn *c = arg;

	imsg_send_wbuf(c->parent, IMSG_CONF_RECORD, 0, 0, w);
}

static void
conn_setup(struct conn *c)
{
	const char *grace = getenv("FAKEHUB_GRACE_MS");
	struct conf conf;
	struct wbuf w;

	wbuf_init(&w, 256);
	memset(wbuf_reserve(&w, 96), 0, 96);
	wbuf_bytes(&w, host_pub, sizeof(host_pub));
	wbuf_u8(&w, MODE_PERSONAL);
	imsg_send_wbuf(c->parent, IMSG_SETUP_IDENTITY, 0, 0, &w);
	wbuf_free(&w);
	conf_init(&conf);
	if (grace != NULL)
		conf.ssh_login_grace = strtoul(grace, NULL, 10);
	imsg_send(c->parent, IMSG_CONF_BEGIN, 0, 0, NULL, 0);
	conf_write(&conf, conf_emit, c);
	imsg_send(c->parent, IMSG_CONF_COMMIT, 0, 0, NULL, 0);
	imsg_send(c->parent, IMSG_SETUP_DONE, 0, 0, NULL, 0);
	conf_free(&conf);
	imsgchan_set_phase(c->parent, IMSG_PHASE_RUN);
	imsgchan_set_phase(c->hub, IMSG_PHASE_RUN);
	imsgchan_set_phase(c->signer, IMSG_PHASE_RUN);
}

/* As the parent does when root runs it on a directory of its own. */
static void
caps_drop(void)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = { { 0, 0, 0 }, { 0, 0, 0 } };

	if (getuid() == 0 && (prctl(PR_SET_SECUREBITS, SECBIT_NOROOT) == -1 ||
	    syscall(SYS_capset, &h, d) == -1))
		_exit(1);
}

static void
session_exec(const int fds[4])
{
	const char *level = getenv("FAKEHUB_LEVEL");
	char name[] = "micelio-sshd-session", lopt[] = "-l", text[16];
	char *argv[] = { name, lopt, text, NULL }, *envp[] = { NULL };
	int moved[4], i;

	snprintf(text, sizeof(text), "%s", level == NULL ? "info" : level);
	caps_drop();
	for (i = 0; i < 4; i++)
		moved[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 20);
	for (i = 0; i < 4; i++)
		if (dup2(moved[i], PROC_FILENO + i) == -1)
			_exit(1);
	execve(binary, argv, envp);
	_exit(1);
}

static void
accept_cb(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = conns;
	int tcp, parent[2], hub[2], signer[2];

	(void)what;
	(void)arg;
	tcp = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	while (c < conns + CONNS_MAX && c->used)
		c++;
	if (tcp == -1 || c == conns + CONNS_MAX ||
	    imsg_socketpair(parent) == -1 || imsg_socketpair(hub) == -1 ||
	    imsg_socketpair(signer) == -1)
		fatal("accept");
	c->pid = fork();
	if (c->pid == 0)
		session_exec((const int[]){ parent[1], hub[1], signer[1],
		    tcp });
	close(tcp);
	close(parent[1]);
	close(hub[1]);
	close(signer[1]);
	c->used = true;
	c->parent = imsgchan_new(base, parent[0], PROC_PARENT, PROC_SESSION,
	    parent_cb, closed_cb, c);
	c->signer = imsgchan_new(base, signer[0], PROC_PARENT, PROC_SESSION,
	    parent_cb, closed_cb, c);
	c->hub = imsgchan_new(base, hub[0], PROC_SSHD, PROC_SESSION, hub_cb,
	    closed_cb, c);
	conn_setup(c);
}

int
main(int argc, char **argv)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	struct event *ev;
	char hex[65];
	int fd;

	if (argc < 2 || sodium_init() == -1) {
		fprintf(stderr, "usage: fakehub session-binary [port]\n");
		return 64;
	}
	binary = argv[1];
	log_init("fakehub", LOG_TEXT, LOG_LVL_INFO);
	crypto_sign_keypair(host_pub, host_sec);
	base = event_base_new();
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons((uint16_t)(argc > 2 ?
	    strtoul(argv[2], NULL, 10) : 0));
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    listen(fd, 64) == -1 ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) == -1)
		fatal("listen");
	hex_encode(host_pub, sizeof(host_pub), hex);
	say("listening %u hostkey %s", ntohs(sin.sin_port), hex);
	ev = event_new(base, fd, EV_READ | EV_PERSIST, accept_cb, NULL);
	event_add(ev, NULL);
	event_base_dispatch(base);
	return 0;
}
