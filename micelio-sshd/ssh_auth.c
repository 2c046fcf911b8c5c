/* SPDX-License-Identifier: MIT */
/*
 * Logins.  Nothing is decided here: the hub gets the key and, for a real
 * attempt, the very bytes that were signed and the signature.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "log.h"
#include "mtime.h"
#include "session.h"
#include "sigcapture.h"

#define WAIT_SLICE_MS	50
#define BASE64_MAX	(SES_KEY_BLOB_MAX / 3 * 4 + 8)

struct login {
	const char	*user;
	const char	*alg;
	size_t		 alg_len;
	uint8_t		 blob[SES_KEY_BLOB_MAX];
	size_t		 blob_len;
	const uint8_t	*input, *sig;
	size_t		 input_len, sig_len;
};

static int	auth_request(struct session *, ssh_message);
static int	auth_publickey(struct session *, ssh_message);
static bool	login_read(struct login *, ssh_message, bool);
static bool	key_blob(ssh_key, uint8_t *, size_t, size_t *);
static const char *probe_algorithm(ssh_key);
static bool	signed_algorithm(struct login *);
static bool	ask_hub(struct session *, const struct login *, bool);
static void	refuse(struct session *);

/* Whatever has no callback of its own comes here; 1: the usual refusal. */
int
ssh_auth_message(ssh_session ssh, ssh_message m, void *arg)
{
	struct session *s = arg;

	(void)ssh;
	s->happened = true;
	if (s->phase == SES_PH_END)
		return 1;
	switch (ssh_message_type(m)) {
	case SSH_REQUEST_AUTH:
		return auth_request(s, m);
	case SSH_REQUEST_CHANNEL_OPEN:
		s->requests++;
		s->refused_forwarding = true;
		return 1;
	case SSH_REQUEST_GLOBAL:
		if (ssh_message_subtype(m) == SSH_GLOBAL_REQUEST_TCPIP_FORWARD) {
			s->requests++;
			s->refused_forwarding = true;
		}
		return 1;
	case SSH_REQUEST_CHANNEL:
		s->requests++;
		return 1;
	default:
		return 1;
	}
}

static int
auth_request(struct session *s, ssh_message m)
{
	if (s->phase != SES_PH_AUTH && s->phase != SES_PH_KEX)
		return 1;
	switch (ssh_message_subtype(m)) {
	case SSH_AUTH_METHOD_PUBLICKEY:
		return auth_publickey(s, m);
	case SSH_AUTH_METHOD_NONE:
		/* Every client asks this way what there is: once is free. */
		if (s->asked_none)
			s->tries++;
		s->asked_none = true;
		return 1;
	default:
		s->tries++;
		return 1;
	}
}

