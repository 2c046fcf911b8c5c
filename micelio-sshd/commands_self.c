/* SPDX-License-Identifier: MIT */
/* set, away, back, ignore, unignore: what each decides for themselves; whois. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "announce.h"
#include "caller.h"
#include "cmdline.h"
#include "commands.h"
#include "conn.h"
#include "contact.h"
#include "cursor.h"
#include "doc.h"
#include "imsg.h"
#include "nodeid.h"
#include "people.h"
#include "persons.h"
#include "proc.h"
#include "row.h"
#include "run.h"
#include "settings.h"
#include "sshd.h"
#include "sshkey.h"
#include "text.h"

/* To the session's process, which draws. */
static void
session_set(struct conn *c, const struct settings *set, const char *name)
{
	char value[SETTING_TEXT_MAX];
	struct wbuf w;

	wbuf_init(&w, 128);
	wbuf_str(&w, name);
	wbuf_str(&w, setting_text(set, (size_t)setting_index(name), value));
	imsg_send_wbuf(c->chan, IMSG_SES_SET, 0, 0, &w);
	wbuf_free(&w);
}

void
settings_tell(struct caller *caller)
{
	static const char *const drawn[] = { "color", "plain", "width",
	    "paste" };
	struct conn *c = (struct conn *)(void *)caller;

	if (caller->door != DOOR_SHELL || c->chan == NULL)
		return;
	for (size_t i = 0; i < sizeof(drawn) / sizeof(drawn[0]); i++)
		session_set(c, &caller->person->set, drawn[i]);
}

/* The same person may sit at several terminals. */
static void
changed(struct hub *hub, const struct person *x)
{
	struct conn *c;

	persons_store(hub, x);
	TAILQ_FOREACH(c, &hub->conns, entry)
		if (c->caller.person == x)
			settings_tell(&c->caller);
}

struct person *
self_person(struct run *run)
{
	struct caller *caller = run->caller;

	if (caller->person != NULL && caller->hub->people_known)
		return caller->person;
	run_fail(run, EX_TEMPFAIL, "%s: %s", run->line.cmd->name,
	    caller->person == NULL ? "too many people are here to remember "
	    "what they set" : "the database is not open yet; try again");
	return NULL;
}

static void
settings_show(struct run *run, const struct settings *set)
{
	char value[SETTING_TEXT_MAX];
	struct doc d;
	struct wbuf w;
	size_t list;

	doc_init(&d);
	list = doc_list(&d, "settings");
	wbuf_init(&w, 1024);
	for (size_t i = 0; i < SETTINGS_N; i++) {
		wbuf_reset(&w);
		row_str(&w, "name", setting_name(i));
		row_str(&w, "value", setting_text(set, i, value));
		row_str(&w, "may_be", setting_want(i));
		row_str(&w, "what", setting_help(i));
		(void)doc_row(&d, list, w.p, w.len);
	}
	wbuf_free(&w);
	run_doc(run, &d, doc_text);
	doc_free(&d);
	run_done(run, EX_OK);
}

void
cmd_set(struct run *run)
{
	struct person *x = self_person(run);
	const char *name = run->line.argv[0];
	char why[256], value[SETTING_TEXT_MAX];
	int i;

	if (x == NULL)
		return;
	if (run->line.argc == 0) {
		settings_show(run, &x->set);
		return;
	}
	i = setting_index(name);
	if (run->line.argc == 2 || i == -1) {
		if (!setting_set(&x->set, name, run->line.argc == 2 ?
		    run->line.argv[1] : "", why, sizeof(why))) {
			run_fail(run, EX_USAGE, "set: %s", why);
			return;
		}
		changed(run->caller->hub, x);
	}
	caller_text(run->caller, OUT_STDOUT, "-- %s is %s\n", name,
	    setting_text(&x->set, (size_t)i, value));
	run_done(run, EX_OK);
}

void
cmd_away(struct run *run)
{
	struct person *x = self_person(run);
	size_t n = run->line.text_len;

	if (x == NULL)
		return;
	if (n > AWAY_MAX || !utf8_valid(run->line.text, n)) {
		run_fail(run, EX_DATAERR, "away: the text has %zu bytes, "
		    "want at most %u of UTF-8", n, AWAY_MAX);
		return;
	}
	x->away = true;
	(void)snprintf(x->away_text, sizeof(x->away_text), "%.*s", (int)n,
	    run->line.text);
	persons_store(run->caller->hub, x);
	announce_changed(run->caller->hub);
	caller_text(run->caller, OUT_STDOUT, "-- you are away; /back ends "
	    "it\n");
	run_done(run, EX_OK);
}

