/* SPDX-License-Identifier: MIT */
/*
 * Every message that may cross between two processes of a node.
 *
 * One line each: name, who may send it, who may receive it, in which phase,
 * smallest and largest body in bytes, whether a file descriptor comes along.
 * The enum, the names in logs, the permission check of each channel and the
 * table in micelio-imsg(7) are made from this list.  The comment above a
 * group gives the bodies: fields in order, written and read with the cursor
 * (common/cursor.h); "str" is u16 length + bytes, "blob" u32 length + bytes,
 * "raw" runs to the end of the body.  Bytes left over are an error.
 *
 * header.id names the thing a message is about: a session (S), a request of
 * the sender that the answer repeats (R), an SSH connection (C); 0 elsewhere.
 */
#ifndef MICELIO_IMSG_TYPES_H
#define MICELIO_IMSG_TYPES_H

#define FRAME_MAX	1048576u	/* payload of a v1 frame (wire-v1 3.1) */

/* Shorthands of this table only. */
#define Pa	IMSG_ROLE(PARENT)
#define Tr	IMSG_ROLE(TRANSPORTD)
#define Go	IMSG_ROLE(GOSSIPD)
#define St	IMSG_ROLE(STATED)
#define Ss	IMSG_ROLE(SSHD)
#define Se	IMSG_ROLE(SESSION)
#define Cf	IMSG_ROLE(CONFIG)
#define KIDS	(Tr | Go | St | Ss)	/* the standing daemons */
#define SETUP	IMSG_PHASE_SETUP
#define RUN	IMSG_PHASE_RUN
#define ANY	(IMSG_PHASE_SETUP | IMSG_PHASE_RUN)

