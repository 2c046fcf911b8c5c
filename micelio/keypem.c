/* SPDX-License-Identifier: MIT */
/*
 * A strict reader of one kind of file: PEM of a PKCS#8 Ed25519 private key
 * (RFC 7468, RFC 8410), as wire-v1 1.1 has it.  It works inside the caller's
 * secret memory and copies the seed nowhere else.
 */
#include <sodium.h>
#include <string.h>

#include "cursor.h"
#include "keypem.h"

#define PEM_BEGIN	"-----BEGIN "
#define PEM_END		"-----END "
#define PEM_DASHES	"-----"
#define DER_MAX		512u	/* of a key with attributes */

#define ASN1_INTEGER		0x02
#define ASN1_OCTET_STRING	0x04
#define ASN1_OID		0x06
#define ASN1_SEQUENCE		0x30
#define ASN1_CONTEXT_0		0xa0	/* attributes */
#define ASN1_CONTEXT_1		0x81	/* public key (version 2) */
#define ASN1_CONTEXT_1C		0xa1	/* the same, as some write it */

/* SEQUENCE { INTEGER 0, SEQUENCE { OID }, OCTET STRING { OCTET STRING } } */
static const uint8_t der_head[16] = { 0x30, 0x2e, 0x02, 0x01, 0x00, 0x30,
    0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20 };
static const uint8_t oid_ed25519[3] = { 0x2b, 0x65, 0x70 };

static bool	pem_body(char *, size_t, size_t *, size_t *, const char **);
static bool	pem_line_is(const char *, const char *, const char *, size_t);
static bool	der_seed(const uint8_t *, size_t, uint8_t[32], const char **);
static bool	der_take(struct rcur *, uint8_t, struct rcur *);
static bool	der_tail(struct rcur *);

bool
keypem_read(char *text, size_t n, uint8_t seed[32], const char **why)
{
	const char *end;
	size_t start = 0, len = 0, der_len;
	uint8_t *der;

	if (!pem_body(text, n, &start, &len, why))
		return false;
	/* Decoded bytes never outrun the text they come from. */
	der = (uint8_t *)text;
	if (sodium_base642bin(der, DER_MAX, text + start, len, "\r\n \t",
	    &der_len, &end, sodium_base64_VARIANT_ORIGINAL) == -1 ||
	    end != text + start + len) {
		*why = "the text between its BEGIN and END lines is not "
		    "base64 of a key";
		return false;
	}
	return der_seed(der, der_len, seed, why);
}

/* Bytes start..start+len of text lie between the BEGIN and the END line. */
static bool
pem_body(char *text, size_t n, size_t *start, size_t *len, const char **why)
{
	const char *label = NULL, *p = text, *stop = text + n, *eol;
	size_t label_len = 0;

	for (; p < stop; p = eol == stop ? stop : eol + 1) {
		size_t k;

		if ((eol = memchr(p, '\n', (size_t)(stop - p))) == NULL)
			eol = stop;
		k = (size_t)(eol - p);
		while (k > 0 && (p[k - 1] == '\r' || p[k - 1] == ' '))
			k--;
		if (label == NULL) {
			const size_t b = sizeof(PEM_BEGIN) - 1;

			if (k < b + 5 || memcmp(p, PEM_BEGIN, b) != 0 ||
			    memcmp(p + k - 5, PEM_DASHES, 5) != 0)
				continue;
			label = p + b;
			label_len = k - b - 5;
			*start = (size_t)(eol == stop ? n :
			    (size_t)(eol - text) + 1);
			continue;
		}
		if (pem_line_is(p, p + k, label, label_len)) {
			*len = (size_t)(p - text) - *start;
			return true;
		}
		if (memchr(p, ':', k) != NULL) {
			*why = "its PEM block has headers (is it encrypted?)";
			return false;
		}
	}
	*why = label == NULL ? "no PEM block found in it" :
	    "its PEM block has no matching END line";
	return false;
}

