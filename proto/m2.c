/* SPDX-License-Identifier: MIT */
#include <sodium.h>
#include <string.h>

#include "common/cursor.h"
#include "common/text.h"
#include "m2.h"
#include "wire.h"

/* A field and its wire type, as they stand in its tag. */
#define TAG(f)		((f)->number << 3 | (f)->type)
#define NUM(number)	((number) << 3 | WIRE_VARINT)
#define BYTES(number)	((number) << 3 | WIRE_BYTES)

static const uint8_t peer_tag[] = "\xff" "micelio/peer/1";

/* A byte string of the schema: k items of each bytes, at most max items. */
static bool
take_items(struct slice *out, const struct wire_field *f, size_t each,
    size_t max)
{
	if (f->len % each != 0 || f->len / each > max)
		return false;
	*out = (struct slice){ f->bytes, f->len };
	return true;
}

/* Of exactly n bytes; an empty one is an absent one. */
static bool
take_fixed(uint8_t *out, const struct wire_field *f, size_t n)
{
	if (f->len != n && f->len != 0)
		return false;
	if (f->len == n)
		memcpy(out, f->bytes, n);
	else
		memset(out, 0, n);
	return true;
}

/* Every field of a message to take, which says false for a bad one. */
static bool
fields_read(const void *p, size_t n,
    bool (*take)(void *, const struct wire_field *), void *arg)
{
	struct wire_field f;
	struct wire w;

	wire_init(&w, p, n);
	while (wire_next(&w, &f))
		if (!take(arg, &f))
			return false;
	return !w.bad;
}

static bool
setup_take(void *arg, const struct wire_field *f)
{
	struct m2_setup *s = arg;

	switch (TAG(f)) {
	case NUM(1):
		s->version = (uint32_t)f->value;
		return true;
	case NUM(2):
		s->caps = f->value;
		return true;
	case BYTES(3):
		return take_fixed(s->salt, f, M2_SALT);
	case BYTES(4):
		return take_fixed(s->mesh_id, f, sizeof(s->mesh_id));
	case BYTES(5):
		return take_fixed(s->profile, f, sizeof(s->profile));
	case NUM(6):
		s->boot_ms = f->value;
		return true;
	default:
		return true;
	}
}

static bool
ping_take(void *arg, const struct wire_field *f)
{
	struct m2_ping *p = arg;

	switch (TAG(f)) {
	case NUM(1):
		p->seq = (uint32_t)f->value;
		break;
	case NUM(2):
		p->echo = (uint32_t)f->value;
		break;
	case NUM(3):
		p->hold_us = (uint32_t)f->value;
		break;
	case NUM(4):
		p->wall_ms = f->value;
		break;
	}
	return true;
}

static bool
root_take(void *arg, const struct wire_field *f)
{
	struct m2_root *r = arg;

	switch (TAG(f)) {
	case NUM(1):
		r->hour = (uint32_t)f->value;
		return true;
	case NUM(2):
		r->count = f->value;
		return true;
	case BYTES(3):
		return take_fixed(r->hash, f, sizeof(r->hash));
	case NUM(4):
		r->flags = (uint32_t)f->value;
		return true;
	default:
		return true;
	}
}

static bool
ctrl_take(void *arg, const struct wire_field *f)
{
	struct m2_ctrl *c = arg;

	switch (TAG(f)) {
	case BYTES(1):
		c->has_setup = true;
		return fields_read(f->bytes, f->len, setup_take, &c->setup);
	case BYTES(2):
		return take_items(&c->ihave, f, M2_SID, SIZE_MAX);
	case BYTES(3):
		return take_items(&c->ihave_big, f, M2_BIG, SIZE_MAX);
	case BYTES(4):
		return take_items(&c->graft, f, M2_SID, SIZE_MAX);
	case BYTES(5):
		return take_items(&c->graft_link, f, M2_SID, SIZE_MAX);
	case BYTES(6):
		return take_items(&c->prune, f, M2_SID, SIZE_MAX);
	case BYTES(7):
		return take_items(&c->nohave, f, M2_SID, SIZE_MAX);
	case BYTES(9):
		return take_items(&c->window, f, M2_SECOND, M2_WINDOW_MAX);
	case NUM(10):
		c->gap = (uint32_t)f->value;
		return true;
	case BYTES(11):
		c->has_ping = true;
		return fields_read(f->bytes, f->len, ping_take, &c->ping);
	case BYTES(12):
		c->has_root = true;
		return fields_read(f->bytes, f->len, root_take, &c->root);
	case BYTES(13):
		return take_items(&c->ihave_new, f, M2_SID, SIZE_MAX);
	case BYTES(14):
		return take_items(&c->ihave_big_new, f, M2_BIG, SIZE_MAX);
	default:
		return true;
	}
}

