/* SPDX-License-Identifier: MIT */
/* What became of a link or unlink, in words and as an object. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "cursor.h"
#include "doc.h"
#include "imsg.h"
#include "mtime.h"
#include "nodeid.h"
#include "row.h"
#include "verdict.h"

static const char *
outcome_name(enum link_status s)
{
	switch (s) {
	case LINK_UP:
		return "linked";
	case LINK_THERE:
		return "already-linked";
	case LINK_SELF:
		return "own-address";
	case LINK_BAD:
		return "bad-address";
	case LINK_FULL:
		return "full";
	case LINK_BUSY:
		return "busy";
	case LINK_REFUSED:
		return "refused";
	case LINK_FAILED:
		break;
	}
	return "failed";
}

/* What to do about it; "" where nobody can. */
static const char *
reason_hint(enum down_reason why)
{
	switch (why) {
	case DOWN_REFUSED:
		return "nothing listens there: is the node running, and is "
		    "the port that of its network.listen?";
	case DOWN_UNREACHABLE:
	case DOWN_TIMEOUT:
	case DOWN_DEADLINE:
		return "check the address, and firewalls on the way";
	case DOWN_RESOLVE:
		return "check the name, or give the address";
	case DOWN_NOISE:
	case DOWN_HELLO:
	case DOWN_FRAME:
		return "that is not a micelio node, or not one of this wire";
	case DOWN_WRONG_PEER:
		return "check the node id, or leave it out to take whoever "
		    "answers";
	case DOWN_NOT_ALLOWED:
		return "add it to network.allow, then: reload";
	case DOWN_EOF:
	case DOWN_RESET:
		return "it closed the connection: it may be full, or not let "
		    "this node in; see its log";
	default:
		return "";
	}
}

static void
link_words(const struct link_result *r, char *text, size_t size,
    const char **hint)
{
	char age[TIME_TEXT_MAX], id[NODEID_SHORT + 1];

	(void)snprintf(id, sizeof(id), "%s", r->id != NULL ? r->id : "?");
	*hint = "";
	switch (r->status) {
	case LINK_UP:
		(void)snprintf(text, size, "linked to %s in %llu ms", id,
		    (unsigned long long)r->ms);
		return;
	case LINK_THERE:
		(void)snprintf(text, size, "already linked to %s%s%s", id,
		    r->why == DOWN_NONE ? ", for " : "",
		    r->why == DOWN_NONE ? span_text(r->ms, age) : "");
		return;
	case LINK_SELF:
		(void)snprintf(text, size, "that is this node itself");
		*hint = "give the address of another node";
		return;
	case LINK_BAD:
		(void)snprintf(text, size, "not [NODE_ID@]HOST:PORT");
		return;
	case LINK_FULL:
		(void)snprintf(text, size, "network.max_peers are linked");
		*hint = "unlink one, or raise network.max_peers and reload";
		return;
	case LINK_BUSY:
		(void)snprintf(text, size, "too many links are being made");
		*hint = "wait for one of them";
		return;
	case LINK_REFUSED:
	case LINK_FAILED:
		break;
	}
	(void)snprintf(text, size, "not linked: %s", r->why < DOWN_MAX ?
	    down_reason_text(r->why) : "unknown");
	*hint = reason_hint(r->why);
}

int
link_build(const struct link_result *r, struct doc *d)
{
	bool ok = r->status == LINK_UP || r->status == LINK_THERE;
	const char *hint;
	char text[256];

	link_words(r, text, sizeof(text), &hint);
	row_bool(&d->head, "ok", ok);
	row_str(&d->head, "outcome", outcome_name(r->status));
	row_str(&d->head, "addr", r->where);
	if (r->id != NULL)
		row_str(&d->head, "id", r->id);
	else
		row_null(&d->head, "id");
	row_num(&d->head, "took", ROW_MS, r->status == LINK_THERE ? 0 :
	    r->ms);
	if (r->why != DOWN_NONE && r->why < DOWN_MAX)
		row_str(&d->head, "cause", down_reason_text(r->why));
	else
		row_null(&d->head, "cause");
	row_str(&d->head, "text", text);
	if (hint[0] != '\0')
		row_str(&d->head, "hint", hint);
	else
		row_null(&d->head, "hint");
	return ok ? EX_OK : r->status == LINK_BAD ? EX_USAGE :
	    r->status == LINK_BUSY ? EX_TEMPFAIL : 1;
}

int
unlink_build(const char *id, bool was, uint64_t ms, struct doc *d)
{
	char text[256], span[TIME_TEXT_MAX];

	if (was)
		(void)snprintf(text, sizeof(text), "unlinked %.12s; no link "
		    "with it for %s, neither from here nor from there",
		    id, span_text(ms, span));
	else
		(void)snprintf(text, sizeof(text), "%.12s is not linked any "
		    "more", id);
	row_bool(&d->head, "ok", was);
	row_str(&d->head, "id", id);
	row_num(&d->head, "hold", ROW_MS, was ? ms : 0);
	row_str(&d->head, "text", text);
	if (was)
		row_str(&d->head, "hint", "link HOST:PORT ends that time; "
		    "an entry of network.bootstrap stays");
	else
		row_null(&d->head, "hint");
	return was ? EX_OK : 1;
}

void
verdict_text(const struct doc *d, struct wbuf *w)
{
	struct row_field f;

	if (row_find(d->head.p, d->head.len, "addr", &f) &&
	    f.type == ROW_STR) {
		field_text(&f, w);
		wbuf_printf(w, ": ");
	}
	(void)row_find(d->head.p, d->head.len, "text", &f);
	field_text(&f, w);
	if (row_find(d->head.p, d->head.len, "hint", &f) &&
	    f.type == ROW_STR) {
		wbuf_printf(w, "; ");
		field_text(&f, w);
	}
	wbuf_u8(w, '\n');
}