static bool
pem_line_is(const char *p, const char *stop, const char *label, size_t n)
{
	const size_t e = sizeof(PEM_END) - 1;

	return (size_t)(stop - p) == e + n + 5 &&
	    memcmp(p, PEM_END, e) == 0 && memcmp(p + e, label, n) == 0 &&
	    memcmp(p + e + n, PEM_DASHES, 5) == 0;
}

/*
 * OneAsymmetricKey (RFC 5958): version, algorithm, key, and then whatever
 * attributes and public key a version 2 may carry, which are not looked at.
 */
static bool
der_seed(const uint8_t *der, size_t n, uint8_t seed[32], const char **why)
{
	struct rcur all, key, version, alg, oid, octets, inner;
	const uint8_t *p;

	*why = "not a PKCS#8 private key";
	rcur_init(&all, der, n);
	if (!der_take(&all, ASN1_SEQUENCE, &key) || !rcur_done(&all) ||
	    !der_take(&key, ASN1_INTEGER, &version) ||
	    version.left != 1 || rcur_u8(&version) > 1 ||
	    !der_take(&key, ASN1_SEQUENCE, &alg) ||
	    !der_take(&alg, ASN1_OID, &oid))
		return false;
	if (oid.left != sizeof(oid_ed25519) ||
	    memcmp(oid.p, oid_ed25519, sizeof(oid_ed25519)) != 0 ||
	    !rcur_done(&alg)) {
		*why = "not an Ed25519 key";
		return false;
	}
	if (!der_take(&key, ASN1_OCTET_STRING, &octets) ||
	    !der_take(&octets, ASN1_OCTET_STRING, &inner) ||
	    !rcur_done(&octets) || inner.left != 32 || !der_tail(&key))
		return false;
	p = rcur_bytes(&inner, 32);
	memmove(seed, p, 32);
	*why = NULL;
	return true;
}

static bool
der_tail(struct rcur *key)
{
	struct rcur skipped;

	while (key->left > 0)
		if (key->p[0] != ASN1_CONTEXT_0 &&
		    key->p[0] != ASN1_CONTEXT_1 &&
		    key->p[0] != ASN1_CONTEXT_1C)
			return false;
		else if (!der_take(key, key->p[0], &skipped))
			return false;
	return true;
}

/* One element of this tag; lengths in their shortest form only. */
static bool
der_take(struct rcur *c, uint8_t tag, struct rcur *inner)
{
	const uint8_t *p;
	size_t n;

	if (rcur_u8(c) != tag)
		return false;
	n = rcur_u8(c);
	if (n == 0x81) {
		n = rcur_u8(c);
		if (n < 0x80)
			return false;
	} else if (n == 0x82) {
		n = rcur_u16be(c);
		if (n < 0x100)
			return false;
	} else if (n >= 0x80)
		return false;
	if ((p = rcur_bytes(c, n)) == NULL || c->bad)
		return false;
	rcur_init(inner, p, n);
	return true;
}

void
keypem_write(const uint8_t seed[32], char out[KEYPEM_LEN])
{
	static const char head[] = "-----BEGIN PRIVATE KEY-----\n";
	static const char tail[] = "\n-----END PRIVATE KEY-----\n";
	char *b64 = out + sizeof(head) - 1;
	uint8_t *der;

	_Static_assert(sizeof(head) - 1 + 64 + sizeof(tail) - 1 == KEYPEM_LEN,
	    "wire-v1 1.1");
	/*
	 * 48 bytes of DER become 64 characters.  Laid at the end of the room
	 * for these, each group of three is read before four are written over
	 * it: group i is read at 16 + 3i, and written at 4i.
	 */
	der = (uint8_t *)b64 + 16;
	memmove(der + sizeof(der_head), seed, 32);
	memcpy(der, der_head, sizeof(der_head));
	for (size_t i = 0; i < 16; i++) {
		char four[5];

		sodium_bin2base64(four, sizeof(four), der + 3 * i, 3,
		    sodium_base64_VARIANT_ORIGINAL);
		memcpy(b64 + 4 * i, four, 4);
		sodium_memzero(four, sizeof(four));
	}
	memcpy(out, head, sizeof(head) - 1);
	memcpy(out + KEYPEM_LEN - (sizeof(tail) - 1), tail, sizeof(tail) - 1);
}
