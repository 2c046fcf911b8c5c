/* SPDX-License-Identifier: MIT */
/* Private to micelio-transportd; see transportd.c for its job. */
#ifndef TRANSPORTD_H
#define TRANSPORTD_H

#include <sys/types.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/conf.h"
#include "common/imsg.h"

#include "admit.h"
#include "buf.h"
#include "frame.h"
#include "noise.h"
#include "watch.h"

struct evdns_base;
struct evdns_request;
struct wbuf;

#define SESSIONS_READY_MAX	1024u	/* with network.max_peers = 0 */
#define GUESTS_MAX		2u	/* newcomers let in while full: they
					   may replace their own dead link */
#define GUEST_SILENT_MS		500u	/* then one who said nothing, */
#define GUEST_MS		3000u	/* ... or anybody makes way */
#define DIALS_MAX		512u
#define DIAL_ADDRS_MAX		16u	/* addresses of a name we try */
#define DIAL_TRIES_MAX		2u	/* connects of one dial at a time */
#define DIAL_STAGGER_MS		300u	/* between them */
#define UNREADY_MAX		65536u	/* bytes taken before the hello */
#define ACCEPTS_PER_TURN	8u
#define ACCEPT_PAUSE_MS		1000u
#define LINK_HIGH		(8u * 1024 * 1024) /* to gossipd: stop reading */
#define LINK_LOW		(1u * 1024 * 1024) /* ... and go on */
/*
 * Buffers of all sessions: a whole frame each for the most sessions there
 * can be; then the one that wants more ends.
 */
#define POOL_LIVE_MAX		(1024u * 1024 * 1024)
#define POOL_HELD_MAX		(16u * 1024 * 1024)

/*
 * A session, from the moment there is a TCP connection.
 *
 *   state        what it waits for                    ends by
 *   HANDSHAKE    Noise messages, or the parent's DH   UP, error, 10 s
 *   HELLO        gossipd and one frame each way       SESSION_READY, 10 s
 *   ESTABLISHED  frames                               error, idle, CLOSE
 *   CLOSING      what is queued to be written         done, error, 1 s
 *   DEAD         being freed at the end of this turn
 */
enum session_state {
	SESSION_HANDSHAKE,
	SESSION_HELLO,
	SESSION_ESTABLISHED,
	SESSION_CLOSING,
	SESSION_DEAD,
};

/* What lies in the out queue, in order; wire counts down as it is written. */
struct out_item {
	uint32_t	wire;
	uint32_t	payload;
	bool		credit;		/* gossipd's: give the credit back */
};
#define OUT_ITEMS	(SESSION_WINDOW_FRAMES + 8u)

struct session {
	RB_ENTRY(session)	 node;
	TAILQ_ENTRY(session)	 dirty_entry;
	struct transport	*t;
	uint32_t		 id;
	uint32_t		 dial_id;	/* outbound: gossipd's number */
	int			 fd;
	enum session_state	 state;
	bool			 outbound;
	bool			 dirty;		/* has output to flush */
	bool			 hello_given;	/* one frame before READY */
	bool			 dh_asked;
	bool			 up;		/* gossipd knows it */
	bool			 cancelled;	/* outbound: nobody asks */
	bool			 reading;
	enum down_reason	 close_reason;
	struct addr		 peer;
	struct admit_conn	 place;
	struct watch		 watch;
	struct event		 ev_read, ev_write, ev_timer;

	struct noise		 noise;
	struct noise_cipher	 tx, rx;
	struct buf		*in;		/* ciphertext not yet opened */
	struct frame_cutter	 cutter;

	struct buf_queue	 out;
	struct out_item		 items[OUT_ITEMS];
	uint32_t		 items_first, items_n;

	/* Windows: what the other side has not given back yet. */
	uint32_t		 in_frames, in_bytes;
	uint32_t		 out_frames, out_bytes;
	uint32_t		 kept_frames, kept_bytes; /* written of these */

