/* SPDX-License-Identifier: MIT */
/*
 * The driver of reconciliation: two of them, with the core as it is, joined
 * by what they send to their gossipds.
 */
#include "stated_test.h"

#include "maprig.h"
#include "row.h"

#define LINK		7u
#define STEPS_MAX	4000u
#define STEPS_SECOND	(1000u / RECON_TICK_MS)
#define WRITES		200u	/* of a step */

struct side {
	struct proc	 proc;
	struct mapd	 d;
	size_t		 charged, gained, roots;
	struct intake_item *writes[INTAKE_MAX];
	size_t		 first_write, nwrites;	/* a ring */
};

static struct side side[2];

/* Messages between them, and work for their threads, in order. */
struct letter {
	STAILQ_ENTRY(letter)	 entry;
	unsigned int		 from;
	struct pool_job		*job;
	struct fake_msg		 m;
};
static STAILQ_HEAD(, letter) post = STAILQ_HEAD_INITIALIZER(post);

/* Of the side that acts just now. */
static STAILQ_HEAD(, pool_job) work = STAILQ_HEAD_INITIALIZER(work);

void	__real_recon_loaded(struct recon *, uint64_t);
void	__wrap_pool_submit(struct pool *, struct pool_job *);

void
__wrap_pool_submit(struct pool *p, struct pool_job *j)
{
	(void)p;
	STAILQ_INSERT_TAIL(&work, j, entry);
}

static void
check_cb(void *arg, struct intake_item *it)
{
	intake_checked(&((struct side *)arg)->d.intake, it, true,
	    NOW0 + fake_mono);
}

/* It is on the disk some steps later. */
static void
write_cb(void *arg, struct intake_item *it)
{
	struct side *s = arg;

	assert_true(s->nwrites < INTAKE_MAX);
	s->writes[(s->first_write + s->nwrites++) % INTAKE_MAX] = it;
}

static void
writes_do(struct side *s)
{
	struct intake_item *it;

	for (unsigned int i = 0; i < WRITES && s->nwrites > 0; i++) {
		it = s->writes[s->first_write];
		s->first_write = (s->first_write + 1) % INTAKE_MAX;
		s->nwrites--;
		intake_written(&s->d.intake, it, true, NOW0 + fake_mono);
	}
}

static void
done_cb(void *arg, const struct intake_item *it, enum intake_outcome o)
{
	maprecon_done(&((struct side *)arg)->d, it, o);
}

static void
side_init(struct side *s)
{
	static const struct intake_ops intake_ops = { check_cb, write_cb,
	    NULL, done_cb };

	memset(s, 0, sizeof(*s));
	maprig_init(&s->d, &s->proc);
	s->proc.base = event_base_new();
	assert_non_null(s->proc.base);
	s->d.profile.quota = 10000;
	intake_init(&s->d.intake, &s->d.map, &intake_ops, s);
	maprecon_init(&s->d);
	__real_recon_loaded(s->d.recon, fake_mono);
}

static int
setup(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2; i++)
		side_init(&side[i]);
	return 0;
}

static void
root_tell(struct side *to, const struct fake_msg *m)
{
	struct root r = { 0 };
	struct rcur c;

	rcur_init(&c, m->data, m->len);
	r.hour = rcur_u32(&c);
	r.count = rcur_u64(&c);
	rcur_copy(&c, r.hash, sizeof(r.hash));
	r.flags = rcur_u32(&c);
	assert_true(rcur_done(&c));
	maprecon_root(&to->d, LINK, &r);
}

/* One message of a side; those it leads to are the other's. */
static void
pass(unsigned int from, const struct fake_msg *m)
{
	struct side *s = &side[from], *to = &side[1 - from];

	assert_int_equal(m->id, LINK);
	switch (m->type) {
	case IMSG_ROOT_OUT:
		s->roots++;
		root_tell(to, m);
		break;
	case IMSG_RECON_OUT:
		maprecon_frame(&to->d, LINK, m->data, m->len);
		break;
	case IMSG_LINK_CHARGE:
		s->charged++;
		break;
	case IMSG_MAP_GAINED:
		s->gained++;
		break;
	default:
		fail_msg("unexpected %s", imsg_type_name(m->type));
	}
}

