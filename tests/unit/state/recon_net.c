/* SPDX-License-Identifier: MIT */
#include "recon_net.h"

#include "common/cursor.h"
#include "proto/m2.h"

enum what { W_FRAME, W_ROOT, W_SENT, W_JOB };

struct net_event {
	struct net_event	*next;
	enum what		 what;
	uint64_t		 at;
	unsigned int		 from, to;
	struct root		 root;
	struct recon_job	*job;
	size_t			 n;
	uint8_t			 b[];
};

static struct net_event *
event_new(struct net *net, enum what what, uint64_t after, size_t room)
{
	struct net_event *e = calloc(1, sizeof(*e) + room), **p = &net->first;

	e->what = what;
	e->at = net->now + after;
	if (*net->last == NULL && net->last != &net->first &&
	    ((struct net_event *)((char *)net->last -
	    offsetof(struct net_event, next)))->at <= e->at)
		p = net->last;
	while (*p != NULL && (*p)->at <= e->at)
		p = &(*p)->next;
	e->next = *p;
	*p = e;
	if (e->next == NULL)
		net->last = &e->next;
	return e;
}

uint64_t
net_wall(const struct net_node *n)
{
	return n->net->wall + n->net->now + (uint64_t)n->skew_ms;
}

static void
frame_cb(void *arg, uint32_t link, const void *p, size_t n)
{
	struct net_node *me = arg;
	struct net *net = me->net;
	struct net_event *e;

	assert_true(n <= RECON_FRAME_MAX);
	me->frames++;
	me->frame_bytes += n;
	me->frame_max = n > me->frame_max ? n : me->frame_max;
	e = event_new(net, W_SENT, net->delay, 0);
	e->to = me->number;
	e->from = link;
	e->n = n;
	e = event_new(net, W_FRAME, net->delay, RECON_FRAME_MAX);
	e->from = me->number;
	e->to = link;
	e->n = n;
	memcpy(e->b, p, n);
	if (net->filter != NULL &&
	    !net->filter(net, e->from, e->to, e->b, &e->n))
		e->n = 0;
}

static void
root_cb(void *arg, uint32_t link, const struct root *root)
{
	struct m2_ctrl c = { .has_root = true };
	struct net_node *me = arg;
	struct wbuf body, frame;
	struct net_event *e;

	c.root = (struct m2_root){ .hour = root->hour, .count = root->count,
	    .flags = root->flags };
	memcpy(c.root.hash, root->hash, sizeof(c.root.hash));
	wbuf_init(&body, 4096);
	wbuf_init(&frame, 4096);
	m2_ctrl_write(&body, &c);
	m2_frame_write(&frame, MSG_LINK_CTRL, body.p, body.len);
	me->roots++;
	me->root_bytes += frame.len;
	wbuf_free(&body);
	wbuf_free(&frame);
	e = event_new(me->net, W_ROOT, me->net->delay, 0);
	e->from = me->number;
	e->to = link;
	e->root = *root;
}

static enum intake_outcome
entry_cb(void *arg, uint32_t link, uint64_t cookie, const struct entry *e,
    enum map_verdict *v)
{
	struct net_node *me = arg;
	enum intake_outcome o;

	(void)link;
	o = intake_add(&me->intake, e, INTAKE_LINK, cookie, net_wall(me));
	*v = me->intake.verdict;
	return o;
}

static void
job_cb(void *arg, struct recon_job *j)
{
	struct net_node *me = arg;
	struct net_event *e = event_new(me->net, W_JOB, me->net->job_ms, 0);

	e->to = me->number;
	e->job = j;
}

static void
random_cb(void *arg, void *p, size_t n)
{
	struct net_node *me = arg;
	uint8_t *b = p;

	while (n-- > 0)
		*b++ = (uint8_t)rng_next(&me->net->rng);
}

static void
charge_cb(void *arg, uint32_t link, const char *what)
{
	(void)link;
	assert_non_null(what);
	((struct net_node *)arg)->charges++;
}

