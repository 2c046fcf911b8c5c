/* SPDX-License-Identifier: MIT */
/* libssh: what is offered, the host key, the key exchange, the polling. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "log.h"
#include "session.h"
#include "sigcapture.h"
#include "signer_provider.h"

#define KEX	"curve25519-sha256,curve25519-sha256@libssh.org"
#define CIPHERS	"chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,"	\
		"aes128-gcm@openssh.com,aes256-ctr"
#define MACS	"hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com"
#define KEYS	"ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,"	\
		"ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256"

/*
 * A client that is gone is noticed within 90 s: probes when idle, a limit on
 * unacknowledged data.  One that only does not read has 80 s, too.
 */
#define TCP_IDLE_S	20
#define TCP_PROBE_S	10
#define TCP_PROBES	6
#define TCP_DEAD_MS	80000

static void	tcp_prepare(void);
static bool	hostkey_sign(const uint8_t [HOSTKEY_HASH_LEN], uint8_t [64]);
static void	bind_options(struct session *);
static void	session_options(struct session *);
static ssh_string no_gssapi(ssh_session, const char *, int, ssh_string *,
		    void *);
static void	poll_add(struct session *, struct imsgchan *, short *,
		    ssh_event_callback, short);
static int	parent_ready(socket_t, int, void *);
static int	hub_ready(socket_t, int, void *);
static void	channels_read(struct session *);
static void	quickack(void);

static struct {
	struct imsgchan	*chan;
	bool		 done, good;
	uint8_t		 sig[64];
} signing;

void
ssh_server_prepare(struct session *s)
{
	char pem[HOSTKEY_PEM_MAX];
	ssh_key key = NULL;

	sigcapture_init();
	signing.chan = s->signer;
	signer_provider_init(hostkey_sign);
	(void)ssh_set_log_level(SSH_LOG_NONE);
	if (ssh_init() != SSH_OK)
		fatalx("libssh does not start");
	signer_stub_key(s->hostkey_pub, pem);
	if (ssh_pki_import_privkey_base64(pem, NULL, NULL, NULL,
	    &key) != SSH_OK)
		fatalx("libssh refuses the stub host key");
	s->bind = ssh_bind_new();
	s->ssh = ssh_new();
	s->event = ssh_event_new();
	if (s->bind == NULL || s->ssh == NULL || s->event == NULL)
		fatalx("libssh: out of memory");
	if (ssh_bind_options_set(s->bind, SSH_BIND_OPTIONS_IMPORT_KEY,
	    key) != SSH_OK)		/* the key is libssh's now */
		fatalx("libssh refuses the host key");
	bind_options(s);
	session_options(s);
	tcp_prepare();
	if (ssh_bind_accept_fd(s->bind, s->ssh, PROC_TCP_FILENO) != SSH_OK)
		fatalx("libssh does not take the socket");
	ssh_callbacks_init(&s->server_cb);
	s->server_cb.userdata = s;
	s->server_cb.channel_open_request_session_function = client_channel_open;
	s->server_cb.gssapi_select_oid_function = no_gssapi;
	if (ssh_set_server_callbacks(s->ssh, &s->server_cb) != SSH_OK)
		fatalx("libssh refuses the callbacks");
	ssh_set_message_callback(s->ssh, ssh_auth_message, s);
	ssh_set_auth_methods(s->ssh, SSH_AUTH_METHOD_PUBLICKEY);
	ssh_set_counters(s->ssh, &s->raw, &s->packets);
	ssh_set_blocking(s->ssh, 0);
}

static void
tcp_prepare(void)
{
	static const struct {
		int	level, name, value;
	} opts[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, TCP_IDLE_S },
		{ IPPROTO_TCP, TCP_KEEPINTVL, TCP_PROBE_S },
		{ IPPROTO_TCP, TCP_KEEPCNT, TCP_PROBES },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, TCP_DEAD_MS },
	};
	int flags;
	size_t i;

	flags = fcntl(PROC_TCP_FILENO, F_GETFL);
	if (flags == -1 || fcntl(PROC_TCP_FILENO, F_SETFL,
	    flags | O_NONBLOCK) == -1)
		fatal("the client's socket");
	for (i = 0; i < sizeof(opts) / sizeof(opts[0]); i++)
		if (setsockopt(PROC_TCP_FILENO, opts[i].level, opts[i].name,
		    &opts[i].value, sizeof(opts[i].value)) == -1)
			log_debug("socket option %d not set", opts[i].name);
}

