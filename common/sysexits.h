/* SPDX-License-Identifier: MIT */
/* Exit statuses of every program of the suite (sysexits(3), and two more). */
#ifndef MICELIO_SYSEXITS_H
#define MICELIO_SYSEXITS_H

enum {
	X_OK = 0,
	X_NO = 1,		/* the answer is no: not found, down */
	X_USAGE = 64,
	X_DATA = 65,
	X_UNAVAILABLE = 69,	/* daemon not reachable */
	X_SOFTWARE = 70,	/* a bug */
	X_TEMPFAIL = 75,	/* timed out, outcome unknown */
	X_NOPERM = 77,
	X_CONFIG = 78,
};

#endif
