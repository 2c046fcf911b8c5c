/* SPDX-License-Identifier: MIT */
/*
 * Lines one person says in a row.  What exceeds the rate waits; the person is
 * told once that it does, and once what became of all of them.
 */
#include <stdio.h>
#include <string.h>

#include "burst.h"
#include "imsg.h"
#include "ratelimit.h"

void
burst_said(struct burst *b, uint64_t now_ms)
{
	if (!b->slowed && now_ms >= b->last_ms + BURST_GAP_MS)
		memset(b, 0, sizeof(*b));
	b->said++;
	b->last_ms = now_ms;
}

enum burst_next
burst_result(struct burst *b, unsigned int status, uint64_t now_ms,
    bool *tell)
{
	b->last_ms = now_ms;
	*tell = false;
	switch (status) {
	case CHAT_SENT:
		return BURST_GO_ON;
	case CHAT_SLOWED:
	case CHAT_REFUSED:
		*tell = !b->slowed;
		b->slowed = true;
		return status == CHAT_SLOWED ? BURST_WAIT : BURST_AGAIN;
	case CHAT_NO_PEERS:
		*tell = b->lost == 0;
		b->lost++;
		return BURST_GO_ON;
	default:
		*tell = true;
		b->lost++;
		return BURST_GO_ON;
	}
}

/*
 * Nobody is linked whose rate would hold it: the node's own does.  False:
 * the line waits for so long and then takes its part.
 */
bool
burst_alone(struct burst *b, struct bucket *rate, uint64_t now_ms, bool *tell,
    uint32_t *wait_ms)
{
	if (bucket_take(rate, ALONE_RATE, ALONE_BURST, 1, now_ms))
		return true;
	*wait_ms = (uint32_t)bucket_wait(rate, ALONE_RATE, ALONE_BURST, 1,
	    now_ms);
	*tell = !b->slowed;
	b->slowed = true;
	return false;
}

bool
burst_over(struct burst *b, bool now_over, uint64_t now_ms, char *out,
    size_t size)
{
	out[0] = '\0';
	if (!b->slowed || (!now_over && now_ms < b->last_ms + BURST_GAP_MS))
		return false;
	if (b->lost > 0)
		(void)snprintf(out, size, "%u of %u line%s sent to other "
		    "nodes", b->said - b->lost, b->said,
		    b->said == 1 ? "" : "s");
	else if (b->said == 1)
		(void)snprintf(out, size, "the line is sent");
	else
		(void)snprintf(out, size, "all %u lines sent", b->said);
	memset(b, 0, sizeof(*b));
	return true;
}
