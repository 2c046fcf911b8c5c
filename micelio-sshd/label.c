/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "label.h"
#include "nodeid.h"
#include "presence.h"
#include "room.h"
#include "sshkey.h"

void
label_tag(const struct room *r, const struct presence *p,
    const struct stranger *who, char out[LABEL_TAG])
{
	const struct member *m = room_find(r, who->nick);
	uint8_t key[SSHKEY_HASH_LEN];

	out[0] = '\0';
	if ((m == NULL || (who->key != NULL &&
	    memcmp(m->key, who->key, sizeof(m->key)) == 0)) &&
	    !presence_other(p, who->id, who->nick, who->key))
		return;
	/* Who has no key is known by node and nick. */
	if (who->key == NULL)
		nick_key(who->id, who->nick, strlen(who->nick), key);
	else
		memcpy(key, who->key, sizeof(key));
	out[0] = '~';
	hex_encode(key, 2, out + 1);
}

void
label_stranger(const struct room *r, const struct presence *p,
    const struct stranger *who, char *out, size_t size)
{
	char tag[LABEL_TAG];

	label_tag(r, p, who, tag);
	(void)snprintf(out, size, "%s%s", who->nick, tag);
}
