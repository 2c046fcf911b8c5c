/* SPDX-License-Identifier: MIT */
/* Who of the mesh is alive, judged (health.h), and what people hear of it. */
#ifndef MICELIO_GOSSIP_MESH_JUDGE_H
#define MICELIO_GOSSIP_MESH_JUDGE_H

struct gossip;
struct nodeid;

#define RETELL_MS		30000u	/* after some came back */
#define GREET_MS		120000u	/* who is new knows no claims */
#define GREET_NODE_MS		100u	/* more for each node known */
#define MESH_NEWS_MAX		16u	/* lines of one judgement */

/* When health.judge_at has come. */
void	 mesh_judge(struct gossip *);
/* "up", "unreachable" or "down"; NULL: nothing is known of it. */
const char *mesh_text(const struct gossip *, const struct nodeid *);

#endif