static void
ended_cb(void *arg, uint32_t link, const struct recon_report *rep)
{
	struct net_node *me = arg;

	(void)link;
	if (getenv("RECON_TRACE") != NULL)
		fprintf(stderr, "%6llu node %u link %u %s%s%s%s: %s, "
		    "applied %llu theirs %llu found %llu turns %llu in %llu "
		    "out %llu entries %llu/%llu %llu ms\n",
		    (unsigned long long)me->net->now, me->number, link,
		    rep->opened ? "opened" : "served",
		    rep->ranges ? " ranges" : "", rep->sweep ? " sweep" : "",
		    rep->first_copy ? " copy" : "", recon_end_text(rep->end),
		    (unsigned long long)rep->applied,
		    (unsigned long long)rep->theirs,
		    (unsigned long long)rep->found,
		    (unsigned long long)rep->turns,
		    (unsigned long long)rep->bytes_in,
		    (unsigned long long)rep->bytes_out,
		    (unsigned long long)rep->entry_in,
		    (unsigned long long)rep->entry_out,
		    (unsigned long long)rep->ms);
	if (!rep->opened) {
		me->served++;
		me->served_end = rep->end;
	} else if (me->nreports < NET_REPORTS && !rep->sweep) {
		me->reports[me->nreports++] = *rep;
	}
}

static const struct recon_ops recon_ops = { frame_cb, root_cb, entry_cb,
    job_cb, random_cb, charge_cb, ended_cb };

static void
check_cb(void *arg, struct intake_item *it)
{
	struct net_node *me = arg;

	/* What stands for a bad signature here. */
	intake_checked(&me->intake, it, it->e.sig.p[0] != 0xff, net_wall(me));
}

static void
write_cb(void *arg, struct intake_item *it)
{
	struct net_node *me = arg;

	intake_written(&me->intake, it, !me->fail_writes, net_wall(me));
}

static void
done_cb(void *arg, const struct intake_item *it, enum intake_outcome o)
{
	struct net_node *me = arg;

	recon_entry_done(me->r, it->cookie, &it->id, o, me->intake.verdict,
	    me->net->now);
}

static const struct intake_ops intake_ops = { check_cb, write_cb, NULL,
    done_cb };

void
net_init(struct net *net, unsigned int nodes, const struct profile *profile)
{
	static const struct map_limits limits = { 2048, 2000000, SIZE_MAX };
	static const uint8_t mesh[MESH_ID_LEN];
	struct net_node *n;

	memset(net, 0, sizeof(*net));
	net->n = nodes;
	net->wall = NOW0;
	net->delay = 10;
	net->job_ms = 1;
	net->rng.s = 1;
	net->last = &net->first;
	if (profile != NULL)
		net->profile = *profile;
	else
		profile_init(&net->profile, mesh, NULL, 0);
	for (unsigned int i = 0; i < nodes; i++) {
		n = &net->node[i];
		n->net = net;
		n->number = i;
		map_init(&n->map, &net->profile, &limits, NULL, n,
		    net_wall(n));
		intake_init(&n->intake, &n->map, &intake_ops, n);
		n->r = recon_new(&n->map, &recon_ops, n, 0);
	}
}

static void
event_do(struct net *net, struct net_event *e)
{
	struct net_node *n = &net->node[e->to];
	bool up = net->up[e->from][e->to];

	if (e->what == W_JOB) {
		recon_job_run(e->job);
		recon_job_done(n->r, e->job, net->now);
	} else if (e->what == W_SENT && up) {
		recon_sent(n->r, e->from, e->n, net->now);
	} else if (e->what == W_ROOT && up) {
		recon_root(n->r, e->from, &e->root, net->now);
	} else if (e->what == W_FRAME && up && e->n > 0) {
		recon_frame(n->r, e->from, e->b, e->n, net->now);
	}
}

static void
tick(struct net *net)
{
	for (unsigned int i = 0; i < net->n; i++) {
		map_tick(&net->node[i].map, net_wall(&net->node[i]));
		intake_tick(&net->node[i].intake, net_wall(&net->node[i]));
		recon_tick(net->node[i].r, net->now);
	}
	if (net->each_tick != NULL)
		net->each_tick(net);
	net->next_tick = net->now + RECON_TICK_MS;
}

static void
step(struct net *net)
{
	struct net_event *e = net->first;

	if (e == NULL || e->at > net->next_tick) {
		net->now = net->next_tick;
		tick(net);
		return;
	}
	if (e->at > net->now)
		net->now = e->at;
	net->first = e->next;
	if (net->first == NULL)
		net->last = &net->first;
	event_do(net, e);
	free(e);
}

void
net_run(struct net *net, uint64_t ms)
{
	uint64_t end = net->now + ms;

	while (net->now < end)
		step(net);
}

bool
net_equal(struct net *net)
{
	for (unsigned int i = 1; i < net->n; i++)
		if (!maps_equal(&net->node[0].map, &net->node[i].map))
			return false;
	return true;
}