#define IMSG_TABLE(X)							      \
	/*								      \
	 * Setting up a child.  Order: IDENTITY LINK* LISTEN* LOCK?	      \
	 * CONF_BEGIN CONF_RECORD* CONF_COMMIT SETUP_DONE; then READY.	      \
	 * LINK: u8 role of the process at the other end; the fd is our end;  \
	 * again in the RUN phase when that process was started anew.	      \
	 * LISTEN: u8 kind (enum listen_kind), str address as bound.	      \
	 * LOCK: the flock(2)ed lock file of the data directory.	      \
	 * IDENTITY: 32 node id, 32 ed25519 public key, 32 x25519 public key, \
	 * 32 ssh host key (ed25519 public), u8 mode (enum run_mode).	      \
	 * READY: sandbox report (sandbox_report_write), str build id.	      \
	 */								      \
	X(SETUP_IDENTITY,	Pa, KIDS | Se,	SETUP,	129, 129,	0)    \
	X(SETUP_LINK,		Pa, KIDS,	ANY,	1, 1,		1)    \
	X(SETUP_LISTEN,		Pa, Tr | Ss,	ANY,	3, 512,		1)    \
	X(SETUP_LOCK,		Pa, St,		SETUP,	0, 0,		1)    \
	X(SETUP_DONE,		Pa, KIDS | Se,	SETUP,	0, 0,		0)    \
	X(READY,		KIDS | Se, Pa,	ANY,	4, 256,		0)    \
	/*								      \
	 * A configuration in force, first or reloaded.  CONF_RECORD: one     \
	 * setting (conf_record_read).  After CONF_COMMIT of a reload each    \
	 * daemon answers CONF_OK or CONF_REFUSED (str reason) and applies    \
	 * nothing before CONF_APPLY; CONF_ABORT drops it.  UNLISTEN: str     \
	 * address to stop listening on.				      \
	 * From the config child: CONF_RECORD*, CONF_ERROR* (str one line for \
	 * people), CONF_COMMIT (u32 number of errors).			      \
	 */								      \
	X(CONF_BEGIN,		Pa, KIDS | Se,	ANY,	0, 0,		0)    \
	X(CONF_RECORD,		Pa | Cf, KIDS | Se | Pa, ANY, 2, 2048,	0)    \
	X(CONF_ERROR,		Cf, Pa,		ANY,	2, 2048,	0)    \
	X(CONF_COMMIT,		Pa | Cf, KIDS | Se | Pa, ANY, 0, 4,	0)    \
	X(CONF_OK,		KIDS, Pa,	RUN,	0, 0,		0)    \
	X(CONF_REFUSED,		KIDS, Pa,	RUN,	2, 1024,	0)    \
	X(CONF_APPLY,		Pa, KIDS,	RUN,	0, 0,		0)    \
	X(CONF_ABORT,		Pa, KIDS,	RUN,	0, 0,		0)    \
	/*								      \
	 * Life.  PING/PONG: u64 of the parent's choice.  SHUTDOWN: str       \
	 * reason, shown to people; the child finishes and exits 0.	      \
	 * PROGRESS: str what, u8 per cent (database recovery).		      \
	 */								      \
	X(PING,			Pa, KIDS | Se,	RUN,	8, 8,		0)    \
	X(PONG,			KIDS | Se, Pa,	RUN,	8, 8,		0)    \
	X(SHUTDOWN,		Pa, KIDS,	RUN,	2, 512,		0)    \
	X(PROGRESS,		St, Pa,		ANY,	3, 128,		0)    \
	/*								      \
	 * Key service (micelio/keyserv.c).  KEY_SIGN (R): u8 purpose	      \
	 * (enum key_purpose), then for KEY_ENVELOPE: str message_id,	      \
	 * u64 lamport_ts, u32 msg_type, blob payload; for KEY_PEER_RECORD:   \
	 * u64 seq, u64 caps, u8 n (at most 4), n times str address.	      \
	 * KEY_SIGNED: u8 status (enum key_status), 64 signature (zero unless \
	 * KEY_OK).							      \
	 * KEY_ENTRIES (R), of the map: u8 n (1 to KEY_ENTRIES_MAX), n times  \
	 * 16 mesh id, u8 flags, u64 hlc, u64 expires_ms, str key, u32 length \
	 * of the value, 32 its SHA-256.  KEY_ENTRIES_SIGNED: u8 status, when \
	 * KEY_OK n times 64 signature.					      \
	 * KEY_OPEN (R): 32 author's node id, 32 ephemeral X25519 key of a    \
	 * sealed message for this node.  KEY_OPENED: u8 status, 32 its key.  \
	 * KEY_DH (R): 32 remote public key.  KEY_DH_DONE: u8 status,	      \
	 * 32 shared secret.  SIGN_HOSTKEY: 32 exchange hash.		      \
	 */								      \
	X(KEY_SIGN,		Go, Pa,		RUN,	5, 66000,	0)    \
	X(KEY_SIGNED,		Pa, Go,		RUN,	65, 65,		0)    \
	X(KEY_ENTRIES,		St, Pa,		RUN,	73, 24576,	0)    \
	X(KEY_ENTRIES_SIGNED,	Pa, St,		RUN,	1, 4097,	0)    \
	X(KEY_OPEN,		Go, Pa,		RUN,	64, 64,		0)    \
	X(KEY_OPENED,		Pa, Go,		RUN,	33, 33,		0)    \
	X(KEY_DH,		Tr, Pa,		RUN,	32, 32,		0)    \
	X(KEY_DH_DONE,		Pa, Tr,		RUN,	33, 33,		0)    \
	X(SIGN_HOSTKEY,		Se, Pa,		RUN,	32, 32,		0)    \
	X(HOSTKEY_SIGNED,	Pa, Se,		RUN,	65, 65,		0)    \
	/*								      \
	 * SSH connections (C).  SSH_SPAWN: the accepted socket, str peer     \
	 * address; answered by SSH_SPAWNED with the hub end of the session's \
	 * pair, or SSH_SPAWN_FAILED (str reason).  SSH_SID: 32 first	      \
	 * exchange hash signed for the connection.  SSH_EXIT: u8 kind	      \
	 * (0 exit status, 1 signal), u8 value.  SSH_KILL: end the process.   \
	 * AUTHKEYS_*: the bytes of authorized_keys, in order; AUTHKEYS_END:  \
	 * u8 status (0 read, 1 no such file, 2 unreadable: str reason).      \
	 * AUTHKEYS_ADD (R): raw line for its end.  AUTHKEYS_REMOVE (R): u32  \
	 * number of the line from 1, 32 SHA-256 of its bytes.  Both: changed \
	 * as a whole, and answered by AUTHKEYS_EDITED: u8 exit status, str   \
	 * why not; the new bytes follow it.				      \
	 */								      \
	X(SSH_SPAWN,		Ss, Pa,		RUN,	2, 128,		1)    \
	X(SSH_SPAWNED,		Pa, Ss,		RUN,	0, 0,		1)    \
	X(SSH_SPAWN_FAILED,	Pa, Ss,		RUN,	2, 512,		0)    \
	X(SSH_SID,		Pa, Ss,		RUN,	32, 32,		0)    \
	X(SSH_EXIT,		Pa, Ss,		RUN,	2, 2,		0)    \
	X(SSH_KILL,		Ss, Pa,		RUN,	0, 0,		0)    \
	X(AUTHKEYS_BEGIN,	Pa, Ss,		RUN,	0, 0,		0)    \
	X(AUTHKEYS_DATA,	Pa, Ss,		RUN,	1, 32768,	0)    \
	X(AUTHKEYS_END,		Pa, Ss,		RUN,	1, 512,		0)    \
	X(AUTHKEYS_ADD,		Ss, Pa,		RUN,	1, 16384,	0)    \
	X(AUTHKEYS_REMOVE,	Ss, Pa,		RUN,	36, 36,		0)    \
	X(AUTHKEYS_EDITED,	Pa, Ss,		RUN,	3, 512,		0)    \
	/*								      \
	 * RELOAD (R): u8 what (enum reload_what): read the configuration      \
	 * again, only check it as it is on the disk, or print what is in     \
	 * force.  RELOAD_DONE: u8 exit status (sysexits: 0 done, 78 the      \
	 * configuration is refused, 75 not now), blob text for people (lines,\
	 * RELOAD_TEXT_MAX at most).					      \
	 */								      \
	X(RELOAD,		Ss, Pa,		RUN,	1, 1,		0)    \
	X(RELOAD_DONE,		Pa, Ss,		RUN,	5, 262144 + 5,	0)    \
	/*								      \
	 * Network sessions (S), between transportd and gossipd.	      \
	 * DIAL (id: gossipd's dial number): u8 has_id, 32 expected node id,  \
	 * u8 flags (enum dial_flags), str host:port.  DIAL_CANCEL: no	      \
	 * DIAL_FAILED follows, but a SESSION_UP may be on its way.	      \
	 * DIAL_FAILED: u8 reason (enum down_reason), str text.		      \
	 * SESSION_UP: Noise is done: u8 outbound, u32 dial number or 0,      \
	 * 32 handshake hash, 32 remote static key, str remote address, str   \
	 * our own on that connection.					      \
	 * SESSION_READY: the hello is done: lifts the small receive cap and  \
	 * the 10 s deadline, starts keepalive and idle timers.  Before it one\
	 * FRAME_IN comes, the hello; what follows it waits in transportd.    \
	 * SESSION_RTT: u32 microseconds, the shortest round trip the kernel  \
	 * saw lately; after SESSION_READY, and when it changed much.	      \
	 * SESSION_CLOSE: u8 reason: send what is queued, then close.	      \
	 * SESSION_DOWN: u8 reason, u64 bytes in, u64 bytes out, str text;    \
	 * the last message about S, always sent once after SESSION_UP.	      \
	 * FRAME_IN, FRAME_OUT: raw payload of one frame (without header).    \
	 * FRAME_MULTI: u16 n, n x u32 session, raw payload.		      \
	 * CREDIT: u32 frames, u32 payload bytes given back by the consumer,  \
	 * both directions (window: SESSION_WINDOW_*).  For gossipd to give   \
	 * back more than is out, or to send beyond the window, is a	      \
	 * violation; of transportd it takes no more than is out.  transportd \
	 * may keep back less than CREDIT_KEPT_*, which saves it messages.    \
	 * LISTENING: str bound address; one for each, then the sessions.     \
	 */								      \
	X(DIAL,			Go, Tr,		RUN,	36, 512,	0)    \
	X(DIAL_CANCEL,		Go, Tr,		RUN,	0, 0,		0)    \
	X(DIAL_FAILED,		Tr, Go,		RUN,	3, 512,		0)    \
	X(SESSION_UP,		Tr, Go,		RUN,	73, 256,	0)    \
	X(SESSION_READY,	Go, Tr,		RUN,	0, 0,		0)    \
	X(SESSION_RTT,		Tr, Go,		RUN,	4, 4,		0)    \
	X(SESSION_CLOSE,	Go, Tr,		RUN,	1, 1,		0)    \
	X(SESSION_DOWN,		Tr, Go,		RUN,	19, 512,	0)    \
	X(FRAME_IN,		Tr, Go,		RUN,	0, FRAME_MAX,	0)    \
	X(FRAME_OUT,		Go, Tr,		RUN,	0, FRAME_MAX,	0)    \
	X(FRAME_MULTI,		Go, Tr,		RUN,	2, FRAME_MAX + 4098, 0) \
	X(CREDIT,		Go | Tr, Go | Tr, RUN,	8, 8,		0)    \
	X(LISTENING,		Tr, Go,		RUN,	2, 512,		0)    \
	/*								      \
	 * Remembered peers, between gossipd and stated.  PEER_PUT and	      \
	 * PEER_RECORD: 32 node id, u8 has_key, 32 public key, u8 reachable,  \
	 * u64 last_seen (unix s), u32 fail_count, u64 last_fail (unix s),    \
	 * str address, str PeerRecords with the one it has signed, or empty  \
	 * (<= PEER_SIGNED_MAX; stated does not look into it).  At start      \
	 * stated sends PEER_RECORD*, PEER_END.				      \
	 */								      \
	X(PEER_PUT,		Go, St,		RUN,	90, 1024,	0)    \
	X(PEER_DEL,		Go, St,		RUN,	32, 32,		0)    \
	X(PEER_RECORD,		St, Go,		RUN,	90, 1024,	0)    \
	X(PEER_END,		St, Go,		RUN,	0, 0,		0)    \
	/*								      \
	 * The map between nodes, between gossipd and stated.  MAP_PROFILE:   \
	 * 16 mesh id, 16 profile: what SETUP says; first of all, and again   \
	 * when it changes.  LINK_STATE_UP (S): a link with a node that has a \
	 * map: 32 node id, 16 mesh id, 16 profile, u64 capabilities.	      \
	 * LINK_STATE_DOWN (S): it is no more.  ROOT_OUT (S): our root, ROOT_IN\
	 * (S): theirs: u32 hour, u64 count, 32 hash, u32 flags.	      \
	 * RECON_OUT, RECON_IN (S): raw Reconcile.  RECON_CREDIT (S): u32     \
	 * bytes of them that are on their way, or dealt with: stated has not \
	 * more than RECON_WINDOW_BYTES of a link under way.  DELTA_OUT: raw  \
	 * StateDelta of this node, to all; the next after DELTA_SENT.	      \
	 * DELTA_IN: 32 public key of its author, raw StateDelta.  MAP_ALONE: \
	 * u8 whether all links are with nodes that have no map.  MAP_GAINED  \
	 * (S): that link brought entries that were lacking here.  LINK_CHARGE \
	 * (S): str what was wrong with what came by it.			      \
	 */								      \
	X(MAP_PROFILE,		St, Go,		RUN,	32, 32,		0)    \
	X(LINK_STATE_UP,	Go, St,		RUN,	72, 72,		0)    \
	X(LINK_STATE_DOWN,	Go, St,		RUN,	0, 0,		0)    \
	X(ROOT_OUT,		St, Go,		RUN,	48, 48,		0)    \
	X(ROOT_IN,		Go, St,		RUN,	48, 48,		0)    \
	X(RECON_OUT,		St, Go,		RUN,	0, 32768,	0)    \
	X(RECON_IN,		Go, St,		RUN,	0, 32768,	0)    \
	X(RECON_CREDIT,		Go | St, Go | St, RUN,	4, 4,		0)    \
	X(DELTA_OUT,		St, Go,		RUN,	0, 49152,	0)    \
	X(DELTA_SENT,		Go, St,		RUN,	0, 0,		0)    \
	X(DELTA_IN,		Go, St,		RUN,	32, 49184,	0)    \
	X(MAP_ALONE,		Go, St,		RUN,	1, 1,		0)    \
	X(MAP_GAINED,		St, Go,		RUN,	0, 0,		0)    \
	X(LINK_CHARGE,		St, Go,		RUN,	2, 256,		0)    \
	/*								      \
	 * The map, between the hub and stated.  MAP_ASK (R): u8 what	      \
	 * (enum map_ask), str key or prefix, str key after which to go on,   \
	 * blob value.  Answered by MAP_ROW*: blob row (row.h), blob value;   \
	 * and MAP_DONE: u8 status (enum map_status), str text for people,    \
	 * str last key if there are more.  A watch has no MAP_DONE until it  \
	 * is ended by MAP_ASK_UNWATCH with its R.			      \
	 */								      \
	X(MAP_ASK,		Ss, St,		RUN,	9, 24576,	0)    \
	X(MAP_ROW,		St, Ss,		RUN,	8, 24576,	0)    \
	X(MAP_DONE,		St, Ss,		RUN,	5, 2048,	0)    \
	/*								      \
	 * What was said, between the hub and stated.  HISTORY_PUT: u64 unix  \
	 * ms, u8 once (not if the same line is one of the last kept), raw    \
	 * line as the hub has it (stated does not look into it).	      \
	 * HISTORY_ASK (R): u8 from (enum history_from), u64 which, u16 at    \
	 * most so many.  Answered by HISTORY_LINE*: u64 number, u64 unix ms, \
	 * raw line; and HISTORY_DONE: u8 whether it could be read, u64 number\
	 * at which to go on, u64 number behind the last.		      \
	 * What is known of people, by key of at most KEEP_KEY_MAX bytes.     \
	 * KEEP_PUT: u8 table (enum keep), str key, raw value; empty: remove. \
	 * KEEP_ASK (R): u8 table: all of it, as KEEP_ROW*: str key, raw      \
	 * value; and KEEP_END: u8 whether it could be read.		      \
	 */								      \
	X(HISTORY_PUT,		Ss, St,		RUN,	9, 61449,	0)    \
	X(HISTORY_ASK,		Ss, St,		RUN,	11, 11,		0)    \
	X(HISTORY_LINE,		St, Ss,		RUN,	16, 61456,	0)    \
	X(HISTORY_DONE,		St, Ss,		RUN,	17, 17,		0)    \
	X(KEEP_PUT,		Ss, St,		RUN,	3, 62256,	0)    \
	X(KEEP_ASK,		Ss, St,		RUN,	1, 1,		0)    \
	X(KEEP_ROW,		St, Ss,		RUN,	2, 62256,	0)    \
	X(KEEP_END,		St, Ss,		RUN,	1, 1,		0)    \
	/*								      \
	 * Talk.  CHAT_OUT (R): u8 kind (enum chat_kind), 32 hash of the      \
	 * speaker's key (zeros: none), str nick, str text (<= CHAT_TEXT_MAX).\
	 * CHAT_RESULT: u8 status (enum chat_status), u16 links it was given  \
	 * to, u16 links connected, u32 retry after ms (CHAT_SLOWED).	      \
	 * CHAT_IN: 32 sender node id, u64 timestamp (unix s), str message id,\
	 * u8 kind (| CHAT_EARLIER), 32 hash of the speaker's key (zeros:     \
	 * none), str nick, str text; UTF-8, otherwise as received: whoever   \
	 * shows it makes it safe.					      \
	 */								      \
	X(CHAT_OUT,		Ss, Go,		RUN,	37, 65535,	0)    \
	X(CHAT_RESULT,		Go, Ss,		RUN,	9, 9,		0)    \
	X(CHAT_IN,		Go, Ss,		RUN,	79, 66000,	0)    \
	/*								      \
	 * Talk beside the one room.  ROOM_OUT (R) and ROOM_IN: u8 kind (enum \
	 * room_msg_kind, talk.proto), 32 author's node id (ROOM_OUT: zeros), \
	 * 32 hash of the speaker's key, u64 timestamp (unix s; ROOM_OUT: 0), \
	 * str room, str nick, str text.  PRIVATE_OUT (R) and PRIVATE_IN: u8  \
	 * kind, u8 outcome, 32 id of the other node, 32 hash of the speaker's\
	 * key, u64 timestamp, u64 ref, str to, str nick, str text.  R is     \
	 * answered by CHAT_RESULT; 0: nobody waits.			      \
	 */								      \
	X(ROOM_OUT,		Ss, Go,		RUN,	79, 65535,	0)    \
	X(ROOM_IN,		Go, Ss,		RUN,	79, 65535,	0)    \
	X(PRIVATE_OUT,		Ss, Go,		RUN,	88, 65535,	0)    \
	X(PRIVATE_IN,		Go, Ss,		RUN,	88, 65535,	0)    \
	/*								      \
	 * Links by hand.  LINK (R): str [id@]host:port.  LINK_DONE: u8       \
	 * status (enum link_status), u8 reason (enum down_reason), u8	      \
	 * has_id, 32 node id, u64 ms the dial took (LINK_THERE: the age of   \
	 * the link).  UNLINK (R): 32 node id.  UNLINK_DONE: u8 whether there \
	 * was a link, u64 ms for which there will be none.		      \
	 * NODE_PING (R): 32 id of a linked node.  NODE_PONG: u8 status (enum \
	 * ping_status), u32 ms it took, u32 us the shortest round trip of    \
	 * the connection lately (0: not known), str its address.	      \
	 */								      \
	X(LINK,			Ss, Go,		RUN,	2, 512,		0)    \
	X(LINK_DONE,		Go, Ss,		RUN,	43, 43,		0)    \
	X(UNLINK,		Ss, Go,		RUN,	32, 32,		0)    \
	X(UNLINK_DONE,		Go, Ss,		RUN,	9, 9,		0)    \
	X(NODE_PING,		Ss, Go,		RUN,	32, 32,		0)    \
	X(NODE_PONG,		Go, Ss,		RUN,	11, 512,	0)    \
	/*								      \
	 * What people may ask of a daemon.  TABLE_GET (R): u8 table	      \
	 * (enum table).  TABLE_ROW: a row (common/row.h).  TABLE_END: u8     \
	 * status (0 complete, 1 no such table here).			      \
	 * LOG_LEVEL: u8 level, u32 s for which it holds; then the	      \
	 * configured one does again.					      \
	 * EVENT: u16 event, u8 level, u64 unix ms, u64 its id, u64 id of the  \
	 * event that led to it or 0 (log.h), str rendered fields; lossy:     \
	 * dropped and counted when the link is full.			      \
	 * MESH_WATCH: u8 whether the hub wants MESH_CHANGED: once, when what \
	 * gossipd tells of nodes and links is no longer what it told last.   \
	 */								      \
	X(TABLE_GET,		Ss, Pa | Tr | Go | St, RUN, 1, 1,	0)    \
	X(TABLE_ROW,		Pa | Tr | Go | St, Ss, RUN, 1, 8192,	0)    \
	X(TABLE_END,		Pa | Tr | Go | St, Ss, RUN, 1, 1,	0)    \
	X(LOG_LEVEL,		Ss, Pa | Tr | Go | St, RUN, 5, 5,	0)    \
	X(EVENT,		Pa | Tr | Go | St, Ss, RUN, 29, 4096,	0)    \
	X(MESH_WATCH,		Ss, Go,		RUN,	1, 1,		0)    \
	X(MESH_CHANGED,		Go, Ss,		RUN,	0, 0,		0)    \
	/*								      \
	 * One SSH connection, between its session process and the hub.	      \
	 * SES_AUTH (R): u8 signed, str user, str algorithm, str key blob,    \
	 * and when signed: blob signed bytes, blob signature.		      \
	 * SES_AUTH_DONE: u8 allowed, u8 whether the key may have a terminal,  \
	 * str text for the client's banner.				      \
	 * SES_OPEN: the shell or command starts: u8 kind (enum ses_kind),    \
	 * u8 pty, u16 columns, u16 rows, str term, str env lines (K=V\n),    \
	 * str command.							      \
	 * SES_OPENED: the hub's answer: str prompt, str nick.		      \
	 * SES_REFUSE: str reason.					      \
	 * SES_LINE: one line typed (without line end).  SES_PASTE: the same, \
	 * several lines pasted as one.  SES_PROMPT: str.		      \
	 * SES_OUT: u8 stream (1 stdout, 2 stderr, 3 a line of the room shown \
	 * above the prompt, 4 one that names the reader), raw text with \n;  \
	 * already safe for a terminal.					      \
	 * SES_ACK: u32 bytes of SES_OUT the client has taken.  SES_TAKEN:    \
	 * u32 of what SES_LINE and SES_PASTE cost (SES_LINE_COST + length)   \
	 * that has left the hub's hands: a session has about		      \
	 * SES_LINES_WINDOW of it outstanding and then stops reading.	      \
	 * SES_EXIT: u8 exit status: send, then EOF, close.  SES_IN: raw      \
	 * standard input of a command; empty: end of file.  SES_INTR: C-c.   \
	 * SES_EOF: C-d on an empty line, or the client's end of file.	      \
	 * SES_WINDOW: u16 columns, u16 rows.  SES_COMPLETE (R): u16 cursor   \
	 * offset in bytes, str line; SES_COMPLETED: u16 start, u8 n, n x str.\
	 * SES_SET: str setting, str value: color, plain, width or paste, as  \
	 * the person has it.  SES_BELL: sound the terminal's bell.	      \
	 * SES_CLEAR: clear its screen.					      \
	 * SES_PAGE: raw text in place of the one before, over all of the     \
	 * screen; empty: no more of them.				      \
	 * SES_BYE: str reason: say it, then disconnect.		      \
	 */								      \
	X(SES_AUTH,		Se, Ss,		RUN,	7, 16384,	0)    \
	X(SES_AUTH_DONE,	Ss, Se,		RUN,	4, 1024,	0)    \
	X(SES_OPEN,		Se, Ss,		RUN,	12, 8192,	0)    \
	X(SES_OPENED,		Ss, Se,		RUN,	4, 1024,	0)    \
	X(SES_REFUSE,		Ss, Se,		RUN,	2, 1024,	0)    \
	X(SES_LINE,		Se, Ss,		RUN,	0, 65535,	0)    \
	X(SES_PASTE,		Se, Ss,		RUN,	0, 65535,	0)    \
	X(SES_PROMPT,		Ss, Se,		RUN,	2, 512,		0)    \
	X(SES_OUT,		Ss, Se,		RUN,	1, 65536,	0)    \
	X(SES_ACK,		Se, Ss,		RUN,	4, 4,		0)    \
	X(SES_TAKEN,		Ss, Se,		RUN,	4, 4,		0)    \
	X(SES_EXIT,		Ss, Se,		RUN,	1, 1,		0)    \
	X(SES_IN,		Se, Ss,		RUN,	0, 32768,	0)    \
	X(SES_INTR,		Se, Ss,		RUN,	0, 0,		0)    \
	X(SES_EOF,		Se, Ss,		RUN,	0, 0,		0)    \
	X(SES_WINDOW,		Se, Ss,		RUN,	4, 4,		0)    \
	X(SES_COMPLETE,		Se, Ss,		RUN,	4, 8192,	0)    \
	X(SES_COMPLETED,	Ss, Se,		RUN,	3, 16384,	0)    \
	X(SES_SET,		Ss, Se,		RUN,	4, 128,		0)    \
	X(SES_BELL,		Ss, Se,		RUN,	0, 0,		0)    \
	X(SES_CLEAR,		Ss, Se,		RUN,	0, 0,		0)    \
	X(SES_PAGE,		Ss, Se,		RUN,	0, 32768,	0)    \
	X(SES_BYE,		Ss, Se,		RUN,	2, 512,		0)

