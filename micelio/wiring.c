/* SPDX-License-Identifier: MIT */
/*
 * Who can talk to whom.  Besides these, each daemon has a channel to the
 * parent, and each session process one to the parent, one to the hub and one
 * for signatures (sshspawn.c).  There is no other way between processes.
 */
#include "imsg.h"
#include "wiring.h"

const struct wire wires[WIRES] = {
	{ PROC_TRANSPORTD, PROC_GOSSIPD, "frames, sessions, dials" },
	{ PROC_GOSSIPD, PROC_STATED, "remembered peers" },
	{ PROC_GOSSIPD, PROC_SSHD, "chat, tables, events" },
	{ PROC_STATED, PROC_SSHD, "tables, events" },
	{ PROC_TRANSPORTD, PROC_SSHD, "tables, events" },
};
