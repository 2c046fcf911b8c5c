/* SPDX-License-Identifier: MIT */
/*
 * Channels between the processes of one node.
 *
 * A channel is one end of a SOCK_STREAM socketpair.  Who is at the other end
 * is a property of the channel, never of a message.  Frames are a fixed
 * header and a body (imsg_types.h); the header is in host byte order, as both
 * ends run on one machine from one build.
 */
#ifndef MICELIO_IMSG_H
#define MICELIO_IMSG_H

#include <sys/types.h>
#include <sys/uio.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct wbuf;

enum proc_role {
	PROC_NONE,
	PROC_PARENT,
	PROC_TRANSPORTD,
	PROC_GOSSIPD,
	PROC_STATED,
	PROC_SSHD,
	PROC_SESSION,
	PROC_CONFIG,
	PROC_MAX
};

#define IMSG_ROLE(r)		(1u << PROC_##r)
#define IMSG_PHASE_SETUP	1u
#define IMSG_PHASE_RUN		2u

#include "imsg_types.h"

enum imsg_type {
	IMSG_NONE,
#define X(name, from, to, phase, min, max, fd) IMSG_##name,
	IMSG_TABLE(X)
#undef X
	IMSG_MAX
};

struct imsg_hdr {
	uint16_t	type;
	uint16_t	flags;		/* IMSG_HAS_FD */
	uint32_t	len;		/* of the body */
	uint32_t	id;
	uint32_t	seq;		/* counts up from 0 on each channel */
	uint64_t	cause;		/* event id that led to this, or 0 */
};
#define IMSG_HAS_FD	1u

/* A received message.  data is valid until the dispatcher returns. */
struct imsg {
	enum imsg_type	 type;
	uint32_t	 id;
	uint64_t	 cause;
	const uint8_t	*data;
	size_t		 len;
	int		 fd;		/* or -1; imsg_take_fd() to keep it */
};

/* One row of the table, for documentation and tests. */
struct imsg_rule {
	const char	*name;
	uint32_t	 from, to, phase;
	size_t		 min, max;
	bool		 fd;
};
extern const struct imsg_rule imsg_rules[IMSG_MAX];

/* Names for logs: "transportd", "KEY_SIGN"; "?" when out of range. */
const char	*proc_role_name(enum proc_role);	/* "transportd" */
const char	*proc_role_title(enum proc_role);	/* "micelio-transportd" */
const char	*imsg_type_name(unsigned int);

enum imsgchan_end {
	IMSGCHAN_EOF,		/* the other process closed or died */
	IMSGCHAN_ERROR,		/* errno-like trouble of the socket */
	IMSGCHAN_VIOLATION,	/* it sent what the table forbids */
};

struct imsgchan;

/*
 * Called for each complete, permitted message.  The callback may send, may
 * close this or any other channel, and must take the fd if it wants it.
 */
typedef void (*imsg_dispatch_cb)(struct imsgchan *, struct imsg *, void *);

/* Called at most once, with the channel already silent; why in text. */
typedef void (*imsg_closed_cb)(struct imsgchan *, enum imsgchan_end,
    const char *text, void *);

/*
 * Takes over fd (made non-blocking, close-on-exec).  With a base the channel
 * reads and writes by itself; with base NULL the owner polls fd and calls
 * imsgchan_readable()/imsgchan_flush().  Starts in SETUP phase.
 * Never fails; fatal on lack of memory.
 */
struct imsgchan	*imsgchan_new(struct event_base *base, int fd,
		    enum proc_role self, enum proc_role peer,
		    imsg_dispatch_cb, imsg_closed_cb, void *arg);

/* Closes and frees; safe inside the channel's own callbacks.  NULL is fine. */
void	 imsgchan_free(struct imsgchan *);

void	 imsgchan_set_phase(struct imsgchan *, unsigned int phase);
enum proc_role imsgchan_peer(const struct imsgchan *);

/* Bytes accepted but not yet given to the kernel. */
size_t	 imsgchan_queued(const struct imsgchan *);

/*
 * Back-pressure.  A paused channel reads nothing (several reasons may hold
 * at once: reason is a bit mask of the owner's choice).
 */
void	 imsgchan_pause(struct imsgchan *, unsigned int reason);
void	 imsgchan_resume(struct imsgchan *, unsigned int reason);

/* Called when the queue has fallen to low bytes or fewer; NULL: never. */
void	 imsgchan_set_drained(struct imsgchan *, size_t low,
	    void (*cb)(struct imsgchan *, void *));

/*
 * Queue a message; it leaves with everything else queued in this turn of the
 * loop in one write.  Sending what the table forbids is a bug: fatal.
 * Sending on a channel that has ended is a no-op.
 * cause: the id of the event that led to the message; 0: what log_cause()
 * says, so that what a dispatcher does carries on what its message carried.
 */
void	 imsg_send(struct imsgchan *, enum imsg_type, uint32_t id,
	    uint64_t cause, const void *body, size_t len);
void	 imsg_sendv(struct imsgchan *, enum imsg_type, uint32_t id,
	    uint64_t cause, const struct iovec *, int iovcnt);
void	 imsg_send_wbuf(struct imsgchan *, enum imsg_type, uint32_t id,
	    uint64_t cause, const struct wbuf *);
/* As imsg_send, and gives fd away: closed here when it is on its way. */
void	 imsg_send_fd(struct imsgchan *, enum imsg_type, uint32_t id,
	    uint64_t cause, int fd, const void *body, size_t len);

/* The fd of a message becomes the caller's; -1 if there is none (left). */
int	 imsg_take_fd(struct imsg *);

/*
 * Declare the message malformed although the table allows it: ends the
 * channel as a violation after the dispatcher returns.
 */
void	 imsgchan_violation(struct imsgchan *, const struct imsg *,
	    const char *what);

/*
 * For owners without a loop, and for the last words before an exit.
 * readable: read once and dispatch; false when the channel has ended.
 * flush: write what the socket takes; false when the channel has ended.
 * flush_wait: write all, waiting at most timeout_ms.
 * wait: poll, read and dispatch until *done or timeout_ms passed (-1: none);
 * false on time-out or end.
 */
bool	 imsgchan_readable(struct imsgchan *);
bool	 imsgchan_flush(struct imsgchan *);
bool	 imsgchan_flush_wait(struct imsgchan *, int timeout_ms);
bool	 imsgchan_wait(struct imsgchan *, const bool *done, int timeout_ms);

/* A CLOEXEC, non-blocking SOCK_STREAM pair with room for bursts. */
int	 imsg_socketpair(int fds[2]);

const char *down_reason_text(unsigned int);	/* "idle-timeout" */

#endif
