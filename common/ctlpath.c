/* SPDX-License-Identifier: MIT */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "ctlpath.h"
#include "nodeid.h"

#define CONTROL_NAME	"control.sock"

bool
ctlpath(const char *data_dir, const char *runtime_dir, char *out)
{
	const size_t room = CTLPATH_MAX + 1, state = strlen(MICELIO_STATEDIR);
	size_t len = strlen(data_dir);
	uint8_t hash[32];
	char hex[13];
	int n;

	/* "dir/" is "dir". */
	while (len > 1 && data_dir[len - 1] == '/')
		len--;
	if (len > 4096)
		return false;
	if (len >= state && memcmp(data_dir, MICELIO_STATEDIR, state) == 0) {
		const char *name = data_dir + state;
		size_t k = len - state;

		if (k == 0)
			return (size_t)snprintf(out, room, "%s/"
			    CONTROL_NAME, MICELIO_RUNDIR) < room;
		if (name[0] == '/' && memchr(name + 1, '/', k - 1) == NULL)
			return (size_t)snprintf(out, room, "%s-%.*s/"
			    CONTROL_NAME, MICELIO_RUNDIR, (int)k - 1,
			    name + 1) < room;
	}
	n = snprintf(out, room, "%.*s/" CONTROL_NAME, (int)len, data_dir);
	if (n > 0 && (size_t)n < room)
		return true;
	if (runtime_dir == NULL || runtime_dir[0] != '/')
		return false;
	crypto_hash_sha256(hash, (const unsigned char *)data_dir, len);
	hex_encode(hash, 6, hex);
	n = snprintf(out, room, "%s/micelio-%s.sock", runtime_dir, hex);
	return n > 0 && (size_t)n < room;
}
