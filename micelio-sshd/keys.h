/* SPDX-License-Identifier: MIT */
/*
 * Keys out of the bytes a terminal sends.  A pure, bounded state machine:
 * whatever comes in, it holds at most one unfinished character or sequence,
 * and every unfinished thing has a deadline.
 */
#ifndef MICELIO_SSHD_KEYS_H
#define MICELIO_SSHD_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEYS_ESC_MS	50	/* a lone ESC is the key */
#define KEYS_SEQ_MS	500	/* an unfinished sequence is forgotten */
#define KEYS_SEQ_MAX	32	/* parameter bytes kept of a sequence */
#define KEYS_SWALLOW_MAX 1024	/* bytes swallowed of one that never ends */

enum key {
	KEY_NONE,
	KEY_CHAR,		/* one character, UTF-8 in the callback */
	KEY_ENTER, KEY_TAB, KEY_BACKTAB, KEY_ESC,
	KEY_LEFT, KEY_RIGHT, KEY_UP, KEY_DOWN,
	KEY_WORD_LEFT, KEY_WORD_RIGHT,
	KEY_HOME, KEY_END, KEY_PGUP, KEY_PGDN,
	KEY_BACKSPACE, KEY_DELETE, KEY_DELETE_OR_EOF,
	KEY_KILL_WORD_SPACE,	/* C-w: back to white space */
	KEY_KILL_WORD_BACK,	/* M-BSpace: back to a word's start */
	KEY_KILL_WORD, KEY_KILL_END, KEY_KILL_START,
	KEY_YANK, KEY_TRANSPOSE, KEY_UNDO,
	KEY_SEARCH, KEY_CLEAR, KEY_INTERRUPT, KEY_CANCEL,
	KEY_PASTE_BEGIN, KEY_PASTE_END,
	KEY_BAD,		/* malformed UTF-8 */
};

typedef void (*key_cb)(void *, enum key, const char *utf8, size_t len);

struct keys {
	enum { KS_GROUND, KS_ESC, KS_SS3, KS_CSI, KS_CSI_LINUX, KS_STRING,
	    KS_STRING_ESC, KS_UTF8 } state;
	bool		 meta;		/* ESC ESC before a sequence */
	bool		 last_cr;	/* swallow the LF of CR LF */
	char		 seq[KEYS_SEQ_MAX + 1];
	size_t		 len;		/* of seq */
	size_t		 swallowed;
	size_t		 want;		/* bytes of the UTF-8 character */
	uint64_t	 deadline_ms;	/* of the unfinished thing; 0: none */
};

void	 keys_init(struct keys *);
void	 keys_feed(struct keys *, const void *, size_t, uint64_t now_ms,
	    key_cb, void *);
/* To be called at or after deadline_ms. */
void	 keys_tick(struct keys *, uint64_t now_ms, key_cb, void *);

#endif
