/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <string.h>

#include <openssl/evp.h>

#include "log.h"
#include "sigcapture.h"

typedef int (*verify_fn)(EVP_MD_CTX *, const unsigned char *, size_t,
    const unsigned char *, size_t);

static struct {
	verify_fn	 real;
	bool		 held;
	uint8_t		 input[SIGCAPTURE_INPUT_MAX];
	size_t		 input_len;
	uint8_t		 sig[SIGCAPTURE_SIG_MAX];
	size_t		 sig_len;
} capture;

void
sigcapture_init(void)
{
	void *sym = dlsym(RTLD_NEXT, "EVP_DigestVerify");

	if (sym == NULL)
		fatalx("libcrypto has no EVP_DigestVerify");
	memcpy(&capture.real, &sym, sizeof(capture.real));
}

bool
sigcapture_get(const uint8_t **input, size_t *input_len, const uint8_t **sig,
    size_t *sig_len)
{
	*input = capture.input;
	*input_len = capture.input_len;
	*sig = capture.sig;
	*sig_len = capture.sig_len;
	return capture.held;
}

void
sigcapture_forget(void)
{
	capture.held = false;
	capture.input_len = 0;
	capture.sig_len = 0;
}

int
sigcapture_real_verify(EVP_MD_CTX *ctx, const unsigned char *sig,
    size_t sig_len, const unsigned char *input, size_t input_len)
{
	return capture.real(ctx, sig, sig_len, input, input_len);
}

/* The one libssh finds first. */
int
EVP_DigestVerify(EVP_MD_CTX *ctx, const unsigned char *sig, size_t sig_len,
    const unsigned char *input, size_t input_len)
{
	int good;

	good = capture.real(ctx, sig, sig_len, input, input_len);
	sigcapture_forget();
	if (good != 1 || input_len > sizeof(capture.input) ||
	    sig_len > sizeof(capture.sig))
		return good;
	memcpy(capture.input, input, input_len);
	capture.input_len = input_len;
	memcpy(capture.sig, sig, sig_len);
	capture.sig_len = sig_len;
	capture.held = true;
	return good;
}
