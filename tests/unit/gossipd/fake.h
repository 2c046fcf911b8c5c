/* SPDX-License-Identifier: MIT */
/*
 * A driver of the gossip core for tests: no network, its own clock.  It notes
 * every action; signatures are asked of fake_pump(), and checked at once or,
 * with defer, by fake_verify_next().
 */
#ifndef TESTS_GOSSIP_FAKE_H
#define TESTS_GOSSIP_FAKE_H

#include "common/conf.h"
#include "common/cursor.h"
#include "common/imsg_types.h"
#include "envmake.h"
#include "micelio-gossipd/book.h"
#include "micelio-gossipd/envelope_out.h"
#include "micelio-gossipd/gossip.h"
#include "proto/envelope.h"

#define FAKE_MAX	512
#define FAKE_KIN	"cap/m2.1d"	/* trees, clock, pings, records */

struct fake_frame {
	uint32_t	 sids[64];
	size_t		 n;		/* sessions */
	uint8_t		*data;
	size_t		 len;
};

struct fake_sign {
	uint32_t	 req;
	char		 message_id[UUID_LEN + 1];
	uint64_t	 lamport;
	uint32_t	 type;
	uint8_t		*payload;
	size_t		 len;
};

struct fake {
	struct gossip	*g;
	struct conf	 conf;
	struct gtime	 now;
	struct ident	 me;
	bool		 defer;		/* verdicts come later */
	enum key_status	 sign_status;
	uint64_t	 rnd;

	struct fake_frame sent[FAKE_MAX];
	size_t		 nsent;
	struct { uint32_t sid; enum down_reason why; } closed[FAKE_MAX];
	size_t		 nclosed;
	uint32_t	 ready[FAKE_MAX];
	size_t		 nready;
	struct { uint32_t num; bool pinned; uint8_t flags; char to[CONF_PEER_MAX + 1];
		struct nodeid expect; }
			 dials[FAKE_MAX];
	size_t		 ndials, ncancels;
	struct fake_sign signs[FAKE_MAX];
	size_t		 nsigns, signed_up_to;
	struct { uint64_t job; bool good; } jobs[FAKE_MAX];
	size_t		 njobs, jobs_done, nverifies;
	struct {
		struct nodeid id; uint64_t ts; bool earlier;
		char mid[129], nick[128], text[256];
	}		 chats[FAKE_MAX];
	size_t		 nchats, nrooms;
	struct { uint32_t req; enum chat_status status; uint16_t given, of;
		uint32_t retry; } results[FAKE_MAX];
	size_t		 nresults;
	struct { enum log_ev ev; char text[256]; } events[FAKE_MAX];
	size_t		 nevents;
	struct { uint32_t req; enum link_status status; enum down_reason why;
		bool has_id; struct nodeid id; uint64_t ms; }
			 links[FAKE_MAX];
	size_t		 nlinks;
	struct { uint32_t req; enum ping_status status; uint32_t ms; }
			 pings[FAKE_MAX];
	size_t		 npings;
	struct book_peer puts[FAKE_MAX];
	size_t		 nputs;
	struct nodeid	 dels[FAKE_MAX];
	size_t		 ndels;
	uint32_t	 credit_frames, credit_bytes;
};

/* The core as identity n, at START_WALL; conf is empty. */
struct fake *fake_new(unsigned int n);
/* After a change of f->conf before any event: begin with that. */
void	 fake_start(struct fake *);
void	 fake_free(struct fake *);
void	 fake_forget(struct fake *);	/* all notes */
/* What was sent alone. */
void	 fake_forget_sent(struct fake *);
void	 fake_pass(struct fake *, uint64_t ms);	/* time, with a tick */
/* The moment in which v1 neighbours may show that they have a message. */
void	 fake_jitter(struct fake *);
/* Answers what was asked to be signed. */
void	 fake_pump(struct fake *);
bool	 fake_verify_next(struct fake *);
/* Somebody of this node says a line to all. */
void	 fake_chat(struct fake *, uint32_t req, const void *nick,
	    size_t nick_len, const void *text, size_t text_len);
bool	 fake_event(const struct fake *, enum log_ev, const char *text);

/* Connects an identity and does the hello; the session is ready after. */
void	 fake_connect(struct fake *, uint32_t sid, const struct ident *);
void	 fake_dialled(struct fake *, uint32_t sid, uint32_t dial,
	    const struct ident *);
/* The same by a node of our kind, and with its address. */
void	 fake_connect_kin(struct fake *, uint32_t sid, const struct ident *,
	    const char *listen);
void	 fake_frame(struct fake *, uint32_t sid, struct slice);
/* Last frame sent, decoded; fails when there is none. */
const struct fake_frame *fake_last(const struct fake *, struct envelope *);
bool	 frame_went_to(const struct fake_frame *, uint32_t sid);
enum down_reason fake_close_reason(const struct fake *, uint32_t sid);

#endif
