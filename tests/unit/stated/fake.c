/* SPDX-License-Identifier: MIT */
#include "stated_test.h"

#include "fake.h"
#include "mtime.h"

uint64_t	 fake_mono, fake_wall;
struct fake_msg	 fake_msg[FAKE_MSGS_MAX];
size_t		 fake_msgs, fake_queued, fake_jobs;
unsigned int	 fake_violations;
bool		 fake_no_jobs;

static STAILQ_HEAD(, job) jobs = STAILQ_HEAD_INITIALIZER(jobs);
/* Their addresses are all that is used of these. */
static char		 chan[PROC_MAX];

uint64_t __wrap_mono_ms(void);
uint64_t __wrap_wall_ms(void);
void	 __wrap_imsg_send(struct imsgchan *, enum imsg_type, uint32_t,
	    uint64_t, const void *, size_t);
void	 __wrap_imsg_send_wbuf(struct imsgchan *, enum imsg_type, uint32_t,
	    uint64_t, const struct wbuf *);
size_t	 __wrap_imsgchan_queued(const struct imsgchan *);
void	 __wrap_imsgchan_violation(struct imsgchan *, const struct imsg *,
	    const char *);
bool	 __wrap_worker_submit(struct worker *, struct job *);

uint64_t
__wrap_mono_ms(void)
{
	return fake_mono;
}

uint64_t
__wrap_wall_ms(void)
{
	return fake_wall + fake_mono;
}

void
__wrap_imsg_send(struct imsgchan *to, enum imsg_type type, uint32_t id,
    uint64_t cause, const void *p, size_t n)
{
	struct fake_msg *m = &fake_msg[fake_msgs++];

	(void)cause;
	assert_true(fake_msgs <= FAKE_MSGS_MAX);
	assert_in_range(n, imsg_rules[type].min, imsg_rules[type].max);
	*m = (struct fake_msg){ .to = to, .type = type, .id = id, .len = n,
	    .data = malloc(n + 1) };
	assert_non_null(m->data);
	if (n > 0)
		memcpy(m->data, p, n);
}

void
__wrap_imsg_send_wbuf(struct imsgchan *to, enum imsg_type type, uint32_t id,
    uint64_t cause, const struct wbuf *w)
{
	__wrap_imsg_send(to, type, id, cause, w->p, w->len);
}

size_t
__wrap_imsgchan_queued(const struct imsgchan *c)
{
	(void)c;
	return fake_queued;
}

void
__wrap_imsgchan_violation(struct imsgchan *c, const struct imsg *m,
    const char *what)
{
	(void)c;
	(void)m;
	assert_non_null(what);
	fake_violations++;
}

bool
__wrap_worker_submit(struct worker *w, struct job *j)
{
	(void)w;
	if (fake_no_jobs)
		return false;
	STAILQ_INSERT_TAIL(&jobs, j, entry);
	fake_jobs++;
	return true;
}

void
fake_init(struct proc *p)
{
	fake_free();
	fake_mono = 1000;
	fake_queued = fake_jobs = 0;
	STAILQ_INIT(&jobs);
	fake_violations = 0;
	fake_no_jobs = false;
	p->parent = (struct imsgchan *)(void *)&chan[PROC_PARENT];
	for (unsigned int i = 0; i < PROC_MAX; i++)
		p->link[i] = (struct imsgchan *)(void *)&chan[i];
}

void
fake_free(void)
{
	fake_read();
}

void
fake_read(void)
{
	while (fake_msgs > 0)
		free(fake_msg[--fake_msgs].data);
}

size_t
fake_count(enum imsg_type type)
{
	size_t n = 0;

	for (size_t i = 0; i < fake_msgs; i++)
		n += fake_msg[i].type == type;
	return n;
}

const struct fake_msg *
fake_last(enum imsg_type type)
{
	for (size_t i = fake_msgs; i > 0; i--)
		if (fake_msg[i - 1].type == type)
			return &fake_msg[i - 1];
	fail_msg("no %s was sent", imsg_type_name(type));
	return NULL;
}

static enum store_err
job_run(struct store *s, struct job *j)
{
	enum store_err err;

	if (j->kind == JOB_READ)
		return j->run(s, j);
	assert_int_equal(store_begin(s), STORE_OK);
	err = j->run(s, j);
	if (err == STORE_OK)
		return store_commit(s);
	store_abort(s);
	return err;
}

bool
fake_job(struct store *s, enum store_err err)
{
	struct job *j = STAILQ_FIRST(&jobs);

	if (j == NULL)
		return false;
	STAILQ_REMOVE_HEAD(&jobs, entry);
	fake_jobs--;
	j->result = err != STORE_OK ? err : job_run(s, j);
	j->done(j, j->arg);
	return true;
}

size_t
fake_work(struct store *s)
{
	size_t n = 0;

	while (fake_job(s, STORE_OK))
		n++;
	return n;
}
