/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "mapd.h"
#include "mtime.h"
#include "row.h"
#include "store_files.h"

#define TICK_MS		1000
#define RENEW_MS	60000u
/* Of a mesh whose nodes are listed; the quotas bound it. */
#define LISTED_ENTRIES	(1024u * 1024)
#define LISTED_BYTES	((size_t)1024 * 1024 * 1024)

static void	reprofile(struct mapd *);

/* A signature being checked. */
struct check {
	struct pool_job		 job;
	struct intake_item	*item;
};

static void
check_cb(void *arg, struct intake_item *it)
{
	struct mapd *d = arg;
	struct check *c = xcalloc(1, sizeof(*c));

	c->item = it;
	c->job = (struct pool_job){ .bytes = it->signed_bytes,
	    .len = it->signed_len, .sig = it->e.sig.p,
	    .author = it->e.author.p, .arg = c };
	pool_submit(d->pool, &c->job);
}

static void
checked_cb(struct pool_job *j, void *arg)
{
	struct mapd *d = arg;
	struct check *c = j->arg;
	struct intake_item *it;
	bool good = j->good;

	if (j->done != NULL) {
		j->done(j);
		return;
	}
	it = c->item;

	free(c);
	intake_checked(&d->intake, it, good, wall_ms());
}

static void
write_cb(void *arg, struct intake_item *it)
{
	mapstore_write(arg, it);
}

static void
forget_cb(void *arg, const struct entry_id *id)
{
	mapstore_forget(arg, id);
}

static void
done_cb(void *arg, const struct intake_item *it, enum intake_outcome o)
{
	struct mapd *d = arg;

	if (memcmp(it->e.author.p, d->proc->ed25519_pub,
	    ENTRY_AUTHOR_LEN) == 0 && o != INTAKE_BAD)
		hlc_seen(&d->clock, it->e.hlc);
	if (it->source == INTAKE_LOCAL) {
		if (o == INTAKE_TAKEN)
			mapdelta_own(d, &it->e);
		mapsign_ended(d, it, o);
	} else if (it->source == INTAKE_LINK) {
		if (it->cookie < RECON_COOKIE)
			mapdelta_done(d, it->cookie, o);
		else
			maprecon_done(d, it, o);
	}
	if (it->source == INTAKE_DISK && o == INTAKE_BAD) {
		d->bad_records++;
		mapstore_forget(d, &it->id);
	}
}

static void
dropped_cb(void *arg, const struct ment *e)
{
	mapstore_forget(arg, &e->id);
}

static void
changed_cb(void *arg, const void *key, size_t n)
{
	struct mapd *d = arg;

	if (!d->loading)
		mapask_changed(d, key, n);
}

static void
equivocal_cb(void *arg, const struct ment *have, const struct entry *e)
{
	struct nodeid id;
	uint32_t more = 0;

	(void)arg;
	(void)have;
	nodeid_from_pubkey(&id, e->author.p);
	if (log_allowed(0, EV_MAP_EQUIVOCAL, mono_ms(), &more))
		log_event(EV_MAP_EQUIVOCAL, LF_ID("author", &id),
		    LF_STRN("key", e->key.p, e->key.n),
		    LF_NUM("more", more));
}

static void
pool_cb(evutil_socket_t fd, short what, void *arg)
{
	struct mapd *d = arg;

	(void)fd;
	(void)what;
	pool_dispatch(d->pool);
	mapstore_flush(d);
	mapstore_load_on(d);
	reprofile(d);
	mapd_finish_step(d);
}

static void
tick_cb(evutil_socket_t fd, short what, void *arg)
{
	struct mapd *d = arg;
	uint32_t more = 0;

	(void)fd;
	(void)what;
	map_tick(&d->map, wall_ms());
	intake_tick(&d->intake, wall_ms());
	if (mono_ms() >= d->renewed_ms + RENEW_MS) {
		d->renewed_ms = mono_ms();
		mapsign_renew(d);
	}
	if (d->map.full && log_allowed(0, EV_MAP_FULL, mono_ms(), &more))
		log_event(EV_MAP_FULL, LF_NUM("entries", d->map.live),
		    LF_NUM("authors", d->map.nauthors),
		    LF_NUM("more", more));
	mapsign_go_on(d);
	mapnet_tick(d);
	mapdelta_tick(d);
	mapstore_flush(d);
	reprofile(d);
}

/* Who may write is who is listed, and this node. */
static void
profile_make(const struct mapd *d, struct profile *p)
{
	const struct strlist *l = &d->proc->conf.network_allow;
	struct nodeid *ids = xcalloc(l->n + 1, sizeof(*ids));
	static const uint8_t no_mesh[MESH_ID_LEN];
	bool self = false;
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (nodeid_parse(&ids[n], l->v[i], strlen(l->v[i]))) {
			self = self || nodeid_equal(&ids[n], &d->proc->id);
			n++;
		}
	if (n > 0 && !self)
		ids[n++] = d->proc->id;
	profile_init(p, no_mesh, ids, n);
	free(ids);
}

