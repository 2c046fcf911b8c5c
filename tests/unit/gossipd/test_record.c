/* SPDX-License-Identifier: MIT */
/* Records of nodes: who is believed about where a node is. */
#include <sodium.h>

#include "fake.h"
#include "micelio-gossipd/book.h"
#include "micelio-gossipd/core.h"
#include "micelio-gossipd/drop.h"
#include "micelio-gossipd/maplink.h"
#include "micelio-gossipd/record.h"
#include "proto/m2.h"

#define LISTEN	"127.0.0.1:4001"

struct kin {
	struct fake	*f;
	struct ident	 b, c, x;
};

static void
frame_in(struct kin *k, uint32_t sid, uint32_t type, const struct wbuf *p)
{
	struct wbuf e;

	wbuf_init(&e, FRAME_ROOM);
	m2_frame_write(&e, type, p->p, p->len);
	gossip_frame(k->f->g, k->f->now, sid, e.p, e.len);
	wbuf_free(&e);
}

static void
setup_in(struct kin *k, uint32_t sid)
{
	struct m2_ctrl c = { .has_setup = true };
	struct wbuf p;

	c.setup.version = 1;
	c.setup.caps = M2_CAPS;
	memset(c.setup.salt, 7, sizeof(c.setup.salt));
	wbuf_init(&p, FRAME_ROOM);
	m2_ctrl_write(&p, &c);
	frame_in(k, sid, MSG_LINK_CTRL, &p);
	wbuf_free(&p);
}

static void
records_in(struct kin *k, uint32_t sid, const struct m2_records *m)
{
	struct wbuf p;

	wbuf_init(&p, FRAME_ROOM);
	m2_records_write(&p, m);
	frame_in(k, sid, MSG_PEER_RECORDS, &p);
	wbuf_free(&p);
}

/* What i says of itself, brought by session 1. */
static void
tell(struct kin *k, const struct ident *i, const char *addr, int64_t ahead_ms,
    bool good)
{
	static struct m2_records m;
	uint8_t sig[64];
	struct wbuf w;

	memset(&m, 0, sizeof(m));
	m.n = 1;
	m.r[0].pubkey = i->pub;
	m.r[0].seq = (uint64_t)((int64_t)k->f->now.wall + ahead_ms);
	m.r[0].caps = 1;
	m.r[0].naddrs = 1;
	m.r[0].addr[0] = (struct slice){ (const uint8_t *)addr,
	    strlen(addr) };
	m.r[0].sig = sig;
	wbuf_init(&w, 4096);
	record_signed_bytes(&w, &m.r[0]);
	crypto_sign_detached(sig, NULL, w.p, w.len, i->sec);
	wbuf_free(&w);
	sig[3] ^= !good;
	records_in(k, 1, &m);
}

static void
hearsay(struct kin *k, const struct ident *i, const char *addr,
    uint64_t unix_s)
{
	struct book_peer p = { .reachable = true, .has_key = true,
		.last_seen = unix_s, .id = i->id };

	memcpy(p.pubkey, i->pub, sizeof(p.pubkey));
	snprintf(p.addr, sizeof(p.addr), "%s", addr);
	book_hearsay(k->f->g, &p);
}

static const struct book_peer *
of(const struct kin *k, const struct ident *i)
{
	return book_get(k->f->g, &i->id);
}

/* The last PeerRecords to a session. */
static bool
records_out(const struct fake *f, uint32_t sid, struct m2_records *m)
{
	struct envelope e;
	bool any = false;
	size_t i;

	for (i = 0; i < f->nsent; i++)
		if (frame_went_to(&f->sent[i], sid) &&
		    envelope_read(&e, f->sent[i].data, f->sent[i].len) &&
		    e.msg_type == MSG_PEER_RECORDS) {
			assert_true(m2_records_read(m, e.payload.p,
			    e.payload.n));
			any = true;
		}
	return any;
}

static int
open_kin(void **state)
{
	static struct kin k;

	k.f = fake_new(0);
	gossip_listening(k.f->g, LISTEN);
	ident_make(&k.b, 1);
	ident_make(&k.c, 2);
	ident_make(&k.x, 5);
	fake_connect_kin(k.f, 1, &k.b, "");
	fake_forget(k.f);
	*state = &k;
	return 0;
}

