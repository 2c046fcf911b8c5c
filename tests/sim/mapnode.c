/* SPDX-License-Identifier: MIT */
/*
 * A node's replicated map: the cores of micelio-stated (state/), driven as it
 * drives them.  A check of a signature takes a while, a write too; what the
 * core of gossipd says about the map waits until its call has returned, as if
 * it came through a socket.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "mapnode.h"
#include "proto/m2.h"

#define CHECK_US	60u		/* of a signature, one after the other */
#define COMMIT_US	(10 * US_PER_MS)
#define JOB_US		(5 * US_PER_MS)
#define TICK_US		(RECON_TICK_MS * US_PER_MS)
#define ROOT_BYTES	48u		/* of a root in a LinkCtrl */

enum note_kind { NOTE_UP, NOTE_DOWN, NOTE_ROOT, NOTE_FRAME, NOTE_SENT };

/* What the core of gossipd said. */
struct note {
	STAILQ_ENTRY(note) entry;
	enum note_kind	 kind;
	uint32_t	 sid;
	struct root	 root;
	uint32_t	 n;
	uint8_t		 b[];
};

struct mapjob {
	STAILQ_ENTRY(mapjob) entry;
	struct recon_job *job;
	uint64_t	 due;
};

struct mapcheck {
	STAILQ_ENTRY(mapcheck) entry;
	struct intake_item *item;
	uint64_t	 due;
};

struct mapnode {
	struct node	*node;
	struct map	 map;
	struct intake	 intake;
	struct recon	*recon;
	struct rng	 rng;
	uint64_t	 checked_until;	/* us */
	bool		 ending;	/* its core hears no more */
	STAILQ_HEAD(, note) notes;
	STAILQ_HEAD(, mapjob) jobs;
	STAILQ_HEAD(, mapcheck) checks;
};

/* ---- from the core of gossipd ---- */

static struct note *
note_add(struct node *n, enum note_kind kind, uint32_t sid, size_t room)
{
	struct note *x = xcalloc(1, sizeof(*x) + room);

	x->kind = kind;
	x->sid = sid;
	STAILQ_INSERT_TAIL(&n->map->notes, x, entry);
	return x;
}

static void
up_cb(void *arg, uint32_t sid, const struct nodeid *id,
    const struct m2_setup *setup)
{
	(void)id;
	(void)setup;
	note_add(arg, NOTE_UP, sid, 0);
}

static void
down_cb(void *arg, uint32_t sid)
{
	note_add(arg, NOTE_DOWN, sid, 0);
}

static void
root_cb(void *arg, uint32_t sid, const struct m2_root *r)
{
	struct note *x = note_add(arg, NOTE_ROOT, sid, 0);

	x->root.hour = r->hour;
	x->root.count = r->count;
	x->root.flags = r->flags;
	memcpy(x->root.hash, r->hash, sizeof(x->root.hash));
}

static void
frame_cb(void *arg, uint32_t sid, const void *p, size_t n)
{
	struct note *x = note_add(arg, NOTE_FRAME, sid, n);

	x->n = (uint32_t)n;
	memcpy(x->b, p, n);
}

static void
sent_cb(void *arg, uint32_t sid, uint32_t bytes)
{
	note_add(arg, NOTE_SENT, sid, 0)->n = bytes;
}

/* Nobody here writes while others listen. */
static void
delta_cb(void *arg, const uint8_t pubkey[32], const void *p, size_t n)
{
	(void)arg;
	(void)pubkey;
	(void)p;
	(void)n;
}

static void
delta_sent_cb(void *arg)
{
	(void)arg;
}

static void
alone_cb(void *arg, bool alone)
{
	(void)arg;
	(void)alone;
}

static const struct gossip_map_ops gossip_ops = { up_cb, down_cb, root_cb,
    frame_cb, sent_cb, delta_cb, delta_sent_cb, alone_cb };

bool
mapnode_step(struct world *w, struct node *n)
{
	struct mapnode *m = n->map;
	struct gtime now = node_now(w, n);
	struct note *x;

	if (m == NULL || (x = STAILQ_FIRST(&m->notes)) == NULL)
		return false;
	STAILQ_REMOVE_HEAD(&m->notes, entry);
	map_tick(&m->map, now.wall);
	switch (x->kind) {
	case NOTE_UP:
		(void)recon_link_up(m->recon, x->sid, now.mono);
		break;
	case NOTE_DOWN:
		recon_link_down(m->recon, x->sid, now.mono);
		break;
	case NOTE_ROOT:
		recon_root(m->recon, x->sid, &x->root, now.mono);
		break;
	case NOTE_FRAME:
		recon_frame(m->recon, x->sid, x->b, x->n, now.mono);
		gossip_map_taken(n->core, x->sid, x->n);
		break;
	case NOTE_SENT:
		recon_sent(m->recon, x->sid, x->n, now.mono);
	}
	free(x);
	return true;
}