static void
letter_add(unsigned int from, struct pool_job *job, const struct fake_msg *m)
{
	struct letter *l = calloc(1, sizeof(*l));

	assert_non_null(l);
	l->from = from;
	l->job = job;
	if (m != NULL)
		l->m = *m;
	STAILQ_INSERT_TAIL(&post, l, entry);
}

/* What a side has just begun is on its way, behind what is already. */
static void
sent(unsigned int from)
{
	struct pool_job *j;

	for (size_t i = 0; i < fake_msgs; i++)
		letter_add(from, NULL, &fake_msg[i]);
	fake_msgs = 0;
	while ((j = STAILQ_FIRST(&work)) != NULL) {
		STAILQ_REMOVE_HEAD(&work, entry);
		letter_add(from, j, NULL);
	}
}

/* All of it comes, and what it leads to, until nobody has more to say. */
static void
drain(unsigned int from)
{
	struct letter *l;

	sent(from);
	while ((l = STAILQ_FIRST(&post)) != NULL) {
		STAILQ_REMOVE_HEAD(&post, entry);
		if (l->job != NULL) {
			l->job->run(l->job);
			l->job->done(l->job);
		} else {
			pass(l->from, &l->m);
			sent(1 - l->from);
			if (l->m.type == IMSG_RECON_OUT)
				maprecon_sent(&side[l->from].d, LINK,
				    l->m.len);
		}
		sent(l->from);
		free(l->m.data);
		free(l);
	}
}

static int
teardown(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		maprecon_down(&side[i].d, LINK);
		drain(i);
		while (side[i].nwrites > 0)
			writes_do(&side[i]);
	}
	for (unsigned int i = 0; i < 2; i++) {
		event_free(side[i].d.recon_tick);
		recon_free(side[i].d.recon);
		intake_free(&side[i].d.intake);
		maprig_free(&side[i].d);
		event_base_free(side[i].proc.base);
	}
	return 0;
}

static void
link_up(void)
{
	for (unsigned int i = 0; i < 2; i++) {
		assert_true(maprecon_up(&side[i].d, LINK));
		side[i].d.links[side[i].d.nlinks++] = LINK;
		maprecon_links(&side[i].d);
		assert_true(event_pending(side[i].d.recon_tick, EV_TIMEOUT,
		    NULL));
	}
	drain(1);
}

static bool
equal(void)
{
	return maps_equal(&side[0].d.map, &side[1].d.map);
}

/* Time passes, until the maps are equal if it is for that; steps it took. */
static size_t
steps(size_t most, bool until_equal)
{
	size_t n;

	for (n = 0; n < most && !(until_equal && equal()); n++) {
		fake_mono += RECON_TICK_MS;
		for (unsigned int i = 0; i < 2; i++) {
			event_active(side[i].d.recon_tick, EV_TIMEOUT, 0);
			assert_int_not_equal(event_base_loop(
			    side[i].proc.base, EVLOOP_NONBLOCK), -1);
			drain(i);
			writes_do(&side[i]);
			drain(i);
		}
	}
	return n;
}

static void
have(unsigned int at, unsigned int author, unsigned int from,
    unsigned int to)
{
	struct made m;
	char name[16];

	for (unsigned int i = from; i < to; i++) {
		snprintf(name, sizeof(name), "%u", i);
		make(&m, author, name, "v", HLC_OF_MS(NOW0) + i, NOW0 + DAY_MS);
		assert_int_equal(put(&side[at].d.map, &m, NOW0), MAP_TAKE);
	}
}

/* A number of the row, or -1. */
static int64_t
row_of(const struct side *s, const char *name)
{
	struct row_field f;
	struct wbuf w;
	struct rcur c;
	int64_t found = -1;

	wbuf_init(&w, 4096);
	maprecon_row(&s->d, &w);
	rcur_init(&c, w.p, w.len);
	while (row_next(&c, &f))
		if (f.name_len == strlen(name) && f.type != ROW_NULL &&
		    memcmp(f.name, name, f.name_len) == 0)
			found = (int64_t)f.num;
	assert_false(c.bad);
	wbuf_free(&w);
	return found;
}

