/* SPDX-License-Identifier: MIT */
/* Identities with keys from small seeds, and the messages that they send. */
#ifndef TESTS_GOSSIP_ENVMAKE_H
#define TESTS_GOSSIP_ENVMAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/nodeid.h"
#include "proto/envelope.h"

#define FRAME_ROOM	70000
#define START_WALL	(UINT64_C(1770000100) * 1000)	/* ms */

struct ident {
	uint8_t		 pub[32], sec[64], noise[32];
	struct nodeid	 id;
	char		 hex[NODEID_HEX + 1];
};

struct slice text_slice(const char *);

/* Identity number n; 0, 1, 2, 3 are A, B, C, D of the vectors. */
void	 ident_make(struct ident *, unsigned int n);

/* Encoded, in a static buffer that is good until the next but three. */
struct slice env_make(const struct ident *, const char *message_id,
	    uint32_t type, uint32_t hops, struct slice payload,
	    bool with_key);
struct slice chat_make(const char *nick, const char *text, uint64_t unix_s);
/* Of the room "#dev". */
struct slice room_make(const char *nick, const char *text, uint64_t unix_s);
struct slice hello_make(const struct ident *, uint32_t type,
	    const char *listen);
/* With one tag, two with a comma between them, or none: NULL. */
struct slice hello_tagged(const struct ident *, uint32_t type,
	    const char *listen, const char *tag);
/* With the author's clock, ms; the time in the text is another matter. */
struct slice clocked_env(const struct ident *, const char *message_id,
	    uint64_t ms);
struct slice clocked_make(const struct ident *, const char *message_id,
	    uint64_t ms, struct slice chat);
struct slice chat_env(const struct ident *, const char *message_id,
	    uint32_t hops);

#endif
