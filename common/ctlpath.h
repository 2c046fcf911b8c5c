/* SPDX-License-Identifier: MIT */
/*
 * Where the control socket of a node is, from its data directory alone, so
 * that micelio and micelioctl agree without talking.
 */
#ifndef MICELIO_CTLPATH_H
#define MICELIO_CTLPATH_H

#include <stdbool.h>
#include <stddef.h>

#define CTLPATH_MAX	107	/* what a sockaddr_un takes, without NUL */

/*
 * Into out (CTLPATH_MAX + 1 bytes).  For /var/lib/micelio and an instance's
 * /var/lib/micelio/NAME: /run/micelio/control.sock, /run/micelio-NAME/
 * control.sock.  Else <data_dir>/control.sock, or when that is too long
 * <runtime_dir>/micelio-<12 hex of SHA-256 of data_dir>.sock.  data_dir is
 * absolute; runtime_dir is $XDG_RUNTIME_DIR or NULL.  False when no path is
 * short enough.
 */
bool	ctlpath(const char *data_dir, const char *runtime_dir, char *out);

#endif
