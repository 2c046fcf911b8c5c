/* SPDX-License-Identifier: MIT */
/*
 * The key service: what the node's keys are used for, and for whom.  It never
 * signs bytes as they come: it takes fields, fills in the node id itself and
 * builds what is signed (wire-v1 3.2).  The sender is known by its channel.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "identity.h"
#include "imsg.h"
#include "keyserv.h"
#include "log.h"
#include "nodeid.h"
#include "ratelimit.h"
#include "sealkey.h"

#define UUID_LEN	36u
#define SIGNED_MAX	(UUID_LEN + NODEID_HEX + 8 + 4 + KEY_PAYLOAD_MAX)

/* Message types as numbered in wire-v1 3.4; 32-47 are our own. */
const struct key_rule key_rules[KEY_RULES] = {
	{ "hello", PROC_GOSSIPD, KEY_ENVELOPE, { 1, 2 }, 200, 400 },
	{ "chat", PROC_GOSSIPD, KEY_ENVELOPE, { 3 }, 50, 100 },
	/* One goes to each of up to 1,024 peers at an interval's end. */
	{ "exchange", PROC_GOSSIPD, KEY_ENVELOPE, { 4 }, 100, 1100 },
	{ "m2 control", PROC_GOSSIPD, KEY_ENVELOPE, { 34, 35 }, 200, 400 },
	{ "m2 gossip", PROC_GOSSIPD, KEY_ENVELOPE, { 38, 39 }, 200, 400 },
	/* Entries; 30 us of this process each. */
	{ "entries", PROC_STATED, KEY_ENTRY, { 0 }, 5000, 10000 },
	/* One for each handshake, in or out; 30 us of this process each. */
	{ "handshake", PROC_TRANSPORTD, 0, { 0 }, 1000, 2000 },
	/* Messages sealed for this node; 30 us of this process each. */
	{ "sealed", PROC_GOSSIPD, KEY_SEALED, { 0 }, 50, 200 },
	/* Its own record, at a change of address and once an hour. */
	{ "peer record", PROC_GOSSIPD, KEY_PEER_RECORD, { 0 }, 1, 8 },
};

/* One signature at once, then one in 10 s, three saved up at most. */
#define HOSTKEY_TENTHS		10u	/* of a token, for one signature */
#define HOSTKEY_RATE		1u	/* tenths per second */
#define HOSTKEY_BURST		30u	/* tenths */

/* What KEY_SIGN asks for, in place in its body. */
struct envelope {
	const char	*id;
	size_t		 id_len;
	uint64_t	 lamport;
	uint32_t	 type;
	const uint8_t	*payload;
	size_t		 payload_len;
};

static bool	 uuid_valid(const char *, size_t);
static const struct key_rule *rule_find(enum proc_role, uint32_t);
static enum key_status envelope_allow(struct keyserv *, enum proc_role,
    const struct envelope *, uint64_t, const char **);
static size_t	 envelope_bytes(const struct keyserv *,
    const struct envelope *, uint8_t[SIGNED_MAX]);
static enum key_status refuse(uint64_t *, const char **, const char *);

void
keyserv_init(struct keyserv *k, const struct identity *identity,
    uint64_t now_ms)
{
	memset(k, 0, sizeof(*k));
	k->identity = identity;
	k->buf = xcalloc(1, SIGNED_MAX);
	for (size_t i = 0; i < KEY_RULES; i++)
		bucket_init(&k->bucket[i], key_rules[i].burst, now_ms);
}

void
keyserv_free(struct keyserv *k)
{
	free(k->buf);
	k->buf = NULL;
}

static enum key_status
refuse(uint64_t *counter, const char **why, const char *text)
{
	(*counter)++;
	*why = text;
	return KEY_REFUSED;
}

static const struct key_rule *
rule_find(enum proc_role from, uint32_t type)
{
	for (size_t i = 0; i < KEY_RULES; i++) {
		const struct key_rule *r = &key_rules[i];

		if (r->from != from || r->purpose != KEY_ENVELOPE)
			continue;
		for (size_t k = 0; k < 4 && r->types[k] != 0; k++)
			if (r->types[k] == type)
				return r;
	}
	return NULL;
}

bool
keyserv_sign(struct keyserv *k, enum proc_role from, const uint8_t *body,
    size_t len, uint64_t now_ms, enum key_status *status, uint8_t sig[64],
    const char **why)
{
	struct envelope e;
	struct rcur c;
	uint8_t purpose;

	memset(sig, 0, 64);
	*why = NULL;
	rcur_init(&c, body, len);
	purpose = rcur_u8(&c);
	if (purpose == KEY_PEER_RECORD)
		return keyserv_record(k, from, &c, now_ms, status, sig, why);
	if (purpose != KEY_ENVELOPE) {
		*status = refuse(&k->refused, why, "purpose");
		return true;
	}
	e.id = rcur_str(&c, UINT16_MAX, &e.id_len);
	e.lamport = rcur_u64(&c);
	e.type = rcur_u32(&c);
	e.payload = rcur_blob(&c, UINT32_MAX, &e.payload_len);
	if (!rcur_done(&c))
		return false;
	*status = envelope_allow(k, from, &e, now_ms, why);
	if (*status == KEY_OK) {
		len = envelope_bytes(k, &e, k->buf);
		crypto_sign_detached(sig, NULL, k->buf, len,
		    k->identity->node->ed25519);
	}
	return true;
}

