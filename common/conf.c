/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "text.h"

#define HOUR_MS		(60u * 60 * 1000)
#define AT(member)	offsetof(struct conf, member)

const struct conf_setting conf_settings[] = {
	{ CONF_NODE_NAME, "node.name", CONF_T_STRING, 1, CONF_NODE_NAME_MAX,
	    false, AT(node_name), "what people see this node called; "
	    "default: the host name" },
	{ CONF_NODE_TAGS, "node.tags", CONF_T_LIST, 0, CONF_TAGS_MAX,
	    false, AT(node_tags), "words other nodes are told about this one; "
	    "at most 32 of 64 bytes" },
	{ CONF_NODE_DATA_DIR, "node.data_dir", CONF_T_STRING, 1,
	    CONF_DATA_DIR_MAX, false, AT(data_dir), "directory of keys, "
	    "authorized_keys and database; \"~\" is your home" },

	{ CONF_SSH_LISTEN, "ssh.listen", CONF_T_LIST, 0, CONF_LISTEN_MAX,
	    false, AT(ssh_listen), "addresses of the SSH partyline; "
	    "empty: off" },
	{ CONF_SSH_MAX_SESSIONS, "ssh.max_sessions", CONF_T_INT, 1, 1024,
	    true, AT(ssh_max_sessions), "SSH connections at a time" },
	{ CONF_SSH_MAX_PER_ADDRESS, "ssh.max_per_address", CONF_T_INT, 1, 1024,
	    true, AT(ssh_max_per_address), "SSH connections at a time from "
	    "one address" },
	{ CONF_SSH_LOGIN_GRACE, "ssh.login_grace", CONF_T_DURATION, 1000,
	    10 * 60 * 1000, true, AT(ssh_login_grace), "time an SSH client "
	    "has to log in" },

	{ CONF_NETWORK_LISTEN, "network.listen", CONF_T_LIST, 0,
	    CONF_LISTEN_MAX, false, AT(network_listen), "addresses other "
	    "nodes may connect to; empty: this node only dials out" },
	{ CONF_NETWORK_ADVERTISE_ADDR, "network.advertise_addr", CONF_T_STRING,
	    0, HOSTPORT_MAX, true, AT(network_advertise_addr), "address other "
	    "nodes are told to dial; empty: the one listened on" },
	{ CONF_NETWORK_BOOTSTRAP, "network.bootstrap", CONF_T_LIST, 0,
	    CONF_BOOTSTRAP_MAX, true, AT(network_bootstrap), "nodes to dial "
	    "at start: host:port, or id@host:port to pin the node's id" },
	{ CONF_NETWORK_MAX_PEERS, "network.max_peers", CONF_T_INT, 0, 1024,
	    true, AT(network_max_peers), "connected nodes at a time; "
	    "0: as many as fit (1024)" },
	{ CONF_NETWORK_EXCHANGE_INTERVAL, "network.exchange_interval",
	    CONF_T_DURATION, 0, 24 * HOUR_MS, true,
	    AT(network_exchange_interval), "how often peers are told of other "
	    "nodes" },
	{ CONF_NETWORK_DISCOVERY_INTERVAL, "network.discovery_interval",
	    CONF_T_DURATION, 0, 24 * HOUR_MS, true,
	    AT(network_discovery_interval), "how often nodes heard of are "
	    "considered for dialling" },
	{ CONF_NETWORK_MAX_UNFINISHED, "network.max_unfinished", CONF_T_INT, 1,
	    16384, true, AT(network_max_unfinished), "inbound connections at "
	    "a time that have not said hello" },
	{ CONF_NETWORK_MAX_PER_ADDRESS, "network.max_per_address", CONF_T_INT,
	    1, 16384, true, AT(network_max_per_address), "the same from one "
	    "address, or IPv6 /64" },
	{ CONF_NETWORK_AUTHOR_RATE, "network.author_rate", CONF_T_INT, 1,
	    100000, true, AT(network_author_rate), "messages a second taken "
	    "of one author" },
	{ CONF_NETWORK_ALLOW, "network.allow", CONF_T_LIST, 0, CONF_ALLOW_MAX,
	    true, AT(network_allow), "ids of the nodes that may connect; "
	    "empty: any" },

	{ CONF_LOGGING_LEVEL, "logging.level", CONF_T_LEVEL, LOG_LVL_DEBUG,
	    LOG_LVL_ERROR, true, AT(logging_level), "least important line "
	    "that is logged: \"debug\", \"info\", \"warn\" or \"error\"" },
	{ CONF_LOGGING_FORMAT, "logging.format", CONF_T_FORMAT, LOG_TEXT,
	    LOG_JSON, false, AT(logging_format), "how lines are written: "
	    "\"text\" or \"json\"" },

	{ CONF_NAMESERVER, NULL, CONF_T_LIST, 0, CONF_NAMESERVER_MAX, true,
	    AT(nameservers), "from /etc/resolv.conf" },
	{ CONF_HOST, NULL, CONF_T_LIST, 0, CONF_HOSTS_MAX, true, AT(hosts),
	    "from /etc/hosts" },
	{ 0 }
};