/* Empty; to be read from the disk. */
static void
map_make(struct mapd *d)
{
	static const struct map_ops map_ops = { .dropped = dropped_cb,
	    .changed = changed_cb, .equivocal = equivocal_cb };
	static const struct intake_ops intake_ops = { check_cb, write_cb,
	    forget_cb, done_cb };
	struct map_limits limits = { PROFILE_ALLOW_MAX, LISTED_ENTRIES,
	    LISTED_BYTES };

	d->loading = true;
	map_init(&d->map, &d->profile, d->profile.mode == PROFILE_OPEN ?
	    NULL : &limits, &map_ops, d, wall_ms());
	intake_init(&d->intake, &d->map, &intake_ops, d);
}

void
mapd_configured(struct mapd *d)
{
	struct profile p;

	profile_make(d, &p);
	d->reprofile = memcmp(p.id, d->profile.id, sizeof(p.id)) != 0;
	profile_free(&p);
	reprofile(d);
}

/* Once nothing is on its way that was judged by the old rules. */
static void
reprofile(struct mapd *d)
{
	if (!d->reprofile || !mapstore_idle(d) || d->finish != NULL ||
	    !recon_idle(d->recon))
		return;
	mapnet_forget(d);
	recon_loading(d->recon);
	intake_free(&d->intake);
	map_free(&d->map);
	profile_free(&d->profile);
	profile_make(d, &d->profile);
	map_make(d);
	d->reprofile = false;
	mapnet_profile(d);
	mapstore_load(d);
}

struct mapd *
mapd_new(struct proc *proc, struct worker *worker)
{
	static const struct timeval tick = { TICK_MS / 1000, 0 };
	struct mapd *d = xcalloc(1, sizeof(*d));

	d->proc = proc;
	d->worker = worker;
	profile_make(d, &d->profile);
	map_make(d);
	maprecon_init(d);
	mapdelta_init(d);
	hlc_init(&d->clock, 0);
	TAILQ_INIT(&d->waiting);
	TAILQ_INIT(&d->signing);
	mapstore_init(d);
	if ((d->pool = pool_new(checked_cb, d)) == NULL)
		fatal("threads for signatures");
	d->pool_event = event_new(proc->base, pool_fd(d->pool),
	    EV_READ | EV_PERSIST, pool_cb, d);
	d->tick = event_new(proc->base, -1, EV_PERSIST, tick_cb, d);
	if (d->pool_event == NULL || d->tick == NULL ||
	    event_add(d->pool_event, NULL) == -1 ||
	    event_add(d->tick, &tick) == -1)
		fatalx("no event for the map");
	return d;
}

void
mapd_threads(struct mapd *d)
{
	if (!pool_start(d->pool))
		fatal("cannot start the threads that check signatures");
}

void
mapd_load(struct mapd *d)
{
	/* Of one that ended in the middle of it. */
	if (d->copy == NULL && d->stream == NULL)
		(void)store_dir_remove(MAP_COPY_DIR);
	mapstore_load(d);
}

void
mapd_lost(struct mapd *d)
{
	mapstore_rewrite(d);
}

void
mapd_finish(struct mapd *d, void (*done)(void *), void *arg)
{
	event_del(d->tick);
	event_del(d->recon_tick);
	d->finish = done;
	d->finish_arg = arg;
	mapstore_flush(d);
	mapd_finish_step(d);
}

void
mapd_finish_step(struct mapd *d)
{
	void (*finish)(void *) = d->finish;

	if (finish == NULL || !mapstore_idle(d))
		return;
	d->finish = NULL;
	finish(d->finish_arg);
}

void
mapd_row(const struct mapd *d, struct wbuf *w)
{
	const struct mapdelta_count *c = mapdelta_counts(d);
	const struct mauthor *own = map_author(&d->map,
	    d->proc->ed25519_pub);

	row_str(w, "map", d->loading ? "reading" : d->map.full ? "full" :
	    "ok");
	row_num(w, "map_entries", ROW_U64, d->map.live);
	row_num(w, "map_authors", ROW_U64, d->map.nauthors);
	row_num(w, "map_bytes", ROW_BYTES, d->map.bytes);
	row_num(w, "map_own", ROW_U64, own == NULL ? 0 : own->live);
	row_num(w, "map_quota", ROW_U64, d->profile.quota);
	row_bool(w, "map_open", d->profile.mode == PROFILE_OPEN);
	row_num(w, "map_links", ROW_U64, d->nlinks);
	row_num(w, "map_sessions", ROW_U64, d->sessions);
	row_num(w, "map_session_in", ROW_BYTES, d->recon_in);
	row_num(w, "map_session_out", ROW_BYTES, d->recon_out);
	row_num(w, "deltas_out", ROW_U64, c->out);
	row_num(w, "deltas_in", ROW_U64, c->in);
	row_num(w, "delta_entries_out", ROW_U64, c->entries_out);
	row_num(w, "delta_entries_in", ROW_U64, c->entries_in);
	row_num(w, "delta_entries_left", ROW_U64, c->left);
	row_num(w, "deltas_bad", ROW_U64, c->bad);
	row_num(w, "deltas_foreign", ROW_U64, c->foreign);
	row_num(w, "deltas_passed_over", ROW_U64, c->passed);
}
