/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing bodies field by field.
 *
 * The reader never reads past its end: the first field that does not fit
 * makes it bad, and from then on every read gives zeros.  So a body is read
 * straight through and judged once, by rcur_done().  Integers are in host
 * order (channels); the _be forms are big-endian (the wire).
 */
#ifndef MICELIO_CURSOR_H
#define MICELIO_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rcur {
	const uint8_t	*p;
	size_t		 left;
	bool		 bad;
};

void		 rcur_init(struct rcur *, const void *, size_t);
uint8_t		 rcur_u8(struct rcur *);
uint16_t	 rcur_u16(struct rcur *);
uint32_t	 rcur_u32(struct rcur *);
uint64_t	 rcur_u64(struct rcur *);
uint16_t	 rcur_u16be(struct rcur *);
uint32_t	 rcur_u32be(struct rcur *);
uint64_t	 rcur_u64be(struct rcur *);
/* n bytes in place, or NULL and bad. */
const uint8_t	*rcur_bytes(struct rcur *, size_t n);
/* n bytes copied; zeros when bad. */
void		 rcur_copy(struct rcur *, void *, size_t n);
/* u16 length + bytes, in place (not terminated); longer than max is bad. */
const char	*rcur_str(struct rcur *, size_t max, size_t *len);
/* The same into a C string; an embedded NUL or no room is bad. */
void		 rcur_cstr(struct rcur *, char *, size_t size);
/* u32 length + bytes in place. */
const uint8_t	*rcur_blob(struct rcur *, size_t max, size_t *len);
/* All that is left. */
const uint8_t	*rcur_rest(struct rcur *, size_t *len);
/* True if everything fitted and nothing is left over. */
bool		 rcur_done(const struct rcur *);

/*
 * A growing byte buffer.  Running out of memory is fatal; going over max is
 * a bug of the caller and fatal too, so sizes from outside are checked
 * before.  Reuse one buffer by wbuf_reset().
 */
struct wbuf {
	uint8_t		*p;
	size_t		 len, cap, max;
};

void	 wbuf_init(struct wbuf *, size_t max);
void	 wbuf_reset(struct wbuf *);
void	 wbuf_free(struct wbuf *);
void	 wbuf_u8(struct wbuf *, uint8_t);
void	 wbuf_u16(struct wbuf *, uint16_t);
void	 wbuf_u32(struct wbuf *, uint32_t);
void	 wbuf_u64(struct wbuf *, uint64_t);
void	 wbuf_u16be(struct wbuf *, uint16_t);
void	 wbuf_u32be(struct wbuf *, uint32_t);
void	 wbuf_u64be(struct wbuf *, uint64_t);
void	 wbuf_bytes(struct wbuf *, const void *, size_t);
/* u16 length + bytes; str: of a C string; strn: of n bytes (<= 65535). */
void	 wbuf_str(struct wbuf *, const char *);
void	 wbuf_strn(struct wbuf *, const void *, size_t n);
void	 wbuf_blob(struct wbuf *, const void *, size_t n);
/* Reserve n bytes and return where they are. */
uint8_t	*wbuf_reserve(struct wbuf *, size_t n);

#endif
