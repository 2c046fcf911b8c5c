/* SPDX-License-Identifier: MIT */
/*
 * The people of this node between the room and stated: read at the start,
 * written whenever something of them changes.
 */
#include <string.h>

#include "commands.h"
#include "conn.h"
#include "cursor.h"
#include "imsg.h"
#include "moderate.h"
#include "notes.h"
#include "people.h"
#include "persons.h"
#include "private.h"
#include "proc.h"
#include "recall.h"
#include "record.h"
#include "sshd.h"
#include "sshkey.h"

#define PERSON_MAX	32768u	/* as stored */

static void
store(struct hub *hub, const uint8_t key[SSHKEY_HASH_LEN],
    const struct person *x)
{
	struct wbuf w;

	if (hub->proc->link[PROC_STATED] == NULL)
		return;
	wbuf_init(&w, PERSON_MAX);
	wbuf_u8(&w, KEEP_PEOPLE);
	wbuf_strn(&w, key, SSHKEY_HASH_LEN);
	if (x != NULL)
		person_write(x, &w);
	imsg_send_wbuf(hub->proc->link[PROC_STATED], IMSG_KEEP_PUT, 0, 0,
	    &w);
	wbuf_free(&w);
}

void
persons_store(struct hub *hub, const struct person *x)
{
	store(hub, x->key, x);
}

static struct person *
person_of(struct hub *hub, const uint8_t key[SSHKEY_HASH_LEN])
{
	uint8_t gone[SSHKEY_HASH_LEN];
	struct person *x;
	bool was_gone;

	x = people_get(&hub->people, key, gone, &was_gone);
	if (was_gone)
		store(hub, gone, NULL);
	return x;
}

void
persons_ask(struct hub *hub)
{
	uint8_t table = KEEP_NOTES;

	hub->notes_request = ++hub->next_request;
	imsg_send(hub->proc->link[PROC_STATED], IMSG_KEEP_ASK,
	    hub->notes_request, 0, &table, 1);
	table = KEEP_BANS;
	hub->bans_request = ++hub->next_request;
	imsg_send(hub->proc->link[PROC_STATED], IMSG_KEEP_ASK,
	    hub->bans_request, 0, &table, 1);
	table = KEEP_PEOPLE;
	hub->people_request = ++hub->next_request;
	imsg_send(hub->proc->link[PROC_STATED], IMSG_KEEP_ASK,
	    hub->people_request, 0, &table, 1);
}

void
persons_row(struct hub *hub, struct imsg *m)
{
	const uint8_t *value;
	struct person *x;
	const char *key;
	struct rcur c;
	size_t klen, n;

	rcur_init(&c, m->data, m->len);
	key = rcur_str(&c, KEEP_KEY_MAX, &klen);
	value = rcur_rest(&c, &n);
	if (!c.bad && m->id == hub->notes_request)
		(void)notes_read(&hub->kept_notes, key, klen, value, n);
	if (!c.bad && m->id == hub->bans_request)
		moderate_row(hub, key, klen, value, n);
	if (c.bad || klen != SSHKEY_HASH_LEN || m->id != hub->people_request)
		return;
	if ((x = person_of(hub, (const uint8_t *)key)) != NULL)
		(void)person_read(x, value, n, &x->cut);
}

static void
all_told(struct hub *hub)
{
	struct conn *c;

	hub->people_known = true;
	TAILQ_FOREACH(c, &hub->conns, entry)
		if (c->caller.person != NULL) {
			settings_tell(&c->caller);
			missed_tell(&c->caller);
			notes_deliver(&c->caller);
		}
}

/*
 * Whoever was here when the node ended without a word saw all up to the last
 * line that was kept.
 */
static void
cut_done(struct recall *r, bool good, void *arg)
{
	struct hub *hub = arg;
	struct record last;
	struct person *x;
	bool any = good && recall_get(r, 0, &last);

	TAILQ_FOREACH(x, &hub->people.list, entry) {
		if (x->cut && any && last.ms >= x->seen_ms)
			x->seen_ms = last.ms + 1;
		x->cut = false;
	}
	recall_cancel(r);
	all_told(hub);
}

void
persons_end(struct hub *hub, struct imsg *m)
{
	if (m->id != hub->people_request || hub->people_known)
		return;
	/* What was said since our start they did not see. */
	if (recall_start(hub, HISTORY_LAST, HISTORY_PAGE, 1, cut_done, hub,
	    &hub->cut_recall) == NULL)
		all_told(hub);
	else
		hub->cut_recall->before_ms = hub->started_wall_ms;
}

void
persons_join(struct caller *caller)
{
	struct hub *hub = caller->hub;
	struct person *x = person_of(hub, caller->key);

	if ((caller->person = x) == NULL)
		return;
	caller->member.self = x;
	if (x->here == 0)
		caller->missed_ms = x->seen_ms;
	x->here++;
	(void)memcpy(x->nick, caller->member.nick, sizeof(x->nick));
	if (!hub->people_known)
		return;
	persons_store(hub, x);
	settings_tell(caller);
	missed_tell(caller);
	notes_deliver(caller);
}

void
persons_leave(struct caller *caller)
{
	struct person *x = caller->person;

	if (x == NULL)
		return;
	caller->person = NULL;
	caller->member.self = NULL;
	x->here--;
	/* What came in this very millisecond was seen. */
	if (x->here == 0)
		x->seen_ms = hub_now(caller->hub) + 1;
	persons_store(caller->hub, x);
}
