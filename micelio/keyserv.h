/* SPDX-License-Identifier: MIT */
/* The key service: what is signed for whom, and how often. */
#ifndef MICELIO_MICELIO_KEYSERV_H
#define MICELIO_MICELIO_KEYSERV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imsg.h"
#include "ratelimit.h"

struct identity;
struct rcur;
struct wbuf;

#define KEY_PAYLOAD_MAX	65536u

/* What one sender may ask for, and how often. */
struct key_rule {
	const char	*name;
	enum proc_role	 from;
	enum key_purpose purpose;	/* 0: KEY_DH */
	uint32_t	 types[4];	/* message types; 0 ends */
	uint32_t	 rate, burst;	/* per second */
};
#define KEY_RULES	9
extern const struct key_rule key_rules[KEY_RULES];

struct key_count {
	uint64_t	ok, refused, slowed;
};

struct keyserv {
	const struct identity	*identity;
	struct bucket		 bucket[KEY_RULES];
	struct key_count	 count[KEY_RULES];
	struct key_count	 hostkey;	/* of all sessions */
	uint64_t		 refused;	/* fits no rule */
	uint8_t			*buf;		/* bytes to sign */
};

/* The state of one session's signer channel. */
struct hostkey_signer {
	struct bucket	bucket;
	uint8_t		sid[32];	/* first hash signed */
	bool		has_sid;
};

void	 keyserv_init(struct keyserv *, const struct identity *,
	    uint64_t now_ms);
void	 keyserv_free(struct keyserv *);
/*
 * A request of from: body as received.  False: malformed, a breach of
 * contract.  True: *status says what becomes of it; the result is zero unless
 * KEY_OK, and why (static text) is set on KEY_REFUSED.
 */
bool	 keyserv_sign(struct keyserv *, enum proc_role from, const uint8_t *,
	    size_t, uint64_t now_ms, enum key_status *, uint8_t sig[64],
	    const char **why);
/*
 * keyserv_entry.c: entries of the map.  As keyserv_sign(), but appends the
 * signatures, 64 bytes each in the order of the request, if KEY_OK.
 */
bool	 keyserv_entries(struct keyserv *, enum proc_role from,
	    const uint8_t *, size_t, uint64_t now_ms, enum key_status *,
	    struct wbuf *sigs, const char **why);
/*
 * keyserv_record.c: the rest of a KEY_SIGN for KEY_PEER_RECORD, behind its
 * purpose.  As keyserv_sign().
 */
bool	 keyserv_record(struct keyserv *, enum proc_role from, struct rcur *,
	    uint64_t now_ms, enum key_status *, uint8_t sig[64],
	    const char **why);
enum key_status keyserv_dh(struct keyserv *, enum proc_role from,
	    const uint8_t remote[32], uint64_t now_ms, uint8_t shared[32],
	    const char **why);
/* body: of KEY_OPEN; key: of that one message, zero unless KEY_OK. */
enum key_status keyserv_open(struct keyserv *, enum proc_role from,
	    const uint8_t body[64], uint64_t now_ms, uint8_t key[32]);
void	 hostkey_signer_init(struct hostkey_signer *, uint64_t now_ms);
/* *first: this hash is the session id, to be told to the hub. */
enum key_status keyserv_hostkey(struct keyserv *, struct hostkey_signer *,
	    const uint8_t hash[32], uint64_t now_ms, uint8_t sig[64],
	    bool *first);

#endif