void
cmd_back(struct run *run)
{
	struct person *x = self_person(run);

	if (x == NULL)
		return;
	if (!x->away) {
		run_fail(run, 1, "you are not away");
		return;
	}
	x->away = false;
	persons_store(run->caller->hub, x);
	announce_changed(run->caller->hub);
	caller_text(run->caller, OUT_STDOUT, "-- welcome back\n");
	run_done(run, EX_OK);
}

static void
ignored_show(struct run *run, const struct person *x)
{
	struct doc d;
	struct wbuf w;
	size_t list;

	if (x->nignored == 0 && run->line.form == DOC_TEXT) {
		run_fail(run, 1, "you ignore nobody");
		return;
	}
	doc_init(&d);
	list = doc_list(&d, "ignored");
	wbuf_init(&w, 1024);
	for (size_t i = 0; i < x->nignored; i++) {
		wbuf_reset(&w);
		row_str(&w, "name", x->ignored[i].name);
		(void)doc_row(&d, list, w.p, w.len);
	}
	wbuf_free(&w);
	run_doc(run, &d, doc_text);
	doc_free(&d);
	run_done(run, EX_OK);
}

static bool
meant(struct run *run, struct contact *k, char *why, size_t size)
{
	struct hub *hub = run->caller->hub;

	return contact_find(&hub->room, &hub->heard, &hub->presence,
	    &hub->proc->id, run->line.argv[0], k, why, size);
}

void
cmd_ignore(struct run *run)
{
	struct person *x = self_person(run);
	struct contact k;
	char label[LABEL_MAX], why[256];

	if (x == NULL)
		return;
	if (run->line.argc == 0) {
		ignored_show(run, x);
		return;
	}
	if (!meant(run, &k, why, sizeof(why))) {
		run_fail(run, 1, "ignore: %s", why);
		return;
	}
	if (memcmp(k.key, x->key, sizeof(x->key)) == 0) {
		run_fail(run, 1, "ignore: that is you");
		return;
	}
	contact_label(&k, label);
	if (!person_ignore(x, k.key, label)) {
		run_fail(run, 1, "ignore: you ignore %u already; unignore "
		    "one of them", IGNORED_MAX);
		return;
	}
	persons_store(run->caller->hub, x);
	caller_text(run->caller, OUT_STDOUT, "-- you see nothing of %s any "
	    "more, whatever the nick; /unignore %s ends it\n", label, label);
	run_done(run, EX_OK);
}

void
cmd_unignore(struct run *run)
{
	struct person *x = self_person(run);

	if (x == NULL)
		return;
	if (!person_unignore(x, run->line.argv[0])) {
		run_fail(run, 1, "unignore: you do not ignore anybody of "
		    "that name; ignore lists them");
		return;
	}
	persons_store(run->caller->hub, x);
	caller_text(run->caller, OUT_STDOUT, "-- done\n");
	run_done(run, EX_OK);
}

static void
whois_here(const struct hub *hub, const struct contact *k, struct wbuf *w)
{
	const struct person *x = people_find(&hub->people, k->key);
	char fp[SSHKEY_FP_MAX];

	row_str(w, "key", sshkey_fingerprint(k->key, fp));
	row_num(w, "since", ROW_TIME, k->member->joined_ms);
	row_bool(w, "is_away", x != NULL && x->away);
	if (x != NULL && x->away && x->away_text[0] != '\0')
		row_str(w, "away", x->away_text);
	else
		row_null(w, "away");
}

void
cmd_whois(struct run *run)
{
	struct hub *hub = run->caller->hub;
	char why[256];
	struct contact k;
	struct doc d;

	if (!meant(run, &k, why, sizeof(why))) {
		run_fail(run, 1, "whois: %s", why);
		return;
	}
	doc_init(&d);
	row_str(&d.head, "nick", k.nick);
	row_id(&d.head, "node", k.remote ? &k.id : &hub->proc->id);
	row_bool(&d.head, "here", !k.remote);
	if (k.spoke_ms != 0)
		row_num(&d.head, "spoke", ROW_TIME, k.spoke_ms);
	else
		row_none(&d.head, "spoke", ROW_TIME);
	if (k.member != NULL)
		whois_here(hub, &k, &d.head);
	run_doc(run, &d, doc_text);
	doc_free(&d);
	run_done(run, EX_OK);
}