/* Window of one network session in each direction (CREDIT). */
#define SESSION_WINDOW_FRAMES	64u
#define SESSION_WINDOW_BYTES	(2u * 1024 * 1024)
#define CREDIT_KEPT_FRAMES	16u
#define CREDIT_KEPT_BYTES	8192u

#define PEER_SIGNED_MAX	512u	/* bytes; a longer one is not kept */

#define HISTORY_LINE_MAX 61440u	/* bytes of a line kept, with who said it */
#define HISTORY_PAGE	256u	/* lines of one answer */
#define KEEP_KEY_MAX	64u
#define KEEP_VALUE_MAX	62000u
#define KEEP_ROWS_MAX	2048u	/* of a table */

/* Of reconciliation on its way to one link; see RECON_CREDIT. */
#define RECON_WINDOW_BYTES	(128u * 1024)

#define CHAT_NICK_MAX	32u	/* bytes of a local nick */
#define CHAT_TEXT_MAX	60000u	/* bytes of text; payload stays <= 65536 */
#define SES_LINE_COST	32u	/* of a line besides its bytes */
#define SES_LINES_WINDOW 16384u	/* of lines the hub may hold; see SES_TAKEN */
#define LINE_MAX_BYTES	16384u	/* a line typed at the partyline */

#define KEY_ENTRIES_MAX	64u	/* of one KEY_ENTRIES */

