/* SPDX-License-Identifier: MIT */
/*
 * Feeds: what children that were taken over do to the parent: a sequence of
 * messages of any type that the table has for them, with any body, in any
 * phase, well-formed or not; bare bytes and descriptors; questions by the
 * hundred while nothing is read; channels closed, processes ended; and time
 * that passes.  All of the parent's code runs, but for starting processes,
 * reading the configuration and the disk.
 * Holds: the parent goes on or stops in order; what it signs is an envelope of
 * its own node of a type that gossipd may send, its own record, an entry of
 * its own, or the hash of a key exchange by the host key, and nothing else;
 * what it says is permitted by the table; its queues, sessions and descriptors
 * are bounded.
 * Reads with: micelio/dispatch.c micelio/keyserv.c micelio/keyserv_entry.c
 * micelio/keyserv_record.c micelio/sshspawn.c micelio/children.c
 * micelio/watch.c micelio/reload.c micelio/authkeys_edit.c micelio/stop.c
 */
#include "parent_rig.h"

#define STEPS		48
#define FLOOD_MAX	256

static const char uuid[] = "00000000-0000-4000-8000-000000000001";

/* One of the types that the table has for this sender. */
static enum imsg_type
type_of(enum proc_role from, uint8_t choice)
{
	enum imsg_type may[IMSG_MAX];
	size_t n = 0;

	for (enum imsg_type t = 1; t < IMSG_MAX; t++)
		if ((imsg_rules[t].from & 1u << from) != 0 &&
		    (imsg_rules[t].to & IMSG_ROLE(PARENT)) != 0)
			may[n++] = t;
	HOLDS(n > 0);
	return may[choice % n];
}

/* A body as it should be, but for what the input says. */
static void
key_sign(struct wbuf *w, struct fuzz_in *in)
{
	static const uint32_t types[] = { 1, 2, 3, 4, 34, 35, 38, 39, 5, 36 };
	uint8_t way = fuzz_u8(in);
	const uint8_t *p;
	size_t n;

	wbuf_u8(w, way & 0x80 ? KEY_PEER_RECORD : KEY_ENVELOPE);
	if (way & 0x80) {
		wbuf_u64(w, fuzz_u32(in));
		wbuf_u64(w, way & 0x1f);
		wbuf_u8(w, way >> 5 & 3);
		for (int i = way >> 5 & 3; i > 0; i--)
			wbuf_str(w, fuzz_u8(in) & 1 ? "192.0.2.1:4000" : "x");
		return;
	}
	wbuf_str(w, way & 0x40 ? "not-a-uuid" : uuid);
	wbuf_u64(w, fuzz_u8(in));
	wbuf_u32(w, types[way % 10]);
	p = fuzz_bytes(in, fuzz_u8(in), &n);
	wbuf_blob(w, p, n);
}

static void
key_entries(struct wbuf *w, struct fuzz_in *in)
{
	uint8_t n = 1 + fuzz_u8(in) % KEY_ENTRIES_MAX;

	wbuf_u8(w, n);
	for (; n > 0; n--) {
		memset(wbuf_reserve(w, 16), fuzz_u8(in), 16);
		wbuf_u8(w, fuzz_u8(in) & 3);
		wbuf_u64(w, UINT64_C(1770000000000) << 16);
		wbuf_u64(w, UINT64_C(1771000000000));
		wbuf_str(w, "o/motd");
		wbuf_u32(w, fuzz_u8(in));
		memset(wbuf_reserve(w, 32), 7, 32);
	}
}

static void
body_make(struct wbuf *w, enum imsg_type type, struct fuzz_in *in)
{
	const struct imsg_rule *rule = &imsg_rules[type];
	const uint8_t *p;
	size_t n;

	if (type == IMSG_KEY_SIGN && (fuzz_u8(in) & 3) != 0)
		key_sign(w, in);
	else if (type == IMSG_KEY_ENTRIES && (fuzz_u8(in) & 3) != 0)
		key_entries(w, in);
	else if (type == IMSG_SSH_SPAWN && (fuzz_u8(in) & 3) != 0)
		wbuf_str(w, "192.0.2.1:2222");
	else if (type == IMSG_AUTHKEYS_ADD && (fuzz_u8(in) & 1) != 0)
		wbuf_bytes(w, RIG_KEY_LINE, sizeof(RIG_KEY_LINE) - 1);
	else if (type == IMSG_RELOAD || type == IMSG_TABLE_GET)
		wbuf_u8(w, fuzz_u8(in) % 5);
	else {
		p = fuzz_bytes(in, fuzz_u8(in), &n);
		wbuf_bytes(w, p, n);
	}
	while (w->len < rule->min)
		wbuf_u8(w, fuzz_u8(in));
	if (w->len > rule->max)
		w->len = rule->max;
}

static void
message(struct rig *r, struct far *f, struct fuzz_in *in, unsigned int times)
{
	enum imsg_type type = type_of(f->role, fuzz_u8(in));
	uint8_t spoil = fuzz_u8(in);
	struct imsg_hdr h;
	struct wbuf w;

	wbuf_init(&w, 128u * 1024);
	body_make(&w, type, in);
	while (times-- > 0 && f->fd != -1) {
		h = (struct imsg_hdr){ .type = (uint16_t)type,
		    .len = (uint32_t)w.len, .id = spoil & 7, .seq = f->seq++,
		    .flags = imsg_rules[type].fd ? IMSG_HAS_FD : 0 };
		if (spoil == 0xff)
			h.len += 1;
		else if (spoil == 0xfe)
			h.flags ^= IMSG_HAS_FD;
		else if (spoil == 0xfd)
			h.type = fuzz_u8(in);
		rig_put(r, f, &h, w.p, w.len, imsg_rules[type].fd);
	}
	wbuf_free(&w);
}

static void
pong(struct rig *r, struct far *f)
{
	struct imsg_hdr h = { .type = IMSG_PONG, .len = 8, .seq = f->seq++ };

	rig_put(r, f, &h, &f->ping, sizeof(f->ping), false);
}

static void
step(struct rig *r, struct fuzz_in *in)
{
	uint8_t what = fuzz_u8(in);
	struct far *f = &r->far[fuzz_u8(in) % r->nfar];

	switch (what % 16) {
	case 0:
		rig_close(f);
		break;
	case 1:
		rig_exit(f);
		break;
	case 2:
		rig_time(r, fuzz_u8(in) * 100u);
		break;
	case 3:
		rig_ready(r, f);
		break;
	case 4:
		pong(r, f);
		break;
	case 5:
		f->deaf = !f->deaf;
		break;
	case 6:
		message(r, f, in, what >> 4 == 15 ? FLOOD_MAX : what >> 4);
		break;
	case 7:
		for (size_t i = 0; i < r->nfar; i++)
			rig_ready(r, &r->far[i]);
		break;
	default:
		message(r, f, in, 1);
	}
	rig_turn(r);
}

FUZZ_TARGET(parent)(const uint8_t *data, size_t size)
{
	struct fuzz_in in = fuzz_begin(data, size);
	struct rig *r = rig_open(fuzz_u8(&in));

	for (int i = 0; i < STEPS && in.left > 0; i++)
		step(r, &in);
	rig_end(r);
	return 0;
}
