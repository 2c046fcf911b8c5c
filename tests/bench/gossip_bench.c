/* SPDX-License-Identifier: MIT */
/*
 * How many messages a second one micelio-gossipd validates and relays, beside
 * the bare Ed25519 checks that this machine does in the same run:
 *
 *	gossip_bench GOSSIPD [ROUNDS]	the daemon over its channels and the
 *					bare check, in turn
 *	gossip_bench core|core-v1|bare COUNT
 *					one of them within this process, to
 *					be counted by valgrind: the difference
 *					of two counts has no start in it
 *
 * Processor time of the daemon counts, so others may run beside it.
 */
#include <sodium.h>
#include <time.h>

#include "gossip_bench.h"
#include "common/mtime.h"
#include "gossip_kin.h"
#include "micelio-gossipd/relay.h"
#include "micelio-gossipd/verify.h"

#define ROUNDS		5u
#define ROUNDS_MAX	100u
#define LUMP		16u	/* messages between two givings of credit */

static struct bench_msg	msgs[BENCH_KINDS][BENCH_MESSAGES];
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
msg_keep(struct bench_msg *m, const struct ident *who, struct slice s)
{
	static struct wbuf b;
	struct envelope e;

	if (b.p == NULL)
		wbuf_init(&b, FRAME_ROOM);
	m->frame = copy(s.p, s.n);
	m->len = s.n;
	if (!envelope_read(&e, m->frame, s.n))
		abort();
	wbuf_reset(&b);
	envelope_write_signed(&b, &e);
	m->signed_bytes = copy(b.p, b.len);
	m->signed_len = b.len;
	memcpy(m->sig, e.signature.p, sizeof(m->sig));
	memcpy(m->pub, who->pub, sizeof(m->pub));
}

/* Of our kind with the author's clock. */
static void
msgs_make(enum bench_kind kind, size_t count)
{
	const unsigned int authors = kind == BENCH_V1 ? BENCH_AUTHORS_V1 :
	    BENCH_AUTHORS;
	struct ident who;
	struct slice s;
	char mid[40], text[64];
	size_t i;

	for (i = 0; i < count; i++) {
		ident_make(&who, BENCH_PEERS + 1 + (unsigned int)i % authors);
		snprintf(mid, sizeof(mid), "00000000-0000-4000-8000-%012zu",
		    i);
		snprintf(text, sizeof(text), "a line of some length, no %zu",
		    i);
		s = chat_make("somebody", text, now.wall / 1000);
		s = kind == BENCH_V1 ?
		    env_make(&who, mid, MSG_CHAT, 10, s, true) :
		    clocked_make(&who, mid, now.wall, s);
		msg_keep(&msgs[kind][i], &who, s);
	}
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
bare(const struct bench_msg *m, size_t n)
{
	double start;
	size_t i;

	bench_place(true);
	start = cpu_s();
	for (i = 0; i < n; i++)
		if (crypto_sign_verify_detached(m[i].sig, m[i].signed_bytes,
		    m[i].signed_len, m[i].pub) != 0)
			abort();
	return cpu_s() - start;
}

/* The core on its own; the actions of struct fake would count too. */

struct reply {
	uint32_t	 sid;
	uint8_t		*frame;
	size_t		 len;
};

static struct reply	replies[BENCH_PEERS * BENCH_AUTHORS];
static size_t		nreplies;
static bool		trees;		/* are being made */
static uint64_t		relayed;

static void
reply(uint32_t sid, struct slice s)
{
	if (nreplies == sizeof(replies) / sizeof(replies[0]))
		abort();
	replies[nreplies++] = (struct reply){ sid, copy(s.p, s.n), s.n };
}

/* Along a tree it goes to all at once; what else is said, to one. */
static void
send_cb(void *arg, const uint32_t *sids, size_t n, const void *p, size_t len)
{
	struct slice s;

	(void)arg;
	if (n > 1)
		relayed += n;
	else if (trees && (s = kin_answer(p, len)).n > 0)
		reply(sids[0], s);
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
core_new(const struct conf *conf, enum bench_kind kind)
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
		s = hello_tagged(&who, MSG_HELLO, "",
		    kind == BENCH_OURS ? FAKE_KIN : NULL);
		gossip_frame(g, now, n, s.p, s.n);
		gossip_signed(g, now, asked, KEY_OK, sig);
		if (kind == BENCH_OURS) {
			s = kin_setup();
			gossip_frame(g, now, n, s.p, s.n);
		}
	}
	return g;
}

static void
pass(struct gossip *g, unsigned int ms)
{
	uint32_t k;

	now.mono += ms;
	now.wall += ms;
	gossip_tick(g, now);
	for (k = 1; k <= BENCH_PEERS; k++)
		gossip_credit(g, k, LUMP, 1 << 20);
}

static void
core_give(struct gossip *g, const struct bench_msg *m, size_t i)
{
	gossip_frame(g, now, 1 + (uint32_t)i % BENCH_PEERS, m[i].frame,
	    m[i].len);
}

