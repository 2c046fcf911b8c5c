/* SPDX-License-Identifier: MIT */
/*
 * Feeds: a line of what "import" reads.
 * Holds: key and value are within their limits, or there is a line of what
 * is wrong; a key that is text, written as JSON, reads as the same.
 * Reads with: micelio-sshd/jsonline.c
 */
#include "common/text.h"
#include "fuzz.h"
#include "micelio-sshd/jsonline.h"

FUZZ_TARGET(jsonline)(const uint8_t *data, size_t size)
{
	static struct jsonline j, again;
	static char line[8 * JSONLINE_KEY_MAX], quoted[7 * JSONLINE_KEY_MAX];
	const char *why = jsonline_read(&j, (const char *)data, size);

	if (why != NULL) {
		HOLDS(why[0] != '\0');
		return 0;
	}
	HOLDS(j.key_len <= JSONLINE_KEY_MAX && j.key[j.key_len] == '\0');
	HOLDS(j.value_len <= JSONLINE_VALUE_MAX);
	if (j.has_key && utf8_valid(j.key, j.key_len)) {
		text_json(j.key, j.key_len, quoted, sizeof(quoted));
		snprintf(line, sizeof(line), "{\"key\":%s,\"value\":\"\"}",
		    quoted);
		HOLDS(jsonline_read(&again, line, strlen(line)) == NULL);
		HOLDS(fuzz_same(j.key, j.key_len, again.key, again.key_len));
	}
	return 0;
}
