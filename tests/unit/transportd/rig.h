/* SPDX-License-Identifier: MIT */
/*
 * A transport with everything around it in one process and one loop: the
 * parent (does the DH), gossipd (records what it is told), and the peers of
 * peer.h.  Waiting is for a condition, with a deadline.
 */
#ifndef TRANSPORTD_RIG_H
#define TRANSPORTD_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "common/imsg.h"
#include "common/log.h"
#include "json.h"
#include "micelio-transportd/transportd.h"

#define RIG_WAIT_MS	5000
#define RIG_SESSIONS	64
#define RIG_FRAMES	256

/* What gossipd knows of one session. */
struct rig_session {
	uint32_t	 id, dial;
	bool		 outbound, down;
	uint8_t		 hash[32], remote[32];
	char		 addr[HOSTPORT_MAX + 1];
	char		 own[HOSTPORT_MAX + 1];
	enum down_reason reason;
	uint64_t	 bytes_in, bytes_out;
	size_t		 frames;
	uint8_t		*frame[RIG_FRAMES];
	size_t		 frame_len[RIG_FRAMES];
	uint32_t	 credit_frames, credit_bytes;
	uint32_t	 rtts, rtt_us;
};

struct rig {
	struct event_base *base;
	struct conf	 conf;
	struct transport *t;
	struct imsgchan	*to_parent, *to_gossipd;	/* transport's ends */
	struct imsgchan	*parent, *gossipd;		/* ours */
	EVP_PKEY	*key;			/* the node's static key */
	uint8_t		 pub[32];
	enum key_status	 dh_status;		/* what the parent answers */
	bool		 dh_hold;		/* the parent does not answer */
	bool		 violated;		/* a channel was ended so */
	struct rig_session session[RIG_SESSIONS];
	size_t		 sessions;
	size_t		 listening;
	struct { uint32_t id; enum down_reason reason; char text[256]; }
			 dial_failed[16];
	size_t		 dial_fails;
	uint16_t	 port;			/* of the listener */
	bool		 stopped;
};

extern struct json *rig_vectors;

/* cmocka fixtures: *state is a struct rig with a listener on 127.0.0.1. */
int	rig_setup(void **);
int	rig_teardown(void **);
int	rig_group_setup(void **);
int	rig_group_teardown(void **);

/* Run the loop until cond, failing after RIG_WAIT_MS. */
#define RIG_UNTIL(rig, cond) do {					\
	uint64_t rig_end = mono_ms() + RIG_WAIT_MS;			\
	while (!(cond)) {						\
		if (mono_ms() > rig_end)				\
			fail_msg("waited too long for " #cond);		\
		rig_turn(rig);						\
	}								\
} while (0)
void	rig_turn(struct rig *);
/* Let everything happen that is not waiting for time to pass. */
void	rig_settle(struct rig *);

void	rig_send(struct rig *, enum imsg_type, uint32_t id, const void *,
	    size_t);
void	rig_ready(struct rig *, struct rig_session *);
void	rig_close(struct rig *, struct rig_session *, enum down_reason);
void	rig_credit(struct rig *, struct rig_session *, uint32_t, uint32_t);
void	rig_dial_with(struct rig *, uint32_t number, const char *hostport,
	    uint8_t flags);
void	rig_dial(struct rig *, uint32_t number, const char *hostport,
	    bool name_ok);
struct rig_session *rig_last(struct rig *);
/* An X25519 key of its own, or of that private one. */
EVP_PKEY *rig_key(const uint8_t *priv, uint8_t pub[32]);
/* The ephemeral key of the next session. */
void	rig_ephemeral(const uint8_t[32]);

/* A loopback listener of a peer; rig_listen_on: -1 if the host lacks it. */
int	rig_listen(uint16_t *port);
int	rig_listen_on(const char *host, uint16_t *port);
/* From that address to the listener of the rig at the same family. */
int	rig_connect(struct rig *, const char *from);
int	rig_connect_to(const char *host, uint16_t port, const char *from);
int	rig_accept(struct rig *, int fd);

#endif
