/* SPDX-License-Identifier: MIT */
/* A client of the control socket. */
#ifndef MICELIO_SSHD_CONTROL_CLIENT_H
#define MICELIO_SSHD_CONTROL_CLIENT_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../micelioctl/control_proto.h"
#include "caller.h"
#include "cursor.h"
#include "outlet.h"

struct control;
struct event;

enum client_state { CLIENT_HELLO, CLIENT_RUN, CLIENT_RUNNING, CLIENT_ENDING };

struct client {
	TAILQ_ENTRY(client)	 entry;
	struct caller		 caller;
	struct control		*control;
	enum client_state	 state;
	int			 fd;
	struct event		*ev_read, *ev_write, *timer;
	uint8_t			*in;
	size_t			 in_len;
	struct wbuf		 out;
	size_t			 out_done;	/* of out, written */
	struct outlet		 outlet;
	bool			 dead;		/* freed when control returns */
};
TAILQ_HEAD(client_list, client);

/* control.c */

/* Queue a frame of two parts; a client with too much queued is dropped. */
void	 client_frame_put(struct client *, enum ctl_type, const void *, size_t,
	    const void *, size_t);
/* Write what is queued, as far as the socket takes it. */
void	 client_flush(struct client *);
/* Refused by the door, not by a command. */
void	 client_refuse(struct client *, int status, const char *why);

/* control_request.c */

/* Handle the complete frames of what was read. */
void	 client_frames_cut(struct client *);

#endif
