/* SPDX-License-Identifier: MIT */
/*
 * Writes of this node: each gets a time, is signed by the parent in batches,
 * and then goes the way of all entries.  Its asker hears of it when it is
 * durable, or why it is not.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mapd.h"
#include "mtime.h"

#define SLOWED_MS	100u
#define RENEW_BATCH	64u

#define COOKIE_FRESH	(UINT64_C(1) << 32)
#define COOKIE_RENEWAL	(UINT64_C(1) << 33)

static struct put *
put_new(uint32_t req, const void *key, size_t klen, const void *value,
    size_t vlen)
{
	struct put *p = xcalloc(1, sizeof(*p) + klen + vlen);

	p->req = req;
	p->key_len = klen;
	p->value_len = vlen;
	memcpy(p->bytes, key, klen);
	if (vlen > 0)
		memcpy(p->bytes + klen, value, vlen);
	return p;
}

static void
put_entry(const struct mapd *d, const struct put *p, struct entry *e)
{
	memset(e, 0, sizeof(*e));
	e->key = (struct slice){ p->bytes, p->key_len };
	e->value = (struct slice){ p->bytes + p->key_len, p->value_len };
	e->author = (struct slice){ d->proc->ed25519_pub, ENTRY_AUTHOR_LEN };
	e->hlc = p->hlc;
	e->expires_ms = p->expires_ms;
	e->flags = p->flags;
}

static void
ended(struct mapd *d, uint64_t cookie, enum map_status st, const char *text)
{
	d->nputs--;
	if ((cookie & COOKIE_FRESH) != 0)
		d->fresh--;
	if (st == MAP_DONE_OK && d->profile.mode == PROFILE_OPEN)
		text = "written; this mesh is open: anyone who connects can "
		    "read and write it (network.allow closes it)";
	if ((cookie & COOKIE_RENEWAL) == 0)
		mapask_done(d, (uint32_t)cookie, st, text);
}

static uint64_t
cookie_of(const struct put *p)
{
	return p->req | (p->fresh ? COOKIE_FRESH : 0) |
	    (p->renewal ? COOKIE_RENEWAL : 0);
}

static void
put_drop(struct mapd *d, struct put *p, enum map_status st, const char *text)
{
	uint64_t cookie = cookie_of(p);

	free(p);
	ended(d, cookie, st, text);
}

static const char *
put_refusal(const struct mapd *d, const struct put *p)
{
	const struct mauthor *own = map_author(&d->map,
	    d->proc->ed25519_pub);
	enum entry_fault fault;
	struct entry e;

	put_entry(d, p, &e);
	e.hlc = HLC_OF_MS(HLC_FIRST_MS);
	if ((fault = profile_judge(&d->profile, &e)) != FAULT_NONE)
		return entry_fault_text(fault);
	if (p->fresh && (own == NULL ? 0 : own->live) + d->fresh >=
	    d->profile.quota)
		return "this node has written as many keys as one may; a "
		    "deleted key counts until 63 days are over";
	return NULL;
}

const char *
mapsign_put(struct mapd *d, uint32_t req, const void *key, size_t klen,
    const void *value, size_t vlen, uint32_t flags)
{
	const char *why;
	struct put *p;

	if (d->nputs >= PUTS_MAX)
		return "too many writes are on their way; try again";
	p = put_new(req, key, klen, value, vlen);
	p->flags = flags;
	p->fresh = map_register(&d->map, key, klen, d->proc->ed25519_pub) ==
	    NULL;
	if ((why = put_refusal(d, p)) != NULL) {
		free(p);
		return why;
	}
	d->nputs++;
	d->fresh += p->fresh;
	TAILQ_INSERT_TAIL(&d->waiting, p, entry);
	mapsign_go_on(d);
	return NULL;
}

/* The same again with a later end, hlc and value as they are. */
void
mapsign_renew(struct mapd *d)
{
	const struct ment *due[RENEW_BATCH];
	struct entry e;
	struct put *p;
	size_t n;

	if (d->loading || !TAILQ_EMPTY(&d->waiting) ||
	    !TAILQ_EMPTY(&d->signing))
		return;
	n = map_renewals(&d->map, d->proc->ed25519_pub, wall_ms(),
	    mapnet_renew_from(d), due, RENEW_BATCH);
	for (size_t i = 0; i < n; i++) {
		ment_entry(due[i], &e);
		p = put_new(0, e.key.p, e.key.n, e.value.p, e.value.n);
		p->renewal = true;
		p->hlc = e.hlc;
		d->nputs++;
		TAILQ_INSERT_TAIL(&d->waiting, p, entry);
	}
	mapsign_go_on(d);
}

enum given { TIME_GIVEN, TIME_REFUSED, TIME_LATER };

/* Later: *until has to be on the disk first.  Refused: it is gone. */
static enum given
time_give(struct mapd *d, struct put *p, uint64_t now, uint64_t *until)
{
	const char *why = "the clock of this node is not set";
	uint64_t max;

	p->expires_ms = now + (p->flags != 0 ? DELETE_DAYS :
	    d->profile.lease_days) * DAY_MS;
	if (p->renewal)
		return TIME_GIVEN;
	max = map_key_max(&d->map, p->bytes, p->key_len);
	switch (hlc_next(&d->clock, now, max, until)) {
	case HLC_OK:
		p->hlc = *until;
		*until = 0;
		return TIME_GIVEN;
	case HLC_RESERVE:
		return TIME_LATER;
	case HLC_AHEAD:
		why = "the clock of this node is more than a minute behind "
		    "what was written before; set it, or wait";
		break;
	case HLC_UNSET:
		break;
	}
	TAILQ_REMOVE(&d->waiting, p, entry);
	put_drop(d, p, MAP_DONE_REFUSED, why);
	return TIME_REFUSED;
}

