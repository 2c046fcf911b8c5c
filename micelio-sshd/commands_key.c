/* SPDX-License-Identifier: MIT */
/*
 * key: who may log in, as far as authorized_keys says.  The parent writes the
 * file; what a line of it says is known here.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "authkeys.h"
#include "caller.h"
#include "cmdline.h"
#include "commands.h"
#include "conn.h"
#include "cursor.h"
#include "doc.h"
#include "imsg.h"
#include "moderate.h"
#include "proc.h"
#include "role.h"
#include "row.h"
#include "run.h"
#include "sshd.h"
#include "sshkey.h"
#include "text.h"

#define EDIT_MS		5000

static unsigned int
sessions_of(const struct hub *hub, const uint8_t key[SSHKEY_HASH_LEN])
{
	const struct conn *c;
	unsigned int n = 0;

	TAILQ_FOREACH(c, &hub->conns, entry)
		n += c->state == CONN_IN &&
		    memcmp(c->hash, key, SSHKEY_HASH_LEN) == 0;
	return n;
}

static void
key_row(const struct hub *hub, const struct authkey *k, struct wbuf *w)
{
	char fp[SSHKEY_FP_MAX];

	row_num(w, "line", ROW_U64, k->line);
	if (k->name[0] != '\0')
		row_str(w, "name", k->name);
	else
		row_null(w, "name");
	row_str(w, "role", role_name(k->role));
	row_str(w, "type", sshkey_type_name(k->type));
	row_num(w, "sessions", ROW_U64, sessions_of(hub, k->hash));
	if (k->expires != 0)
		row_num(w, "expires", ROW_TIME, k->expires * 1000);
	else
		row_none(w, "expires", ROW_TIME);
	if (k->from != NULL)
		row_str(w, "from", k->from);
	else
		row_null(w, "from");
	row_str(w, "key", sshkey_fingerprint(k->hash, fp));
}

static void
keys_text(const struct doc *d, struct wbuf *w)
{
	if (d->list[0].n == 0)
		wbuf_printf(w, "no key may log in: put a public key into "
		    "authorized_keys, it is read at once\n");
	else
		doc_table_used(&d->list[0], "line name role sessions expires "
		    "from type key", w);
}

static void
keys_show(struct run *run)
{
	struct hub *hub = run->caller->hub;
	struct wbuf w;
	struct doc d;
	size_t list;

	doc_init(&d);
	row_num(&d.head, "count", ROW_U64, hub->keys.n);
	row_num(&d.head, "refused_lines", ROW_U64, hub->keys.nrefused);
	list = doc_list(&d, "keys");
	wbuf_init(&w, 65536);
	for (size_t i = 0; i < hub->keys.n; i++) {
		wbuf_reset(&w);
		key_row(hub, &hub->keys.v[i], &w);
		(void)doc_row(&d, list, w.p, w.len);
	}
	wbuf_free(&w);
	run_doc(run, &d, keys_text);
	doc_free(&d);
	run_done(run, EX_OK);
}

static void
edit_timeout(struct run *run)
{
	run_fail(run, EX_TEMPFAIL, "key %s: no answer in %d s; it may still "
	    "be done: see key ls", run->line.argv[0], EDIT_MS / 1000);
}

static void
edit_send(struct run *run, enum imsg_type type, const struct authkey *k,
    struct wbuf *w)
{
	struct hub *hub = run->caller->hub;
	char fp[SSHKEY_FP_MAX];

	(void)snprintf(run->about, sizeof(run->about), "%s",
	    sshkey_fingerprint(k->hash, fp));
	run->request = ++hub->next_request;
	run_deadline(run, EDIT_MS, edit_timeout);
	imsg_send_wbuf(hub->proc->parent, type, run->request, 0, w);
}

/* name=bob, in front of the key. */
static bool
is_option(const char *word)
{
	const char *value = strchr(word, '=');

	return value != NULL && value != word &&
	    strncmp(word, "ssh-", 4) != 0 && strncmp(word, "ecdsa-", 6) != 0;
}

/* How many words behind "add" are options. */
static size_t
options_count(const struct cmdline *l)
{
	size_t n = 0;

	while (1 + n < l->argc && is_option(l->argv[1 + n]))
		n++;
	return n;
}

