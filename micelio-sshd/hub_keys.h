/* SPDX-License-Identifier: MIT */
/* authorized_keys, as the parent reads it (AUTHKEYS_* in imsg_types.h). */
#ifndef MICELIO_SSHD_HUB_KEYS_H
#define MICELIO_SSHD_HUB_KEYS_H

struct hub;
struct imsg;

void	 hub_keys_begin(struct hub *);
void	 hub_keys_data(struct hub *, const struct imsg *);
void	 hub_keys_end(struct hub *, const struct imsg *);
/* Where the file is, for those who are refused: ask, and the answer. */
void	 hub_keys_dir_ask(struct hub *);
void	 hub_keys_dir_answer(struct hub *, const struct imsg *);

#endif
