/* SPDX-License-Identifier: MIT */
/*
 * The deterministic simulator: many cores of micelio-gossipd, the same object
 * files as in the daemon, on a virtual clock, network and randomness.
 *
 * Nothing here reads a clock, an address of memory or a floating-point number
 * to decide anything: one seed gives one course of events, which a rolling
 * hash of all of them shows.
 */
#ifndef MICELIO_SIM_H
#define MICELIO_SIM_H

#include <bsd/sys/queue.h>

#include "common/conf.h"
#include "common/cursor.h"
#include "micelio-gossipd/envelope_out.h"
#include "micelio-gossipd/gossip.h"
#include "proto/arena.h"
#include "queue.h"
#include "rng.h"
#include "scenario.h"
#include "state/profile.h"
#include "state/reconcile.h"

#define US_PER_MS	UINT64_C(1000)
#define US_PER_S	UINT64_C(1000000)
#define NEVER		UINT64_MAX
#define NODES_MAX	65536u
#define WALL_START_MS	UINT64_C(1767225600000)	/* 2026-01-01 */
#define NO_MSG		UINT32_MAX
#define LATENCY_SLOTS	60001u		/* ms; the last: that or more */
#define HOPS_MAX	253u
#define KEEPALIVE_US	(20 * US_PER_S)

struct world;

/* ---- frames and links (net.c) ---- */

struct frame {
	uint32_t	 refs;
	uint32_t	 len;
	uint32_t	 type;		/* of the envelope */
	uint32_t	 msg;		/* what it carries, or NO_MSG */
	uint32_t	 control;	/* bytes of broadcast in a LinkCtrl */
	uint32_t	 upkeep;	/* bytes for the link itself */
	bool		 ping;
	uint64_t	 hash;
	uint8_t		 data[];
};

struct waiting {
	STAILQ_ENTRY(waiting) entry;
	struct frame	*frame;
};
STAILQ_HEAD(waiting_list, waiting);

/* One direction of a link. */
struct pipe {
	struct rng	 rng;
	uint64_t	 busy_until;	/* us: the last byte has left */
	uint64_t	 last_at;	/* us: nothing arrives before */
	uint64_t	 stall_at;	/* us: since then, or NEVER */
	uint64_t	 dead_at;	/* us: then the reader gives it up */
	uint64_t	 kept_bytes;	/* sent into the stall */
	uint32_t	 queued;	/* frames that have not left */
	uint32_t	 owed_frames, owed_bytes; /* credit due */
	uint32_t	 in_frames, in_bytes;	/* read, not yet handled */
	uint16_t	 stalls;	/* reasons why nothing passes */
	bool		 ended;		/* the sender has closed */
	struct waiting_list waiting;	/* behind a stall or window */
};

struct end {
	TAILQ_ENTRY(end) entry;		/* of the node */
	uint32_t	 number;	/* conn * 2 + side */
	uint32_t	 node;
	uint32_t	 life;		/* of the node, when it began */
	bool		 open;		/* the node has it */
	bool		 up;		/* and was told so */
	bool		 closing;	/* and will hear of its end */
	bool		 credit_due;	/* in the node's list */
	bool		 ready;		/* hello done */
	bool		 salted;	/* a hostile node knows the salt */
	uint8_t		 salt[16];	/* of the other side */
	uint64_t	 rx_at, tx_at;	/* us */
};
TAILQ_HEAD(end_list, end);

struct conn {
	struct end	 end[2];	/* [0] dialled */
	struct pipe	 pipe[2];	/* [i]: from end i */
	uint32_t	 latency;	/* us, one way */
	uint32_t	 refs;		/* events that name it */
	uint32_t	 dial;		/* number of the dialler's core */
	uint32_t	 edge;		/* of the overlay, + 1 */
	uint64_t	 hash_seed;
};

/* ---- nodes (node.c) ---- */

enum persona { IS_CORE, IS_V1, IS_PERSONAS };

struct signing_due {
	STAILQ_ENTRY(signing_due) entry;
	uint32_t	 req;
	uint8_t		 sig[64];
};

struct dial {
	uint32_t	 number;	/* 0: of the overlay */
	uint32_t	 to;		/* node, or NODES_MAX: nobody */
	uint32_t	 life;
	bool		 expects;
	struct nodeid	 expect;
	enum down_reason why;		/* it fails, or NONE */
};

struct verdict_due {
	uint64_t	 job;
	uint32_t	 life;
	uint32_t	 from;
	bool		 good;
};

struct v1;
struct byz;
struct mapnode;