/* By sender, type, form and rate, in this order; counted. */
static enum key_status
envelope_allow(struct keyserv *k, enum proc_role from,
    const struct envelope *e, uint64_t now_ms, const char **why)
{
	const struct key_rule *rule = rule_find(from, e->type);
	struct key_count *count;
	size_t n;

	if (rule == NULL)
		return refuse(&k->refused, why, "message type");
	n = (size_t)(rule - key_rules);
	count = &k->count[n];
	if (!uuid_valid(e->id, e->id_len))
		return refuse(&count->refused, why, "message id");
	if (e->payload_len > KEY_PAYLOAD_MAX)
		return refuse(&count->refused, why, "payload size");
	if (!bucket_take(&k->bucket[n], rule->rate, rule->burst, 1, now_ms)) {
		count->slowed++;
		return KEY_SLOWED;
	}
	count->ok++;
	return KEY_OK;
}

/*
 * message_id || sender_id || u64be lamport_ts || u32be msg_type || payload.
 * That these lengths are fixed but for the last is what keeps the fields
 * apart in it.
 */
static size_t
envelope_bytes(const struct keyserv *k, const struct envelope *e,
    uint8_t out[SIGNED_MAX])
{
	uint8_t *p = out;

	memcpy(p, e->id, UUID_LEN);
	p += UUID_LEN;
	memcpy(p, k->identity->id_hex, NODEID_HEX);
	p += NODEID_HEX;
	for (int i = 7; i >= 0; i--)
		*p++ = (uint8_t)(e->lamport >> (8 * i));
	for (int i = 3; i >= 0; i--)
		*p++ = (uint8_t)(e->type >> (8 * i));
	if (e->payload_len > 0)
		memcpy(p, e->payload, e->payload_len);
	return (size_t)(p - out) + e->payload_len;
}

/* 8-4-4-4-12 lower-case hex digits. */
static bool
uuid_valid(const char *s, size_t n)
{
	if (n != UUID_LEN)
		return false;
	for (size_t i = 0; i < UUID_LEN; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-' : !((s[i] >= '0' && s[i] <= '9') ||
		    (s[i] >= 'a' && s[i] <= 'f')))
			return false;
	}
	return true;
}

enum key_status
keyserv_dh(struct keyserv *k, enum proc_role from, const uint8_t remote[32],
    uint64_t now_ms, uint8_t shared[32], const char **why)
{
	size_t n;

	memset(shared, 0, 32);
	*why = NULL;
	for (n = 0; n < KEY_RULES; n++)
		if (key_rules[n].from == from && key_rules[n].purpose == 0)
			break;
	if (n == KEY_RULES)
		return refuse(&k->refused, why, "sender");
	if (!bucket_take(&k->bucket[n], key_rules[n].rate,
	    key_rules[n].burst, 1, now_ms)) {
		k->count[n].slowed++;
		return KEY_SLOWED;
	}
	/* Fails on low-order points, whose result would be zero. */
	if (crypto_scalarmult_curve25519(shared, k->identity->node->x25519,
	    remote) == -1) {
		memset(shared, 0, 32);
		return refuse(&k->count[n].refused, why, "low-order point");
	}
	k->count[n].ok++;
	return KEY_OK;
}

enum key_status
keyserv_open(struct keyserv *k, enum proc_role from, const uint8_t body[64],
    uint64_t now_ms, uint8_t key[SEAL_KEY_LEN])
{
	const struct key_rule *r;
	struct key_count *count;
	uint8_t shared[32];
	size_t n;

	memset(key, 0, SEAL_KEY_LEN);
	for (n = 0; n < KEY_RULES; n++)
		if (key_rules[n].from == from &&
		    key_rules[n].purpose == KEY_SEALED)
			break;
	if (n == KEY_RULES) {
		k->refused++;
		return KEY_REFUSED;
	}
	r = &key_rules[n];
	count = &k->count[n];
	if (!bucket_take(&k->bucket[n], r->rate, r->burst, 1, now_ms)) {
		count->slowed++;
		return KEY_SLOWED;
	}
	if (crypto_scalarmult_curve25519(shared, k->identity->node->x25519,
	    body + 32) == -1) {
		sodium_memzero(shared, sizeof(shared));
		count->refused++;
		return KEY_REFUSED;
	}
	/* The secret itself would open handshakes; this opens one message. */
	seal_key(key, shared, body + 32, k->identity->x25519_pub, body,
	    k->identity->id.b);
	sodium_memzero(shared, sizeof(shared));
	count->ok++;
	return KEY_OK;
}

void
hostkey_signer_init(struct hostkey_signer *s, uint64_t now_ms)
{
	memset(s, 0, sizeof(*s));
	bucket_init(&s->bucket, HOSTKEY_BURST, now_ms);
}

enum key_status
keyserv_hostkey(struct keyserv *k, struct hostkey_signer *s,
    const uint8_t hash[32], uint64_t now_ms, uint8_t sig[64], bool *first)
{
	memset(sig, 0, 64);
	*first = false;
	if (!bucket_take(&s->bucket, HOSTKEY_RATE, HOSTKEY_BURST,
	    HOSTKEY_TENTHS, now_ms)) {
		k->hostkey.slowed++;
		return KEY_SLOWED;
	}
	crypto_sign_detached(sig, NULL, hash, 32,
	    k->identity->host->ed25519);
	k->hostkey.ok++;
	if (!s->has_sid) {
		memcpy(s->sid, hash, 32);
		s->has_sid = true;
		*first = true;
	}
	return KEY_OK;
}
