/* SPDX-License-Identifier: MIT */
/*
 * What is known of the people of this node, by key: what they set, whom they
 * ignore, when they were here.  Pure; the daemon stores what changed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "log.h"
#include "people.h"
#include "row.h"
#include "settings.h"
#include "sshkey.h"
#include "text.h"

/* A row of the database holds it as it is. */
_Static_assert(sizeof(struct ignored) == SSHKEY_HASH_LEN + 142,
    "who is ignored would not be read back");

static void
person_free(struct people *p, struct person *x)
{
	TAILQ_REMOVE(&p->list, x, entry);
	p->n--;
	free(x);
}

void
people_init(struct people *p)
{
	memset(p, 0, sizeof(*p));
	TAILQ_INIT(&p->list);
}

void
people_free(struct people *p)
{
	while (!TAILQ_EMPTY(&p->list))
		person_free(p, TAILQ_FIRST(&p->list));
}

struct person *
people_find(const struct people *p, const uint8_t key[SSHKEY_HASH_LEN])
{
	struct person *x;

	TAILQ_FOREACH(x, &p->list, entry)
		if (memcmp(x->key, key, sizeof(x->key)) == 0)
			return x;
	return NULL;
}

/* Of those who are not here the one seen longest ago makes room. */
static struct person *
people_victim(const struct people *p)
{
	struct person *x, *victim = NULL;

	TAILQ_FOREACH(x, &p->list, entry)
		if (x->here == 0 &&
		    (victim == NULL || x->seen_ms < victim->seen_ms))
			victim = x;
	return victim;
}

struct person *
people_get(struct people *p, const uint8_t key[SSHKEY_HASH_LEN],
    uint8_t gone[SSHKEY_HASH_LEN], bool *was_gone)
{
	struct person *x = people_find(p, key);

	*was_gone = false;
	if (x != NULL)
		return x;
	if (p->n >= PEOPLE_MAX) {
		if ((x = people_victim(p)) == NULL)
			return NULL;
		memcpy(gone, x->key, SSHKEY_HASH_LEN);
		*was_gone = true;
		person_free(p, x);
	}
	x = xcalloc(1, sizeof(*x));
	memcpy(x->key, key, sizeof(x->key));
	settings_default(&x->set);
	TAILQ_INSERT_TAIL(&p->list, x, entry);
	p->n++;
	return x;
}

void
person_write(const struct person *x, struct wbuf *w)
{
	char value[SETTING_TEXT_MAX];

	row_str(w, "nick", x->nick);
	row_num(w, "seen", ROW_TIME, x->seen_ms);
	row_bool(w, "here", x->here > 0);
	if (x->away)
		row_str(w, "away", x->away_text);
	for (size_t i = 0; i < SETTINGS_N; i++)
		row_str(w, setting_name(i), setting_text(&x->set, i, value));
	for (size_t i = 0; i < x->console.n; i++)
		row_str(w, "console", x->console.rule[i]);
	for (size_t i = 0; i < x->nignored; i++)
		row_strn(w, "ignore", (const char *)&x->ignored[i],
		    sizeof(x->ignored[i]));
}

static void
copy_text(char *out, size_t size, const struct row_field *f)
{
	if (f->str_len < size)
		(void)text_safe(f->str, f->str_len, out, size, true);
}

static bool
named(const struct row_field *f, const char *name)
{
	return f->name_len == strlen(name) &&
	    memcmp(f->name, name, f->name_len) == 0;
}

static void
ignore_read(struct person *x, const struct row_field *f)
{
	struct ignored *g = &x->ignored[x->nignored];

	if (x->nignored == IGNORED_MAX || f->str_len != sizeof(*g))
		return;
	memcpy(g, f->str, sizeof(*g));
	if (memchr(g->name, '\0', sizeof(g->name)) != NULL)
		x->nignored++;
}

/* Was here when the node ended without a word: cut is taken for its leave. */
bool
person_read(struct person *x, const void *p, size_t n, bool *was_here)
{
	char value[CONSOLE_RULE_MAX], why[128];
	struct row_field f;
	struct rcur c;

	*was_here = false;
	rcur_init(&c, p, n);
	while (row_next(&c, &f)) {
		if (named(&f, "seen"))
			x->seen_ms = f.num;
		else if (named(&f, "here"))
			*was_here = f.num != 0;
		else if (f.type != ROW_STR)
			continue;
		else if (named(&f, "nick"))
			copy_text(x->nick, sizeof(x->nick), &f);
		else if (named(&f, "away")) {
			x->away = true;
			copy_text(x->away_text, sizeof(x->away_text), &f);
		} else if (named(&f, "ignore"))
			ignore_read(x, &f);
		else if (named(&f, "console")) {
			value[0] = '\0';
			copy_text(value, sizeof(value), &f);
			(void)console_set(&x->console, value, why,
			    sizeof(why));
		} else if (f.name_len < sizeof(value)) {
			char name[SETTING_TEXT_MAX];

			(void)snprintf(name, sizeof(name), "%.*s",
			    (int)f.name_len, f.name);
			value[0] = '\0';
			copy_text(value, sizeof(value), &f);
			(void)setting_set(&x->set, name, value, why,
			    sizeof(why));
		}
	}
	return !c.bad;
}

bool
person_ignores(const struct person *x, const uint8_t key[SSHKEY_HASH_LEN])
{
	for (size_t i = 0; x != NULL && key != NULL && i < x->nignored; i++)
		if (memcmp(x->ignored[i].key, key, SSHKEY_HASH_LEN) == 0)
			return true;
	return false;
}

bool
person_ignore(struct person *x, const uint8_t key[SSHKEY_HASH_LEN],
    const char *name)
{
	struct ignored *g;

	if (person_ignores(x, key))
		return true;
	if (x->nignored == IGNORED_MAX)
		return false;
	g = &x->ignored[x->nignored++];
	memset(g, 0, sizeof(*g));
	memcpy(g->key, key, sizeof(g->key));
	text_copy(g->name, name, sizeof(g->name));
	return true;
}

bool
person_unignore(struct person *x, const char *name)
{
	for (size_t i = 0; i < x->nignored; i++)
		if (strcmp(x->ignored[i].name, name) == 0) {
			x->ignored[i] = x->ignored[--x->nignored];
			return true;
		}
	return false;
}