#define RELOAD_TEXT_MAX	262144u	/* the longest configuration takes less */

enum reload_what { RELOAD_APPLY = 1, RELOAD_CHECK = 2, RELOAD_PRINT = 3 };

enum run_mode { MODE_PERSONAL = 1, MODE_SERVICE = 2 };

enum listen_kind { LISTEN_NETWORK = 1, LISTEN_SSH = 2, LISTEN_CONTROL = 3 };

enum key_purpose {
	KEY_ENVELOPE = 1,	/* gossipd: an envelope of v1 (wire-v1 3.2) */
	KEY_ENTRY = 2,		/* stated, by KEY_ENTRIES: an entry */
	KEY_PEER_RECORD = 3,	/* gossipd: 0xFF "micelio/peer/1" */
	KEY_SEALED = 4,		/* gossipd, by KEY_OPEN: a sealed message */
};

enum key_status {
	KEY_OK = 0,
	KEY_REFUSED = 1,	/* purpose, type, length or point not allowed */
	KEY_SLOWED = 2,		/* over the rate of this sender */
};

enum map_ask {
	MAP_ASK_PUT = 1,
	MAP_ASK_DEL,
	MAP_ASK_GET,
	MAP_ASK_LIST,		/* of a prefix: keys */
	MAP_ASK_EXPORT,		/* of a prefix: keys and values */
	MAP_ASK_VERSIONS,	/* of a key: all its registers */
	MAP_ASK_STATE,		/* a row of the map, then one an author */
	MAP_ASK_WATCH,		/* of a prefix: a row for each change */
	MAP_ASK_UNWATCH,
	MAP_ASK_BACKUP,
	MAP_ASK_VERIFY,
	MAP_ASK_STREAM,		/* a copy as a tar archive, page by page */
	MAP_ASK_STREAM_END,	/* no more of it */
};

