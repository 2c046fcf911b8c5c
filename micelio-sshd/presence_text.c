/* SPDX-License-Identifier: MIT */
/*
 * What nodes tell each other of who is there: a line with the time in ms and
 * how many people there are, then of each nick, SHA-256 of the key in 64 hex
 * digits or "-", since when, spoke last (unix s, 0: not yet), "here" or
 * "away" and what they say of it, with a tab between two.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "doc.h"
#include "log.h"
#include "nick.h"
#include "nodeid.h"
#include "people.h"
#include "presence.h"
#include "room.h"
#include "sshkey.h"
#include "text.h"

#define FIELDS_N	6u

struct piece {
	const char	*p;
	size_t		 n;
};

/* The next piece up to that byte, or the end; false: there is none. */
static bool
piece_next(struct piece *from, char stop, struct piece *out)
{
	const char *at;

	if (from->p == NULL)
		return false;
	at = from->n == 0 ? NULL : memchr(from->p, stop, from->n);
	out->p = from->p;
	out->n = at == NULL ? from->n : (size_t)(at - from->p);
	from->n = at == NULL ? 0 : from->n - out->n - 1;
	from->p = at == NULL ? NULL : at + 1;
	return true;
}

static bool
number(const struct piece *f, uint64_t *v)
{
	*v = 0;
	if (f->n == 0 || f->n > 15)
		return false;
	for (size_t i = 0; i < f->n; i++) {
		if (f->p[i] < '0' || f->p[i] > '9')
			return false;
		*v = *v * 10 + (uint64_t)(f->p[i] - '0');
	}
	return true;
}

static bool
is_word(const struct piece *f, const char *word)
{
	return f->n == strlen(word) && memcmp(f->p, word, f->n) == 0;
}

static bool
key_read(const struct piece *f, struct present *v)
{
	if (is_word(f, "-"))
		return true;
	v->has_key = f->n == 2 * sizeof(v->key) &&
	    hex_decode(f->p, f->n, v->key);
	return v->has_key;
}

static bool
person_take(struct piece line, struct present *v)
{
	struct piece f[FIELDS_N];

	memset(v, 0, sizeof(*v));
	for (size_t i = 0; i < FIELDS_N; i++)
		if (!piece_next(&line, '\t', &f[i]))
			return false;
	if (f[0].n == 0 || !key_read(&f[1], v) ||
	    !number(&f[2], &v->since_s) || !number(&f[3], &v->spoke_s))
		return false;
	v->away = is_word(&f[4], "away");
	if (!v->away && !is_word(&f[4], "here"))
		return false;
	nick_show(f[0].p, f[0].n, v->nick, sizeof(v->nick));
	v->hash = nick_hash(v->nick);
	if (f[5].n > AWAY_MAX)
		return false;
	(void)snprintf(v->away_text, sizeof(v->away_text), "%.*s",
	    (int)f[5].n, f[5].p);
	return true;
}

/* A place for n people of that node, at the head; NULL: none is made. */
static struct present_node *
place(struct presence *p, const struct nodeid *id, size_t n)
{
	struct present_node *x;
	char hex[NODEID_SHORT + 1];

	presence_gone(p, nodeid_short(id, hex));
	if (n == 0)
		return NULL;
	/* Those heard of longest ago make room. */
	while (p->nnodes >= PRESENCE_NODES_MAX ||
	    p->npeople + n > PRESENCE_PEOPLE_MAX) {
		x = TAILQ_LAST(&p->list, present_list);
		presence_gone(p, nodeid_short(&x->id, hex));
	}
	x = xcalloc(1, sizeof(*x));
	x->id = *id;
	x->n = n;
	x->v = xcalloc(n, sizeof(*x->v));
	TAILQ_INSERT_HEAD(&p->list, x, entry);
	p->nnodes++;
	p->npeople += n;
	return x;
}

bool
presence_take(struct presence *p, const struct nodeid *id, const char *name,
    size_t name_len, const char *text, size_t n, uint64_t now)
{
	struct present *v = xcalloc(PRESENCE_OF_NODE_MAX, sizeof(*v));
	struct piece rest = { text, n }, line, f;
	char hex[NODEID_SHORT + 1];
	const struct present_node *old;
	struct present_node *x;
	uint64_t serial, total;
	size_t k = 0;
	bool good;

	good = piece_next(&rest, '\n', &line) && piece_next(&line, ' ', &f) &&
	    number(&f, &serial) && piece_next(&line, ' ', &f) &&
	    number(&f, &total) && line.p == NULL;
	old = presence_find(p, nodeid_short(id, hex));
	if (good && old != NULL && serial <= old->serial)
		good = false;		/* overtaken on its way */
	while (good && rest.n > 0 && piece_next(&rest, '\n', &line))
		good = k < PRESENCE_OF_NODE_MAX && person_take(line, &v[k++]);
	if (good && (x = place(p, id, k)) != NULL) {
		memcpy(x->v, v, k * sizeof(*v));
		x->serial = serial;
		x->total = total > k ? total : k;
		x->until = now + PRESENCE_LIFE_MS;
		if (name_len > 0)
			nick_show(name, name_len, x->name, sizeof(x->name));
	}
	free(v);
	return good;
}

/* Nothing that would end a field or a line. */
static void
away_put(const char *s, struct wbuf *w)
{
	for (; *s != '\0'; s++)
		wbuf_u8(w, (uint8_t)((unsigned char)*s < ' ' ? ' ' : *s));
}

static void
person_put(const struct member *m, struct wbuf *w)
{
	static const uint8_t none[SSHKEY_HASH_LEN];
	char hex[2 * SSHKEY_HASH_LEN + 1] = "-";
	bool away = m->self != NULL && m->self->away;

	if (memcmp(m->key, none, sizeof(none)) != 0)
		hex_encode(m->key, sizeof(m->key), hex);
	wbuf_printf(w, "%s\t%s\t%llu\t%llu\t%s\t", m->nick, hex,
	    (unsigned long long)(m->joined_ms / 1000),
	    (unsigned long long)(m->spoke_ms / 1000), away ? "away" : "here");
	if (away)
		away_put(m->self->away_text, w);
	wbuf_u8(w, '\n');
}

void
presence_write(struct presence *p, const struct room *r, uint64_t unix_ms,
    struct wbuf *w)
{
	const struct member *m;
	size_t n = 0;

	/* Later is more, though the clock be set back. */
	p->serial = unix_ms > p->serial ? unix_ms : p->serial + 1;
	wbuf_printf(w, "%llu %u\n", (unsigned long long)p->serial, r->people);
	TAILQ_FOREACH(m, &r->members, entry)
		if (!m->watcher && n++ < PRESENCE_OF_NODE_MAX)
			person_put(m, w);
}
