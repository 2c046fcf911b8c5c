/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "splits.h"
#include "text.h"

static size_t
at(const struct splits *s, const char *id)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (strcmp(s->v[i].id, id) == 0)
			break;
	return i;
}

static void
drop(struct splits *s, size_t i)
{
	memmove(&s->v[i], &s->v[i + 1], (s->n - i - 1) * sizeof(s->v[0]));
	s->n--;
}

bool
splits_lose(struct splits *s, const char *id, const char *name, uint64_t now)
{
	size_t i = at(s, id);
	struct split *x;

	if (i < s->n && !s->v[i].back)
		return false;
	if (i < s->n)
		drop(s, i);
	if (s->n == SPLITS_MAX)
		drop(s, 0);
	x = &s->v[s->n++];
	text_copy(x->id, id, sizeof(x->id));
	text_copy(x->name, name != NULL && name[0] != '\0' ? name : id,
	    sizeof(x->name));
	x->since = now;
	x->back = false;
	return true;
}

bool
splits_heal(struct splits *s, const char *id, bool linked, struct split *was)
{
	size_t i = at(s, id);

	if (i == s->n)
		return false;
	*was = s->v[i];
	s->v[i].back = true;
	if (linked)
		drop(s, i);
	return true;
}
