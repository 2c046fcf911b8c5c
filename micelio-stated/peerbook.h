/* SPDX-License-Identifier: MIT */
/*
 * The remembered peers (wire-v1 5.1): a bounded table with the changes that
 * are not on the disk yet.  Pure: no store, clock or channel; the daemon
 * (stated.c) moves records between this, the store and gossipd.
 *
 * A change makes its record dirty.  peerbook_flush_begin() hands out what is
 * dirty, peerbook_flush_end() hears whether it was stored; what was not, or
 * was changed again meanwhile, stays dirty.  So a failing disk costs memory
 * for at most twice the bound, and nothing is forgotten when it is mended.
 */
#ifndef MICELIO_STATED_PEERBOOK_H
#define MICELIO_STATED_PEERBOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "imsg_types.h"
#include "nodeid.h"

struct rcur;
struct wbuf;

#define PEERBOOK_MAX	4096u	/* records remembered */
#define PEERBOOK_TELL	1024u	/* of these, told to gossipd at its start */
#define PEERBOOK_TABLE	"peers"
#define PEERREC_MAX	896u	/* bytes of a record as stored */
#define PEERREC_SIGNED_MAX PEER_SIGNED_MAX /* of these, what it signed */

struct peerrec {
	struct nodeid	id;
	bool		has_key, reachable;
	uint8_t		key[32];	/* zeros without has_key */
	uint64_t	last_seen;	/* unix seconds; 0: never */
	uint64_t	last_fail;
	uint32_t	fail_count;
	char		addr[HOSTPORT_MAX + 1];	/* host:port, or empty */
	/* What it said of itself, or nothing; gossipd's to read and check. */
	uint16_t	signed_len;
	uint8_t		signed_by[PEERREC_SIGNED_MAX];
};

/*
 * NULL if the record may be kept, else what is wrong with it (static text):
 * the key must hash to the id, the address must be empty or good for
 * exchange (wire-v1 5.5) and printable.
 */
const char	*peerrec_check(const struct peerrec *);
/* The body of PEER_PUT and PEER_RECORD (common/imsg_types.h). */
bool		 peerrec_read_msg(struct rcur *, struct peerrec *);
void		 peerrec_write_msg(struct wbuf *, const struct peerrec *);
/*
 * As stored, under the node id: u8 format (2), u8 has_key, 32 key,
 * u8 reachable, u64 last_seen, u32 fail_count, u64 last_fail, u16 length and
 * address, u16 length and what the node signed; big-endian.  Format 1 ends
 * with the address.  Reading checks all of it but what is signed.
 */
bool		 peerrec_decode(const void *id, size_t id_len, const void *,
		    size_t, struct peerrec *);
void		 peerrec_encode(struct wbuf *, const struct peerrec *);

struct peerbook;

enum peerbook_put {
	PEERBOOK_SAME,		/* nothing changed: nothing to write */
	PEERBOOK_CHANGED,
	PEERBOOK_OLDEST,	/* full, and seen before all others: not kept */
	PEERBOOK_NOMEM,
};

/* NULL without memory.  max: records kept. */
struct peerbook	*peerbook_new(size_t max);
void		 peerbook_free(struct peerbook *);

/*
 * Keep a checked record.  When the book is full the least recently seen makes
 * room; a last_seen in the future counts as now_s for that, so that nobody
 * can push others out by inventing one.
 */
enum peerbook_put peerbook_put(struct peerbook *, const struct peerrec *,
		    uint64_t now_s);
/* False if there was none. */
bool		 peerbook_del(struct peerbook *, const struct nodeid *);
/*
 * From the disk: as put, but clean, and what was put or deleted before the
 * disk could be read wins.  peerbook_loaded(): that was all there is.
 */
void		 peerbook_load(struct peerbook *, const struct peerrec *,
		    uint64_t now_s);
void		 peerbook_loaded(struct peerbook *);

size_t		 peerbook_count(const struct peerbook *);
uint64_t	 peerbook_evicted(const struct peerbook *);
/* False if there is none. */
bool		 peerbook_get(const struct peerbook *, const struct nodeid *,
		    struct peerrec *);
/* The max most recently seen, latest first. */
void		 peerbook_recent(const struct peerbook *, size_t max,
		    void (*)(const struct peerrec *, void *), void *);

bool		 peerbook_dirty(const struct peerbook *);
/*
 * Hand out at most max changes, each once: rec NULL means delete id.
 * Returns how many.  One flush at a time.
 */
size_t		 peerbook_flush_begin(struct peerbook *, size_t max,
		    void (*)(const struct nodeid *, const struct peerrec *,
		    void *), void *);
void		 peerbook_flush_end(struct peerbook *, bool stored);
/* The disk lost everything: all records are dirty. */
void		 peerbook_rewrite(struct peerbook *);

#endif