/* In quotes, each of which inside takes two bytes. */
static void
option_put(const char *s, struct wbuf *w)
{
	const char *value = strchr(s, '=') + 1;

	wbuf_bytes(w, s, (size_t)(value - s));
	wbuf_u8(w, '"');
	for (; *value != '\0'; value++) {
		if (*value == '"')
			wbuf_u8(w, '\\');
		wbuf_u8(w, (uint8_t)*value);
	}
	wbuf_u8(w, '"');
}

/* What line_put() writes at most. */
static size_t
line_max(const struct cmdline *l)
{
	size_t n = 0;

	for (size_t i = 1; i < l->argc; i++)
		n += 2 * strlen(l->argv[i]) + sizeof("\"\",");
	return n;
}

/* name="alice",role="op" ssh-ed25519 AAAA... comment */
static void
line_put(const struct cmdline *l, struct wbuf *w)
{
	const size_t noptions = options_count(l);

	for (size_t i = 1; i < l->argc; i++) {
		if (i > 1)
			wbuf_u8(w, i <= noptions ? ',' : ' ');
		if (i <= noptions)
			option_put(l->argv[i], w);
		else
			wbuf_bytes(w, l->argv[i], strlen(l->argv[i]));
	}
}

struct complaint {
	char	text[256];
};

static void
complain(unsigned int line, const char *why, void *arg)
{
	struct complaint *c = arg;

	(void)line;
	text_copy(c->text, why, sizeof(c->text));
}

static bool
line_plain(const struct wbuf *w)
{
	for (size_t i = 0; i < w->len; i++)
		if (w->p[i] < 0x20 || w->p[i] == 0x7f)
			return false;
	return true;
}

static void
key_add(struct run *run)
{
	struct complaint c = { "no key; want TYPE BASE64 behind "
	    "name= and role=" };
	const struct hub *hub = run->caller->hub;
	struct authkeys keys = { .n = 0 };
	struct wbuf w;

	if (run->line.argc < 2) {
		run_fail(run, EX_USAGE, "key add: something is missing; "
		    "usage: key add [name=NAME] [role=ROLE] TYPE BASE64 "
		    "[COMMENT]");
		return;
	}
	wbuf_init(&w, line_max(&run->line));
	line_put(&run->line, &w);
	authkeys_parse(&keys, (const char *)w.p, w.len, hub->room.utc_offset_s,
	    complain, &c);
	if (w.len > AUTHKEYS_LINE_MAX)
		(void)snprintf(c.text, sizeof(c.text), "the line would have "
		    "%zu bytes, the limit is %u", w.len, AUTHKEYS_LINE_MAX);
	else if (!line_plain(&w))
		text_copy(c.text, "control characters are not taken",
		    sizeof(c.text));
	if (keys.n != 1 || w.len > AUTHKEYS_LINE_MAX || !line_plain(&w)) {
		run_fail(run, EX_DATAERR, "key add: %s", c.text);
		goto end;
	}
	for (size_t i = 0; i < hub->keys.n; i++)
		if (memcmp(hub->keys.v[i].hash, keys.v[0].hash,
		    SSHKEY_HASH_LEN) == 0) {
			run_fail(run, 1, "key add: that key is there already, "
			    "in line %u; key rm takes it out",
			    hub->keys.v[i].line);
			goto end;
		}
	edit_send(run, IMSG_AUTHKEYS_ADD, &keys.v[0], &w);
end:
	authkeys_free(&keys);
	wbuf_free(&w);
}

static bool
key_fits(const struct authkey *k, const char *word)
{
	char fp[SSHKEY_FP_MAX], line[24];

	(void)snprintf(line, sizeof(line), "line=%u", k->line);
	return (k->name[0] != '\0' && strcmp(k->name, word) == 0) ||
	    (strlen(word) >= 12 && strncmp(sshkey_fingerprint(k->hash, fp),
	    word, strlen(word)) == 0) || strcmp(line, word) == 0;
}

/* Whoever takes it out could not give it back. */
static bool
is_last_admin(const struct caller *caller, const struct authkey *k)
{
	const struct authkeys *all = &caller->hub->keys;

	if (caller->door == DOOR_CONTROL || k->role != ROLE_ADMIN)
		return false;
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].role == ROLE_ADMIN && all->v[i].expires == 0 &&
		    memcmp(all->v[i].hash, k->hash, SSHKEY_HASH_LEN) != 0)
			return false;
	return true;
}