bool
m2_ctrl_read(struct m2_ctrl *c, const void *p, size_t n)
{
	memset(c, 0, sizeof(*c));
	return n <= M2_CTRL_MAX && fields_read(p, n, ctrl_take, c);
}

/* It has presence in the schema: there though empty. */
static void
put_nested(struct wbuf *b, uint32_t number, const struct wbuf *inner)
{
	wire_put_head(b, number, inner->len);
	wbuf_bytes(b, inner->p, inner->len);
}

static void
put_fixed(struct wbuf *b, uint32_t number, const uint8_t *p, size_t n)
{
	if (!sodium_is_zero(p, n))
		wire_put_bytes(b, number, p, n);
}

static void
setup_write(struct wbuf *b, const struct m2_setup *s)
{
	wire_put_num(b, 1, s->version);
	wire_put_num(b, 2, s->caps);
	put_fixed(b, 3, s->salt, sizeof(s->salt));
	put_fixed(b, 4, s->mesh_id, sizeof(s->mesh_id));
	put_fixed(b, 5, s->profile, sizeof(s->profile));
	wire_put_num(b, 6, s->boot_ms);
}

static void
ping_write(struct wbuf *b, const struct m2_ping *p)
{
	wire_put_num(b, 1, p->seq);
	wire_put_num(b, 2, p->echo);
	wire_put_num(b, 3, p->hold_us);
	wire_put_num(b, 4, p->wall_ms);
}

static void
root_write(struct wbuf *b, const struct m2_root *r)
{
	wire_put_num(b, 1, r->hour);
	wire_put_num(b, 2, r->count);
	put_fixed(b, 3, r->hash, sizeof(r->hash));
	wire_put_num(b, 4, r->flags);
}

void
m2_ctrl_write(struct wbuf *b, const struct m2_ctrl *c)
{
	struct wbuf one;

	wbuf_init(&one, M2_CTRL_MAX);
	if (c->has_setup) {
		setup_write(&one, &c->setup);
		put_nested(b, 1, &one);
	}
	wire_put_bytes(b, 2, c->ihave.p, c->ihave.n);
	wire_put_bytes(b, 3, c->ihave_big.p, c->ihave_big.n);
	wire_put_bytes(b, 4, c->graft.p, c->graft.n);
	wire_put_bytes(b, 5, c->graft_link.p, c->graft_link.n);
	wire_put_bytes(b, 6, c->prune.p, c->prune.n);
	wire_put_bytes(b, 7, c->nohave.p, c->nohave.n);
	wire_put_bytes(b, 9, c->window.p, c->window.n);
	wire_put_num(b, 10, c->gap);
	if (c->has_ping) {
		wbuf_reset(&one);
		ping_write(&one, &c->ping);
		put_nested(b, 11, &one);
	}
	if (c->has_root) {
		wbuf_reset(&one);
		root_write(&one, &c->root);
		put_nested(b, 12, &one);
	}
	wire_put_bytes(b, 13, c->ihave_new.p, c->ihave_new.n);
	wire_put_bytes(b, 14, c->ihave_big_new.p, c->ihave_big_new.n);
	wbuf_free(&one);
}

static bool
item_take(void *arg, const struct wire_field *f)
{
	struct m2_item *i = arg;

	switch (TAG(f)) {
	case BYTES(1):
		i->node = f->bytes;
		return f->len == 32;
	case NUM(2):
		i->state = (uint32_t)f->value;
		return true;
	case NUM(3):
		i->incarnation = f->value;
		return true;
	case NUM(4):
		i->quiet_ms = (uint32_t)f->value;
		return true;
	default:
		return true;
	}
}

static bool
suspect_take(void *arg, const struct wire_field *f)
{
	struct m2_suspect *s = arg;
	struct m2_item *one;

	switch (TAG(f)) {
	case NUM(1):
		s->version = (uint32_t)f->value;
		return true;
	case NUM(2):
		s->incarnation = f->value;
		return true;
	case BYTES(3):
		if (s->n == M2_ITEMS_MAX)
			return false;
		one = &s->item[s->n++];
		return fields_read(f->bytes, f->len, item_take, one) &&
		    one->node != NULL;
	case BYTES(4):
		return take_items(&s->links, f, M2_HALF, M2_CLAIMS_MAX);
	default:
		return true;
	}
}

