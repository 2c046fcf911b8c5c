/* SPDX-License-Identifier: MIT */
/* Who may log in. */
#ifndef MICELIO_SSHD_AUTH_H
#define MICELIO_SSHD_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sshkey.h"

struct addr;
struct authkey;
struct authkeys;

struct login_request {
	bool		 is_signed;
	const char	*user, *alg;
	size_t		 user_len, alg_len;
	const uint8_t	*blob, *data, *sig;
	size_t		 blob_len, data_len, sig_len;
};
/* Cut a SES_AUTH body; everything points into it. */
bool	 login_request_read(struct login_request *, const void *, size_t);

enum login_verdict {
	LOGIN_REFUSE,		/* this key not, another may */
	LOGIN_MAY,		/* an unsigned question: yes, sign */
	LOGIN_IN,		/* proven */
	LOGIN_LIED,		/* the session process claims what is not so */
};

struct login_answer {
	enum login_verdict	 verdict;
	const char		*cause;		/* "unknown-key", ... */
	const struct authkey	*key;		/* LOGIN_MAY, LOGIN_IN */
	uint8_t			 hash[SSHKEY_HASH_LEN];
	char			 fp[SSHKEY_FP_MAX];
};

/*
 * Decide.  sid is the exchange hash the parent signed first for this
 * connection; now in unix seconds.
 */
void	 auth_decide(const struct authkeys *, const struct login_request *,
	    const uint8_t sid[32], const struct addr *, uint64_t now,
	    struct login_answer *);
/* The line that lets this key in from there now; NULL and cause if none. */
const struct authkey *auth_find(const struct authkeys *,
	    const uint8_t hash[SSHKEY_HASH_LEN], const struct addr *,
	    uint64_t now, const char **cause);
/*
 * What the client's user is told of a refused key: its fingerprint and what
 * would let it in.  file: authorized_keys, as the reader may know it.
 */
void	 auth_refusal_text(const struct login_request *,
	    const struct login_answer *, const char *file, char *, size_t);

#endif
