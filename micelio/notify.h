/* SPDX-License-Identifier: MIT */
/* systemd, by its documented protocols. */
#ifndef MICELIO_MICELIO_NOTIFY_H
#define MICELIO_MICELIO_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NOTIFY_FDS_MAX	32

struct notify {
	int		fd;		/* to NOTIFY_SOCKET, or -1 */
	uint64_t	watchdog_ms;	/* 0: none asked for */
	int		listen_fd[NOTIFY_FDS_MAX];	/* -1: taken */
	size_t		nlisten;
	bool		journal;	/* LOG_FILENO goes to the journal */
};

/*
 * Read and remove what systemd put into the environment; take over the
 * descriptors, close every other one above 2.
 */
void	 notify_init(struct notify *);
/* Connect LOG_FILENO to the journal if stderr leads there. */
void	 notify_journal(struct notify *);
/* Lines of "KEY=value" for systemd; a no-op without it. */
void	 notify_send(struct notify *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

#endif
