/* SPDX-License-Identifier: MIT */
/*
 * The links with nodes that have a map, as gossipd tells of them.  Only those
 * whose profile is ours count: with others nothing is compared.
 */
#include <stdlib.h>
#include <string.h>

#include "mapd.h"
#include "mtime.h"

#define AGREED_MS	DAY_MS
#define MET_MS		(10u * 60 * 1000)	/* between writes of it */

static void	mapnet_met(struct mapd *);

void
mapnet_profile(struct mapd *d)
{
	struct wbuf w;

	wbuf_init(&w, 32);
	wbuf_bytes(&w, d->profile.mesh, MESH_ID_LEN);
	wbuf_bytes(&w, d->profile.id, PROFILE_ID_LEN);
	imsg_send_wbuf(d->proc->link[PROC_GOSSIPD], IMSG_MAP_PROFILE, 0, 0,
	    &w);
	wbuf_free(&w);
}

static size_t
find(const struct mapd *d, uint32_t link)
{
	size_t i;

	for (i = 0; i < d->nlinks && d->links[i] != link; i++)
		;
	return i;
}

static void
up(struct mapd *d, uint32_t link, struct rcur *c)
{
	const uint8_t *mesh, *profile;
	struct nodeid id;
	uint32_t more = 0;

	rcur_copy(c, id.b, NODEID_LEN);
	mesh = rcur_bytes(c, MESH_ID_LEN);
	profile = rcur_bytes(c, PROFILE_ID_LEN);
	(void)rcur_u64(c);
	if (!rcur_done(c))
		return;
	if (memcmp(mesh, d->profile.mesh, MESH_ID_LEN) != 0 ||
	    memcmp(profile, d->profile.id, PROFILE_ID_LEN) != 0) {
		if (log_allowed(0, EV_MAP_PROFILE_OTHER, mono_ms(), &more))
			log_event(EV_MAP_PROFILE_OTHER, LF_ID("id", &id),
			    LF_STR("what", memcmp(mesh, d->profile.mesh,
			    MESH_ID_LEN) != 0 ? "mesh" : "profile"),
			    LF_NUM("more", more));
		return;
	}
	if (d->nlinks < MAP_LINKS_MAX && maprecon_up(d, link)) {
		d->links[d->nlinks++] = link;
		maprecon_links(d);
		mapnet_met(d);
	}
}

static void
down(struct mapd *d, uint32_t link)
{
	size_t i = find(d, link);

	if (i == d->nlinks)
		return;
	mapnet_met(d);
	d->links[i] = d->links[--d->nlinks];
	maprecon_links(d);
	maprecon_down(d, link);
}

static void
root(struct mapd *d, uint32_t link, struct rcur *c)
{
	struct root r = { 0 };

	r.hour = rcur_u32(c);
	r.count = rcur_u64(c);
	rcur_copy(c, r.hash, sizeof(r.hash));
	r.flags = rcur_u32(c);
	if (rcur_done(c) && find(d, link) < d->nlinks)
		maprecon_root(d, link, &r);
}

static void
frame(struct mapd *d, const struct imsg *m)
{
	struct wbuf w;

	if (find(d, m->id) < d->nlinks)
		maprecon_frame(d, m->id, m->data, m->len);
	wbuf_init(&w, 4);
	wbuf_u32(&w, (uint32_t)m->len);
	imsg_send_wbuf(d->proc->link[PROC_GOSSIPD], IMSG_RECON_CREDIT, m->id,
	    0, &w);
	wbuf_free(&w);
}

bool
mapnet_dispatch(struct mapd *d, struct imsg *m)
{
	struct rcur c;
	uint32_t n;

	rcur_init(&c, m->data, m->len);
	switch (m->type) {
	case IMSG_LINK_STATE_UP:
		up(d, m->id, &c);
		return true;
	case IMSG_LINK_STATE_DOWN:
		down(d, m->id);
		return true;
	case IMSG_ROOT_IN:
		root(d, m->id, &c);
		return true;
	case IMSG_RECON_IN:
		frame(d, m);
		return true;
	case IMSG_RECON_CREDIT:
		n = rcur_u32(&c);
		if (rcur_done(&c) && find(d, m->id) < d->nlinks)
			maprecon_sent(d, m->id, n);
		return true;
	case IMSG_DELTA_IN:
		mapdelta_in(d, m);
		return true;
	case IMSG_DELTA_SENT:
		mapdelta_sent(d);
		return true;
	case IMSG_MAP_ALONE:
		mapdelta_alone(d, rcur_u8(&c) != 0);
		return true;
	default:
		return false;
	}
}

/* They were set up with a profile that is no more. */
void
mapnet_forget(struct mapd *d)
{
	while (d->nlinks > 0)
		maprecon_down(d, d->links[--d->nlinks]);
	maprecon_links(d);
}

/* There is, or was, another node that may know more than we do. */
static void
mapnet_met(struct mapd *d)
{
	uint64_t now = wall_ms();

	d->met_ms = now;
	if (d->met_stored + MET_MS <= now || d->met_stored > now) {
		d->met_due = true;
		mapstore_flush(d);
	}
}

/*
 * A value may be renewed when we heard lately what the others have: one that
 * was deleted far away would come back otherwise.  0: any; else only those
 * written at this time or later, unix ms.
 */
uint64_t
mapnet_renew_from(const struct mapd *d)
{
	uint64_t now = wall_ms();

	if (d->agreed_ms != 0 && d->agreed_ms <= now &&
	    now - d->agreed_ms < AGREED_MS)
		return 0;
	return d->met_ms;
}

void
mapnet_tick(struct mapd *d)
{
	uint64_t at = recon_agreed_ms(d->recon), ago = mono_ms() - at;

	if (at != 0 && ago < wall_ms())
		d->agreed_ms = wall_ms() - ago;
	if (d->nlinks > 0)
		mapnet_met(d);
}