bool
m2_suspect_read(struct m2_suspect *s, const void *p, size_t n)
{
	memset(s, 0, sizeof(*s));
	return n <= M2_SUSPECT_MAX && fields_read(p, n, suspect_take, s);
}

void
m2_suspect_write(struct wbuf *b, const struct m2_suspect *s)
{
	struct wbuf one;
	size_t i;

	wbuf_init(&one, M2_SUSPECT_MAX);
	wire_put_num(b, 1, s->version);
	wire_put_num(b, 2, s->incarnation);
	for (i = 0; i < s->n; i++) {
		wbuf_reset(&one);
		wire_put_bytes(&one, 1, s->item[i].node, 32);
		wire_put_num(&one, 2, s->item[i].state);
		wire_put_num(&one, 3, s->item[i].incarnation);
		wire_put_num(&one, 4, s->item[i].quiet_ms);
		put_nested(b, 3, &one);
	}
	wire_put_bytes(b, 4, s->links.p, s->links.n);
	wbuf_free(&one);
}

static bool
record_take(void *arg, const struct wire_field *f)
{
	struct m2_record *r = arg;

	switch (TAG(f)) {
	case BYTES(1):
		r->pubkey = f->bytes;
		return f->len == 32;
	case NUM(2):
		r->seq = f->value;
		return true;
	case NUM(3):
		r->caps = f->value;
		return true;
	case BYTES(4):
		if (r->naddrs == M2_ADDRS_MAX || f->len > M2_ADDR_MAX ||
		    !utf8_valid(f->bytes, f->len))
			return false;
		r->addr[r->naddrs++] = (struct slice){ f->bytes, f->len };
		return true;
	case BYTES(5):
		r->sig = f->bytes;
		return f->len == 64;
	default:
		return true;
	}
}

static bool
records_take(void *arg, const struct wire_field *f)
{
	struct m2_records *r = arg;
	struct m2_record *one;

	switch (TAG(f)) {
	case NUM(1):
		r->want = f->value != 0;
		return true;
	case BYTES(2):
		if (r->n == M2_RECORDS_MAX)
			return false;
		one = &r->r[r->n++];
		return fields_read(f->bytes, f->len, record_take, one) &&
		    one->pubkey != NULL && one->sig != NULL;
	default:
		return true;
	}
}

bool
m2_records_read(struct m2_records *r, const void *p, size_t n)
{
	memset(r, 0, sizeof(*r));
	return n <= M2_LINK_MAX && fields_read(p, n, records_take, r);
}

void
m2_records_write(struct wbuf *b, const struct m2_records *r)
{
	struct wbuf one;
	size_t i, k;

	wbuf_init(&one, M2_LINK_MAX);
	wire_put_num(b, 1, r->want);
	for (i = 0; i < r->n; i++) {
		wbuf_reset(&one);
		wire_put_bytes(&one, 1, r->r[i].pubkey, 32);
		wire_put_num(&one, 2, r->r[i].seq);
		wire_put_num(&one, 3, r->r[i].caps);
		for (k = 0; k < r->r[i].naddrs; k++)
			wire_put_bytes(&one, 4, r->r[i].addr[k].p,
			    r->r[i].addr[k].n);
		wire_put_bytes(&one, 5, r->r[i].sig, 64);
		put_nested(b, 2, &one);
	}
	wbuf_free(&one);
}

void
m2_record_signed(struct wbuf *b, const uint8_t mesh_id[16],
    const struct m2_record *r)
{
	size_t i;

	wbuf_bytes(b, peer_tag, sizeof(peer_tag));
	wbuf_bytes(b, mesh_id, 16);
	wbuf_bytes(b, r->pubkey, 32);
	wbuf_u64be(b, r->seq);
	wbuf_u64be(b, r->caps);
	wbuf_u8(b, (uint8_t)r->naddrs);
	for (i = 0; i < r->naddrs; i++) {
		wbuf_u16be(b, (uint16_t)r->addr[i].n);
		wbuf_bytes(b, r->addr[i].p, r->addr[i].n);
	}
}
