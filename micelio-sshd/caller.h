/* SPDX-License-Identifier: MIT */
/* Somebody a command runs for: an SSH connection or a control client. */
#ifndef MICELIO_SSHD_CALLER_H
#define MICELIO_SSHD_CALLER_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "burst.h"
#include "cmdline.h"
#include "contact.h"
#include "imsg_types.h"
#include "ratelimit.h"
#include "role.h"
#include "room.h"
#include "sshkey.h"

struct hub;
struct person;
struct recall;
struct run;
struct say;

TAILQ_HEAD(run_list, run);
struct caller {
	struct hub		*hub;
	enum door		 door;
	enum role		 role;
	char			 nick[CHAT_NICK_MAX + 1]; /* wanted */
	uint8_t			 key[SSHKEY_HASH_LEN];
	struct member		 member;
	bool			 in_room;
	struct burst		 burst;
	struct bucket		 alone;		/* lines while nobody is linked */
	struct say		*saying;	/* the next line waits for it */
	bool			 refused;	/* was told so, this second */
	unsigned int		 unsent;	/* lines since then */
	struct person		*person;	/* in the room, with a key */
	uint64_t		 missed_ms;	/* unix: since when; 0: no */
	struct recall		*recall;	/* counts what was missed */
	bool			 recording;	/* of the same key */
	struct contact		 answer_to;	/* spoke to this one alone */
	char			 room[ROOM_NAME_MAX + 1]; /* "": none */
	uint32_t		 room_request;	/* the last line said there */
	struct run_list		 runs;
	unsigned int		 nruns;
	unsigned int		 columns, rows;	/* of its terminal; 0: none */
	bool			 draws;		/* and not a dumb one */
	void	(*out)(struct caller *, int stream, const char *, size_t);
	/* In place of the page before; of no length: no more of them. */
	void	(*page)(struct caller *, const char *, size_t);
	void	(*exit)(struct caller *, int status);
	/* Let its input wait where it comes from; NULL: it cannot. */
	void	(*hold)(struct caller *, bool);
	/* Bytes of output that it has not taken. */
	size_t	(*untaken)(const struct caller *);
};
#define OUT_STDOUT	1
#define OUT_STDERR	2
#define OUT_ROOM	3
#define OUT_NAMED	4	/* of the room, and names the reader */
#define OUT_WHOLE	5	/* standard output, and never skipped */
#define CALLER_RUNS_MAX	4

void	 caller_init(struct caller *, struct hub *);
/* Whatever runs for it is dropped; it leaves the room. */
void	 caller_gone(struct caller *, const char *why);
void	 caller_text(struct caller *, int stream, const char *, ...)
	    __attribute__((format(printf, 3, 4)));
/* A refusal: to the speaker in the partyline, to standard error elsewhere. */
void	 caller_refuse(struct caller *, int status, const char *why);
/* The prompt of a partyline, as nick and room are now. */
void	 caller_prompt(struct caller *);

#endif