struct node {
	struct world	*world;
	uint32_t	 i;
	enum persona	 persona;
	struct byz	*byz;		/* hostile in some way, or NULL */
	bool		 alive;
	bool		 silent;	/* its death was */
	uint32_t	 life;		/* counts its starts */
	uint64_t	 born, died;	/* us */
	bool		 accuser;	/* see suspects.c */
	uint64_t	 joined;	/* us: its first link was ready; or NEVER */
	uint64_t	 paused_until;	/* us */
	uint8_t		 pub[32], sec[64], noise[32];
	struct nodeid	 id;
	char		 addr[24];
	struct gossip	*core;
	struct mapnode	*map;		/* NULL: it has none */
	struct v1	*v1;
	struct rng	 rng, choice;
	uint64_t	 phase;		/* us: where its milliseconds end */
	int64_t		 wall_off;	/* ms */
	uint64_t	 timer_at;	/* us: asked for */
	uint64_t	 verdict_at;	/* us: the last one asked for */
	uint32_t	 from;		/* whose frame it has in hand */
	bool		 inside;	/* the core is being called */
	struct end_list	 ends;
	size_t		 nends;
	uint32_t	*credits;	/* ends with credit due */
	size_t		 ncredits, credits_cap;
	STAILQ_HEAD(, signing_due) signs;
	uint64_t	 busy_until;	/* us: its uplink */
};

/* ---- messages of people (track.c) ---- */

struct msg {
	uint64_t	 at;		/* us */
	uint64_t	 id_hash;
	uint32_t	 author, author_life;
	uint32_t	 size;
	bool		 named;		/* it has an id */
	bool		 refused;
	bool		 betrayed;	/* colluders announced it */
	uint32_t	 count;		/* nodes that have it */
	uint32_t	 got;		/* that came: not to the hostile */
	uint32_t	 copies;	/* frames that brought it */
	uint8_t		 longest;	/* hops, of all its ways */
	uint8_t		*hops;		/* per node: 0 no, else hops + 1 */
};

struct phase {
	uint64_t	 messages, wanted, missed, delivered;
	uint64_t	 copies, hops_max;
	uint64_t	 longest;	/* hops, sum of the messages */
	uint64_t	 got;		/* by nodes that died later, too */
	uint64_t	 control, upkeep;	/* bytes */
	uint64_t	 notes, pings;	/* frames with something of them */
	uint64_t	 lived;		/* us, of all cores that are not hostile */
	uint64_t	 latency[LATENCY_SLOTS];
	uint64_t	 flood[LATENCY_SLOTS];	/* if all sent it to all */
	uint64_t	 lat_max;	/* us */
	uint64_t	 all;		/* messages that reached everybody */
};

#define LACKS_MAX	5u

/* A node that should have a message and has not. */
struct lack {
	uint32_t	 msg, node;
};

struct totals {
	uint64_t	 events, frames, bytes, vanished;
	uint64_t	 control_frames, control_bytes;
	uint64_t	 twice, wrong;	/* must be 0 */
	uint64_t	 strange;	/* messages of hostile nodes shown */
	uint64_t	 window_full;	/* frames nobody had credit for */
	uint64_t	 muted;		/* at v1 nodes, by the rate */
	uint64_t	 closes[DOWN_MAX];	/* by cores */
	uint64_t	 log[EV_MAX];
};

/* Who is said to be gone, and is (suspects.c). */
struct told {
	uint64_t	 pairs;		/* of a living core and a dead node */
	uint64_t	 down;		/* of these, where it is said */
	uint64_t	 unsaid;	/* where it is not even unreachable */
	uint64_t	 late_max;	/* us, from its end to the word down */
	uint64_t	 wrong;		/* times a living node was said to be */
	uint64_t	 unparted;	/* pairs parted for long, and not said */
	uint64_t	 after;		/* pairs of living nodes with it at the
					   end of the run */
};

/* The maps of all nodes (maps.c). */
struct maps {
	struct profile	 profile;
	uint64_t	 missing;	/* bytes of entries, all nodes */
	uint64_t	 healed_at, equal_at;	/* us, or 0 */
	uint64_t	 bytes;		/* sent for it; since it healed */
	uint64_t	 entries;	/* of them: entries */
	uint64_t	 sessions, idle, idle_bytes;	/* idle: for nothing */
	uint64_t	 ends[RECON_ENDS];	/* on both sides */
};

