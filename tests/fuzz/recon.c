/* SPDX-License-Identifier: MIT */
/*
 * Feeds: two nodes that compare their maps, what a link between them does to
 * their messages (lost, changed, something else in their place), and messages
 * that one of them never sent: an op of the format around any bytes, or any
 * bytes alone.
 * Holds: the maps' digests are those of their entries all along; once the link
 * is a good one again, both come to the same map.
 * Reads with: state/reconcile.c state/recon_session.c state/recon_open.c
 * state/recon_symbols.c state/recon_ranges.c state/recon_entries.c
 * state/symbols.c state/ranges.c
 */
#include "../unit/state/recon_net.h"
#include "common/cursor.h"
#include "fuzz.h"
#include "proto/rmsg.h"

#define STEPS		24
#define HEAL_MS		(30u * 60 * 1000)

static struct net net;
static struct fuzz_in in;

static bool
bad_link(struct net *w, unsigned int from, unsigned int to, uint8_t *p,
    size_t *n)
{
	const uint8_t *other;

	(void)w;
	(void)from;
	(void)to;
	switch (fuzz_u8(&in) % 8) {
	case 0:
		return in.left == 0;
	case 1:
		if (*n > 0)
			p[fuzz_u16(&in) % *n] ^= fuzz_u8(&in);
		return true;
	case 2:
		*n = *n > 0 ? fuzz_u16(&in) % *n : 0;
		return true;
	case 3:
		other = fuzz_bytes(&in, fuzz_u8(&in), n);
		memcpy(p, other, *n);
		return true;
	default:
		return true;
	}
}

static void
inject(void)
{
	uint8_t how = fuzz_u8(&in);
	unsigned int from = how & 1;
	const uint8_t *p;
	struct wbuf out;
	size_t n;

	p = fuzz_bytes(&in, fuzz_u8(&in), &n);
	if (how & 2) {
		net_inject(&net, from, !from, p, n);
		return;
	}
	wbuf_init(&out, RMSG_MAX);
	rmsg_write(&out, how >> 5, (how & 4) != 0,
	    RMSG_OPEN + (how >> 3) % (RMSG_DONE - RMSG_OPEN + 1), p, n);
	net_inject(&net, from, !from, out.p, out.len);
	wbuf_free(&out);
}

static void
step(void)
{
	switch (fuzz_u8(&in) % 6) {
	case 0:
		net_run(&net, fuzz_u8(&in) * 16u);
		break;
	case 1:
		if (net.up[0][1])
			net_unlink(&net, 0, 1);
		else
			net_link(&net, 0, 1);
		break;
	case 2:
		net.filter = net.filter == NULL ? bad_link : NULL;
		break;
	default:
		inject();
		net_run(&net, 40);
	}
	map_check(&net.node[0].map);
	map_check(&net.node[1].map);
}

FUZZ_TARGET(recon)(const uint8_t *data, size_t size)
{
	uint8_t how;

	in = fuzz_begin(data, size);
	how = fuzz_u8(&in);
	net_init(&net, 2, NULL);
	net_fill(&net.node[0], 0, 10 + (how & 0x3fu));
	net_fill(&net.node[1], how & 0x40 ? 5 : 30, 40);
	net_loaded(&net);
	net_link(&net, 0, 1);
	for (int i = 0; i < STEPS && in.left > 0; i++)
		step();
	net.filter = NULL;
	if (net.up[0][1])
		net_unlink(&net, 0, 1);
	net_link(&net, 0, 1);
	HOLDS(net_settle(&net, HEAL_MS));
	net_free(&net);
	return 0;
}