	uint64_t		 bytes_in, bytes_out;
	uint64_t		 cause;		/* event that led to its dial, then
						   to its end; 0: none */
	bool			 was_ready;
	uint32_t		 rtt_us;	/* as gossipd was told; 0: not */
};
RB_HEAD(session_tree, session);
TAILQ_HEAD(session_list, session);

struct listener {
	struct transport *t;
	struct event	 ev;
	int		 fd;
	char		 addr[HOSTPORT_MAX + 1];
};

struct dial;
TAILQ_HEAD(dial_list, dial);

/* Counters of TABLE_STATUS. */
struct transport_stats {
	uint64_t accepted, refused_full, refused_address, crowded_out;
	uint64_t dialed, dial_failed;
	uint64_t handshakes_ok, handshakes_failed, handshakes_slowed;
	uint64_t hello_failed, deadline, idle, write_timeout, bad_frame;
	uint64_t bytes_in, bytes_out, frames_in, frames_out;
	uint64_t link_stalls, accept_pauses;
};

struct transport {
	struct event_base	*base;
	struct imsgchan		*parent, *gossipd;
	const struct conf	*conf;
	uint8_t			 x25519_pub[32];
	/* Random bytes; a test gives the vectors' ones. */
	void			(*random)(void *, size_t);

	struct noise_crypto	 crypto;
	struct bufpool		 pool;
	struct admit		*admit;
	struct session_tree	 sessions;
	struct session_list	 dirty;		/* flush, or free when dead */
	struct event		 ev_flush;
	uint32_t		 next_id;
	uint32_t		 sessions_n, ready_n, inbound_unready_n;
	bool			 link_full;	/* gossipd is behind */

	struct listener		 listeners[CONF_LISTEN_MAX];
	size_t			 listeners_n;
	int			 reserve_fd;
	struct event		 ev_accept;	/* end of a pause */
	bool			 accept_paused;
	bool			 listening;
	uint32_t		 unfinished_room; /* descriptors we have for it */

	struct dial_list	 dials;
	uint32_t		 dials_n;
	struct evdns_base	*dns;
	struct event		*ev_refresh;	/* of its nameservers */
	size_t			 nameservers_n;

	bool			 stopping;
	void			(*stopped)(struct transport *, void *);
	void			*stopped_arg;
	struct transport_stats	 stats;
};

/* transport.c: the state all sessions share, and gossipd's messages. */

/* conf must outlive it and may change; the channels are set by the owner. */
struct transport *transport_new(struct event_base *, const struct conf *,
	    const uint8_t x25519_pub[32]);
/* Ends everything at once, without messages. */
void	 transport_free(struct transport *);
/* Tell gossipd of the listeners, and begin to accept. */
void	 transport_start(struct transport *);
/* A changed configuration is in force. */
void	 transport_apply(struct transport *);
void	 transport_dispatch_gossipd(struct transport *, struct imsg *);
void	 transport_dispatch_parent(struct transport *, struct imsg *);
/* The link to gossipd is full / has room again. */
void	 transport_link_full(struct transport *);
void	 transport_link_drained(struct transport *);
/* Close all in good order, then call stopped. */
void	 transport_stop(struct transport *,
	    void (*stopped)(struct transport *, void *), void *);
void	 transport_status_row(const struct transport *, struct wbuf *);
void	 transport_drop_rows(const struct transport *,
	    void (*)(const struct wbuf *, void *), void *);
/* Descriptors needed under a configuration. */
unsigned int transport_files(const struct conf *);

/* session.c: life of a session. */

/*
 * Takes fd (non-blocking, connected).  since: when it was accepted or dialed.
 * The event that led to a dial is log_cause().
 * NULL (fd closed) for lack of memory or numbers.
 */
struct session *session_new(struct transport *, int fd, const struct addr *,
	    bool outbound, uint32_t dial_id, uint64_t since);
struct session *session_find(struct transport *, uint32_t id);
/*
 * End at once and tell who must know.  text: for people, may be NULL.  The
 * memory stays until the end of this turn of the loop, in state DEAD.
 */