enum map_status {
	MAP_DONE_OK,
	MAP_DONE_NONE,		/* no such key */
	MAP_DONE_BAD,		/* no key, or no value */
	MAP_DONE_REFUSED,	/* a rule of the map: quota, clock */
	MAP_DONE_FAILED,	/* now not; it may work later */
};
/*
 * Fields of MAP_ROW: str key, str author (64 hex), time written, time expires,
 * bytes size; bool deleted, bool shown (of a version).  Of MAP_ASK_STATE: any.
 */

enum history_from {
	HISTORY_FROM = 1,	/* the line of that number, or the next */
	HISTORY_LAST = 2,	/* so many from the end */
	HISTORY_SINCE = 3,	/* unix ms: all that came then or later */
};

enum keep {
	KEEP_PEOPLE = 1,	/* by key hash: settings, last seen */
	KEEP_NOTES = 2,		/* messages for those who are not here */
	KEEP_BANS = 3,		/* who may not come in, or not speak */
};

enum dial_flags {
	DIAL_NAME_OK = 1,	/* host may be a name to resolve */
	DIAL_ON_WORD = 2,	/* another's word: nothing out of reach, and */
	DIAL_LOOPBACK_OK = 4,	/* ... a loopback address only with this */
	DIAL_INNER_OK = 8,	/* ... a private one only with this */
};

