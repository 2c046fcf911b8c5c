/* SPDX-License-Identifier: MIT */
/*
 * Feeds: a size of the room there is, then text of a stranger.
 * Holds: what is shown is UTF-8 without anything that is unsafe for a terminal
 * and within its room; a value of the log is one word or one quoted text; what
 * is a good address, id or hex text gives the same text again.
 * Reads with: common/text.c common/addr.c common/nodeid.c
 */
#include "common/addr.h"
#include "common/nodeid.h"
#include "common/text.h"
#include "fuzz.h"

#define ROOM	4096

static void
safe(const char *s, size_t n, bool one_line)
{
	uint32_t cp;
	size_t k;

	HOLDS(utf8_valid(s, n));
	for (; n > 0; s += k, n -= k) {
		k = utf8_decode(s, n, &cp);
		HOLDS(k > 0);
		HOLDS(!text_unsafe_cp(cp) || (cp == '\n' && !one_line));
	}
}

static void
shown(const char *s, size_t n, size_t room)
{
	char out[ROOM];
	size_t k;

	k = text_safe(s, n, out, room, true);
	HOLDS(k < room && out[k] == '\0');
	safe(out, k, true);
	k = text_safe(s, n, out, room, false);
	safe(out, k, false);
	k = text_log_value(s, n, out, room);
	HOLDS(k < room && out[k] == '\0');
	safe(out, k, true);
	HOLDS(k == 0 || out[0] == '"' || strpbrk(out, " \"=") == NULL);
	k = text_json(s, n, out, room);
	HOLDS(k < room && utf8_valid(out, k));
	for (size_t i = 0; i < k; i++)
		HOLDS((uint8_t)out[i] >= 0x20);
}

static void
names(const char *s, size_t n)
{
	char hex[NODEID_HEX + 1], back[HOSTPORT_MAX + 1];
	struct addr a, b;
	struct nodeid id;
	bool malformed;

	if (nodeid_parse(&id, s, n)) {
		nodeid_hex(&id, hex);
		HOLDS(fuzz_same(s, n, hex, NODEID_HEX));
	}
	if (addr_parse(s, &a)) {
		addr_text(&a, back);
		HOLDS(addr_parse(back, &b) && addr_port(&b) == addr_port(&a));
		HOLDS(addr_host_key(&a) == addr_host_key(&b) ||
		    strchr(s, '%') != NULL);
		(void)addr_is_private(&a);
		(void)addr_in_net(&a, s, &malformed);
	}
	memset(&a, 0, sizeof(a));
	if (addr_parse("192.0.2.1:1", &a))
		(void)addr_in_net(&a, s, &malformed);
}

FUZZ_TARGET(text)(const uint8_t *data, size_t size)
{
	struct fuzz_in in = fuzz_begin(data, size);
	size_t room = 1 + fuzz_u16(&in) % (ROOM - 1);
	const char *why = NULL;
	struct hostport hp;
	char *s;

	s = malloc(in.left + 1);
	HOLDS(s != NULL);
	if (in.left > 0)
		memcpy(s, in.p, in.left);
	s[in.left] = '\0';
	shown(s, in.left, room < 8 ? 8 : room);
	if (strlen(s) == in.left)
		names(s, in.left);
	if (!hostport_split(s, &hp, &why))
		HOLDS(why != NULL);
	else
		HOLDS(strlen(hp.host) + strlen(hp.port) < strlen(s));
	(void)port_parse(s, true);
	free(s);
	return 0;
}
