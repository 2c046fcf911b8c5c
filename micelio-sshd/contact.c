/* SPDX-License-Identifier: MIT */
/* Whom a word as "bob" or "bob@56475a" can mean: who is here, who was heard. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "contact.h"
#include "log.h"
#include "nick.h"
#include "nodeid.h"
#include "people.h"
#include "presence.h"
#include "room.h"
#include "sshkey.h"
#include "text.h"

void
heard_init(struct heard *h)
{
	memset(h, 0, sizeof(*h));
	TAILQ_INIT(&h->list);
}

void
heard_free(struct heard *h)
{
	struct contact *k;

	while ((k = TAILQ_FIRST(&h->list)) != NULL) {
		TAILQ_REMOVE(&h->list, k, entry);
		free(k);
	}
	h->n = 0;
}

void
heard_note(struct heard *h, const struct nodeid *id, const char *nick,
    const char *tag, const uint8_t key[SSHKEY_HASH_LEN], uint64_t now_ms)
{
	struct contact *k;

	TAILQ_FOREACH(k, &h->list, entry)
		if (memcmp(k->key, key, sizeof(k->key)) == 0)
			break;
	if (k == NULL && h->n == HEARD_MAX)
		k = TAILQ_LAST(&h->list, contact_list);
	if (k != NULL) {
		TAILQ_REMOVE(&h->list, k, entry);
		h->n--;
	} else
		k = xcalloc(1, sizeof(*k));
	memset(k, 0, sizeof(*k));
	k->remote = true;
	k->id = *id;
	memcpy(k->key, key, sizeof(k->key));
	text_copy(k->nick, nick, sizeof(k->nick));
	text_copy(k->tag, tag, sizeof(k->tag));
	k->spoke_ms = now_ms;
	TAILQ_INSERT_HEAD(&h->list, k, entry);
	h->n++;
}

void
contact_remote(struct contact *k, const struct room *r,
    const struct presence *p, const uint8_t key[SSHKEY_HASH_LEN],
    const char *nick, size_t n)
{
	static const uint8_t none[SSHKEY_HASH_LEN];
	const bool has_key = memcmp(key, none, sizeof(none)) != 0;
	const struct stranger who = { &k->id, k->nick, has_key ? key : NULL };

	k->remote = true;
	if (has_key)
		nick_key(&k->id, (const char *)key, SSHKEY_HASH_LEN, k->key);
	else
		nick_key(&k->id, nick, n, k->key);
	nick_show(nick, n, k->nick, sizeof(k->nick));
	label_tag(r, p, &who, k->tag);
}

void
contact_label(const struct contact *k, char out[LABEL_MAX])
{
	char node[NODEID_SHORT + 1];

	(void)snprintf(out, LABEL_MAX, "%s%s%s%s", k->nick, k->tag,
	    k->remote ? "@" : "", k->remote ? nodeid_short(&k->id, node) :
	    "");
}

static bool
node_fits(const struct contact *k, const struct nodeid *self, const char *at)
{
	char hex[NODEID_HEX + 1];

	if (at == NULL)
		return true;
	nodeid_hex(k->remote ? &k->id : self, hex);
	return at[0] != '\0' && strlen(at) <= NODEID_HEX &&
	    strncasecmp(hex, at, strlen(at)) == 0;
}

static bool
nick_fits(const struct contact *k, const char *nick)
{
	const size_t n = strlen(k->nick);

	return nick_same(k->nick, nick) || (k->tag[0] != '\0' &&
	    strncmp(k->nick, nick, n) == 0 && strcmp(k->tag, nick + n) == 0);
}

static void
of_member(struct contact *k, const struct member *m)
{
	memset(k, 0, sizeof(*k));
	memcpy(k->key, m->key, sizeof(k->key));
	text_copy(k->nick, m->nick, sizeof(k->nick));
	k->spoke_ms = m->spoke_ms;
	k->member = m;
}

/* Somebody of another node who has said nothing yet. */
static void
of_present(struct contact *k, const struct room *r, const struct presence *p,
    const struct present_node *x, const struct present *v)
{
	struct stranger who = { &x->id, v->nick, v->has_key ? v->key : NULL };

	memset(k, 0, sizeof(*k));
	k->remote = true;
	k->id = x->id;
	text_copy(k->nick, v->nick, sizeof(k->nick));
	label_tag(r, p, &who, k->tag);
	if (v->has_key)
		nick_key(&x->id, (const char *)v->key, sizeof(v->key),
		    k->key);
	else
		nick_key(&x->id, v->nick, strlen(v->nick), k->key);
}

/* How many of those fit; the first of them in out. */
static size_t
present_find(const struct room *r, const struct presence *p,
    const struct nodeid *self, const char *nick, const char *at,
    struct contact *out)
{
	const struct present_node *x;
	uint64_t hash = nick_hash(nick);
	struct contact k;
	size_t found = 0;

	TAILQ_FOREACH(x, &p->list, entry)
		for (size_t i = 0; i < x->n; i++) {
			const char *is = x->v[i].nick;

			if (x->v[i].hash != hash &&
			    strncmp(nick, is, strlen(is)) != 0)
				continue;
			of_present(&k, r, p, x, &x->v[i]);
			if (nick_fits(&k, nick) && node_fits(&k, self, at) &&
			    found++ == 0)
				*out = k;
		}
	return found;
}

bool
contact_find(const struct room *r, const struct heard *h,
    const struct presence *p, const struct nodeid *self, const char *word,
    struct contact *out, char *why, size_t size)
{
	char nick[LABEL_MAX], safe[128], label[LABEL_MAX];
	const char *at = strchr(word, '@');
	const struct contact *k;
	const struct member *m;
	size_t found = 0;

	(void)snprintf(nick, sizeof(nick), "%.*s", at == NULL ?
	    (int)sizeof(nick) - 1 : (int)(at - word), word);
	at = at == NULL ? NULL : at + 1;
	text_safe(word, strlen(word) < 40 ? strlen(word) : 40, safe,
	    sizeof(safe), true);
	/* Who is here is meant, if no node is named. */
	if ((m = room_find(r, nick)) != NULL) {
		of_member(out, m);
		if (node_fits(out, self, at))
			return true;
	}
	TAILQ_FOREACH(k, &h->list, entry) {
		if (!nick_fits(k, nick) || !node_fits(k, self, at))
			continue;
		if (found++ == 0)
			*out = *k;
	}
	if (found == 0)
		found = present_find(r, p, self, nick, at, out);
	if (found > 1) {
		contact_label(out, label);
		(void)snprintf(why, size, "\"%s\" is here more than once: say "
		    "%s, or which node else", safe, label);
		return false;
	}
	if (found == 0)
		(void)snprintf(why, size, "nobody called \"%s\" is here or "
		    "was heard; whom lists all, history who spoke", safe);
	return found == 1;
}