/* ---- of reconciliation ---- */

static void
recon_frame_cb(void *arg, uint32_t link, const void *p, size_t n)
{
	struct mapnode *m = arg;
	struct world *w = m->node->world;

	if (m->ending)
		return;
	w->maps.bytes += n;
	gossip_map_send(m->node->core, node_now(w, m->node), link, p, n);
}

static void
recon_root_cb(void *arg, uint32_t link, const struct root *root)
{
	struct m2_root r = { .hour = root->hour, .count = root->count,
	    .flags = root->flags };
	struct mapnode *m = arg;
	struct world *w = m->node->world;

	if (m->ending)
		return;
	memcpy(r.hash, root->hash, sizeof(r.hash));
	w->maps.bytes += ROOT_BYTES;
	gossip_map_root(m->node->core, node_now(w, m->node), link, &r);
}

static enum intake_outcome
recon_entry_cb(void *arg, uint32_t link, uint64_t cookie,
    const struct entry *e, enum map_verdict *v)
{
	struct mapnode *m = arg;
	enum intake_outcome o;

	(void)link;
	o = intake_add(&m->intake, e, INTAKE_LINK, cookie,
	    node_now(m->node->world, m->node).wall);
	*v = m->intake.verdict;
	return o;
}

static void
due_add(struct mapnode *m, uint64_t at, enum mapnode_event what)
{
	queue_add(&m->node->world->queue, at, DO_MAP, m->node->i,
	    (uint64_t)m->node->life << 8 | what, NULL);
}

static void
recon_job_cb(void *arg, struct recon_job *job)
{
	struct mapnode *m = arg;
	struct mapjob *j = xcalloc(1, sizeof(*j));

	j->job = job;
	j->due = m->node->world->now + JOB_US;
	STAILQ_INSERT_TAIL(&m->jobs, j, entry);
	due_add(m, j->due, MAPNODE_JOB);
}

static void
recon_random_cb(void *arg, void *p, size_t n)
{
	rng_fill(&((struct mapnode *)arg)->rng, p, n);
}

static void
recon_charge_cb(void *arg, uint32_t link, const char *what)
{
	struct mapnode *m = arg;

	(void)link;
	world_broken(m->node->world, "map", "node %u: %s", m->node->i, what);
}

static void
recon_ended_cb(void *arg, uint32_t link, const struct recon_report *rep)
{
	struct mapnode *m = arg;
	struct world *w = m->node->world;
	struct maps *c = &w->maps;

	c->ends[rep->end]++;
	if (rep->opened) {
		c->entries += rep->entry_in + rep->entry_out;
		c->sessions += rep->end == RECON_OK;
		c->idle += rep->end == RECON_OK && rep->applied == 0 &&
		    rep->theirs == 0;
		c->idle_bytes += rep->applied == 0 && rep->theirs == 0 ?
		    rep->bytes_in + rep->bytes_out : 0;
	}
	if (w->trace)
		fprintf(stderr, "%8llu ms node %u link %u map: %s%s %s: "
		    "applied %llu theirs %llu found %llu, bytes %llu/%llu, "
		    "entries %llu/%llu, %llu ms\n",
		    (unsigned long long)(w->now / US_PER_MS), m->node->i,
		    link, rep->opened ? "opened" : "served",
		    rep->ranges ? " ranges" : "", recon_end_text(rep->end),
		    (unsigned long long)rep->applied,
		    (unsigned long long)rep->theirs,
		    (unsigned long long)rep->found,
		    (unsigned long long)rep->bytes_in,
		    (unsigned long long)rep->bytes_out,
		    (unsigned long long)rep->entry_in,
		    (unsigned long long)rep->entry_out,
		    (unsigned long long)rep->ms);
}

static const struct recon_ops recon_ops = { recon_frame_cb, recon_root_cb,
    recon_entry_cb, recon_job_cb, recon_random_cb, recon_charge_cb,
    recon_ended_cb };

/* ---- of the intake ---- */

static void
check_cb(void *arg, struct intake_item *it)
{
	struct mapnode *m = arg;
	struct mapcheck *c = xcalloc(1, sizeof(*c));
	uint64_t now = m->node->world->now;

	if (m->checked_until < now)
		m->checked_until = now;
	m->checked_until += CHECK_US;
	c->item = it;
	c->due = m->checked_until + COMMIT_US;
	if (STAILQ_EMPTY(&m->checks))
		due_add(m, c->due, MAPNODE_CHECK);
	STAILQ_INSERT_TAIL(&m->checks, c, entry);
}

