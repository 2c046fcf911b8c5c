/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "causes.h"
#include "common/text.h"

static size_t
slot_of(const struct causes *c, const char *addr)
{
	size_t i;

	for (i = 0; i < CAUSES_MAX; i++)
		if (c->slot[i].id != 0 && strcmp(c->slot[i].addr, addr) == 0)
			break;
	return i;
}

void
causes_note(struct causes *c, const char *addr, uint64_t event_id)
{
	size_t i = slot_of(c, addr);

	if (event_id == 0)
		return;
	if (i == CAUSES_MAX) {
		i = c->next;
		c->next = (c->next + 1) % CAUSES_MAX;
		text_copy(c->slot[i].addr, addr, sizeof(c->slot[i].addr));
	}
	c->slot[i].id = event_id;
}

uint64_t
causes_find(const struct causes *c, const char *addr)
{
	size_t i = slot_of(c, addr);

	return i < CAUSES_MAX ? c->slot[i].id : 0;
}