static int
close_kin(void **state)
{
	struct kin *k = *state;

	fake_free(k->f);
	return 0;
}

/* Ours is signed once, told on each link, and renewed when we move. */
static void
test_own(void **state)
{
	struct kin *k = *state;
	static struct m2_records m;
	struct wbuf w;
	uint64_t seq;

	snprintf(k->f->conf.network_advertise_addr,
	    sizeof(k->f->conf.network_advertise_addr), "node.example:7");
	setup_in(k, 1);
	assert_true(records_out(k->f, 1, &m));
	assert_true(m.want);
	assert_int_equal(m.n, 0);
	fake_pump(k->f);
	assert_true(records_out(k->f, 1, &m));
	assert_int_equal(m.n, 1);
	assert_memory_equal(m.r[0].pubkey, k->f->me.pub, 32);
	assert_int_equal(m.r[0].addr[0].n, 14);
	wbuf_init(&w, 4096);
	record_signed_bytes(&w, &m.r[0]);
	assert_int_equal(crypto_sign_verify_detached(m.r[0].sig, w.p, w.len,
	    k->f->me.pub), 0);
	wbuf_free(&w);
	seq = m.r[0].seq;
	fake_forget(k->f);
	fake_pass(k->f, 1000);
	fake_pump(k->f);
	assert_false(records_out(k->f, 1, &m));
	snprintf(k->f->conf.network_advertise_addr,
	    sizeof(k->f->conf.network_advertise_addr), "other.example:7");
	fake_pass(k->f, 10000);
	fake_pump(k->f);
	assert_true(records_out(k->f, 1, &m));
	assert_int_equal(m.r[0].addr[0].n, 15);
	assert_true(m.r[0].seq > seq);
}

static void
test_precedence(void **state)
{
	struct kin *k = *state;
	uint64_t now = k->f->now.wall / 1000;

	setup_in(k, 1);
	hearsay(k, &k->x, "8.8.8.8:4000", now - 100);
	assert_string_equal(of(k, &k->x)->addr, "8.8.8.8:4000");
	/* The node itself comes before what others say. */
	tell(k, &k->x, "9.9.9.9:4000", -1000, true);
	assert_string_equal(of(k, &k->x)->addr, "9.9.9.9:4000");
	hearsay(k, &k->x, "8.8.4.4:4000", now);
	assert_string_equal(of(k, &k->x)->addr, "9.9.9.9:4000");
	/* The newer word comes before the older. */
	tell(k, &k->x, "9.9.9.8:4000", -2000, true);
	assert_string_equal(of(k, &k->x)->addr, "9.9.9.9:4000");
	tell(k, &k->x, "9.9.9.7:4000", -500, true);
	assert_string_equal(of(k, &k->x)->addr, "9.9.9.7:4000");
	/* So with a node whose hello we had. */
	fake_connect_kin(k->f, 2, &k->c, "9.9.9.1:4000");
	tell(k, &k->c, "9.9.9.2:4000", -1, true);
	assert_string_equal(of(k, &k->c)->addr, "9.9.9.1:4000");
	tell(k, &k->c, "9.9.9.3:4000", 1, true);
	assert_string_equal(of(k, &k->c)->addr, "9.9.9.3:4000");
}

