/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "bans.h"
#include "caller.h"
#include "cursor.h"
#include "imsg.h"
#include "moderate.h"
#include "mtime.h"
#include "proc.h"
#include "sshd.h"

static void
store(struct hub *hub, const struct ban *x, bool keep)
{
	struct wbuf w;

	wbuf_init(&w, 4096);
	wbuf_u8(&w, KEEP_BANS);
	ban_write_key(x, &w);
	if (keep)
		ban_write(x, &w);
	imsg_send_wbuf(hub->proc->link[PROC_STATED], IMSG_KEEP_PUT, 0, 0,
	    &w);
	wbuf_free(&w);
}

void
moderate_row(struct hub *hub, const void *key, size_t klen,
    const void *value, size_t n)
{
	struct ban x;

	if (ban_read(&x, key, klen, value, n))
		(void)bans_add(&hub->bans, &x);
}

struct ban *
moderate_add(struct hub *hub, const struct ban *given)
{
	struct ban *x;

	while ((x = bans_over(&hub->bans, hub_now(hub))) != NULL)
		moderate_remove(hub, x);
	x = bans_add(&hub->bans, given);
	if (x != NULL)
		store(hub, x, true);
	return x;
}

void
moderate_remove(struct hub *hub, struct ban *x)
{
	store(hub, x, false);
	bans_remove(&hub->bans, x);
}

const struct ban *
moderate_login(struct hub *hub, const unsigned char *key,
    const struct addr *a)
{
	const uint64_t now = hub_now(hub);
	const struct ban *x = bans_key(&hub->bans, BAN_KEY, key, now);

	return x != NULL ? x : bans_addr(&hub->bans, a, now);
}

bool
moderate_muted(struct caller *caller, char *why, size_t size)
{
	const uint64_t now = hub_now(caller->hub);
	const struct ban *x;
	char span[TIME_TEXT_MAX];

	if (caller->door == DOOR_CONTROL)
		return false;
	x = bans_key(&caller->hub->bans, BAN_MUTE, caller->key, now);
	if (x == NULL)
		return false;
	if (x->until_ms == 0)
		(void)snprintf(why, size, "not said: %s has muted you; ask "
		    "them", x->by);
	else
		(void)snprintf(why, size, "not said: %s has muted you for "
		    "another %s", x->by, span_text(x->until_ms - now, span));
	return true;
}
