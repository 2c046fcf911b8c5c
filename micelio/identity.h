/* SPDX-License-Identifier: MIT */
/* The keys of the node. */
#ifndef MICELIO_MICELIO_IDENTITY_H
#define MICELIO_MICELIO_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "errtext.h"
#include "nodeid.h"

struct secret {			/* lives in keymem, one page each */
	uint8_t	seed[32];
	uint8_t	hash[64];	/* scratch */
	uint8_t	ed25519[64];	/* seed, public key: libsodium's form */
	uint8_t	x25519[32];	/* unclamped (wire-v1 1.4) */
};

struct identity {
	struct secret	*node;
	struct secret	*host;		/* SSH host key */
	struct nodeid	 id;
	char		 id_hex[NODEID_HEX + 1];
	uint8_t		 ed25519_pub[32];
	uint8_t		 x25519_pub[32];
	uint8_t		 hostkey_pub[32];
};

#define SSH_PUB_MAX	128	/* "ssh-ed25519 <base64>" */
#define SSH_FP_MAX	64	/* "SHA256:<base64>" */

/*
 * Load identity/node.key and identity/ssh_host_ed25519_key; with create make
 * those that are missing, and write or mend the .pub files beside them.  A
 * key of that name in creds, the directory of systemd's credentials or NULL,
 * is taken instead, and never made.  Returns 0 or an exit status with a line
 * in err.  path is the data directory as people know it.
 */
int	 identity_load(struct identity *, int datadir_fd, const char *path,
	    const char *creds, bool create, char err[ERR_MAX]);
/* Erase the keys. */
void	 identity_free(struct identity *);
/* All public members from the seeds in node and host. */
void	 identity_derive(struct identity *);
char	*ssh_public_line(const uint8_t pub[32], char out[SSH_PUB_MAX]);
char	*ssh_fingerprint(const uint8_t pub[32], char out[SSH_FP_MAX]);

#endif
