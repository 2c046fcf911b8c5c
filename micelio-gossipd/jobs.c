/* SPDX-License-Identifier: MIT */
/*
 * Signature checks that are under way.  The driver may answer at once or
 * later; only what is answered later is copied.
 */
#include <stdlib.h>
#include <string.h>

#include "budget.h"
#include "common/cursor.h"
#include "common/log.h"
#include "core.h"
#include "envelope_in.h"
#include "exchange.h"
#include "gossip.h"
#include "gtime.h"
#include "hello.h"
#include "jobs.h"
#include "peers.h"
#include "proto/envelope.h"
#include "proto/m2.h"
#include "record.h"
#include "session.h"

static void	job_done(struct gossip *, struct job *, bool good);
static struct job	*job_keep(struct gossip *, const struct job *);
static enum verdict	 job_ask(struct gossip *, const struct job *);

void
job_run(struct gossip *g, struct job *job)
{
	enum verdict v;

	job->number = ++g->last_job;
	v = job_ask(g, job);
	if (v == VERDICT_PENDING)
		job_keep(g, job);
	else
		job_done(g, job, v == VERDICT_GOOD);
}

static enum verdict
record_ask(struct gossip *g, const struct job *job)
{
	struct m2_records *m = xcalloc(1, sizeof(*m));
	enum verdict v = VERDICT_BAD;

	wbuf_reset(&g->scratch);
	if (m2_records_read(m, job->env.payload.p, job->env.payload.n) &&
	    m->n == 1) {
		record_signed_bytes(&g->scratch, &m->r[0]);
		g->count.verified++;
		v = g->ops->verify(g->arg, job->number, job->pubkey,
		    m->r[0].sig, g->scratch.p, g->scratch.len);
	}
	free(m);
	return v;
}

/* Lengths are judged here: others than 32 and 64 are never good. */
static enum verdict
job_ask(struct gossip *g, const struct job *job)
{
	if (job->kind == JOB_RECORD)
		return record_ask(g, job);
	if (job->env.signature.n != 64)
		return VERDICT_BAD;
	wbuf_reset(&g->scratch);
	envelope_write_signed(&g->scratch, &job->env);
	g->count.verified++;
	return g->ops->verify(g->arg, job->number, job->pubkey,
	    job->env.signature.p, g->scratch.p, g->scratch.len);
}

static struct slice
moved(const struct job *from, const uint8_t *to, struct slice s)
{
	if (s.n > 0)
		s.p = to + (s.p - from->env.raw.p);
	return s;
}

static struct job *
job_keep(struct gossip *g, const struct job *from)
{
	struct job *j = xcalloc(1, sizeof(*j));

	*j = *from;
	j->frame = xcalloc(1, from->len > 0 ? from->len : 1);
	if (from->len > 0)
		memcpy(j->frame, from->env.raw.p, from->len);
	j->env.raw.p = j->frame;
	j->env.message_id = moved(from, j->frame, from->env.message_id);
	j->env.sender_id = moved(from, j->frame, from->env.sender_id);
	j->env.payload = moved(from, j->frame, from->env.payload);
	j->env.signature = moved(from, j->frame, from->env.signature);
	j->env.sender_pubkey = moved(from, j->frame,
	    from->env.sender_pubkey);
	TAILQ_INSERT_TAIL(&g->jobs, j, entry);
	g->njobs++;
	return j;
}

static void
job_free(struct gossip *g, struct job *j)
{
	TAILQ_REMOVE(&g->jobs, j, entry);
	g->njobs--;
	free(j->frame);
	free(j);
}

bool
job_wait(struct gossip *g, const struct job *from)
{
	struct job *j;
	size_t n = 0;

	TAILQ_FOREACH(j, &g->jobs, entry)
		if (j->waiting &&
		    memcmp(j->seen_key, from->seen_key, 16) == 0)
			n++;
	if (n >= JOB_COPIES_MAX)
		return false;
	j = job_keep(g, from);
	j->number = 0;
	j->waiting = true;
	return true;
}

struct job *
job_waiting(struct gossip *g, const uint8_t key[16])
{
	struct job *j;

	TAILQ_FOREACH(j, &g->jobs, entry)
		if (j->waiting && memcmp(j->seen_key, key, 16) == 0)
			return j;
	return NULL;
}

/* A job that waited takes its turn. */
void
job_start(struct gossip *g, struct job *j)
{
	enum verdict v;

	j->waiting = false;
	j->number = ++g->last_job;
	if ((v = job_ask(g, j)) == VERDICT_PENDING)
		return;
	job_done(g, j, v == VERDICT_GOOD);
	job_free(g, j);
}

void
job_cancel(struct gossip *g, struct job *j)
{
	struct session *s = peers_session(g, j->sid);

	if (s != NULL)
		peers_handled(g, s, j->len);
	job_free(g, j);
}

void
jobs_free(struct gossip *g)
{
	while (!TAILQ_EMPTY(&g->jobs))
		job_free(g, TAILQ_FIRST(&g->jobs));
}

void
gossip_verified(struct gossip *g, struct gtime now, uint64_t number, bool good)
{
	struct job *j;

	g->now = now;
	TAILQ_FOREACH(j, &g->jobs, entry)
		if (!j->waiting && j->number == number)
			break;
	if (j == NULL)
		return;
	job_done(g, j, good);
	job_free(g, j);
}

static void
job_done(struct gossip *g, struct job *job, bool good)
{
	struct session *s = peers_session(g, job->sid);

	switch (job->kind) {
	case JOB_GOSSIP:
		envelope_verified(g, job, good);
		break;
	case JOB_HELLO:
		if (s != NULL && s->state == PEER_VERIFY)
			hello_verified(g, s, job, good);
		return;
	case JOB_RECORD:
		record_verified(g, s, job, good);
		return;
	case JOB_EXCHANGE:
		if (s != NULL && s->state == PEER_READY)
			exchange_verified(g, s, job, good);
		break;
	}
	/* Gone or not, the window of the session was used. */
	if ((s = peers_session(g, job->sid)) != NULL)
		peers_handled(g, s, job->len);
}
