/* SPDX-License-Identifier: MIT */
/* What is said of an error. */
#ifndef MICELIO_MICELIO_ERRTEXT_H
#define MICELIO_MICELIO_ERRTEXT_H

/* A line for people, without the name of the program and a line end. */
#define ERR_MAX	1024

#endif
