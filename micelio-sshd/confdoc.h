/* SPDX-License-Identifier: MIT */
/* The configuration in force as an object. */
#ifndef MICELIO_SSHD_CONFDOC_H
#define MICELIO_SSHD_CONFDOC_H

struct conf;
struct doc;

/*
 * "network_max_peers": a fact; of what is a list, rows of one "value" each.
 * All settings but node.data_dir, which the hub is not told.
 */
void	 confdoc_build(const struct conf *, struct doc *);

#endif
