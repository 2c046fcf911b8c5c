/* SPDX-License-Identifier: MIT */
/*
 * How many messages a second one micelio-gossipd validates and relays, beside
 * the bare Ed25519 checks that this machine does in the same run:
 *
 *	gossip_bench GOSSIPD [ROUNDS]	the daemon over its channels and the
 *					bare check, in turn
 *	gossip_bench core|bare COUNT	one of them within this process, to
 *					be counted by valgrind: the difference
 *					of two counts has no start in it
 *
 * Processor time of the daemon counts, so others may run beside it.
 */
#include <sodium.h>
#include <time.h>

#include "gossip_bench.h"
#include "common/mtime.h"
#include "micelio-gossipd/verify.h"

#define ROUNDS		5u
#define ROUNDS_MAX	100u
#define COUNT_MAX	BENCH_MESSAGES

static struct bench_msg	msgs[BENCH_MESSAGES];
static struct gtime	now;

static uint8_t *
copy(const void *p, size_t n)
{
	uint8_t *q = malloc(n);

	if (q == NULL)
		abort();
	memcpy(q, p, n);
	return q;
}

static void
msgs_make(size_t count)
{
	struct wbuf b;
	struct envelope e;
	struct ident who;
	struct slice s;
	char mid[40], text[64];
	size_t i;

	wbuf_init(&b, FRAME_ROOM);
	for (i = 0; i < count; i++) {
		ident_make(&who, BENCH_PEERS + 1 +
		    (unsigned int)i % BENCH_AUTHORS);
		snprintf(mid, sizeof(mid), "00000000-0000-4000-8000-%012zu",
		    i);
		snprintf(text, sizeof(text), "a line of some length, no %zu",
		    i);
		s = env_make(&who, mid, MSG_CHAT, 10,
		    chat_make("somebody", text, now.wall / 1000), true);
		msgs[i].frame = copy(s.p, s.n);
		msgs[i].len = s.n;
		if (!envelope_read(&e, msgs[i].frame, s.n))
			abort();
		wbuf_reset(&b);
		envelope_write_signed(&b, &e);
		msgs[i].signed_bytes = copy(b.p, b.len);
		msgs[i].signed_len = b.len;
		memcpy(msgs[i].sig, e.signature.p, sizeof(msgs[i].sig));
		memcpy(msgs[i].pub, who.pub, sizeof(msgs[i].pub));
	}
	wbuf_free(&b);
}

static double
cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Seconds for the signatures alone. */
static double
bare(size_t n)
{
	double start = cpu_s();
	size_t i;

	for (i = 0; i < n; i++)
		if (crypto_sign_verify_detached(msgs[i].sig,
		    msgs[i].signed_bytes, msgs[i].signed_len,
		    msgs[i].pub) != 0)
			abort();
	return cpu_s() - start;
}

/* The core on its own; the actions of struct fake would count too. */

static uint64_t	relayed;

