/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "fake.h"
#include "gossip_kin.h"
#include "proto/m2.h"

static struct slice
say(const struct m2_ctrl *c)
{
	static struct wbuf p, e;

	if (p.p == NULL) {
		wbuf_init(&p, FRAME_ROOM);
		wbuf_init(&e, FRAME_ROOM);
	}
	wbuf_reset(&p);
	wbuf_reset(&e);
	m2_ctrl_write(&p, c);
	m2_frame_write(&e, MSG_LINK_CTRL, p.p, p.len);
	return (struct slice){ e.p, e.len };
}

struct slice
kin_setup(void)
{
	struct m2_ctrl c = { .has_setup = true };

	c.setup.version = 1;
	c.setup.caps = M2_CAP_TREES;
	memset(c.setup.salt, 0x5a, sizeof(c.setup.salt));
	return say(&c);
}

struct slice
kin_answer(const void *frame, size_t len)
{
	static uint8_t names[FRAME_ROOM];
	struct m2_ctrl told, c = { .gap = 0 };
	struct envelope e;

	if (!envelope_read(&e, frame, len) || e.msg_type != MSG_LINK_CTRL ||
	    !m2_ctrl_read(&told, e.payload.p, e.payload.n))
		return (struct slice){ NULL, 0 };
	if (told.ihave.n > 0)
		memcpy(names, told.ihave.p, told.ihave.n);
	if (told.ihave_new.n > 0)
		memcpy(names + told.ihave.n, told.ihave_new.p,
		    told.ihave_new.n);
	c.graft = (struct slice){ names, told.ihave.n + told.ihave_new.n };
	return c.graft.n > 0 ? say(&c) : (struct slice){ NULL, 0 };
}
