/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "history.h"
#include "log.h"

static void	history_forget_oldest(struct history *);

void
history_init(struct history *h)
{
	memset(h, 0, sizeof(*h));
}

void
history_free(struct history *h)
{
	while (h->n > 0)
		history_forget_oldest(h);
	free(h->draft);
	h->draft = NULL;
}

void
history_add(struct history *h, const char *text, size_t len)
{
	history_rest(h);
	if (len == 0 || len > HISTORY_BYTES)
		return;
	if (h->n > 0 && h->len[h->n - 1] == len &&
	    memcmp(h->line[h->n - 1], text, len) == 0)
		return;
	while (h->n == HISTORY_MAX || h->bytes + len > HISTORY_BYTES)
		history_forget_oldest(h);
	h->line[h->n] = xcalloc(1, len + 1);
	memcpy(h->line[h->n], text, len);
	h->len[h->n++] = len;
	h->bytes += len;
	h->at = h->n;
}

bool
history_older(struct history *h, const char *text, size_t len,
    const char **found, size_t *found_len)
{
	if (h->at == 0)
		return false;
	if (h->at == h->n) {
		free(h->draft);
		h->draft = xcalloc(1, len + 1);
		memcpy(h->draft, text, len);
		h->draft_len = len;
	}
	h->at--;
	*found = h->line[h->at];
	*found_len = h->len[h->at];
	return true;
}

bool
history_newer(struct history *h, const char **found, size_t *found_len)
{
	if (h->at == h->n)
		return false;
	h->at++;
	if (h->at < h->n) {
		*found = h->line[h->at];
		*found_len = h->len[h->at];
	} else {
		*found = h->draft;
		*found_len = h->draft_len;
	}
	return true;
}

void
history_rest(struct history *h)
{
	h->at = h->n;
	free(h->draft);
	h->draft = NULL;
	h->draft_len = 0;
}

bool
history_search(const struct history *h, const char *words, size_t len,
    size_t *at, size_t *pos)
{
	const char *hit;
	size_t i;

	for (i = *at < h->n ? *at : h->n; i > 0; i--) {
		hit = memmem(h->line[i - 1], h->len[i - 1], words, len);
		if (hit == NULL)
			continue;
		*at = i - 1;
		*pos = (size_t)(hit - h->line[i - 1]);
		return true;
	}
	return false;
}

static void
history_forget_oldest(struct history *h)
{
	h->bytes -= h->len[0];
	free(h->line[0]);
	h->n--;
	memmove(&h->line[0], &h->line[1], h->n * sizeof(h->line[0]));
	memmove(&h->len[0], &h->len[1], h->n * sizeof(h->len[0]));
	if (h->at > 0)
		h->at--;
}
