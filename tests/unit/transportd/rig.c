/* SPDX-License-Identifier: MIT */
#include <sys/socket.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cursor.h"
#include "common/mtime.h"
#include "rig.h"

struct json *rig_vectors;
static uint8_t next_eph[32];
static bool next_eph_set;

static void
rig_random(void *p, size_t n)
{
	if (next_eph_set && n == 32)
		memcpy(p, next_eph, 32);
	else
		arc4random_buf(p, n);
	next_eph_set = false;
}

void
rig_ephemeral(const uint8_t eph[32])
{
	memcpy(next_eph, eph, 32);
	next_eph_set = true;
}

EVP_PKEY *
rig_key(const uint8_t *priv, uint8_t pub[32])
{
	uint8_t own[32];
	size_t len = 32;
	EVP_PKEY *k;

	if (priv == NULL)
		arc4random_buf(own, sizeof(own));
	k = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL,
	    priv != NULL ? priv : own, 32);
	assert_non_null(k);
	assert_int_equal(EVP_PKEY_get_raw_public_key(k, pub, &len), 1);
	return k;
}

static void
parent_dispatch(struct imsgchan *chan, struct imsg *m, void *arg)
{
	struct rig *r = arg;
	uint8_t out[33] = { 0 };

	assert_int_equal(m->type, IMSG_KEY_DH);
	if (r->dh_hold)
		return;
	out[0] = (uint8_t)r->dh_status;
	if (r->dh_status == KEY_OK && !noise_x25519(r->key, m->data, out + 1))
		out[0] = KEY_REFUSED;
	imsg_send(chan, IMSG_KEY_DH_DONE, m->id, 0, out, sizeof(out));
}

static struct rig_session *
session_by_id(struct rig *r, uint32_t id)
{
	for (size_t i = 0; i < r->sessions; i++)
		if (r->session[i].id == id)
			return &r->session[i];
	fail_msg("message about unknown session %u", id);
	return NULL;
}

static void
gossipd_up(struct rig *r, const struct imsg *m, struct rcur *c)
{
	struct rig_session *s;

	assert_true(r->sessions < RIG_SESSIONS);
	s = &r->session[r->sessions++];
	memset(s, 0, sizeof(*s));
	s->id = m->id;
	s->outbound = rcur_u8(c);
	s->dial = rcur_u32(c);
	rcur_copy(c, s->hash, 32);
	rcur_copy(c, s->remote, 32);
	rcur_cstr(c, s->addr, sizeof(s->addr));
	rcur_cstr(c, s->own, sizeof(s->own));
	assert_true(rcur_done(c));
}

static void
gossipd_frame(struct rig_session *s, const struct imsg *m)
{
	assert_false(s->down);
	assert_true(s->frames < RIG_FRAMES);
	s->frame[s->frames] = malloc(m->len + 1);
	assert_non_null(s->frame[s->frames]);
	memcpy(s->frame[s->frames], m->data, m->len);
	s->frame_len[s->frames++] = m->len;
}

static void
gossipd_dispatch(struct imsgchan *chan, struct imsg *m, void *arg)
{
	struct rig *r = arg;
	struct rig_session *s;
	struct rcur c;

	(void)chan;
	rcur_init(&c, m->data, m->len);
	switch (m->type) {
	case IMSG_LISTENING:
		assert_int_equal(r->sessions, 0);
		r->listening++;
		break;
	case IMSG_SESSION_UP:
		gossipd_up(r, m, &c);
		break;
	case IMSG_SESSION_DOWN:
		s = session_by_id(r, m->id);
		assert_false(s->down);
		s->down = true;
		s->reason = rcur_u8(&c);
		s->bytes_in = rcur_u64(&c);
		s->bytes_out = rcur_u64(&c);
		break;
	case IMSG_DIAL_FAILED:
		assert_true(r->dial_fails < 16);
		r->dial_failed[r->dial_fails].id = m->id;
		r->dial_failed[r->dial_fails].reason = rcur_u8(&c);
		rcur_cstr(&c, r->dial_failed[r->dial_fails].text, 256);
		r->dial_fails++;
		break;
	case IMSG_FRAME_IN:
		gossipd_frame(session_by_id(r, m->id), m);
		break;
	case IMSG_SESSION_RTT:
		s = session_by_id(r, m->id);
		s->rtt_us = rcur_u32(&c);
		s->rtts++;
		break;
	case IMSG_CREDIT:
		s = session_by_id(r, m->id);
		s->credit_frames += rcur_u32(&c);
		s->credit_bytes += rcur_u32(&c);
		break;
	default:
		fail_msg("%s to gossipd", imsg_type_name(m->type));
	}
}