/* Why a session or a dial ended; texts by down_reason_text(). */
#define DOWN_TABLE(X)							\
	X(NONE,		"none")						\
	X(EOF,		"closed-by-peer")				\
	X(RESET,	"connection-reset")				\
	X(REFUSED,	"connection-refused")				\
	X(UNREACHABLE,	"unreachable")					\
	X(TIMEOUT,	"timeout")					\
	X(IDLE,		"idle-timeout")					\
	X(WRITE,	"write-timeout")				\
	X(RESOLVE,	"name-not-found")				\
	X(NOISE,	"handshake-failed")				\
	X(HELLO,	"hello-failed")					\
	X(DEADLINE,	"hello-deadline")				\
	X(FRAME,	"bad-frame")					\
	X(DUPLICATE,	"duplicate")					\
	X(FULL,		"full")						\
	X(SELF,		"own-key")					\
	X(NOT_ALLOWED,	"not-allowed")					\
	X(WRONG_PEER,	"other-node-answered")				\
	X(ABUSE,	"abuse")					\
	X(REPLACED,	"replaced")					\
	X(UNLINKED,	"unlinked")					\
	X(SHUTDOWN,	"shutdown")					\
	X(RESOURCE,	"no-resources")					\
	X(CROWDED,	"crowded-out")				\
	X(NEARER,	"nearer-one-found")