static void
write_cb(void *arg, struct intake_item *it)
{
	struct mapnode *m = arg;

	intake_written(&m->intake, it, true,
	    node_now(m->node->world, m->node).wall);
}

static void
done_cb(void *arg, const struct intake_item *it, enum intake_outcome o)
{
	struct mapnode *m = arg;

	recon_entry_done(m->recon, it->cookie, &it->id, o, m->intake.verdict,
	    node_now(m->node->world, m->node).mono);
}

static const struct intake_ops intake_ops = { check_cb, write_cb, NULL,
    done_cb };

/* ---- its life ---- */

void
mapnode_start(struct world *w, struct node *n)
{
	struct mapnode *m = xcalloc(1, sizeof(*m));
	struct gtime now = node_now(w, n);

	n->map = m;
	m->node = n;
	m->rng = rng_stream(w->seed, RNG_MAP, n->i);
	STAILQ_INIT(&m->notes);
	STAILQ_INIT(&m->jobs);
	STAILQ_INIT(&m->checks);
	map_init(&m->map, &w->maps.profile, NULL, NULL, m, now.wall);
	intake_init(&m->intake, &m->map, &intake_ops, m);
	m->recon = recon_new(&m->map, &recon_ops, m, now.mono);
	gossip_map_start(n->core, &gossip_ops);
	gossip_map_profile(n->core, now, w->maps.profile.mesh,
	    w->maps.profile.id);
}

void
mapnode_loaded(struct world *w, struct node *n)
{
	recon_loaded(n->map->recon, node_now(w, n).mono);
	due_add(n->map, w->now + TICK_US, MAPNODE_TICK);
}

/* Whatever is under way comes to its end first. */
void
mapnode_free(struct node *n)
{
	struct gtime now = node_now(n->world, n);
	struct mapnode *m = n->map;
	struct mapcheck *c;
	struct mapjob *j;
	struct note *x;

	if (m == NULL)
		return;
	m->ending = true;
	while ((j = STAILQ_FIRST(&m->jobs)) != NULL) {
		STAILQ_REMOVE_HEAD(&m->jobs, entry);
		recon_job_run(j->job);
		recon_job_done(m->recon, j->job, now.mono);
		free(j);
	}
	while ((c = STAILQ_FIRST(&m->checks)) != NULL) {
		STAILQ_REMOVE_HEAD(&m->checks, entry);
		intake_checked(&m->intake, c->item, true, now.wall);
		free(c);
	}
	while ((x = STAILQ_FIRST(&m->notes)) != NULL) {
		STAILQ_REMOVE_HEAD(&m->notes, entry);
		free(x);
	}
	recon_free(m->recon);
	intake_free(&m->intake);
	map_free(&m->map);
	free(m);
	n->map = NULL;
}

static void
jobs_run(struct world *w, struct mapnode *m)
{
	struct mapjob *j;

	while ((j = STAILQ_FIRST(&m->jobs)) != NULL && j->due <= w->now) {
		STAILQ_REMOVE_HEAD(&m->jobs, entry);
		recon_job_run(j->job);
		recon_job_done(m->recon, j->job, node_now(w, m->node).mono);
		free(j);
	}
}

static void
checks_run(struct world *w, struct mapnode *m)
{
	struct mapcheck *c;

	while ((c = STAILQ_FIRST(&m->checks)) != NULL && c->due <= w->now) {
		STAILQ_REMOVE_HEAD(&m->checks, entry);
		intake_checked(&m->intake, c->item, true,
		    node_now(w, m->node).wall);
		free(c);
	}
	/* Those of one commit together. */
	if (c != NULL)
		due_add(m, c->due > w->now + COMMIT_US ? c->due :
		    w->now + COMMIT_US, MAPNODE_CHECK);
}

static void
tick(struct world *w, struct mapnode *m)
{
	struct gtime now = node_now(w, m->node);

	intake_tick(&m->intake, now.wall);
	recon_tick(m->recon, now.mono);
	due_add(m, w->now + TICK_US, MAPNODE_TICK);
}

void
mapnode_event(struct world *w, struct node *n, uint64_t v)
{
	struct mapnode *m = n->map;

	if (m == NULL || v >> 8 != n->life)
		return;
	map_tick(&m->map, node_now(w, n).wall);
	switch ((enum mapnode_event)(v & 255)) {
	case MAPNODE_TICK:
		tick(w, m);
		break;
	case MAPNODE_JOB:
		jobs_run(w, m);
		break;
	case MAPNODE_CHECK:
		checks_run(w, m);
	}
}

struct map *
mapnode_map(struct node *n)
{
	return n->map != NULL ? &n->map->map : NULL;
}
