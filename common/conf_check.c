/* SPDX-License-Identifier: MIT */
/* What a text may be to be the value of a setting (wire-v1 7.1). */
#include <stddef.h>
#include <string.h>

#include "conf.h"
#include "text.h"

#define SPACES	" \t\r\n\v\f"

static const char *check_name(const char *);
static const char *check_tag(const char *);
static const char *check_data_dir(const char *);
static const char *check_allow(const char *);
static const char *check_nameserver(const char *);
static const char *check_host(const char *);

const char *
conf_check_text(const struct conf_setting *s, const char *text)
{
	switch (s->key) {
	case CONF_NODE_NAME:
		return check_name(text);
	case CONF_NODE_TAGS:
		return check_tag(text);
	case CONF_NODE_DATA_DIR:
		return check_data_dir(text);
	case CONF_SSH_LISTEN:
	case CONF_NETWORK_LISTEN:
		return conf_check_listen(text);
	case CONF_NETWORK_ADVERTISE_ADDR:
		return *text == '\0' ? NULL : conf_check_peer(text, false);
	case CONF_NETWORK_BOOTSTRAP:
		return conf_check_peer(text, true);
	case CONF_NETWORK_ALLOW:
		return check_allow(text);
	case CONF_NAMESERVER:
		return check_nameserver(text);
	case CONF_HOST:
		return check_host(text);
	default:
		return "not a text";
	}
}

/* No control or bidi character, and UTF-8. */
static const char *
check_visible(const char *s)
{
	size_t n = strlen(s), k;
	uint32_t cp;

	while (n > 0) {
		if ((k = utf8_decode(s, n, &cp)) == 0)
			return "not valid UTF-8";
		if (text_unsafe_cp(cp))
			return "has a control character";
		s += k;
		n -= k;
	}
	return NULL;
}

static const char *
check_name(const char *s)
{
	size_t n = strlen(s);

	if (n == 0)
		return "is empty";
	if (n > CONF_NODE_NAME_MAX)
		return "longer than 64 bytes";
	if (s[0] == ' ' || s[n - 1] == ' ')
		return "has a space at an end";
	return check_visible(s);
}

static const char *
check_tag(const char *s)
{
	size_t n = strlen(s);

	if (n == 0)
		return "is empty";
	if (n > CONF_TAG_LEN)
		return "longer than 64 bytes";
	if (strncmp(s, "cap/", 4) == 0)
		return "tags that begin with \"cap/\" are Micelio's own";
	return check_visible(s);
}

static const char *
check_data_dir(const char *s)
{
	if (*s != '/')
		return "not an absolute path";
	if (strlen(s) > CONF_DATA_DIR_MAX)
		return "longer than 1024 bytes";
	return check_visible(s);
}

static const char *
check_allow(const char *s)
{
	struct nodeid id;

	if (!nodeid_parse(&id, s, strlen(s)))
		return "not a node id";
	return NULL;
}

static const char *
check_nameserver(const char *s)
{
	struct addr a;

	return addr_parse(s, &a) ? NULL : "not a numeric address";
}

/*
 * A host is a numeric address or a name.  Names are not held to RFC 1123, as
 * resolvers are not either; only what cannot be one is refused.
 */
static const char *
check_hostname(const char *s)
{
	size_t n = strlen(s);

	if (n > 253)
		return "host name is longer than 253 bytes";
	for (size_t i = 0; i < n; i++) {
		if (s[i] > ' ' && s[i] < 0x7f && strchr("\"'()*,/;<=>?@\\^`{|}",
		    s[i]) == NULL)
			continue;
		return "host name has a character no host name has";
	}
	return NULL;
}

/* A zone ("fe80::1%eth0") would be accepted here and never dialled. */
static const char *
check_ipv6(const char *s)
{
	struct addr a;

	if (strchr(s, '%') != NULL)
		return "an address with a zone (%) cannot be used";
	return addr_from_host(s, 0, &a) ? NULL : "not an IPv6 address";
}

static const char *
check_host(const char *s)
{
	char name[HOST_MAX + 1];
	const char *space = strchr(s, ' ');
	struct addr a;

	if (space == NULL || space == s || (size_t)(space - s) > HOST_MAX ||
	    !addr_from_host(space + 1, 0, &a))
		return "not a name and an address";
	memcpy(name, s, (size_t)(space - s));
	name[space - s] = '\0';
	return check_hostname(name);
}

/*
 * Is a host nobody can dial: empty, 0.0.0.0, :: in any spelling, or either
 * mapped into the other?
 */
static bool
is_wildcard(const char *host)
{
	struct addr a;

	if (*host == '\0')
		return true;
	return addr_from_host(host, 0, &a) && addr_is_unspecified(&a);
}

/* What listen and peer addresses have in common; s is trimmed. */
static const char *
check_hostport(const char *s, bool peer)
{
	struct hostport hp;
	const char *why;

	if (*s == '\0')
		return "address is empty";
	if (!hostport_split(s, &hp, &why))
		return why;
	if (hp.port[0] == '\0')
		return "missing port";
	if (peer && is_wildcard(hp.host))
		return "wildcard host not allowed for peer address";
	if (hp.host[0] == '\0')
		return "missing host";
	if (port_parse(hp.port, !peer) == -1)
		return "port is not a number in range";
	if (strchr(hp.host, ':') != NULL)
		return check_ipv6(hp.host);
	return check_hostname(hp.host);
}

/* Without the white space around it; false if that is longer than out. */
static bool
trim(const char *s, char *out, size_t size)
{
	size_t n;

	s += strspn(s, SPACES);
	for (n = strlen(s); n > 0 && strchr(SPACES, s[n - 1]) != NULL; n--)
		;
	if (n >= size)
		return false;
	memcpy(out, s, n);
	out[n] = '\0';
	return true;
}

const char *
conf_check_listen(const char *s)
{
	char text[HOSTPORT_MAX + 1];

	if (!trim(s, text, sizeof(text)))
		return "address too long";
	return check_hostport(text, false);
}

const char *
conf_check_peer(const char *s, bool id_allowed)
{
	char text[CONF_PEER_MAX + 1];
	const char *hostport;
	struct nodeid id;
	bool has_id;

	if (!trim(s, text, sizeof(text)))
		return "address too long";
	if (!conf_peer_split(text, &id, &has_id, &hostport))
		return "what is before the \"@\" is not a node id";
	if (has_id && !id_allowed)
		return "a node id is not wanted here";
	return check_hostport(hostport, true);
}

bool
conf_peer_split(const char *s, struct nodeid *id, bool *has_id,
    const char **hostport)
{
	const char *at = strchr(s, '@');

	*has_id = at != NULL;
	*hostport = at == NULL ? s : at + 1;
	memset(id, 0, sizeof(*id));
	return at == NULL || nodeid_parse(id, s, (size_t)(at - s));
}