static void
test_refused(void **state)
{
	struct kin *k = *state;
	struct ident odd = k->x;
	uint64_t bad = k->f->g->count.drops[DROP_SIGNATURE];

	/* Before SETUP it is no link of ours. */
	tell(k, &k->x, "9.9.9.9:4000", 0, true);
	assert_null(of(k, &k->x));
	setup_in(k, 1);
	tell(k, &k->x, "9.9.9.9:4000", RECORD_AHEAD_MS + 1, true);
	tell(k, &k->x, "9.9.9.9:4000", -(int64_t)RECORD_LIFE_MS - 1, true);
	tell(k, &k->x, "0.0.0.0:4000", 0, true);
	tell(k, &k->x, "no-port", 0, true);
	tell(k, &k->x, "9.9.9.9:4000", 0, false);
	assert_null(of(k, &k->x));
	assert_int_equal(k->f->g->count.drops[DROP_SIGNATURE], bad + 1);
	k->f->nverifies = 0;
	memset(odd.pub, 0, sizeof(odd.pub));
	tell(k, &odd, "9.9.9.9:4000", 0, true);
	memset(odd.pub, 0xff, sizeof(odd.pub));
	tell(k, &odd, "9.9.9.9:4000", 0, true);
	assert_int_equal(k->f->nverifies, 0);
	/* Of ourselves we believe nobody. */
	tell(k, &k->f->me, "9.9.9.9:4000", 0, true);
	assert_int_equal(k->f->nverifies, 0);
	tell(k, &k->x, "9.9.9.9:4000", 0, true);
	assert_non_null(of(k, &k->x));
	/* The same again costs nothing. */
	tell(k, &k->x, "9.9.9.9:4000", 0, true);
	assert_int_equal(k->f->nverifies, 1);
}

/* What is told is not dialled where hearsay would not be. */
static void
test_reach(void **state)
{
	struct kin *k = *state;
	size_t i;

	setup_in(k, 1);
	tell(k, &k->x, "10.1.2.3:4000", 0, true);
	tell(k, &k->c, "name.example:4000", 0, true);
	fake_pass(k->f, 60000);
	for (i = 0; i < k->f->ndials; i++) {
		assert_string_not_equal(k->f->dials[i].to, "10.1.2.3:4000");
		assert_string_not_equal(k->f->dials[i].to,
		    "name.example:4000");
	}
}

/* One neighbour costs so many checks, and fills its share of the book. */
static void
test_capped(void **state)
{
	struct kin *k = *state;
	struct ident i;
	unsigned int n;

	setup_in(k, 1);
	k->f->nverifies = 0;
	for (n = 100; n < 400; n++) {
		ident_make(&i, n);
		tell(k, &i, "9.9.9.9:4000", 0, true);
	}
	assert_int_equal(k->f->nverifies, RECORDS_BURST);
	assert_true(k->f->g->book[1].n <= BOOK_SHARE);
}

/* Who asks is told of others, and not at once again. */
static void
test_want(void **state)
{
	struct kin *k = *state;
	static struct m2_records m, want;

	setup_in(k, 1);
	tell(k, &k->x, "9.9.9.9:4000", 0, true);
	fake_forget(k->f);
	want.want = true;
	records_in(k, 1, &want);
	assert_true(records_out(k->f, 1, &m));
	assert_false(m.want);
	assert_int_equal(m.n, 1);
	assert_memory_equal(m.r[0].pubkey, k->x.pub, 32);
	fake_forget(k->f);
	records_in(k, 1, &want);
	assert_false(records_out(k->f, 1, &m));
	/* It is void in time. */
	k->f->now.wall += RECORD_LIFE_MS + 1;
	fake_pass(k->f, RECORDS_PAUSE_MS);
	records_in(k, 1, &want);
	assert_false(records_out(k->f, 1, &m));
}

/* Verdicts that come later change nothing. */
static void
test_late(void **state)
{
	struct kin *k = *state;

	setup_in(k, 1);
	k->f->defer = true;
	tell(k, &k->x, "9.9.9.9:4000", 0, true);
	assert_null(of(k, &k->x));
	assert_true(fake_verify_next(k->f));
	assert_non_null(of(k, &k->x));
	assert_int_equal(k->f->g->njobs, 0);
}

/* What stated kept of a node, and brings at the next start. */
static struct slice
stored(const struct ident *i, uint64_t seq, struct wbuf *out)
{
	static struct m2_records m;
	static uint8_t sig[64];
	static const char addr[] = "9.9.9.9:4000";
	struct wbuf w;

	memset(&m, 0, sizeof(m));
	m.n = 1;
	m.r[0] = (struct m2_record){ .pubkey = i->pub, .seq = seq, .caps = 1,
		.naddrs = 1, .sig = sig };
	m.r[0].addr[0] = (struct slice){ (const uint8_t *)addr,
		sizeof(addr) - 1 };
	wbuf_init(&w, 4096);
	record_signed_bytes(&w, &m.r[0]);
	crypto_sign_detached(sig, NULL, w.p, w.len, i->sec);
	wbuf_free(&w);
	wbuf_reset(out);
	m2_records_write(out, &m);
	return (struct slice){ out->p, out->len };
}

