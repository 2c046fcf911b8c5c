/* SPDX-License-Identifier: MIT */
/* What somebody of this node is called who asks for a name. */
#include <stdio.h>
#include <string.h>

#include "imsg.h"
#include "nick.h"
#include "nodeid.h"
#include "room.h"
#include "sshkey.h"
#include "text.h"

/* base~suffix[~n], cut so that it fits; '~' cannot be chosen by anybody. */
static void
nick_suffix(const char *base, const char *suffix, unsigned int n,
    char out[CHAT_NICK_MAX + 1])
{
	char tail[24];
	size_t keep = strlen(base), room;

	if (suffix[0] == '\0')
		(void)snprintf(tail, sizeof(tail), "~%u", n);
	else if (n < 2)
		(void)snprintf(tail, sizeof(tail), "~%s", suffix);
	else
		(void)snprintf(tail, sizeof(tail), "~%s~%u", suffix, n);
	room = CHAT_NICK_MAX - strlen(tail);
	if (keep > room)
		keep = room;
	while (keep > 0 && ((unsigned char)base[keep] & 0xc0) == 0x80)
		keep--;		/* not in the middle of a character */
	(void)snprintf(out, CHAT_NICK_MAX + 1, "%.*s%s", (int)keep, base,
	    tail);
}

/* Who comes by the control socket has no key: all zeros. */
static void
key_suffix(const uint8_t key[SSHKEY_HASH_LEN], char out[5])
{
	static const uint8_t none[SSHKEY_HASH_LEN];

	if (memcmp(key, none, sizeof(none)) == 0)
		memcpy(out, "ctl", 4);
	else
		hex_encode(key, 2, out);
}

static void
nick_base(const char *wanted, const uint8_t key[SSHKEY_HASH_LEN],
    char out[CHAT_NICK_MAX + 1])
{
	char hex[5];

	if (nick_check(wanted, strlen(wanted)) == NULL) {
		text_copy(out, wanted, CHAT_NICK_MAX + 1);
		return;
	}
	key_suffix(key, hex);
	(void)snprintf(out, CHAT_NICK_MAX + 1, "user-%s", hex);
}

/* The first free one: alice; alice~2 for the same key, alice~5c1e else. */
static void
nick_free(const struct room *r, const char *base,
    const uint8_t key[SSHKEY_HASH_LEN], char out[CHAT_NICK_MAX + 1])
{
	const struct member *m = room_find(r, base);
	char hex[5] = "";
	unsigned int n = 2;

	text_copy(out, base, CHAT_NICK_MAX + 1);
	if (m == NULL)
		return;
	if (memcmp(m->key, key, SSHKEY_HASH_LEN) != 0) {
		key_suffix(key, hex);
		n = 1;
	}
	do
		nick_suffix(base, hex, n++, out);
	while (room_find(r, out) != NULL);
}

void
room_guest_nick(const struct room *r, const char *wanted,
    const uint8_t key[SSHKEY_HASH_LEN], char out[CHAT_NICK_MAX + 1])
{
	char base[CHAT_NICK_MAX + 1];
	const struct member *m;

	nick_base(wanted, key, base);
	m = room_find(r, base);
	/* The same key is the same person. */
	if (m != NULL && memcmp(m->key, key, SSHKEY_HASH_LEN) == 0)
		text_copy(out, m->nick, CHAT_NICK_MAX + 1);
	else
		nick_free(r, base, key, out);
}

static void
join_note(const struct room *r, const struct member *m, const char *wanted,
    const char *base, char *note, size_t size)
{
	const char *why = nick_check(wanted, strlen(wanted));
	const struct member *other;
	char safe[CHAT_NICK_MAX * 6], fp[SSHKEY_FP_MAX];

	text_safe(wanted, strlen(wanted), safe, sizeof(safe), true);
	if (why != NULL) {
		(void)snprintf(note, size, "-- you are %s: the name \"%s\" "
		    "%s; /nick NAME changes it\n", m->nick, safe, why);
		return;
	}
	other = room_find(r, base);
	if (other == NULL)
		return;
	if (memcmp(other->key, m->key, SSHKEY_HASH_LEN) == 0)
		(void)snprintf(note, size, "-- you are %s: you are already "
		    "here as %s\n", m->nick, other->nick);
	else
		(void)snprintf(note, size, "-- you are %s: \"%s\" belongs to "
		    "key %s (here now); /nick NAME changes it\n", m->nick,
		    other->nick, sshkey_fingerprint(other->key, fp));
}

void
room_nick_give(const struct room *r, struct member *m, const char *wanted,
    char *note, size_t size)
{
	char base[CHAT_NICK_MAX + 1];

	nick_base(wanted, m->key, base);
	nick_free(r, base, m->key, m->nick);
	note[0] = '\0';
	if (strcmp(m->nick, wanted) != 0)
		join_note(r, m, wanted, base, note, size);
}