/* Each author's first message; all others ask for it. */
static void
core_trees(struct gossip *g, const struct bench_msg *m)
{
	size_t i, k;

	trees = true;
	for (i = 0; i < BENCH_AUTHORS; i++) {
		core_give(g, m, i);
		pass(g, 100);
		for (k = 0; k < nreplies; k++) {
			gossip_frame(g, now, replies[k].sid, replies[k].frame,
			    replies[k].len);
			free(replies[k].frame);
		}
		nreplies = 0;
	}
	trees = false;
}

static int
core(enum bench_kind kind, size_t count)
{
	const size_t first = kind == BENCH_OURS ? BENCH_AUTHORS : 0;
	const struct bench_msg *m = msgs[kind];
	struct conf conf;
	struct gossip *g;
	size_t i;

	conf_init(&conf);
	conf.network_author_rate = BENCH_AUTHOR_RATE;
	g = core_new(&conf, kind);
	if (kind == BENCH_OURS)
		core_trees(g, m);
	relayed = 0;
	for (i = 0; i < count; i++) {
		core_give(g, m, first + i);
		if (i % LUMP == LUMP - 1)
			pass(g, kind == BENCH_OURS ? 1 : V1_JITTER_MS);
	}
	pass(g, V1_JITTER_MS);
	if (relayed != count * (BENCH_PEERS - 1)) {
		fprintf(stderr, "gossip_bench: %ju copies relayed, not %zu\n",
		    (uintmax_t)relayed, count * (BENCH_PEERS - 1));
		return 1;
	}
	gossip_free(g);
	conf_free(&conf);
	return 0;
}

struct total {
	double	 check, cpu, wall;	/* seconds for as many messages */
	size_t	 n;
};

static void
tell(const char *round, enum bench_kind kind, const struct total *t)
{
	printf("%-6s %-5s %14.0f %16.0f %10.1f %% %14.0f/s\n", round,
	    kind == BENCH_V1 ? "v1" : "ours", (double)t->n / t->check,
	    (double)t->n / t->cpu, 100 * t->check / t->cpu,
	    (double)t->n / t->wall);
	fflush(stdout);
}

static size_t
count_of(enum bench_kind kind)
{
	return kind == BENCH_V1 ? BENCH_MESSAGES_V1 : BENCH_MESSAGES;
}

static bool
one_round(const char *program, enum bench_kind kind, const char *name,
    struct total *all)
{
	const size_t n = count_of(kind);
	struct bench_run run;
	struct total t;

	t.check = bare(msgs[kind], n);
	if (!bench_daemon(program, kind, msgs[kind], n, &run))
		return false;
	t.check *= (double)run.n / (double)n;
	t.cpu = run.cpu_s;
	t.wall = run.wall_s;
	t.n = run.n;
	tell(name, kind, &t);
	all->check += t.check;
	all->cpu += t.cpu;
	all->wall += t.wall;
	all->n += t.n;
	return true;
}

static int
in_turn(const char *program, size_t rounds)
{
	struct total all[BENCH_KINDS] = { { 0 } };
	char name[24];
	size_t i;
	int kind;

	printf("%-6s %-5s %14s %16s %12s %16s\n", "round", "peers",
	    "bare checks/s", "messages/s", "ratio", "by the clock");
	for (i = 0; i < rounds; i++) {
		snprintf(name, sizeof(name), "%zu", i + 1);
		for (kind = 0; kind < BENCH_KINDS; kind++)
			if (!one_round(program, (enum bench_kind)kind, name,
			    &all[kind]))
				return 1;
	}
	for (kind = 0; kind < BENCH_KINDS; kind++)
		tell("all", (enum bench_kind)kind, &all[kind]);
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

/* One of those that valgrind counts. */
static int
counted(const char *what, const char *count)
{
	const size_t n = number(count, BENCH_MESSAGES_V1 - BENCH_AUTHORS);
	const enum bench_kind kind = strcmp(what, "core-v1") == 0 ? BENCH_V1 :
	    BENCH_OURS;

	msgs_make(kind, n + BENCH_AUTHORS);
	if (strcmp(what, "bare") != 0)
		return core(kind, n);
	(void)bare(msgs[kind], n);
	return 0;
}

int
main(int argc, char **argv)
{
	int kind;

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: gossip_bench GOSSIPD [ROUNDS]\n"
		    "       gossip_bench core|core-v1|bare COUNT\n");
		return 64;
	}
	verify_init();
	now = (struct gtime){ mono_ms(), wall_ms() };
	if (argc == 3 && (strcmp(argv[1], "bare") == 0 ||
	    strncmp(argv[1], "core", 4) == 0))
		return counted(argv[1], argv[2]);
	for (kind = 0; kind < BENCH_KINDS; kind++)
		msgs_make((enum bench_kind)kind,
		    count_of((enum bench_kind)kind));
	return in_turn(argv[1], argc == 3 ? number(argv[2], ROUNDS_MAX) :
	    ROUNDS);
}
