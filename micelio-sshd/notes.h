/* SPDX-License-Identifier: MIT */
/* For people of this node who are not here. */
#ifndef MICELIO_SSHD_NOTES_H
#define MICELIO_SSHD_NOTES_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "people.h"
#include "sshkey.h"

struct wbuf;

#define NOTES_MAX	512u
#define NOTES_EACH	32u		/* of one person */
#define NOTE_TEXT_MAX	4096u		/* bytes */

struct note {
	TAILQ_ENTRY(note) entry;
	uint8_t		 key[SSHKEY_HASH_LEN];	/* of whom it is for */
	uint64_t	 ms;		/* unix: when it came */
	uint16_t	 serial;
	bool		 action;
	char		 from[LABEL_MAX];
	size_t		 len;
	char		 text[];
};
TAILQ_HEAD(note_list, note);
struct notes {
	struct note_list list;		/* oldest first */
	size_t		 n;
	uint16_t	 serial;
};
void	 notes_init(struct notes *);
void	 notes_free(struct notes *);
/* NULL: there is no room, or the text is too long. */
struct note *notes_add(struct notes *, const uint8_t key[SSHKEY_HASH_LEN],
	    const char *from, bool action, const char *, size_t,
	    uint64_t now_ms);
/* The oldest for that key. */
struct note *notes_next(const struct notes *,
	    const uint8_t key[SSHKEY_HASH_LEN]);
void	 notes_remove(struct notes *, struct note *);
/* As stored: the key with its length, and the value. */
void	 note_key(const struct note *, struct wbuf *);
void	 note_write(const struct note *, struct wbuf *);
bool	 notes_read(struct notes *, const void *key, size_t,
	    const void *value, size_t);

#endif