enum down_reason {
#define X(name, text) DOWN_##name,
	DOWN_TABLE(X)
#undef X
	DOWN_MAX
};

enum chat_status {
	CHAT_SENT = 0,
	CHAT_NO_PEERS = 1,	/* nobody is connected; shown locally only */
	CHAT_SLOWED = 2,	/* held back: queued, goes out in retry ms */
	CHAT_REFUSED = 3,	/* queue full: not sent, try again later */
	CHAT_BAD = 4,		/* not UTF-8, or too long */
	CHAT_FAILED = 5,	/* the key service refused */
	CHAT_UNKNOWN = 6,	/* no key of that node is known */
};

enum chat_kind {
	CHAT_SAID = 0,
	CHAT_DONE = 1,		/* what they do: "/me waves" */
};
/*
 * Said before this node started, and brought by a neighbour since: whoever
 * was here then may have read it.
 */
#define CHAT_EARLIER	0x80u

/* As proto/talk.proto numbers them. */
enum private_kind {
	PRIVATE_SAID = 0,
	PRIVATE_DONE = 1,
	PRIVATE_RECEIPT = 2,
	PRIVATE_MAX
};

enum private_outcome {
	PRIVATE_SHOWN = 0,
	PRIVATE_KEPT = 1,	/* until they come */
	PRIVATE_NOBODY = 2,	/* of that nick is known */
	PRIVATE_FULL = 3,	/* there is no room to keep it */
	PRIVATE_OUTCOMES
};