static void
remember(struct kin *k, const struct ident *i)
{
	struct book_peer p = { .reachable = true, .has_key = true,
		.last_seen = k->f->now.wall / 1000 - 9000, .id = i->id };

	memcpy(p.pubkey, i->pub, sizeof(p.pubkey));
	snprintf(p.addr, sizeof(p.addr), "8.8.8.8:4000");
	gossip_peer_record(k->f->g, &p);
}

static void
test_stored(void **state)
{
	struct kin *k = *state;
	uint64_t now = k->f->now.wall, *bad = &k->f->g->bcast.count.records_void;
	struct wbuf w, again;
	struct slice s;
	size_t i;

	wbuf_init(&w, 4096);
	wbuf_init(&again, 4096);
	remember(k, &k->x);
	/* Of another node, void, of the future, cut, and changed anywhere. */
	s = stored(&k->c, now, &w);
	gossip_peer_signed(k->f->g, &k->x.id, s.p, s.n);
	s = stored(&k->x, now - RECORD_LIFE_MS - 1000, &w);
	gossip_peer_signed(k->f->g, &k->x.id, s.p, s.n);
	s = stored(&k->x, now + RECORD_AHEAD_MS + 1000, &w);
	gossip_peer_signed(k->f->g, &k->x.id, s.p, s.n);
	assert_int_equal(*bad, 3);
	s = stored(&k->x, now - 1000, &w);
	gossip_peer_signed(k->f->g, &k->x.id, s.p, s.n - 1);
	for (i = 0; i < s.n; i++) {
		w.p[i] ^= 0x20;
		gossip_peer_signed(k->f->g, &k->x.id, s.p, s.n);
		w.p[i] ^= 0x20;
	}
	assert_true(*bad > s.n - 20);
	assert_null(of(k, &k->x)->record);
	assert_string_equal(of(k, &k->x)->addr, "8.8.8.8:4000");
	/* It is used as it was, and is not written again at once. */
	gossip_peer_signed(k->f->g, &k->x.id, s.p, s.n);
	assert_non_null(of(k, &k->x)->record);
	assert_string_equal(of(k, &k->x)->addr, "9.9.9.9:4000");
	record_write(of(k, &k->x), &again);
	assert_int_equal(again.len, s.n);
	assert_memory_equal(again.p, s.p, s.n);
	/* Of whom nothing else is known it is of no use. */
	gossip_peer_signed(k->f->g, &k->c.id, s.p, s.n);
	assert_null(of(k, &k->c));
	/* It is void in time, here as well. */
	k->f->now.wall += RECORD_LIFE_MS + 2000;
	fake_pass(k->f, 61000);
	assert_true(of(k, &k->x) == NULL || of(k, &k->x)->record == NULL);
	wbuf_free(&w);
	wbuf_free(&again);
}

/* What stated is to keep: when it is new, or a day newer. */
static void
test_kept(void **state)
{
	struct kin *k = *state;
	size_t n;

	setup_in(k, 1);
	fake_connect_kin(k->f, 2, &k->c, "9.9.9.1:4000");
	n = k->f->nputs;
	tell(k, &k->c, "9.9.9.1:4000", 1, true);
	assert_int_equal(k->f->nputs, n + 1);
	tell(k, &k->c, "9.9.9.1:4000", 3600, true);
	assert_int_equal(k->f->nputs, n + 1);
	k->f->now.wall += RECORD_STORE_MS;
	tell(k, &k->c, "9.9.9.1:4000", 3601, true);
	assert_int_equal(k->f->nputs, n + 2);
}

int
main(void)
{
#define T(t)	cmocka_unit_test_setup_teardown(t, open_kin, close_kin)
	const struct CMUnitTest tests[] = {
		T(test_own), T(test_precedence), T(test_refused),
		T(test_reach), T(test_capped), T(test_want), T(test_late),
		T(test_stored), T(test_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
