/* SPDX-License-Identifier: MIT */
/*
 * The configuration in force, and its settings as records on the channels.
 * One table (conf_settings) serves the parser's schema, ranges, "did you
 * mean", -nv and the reload comparison; micelio.conf(5) is tested against it.
 */
#ifndef MICELIO_CONF_H
#define MICELIO_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "log.h"
#include "nodeid.h"

struct rcur;
struct wbuf;

#define CONF_LISTEN_MAX		16
#define CONF_BOOTSTRAP_MAX	256
#define CONF_TAGS_MAX		32
#define CONF_TAG_LEN		64
#define CONF_ALLOW_MAX		1024
#define CONF_NAMESERVER_MAX	4
#define CONF_HOSTS_MAX		256
#define CONF_NODE_NAME_MAX	64
/* [64 hex '@'] host:port */
#define CONF_PEER_MAX		(NODEID_HEX + 1 + HOSTPORT_MAX)

struct strlist {
	char	**v;
	size_t	  n;
};

struct conf {
	char		node_name[CONF_NODE_NAME_MAX + 1]; /* default host name */
	struct strlist	node_tags;
	char		data_dir[4096];		/* expanded; not a record of children */
	struct strlist	ssh_listen;		/* empty: off */
	uint32_t	ssh_max_sessions;	/* 64; 1..1024 */
	uint32_t	ssh_max_per_address;	/* 8; 1..1024 */
	uint64_t	ssh_login_grace;	/* ms; 30 s; 1 s..10 min */
	struct strlist	network_listen;
	char		network_advertise_addr[HOSTPORT_MAX + 1];
	struct strlist	network_bootstrap;	/* [id@]host:port */
	uint32_t	network_max_peers;	/* 15; 0..1024, 0: no limit of
						   ours but the table's 1,024 */
	uint64_t	network_exchange_interval;	/* ms; 30 s */
	uint64_t	network_discovery_interval;	/* ms; 10 s */
	uint32_t	network_max_unfinished;	/* 256; 1..16384 */
	uint32_t	network_max_per_address; /* 32; 1..16384: unfinished
						   inbound connections of one
						   address (or /64) */
	uint32_t	network_author_rate;	/* 100/s; 1..100000 */
	struct strlist	network_allow;		/* node ids, 64 hex */
	enum log_level	logging_level;
	enum log_format	logging_format;		/* LOG_TEXT or LOG_JSON */
	/* Not settings: what the resolver needs, from the system's files. */
	struct strlist	nameservers;		/* numeric host:port */
	struct strlist	hosts;			/* "name address" */
	uint32_t	lists_begun;	/* bit per key: conf_record_read has
					   replaced the default of the list */
};

enum conf_key {
	CONF_NODE_NAME = 1, CONF_NODE_TAGS, CONF_NODE_DATA_DIR,
	CONF_SSH_LISTEN, CONF_SSH_MAX_SESSIONS, CONF_SSH_MAX_PER_ADDRESS,
	CONF_SSH_LOGIN_GRACE,
	CONF_NETWORK_LISTEN, CONF_NETWORK_ADVERTISE_ADDR,
	CONF_NETWORK_BOOTSTRAP, CONF_NETWORK_MAX_PEERS,
	CONF_NETWORK_EXCHANGE_INTERVAL, CONF_NETWORK_DISCOVERY_INTERVAL,
	CONF_NETWORK_MAX_UNFINISHED, CONF_NETWORK_MAX_PER_ADDRESS,
	CONF_NETWORK_AUTHOR_RATE, CONF_NETWORK_ALLOW,
	CONF_LOGGING_LEVEL, CONF_LOGGING_FORMAT,
	CONF_NAMESERVER, CONF_HOST,
	CONF_KEY_MAX
};
_Static_assert(CONF_KEY_MAX <= 32, "struct conf has one bit for each");

#define CONF_DATA_DIR_MAX	1024	/* bytes of a path; a record is 2048 */

enum conf_type { CONF_T_STRING, CONF_T_INT, CONF_T_DURATION, CONF_T_LIST,
	CONF_T_LEVEL, CONF_T_FORMAT };

struct conf_setting {
	enum conf_key	 key;
	const char	*name;		/* "network.max_peers"; NULL: internal */
	enum conf_type	 type;
	uint64_t	 min, max;	/* ints, durations in ms; list: items;
					   string: bytes */
	bool		 reloadable;
	size_t		 offset;	/* of the member in struct conf */
	const char	*help;		/* one line */
};
extern const struct conf_setting conf_settings[];	/* ends with key 0 */
const struct conf_setting *conf_setting_by_key(unsigned int);

/*
 * Defaults, as with an empty file.  node.name is the host name, or "micelio"
 * when that is no valid name; data_dir is left empty: config_load() sets it.
 */
void	 conf_init(struct conf *);
/* Frees the lists and leaves defaults of nothing: all zero. */
void	 conf_free(struct conf *);
/* dst is overwritten, whatever it holds: free it before. */
void	 conf_copy(struct conf *dst, const struct conf *src);

/* The members of a setting of that type (offset). */
char		*conf_str(const struct conf *, const struct conf_setting *);
uint32_t	*conf_int(const struct conf *, const struct conf_setting *);
uint64_t	*conf_ms(const struct conf *, const struct conf_setting *);
struct strlist	*conf_list(const struct conf *, const struct conf_setting *);

/*
 * Records: u16 key, then str (string, list item), u64 (int, duration) or u8
 * (level, format).  A list is sent item by item; the first record of a list
 * replaces the default.  An empty list is one record with an empty str.
 * Reading checks type, range, number and form, and refuses anything else.
 * conf_write leaves out node.data_dir, which is the parent's alone.
 */
void	 conf_write(const struct conf *, void (*emit)(const struct wbuf *,
	    void *), void *);
bool	 conf_record_read(struct conf *, struct rcur *);
/* The record or records of one setting, node.data_dir too. */
void	 conf_write_setting(const struct conf *, const struct conf_setting *,
	    void (*emit)(const struct wbuf *, void *), void *);

/*
 * May this be the value of a string setting, or an item of a list?  NULL, or
 * what is wrong with it (static text).
 */
const char *conf_check_text(const struct conf_setting *, const char *);

/* Rules of wire-v1 7.1.  NULL if good, else what is wrong (static text). */
const char *conf_check_listen(const char *);
const char *conf_check_peer(const char *, bool id_allowed);
/* Cut "[id@]host:port"; *has_id says whether an id was there. */
bool	 conf_peer_split(const char *, struct nodeid *, bool *has_id,
	    const char **hostport);

/* Do two configurations differ in this setting? */
bool	 conf_differs(const struct conf *, const struct conf *,
	    const struct conf_setting *);
void	 strlist_add(struct strlist *, const char *);
void	 strlist_free(struct strlist *);

#endif
