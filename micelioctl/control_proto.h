/* SPDX-License-Identifier: MIT */
/*
 * The control socket: what micelioctl and the hub say to each other.
 *
 * Frames over a stream socket: u32 big-endian length of the rest, u8 type,
 * body.  In bodies str is u16 big-endian length and bytes.  One command per
 * connection:
 *
 *	client				hub
 *	HELLO u16 version, str user
 *	RUN u16 n, n x str word
 *					WELCOME u16 version, str release
 *					ACCEPTED u8 enum ctl_command
 *	INPUT_SIZE u64 big-endian
 *	INPUT bytes; none: the end
 *					OUTPUT u8 1 stdout 2 stderr, bytes
 *					PAGE text in place of the last;
 *					     none: no more of them
 *					EXIT u8 status
 *
 * HELLO and RUN may be sent at once.  INPUT_SIZE is said when it is known
 * beforehand, so that the hub can say how long it will take.  A command
 * refused is not ACCEPTED; it is told by OUTPUT and EXIT.  The client leaves
 * by closing.  Descriptors are not taken: who sends one is cut off.
 */
#ifndef MICELIO_CONTROL_PROTO_H
#define MICELIO_CONTROL_PROTO_H

#define CTL_VERSION	1
#define CTL_HEADER	5u
#define CTL_FRAME_MAX	131072u		/* type and body */
#define CTL_WORDS_MAX	1024u

enum ctl_type {
	CTL_HELLO = 1,
	CTL_RUN = 2,
	CTL_INPUT = 3,
	CTL_INPUT_SIZE = 4,
	CTL_WELCOME = 16,
	CTL_ACCEPTED = 17,
	CTL_OUTPUT = 18,
	CTL_EXIT = 19,
	CTL_PAGE = 20,
};

/* Of ACCEPTED: what the client should know when it has to give up. */
enum ctl_command {
	CTL_CHANGES = 1,	/* something may have been changed */
	CTL_STREAMS = 2,	/* has no end of its own, or a late one */
	CTL_INPUTS = 4,		/* wants standard input */
};

#endif
