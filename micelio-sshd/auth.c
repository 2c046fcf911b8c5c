/* SPDX-License-Identifier: MIT */
/*
 * Who may log in.  The session process is the one that parses what strangers
 * send, so nothing it says is believed: the signature it forwards must be
 * good over bytes that name this connection's session id, which the parent
 * told us, and the key it claims.
 */
#include <stdio.h>
#include <string.h>

#include "auth.h"
#include "authkeys.h"
#include "authkeys_from.h"
#include "base64.h"
#include "cursor.h"
#include "nick.h"
#include "role.h"
#include "sshkey.h"

#define USERAUTH_REQUEST	50	/* RFC 4252 section 6 */
#define BYTES_MAX		16384u

const char *
role_name(enum role r)
{
	static const char *const names[] = { "none", "user", "op", "admin" };

	return (size_t)r < 4 ? names[r] : names[0];
}

bool
login_request_read(struct login_request *q, const void *body, size_t len)
{
	struct rcur c;
	uint8_t how;

	memset(q, 0, sizeof(*q));
	rcur_init(&c, body, len);
	how = rcur_u8(&c);
	q->is_signed = how == 1;
	q->user = rcur_str(&c, 1024, &q->user_len);
	q->alg = rcur_str(&c, 128, &q->alg_len);
	q->blob = (const uint8_t *)rcur_str(&c, SSHKEY_BLOB_MAX, &q->blob_len);
	if (q->is_signed) {
		q->data = rcur_blob(&c, BYTES_MAX, &q->data_len);
		q->sig = rcur_blob(&c, BYTES_MAX, &q->sig_len);
	}
	return how <= 1 && rcur_done(&c);
}

const struct authkey *
auth_find(const struct authkeys *keys, const uint8_t hash[SSHKEY_HASH_LEN],
    const struct addr *from, uint64_t now, const char **cause)
{
	*cause = "unknown-key";
	for (size_t i = 0; i < keys->nrefused; i++)
		if (memcmp(keys->refused[i], hash, SSHKEY_HASH_LEN) == 0)
			*cause = "line-refused";
	for (size_t i = 0; i < keys->n; i++) {
		const struct authkey *k = &keys->v[i];

		if (memcmp(k->hash, hash, SSHKEY_HASH_LEN) != 0)
			continue;
		if (k->from != NULL && !authkeys_from_match(k->from, from))
			*cause = "not-from-there";
		else if (k->expires != 0 && now >= k->expires)
			*cause = "expired-key";
		else {
			*cause = NULL;
			return k;
		}
	}
	return NULL;
}

/* The next SSH string of the signed bytes is exactly this. */
static bool
is_string(struct rcur *c, const void *want, size_t n)
{
	size_t len = rcur_u32be(c);
	const uint8_t *p = rcur_bytes(c, len);

	return !c->bad && len == n && (n == 0 || memcmp(p, want, n) == 0);
}

/*
 * RFC 4252 section 7: what is signed when a public key logs in.  Names the
 * first thing that does not fit, or NULL.
 */
static const char *
signed_bytes_check(const struct login_request *q, const uint8_t sid[32])
{
	struct rcur c;

	rcur_init(&c, q->data, q->data_len);
	if (!is_string(&c, sid, 32))
		return "signature-for-another-session";
	if (rcur_u8(&c) != USERAUTH_REQUEST)
		return "signed-bytes-are-no-login";
	if (!is_string(&c, q->user, q->user_len))
		return "signature-for-another-user";
	if (!is_string(&c, "ssh-connection", 14) ||
	    !is_string(&c, "publickey", 9) || rcur_u8(&c) != 1)
		return "signed-bytes-are-no-login";
	if (!is_string(&c, q->alg, q->alg_len))
		return "signature-for-another-algorithm";
	if (!is_string(&c, q->blob, q->blob_len))
		return "signature-for-another-key";
	return rcur_done(&c) ? NULL : "signed-bytes-are-no-login";
}

