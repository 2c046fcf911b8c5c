/* SPDX-License-Identifier: MIT */
/*
 * Feeds: what neighbours say to the core of gossipd: sessions that come and
 * go, hellos good and bad, frames of any bytes, envelopes that are rightly
 * signed around any payload, link frames around any payload; what people of
 * the node say meanwhile; verdicts and signatures that come late; time.
 * Holds: a line is shown once, and only of an author who signed it; what is
 * sent is a whole envelope, to sessions that are up, with hops left; sessions
 * and jobs stay within their bounds.
 * Reads with: micelio-gossipd/envelope_in.c micelio-gossipd/hello.c
 * micelio-gossipd/exchange.c micelio-gossipd/control.c
 * micelio-gossipd/relay.c micelio-gossipd/tree.c micelio-gossipd/record.c
 * micelio-gossipd/suspect.c micelio-gossipd/maplink.c micelio-gossipd/talk.c
 */
#include "../unit/gossipd/fake.h"
#include "fuzz.h"
#include "micelio-gossipd/gossip.h"
#include "proto/m2.h"
#include "proto/message.h"

#define STEPS	64
#define SIDS	6u
#define IDENTS	5u

struct play {
	struct fake	*f;
	struct ident	 who[IDENTS];
	bool		 up[SIDS + 1];
	uint32_t	 taken;		/* bytes for the map */
	unsigned int	 serial;
};

static struct play play;

static void
map_up_cb(void *arg, uint32_t sid, const struct nodeid *id,
    const struct m2_setup *s)
{
	(void)arg;
	HOLDS(sid >= 1 && sid <= SIDS && id != NULL && s != NULL);
}

static void
map_down_cb(void *arg, uint32_t sid)
{
	(void)arg;
	HOLDS(sid >= 1 && sid <= SIDS);
}

static void
map_root_cb(void *arg, uint32_t sid, const struct m2_root *r)
{
	(void)arg;
	HOLDS(sid >= 1 && sid <= SIDS && r != NULL);
}

static void
map_frame_cb(void *arg, uint32_t sid, const void *p, size_t n)
{
	(void)arg;
	HOLDS(sid >= 1 && sid <= SIDS && n <= M2_LINK_MAX);
	HOLDS(n == 0 || p != NULL);
	play.taken += (uint32_t)n;
}

static void
map_sent_cb(void *arg, uint32_t sid, uint32_t bytes)
{
	(void)arg;
	(void)sid;
	(void)bytes;
}

static void
map_delta_cb(void *arg, const uint8_t pub[32], const void *p, size_t n)
{
	bool known = false;

	(void)arg;
	(void)p;
	HOLDS(n <= 49152);
	for (size_t i = 0; i < IDENTS; i++)
		known = known || memcmp(play.who[i].pub, pub, 32) == 0;
	HOLDS(known);
}

static void
map_delta_sent_cb(void *arg)
{
	(void)arg;
}

static void
map_alone_cb(void *arg, bool alone)
{
	(void)arg;
	(void)alone;
}

static const struct gossip_map_ops map_ops = { map_up_cb, map_down_cb,
	map_root_cb, map_frame_cb, map_sent_cb, map_delta_cb,
	map_delta_sent_cb, map_alone_cb };

static void
shown_once(const struct fake *f)
{
	for (size_t i = 0; i < f->nchats; i++) {
		bool known = false;

		for (size_t k = 0; k < IDENTS; k++)
			known = known || nodeid_equal(&play.who[k].id,
			    &f->chats[i].id);
		HOLDS(known);
		for (size_t k = 0; k < i; k++)
			HOLDS(strcmp(f->chats[i].mid, f->chats[k].mid) != 0 ||
			    !nodeid_equal(&f->chats[i].id, &f->chats[k].id));
	}
}

static void
sent_good(const struct fake *f)
{
	struct envelope e;

	for (size_t i = 0; i < f->nsent; i++) {
		const struct fake_frame *o = &f->sent[i];

		HOLDS(o->n >= 1 && o->n <= SIDS);
		HOLDS(envelope_read(&e, o->data, o->len));
		HOLDS(e.hop_count <= ENVELOPE_HOPS);
		for (size_t k = 0; k < o->n; k++)
			HOLDS(o->sids[k] >= 1 && o->sids[k] <= SIDS &&
			    play.up[o->sids[k]]);
	}
}

/* Judge what was done, and forget all but the lines shown. */
static void
settle(bool late)
{
	struct fake *f = play.f;
	size_t chats = f->nchats;

	fake_pump(f);
	while (!late && fake_verify_next(f))
		continue;
	shown_once(f);
	sent_good(f);
	for (size_t i = 0; i < f->nclosed; i++)
		play.up[f->closed[i].sid] = false;
	f->npings = 0;
	if (f->jobs_done < f->njobs) {	/* some are awaited */
		fake_forget_sent(f);
		HOLDS(f->njobs < FAKE_MAX / 2);
		return;
	}
	chats = f->nchats;
	fake_forget(f);
	f->nchats = chats < FAKE_MAX / 2 ? chats : 0;
}