static void
transport_gossipd(struct imsgchan *chan, struct imsg *m, void *arg)
{
	struct rig *r = arg;

	(void)chan;
	transport_dispatch_gossipd(r->t, m);
}

static void
transport_parent(struct imsgchan *chan, struct imsg *m, void *arg)
{
	struct rig *r = arg;

	(void)chan;
	transport_dispatch_parent(r->t, m);
}

static void
rig_closed(struct imsgchan *chan, enum imsgchan_end how, const char *why,
    void *arg)
{
	struct rig *r = arg;

	(void)chan;
	(void)why;
	if (how == IMSGCHAN_VIOLATION)
		r->violated = true;
}

static void
rig_drained(struct imsgchan *chan, void *arg)
{
	struct rig *r = arg;

	(void)chan;
	transport_link_drained(r->t);
}

static void
rig_channels(struct rig *r)
{
	int fds[2];

	assert_int_equal(imsg_socketpair(fds), 0);
	r->to_parent = imsgchan_new(r->base, fds[0], PROC_TRANSPORTD,
	    PROC_PARENT, transport_parent, rig_closed, r);
	r->parent = imsgchan_new(r->base, fds[1], PROC_PARENT,
	    PROC_TRANSPORTD, parent_dispatch, rig_closed, r);
	assert_int_equal(imsg_socketpair(fds), 0);
	r->to_gossipd = imsgchan_new(r->base, fds[0], PROC_TRANSPORTD,
	    PROC_GOSSIPD, transport_gossipd, rig_closed, r);
	r->gossipd = imsgchan_new(r->base, fds[1], PROC_GOSSIPD,
	    PROC_TRANSPORTD, gossipd_dispatch, rig_closed, r);
	imsgchan_set_phase(r->to_parent, IMSG_PHASE_RUN);
	imsgchan_set_phase(r->parent, IMSG_PHASE_RUN);
	imsgchan_set_phase(r->to_gossipd, IMSG_PHASE_RUN);
	imsgchan_set_phase(r->gossipd, IMSG_PHASE_RUN);
	imsgchan_set_drained(r->to_gossipd, LINK_LOW, rig_drained);
	r->t->parent = r->to_parent;
	r->t->gossipd = r->to_gossipd;
}

int
rig_listen(uint16_t *port)
{
	return rig_listen_on("127.0.0.1", port);
}

int
rig_listen_on(const char *host, uint16_t *port)
{
	struct addr a;
	int fd;

	assert_true(addr_from_host(host, 0, &a));
	fd = socket(a.ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1 || bind(fd, (struct sockaddr *)&a.ss, a.len) == -1) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	assert_int_equal(listen(fd, 1024), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a.ss, &a.len), 0);
	*port = addr_port(&a);
	return fd;
}

int
rig_setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	char addr[HOSTPORT_MAX + 1];
	uint8_t priv[32];
	int fd;

	assert_non_null(r);
	assert_int_equal(json_hex(json_get(json_get(json_get(rig_vectors,
	    "noise"), "responder"), "static_priv_hex"), priv, 32), 32);
	next_eph_set = false;
	r->base = event_base_new();
	conf_init(&r->conf);
	r->conf.network_max_unfinished = 8;
	r->conf.network_max_per_address = 6;
	r->key = rig_key(priv, r->pub);
	r->t = transport_new(r->base, &r->conf, r->pub);
	r->t->random = rig_random;
	rig_channels(r);
	fd = rig_listen(&r->port);
	snprintf(addr, sizeof(addr), "127.0.0.1:%u", r->port);
	listener_add(r->t, fd, addr);
	transport_start(r->t);
	*state = r;
	RIG_UNTIL(r, r->listening == 1);
	return 0;
}