static int
auth_publickey(struct session *s, ssh_message m)
{
	bool is_signed;
	struct login l;

	/* The public half of the deprecated message functions is all there is. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
	is_signed = ssh_message_auth_publickey_state(m) ==
	    SSH_PUBLICKEY_STATE_VALID;
#pragma GCC diagnostic pop
	if (is_signed)
		s->tries++;
	else
		s->probes++;
	if (s->tries > SES_TRIES_MAX || s->probes > SES_PROBES_MAX ||
	    !login_read(&l, m, is_signed) || !ask_hub(s, &l, is_signed)) {
		refuse(s);
		return 1;
	}
	if (!is_signed) {
		(void)ssh_message_auth_reply_pk_ok_simple(m);
		return 0;
	}
	(void)ssh_message_auth_reply_success(m, 0);
	s->phase = SES_PH_OPEN;
	s->deadline_ms = mono_ms() + s->conf.ssh_login_grace;
	return 0;
}

static bool
login_read(struct login *l, ssh_message m, bool is_signed)
{
	ssh_key key;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
	key = ssh_message_auth_pubkey(m);
#pragma GCC diagnostic pop
	memset(l, 0, sizeof(*l));
	l->user = ssh_message_auth_user(m);
	if (l->user == NULL || strlen(l->user) > SES_USER_MAX || key == NULL ||
	    !key_blob(key, l->blob, sizeof(l->blob), &l->blob_len))
		return false;
	if (!is_signed) {
		l->alg = probe_algorithm(key);
		l->alg_len = strlen(l->alg);
		return true;
	}
	return sigcapture_get(&l->input, &l->input_len, &l->sig,
	    &l->sig_len) && signed_algorithm(l);
}

/* libssh gives a key's blob as base64 only. */
static bool
key_blob(ssh_key key, uint8_t *blob, size_t size, size_t *len)
{
	uint8_t buf[BASE64_MAX];
	char *b64 = NULL;
	size_t n;
	int got;

	if (ssh_pki_export_pubkey_base64(key, &b64) != SSH_OK)
		return false;
	n = strlen(b64);
	if (n == 0 || n % 4 != 0 || n > BASE64_MAX) {
		ssh_string_free_char(b64);
		return false;
	}
	got = EVP_DecodeBlock(buf, (const unsigned char *)b64, (int)n);
	if (got > 0 && b64[n - 1] == '=')
		got -= b64[n - 2] == '=' ? 2 : 1;
	ssh_string_free_char(b64);
	if (got <= 0 || (size_t)got > size)
		return false;
	memcpy(blob, buf, (size_t)got);
	*len = (size_t)got;
	return true;
}

/* libssh does not tell; RSA keys are asked about with SHA-2 only. */
static const char *
probe_algorithm(ssh_key key)
{
	if (ssh_key_type(key) == SSH_KEYTYPE_RSA)
		return "rsa-sha2-512";
	return ssh_key_type_to_char(ssh_key_type(key));
}

/*
 * Out of the signed bytes (RFC 4252 section 7): string session id, byte,
 * string user, string service, string "publickey", boolean, string algorithm.
 */
static bool
signed_algorithm(struct login *l)
{
	struct rcur c;
	int i;

	rcur_init(&c, l->input, l->input_len);
	(void)rcur_bytes(&c, rcur_u32be(&c));
	(void)rcur_u8(&c);
	for (i = 0; i < 3; i++)
		(void)rcur_bytes(&c, rcur_u32be(&c));
	(void)rcur_u8(&c);
	l->alg_len = rcur_u32be(&c);
	l->alg = (const char *)rcur_bytes(&c, l->alg_len);
	return !c.bad && l->alg_len > 0 && l->alg_len <= 64;
}

/*
 * libssh wants the answer before its callback returns, so this waits: for the
 * hub only, with pings answered, and not for long.
 */
static bool
ask_hub(struct session *s, const struct login *l, bool is_signed)
{
	uint64_t until = mono_ms() + SES_AUTH_WAIT_MS;
	struct wbuf w;

	wbuf_init(&w, 16384);
	wbuf_u8(&w, is_signed);
	wbuf_str(&w, l->user);
	wbuf_strn(&w, l->alg, l->alg_len);
	wbuf_strn(&w, l->blob, l->blob_len);
	if (is_signed) {
		wbuf_blob(&w, l->input, l->input_len);
		wbuf_blob(&w, l->sig, l->sig_len);
		sigcapture_forget();
	}
	s->auth_done = s->auth_allowed = false;
	s->auth_text[0] = '\0';
	imsg_send_wbuf(s->hub, IMSG_SES_AUTH, ++s->auth_id, 0, &w);
	wbuf_free(&w);
	while (!s->auth_done && !s->hub_gone && !s->parent_gone &&
	    s->phase != SES_PH_END && mono_ms() < until) {
		(void)imsgchan_wait(s->hub, &s->auth_done, WAIT_SLICE_MS);
		if (!imsgchan_readable(s->parent))
			s->parent_gone = true;
		else
			(void)imsgchan_flush(s->parent);
	}
	return s->auth_done && s->auth_allowed && s->phase != SES_PH_END;
}

static void
refuse(struct session *s)
{
	ssh_string text;

	if (!s->auth_done || s->auth_text[0] == '\0')
		return;
	text = ssh_string_from_char(s->auth_text);
	s->auth_text[0] = '\0';
	if (text == NULL)
		return;
	(void)ssh_send_issue_banner(s->ssh, text);
	ssh_string_free(text);
}
