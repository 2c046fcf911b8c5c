/* SPDX-License-Identifier: MIT */
#include "mesh.h"
#include "micelio-gossipd/core.h"

void
mesh_open(struct mesh *m)
{
	m->f = fake_new(0);
	ident_make(&m->b, 1);
	ident_make(&m->c, 2);
	ident_make(&m->d, 3);
	ident_make(&m->author, 4);
	fake_connect(m->f, 1, &m->b);
	fake_connect(m->f, 2, &m->c);
	fake_connect(m->f, 3, &m->d);
	assert_int_equal(m->f->g->npeers, 3);
	fake_forget(m->f);
}

uint64_t
drops(const struct mesh *m, enum drop d)
{
	return m->f->g->count.drops[d];
}

void
assert_quiet(const struct mesh *m)
{
	assert_int_equal(m->f->nchats, 0);
	assert_int_equal(m->f->nsent, 0);
	assert_int_equal(m->f->g->count.received, 0);
}
