/* SPDX-License-Identifier: MIT */
/* Configured peers. */
#ifndef MICELIO_GOSSIP_BOOTSTRAP_H
#define MICELIO_GOSSIP_BOOTSTRAP_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/imsg_types.h"
#include "common/nodeid.h"

struct gossip;

#define BOOT_LIFE_MS	30000u		/* a life that clears the failures */
#define BOOT_SELF_MS	(10u * 60 * 1000)
#define BOOT_FULL_MS	5000u

enum boot_state { BOOT_WAIT, BOOT_DIALING, BOOT_UP, BOOT_HELD };

struct boot {
	TAILQ_ENTRY(boot) entry;
	char		 text[CONF_PEER_MAX + 1];	/* as configured */
	const char	*hostport;			/* in text */
	bool		 pinned;
	struct nodeid	 pin;
	enum boot_state	 state;
	bool		 has_known;
	struct nodeid	 known;		/* who answered there */
	uint32_t	 dial;
	uint32_t	 fails;
	uint64_t	 next_at;	/* mono ms; BOOT_WAIT */
	enum down_reason cause;		/* of the last failure */
};
TAILQ_HEAD(boot_list, boot);

void	 bootstrap_configured(struct gossip *);
void	 bootstrap_free(struct gossip *);
/*
 * The dial of the entry of that address that is not connected, begun now
 * unless it is under way; its pin, if it has one, to *pin, which must be that
 * if *pinned.  0: there is none.
 */
uint32_t bootstrap_dial(struct gossip *, const char *hostport, bool *pinned,
	    struct nodeid *pin);
void	 bootstrap_tick(struct gossip *);
uint64_t bootstrap_next(const struct gossip *);
/* The pin of a dial, if it has one. */
const struct nodeid *bootstrap_expects(const struct gossip *, uint32_t dial);
void	 bootstrap_up(struct gossip *, uint32_t dial, const struct nodeid *);
void	 bootstrap_down(struct gossip *, uint32_t dial, enum down_reason,
	    const struct nodeid *known, uint64_t lived_ms);
void	 bootstrap_peer_gone(struct gossip *, const struct nodeid *);
/* The name by which the configuration calls the node, or NULL. */
const char *bootstrap_name(const struct gossip *, const struct nodeid *,
	    size_t *len);
/* Was that dial one of network.bootstrap? */
bool	 bootstrap_dialled(const struct gossip *, uint32_t dial);
/* Is the address an entry of network.bootstrap? */
bool	 bootstrap_has(const struct gossip *, const char *addr);

#endif
