/* SPDX-License-Identifier: MIT */
/*
 * Round trips, as the kernel has measured them anyway.  A session is looked
 * at when it gets ready and when its timer fires for other reasons: an idle
 * node is not woken for this.
 *
 * The shortest round trip of the last minutes tells the length of the way.
 * The smoothed one does not, where little is said: it then consists of the
 * time for which the peer's kernel holds acknowledgements back.
 */
#include <sys/socket.h>

#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>

#include "common/cursor.h"
#include "common/row.h"
#include "transportd.h"

#define RTT_NONE	UINT32_MAX	/* the kernel's "no sample yet" */
#define RTT_SLACK_US	200u		/* under this it is the same place */

void
link_measure(int fd, struct link_measure *m)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	memset(m, 0, sizeof(*m));
	memset(&info, 0, sizeof(info));
	if (fd == -1 ||
	    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == -1)
		return;
	m->unacked = info.tcpi_notsent_bytes;
	if (info.tcpi_bytes_sent > info.tcpi_bytes_retrans +
	    info.tcpi_bytes_acked)
		m->unacked += info.tcpi_bytes_sent - info.tcpi_bytes_retrans -
		    info.tcpi_bytes_acked;
	m->smoothed_us = info.tcpi_rtt;
	m->rtt_us = info.tcpi_min_rtt;
	if (m->rtt_us == 0 || m->rtt_us == RTT_NONE)
		m->rtt_us = info.tcpi_rtt;
	m->known = m->rtt_us > 0;
}

bool
rtt_differs(uint32_t told_us, uint32_t us)
{
	uint32_t d = told_us > us ? told_us - us : us - told_us;

	return told_us == 0 || (d > told_us / 8 && d > RTT_SLACK_US);
}

void
session_rtt_tell(struct session *s)
{
	struct link_measure m;
	struct wbuf w;

	if (s->state != SESSION_ESTABLISHED)
		return;
	link_measure(s->fd, &m);
	if (!m.known || !rtt_differs(s->rtt_us, m.rtt_us))
		return;
	s->rtt_us = m.rtt_us;
	wbuf_init(&w, 4);
	wbuf_u32(&w, m.rtt_us);
	imsg_send_wbuf(s->t->gossipd, IMSG_SESSION_RTT, s->id, 0, &w);
	wbuf_free(&w);
}

static uint64_t
queued(const struct session *s)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < s->items_n; i++)
		n += s->items[(s->items_first + i) % OUT_ITEMS].wire;
	return n;
}

void
transport_link_rows(struct transport *t,
    void (*emit)(const struct wbuf *, void *), void *arg)
{
	struct link_measure m;
	struct session *s;
	struct wbuf w;

	wbuf_init(&w, 1024);
	RB_FOREACH(s, session_tree, &t->sessions) {
		if (!s->up)
			continue;
		link_measure(s->fd, &m);
		wbuf_reset(&w);
		row_num(&w, "session", ROW_U64, s->id);
		if (m.known) {
			row_num(&w, "rtt_kernel", ROW_US, m.rtt_us);
			row_num(&w, "rtt_smoothed", ROW_US, m.smoothed_us);
		} else {
			row_none(&w, "rtt_kernel", ROW_US);
			row_none(&w, "rtt_smoothed", ROW_US);
		}
		row_num(&w, "in", ROW_BYTES, s->bytes_in);
		row_num(&w, "out", ROW_BYTES, s->bytes_out);
		row_num(&w, "queue", ROW_BYTES, queued(s) + m.unacked);
		emit(&w, arg);
	}
	wbuf_free(&w);
}
