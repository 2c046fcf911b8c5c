/* SPDX-License-Identifier: MIT */
/*
 * Reconcile (state.proto, type 33), read in place: slices point into what was
 * received.  Reading refuses what is malformed, over a limit, of a wrong
 * length, or has two ops; it passes over unknown fields.
 */
#ifndef MICELIO_RMSG_H
#define MICELIO_RMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "entry.h"
#include "m2.h"
#include "wire.h"

#define RMSG_MAX	M2_LINK_MAX
#define RMSG_BODY_MAX	(RMSG_MAX - 16u)	/* bytes of an op */
#define RMSG_SALT	16u
#define RMSG_CELL	24u	/* id xor, checksum xor */
#define RMSG_COUNT_MAX	(INT64_C(1) << 31)
#define RMSG_COUNT_LEN	5u	/* bytes of a count at most */
#define RMSG_PREFIX	8u	/* of an id */
#define RMSG_SYMBOLS_MAX 65536u
#define RMSG_RANGE_MAX	(48u + 18u)	/* of one that is no list of ids */
#define RMSG_IDS_MAX	64u	/* in a range */

enum rmsg_op {
	RMSG_OPEN = 3, RMSG_SYMBOLS = 4, RMSG_MORE = 5, RMSG_RANGES = 6,
	RMSG_NEED = 7, RMSG_ENTRIES = 8, RMSG_DONE = 9
};

enum rmsg_mode { RMSG_BY_SYMBOLS = 1, RMSG_BY_RANGES = 2 };

struct rmsg_open {
	uint32_t	 mode;		/* enum rmsg_mode */
	struct m2_root	 root;
	uint8_t		 range_salt[RMSG_SALT];
	bool		 has_from;
	struct entry_id	 from;
};

struct rmsg_symbols {
	uint32_t	 first;
	const uint8_t	*salt;		/* RMSG_SALT */
	const uint8_t	*cells;		/* k * RMSG_CELL */
	size_t		 k;
	struct slice	 counts;	/* k varints, checked */
	bool		 end;
};

struct rmsg_more {
	uint32_t	 upto, estimate, credit;
};

struct rmsg_done {
	uint32_t	 reason, applied, held, refused, retry_ms;
};

struct rmsg {
	uint32_t	 session;
	bool		 from_opener;
	enum rmsg_op	 op;
	struct slice	 body;		/* of ranges and entries */
	union {
		struct rmsg_open	open;
		struct rmsg_symbols	symbols;
		struct rmsg_more	more;
		struct rmsg_done	done;
	} u;
	struct slice	 ids;		/* need, gone: k * RMSG_PREFIX */
};

struct rmsg_range {
	bool		 last;		/* no upper */
	struct entry_id	 upper;
	uint32_t	 kind;		/* 0 skip, 1 fingerprint, 2 ids */
	struct slice	 data;		/* 16, or k * 16 */
	uint64_t	 count;
};

bool	 rmsg_read(struct rmsg *, const void *, size_t);
/* The parts of what rmsg_read() found good, one after the other. */
void	 rmsg_parts(const struct rmsg *, struct wire *);
bool	 rmsg_next_range(struct wire *, struct rmsg_range *);
bool	 rmsg_next_entry(struct wire *, struct entry *);
/* The same of the counts of symbols. */
int64_t	 rmsg_next_count(struct slice *);

/* A message around an op, of n <= RMSG_BODY_MAX bytes. */
void	 rmsg_write(struct wbuf *, uint32_t session, bool from_opener,
	    enum rmsg_op, const void *body, size_t n);
/* Append to the body of an op. */
void	 rmsg_put_open(struct wbuf *, const struct rmsg_open *);
/* k cells as on the wire, and counts as varints. */
void	 rmsg_put_symbols(struct wbuf *, const struct rmsg_symbols *);
void	 rmsg_put_count(struct wbuf *counts, int64_t);
void	 rmsg_put_more(struct wbuf *, const struct rmsg_more *);
void	 rmsg_put_range(struct wbuf *, const struct rmsg_range *);
void	 rmsg_put_prefixes(struct wbuf *, bool gone, const void *, size_t n);
void	 rmsg_put_entry(struct wbuf *, const struct entry *);
void	 rmsg_put_done(struct wbuf *, const struct rmsg_done *);

#endif