struct world {
	struct scenario	*sc;
	uint64_t	 seed;
	uint64_t	 now;		/* us */
	uint64_t	 check_at;	/* us: invariants are looked at */
	uint64_t	 quiet_at;	/* us: nobody says anything later */
	struct queue	 queue;
	struct conf	 conf;
	struct node	*node;
	uint32_t	 n;
	struct conn	**conn;
	uint32_t	 nconn, conn_cap;
	uint32_t	 (*edge)[2];
	uint32_t	 nedge;
	struct msg	*msg;
	uint32_t	 nmsg, msg_cap;
	uint32_t	*names;		/* hash of ids -> messages */
	size_t		 names_cap;
	struct phase	*phase;		/* as in the scenario */
	struct lack	 lack[LACKS_MAX];	/* the first */
	uint32_t	 nlack;
	struct totals	 total;
	struct told	 told;
	uint64_t	 hash;
	struct arena	 arena;
	struct wbuf	 buf, payload, upkeep;
	uint64_t	*verdicts;	/* memo of signature checks */
	size_t		 nverdicts, verdicts_cap;
	struct rng	 persona_rng, conn_rng;
	struct hit	*hit;		/* what the faults are doing */
	struct maps	 maps;
	const char	*broken;	/* an invariant that did not hold */
	char		 broken_text[256];
	bool		 trace;
};

/* world.c */
void	 world_init(struct world *, struct scenario *, uint64_t seed);
void	 world_free(struct world *);
/* All nodes in a fair order, to free(). */
uint32_t *world_order(const struct world *, struct rng *);
uint32_t world_share(uint32_t n, uint32_t share);
/* Runs until then, at most `most` events; false: that time has come. */
bool	 world_run(struct world *, uint64_t until, uint64_t most);
void	 world_hash(struct world *, uint64_t);
/* The first one stays. */
void	 world_broken(struct world *, const char *what, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));

/* net.c */
struct frame	*frame_new(struct world *, const void *, size_t);
void	 frame_unref(struct frame *);
struct conn	*conn_open(struct world *, uint32_t a, uint32_t b,
		    uint32_t dial);
struct conn	*conn_get(const struct world *, uint32_t end);
struct end	*end_get(const struct world *, uint32_t end);
struct end	*end_other(const struct world *, const struct end *);
/* Sends one frame from this end; takes no reference of the caller's. */
void	 pipe_send(struct world *, struct end *, struct frame *);
void	 pipe_arrive(struct world *, const struct event *);
void	 pipe_credit(struct world *, const struct event *);
/* The reader has dealt with frames it was given. */
void	 pipe_handled(struct world *, struct end *, uint32_t frames,
	    uint32_t bytes);
/* Something holds this direction up; each stall has one release. */
void	 pipe_stall(struct world *, struct pipe *, uint32_t number);
void	 pipe_release(struct world *, struct pipe *, uint32_t number);
/* This end closes; the other hears of it after what is under way. */
void	 end_close(struct world *, struct end *, enum down_reason);
/* The end is gone without a word. */
void	 end_vanish(struct world *, struct end *);
/* It is no more; its node was told. */
void	 end_gone(struct world *, struct end *);
void	 end_idle(struct world *, const struct event *);
/* Does the node still have the end the event is about? */
bool	 end_due(struct world *, const struct event *);
/* Something about the end is to be told to its node then. */
void	 end_tell(struct world *, struct end *, uint64_t at, enum event_kind);
void	 conn_release(struct world *, uint32_t number);

/* node.c */
void	 node_init(struct world *, struct node *, uint32_t i);
void	 node_free(struct node *);
void	 node_start(struct world *, struct node *);
/* Its memory is lost; links: what happens to them. */
void	 node_crash(struct world *, struct node *, bool silent);
struct gtime node_now(const struct world *, const struct node *);
/* The hello on this end is done. */
void	 node_ready(struct world *, struct end *);
void	 node_event(struct world *, const struct event *);
void	 node_frame(struct world *, struct end *, struct frame *);
void	 node_credit(struct world *, struct end *);
void	 node_publish(struct world *, struct node *, uint32_t msg);
void	 node_dial_failed(struct world *, struct node *, uint32_t number,
	    enum down_reason);
/* NODES_MAX: there is none. */
uint32_t node_by_addr(const struct world *, const char *);

/* actions.c */
extern const struct gossip_ops node_ops;

/* dial.c */
void	 dial_to(struct world *, struct node *, uint32_t to,
	    uint32_t edge);
void	 dial_start(struct world *, struct node *, uint32_t number,
	    const struct nodeid *expect, const char *hostport);
void	 dial_event(struct world *, const struct event *);

