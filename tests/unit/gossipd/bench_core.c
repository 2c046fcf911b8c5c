/* SPDX-License-Identifier: MIT */
/*
 * How many envelopes a second the core takes (decode, checks, signature,
 * memory of ids, relay to 15 peers), beside the bare signature check of the
 * same library in the same run.  In processor time, as others may run.
 */
#include <sodium.h>
#include <stdio.h>
#include <time.h>

#include "fake.h"

#define MESSAGES	4096
#define ROUNDS		5

static uint64_t	sent;

static double
cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
send_cb(void *arg, const uint32_t *sids, size_t n, const void *p, size_t len)
{
	(void)arg;
	(void)sids;
	(void)p;
	(void)len;
	sent += n;
}

static void
sid_cb(void *arg, uint32_t sid)
{
	(void)arg;
	(void)sid;
}

static void
close_cb(void *arg, uint32_t sid, enum down_reason why)
{
	(void)arg;
	(void)sid;
	(void)why;
}

static void
credit_cb(void *arg, uint32_t sid, uint32_t frames, uint32_t bytes)
{
	(void)arg;
	(void)sid;
	(void)frames;
	(void)bytes;
}

static enum verdict
verify_cb(void *arg, uint64_t job, const uint8_t *pub, const uint8_t *sig,
    const void *msg, size_t len)
{
	(void)arg;
	(void)job;
	return verify_signature(pub, sig, 64, msg, len) ? VERDICT_GOOD :
	    VERDICT_BAD;
}

static struct gossip	*core;
static struct ident	 me;
static struct gtime	 t = { 1000000, START_WALL };

static void
sign_cb(void *arg, uint32_t req, const char *mid, uint64_t lamport,
    uint32_t type, const void *payload, size_t len)
{
	(void)arg;
	(void)req;
	(void)mid;
	(void)lamport;
	(void)type;
	(void)payload;
	(void)len;
}

static void
chat_cb(void *arg, const struct nodeid *id, uint64_t ts, struct slice mid,
    struct slice nick, struct slice text)
{
	(void)arg;
	(void)id;
	(void)ts;
	(void)mid;
	(void)nick;
	(void)text;
}

static void
put_cb(void *arg, const struct book_peer *p)
{
	(void)arg;
	(void)p;
}

static void
del_cb(void *arg, const struct nodeid *id)
{
	(void)arg;
	(void)id;
}

static void
event_cb(void *arg, enum log_ev ev, uint64_t limit, const struct log_field *f)
{
	(void)arg;
	(void)ev;
	(void)limit;
	(void)f;
}

static void
random_cb(void *arg, void *buf, size_t n)
{
	(void)arg;
	randombytes_buf(buf, n);
}

static const struct gossip_ops ops = {
	.send = send_cb, .ready = sid_cb, .close = close_cb,
	.credit = credit_cb, .verify = verify_cb, .sign = sign_cb,
	.chat_in = chat_cb, .peer_put = put_cb, .peer_del = del_cb,
	.event = event_cb,
	.random = random_cb,
};

static void
connect_peers(void)
{
	static const uint8_t hash[32];
	struct ident i;
	uint32_t n;
	struct slice s;
	uint8_t sig[64] = { 0 };

	for (n = 1; n <= 16; n++) {
		ident_make(&i, n);
		gossip_session_up(core, t, n, false, 0, hash, i.noise, "x:1");
		s = hello_make(&i, MSG_HELLO, "");
		gossip_frame(core, t, n, s.p, s.n);
		gossip_signed(core, t, n, KEY_OK, sig);
	}
}

static struct slice	msgs[MESSAGES];

static void
make_messages(void)
{
	struct ident i;
	char mid[40];
	struct slice s;
	uint8_t *p;
	int n;

	for (n = 0; n < MESSAGES; n++) {
		/* enough authors that none is over its rate */
		ident_make(&i, 100 + (unsigned int)n % 512);
		snprintf(mid, sizeof(mid),
		    "00000000-0000-4000-8000-%012d", n);
		s = chat_env(&i, mid, 10);
		p = malloc(s.n);
		memcpy(p, s.p, s.n);
		msgs[n] = (struct slice){ p, s.n };
	}
}

static double
run_core(const struct conf *conf)
{
	struct gossip_id id = { .id = me.id };
	double start, end;
	uint32_t n;

	memcpy(id.pubkey, me.pub, 32);
	memcpy(id.noise_static, me.noise, 32);
	core = gossip_new(&ops, NULL, &id, conf, t);
	connect_peers();
	start = cpu_s();
	for (n = 0; n < MESSAGES; n++) {
		gossip_frame(core, t, 1 + n % 16, msgs[n].p, msgs[n].n);
		if (n % 32 == 31)
			for (uint32_t k = 1; k <= 16; k++)
				gossip_credit(core, k, 64, 1 << 20);
	}
	end = cpu_s();
	if (core->count.received != MESSAGES || core->count.dropped != 0)
		printf("only %ju of %d taken\n",
		    (uintmax_t)core->count.received, MESSAGES);
	gossip_free(core);
	return MESSAGES / (end - start);
}

static double
run_bare(void)
{
	struct envelope e;
	struct wbuf b;
	double start;
	int n, good = 0;

	wbuf_init(&b, FRAME_ROOM);
	start = cpu_s();
	for (n = 0; n < MESSAGES; n++) {
		envelope_read(&e, msgs[n].p, msgs[n].n);
		wbuf_reset(&b);
		envelope_write_signed(&b, &e);
		good += crypto_sign_verify_detached(e.signature.p, b.p, b.len,
		    e.sender_pubkey.p) == 0;
	}
	start = cpu_s() - start;
	wbuf_free(&b);
	return good / start;
}

int
main(void)
{
	static struct conf conf;
	double bare, all;
	int r;

	verify_init();
	conf.network_max_peers = 0;
	ident_make(&me, 0);
	make_messages();
	for (r = 0; r < ROUNDS; r++) {
		bare = run_bare();
		all = run_core(&conf);
		printf("bare %.0f/s, core %.0f/s, %.1f %%\n", bare, all,
		    100 * all / bare);
	}
	for (r = 0; r < MESSAGES; r++)
		free((void *)(uintptr_t)msgs[r].p);
	return sent == 0;
}