static void
connect_one(uint32_t sid, struct fuzz_in *in)
{
	const struct ident *who = &play.who[1 + fuzz_u8(in) % (IDENTS - 1)];
	uint8_t hash[32] = { 0 };
	const uint8_t *p;
	size_t n;

	if (play.up[sid])
		return;
	play.up[sid] = true;
	switch (fuzz_u8(in) % 4) {
	case 0:
		fake_connect(play.f, sid, who);
		break;
	case 1:		/* the payload of the hello is the input's */
		gossip_session_up(play.f->g, play.f->now, sid, false, 0, hash,
		    who->noise, "192.0.2.7:50000");
		p = fuzz_bytes(in, fuzz_u8(in), &n);
		fake_frame(play.f, sid, env_make(who,
		    "00000000-0000-4000-8000-0000000000ff", MSG_HELLO, 1,
		    (struct slice){ p, n }, false));
		break;
	default:
		fake_connect_kin(play.f, sid, who, "127.0.0.1:4000");
	}
}

/* Rightly signed, around whatever the input has. */
static void
envelope_in(uint32_t sid, struct fuzz_in *in)
{
	static const uint32_t types[] = { MSG_CHAT, MSG_PEER_EXCHANGE,
		MSG_STATE_DELTA, MSG_SUSPECT, MSG_ROOM, MSG_SEALED,
		MSG_KEEPALIVE, 37, 47, 99, MSG_HELLO, MSG_HELLO_ACK };
	const struct ident *who = &play.who[fuzz_u8(in) % IDENTS];
	uint8_t way = fuzz_u8(in);
	const uint8_t *p;
	char mid[40];
	size_t n;

	snprintf(mid, sizeof(mid), "00000000-0000-4000-8000-%012x",
	    way & 0x80 ? way & 0xfu : 0x100u + play.serial++);
	if ((way & 0x70) == 0x70)
		snprintf(mid, sizeof(mid), "any \xc3\xbc %u", way & 3u);
	p = fuzz_bytes(in, (size_t)fuzz_u8(in) * (way & 0x40 ? 4u : 1u), &n);
	fake_frame(play.f, sid, env_make(who, mid,
	    types[way % 12], fuzz_u8(in) % 13, (struct slice){ p, n },
	    (way & 0x10) == 0));
}

static void
link_frame(uint32_t sid, struct fuzz_in *in)
{
	static const uint32_t types[] = { MSG_LINK_CTRL, MSG_LINK_CTRL,
		MSG_RECONCILE, MSG_PEER_RECORDS };
	uint32_t type = types[fuzz_u8(in) % 4];
	const uint8_t *p;
	struct wbuf w;
	size_t n;

	p = fuzz_bytes(in, fuzz_u8(in), &n);
	wbuf_init(&w, 4096);
	m2_frame_write(&w, type, p, n);
	fake_frame(play.f, sid, (struct slice){ w.p, w.len });
	wbuf_free(&w);
}

static void
local(struct fuzz_in *in)
{
	struct fake *f = play.f;
	const uint8_t *p;
	size_t n;

	switch (fuzz_u8(in) % 6) {
	case 0:
		p = fuzz_bytes(in, fuzz_u8(in), &n);
		fake_chat(f, 1, "ann", 3, p, n);
		break;
	case 1:
		gossip_link(f->g, f->now, 2, "192.0.2.9:4000");
		break;
	case 2:
		gossip_ping(f->g, f->now, 3, &play.who[1].id);
		break;
	case 3:
		(void)gossip_unlink(f->g, f->now, &play.who[1].id);
		break;
	case 4:
		gossip_map_taken(f->g, 1 + fuzz_u8(in) % SIDS, play.taken);
		play.taken = 0;
		break;
	default:
		f->sign_status = fuzz_u8(in) % 3;
	}
}

static void
step(struct fuzz_in *in)
{
	uint8_t what = fuzz_u8(in);
	uint32_t sid = 1 + (what >> 4) % SIDS;
	struct fake *f = play.f;
	const uint8_t *p;
	size_t n;

	switch (what % 16) {
	case 0:
	case 1:
		connect_one(sid, in);
		break;
	case 2:
		p = fuzz_bytes(in, fuzz_u8(in), &n);
		fake_frame(f, sid, (struct slice){ p, n });
		break;
	case 3:
	case 4:
		link_frame(sid, in);
		break;
	case 5:
		fake_pass(f, (uint64_t)fuzz_u8(in) * fuzz_u8(in));
		break;
	case 6:
		gossip_session_down(f->g, f->now, sid, fuzz_u8(in) % DOWN_MAX);
		play.up[sid] = false;
		break;
	case 7:
		gossip_credit(f->g, sid, fuzz_u8(in), fuzz_u16(in));
		break;
	case 8:
		gossip_session_rtt(f->g, f->now, sid, fuzz_u32(in));
		break;
	case 9:
		local(in);
		break;
	case 10:
		f->defer = !f->defer;
		break;
	default:
		envelope_in(sid, in);
	}
	settle(what % 16 == 11);
}

FUZZ_TARGET(gossip)(const uint8_t *data, size_t size)
{
	struct fuzz_in in = fuzz_begin(data, size);
	static const uint8_t mesh[16] = { 1 }, profile[16] = { 2 };

	memset(&play, 0, sizeof(play));
	for (unsigned int i = 0; i < IDENTS; i++)
		ident_make(&play.who[i], i);
	play.f = fake_new(0);
	gossip_map_start(play.f->g, &map_ops);
	gossip_map_profile(play.f->g, play.f->now, mesh, profile);
	gossip_suspect_start(play.f->g);
	for (int i = 0; i < STEPS && in.left > 0; i++)
		step(&in);
	fake_pass(play.f, 60000);
	fake_free(play.f);
	return 0;
}
