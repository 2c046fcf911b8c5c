/* SPDX-License-Identifier: MIT */
/*
 * Feeds: LINK_CTRL of m2.
 * Holds: lists are whole numbers of items, spans within their limits; writing
 * gives what reads as the same bytes, and is within the limit of a control
 * frame.
 * Reads with: proto/m2.c proto/wire.c
 */
#include "common/cursor.h"
#include "fuzz.h"
#include "proto/m2.h"

FUZZ_TARGET(ctrl)(const uint8_t *data, size_t size)
{
	struct m2_ctrl c, back;
	struct wbuf once, twice;

	if (!m2_ctrl_read(&c, data, size))
		return 0;
	HOLDS(size <= M2_CTRL_MAX);
	HOLDS(c.ihave.n % M2_SID == 0 && c.ihave_new.n % M2_SID == 0);
	HOLDS(c.ihave_big.n % M2_BIG == 0 && c.ihave_big_new.n % M2_BIG == 0);
	HOLDS(c.graft.n % M2_SID == 0 && c.graft_link.n % M2_SID == 0);
	HOLDS(c.prune.n % M2_SID == 0 && c.nohave.n % M2_SID == 0);
	HOLDS(c.window.n % M2_SECOND == 0);
	HOLDS(c.window.n <= M2_WINDOW_MAX * M2_SECOND);
	wbuf_init(&once, 2 * M2_CTRL_MAX);
	wbuf_init(&twice, 2 * M2_CTRL_MAX);
	m2_ctrl_write(&once, &c);
	HOLDS(m2_ctrl_read(&back, once.p, once.len));
	m2_ctrl_write(&twice, &back);
	HOLDS(fuzz_same(once.p, once.len, twice.p, twice.len));
	HOLDS(c.has_setup == back.has_setup && c.has_ping == back.has_ping &&
	    c.has_root == back.has_root && c.gap == back.gap);
	wbuf_free(&once);
	wbuf_free(&twice);
	return 0;
}
