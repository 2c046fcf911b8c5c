/* SPDX-License-Identifier: MIT */
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cursor.h"
#include "common/log.h"
#include "common/mtime.h"
#include "transportd.h"

#define NOTSENT_LOWAT	131072	/* what the kernel may hold unsent */
#define DOWN_TEXT_MAX	256u
#define DRAIN_MAX	16	/* reads of what came too late */

static const uint8_t keepalive[] = { 0x28, 0x05 };	/* wire-v1 3.4 */

static void	session_timer_cb(evutil_socket_t, short, void *);
static void	session_tune(int);
static bool	session_admit(struct session *);
static void	session_count_end(struct session *, enum down_reason);
static void	down_send(const struct session *, enum down_reason,
		    const char *);
static void	session_tell_end(struct session *, enum session_state,
		    enum down_reason, const char *);

static int
session_cmp(const struct session *a, const struct session *b)
{
	return a->id < b->id ? -1 : a->id > b->id;
}

RB_GENERATE_INTERNAL(session_tree, session, node, session_cmp,
    __attribute__((unused)))

struct session *
session_find(struct transport *t, uint32_t id)
{
	struct session find = { .id = id };

	return RB_FIND(session_tree, &t->sessions, &find);
}

static uint32_t
session_id_new(struct transport *t)
{
	do {
		if (++t->next_id == 0)
			t->next_id = 1;
	} while (session_find(t, t->next_id) != NULL);
	return t->next_id;
}

struct session *
session_new(struct transport *t, int fd, const struct addr *peer,
    bool outbound, uint32_t dial_id, uint64_t since)
{
	struct session *s = calloc(1, sizeof(*s));
	uint8_t eph[NOISE_KEY];

	if (s == NULL) {
		close(fd);
		return NULL;
	}
	s->t = t;
	s->fd = fd;
	s->peer = *peer;
	s->outbound = outbound;
	s->dial_id = dial_id;
	s->cause = outbound ? log_cause() : 0;
	if (!outbound && !session_admit(s)) {
		close(fd);
		free(s);
		return NULL;
	}
	s->id = session_id_new(t);
	RB_INSERT(session_tree, &t->sessions, s);
	t->sessions_n++;
	watch_init(&s->watch, since);
	frame_init(&s->cutter, &t->pool, UNREADY_MAX);
	STAILQ_INIT(&s->out);
	session_tune(fd);
	event_assign(&s->ev_read, t->base, fd, EV_READ | EV_PERSIST,
	    session_read_cb, s);
	event_assign(&s->ev_write, t->base, fd, EV_WRITE, session_write_cb, s);
	event_assign(&s->ev_timer, t->base, -1, 0, session_timer_cb, s);
	session_timer_set(s);
	t->random(eph, sizeof(eph));
	if (!noise_init(&s->noise, &t->crypto, outbound ? NOISE_INITIATOR :
	    NOISE_RESPONDER, t->x25519_pub, eph, NULL, 0))
		session_end(s, DOWN_RESOURCE, s->noise.why);
	explicit_bzero(eph, sizeof(eph));
	if (s->state == SESSION_HANDSHAKE && outbound)
		session_send_handshake(s);
	if (s->state == SESSION_HANDSHAKE)
		session_read_update(s);
	return s;
}

/* Best effort: a session works without each of these. */
static void
session_tune(int fd)
{
	static const struct {
		int	level, name, value;
	} opts[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, 15 },
		{ IPPROTO_TCP, TCP_KEEPINTVL, 15 },
		{ IPPROTO_TCP, TCP_KEEPCNT, 9 },
		{ IPPROTO_TCP, TCP_NOTSENT_LOWAT, NOTSENT_LOWAT },
	};

	for (size_t i = 0; i < sizeof(opts) / sizeof(opts[0]); i++)
		(void)setsockopt(fd, opts[i].level, opts[i].name,
		    &opts[i].value, sizeof(opts[i].value));
}

static struct session *
session_of_place(struct admit_conn *c)
{
	return (struct session *)(void *)
	    ((char *)c - offsetof(struct session, place));
}