static void
key_rm(struct run *run)
{
	const struct authkeys *all = &run->caller->hub->keys;
	const struct authkey *k = NULL;
	const char *word;
	struct wbuf w;

	if (run->line.argc != 2) {
		run_fail(run, EX_USAGE, "key rm: %s; usage: key rm "
		    "NAME|KEY|line=N", run->line.argc < 2 ?
		    "something is missing" : "too many words");
		return;
	}
	word = run->line.argv[1];
	for (size_t i = 0; i < all->n; i++) {
		if (!key_fits(&all->v[i], word))
			continue;
		if (k != NULL) {
			run_fail(run, 1, "key rm: more than one key is meant; "
			    "say which by its fingerprint or line=N");
			return;
		}
		k = &all->v[i];
	}
	if (k == NULL) {
		run_fail(run, 1, "key rm: no such key; want a name, the "
		    "begin of a fingerprint SHA256:... or line=N, as key ls "
		    "shows them");
		return;
	}
	if (is_last_admin(run->caller, k)) {
		run_fail(run, 1, "key rm: it is the last key with the role "
		    "admin; add another first, or use micelioctl as the "
		    "owner of the node");
		return;
	}
	wbuf_init(&w, 64);
	wbuf_u32(&w, k->line);
	wbuf_bytes(&w, k->digest, sizeof(k->digest));
	edit_send(run, IMSG_AUTHKEYS_REMOVE, k, &w);
	wbuf_free(&w);
}

void
cmd_key(struct run *run)
{
	const char *what = run->line.argc == 0 ? "ls" : run->line.argv[0];
	void (*edit)(struct run *) = strcmp(what, "add") == 0 ? key_add :
	    strcmp(what, "rm") == 0 ? key_rm : NULL;

	if (strcmp(what, "ls") == 0 && run->line.argc < 2)
		keys_show(run);
	else if (edit == NULL)
		run_fail(run, EX_USAGE, "key: want ls, add or rm; help key "
		    "tells more");
	else if (run->caller->role < ROLE_ADMIN)
		run_fail(run, EX_NOPERM, "key %s: needs the role admin, you "
		    "have %s; an admin of the node can grant it "
		    "(role=\"admin\" in authorized_keys)", what,
		    role_name(run->caller->role));
	else
		edit(run);
}

/* For who has not been told with the other ops. */
static void
answer(struct run *run, const char *act)
{
	struct doc d;

	if (run->line.form == DOC_TEXT && moderate_tells(run->caller)) {
		run_done(run, EX_OK);
		return;
	}
	doc_init(&d);
	row_str(&d.head, "done", act);
	row_str(&d.head, "key", run->about);
	run_doc(run, &d, doc_text);
	doc_free(&d);
	run_done(run, EX_OK);
}

/* What the words said of it. */
static void
added_as(const struct cmdline *l, const char **name, const char **role)
{
	const size_t n = options_count(l);

	*role = role_name(ROLE_OP);
	for (size_t i = 1; i <= n; i++)
		if (strncmp(l->argv[i], "name=", 5) == 0)
			*name = l->argv[i] + 5;
		else if (strncmp(l->argv[i], "role=", 5) == 0)
			*role = l->argv[i] + 5;
}

/* Its line has not been read again yet. */
static const char *
removed_name(const struct hub *hub, const char *fingerprint)
{
	char fp[SSHKEY_FP_MAX];

	for (size_t i = 0; i < hub->keys.n; i++)
		if (hub->keys.v[i].name[0] != '\0' && strcmp(fingerprint,
		    sshkey_fingerprint(hub->keys.v[i].hash, fp)) == 0)
			return hub->keys.v[i].name;
	return NULL;
}

void
cmd_key_done(struct hub *hub, struct imsg *m)
{
	struct run *run = run_by_request(hub, m->id);
	char why[400], safe[400 * 2], act[16];
	const char *name = NULL, *role = "";
	struct rcur c;
	uint8_t status;

	if (run == NULL || m->id == 0)
		return;
	rcur_init(&c, m->data, m->len);
	status = rcur_u8(&c);
	rcur_cstr(&c, why, sizeof(why));
	(void)snprintf(act, sizeof(act), "key %s", run->line.argv[0]);
	if (status != EX_OK) {
		text_safe(why, strlen(why), safe, sizeof(safe), true);
		run_fail(run, status, "%s: %s", act, safe);
		return;
	}
	if (strcmp(run->line.argv[0], "add") == 0)
		added_as(&run->line, &name, &role);
	else
		name = removed_name(hub, run->about);
	moderate_told(run->caller, act, name != NULL ? name : "key",
	    run->about, role);
	answer(run, act);
}
