/* SPDX-License-Identifier: MIT */
/* Why messages are not taken. */
#ifndef MICELIO_GOSSIP_DROP_H
#define MICELIO_GOSSIP_DROP_H

struct gossip;
struct session;

/* Why a message was not taken: X(NAME, "name", "text"). */
#define DROP_TABLE(X)							\
	X(EMPTY_ID,	"empty_id",	"empty id")			\
	X(LONG_ID,	"long_id",	"id longer than 128 bytes")	\
	X(LONG_PAYLOAD,	"long_payload",	"payload longer than 65536 bytes") \
	X(PADDED,	"padded",	"too much beside the payload")	\
	X(DUPLICATE,	"duplicate",	"seen before")			\
	X(OWN,		"own",		"our own message came back")	\
	X(NO_KEY,	"no_key",	"unknown sender and no key that fits") \
	X(SIGNATURE,	"signature",	"invalid signature")		\
	X(STALE,	"stale",	"timestamp too old or in the future") \
	X(MEMORY,	"memory",	"too many messages of this sender") \
	X(RATE,		"rate",		"sender over its rate")		\
	X(NEIGHBOUR,	"neighbour",	"neighbour over its rate")	\
	X(MALFORMED,	"malformed",	"not an envelope")		\
	X(CHAT,		"chat",		"not a chat message")		\
	X(EXCHANGE,	"exchange",	"bad peer exchange")		\
	X(TYPE,		"type",		"a hello after the hello")	\
	X(LINK,		"link",		"a link frame that is none")	\
	X(IDS,		"ids",		"ids of another form than its type has")

enum drop {
#define X(name, word, text) DROP_##name,
	DROP_TABLE(X)
#undef X
	DROP_MAX
};

const char *drop_name(enum drop);
const char *drop_text(enum drop);
/* session: who sent it, or NULL when that connection is gone. */
void	 drop_count(struct gossip *, struct session *, enum drop);

#endif