/* A place among the unfinished, perhaps at another's cost. */
static bool
session_admit(struct session *s)
{
	struct transport *t = s->t;
	struct admit_conn *victim;

	switch (admit_add(t->admit, &s->place, addr_net_key(&s->peer),
	    addr_host_key(&s->peer), &victim)) {
	case ADMIT_OK:
		break;
	case ADMIT_HOST_FULL:
		t->stats.refused_address++;
		conn_refused_log(&s->peer, addr_net_key(&s->peer),
		    DOWN_CROWDED, "too many unfinished from this address");
		return false;
	case ADMIT_NO_MEMORY:
		return false;
	}
	if (victim != NULL)
		session_end(session_of_place(victim), DOWN_CROWDED,
		    "made room for a newer connection");
	return true;
}

void
session_mark_dirty(struct session *s)
{
	if (s->dirty)
		return;
	s->dirty = true;
	TAILQ_INSERT_TAIL(&s->t->dirty, s, dirty_entry);
	event_active(&s->t->ev_flush, 0, 0);
}

void
sessions_flush(struct transport *t)
{
	struct session *s;

	while ((s = TAILQ_FIRST(&t->dirty)) != NULL) {
		TAILQ_REMOVE(&t->dirty, s, dirty_entry);
		s->dirty = false;
		if (s->state == SESSION_DEAD)
			free(s);
		else
			session_flush(s);
	}
	if (t->stopping && t->sessions_n == 0 && t->stopped != NULL)
		t->stopped(t, t->stopped_arg);
}

void
session_ready(struct session *s)
{
	admit_remove(s->t->admit, &s->place);
	s->state = SESSION_ESTABLISHED;
	s->was_ready = true;
	s->t->ready_n++;
	s->cutter.max = FRAME_MAX;
	watch_ready(&s->watch, mono_ms());
	session_timer_set(s);
	session_rtt_tell(s);
	/* Frames may have come right behind the hello. */
	session_process(s);
}

void
session_close(struct session *s, enum down_reason reason)
{
	if (s->state == SESSION_CLOSING || s->state == SESSION_DEAD)
		return;
	if (s->state == SESSION_HANDSHAKE) {
		session_end(s, reason, NULL);
		return;
	}
	if (s->state == SESSION_ESTABLISHED)
		s->t->ready_n--;
	admit_remove(s->t->admit, &s->place);
	s->state = SESSION_CLOSING;
	s->close_reason = reason;
	s->cause = log_cause();
	watch_closing(&s->watch, mono_ms());
	session_timer_set(s);
	session_read_update(s);
	session_mark_dirty(s);
}

/*
 * Closing with bytes unread makes the kernel send a reset, which may take
 * our last frames away from the peer: read away what is there, within reason.
 */
static void
socket_linger(int fd)
{
	uint8_t waste[16384];

	(void)shutdown(fd, SHUT_WR);
	for (int i = 0; i < DRAIN_MAX; i++)
		if (read(fd, waste, sizeof(waste)) <= 0)
			break;
}

void
session_end(struct session *s, enum down_reason reason, const char *text)
{
	struct transport *t = s->t;
	enum session_state was = s->state;

	if (was == SESSION_DEAD)
		return;
	if (was == SESSION_CLOSING)
		reason = s->close_reason;
	if (was == SESSION_ESTABLISHED)
		t->ready_n--;
	s->state = SESSION_DEAD;
	admit_remove(t->admit, &s->place);
	RB_REMOVE(session_tree, &t->sessions, s);
	t->sessions_n--;
	event_del(&s->ev_read);
	event_del(&s->ev_write);
	event_del(&s->ev_timer);
	if (was == SESSION_CLOSING && session_out_empty(s))
		socket_linger(s->fd);
	close(s->fd);
	s->fd = -1;
	session_count_end(s, reason);
	session_tell_end(s, was, reason, text);
	noise_clear(&s->noise);
	noise_cipher_clear(&s->tx);
	noise_cipher_clear(&s->rx);
	frame_clear(&s->cutter);
	buf_put(&t->pool, s->in);
	s->in = NULL;
	session_out_clear(s);
	session_mark_dirty(s);
}

