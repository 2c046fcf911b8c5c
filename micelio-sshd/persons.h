/* SPDX-License-Identifier: MIT */
/* People, as the daemon has to do with them. */
#ifndef MICELIO_SSHD_PERSONS_H
#define MICELIO_SSHD_PERSONS_H

struct caller;
struct hub;
struct imsg;
struct person;

/* Ask stated for what it has of them. */
void	 persons_ask(struct hub *);
void	 persons_row(struct hub *, struct imsg *);
void	 persons_end(struct hub *, struct imsg *);
/* Somebody came into the room, or goes. */
void	 persons_join(struct caller *);
void	 persons_leave(struct caller *);
void	 persons_store(struct hub *, const struct person *);

#endif