/* v1.c */
void	 v1_start(struct world *, struct node *);
void	 v1_free(struct node *);
void	 v1_up(struct world *, struct node *, struct end *);
void	 v1_frame(struct world *, struct node *, struct end *,
	    const struct frame *);
void	 v1_publish(struct world *, struct node *, uint32_t msg);

/* craft.c */
void	 craft_uuid(struct rng *, char out[UUID_LEN + 1]);
/* A frame with a signed envelope; the caller's reference. */
struct frame *craft(struct world *, const struct node *, const char *id,
	    uint32_t type, uint32_t hops, const void *payload, size_t);
/* Leaves the payload of a line of people in w->payload. */
void	 craft_chat(struct world *, const struct node *, const char *text,
	    size_t);
/*
 * A line of a size that no chat may have: a payload of so many bytes, most of
 * them the text, the rest a field nobody knows.
 */
struct frame *craft_large(struct world *, struct node *, uint32_t msg);
/* To all its links; takes the reference. */
void	 craft_send(struct world *, struct node *, struct frame *);

/* byz.c */
void	 byz_make(struct world *, struct node *, enum byz_kind);
void	 byz_free(struct node *);
void	 byz_start(struct world *, struct node *);
/* Before the frame is handed to what it runs. */
void	 byz_frame(struct world *, struct node *, struct end *,
	    struct frame *);
bool	 byz_passes(struct world *, struct end *, const struct frame *);
void	 byz_timer(struct world *, const struct event *);

/* sign.c */
void	 sign_bytes(struct world *, const struct node *, const void *, size_t,
	    uint8_t sig[64]);
bool	 sign_check(struct world *, const uint8_t pub[32],
	    const uint8_t sig[64], const void *, size_t);

/* overlay.c */
void	 overlay_make(struct world *);
void	 overlay_link(struct world *, uint32_t edge);
void	 overlay_again(struct world *, uint32_t edge);
/* The links of a node that came back. */
void	 overlay_rejoin(struct world *, uint32_t node);

/* track.c */
uint32_t track_new(struct world *, struct node *author, uint32_t size);
void	 track_refused(struct world *, uint32_t msg);
/* It goes under this id. */
void	 track_name(struct world *, uint32_t msg, const void *id, size_t len);
uint32_t track_find(const struct world *, struct slice id);
/* The text of a message, for its size. */
const char *track_text(const struct world *, uint32_t msg, size_t *len);
void	 track_delivered(struct world *, struct node *, struct slice id,
	    struct slice text);
void	 track_arrived(struct world *, const struct frame *);
/* The life of a core ends, or the run. */
void	 track_lived(struct world *, const struct node *);
/* Counts what is missing and fills the phases. */
void	 track_judge(struct world *);
void	 track_free(struct world *);

/* flood.c */
/* How soon the message would be everywhere if all sent it on to all. */
void	 flood_measure(struct world *, uint32_t msg);

/* suspects.c */
void	 suspects_begin(struct world *);
/* A node says of another that it is down. */
void	 suspects_said(struct world *, const struct node *,
	    const struct nodeid *);
void	 suspects_parted(struct world *);
/* An accuser's turn. */
void	 suspects_accuse(struct world *, struct node *);
/* What is shown at the end of the run. */
void	 suspects_judge(struct world *);

/* check.c */
void	 check_nodes(struct world *);

/* fault.c */
void	 fault_plan(struct world *);
void	 fault_free(struct world *);
void	 fault_begin(struct world *, uint32_t line);
void	 fault_end(struct world *, uint32_t line);
/* Do no links begin between a and b now? */
bool	 fault_parted(const struct world *, uint32_t a, uint32_t b);
void	 fault_restart(struct world *, uint32_t node);
/* Which part of the mesh a node is in, or was last: 0 or 1. */
uint32_t fault_side(const struct world *, uint32_t node);

/* maps.c */
void	 maps_init(struct world *);
/* A node's core begins, and with it its map. */
void	 maps_begin(struct world *, struct node *);
/* The mesh is one again. */
void	 maps_healed(struct world *);
void	 maps_event(struct world *);
/* From then until all maps were equal; NEVER / 1000: they are not. */
uint64_t maps_equal_us(const struct world *);

/* report.c */
void	 report_table(const struct world *, uint64_t wall_us);
void	 report_json(const struct world *, uint64_t wall_us);
/* Does what the scenario expects hold?  Says what does not. */
bool	 report_expect(const struct world *, bool quiet);

/* plot.c */
bool	 plot_write(const struct world *, const char *path);

#endif