static void
bind_options(struct session *s)
{
	bool no = false;

	if (ssh_bind_options_set(s->bind, SSH_BIND_OPTIONS_PROCESS_CONFIG,
	    &no) != SSH_OK ||
	    ssh_bind_options_set(s->bind, SSH_BIND_OPTIONS_KEY_EXCHANGE,
	    KEX) != SSH_OK ||
	    ssh_bind_options_set(s->bind, SSH_BIND_OPTIONS_CIPHERS_C_S,
	    CIPHERS) != SSH_OK ||
	    ssh_bind_options_set(s->bind, SSH_BIND_OPTIONS_CIPHERS_S_C,
	    CIPHERS) != SSH_OK ||
	    ssh_bind_options_set(s->bind, SSH_BIND_OPTIONS_HMAC_C_S,
	    MACS) != SSH_OK ||
	    ssh_bind_options_set(s->bind, SSH_BIND_OPTIONS_HMAC_S_C,
	    MACS) != SSH_OK ||
	    ssh_bind_options_set(s->bind,
	    SSH_BIND_OPTIONS_PUBKEY_ACCEPTED_KEY_TYPES, KEYS) != SSH_OK ||
	    ssh_bind_options_set(s->bind, SSH_BIND_OPTIONS_BANNER,
	    "micelio") != SSH_OK)
		fatalx("libssh refuses an option: %s", ssh_get_error(s->bind));
}

/* MACs and compression count on the session, not on the bind. */
static void
session_options(struct session *s)
{
	uint64_t bytes = SES_REKEY_BYTES;
	uint32_t seconds = SES_REKEY_S;

	if (ssh_options_set(s->ssh, SSH_OPTIONS_COMPRESSION_C_S,
	    "none") != SSH_OK ||
	    ssh_options_set(s->ssh, SSH_OPTIONS_COMPRESSION_S_C,
	    "none") != SSH_OK ||
	    ssh_options_set(s->ssh, SSH_OPTIONS_HMAC_C_S, MACS) != SSH_OK ||
	    ssh_options_set(s->ssh, SSH_OPTIONS_HMAC_S_C, MACS) != SSH_OK ||
	    ssh_options_set(s->ssh, SSH_OPTIONS_REKEY_DATA,
	    &bytes) != SSH_OK ||
	    ssh_options_set(s->ssh, SSH_OPTIONS_REKEY_TIME,
	    &seconds) != SSH_OK)
		fatalx("libssh refuses an option: %s", ssh_get_error(s->ssh));
}

/*
 * Without this libssh looks for Kerberos before any login, in files and
 * sockets that this process may not touch.
 */
static ssh_string
no_gssapi(ssh_session ssh, const char *user, int n, ssh_string *oids,
    void *arg)
{
	struct session *s = arg;

	(void)ssh;
	(void)user;
	(void)n;
	(void)oids;
	s->tries++;
	return NULL;
}

/* The one call that blocks, and briefly: OpenSSL has no other way to ask. */
static bool
hostkey_sign(const uint8_t hash[HOSTKEY_HASH_LEN], uint8_t sig[64])
{
	signing.done = signing.good = false;
	imsg_send(signing.chan, IMSG_SIGN_HOSTKEY, 0, 0, hash,
	    HOSTKEY_HASH_LEN);
	if (!imsgchan_wait(signing.chan, &signing.done, SES_SIGN_WAIT_MS) ||
	    !signing.good)
		return false;
	memcpy(sig, signing.sig, sizeof(signing.sig));
	return true;
}

void
ssh_server_signed(struct imsgchan *c, struct imsg *m, void *arg)
{
	struct rcur cur;

	(void)arg;
	if (m->type != IMSG_HOSTKEY_SIGNED) {
		imsgchan_violation(c, m, "not for the signer's channel");
		return;
	}
	rcur_init(&cur, m->data, m->len);
	signing.good = rcur_u8(&cur) == KEY_OK;
	rcur_copy(&cur, signing.sig, sizeof(signing.sig));
	signing.good = signing.good && rcur_done(&cur);
	signing.done = true;
}

/*
 * The session joins the polling only after the first step of the exchange:
 * libssh refuses it before.
 */
void
ssh_server_kex(struct session *s)
{
	static bool added;
	int rc;

	rc = ssh_handle_key_exchange(s->ssh);
	if (rc == SSH_OK) {
		s->phase = SES_PH_AUTH;
		return;
	}
	if (rc != SSH_AGAIN) {
		session_end(s, "key exchange failed");
		return;
	}
	if (added)
		return;
	added = true;
	if (ssh_event_add_session(s->event, s->ssh) != SSH_OK)
		session_end(s, "libssh does not poll the session");
}