static bool	strlist_equal(const struct strlist *, const struct strlist *);
static void	strlist_copy(struct strlist *, const struct strlist *);

const struct conf_setting *
conf_setting_by_key(unsigned int key)
{
	const struct conf_setting *s;

	for (s = conf_settings; s->key != 0; s++)
		if ((unsigned int)s->key == key)
			return s;
	return NULL;
}

/* struct conf is the caller's to change or not: const is cast away once. */
static void *
member(const struct conf *c, const struct conf_setting *s)
{
	return (char *)(uintptr_t)c + s->offset;
}

char *
conf_str(const struct conf *c, const struct conf_setting *s)
{
	return member(c, s);
}

uint32_t *
conf_int(const struct conf *c, const struct conf_setting *s)
{
	return member(c, s);
}

uint64_t *
conf_ms(const struct conf *c, const struct conf_setting *s)
{
	return member(c, s);
}

struct strlist *
conf_list(const struct conf *c, const struct conf_setting *s)
{
	return member(c, s);
}

void
conf_init(struct conf *c)
{
	const struct conf_setting *name = conf_setting_by_key(CONF_NODE_NAME);
	/* Asked for once: a reload happens inside the sandbox. */
	static char host[256];
	static bool asked;

	memset(c, 0, sizeof(*c));
	if (!asked && gethostname(host, sizeof(host) - 1) == -1)
		host[0] = '\0';
	asked = true;
	text_copy(c->node_name, conf_check_text(name, host) == NULL ? host :
	    "micelio", sizeof(c->node_name));
	strlist_add(&c->ssh_listen, "127.0.0.1:2222");
	strlist_add(&c->ssh_listen, "[::1]:2222");
	c->ssh_max_sessions = 64;
	c->ssh_max_per_address = 8;
	c->ssh_login_grace = 30 * 1000;
	c->network_max_peers = 15;
	c->network_exchange_interval = 30 * 1000;
	c->network_discovery_interval = 10 * 1000;
	c->network_max_unfinished = 256;
	c->network_max_per_address = 32;
	c->network_author_rate = 100;
	c->logging_level = LOG_LVL_INFO;
	c->logging_format = LOG_TEXT;
}

void
conf_free(struct conf *c)
{
	const struct conf_setting *s;

	for (s = conf_settings; s->key != 0; s++)
		if (s->type == CONF_T_LIST)
			strlist_free(conf_list(c, s));
	memset(c, 0, sizeof(*c));
}

void
conf_copy(struct conf *dst, const struct conf *src)
{
	const struct conf_setting *s;

	*dst = *src;
	for (s = conf_settings; s->key != 0; s++)
		if (s->type == CONF_T_LIST)
			strlist_copy(conf_list(dst, s), conf_list(src, s));
}

bool
conf_differs(const struct conf *a, const struct conf *b,
    const struct conf_setting *s)
{
	switch (s->type) {
	case CONF_T_STRING:
		return strcmp(conf_str(a, s), conf_str(b, s)) != 0;
	case CONF_T_INT:
		return *conf_int(a, s) != *conf_int(b, s);
	case CONF_T_DURATION:
		return *conf_ms(a, s) != *conf_ms(b, s);
	case CONF_T_LIST:
		return !strlist_equal(conf_list(a, s), conf_list(b, s));
	case CONF_T_LEVEL:
		return a->logging_level != b->logging_level;
	case CONF_T_FORMAT:
		return a->logging_format != b->logging_format;
	}
	return true;
}

void
strlist_add(struct strlist *l, const char *s)
{
	l->v = xreallocarray(l->v, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = xstrdup(s);
}

void
strlist_free(struct strlist *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	l->v = NULL;
	l->n = 0;
}

static void
strlist_copy(struct strlist *dst, const struct strlist *src)
{
	dst->v = NULL;
	dst->n = 0;
	for (size_t i = 0; i < src->n; i++)
		strlist_add(dst, src->v[i]);
}

static bool
strlist_equal(const struct strlist *a, const struct strlist *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->v[i], b->v[i]) != 0)
			return false;
	return true;
}
