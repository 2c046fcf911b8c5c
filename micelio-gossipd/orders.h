/* SPDX-License-Identifier: MIT */
/* Links that people ask for or end. */
#ifndef MICELIO_GOSSIP_ORDERS_H
#define MICELIO_GOSSIP_ORDERS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/imsg_types.h"

struct gossip;
struct nodeid;

#define ORDERS_MAX		16u	/* dials people wait for */

void	 orders_free(struct gossip *);
void	 orders_forget(struct gossip *);
bool	 orders_has(const struct gossip *, uint32_t dial);
const struct nodeid *orders_expects(const struct gossip *, uint32_t dial);
void	 orders_up(struct gossip *, uint32_t dial, const struct nodeid *);
/* id: who answered, if that was proved. */
void	 orders_down(struct gossip *, uint32_t dial, enum down_reason,
	    const struct nodeid *id);

#endif