void
ssh_server_poll(struct session *s, int timeout_ms)
{
	short hub;

	if (!s->hub_paused && client_queued(s) > SES_OUT_PAUSE) {
		s->hub_paused = true;
		imsgchan_pause(s->hub, 1);
	} else if (s->hub_paused && client_queued(s) < SES_OUT_RESUME) {
		s->hub_paused = false;
		imsgchan_resume(s->hub, 1);
		/* What had been read before has no other wake-up. */
		s->hub_ready = true;
		timeout_ms = 0;
	}
	hub = s->hub_paused ? 0 : POLLIN;
	if (imsgchan_queued(s->hub) > 0)
		hub |= POLLOUT;
	poll_add(s, s->hub, &s->hub_events, hub_ready, s->hub_gone ? 0 : hub);
	poll_add(s, s->parent, &s->parent_events, parent_ready,
	    s->parent_gone ? 0 : (short)(POLLIN |
	    (imsgchan_queued(s->parent) > 0 ? POLLOUT : 0)));
	if (ssh_event_dopoll(s->event, timeout_ms) == SSH_ERROR &&
	    s->phase != SES_PH_END)
		session_end(s, "connection lost");
	if (s->phase <= SES_PH_AUTH)
		quickack();
	channels_read(s);
}

/* libssh cannot change what a descriptor is polled for: take it out first. */
static void
poll_add(struct session *s, struct imsgchan *c, short *have,
    ssh_event_callback cb, short want)
{
	/* By its number: a channel that has ended has closed it. */
	int fd = c == s->hub ? PROC_HUB_FILENO : PROC_FILENO;

	if (*have == want)
		return;
	if (*have != 0)
		(void)ssh_event_remove_fd(s->event, fd);
	*have = want;
	if (want != 0 && ssh_event_add_fd(s->event, fd, want, cb,
	    s) != SSH_OK) {
		*have = 0;
		session_end(s, "libssh does not poll a channel");
	}
}

/*
 * Only noted: libssh polls within many of its calls, and what the hub says
 * may not be acted upon in the middle of one.
 */
static int
parent_ready(socket_t fd, int revents, void *arg)
{
	struct session *s = arg;

	(void)fd;
	if (revents & (POLLIN | POLLHUP | POLLERR))
		s->parent_ready = s->happened = true;
	return 0;
}

static int
hub_ready(socket_t fd, int revents, void *arg)
{
	struct session *s = arg;

	(void)fd;
	if (revents & (POLLIN | POLLHUP | POLLERR))
		s->hub_ready = s->happened = true;
	return 0;
}

static void
channels_read(struct session *s)
{
	if (s->parent_ready && !s->parent_gone &&
	    !imsgchan_readable(s->parent))
		s->parent_gone = true;
	if (s->hub_ready && !s->hub_gone && !s->hub_paused &&
	    !imsgchan_readable(s->hub))
		s->hub_gone = true;
	s->parent_ready = s->hub_ready = false;
}

/*
 * OpenSSH sends the key exchange in two pieces and waits with the second for
 * our acknowledgement, 40 ms when it is delayed.  Not sticky: again each time.
 */
static void
quickack(void)
{
	int one = 1;

	(void)setsockopt(PROC_TCP_FILENO, IPPROTO_TCP, TCP_QUICKACK, &one,
	    sizeof(one));
}

/* What the client may cost before it has shown who it is, and its end. */
void
ssh_server_limits(struct session *s)
{
	if (s->phase == SES_PH_END)
		return;
	if (s->phase <= SES_PH_AUTH && (s->raw.in_bytes > SES_LOGIN_BYTES ||
	    s->packets.in_packets > SES_LOGIN_PACKETS))
		session_end(s, "too much before login");
	else if (s->tries > SES_TRIES_MAX || s->probes > SES_PROBES_MAX)
		session_end(s, "too many tries");
	else if (s->requests > SES_REQUESTS_MAX)
		session_end(s, "too many requests");
	else if (ssh_get_status(s->ssh) & (SSH_CLOSED | SSH_CLOSED_ERROR))
		session_end(s, "closed by the client");
}

void
ssh_server_goodbye(struct session *s)
{
	if ((ssh_get_status(s->ssh) & (SSH_CLOSED | SSH_CLOSED_ERROR)) == 0)
		ssh_disconnect(s->ssh);
}