bool
net_settle(struct net *net, uint64_t ms)
{
	uint64_t end = net->now + ms;

	while (net->now < end && !net_equal(net))
		net_run(net, RECON_TICK_MS);
	return net_equal(net);
}

void
net_free(struct net *net)
{
	struct net_event *e;

	while ((e = net->first) != NULL) {
		net->first = e->next;
		if (e->what == W_JOB)
			event_do(net, e);
		free(e);
	}
	net->last = &net->first;
	for (unsigned int i = 0; i < net->n; i++) {
		for (unsigned int k = 0; k < net->n; k++)
			recon_link_down(net->node[i].r, k, net->now);
		assert_true(recon_idle(net->node[i].r));
		recon_free(net->node[i].r);
		intake_free(&net->node[i].intake);
		map_free(&net->node[i].map);
	}
	while ((e = net->first) != NULL) {
		net->first = e->next;
		free(e);
	}
	profile_free(&net->profile);
}

void
net_link(struct net *net, unsigned int a, unsigned int b)
{
	net->up[a][b] = net->up[b][a] = true;
	recon_link_up(net->node[a].r, b, net->now);
	recon_link_up(net->node[b].r, a, net->now);
}

void
net_unlink(struct net *net, unsigned int a, unsigned int b)
{
	struct net_event *e;

	net->up[a][b] = net->up[b][a] = false;
	recon_link_down(net->node[a].r, b, net->now);
	recon_link_down(net->node[b].r, a, net->now);
	for (e = net->first; e != NULL; e = e->next)
		if ((e->from == a && e->to == b) ||
		    (e->from == b && e->to == a))
			e->n = 0;
}

void
net_link_all(struct net *net)
{
	for (unsigned int a = 0; a < net->n; a++)
		for (unsigned int b = 0; b < a; b++)
			if (!net->up[a][b])
				net_link(net, a, b);
}

void
net_put_entry(struct net_node *n, const struct entry *e)
{
	uint8_t buf[ENTRY_SIGNED_MAX];
	struct entry_id id;

	entry_id_of(buf, entry_signed(e, n->net->profile.mesh, buf), &id);
	map_apply(&n->map, e, &id, net_wall(n));
}

void
net_put(struct net_node *n, const struct made *m)
{
	map_apply(&n->map, &m->e, &m->id, net_wall(n));
}

void
net_inject(struct net *net, unsigned int from, unsigned int to,
    const void *p, size_t n)
{
	struct net_event *e = event_new(net, W_FRAME, net->delay,
	    RECON_FRAME_MAX);

	e->from = from;
	e->to = to;
	e->n = n;
	memcpy(e->b, p, n);
}

const struct recon_report *
net_report(const struct net_node *n)
{
	return n->nreports == 0 ? NULL : &n->reports[n->nreports - 1];
}

void
net_fill(struct net_node *n, unsigned int from, unsigned int to)
{
	struct made m;
	char name[32];

	for (unsigned int i = from; i < to; i++) {
		snprintf(name, sizeof(name), "key/%u", i);
		make(&m, 1 + i / 250, name, NET_VALUE,
		    HLC_OF_MS(NOW0 - 1000) + i, NOW0 + 20 * DAY_MS);
		net_put(n, &m);
	}
}

void
net_loaded(struct net *w)
{
	for (unsigned int i = 0; i < w->n; i++)
		recon_loaded(w->node[i].r, 0);
	net_run(w, 50);
}

unsigned int
net_common(void)
{
	return (unsigned int)how_many(2000, 2000, 600);
}

void
net_three(struct net *net, unsigned int each, net_filter *filter)
{
	const unsigned int all = net_common();

	net_init(net, 3, NULL);
	for (unsigned int i = 0; i < 3; i++) {
		net_fill(&net->node[i], 0, all);
		net_fill(&net->node[i], all + i * each, all + (i + 1) * each);
	}
	net->filter = filter;
	net_loaded(net);
	net_link(net, 0, 1);
	net_link(net, 0, 2);
}

bool
net_between(unsigned int from, unsigned int to)
{
	return from + to == 1;
}

bool
net_silent(struct net *net, unsigned int from, unsigned int to, uint8_t *p,
    size_t *n)
{
	(void)net;
	(void)p;
	(void)n;
	return !net_between(from, to) || from != 1;
}

unsigned int
net_ended(const struct net_node *n, enum recon_end end)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < n->nreports; i++)
		count += n->reports[i].end == end;
	return count;
}
