/* SPDX-License-Identifier: MIT */
/* A peer that speaks Noise over a real socket on 127.0.0.1. */
#ifndef TRANSPORTD_PEER_H
#define TRANSPORTD_PEER_H

#include "rig.h"

/* A whole frame as one Noise message. */
#define PEER_SEALED_MAX	(FRAME_MAX + FRAME_HEADER + NOISE_TAG)

struct rig_peer {
	struct rig	*rig;
	int		 fd;
	EVP_PKEY	*key;
	uint8_t		 pub[32];
	struct noise	 noise;
	struct noise_cipher tx, rx;
	uint8_t		 hash[32], remote[32];
};

/* key: static private key, or NULL for one of its own. */
void	peer_init(struct rig_peer *, struct rig *, int fd,
	    const uint8_t key[32]);
void	peer_free(struct rig_peer *);
/* Handshake to the end; eph may be NULL. */
void	peer_initiate(struct rig_peer *, const uint8_t eph[32]);
void	peer_respond(struct rig_peer *, const uint8_t eph[32]);
void	peer_write(struct rig_peer *, const void *, size_t);
/* Exactly n bytes, or fail. */
void	peer_read(struct rig_peer *, void *, size_t n);
/* Reads until the end of file; what came is thrown away. */
void	peer_expect_eof(struct rig_peer *);
/* One Noise message of these plaintext bytes. */
void	peer_seal(struct rig_peer *, const void *, size_t);
void	peer_frame(struct rig_peer *, const void *, size_t);
/* One Noise message into buf; its plaintext length. */
size_t	peer_open(struct rig_peer *, uint8_t *buf, size_t size);
/* Connect, handshake, hello, READY. */
struct rig_session *peer_join(struct rig_peer *, struct rig *);

#endif