static void
proof_check(const struct login_request *q, const struct sshkey *key,
    const uint8_t sid[32], struct login_answer *a)
{
	a->cause = signed_bytes_check(q, sid);
	if (a->cause == NULL && !sshkey_verify(key, q->alg, q->alg_len,
	    q->data, q->data_len, q->sig, q->sig_len))
		a->cause = "bad-signature";
	a->verdict = a->cause == NULL ? LOGIN_IN : LOGIN_LIED;
}

void
auth_decide(const struct authkeys *keys, const struct login_request *q,
    const uint8_t sid[32], const struct addr *from, uint64_t now,
    struct login_answer *a)
{
	struct sshkey key;
	const char *why;

	memset(a, 0, sizeof(*a));
	a->verdict = LOGIN_REFUSE;
	sshkey_hash(q->blob, q->blob_len, a->hash);
	sshkey_fingerprint(a->hash, a->fp);
	if (!sshkey_read(&key, q->blob, q->blob_len, &why)) {
		a->cause = "unusable-key";
		return;
	}
	if (!sshkey_algorithm_ok(key.type, q->alg, q->alg_len))
		a->cause = "algorithm";
	else
		a->key = auth_find(keys, a->hash, from, now, &a->cause);
	if (a->key != NULL) {
		if (q->is_signed)
			proof_check(q, &key, sid, a);
		else
			a->verdict = LOGIN_MAY;
	}
	if (a->verdict == LOGIN_REFUSE || a->verdict == LOGIN_LIED)
		a->key = NULL;
	sshkey_clear(&key);
}

/* "echo 'ssh-ed25519 AAAA... alice' >> FILE", if it fits. */
static bool
command_text(const struct login_request *q, const char *file, char *out,
    size_t size)
{
	char b64[SSHKEY_BLOB_MAX * 4 / 3 + 8], user[32] = "";
	struct sshkey key;
	const char *why;
	int n;

	if (!sshkey_read(&key, q->blob, q->blob_len, &why))
		return false;
	base64_encode(q->blob, q->blob_len, true, b64, sizeof(b64));
	if (nick_check(q->user, q->user_len) == NULL &&
	    q->user_len < sizeof(user) && strpbrk(q->user, "'") == NULL)
		(void)snprintf(user, sizeof(user), " %.*s", (int)q->user_len,
		    q->user);
	n = snprintf(out, size, "echo '%s %s%s' >> %s",
	    sshkey_type_name(key.type), b64, user, file);
	sshkey_clear(&key);
	return n > 0 && (size_t)n < size;
}

void
auth_refusal_text(const struct login_request *q, const struct login_answer *a,
    const char *file, char *out, size_t size)
{
	char command[800];

	if (strcmp(a->cause, "algorithm") == 0)
		(void)snprintf(out, size, "key %s: this signature algorithm "
		    "is not accepted; use rsa-sha2-256 or rsa-sha2-512\n",
		    a->fp);
	/* Nobody has proven to hold it yet: no word on what its line says. */
	else if (strcmp(a->cause, "not-from-there") == 0 ||
	    strcmp(a->cause, "expired-key") == 0 ||
	    strcmp(a->cause, "banned") == 0 ||
	    strcmp(a->cause, "line-refused") == 0)
		(void)snprintf(out, size, "key %s: is listed, but not "
		    "accepted from here or now; see the log of the node\n",
		    a->fp);
	else if (strcmp(a->cause, "unusable-key") == 0)
		(void)snprintf(out, size, "key %s: not accepted; want one of "
		    "%s (RSA of 2048 bits or more)\n", a->fp,
		    sshkey_types_text());
	else if (command_text(q, file, command, sizeof(command)))
		(void)snprintf(out, size, "key %s: not authorized here; this "
		    "lets it in, on the node:\n  %s\n", a->fp, command);
	else
		(void)snprintf(out, size, "key %s: not authorized here; to "
		    "let it in, on the node add its .pub file to %s\n",
		    a->fp, file);
}
