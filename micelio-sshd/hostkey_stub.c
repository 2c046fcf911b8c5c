/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "cursor.h"
#include "log.h"
#include "signer_provider.h"

#define KEY_TYPE	"ssh-ed25519"
#define CHECK		0x6d696365u	/* any number, twice */

static void	put_string(struct wbuf *, const void *, size_t);

/* Format: openssh-key-v1 (PROTOCOL.key of OpenSSH), cipher none. */
void
signer_stub_key(const uint8_t pub[32], char pem[HOSTKEY_PEM_MAX])
{
	static const uint8_t zero_seed[32];
	struct wbuf key, part;
	char b64[HOSTKEY_PEM_MAX - 80];
	uint8_t pad;
	int n;

	wbuf_init(&key, 1024);
	wbuf_init(&part, 1024);
	wbuf_bytes(&key, "openssh-key-v1", sizeof("openssh-key-v1"));
	put_string(&key, "none", 4);
	put_string(&key, "none", 4);
	put_string(&key, "", 0);
	wbuf_u32be(&key, 1);
	put_string(&part, KEY_TYPE, sizeof(KEY_TYPE) - 1);
	put_string(&part, pub, 32);
	put_string(&key, part.p, part.len);
	wbuf_reset(&part);
	wbuf_u32be(&part, CHECK);
	wbuf_u32be(&part, CHECK);
	put_string(&part, KEY_TYPE, sizeof(KEY_TYPE) - 1);
	put_string(&part, pub, 32);
	wbuf_u32be(&part, 64);
	wbuf_bytes(&part, zero_seed, sizeof(zero_seed));
	wbuf_bytes(&part, pub, 32);
	put_string(&part, "", 0);
	for (pad = 1; part.len % 8 != 0; pad++)
		wbuf_u8(&part, pad);
	put_string(&key, part.p, part.len);
	if (key.len * 4 / 3 + 4 >= sizeof(b64))
		fatalx("stub host key: %zu bytes", key.len);
	EVP_EncodeBlock((unsigned char *)b64, key.p, (int)key.len);
	n = snprintf(pem, HOSTKEY_PEM_MAX, "-----BEGIN OPENSSH PRIVATE KEY-----"
	    "\n%s\n-----END OPENSSH PRIVATE KEY-----\n", b64);
	if (n < 0 || n >= HOSTKEY_PEM_MAX)
		fatalx("stub host key does not fit");
	wbuf_free(&key);
	wbuf_free(&part);
}

static void
put_string(struct wbuf *w, const void *p, size_t n)
{
	wbuf_u32be(w, (uint32_t)n);
	wbuf_bytes(w, p, n);
}