int
rig_teardown(void **state)
{
	struct rig *r = *state;

	transport_free(r->t);
	imsgchan_free(r->to_parent);
	imsgchan_free(r->to_gossipd);
	imsgchan_free(r->parent);
	imsgchan_free(r->gossipd);
	for (size_t i = 0; i < r->sessions; i++)
		for (size_t k = 0; k < r->session[i].frames; k++)
			free(r->session[i].frame[k]);
	/* evdns frees in the loop */
	event_base_loop(r->base, EVLOOP_NONBLOCK);
	event_base_free(r->base);
	EVP_PKEY_free(r->key);
	conf_free(&r->conf);
	free(r);
	return 0;
}

int
rig_group_setup(void **state)
{
	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	log_init("micelio-transportd", LOG_TEXT, LOG_LVL_ERROR);
	rig_vectors = json_vectors();
	return 0;
}

int
rig_group_teardown(void **state)
{
	(void)state;
	json_free(rig_vectors);
	return 0;
}

void
rig_turn(struct rig *r)
{
	static const struct timeval tick = { 0, 500 };
	struct timeval tv = tick;

	/* Peers are read outside the loop, so it must not sleep for long. */
	event_base_loopexit(r->base, &tv);
	event_base_loop(r->base, EVLOOP_ONCE);
}

void
rig_settle(struct rig *r)
{
	for (int i = 0; i < 10; i++) {
		event_base_loop(r->base, EVLOOP_NONBLOCK);
		rig_turn(r);
	}
}

void
rig_send(struct rig *r, enum imsg_type type, uint32_t id, const void *p,
    size_t n)
{
	imsg_send(r->gossipd, type, id, 0, p, n);
}

void
rig_ready(struct rig *r, struct rig_session *s)
{
	rig_send(r, IMSG_SESSION_READY, s->id, NULL, 0);
}

void
rig_close(struct rig *r, struct rig_session *s, enum down_reason reason)
{
	uint8_t b = (uint8_t)reason;

	rig_send(r, IMSG_SESSION_CLOSE, s->id, &b, 1);
}

void
rig_credit(struct rig *r, struct rig_session *s, uint32_t frames,
    uint32_t bytes)
{
	uint32_t body[2] = { frames, bytes };

	rig_send(r, IMSG_CREDIT, s->id, body, sizeof(body));
}

void
rig_dial(struct rig *r, uint32_t number, const char *hostport, bool name_ok)
{
	rig_dial_with(r, number, hostport, name_ok ? DIAL_NAME_OK : 0);
}

void
rig_dial_with(struct rig *r, uint32_t number, const char *hostport,
    uint8_t flags)
{
	static const uint8_t none[32];
	struct wbuf w;

	wbuf_init(&w, 512);
	wbuf_u8(&w, 0);
	wbuf_bytes(&w, none, 32);
	wbuf_u8(&w, flags);
	wbuf_str(&w, hostport);
	rig_send(r, IMSG_DIAL, number, w.p, w.len);
	wbuf_free(&w);
}

struct rig_session *
rig_last(struct rig *r)
{
	assert_true(r->sessions > 0);
	return &r->session[r->sessions - 1];
}

int
rig_connect(struct rig *r, const char *from)
{
	return rig_connect_to("127.0.0.1", r->port, from);
}

int
rig_connect_to(const char *host, uint16_t port, const char *from)
{
	struct addr a, local;
	int fd;

	assert_true(addr_from_host(host, port, &a));
	fd = socket(a.ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(addr_from_host(from, 0, &local));
	assert_int_equal(bind(fd, (struct sockaddr *)&local.ss, local.len), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a.ss, a.len), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

int
rig_accept(struct rig *r, int fd)
{
	int s;

	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	RIG_UNTIL(r, (s = accept4(fd, NULL, NULL, SOCK_NONBLOCK)) != -1);
	return s;
}