static void
send_cb(void *arg, const uint32_t *sids, size_t n, const void *p, size_t len)
{
	(void)arg;
	(void)sids;
	(void)p;
	(void)len;
	relayed += n;
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

static uint32_t	asked;

static void
sign_cb(void *arg, uint32_t req, const char *mid, uint64_t lamport,
    uint32_t type, const void *payload, size_t len)
{
	(void)arg;
	(void)mid;
	(void)lamport;
	(void)type;
	(void)payload;
	(void)len;
	asked = req;
}

static void
chat_cb(void *arg, const struct nodeid *id, struct slice mid,
    const struct chat_msg *c)
{
	(void)arg;
	(void)id;
	(void)mid;
	(void)c;
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
	.event = event_cb, .random = random_cb,
};

static struct gossip *
core_new(const struct conf *conf)
{
	static const uint8_t hash[32];
	uint8_t sig[64] = { 0 };
	struct gossip_id id;
	struct gossip *g;
	struct ident who;
	struct slice s;
	uint32_t n;

	ident_make(&who, 0);
	id.id = who.id;
	memcpy(id.pubkey, who.pub, sizeof(id.pubkey));
	memcpy(id.noise_static, who.noise, sizeof(id.noise_static));
	g = gossip_new(&ops, NULL, &id, conf, now);
	for (n = 1; n <= BENCH_PEERS; n++) {
		ident_make(&who, n);
		gossip_session_up(g, now, n, false, 0, hash, who.noise,
		    "x:1");
		s = hello_make(&who, MSG_HELLO, "");
		gossip_frame(g, now, n, s.p, s.n);
		gossip_signed(g, now, asked, KEY_OK, sig);
	}
	return g;
}

static int
core(size_t count)
{
	struct conf conf;
	struct gossip *g;
	size_t i;
	uint32_t k;

	conf_init(&conf);
	g = core_new(&conf);
	relayed = 0;
	for (i = 0; i < count; i++) {
		gossip_frame(g, now, 1 + (uint32_t)i % BENCH_PEERS,
		    msgs[i].frame, msgs[i].len);
		if (i % 16 == 15)
			for (k = 1; k <= BENCH_PEERS; k++)
				gossip_credit(g, k, 16, 1 << 20);
	}
	if (relayed != count * (BENCH_PEERS - 1)) {
		fprintf(stderr, "gossip_bench: %ju copies relayed, not %zu\n",
		    (uintmax_t)relayed, count * (BENCH_PEERS - 1));
		return 1;
	}
	gossip_free(g);
	conf_free(&conf);
	return 0;
}

static int
in_turn(const char *program, size_t rounds)
{
	struct bench_run run;
	double check, check_all = 0, run_all = 0, wall_all = 0;
	size_t i;

	printf("%-6s %14s %16s %12s %16s\n", "round", "bare checks/s",
	    "messages/s", "ratio", "by the clock");
	for (i = 0; i < rounds; i++) {
		check = bare(BENCH_MESSAGES);
		if (!bench_daemon(program, msgs, BENCH_MESSAGES, &run))
			return 1;
		check_all += check;
		run_all += run.cpu_s;
		wall_all += run.wall_s;
		printf("%-6zu %14.0f %16.0f %10.1f %% %14.0f/s\n", i + 1,
		    BENCH_MESSAGES / check, BENCH_MESSAGES / run.cpu_s,
		    100 * check / run.cpu_s, BENCH_MESSAGES / run.wall_s);
		fflush(stdout);
	}
	printf("%-6s %14.0f %16.0f %10.1f %% %14.0f/s\n", "all",
	    (double)rounds * BENCH_MESSAGES / check_all,
	    (double)rounds * BENCH_MESSAGES / run_all,
	    100 * check_all / run_all,
	    (double)rounds * BENCH_MESSAGES / wall_all);
	return 0;
}

static size_t
number(const char *text, size_t max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end != '\0' || n < 1 || n > max) {
		fprintf(stderr, "gossip_bench: %s: not a number from 1 to "
		    "%zu\n", text, max);
		exit(64);
	}
	return n;
}

int
main(int argc, char **argv)
{
	size_t count;

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: gossip_bench GOSSIPD [ROUNDS]\n"
		    "       gossip_bench core|bare COUNT\n");
		return 64;
	}
	verify_init();
	now = (struct gtime){ mono_ms(), wall_ms() };
	if (argc == 3 && strcmp(argv[1], "core") == 0) {
		count = number(argv[2], COUNT_MAX);
		msgs_make(count);
		return core(count);
	}
	if (argc == 3 && strcmp(argv[1], "bare") == 0) {
		count = number(argv[2], COUNT_MAX);
		msgs_make(count);
		(void)bare(count);
		return 0;
	}
	msgs_make(BENCH_MESSAGES);
	return in_turn(argv[1], argc == 3 ? number(argv[2], ROUNDS_MAX) :
	    ROUNDS);
}
