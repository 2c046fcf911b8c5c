/* SPDX-License-Identifier: MIT */
#include "hearsay.h"

unsigned int hearsay_serial;

struct fake *
hearsay_open(struct ident *b)
{
	struct fake *f = fake_new(0);

	ident_make(b, 1);
	fake_connect(f, 1, b);
	fake_forget(f);
	return f;
}

struct peer_msg
peer_of(const struct ident *i, const char *addr, uint64_t last_seen)
{
	return (struct peer_msg){ text_slice(i->hex), text_slice(addr),
		{ i->pub, 32 }, true, last_seen };
}

void
hearsay_tell(struct fake *f, const struct ident *b, const struct peer_msg *p,
    size_t n)
{
	char mid[32];
	struct wbuf w;

	snprintf(mid, sizeof(mid), "x%u", hearsay_serial++);
	wbuf_init(&w, FRAME_ROOM);
	exchange_write(&w, p, n);
	fake_frame(f, 1, env_make(b, mid, MSG_PEER_EXCHANGE, 1,
	    (struct slice){ w.p, w.len }, false));
	wbuf_free(&w);
}
