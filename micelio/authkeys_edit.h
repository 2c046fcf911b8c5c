/* SPDX-License-Identifier: MIT */
/* Changes of authorized_keys. */
#ifndef MICELIO_MICELIO_AUTHKEYS_EDIT_H
#define MICELIO_MICELIO_AUTHKEYS_EDIT_H

struct child;
struct imsg;

/* AUTHKEYS_ADD, AUTHKEYS_REMOVE: answered by AUTHKEYS_EDITED. */
void	 authkeys_edit(struct child *, const struct imsg *);

#endif