/* Each gets what the other has; both say so to people and to gossipd. */
static void
test_made_equal(void **state)
{
	(void)state;
	have(0, 1, 0, 250);
	have(1, 1, 50, 300);
	link_up();
	assert_int_equal(row_of(&side[0], "agreed"), -1);
	assert_true(steps(STEPS_MAX, true) < STEPS_MAX);
	assert_int_equal(side[0].d.map.live, 300);
	(void)steps(100, false);
	for (unsigned int i = 0; i < 2; i++) {
		assert_true(side[i].d.sessions > 0);
		assert_true(side[i].gained > 0);
		assert_int_equal(side[i].charged, 0);
		assert_int_equal(row_of(&side[i], "links_equal"), 1);
		assert_true(row_of(&side[i], "last_bytes") > 0);
		/* On change, at most four a second. */
		assert_in_range(side[i].roots, 1, 4 * (fake_mono / 1000 +
		    1));
	}
}

/*
 * New authors come slowly, not their entries: hundreds of one whom the other
 * has not met are there at once, though none is written before many came.
 */
static void
test_newcomers(void **state)
{
	(void)state;
	have(0, 1, 0, 300);
	have(1, 2, 1000, 1300);
	link_up();
	assert_true(steps(STEPS_MAX, true) < 20 * STEPS_SECOND);
}

/* A node that has next to nothing gets those of all authors, whoever opens. */
static void
test_first_of_many_authors(void **state)
{
	(void)state;
	for (unsigned int i = 1; i <= 200; i++)
		have(0, i, i * 5, i * 5 + 5);
	link_up();
	assert_true(steps(STEPS_MAX, true) < 20 * STEPS_SECOND);
	/* Having been equal once, it takes new ones slowly. */
	(void)steps(100, false);
	for (unsigned int i = 201; i <= 300; i++)
		have(0, i, i * 5, i * 5 + 1);
	(void)steps(20 * STEPS_SECOND, true);
	assert_int_equal(side[1].d.map.nauthors, 264);
	assert_true(steps(STEPS_MAX, true) < 150 * STEPS_SECOND);
}

/* What comes while other rules are about to hold is not judged by these. */
static void
test_new_rules(void **state)
{
	(void)state;
	have(0, 1, 0, 50);
	side[1].d.reprofile = true;
	link_up();
	(void)steps(200, false);
	assert_int_equal(side[1].d.map.live, 0);
	side[1].d.reprofile = false;
	assert_true(steps(STEPS_MAX, true) < STEPS_MAX);
}

/* Rubbish is told to gossipd, which counts it. */
static void
test_charged(void **state)
{
	static const uint8_t rubbish[] = { 0xff, 0xff, 0xff, 0x01 };

	(void)state;
	link_up();
	maprecon_frame(&side[1].d, LINK, rubbish, sizeof(rubbish));
	assert_int_equal(fake_count(IMSG_LINK_CHARGE), 1);
	drain(1);
	assert_int_equal(side[1].charged, 1);
}

/* All of it in one session, told as such; without a link no ticks. */
static void
test_first_copy(void **state)
{
	(void)state;
	have(0, 1, 0, 1200);
	link_up();
	assert_int_equal(row_of(&side[1], "to_copy"), -1);
	assert_true(steps(STEPS_MAX, true) < STEPS_MAX);
	assert_int_equal(row_of(&side[1], "last_applied"), 1200);
	(void)steps(10, false);
	assert_int_equal(row_of(&side[1], "to_copy"), -1);
	side[1].d.nlinks = 0;
	maprecon_links(&side[1].d);
	assert_false(event_pending(side[1].d.recon_tick, EV_TIMEOUT, NULL));
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_made_equal),
		T(test_newcomers),
		T(test_first_of_many_authors),
		T(test_new_rules),
		T(test_charged),
		T(test_first_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