enum room_msg_kind {
	ROOM_MSG_SAID = 0,
	ROOM_MSG_DONE = 1,
	ROOM_MSG_JOINED = 2,
	ROOM_MSG_LEFT = 3,
	ROOM_MSG_TOPIC = 4,
	ROOM_MSG_WHO = 5,
	ROOM_MSG_PEOPLE = 6,
	ROOM_MSG_MAX
};
#define ROOM_NAME_MAX	32u	/* bytes with the '#' */

enum link_status {
	LINK_UP = 0,
	LINK_THERE = 1,		/* it was linked before */
	LINK_SELF = 2,		/* that is this node */
	LINK_BAD = 3,		/* not [id@]host:port */
	LINK_FULL = 4,		/* network.max_peers are linked */
	LINK_BUSY = 5,		/* too many orders at once */
	LINK_REFUSED = 6,	/* reached; the other node has no place */
	LINK_FAILED = 7,	/* see the reason */
};

enum ping_status {
	PING_ANSWERED = 0,
	PING_V1 = 1,		/* linked, and not of a kind that answers */
	PING_NO_LINK = 2,
	PING_LOST = 3,		/* the link ended before the answer */
	PING_BUSY = 4,		/* too many are waited for */
};

enum table {
	TABLE_STATUS = 1,	/* one row: how this daemon is */
	TABLE_PEERS = 2,	/* gossipd: sessions and configured peers */
	TABLE_PROCS = 3,	/* parent: one row a child, with its sandbox */
	TABLE_KEYSERV = 4,	/* parent: counters of the key service */
	TABLE_LINKS = 5,	/* transportd: one row a connection */
	TABLE_NODES = 6,	/* gossipd, stated: one row a node known */
	TABLE_DROPS = 7,	/* what was refused or lost, and why */
	TABLE_TREES = 8,	/* gossipd: one row a link, for broadcast */
	TABLE_TRACES = 9,	/* gossipd: how the last messages came */
	TABLE_MESH = 10,	/* gossipd: one row a node that claims links */
};
/*
 * Field names the hub's status and peers rely on (more may follow; a field
 * that does not apply is ROW_NULL or left out).
 * PEERS, one row a session or configured peer: str id (64 hex), str name
 * (the host name it was dialled by), str addr,
 * str state ("up", "connecting", "down"), str dir ("in", "out"), str kind
 * ("v1", "m2"), ms up, us rtt, str cause (of the last end), ms next (until the
 * next try), u64 session (its number, as in LINKS).
 * PROCS, one row a child: str name ("transportd"), u64 pid, str state,
 * bool seccomp, u64 landlock_abi (0: none), bool own_uid.
 * STATUS: any; the parent's has str lacks, str host_key, str data_dir.
 * KEYSERV, one row a use: str use, str from, u64 ok, u64 refused, u64 slowed.
 * LINKS, one row a session of SESSION_UP: u64 session (its number, as in
 * PEERS), us rtt_kernel, us rtt_smoothed, bytes in and out as on the wire,
 * bytes queue: written to it and not yet acknowledged.
 * NODES: str id, str addr, str source ("verified", "hearsay", "stored"), bool
 * linked, bool reachable, time last_seen, u64 fails, time last_fail, us rtt,
 * str state ("up", "unreachable", "down", as most who are linked with it say;
 * null: it claims no links).
 * MESH, at most 4,096 rows: str id, str state (as above), bool linked (with
 * this node), ms heard (since its last word), u64 observers, u64 missing (of
 * them), str links: ids of the nodes that it is linked with and that say the
 * same, str claims: of those that do not.  Ids are 64 hex digits with a blank
 * between them, or 32, the first half, of nodes not heard themselves.
 * TREES: str id, str addr, str kind ("m2", "v1", "waits"), str map ("shared",
 * "other-profile", "other-mesh", "none", "unknown"), u64 eager: origins it is
 * eager for, us rtt, u64 saved: copies not sent, u64 session.
 * TRACES, youngest first: str message, str author, time at, str by ("tree",
 * "graft", "v1", "own", "gone"), str from, ms took, ms late, u64 announced,
 * u64 grafts, u64 hops.
 * DROPS: str what, u64 count, str why.
 */

enum ses_kind { SES_SHELL = 1, SES_EXEC = 2 };

#endif