static void
request_add(const struct mapd *d, const struct put *p, struct wbuf *w)
{
	wbuf_bytes(w, d->profile.mesh, MESH_ID_LEN);
	wbuf_u8(w, (uint8_t)p->flags);
	wbuf_u64(w, p->hlc);
	wbuf_u64(w, p->expires_ms);
	wbuf_strn(w, p->bytes, p->key_len);
	wbuf_u32(w, (uint32_t)p->value_len);
	crypto_hash_sha256(wbuf_reserve(w, 32), p->bytes + p->key_len,
	    p->value_len);
}

void
mapsign_go_on(struct mapd *d)
{
	uint64_t now = wall_ms(), until = 0;
	enum given given = TIME_GIVEN;
	struct put *p, *next;
	struct wbuf w;
	uint8_t n = 0;

	if (!TAILQ_EMPTY(&d->signing) || TAILQ_EMPTY(&d->waiting) ||
	    mono_ms() < d->slowed_until || d->write.clock != 0 ||
	    d->clock_due != 0)
		return;
	wbuf_init(&w, 32768);
	wbuf_u8(&w, 0);
	TAILQ_FOREACH_SAFE(p, &d->waiting, entry, next) {
		if (n == KEY_ENTRIES_MAX)
			break;
		given = time_give(d, p, now, &until);
		if (given == TIME_LATER)
			break;
		if (given == TIME_REFUSED)
			continue;
		TAILQ_REMOVE(&d->waiting, p, entry);
		TAILQ_INSERT_TAIL(&d->signing, p, entry);
		request_add(d, p, &w);
		n++;
	}
	if (n > 0) {
		w.p[0] = n;
		imsg_send_wbuf(d->proc->parent, IMSG_KEY_ENTRIES,
		    ++d->sign_req, 0, &w);
	}
	wbuf_free(&w);
	if (given == TIME_LATER)
		mapstore_clock(d, until);
}

void
mapsign_fail(struct mapd *d, const char *why)
{
	struct put *p;

	while ((p = TAILQ_FIRST(&d->waiting)) != NULL) {
		TAILQ_REMOVE(&d->waiting, p, entry);
		put_drop(d, p, MAP_DONE_FAILED, why);
	}
}

static const char *
outcome_text(const struct mapd *d, enum intake_outcome o,
    enum map_status *st)
{
	*st = MAP_DONE_REFUSED;
	switch (o) {
	case INTAKE_TAKEN:
	case INTAKE_KNOWN:
		*st = MAP_DONE_OK;
		return "";
	case INTAKE_NOT:
		/*
		 * Of one's own register: a later write overtook this one on
		 * its way and is on the disk.
		 */
		if (d->intake.verdict == MAP_STALE) {
			*st = MAP_DONE_OK;
			return "";
		}
		return map_verdict_text(d->intake.verdict);
	case INTAKE_BAD:
		return entry_fault_text(d->intake.fault);
	case INTAKE_FAILED:
		*st = MAP_DONE_FAILED;
		return "not stored: the disk is full, or the database cannot "
		    "be written (status tells)";
	case INTAKE_HELD:
	case INTAKE_BUSY:
	case INTAKE_PENDING:
		break;
	}
	*st = MAP_DONE_FAILED;
	return "too much is on its way; try again";
}

static void
signed_one(struct mapd *d, struct put *p, const uint8_t sig[ENTRY_SIG_LEN])
{
	uint64_t cookie = cookie_of(p);
	enum intake_outcome o;
	enum map_status st;
	struct entry e;

	put_entry(d, p, &e);
	e.sig = (struct slice){ sig, ENTRY_SIG_LEN };
	o = intake_add(&d->intake, &e, INTAKE_LOCAL, cookie, wall_ms());
	free(p);
	if (o != INTAKE_PENDING) {
		const char *text = outcome_text(d, o, &st);

		ended(d, cookie, st, text);
	}
}

void
mapsign_signed(struct mapd *d, struct imsg *m)
{
	enum key_status status;
	struct puts all = TAILQ_HEAD_INITIALIZER(all);
	const uint8_t *sig;
	struct rcur c;
	struct put *p;

	if (m->id != d->sign_req || TAILQ_EMPTY(&d->signing))
		fatalx("signatures from the parent that nobody asked for");
	rcur_init(&c, m->data, m->len);
	status = (enum key_status)rcur_u8(&c);
	TAILQ_CONCAT(&all, &d->signing, entry);
	if (status == KEY_SLOWED) {
		d->slowed_until = mono_ms() + SLOWED_MS;
		TAILQ_CONCAT(&all, &d->waiting, entry);
		TAILQ_CONCAT(&d->waiting, &all, entry);
		return;		/* the next tick goes on */
	}
	while ((p = TAILQ_FIRST(&all)) != NULL) {
		TAILQ_REMOVE(&all, p, entry);
		sig = status == KEY_OK ? rcur_bytes(&c, ENTRY_SIG_LEN) :
		    NULL;
		if (sig == NULL)
			put_drop(d, p, MAP_DONE_FAILED,
			    "the key service refused");
		else
			signed_one(d, p, sig);
	}
	if (!rcur_done(&c))
		fatalx("malformed KEY_ENTRIES_SIGNED from the parent");
	mapsign_go_on(d);
}

void
mapsign_ended(struct mapd *d, const struct intake_item *it,
    enum intake_outcome o)
{
	enum map_status st;
	const char *text = outcome_text(d, o, &st);

	ended(d, it->cookie, st, text);
}
