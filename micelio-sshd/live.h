/* SPDX-License-Identifier: MIT */
/*
 * A command that goes on: it asks again and again, or when the mesh has
 * changed, and what it shows takes the place of what it showed before.  The
 * same is not shown twice, and a reader who is behind is shown the newest
 * only.  It ends with its run.
 */
#ifndef MICELIO_SSHD_LIVE_H
#define MICELIO_SSHD_LIVE_H

#include <stdbool.h>

struct caller;
struct hub;
struct run;
struct wbuf;

/*
 * ask gathers, and its answer comes to live_show(); mesh: also whenever nodes
 * or links have changed.  In a partyline there is one page: it takes the place
 * of another.
 */
void	 live_start(struct run *, void (*ask)(struct run *), bool mesh);
/* The answer, as text or a JSON line; ask again in ms, 0: when told to. */
void	 live_show(struct run *, const struct wbuf *, unsigned int ms);
/* There is no answer: ask again soon. */
void	 live_failed(struct run *);
void	 live_free(struct run *);

/* gossipd has news of nodes and links. */
void	 live_mesh_changed(struct hub *);
/* What fitted its terminal may not do so any more. */
void	 live_resized(struct caller *);
/* Can it be shown in place of something? */
bool	 live_draws(const struct caller *);

#endif