void	 session_end(struct session *, enum down_reason, const char *text);
/* Write what is queued, then end. */
void	 session_close(struct session *, enum down_reason);
void	 session_ready(struct session *);
void	 session_dh_done(struct session *, enum key_status,
	    const uint8_t secret[32]);
/* Send what is dirty and free what is dead; runs once a turn. */
void	 sessions_flush(struct transport *);
void	 session_mark_dirty(struct session *);
void	 session_timer_set(struct session *);
RB_PROTOTYPE(session_tree, session, node, session_cmp)

/* session_in.c: from the socket to gossipd. */
void	 session_read_cb(evutil_socket_t, short, void *);
/* Handle what has been read, as far as windows allow. */
void	 session_process(struct session *);
/* Listen to the socket or not, by what could be done with more bytes. */
void	 session_read_update(struct session *);
/* gossipd gave back part of the window; false: more than was out. */
bool	 session_credit(struct session *, uint32_t frames, uint32_t bytes);

/* session_out.c: from gossipd to the socket. */
void	 session_write_cb(evutil_socket_t, short, void *);
/* Encrypt one frame and queue it.  credit: it is gossipd's. */
void	 session_send_frame(struct session *, const uint8_t *payload, size_t,
	    bool credit);
/* The next handshake message. */
void	 session_send_handshake(struct session *);
/* Write what the socket takes. */
void	 session_flush(struct session *);
bool	 session_out_empty(const struct session *);
void	 session_out_clear(struct session *);

/* measure.c: what the kernel knows of a connection. */

struct link_measure {
	bool		 known;
	uint32_t	 rtt_us;	/* the shortest of the last minutes */
	uint32_t	 smoothed_us;
	uint64_t	 unacked;	/* bytes given to the kernel */
};

/* Asks the kernel; known is false where it cannot tell. */
void	 link_measure(int fd, struct link_measure *);
/* Is the change of a round trip worth a message? */
bool	 rtt_differs(uint32_t told_us, uint32_t us);
/* Tell gossipd how long the way is, if that is news to it. */
void	 session_rtt_tell(struct session *);
/* One row (TABLE_LINKS) for each session gossipd knows. */
void	 transport_link_rows(struct transport *,
	    void (*)(const struct wbuf *, void *), void *);

/* listener.c */

void	 listeners_init(struct transport *);
/* Takes a bound, listening socket. */
void	 listener_add(struct transport *, int fd, const char *addr);
void	 listeners_start(struct transport *);
void	 listeners_stop(struct transport *);
/* Line in the log about an inbound connection, at most one a minute. */
void	 conn_refused_log(const struct addr *, uint64_t source,
	    enum down_reason, const char *text);

/* dial.c */

/* flags: enum dial_flags. */
void	 dial_start(struct transport *, uint32_t id, const char *hostport,
	    uint8_t flags);
void	 dial_cancel(struct transport *, uint32_t id);
void	 dials_end(struct transport *);
/*
 * Tell gossipd, and the log, because of log_cause(); also used by a session
 * that ended before it was up.  addr: host:port.
 */
void	 dial_failed_send(struct transport *, uint32_t id, const char *addr,
	    enum down_reason, const char *text);

/* resolve.c */

struct resolve;
/* One or more addresses (without port); done: no more will come. */
typedef void (*resolve_cb)(void *, const struct addr *, size_t n, bool done);

void	 resolver_init(struct transport *);
void	 resolver_free(struct transport *);
/* Take the nameservers of the configuration. */
void	 resolver_configure(struct transport *);
/*
 * Look a name up.  Names of the hosts list and localhost are answered before
 * this returns, and so is a failure; NULL then, and cb has been called with
 * done.  Otherwise cb comes later, until done or resolve_cancel().
 */
struct resolve *resolve_start(struct transport *, const char *name,
	    resolve_cb, void *);
void	 resolve_cancel(struct resolve *);

#endif
