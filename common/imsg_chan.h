/* SPDX-License-Identifier: MIT */
/* The inside of a channel, for imsg*.c only. */
#ifndef MICELIO_IMSG_CHAN_H
#define MICELIO_IMSG_CHAN_H

#include <event2/event.h>

#include "imsg.h"

#define IMSG_FDS_MAX	16u		/* received, not yet claimed */

/* An fd leaves with the byte of the stream at which its header begins. */
struct out_fd {
	size_t	pos;
	int	fd;
};

struct imsgchan {
	struct event_base	*base;
	struct event		*ev_read, *ev_write, *ev_flush;
	int			 fd;
	enum proc_role		 self, peer;
	unsigned int		 phase;
	imsg_dispatch_cb	 dispatch;
	imsg_closed_cb		 closed;
	void			*arg;

	uint8_t			*in;
	size_t			 in_len, in_cap;
	uint32_t		 in_seq;
	int			 fds[IMSG_FDS_MAX];
	size_t			 nfds;
	bool			 takes_fds;	/* some message here has one */

	uint8_t			*out;
	size_t			 out_off, out_len, out_cap;
	uint32_t		 out_seq;
	struct out_fd		*out_fds;
	size_t			 nout_fds, out_fds_cap;

	size_t			 low;
	void			(*drained)(struct imsgchan *, void *);
	unsigned int		 paused;
	unsigned int		 busy;		/* nested calls into us */
	bool			 ended, freed, write_waits, violated;
	char			 why[256];
};

/* Silence the channel and tell its owner, once. */
void	imsgchan_end(struct imsgchan *, enum imsgchan_end, const char *why);
/* Leave a section in which callbacks may have freed it; false if it ended. */
bool	imsgchan_leave(struct imsgchan *);

/* Event callbacks of the two directions. */
void	imsgchan_read_cb(evutil_socket_t, short, void *);
void	imsgchan_write_cb(evutil_socket_t, short, void *);
void	imsgchan_flush_cb(evutil_socket_t, short, void *);

#endif