static void
session_count_end(struct session *s, enum down_reason reason)
{
	struct transport_stats *st = &s->t->stats;

	switch (reason) {
	case DOWN_NOISE:
		st->handshakes_failed++;
		break;
	case DOWN_HELLO:
		st->hello_failed++;
		break;
	case DOWN_DEADLINE:
		st->deadline++;
		break;
	case DOWN_IDLE:
		st->idle++;
		break;
	case DOWN_WRITE:
		st->write_timeout++;
		break;
	case DOWN_FRAME:
		st->bad_frame++;
		break;
	case DOWN_CROWDED:
		st->crowded_out++;
		break;
	default:
		break;
	}
}

/*
 * gossipd hears of what it knows; the log of strangers who came and failed.
 * A flood is one source to the log: the network, not the address.
 */
static void
session_tell_end(struct session *s, enum session_state was,
    enum down_reason reason, const char *text)
{
	struct transport *t = s->t;
	struct log_scope before = log_cause_begin(log_cause() != 0 ?
	    log_cause() : !s->up || was == SESSION_CLOSING ? s->cause : 0);
	char addr[HOSTPORT_MAX + 1];

	if (!s->outbound && was <= SESSION_HELLO && !t->stopping)
		conn_refused_log(&s->peer, reason == DOWN_CROWDED ?
		    addr_net_key(&s->peer) : addr_host_key(&s->peer),
		    reason, text);
	if (s->was_ready)
		log_event(EV_CONN_LOST, LF_ADDR("addr", &s->peer),
		    LF_STR("dir", s->outbound ? "out" : "in"),
		    LF_STR("cause", down_reason_text(reason)),
		    LF_STR("text", text));
	if (s->up)
		down_send(s, reason, text);
	else if (s->outbound && !s->cancelled)
		dial_failed_send(t, s->dial_id, addr_text(&s->peer, addr),
		    reason, text);
	log_cause_end(before);
}

static void
down_send(const struct session *s, enum down_reason reason, const char *text)
{
	struct wbuf w;

	wbuf_init(&w, 512);
	wbuf_u8(&w, (uint8_t)reason);
	wbuf_u64(&w, s->bytes_in);
	wbuf_u64(&w, s->bytes_out);
	wbuf_strn(&w, text, text == NULL ? 0 : strnlen(text, DOWN_TEXT_MAX));
	imsg_send_wbuf(s->t->gossipd, IMSG_SESSION_DOWN, s->id, 0, &w);
	wbuf_free(&w);
}

void
session_timer_set(struct session *s)
{
	uint64_t now = mono_ms(), next = watch_next(&s->watch), ms;
	struct timeval tv;

	ms = next > now ? next - now : 0;
	tv.tv_sec = (time_t)(ms / 1000);
	tv.tv_usec = (suseconds_t)(ms % 1000 * 1000);
	(void)event_add(&s->ev_timer, &tv);
}

static void
session_timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;
	uint64_t now = mono_ms();

	(void)fd;
	(void)what;
	switch (watch_due(&s->watch, now)) {
	case WATCH_NOTHING:
		break;
	case WATCH_DEADLINE:
		session_end(s, DOWN_DEADLINE, "not ready within 10 s");
		return;
	case WATCH_WRITE:
		session_end(s, DOWN_WRITE, "the peer takes no more bytes");
		return;
	case WATCH_IDLE:
		session_end(s, DOWN_IDLE, "nothing received for 60 s");
		return;
	case WATCH_KEEPALIVE:
		session_send_frame(s, keepalive, sizeof(keepalive), false);
		watch_out_done(&s->watch, false, now);
		break;
	}
	if (s->state == SESSION_DEAD)
		return;
	session_timer_set(s);
	session_rtt_tell(s);
}

void
session_dh_done(struct session *s, enum key_status status,
    const uint8_t secret[32])
{
	if (s->state != SESSION_HANDSHAKE || !s->dh_asked)
		return;
	s->dh_asked = false;
	if (status == KEY_SLOWED) {
		s->t->stats.handshakes_slowed++;
		session_end(s, DOWN_RESOURCE, "the key service is busy");
		return;
	}
	if (status != KEY_OK ||
	    noise_dh(&s->noise, secret) != NOISE_WANT_WRITE) {
		session_end(s, DOWN_NOISE, "bad ephemeral key");
		return;
	}
	session_send_handshake(s);
	if (s->state == SESSION_HANDSHAKE)
		session_process(s);
}
