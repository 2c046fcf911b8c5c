/* SPDX-License-Identifier: MIT */
/*
 * Key files and what follows from a key.
 * vector group identities: equal (file, ids, conversions of each key)
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "errtext.h"
#include "file.h"
#include "identity.h"
#include "json.h"
#include "keypem.h"

static struct json *vectors;
static char dir[64];
static int dirfd_;
static char err[ERR_MAX];

static int
setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/micelio-test-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	dirfd_ = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dirfd_ == -1 ? -1 : 0;
}

static int
teardown(void **state)
{
	static const char *const names[] = { "node.key", "node.pub",
	    "ssh_host_ed25519_key", "ssh_host_ed25519_key.pub",
	    "node.key.tmp", "node.pub.tmp" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "identity/%s", names[i]);
		(void)unlinkat(dirfd_, path, 0);
	}
	(void)unlinkat(dirfd_, "identity", AT_REMOVEDIR);
	close(dirfd_);
	return rmdir(dir);
}

static void
put(const char *name, const void *data, size_t n, mode_t mode)
{
	int fd;

	(void)mkdirat(dirfd_, "identity", 0700);
	(void)unlinkat(dirfd_, name, 0);	/* it may be read-only */
	fd = openat(dirfd_, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, data, n), n);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static size_t
get(const char *name, char *buf, size_t max)
{
	ssize_t n = file_read(dirfd_, name, buf, max - 1, NULL);

	assert_true(n >= 0);
	buf[n] = '\0';
	return (size_t)n;
}

static void
check_hex(const uint8_t *have, size_t n, const struct json *want)
{
	uint8_t buf[64];

	assert_int_equal(json_hex(want, buf, sizeof(buf)), n);
	assert_memory_equal(have, buf, n);
}

/* What X25519 makes of the scalar when it multiplies (RFC 7748). */
static void
check_clamped(const uint8_t *scalar, const struct json *hex)
{
	uint8_t clamped[32];

	memcpy(clamped, scalar, sizeof(clamped));
	clamped[0] &= 248;
	clamped[31] = (uint8_t)((clamped[31] & 127) | 64);
	check_hex(clamped, sizeof(clamped), hex);
}

static void
test_vectors(void **state)
{
	const struct json *all = json_get(vectors, "identities");

	(void)state;
	assert_true(json_len(all) >= 4);
	for (size_t i = 0; i < json_len(all); i++) {
		const struct json *v = json_at(all, i);
		const char *pem = json_str(json_get(v, "node_key_pem"));
		char out[KEYPEM_LEN], have[256], fp[SSH_FP_MAX];
		struct identity id;

		put("identity/node.key", pem, strlen(pem), 0600);
		assert_int_equal(identity_load(&id, dirfd_, dir, NULL, true,
		    err), 0);
		check_hex(id.node->seed, 32, json_get(v, "seed_hex"));
		check_hex(id.ed25519_pub, 32, json_get(v, "ed25519_pub_hex"));
		check_hex(id.node->x25519, 32, json_get(v, "x25519_priv_hex"));
		check_clamped(id.node->x25519, json_get(v,
		    "x25519_priv_clamped_hex"));
		check_hex(id.x25519_pub, 32, json_get(v, "x25519_pub_hex"));
		assert_string_equal(id.id_hex,
		    json_str(json_get(v, "node_id")));
		assert_string_equal(ssh_fingerprint(id.ed25519_pub, fp),
		    json_str(json_get(v, "ssh_fingerprint")));
		/* A wrong node.pub, of the key before, was mended. */
		get("identity/node.pub", have, sizeof(have));
		assert_string_equal(have,
		    json_str(json_get(v, "node_pub_line")));
		/* And what we write is what an existing node writes. */
		keypem_write(id.node->seed, out);
		assert_int_equal(strlen(pem), sizeof(out));
		assert_memory_equal(out, pem, sizeof(out));
		identity_free(&id);
	}
}

static void
test_new(void **state)
{
	char key[256], again[256], line[SSH_PUB_MAX + 2], pub[256];
	struct identity a, b;
	struct stat st;

	(void)state;
	assert_int_equal(identity_load(&a, dirfd_, dir, NULL, false, err), 1);
	assert_int_equal(identity_load(&a, dirfd_, dir, NULL, true, err), 0);
	assert_int_equal(get("identity/node.key", key, sizeof(key)),
	    KEYPEM_LEN);
	assert_int_equal(fstatat(dirfd_, "identity/node.key", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(fstatat(dirfd_, "identity/node.pub", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(fstatat(dirfd_, "identity", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	ssh_public_line(a.ed25519_pub, line);
	get("identity/node.pub", pub, sizeof(pub));
	assert_memory_equal(pub, line, strlen(line));
	assert_string_equal(pub + strlen(line), "\n");
	/* The two keys are two. */
	assert_memory_not_equal(a.ed25519_pub, a.hostkey_pub, 32);
	assert_int_equal(identity_load(&b, dirfd_, dir, NULL, true, err), 0);
	assert_memory_equal(a.node->ed25519, b.node->ed25519, 64);
	assert_memory_equal(a.host->ed25519, b.host->ed25519, 64);
	get("identity/node.key", again, sizeof(again));
	assert_string_equal(key, again);
	identity_free(&a);
	identity_free(&b);
}

/* LoadReadPermissionError, for root too: an error, never another identity. */
static void
test_unreadable(void **state)
{
	struct identity id;
	struct stat st;

	(void)state;
	assert_int_equal(mkdirat(dirfd_, "identity", 0700), 0);
	assert_int_equal(mkdirat(dirfd_, "identity/node.key", 0700), 0);
	assert_int_not_equal(identity_load(&id, dirfd_, dir, NULL, true, err),
	    0);
	assert_non_null(strstr(err, "node.key"));
	assert_null(id.node);
	assert_int_equal(fstatat(dirfd_, "identity/node.key", &st, 0), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(faccessat(dirfd_, "identity/node.pub", F_OK, 0), -1);
	assert_int_equal(unlinkat(dirfd_, "identity/node.key", AT_REMOVEDIR),
	    0);
}

/* W30: what a crash in the middle of the first start leaves behind. */
static void
test_crashed(void **state)
{
	struct identity id;
	char key[256];

	(void)state;
	put("identity/node.key.tmp", "-----BEGIN PRI", 14, 0600);
	assert_int_equal(identity_load(&id, dirfd_, dir, NULL, true, err), 0);
	assert_int_equal(get("identity/node.key", key, sizeof(key)),
	    KEYPEM_LEN);
	assert_int_equal(faccessat(dirfd_, "identity/node.key.tmp", F_OK, 0),
	    -1);
	identity_free(&id);
}

static void
refused(const void *data, size_t n, mode_t mode, int status, const char *text)
{
	struct identity id;
	char key[KEYPEM_FILE_MAX];
	int rc;

	put("identity/node.key", data, n, mode);
	rc = identity_load(&id, dirfd_, dir, NULL, true, err);
	if (rc != status || strstr(err, text) == NULL)
		fail_msg("status %d, \"%s\"; want %d, \"%s\"", rc, err,
		    status, text);
	assert_null(id.node);
	/* A file we do not understand is never replaced. */
	if (n < sizeof(key) - 1)
		assert_int_equal(get("identity/node.key", key, sizeof(key)),
		    n);
}

static void
test_refused(void **state)
{
	static const char pem[] =
	    "-----BEGIN PRIVATE KEY-----\n"
	    "MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n"
	    "-----END PRIVATE KEY-----\n";
	static const char rsa[] = "-----BEGIN PRIVATE KEY-----\n"
	    /* The same with the last byte of the OID changed. */
	    "MC4CAQAwBQYDK2VxBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n"
	    "-----END PRIVATE KEY-----\n";
	static char big[KEYPEM_FILE_MAX + 1];
	char copy[sizeof(pem)];

	(void)state;
	refused("hello\n", 6, 0600, EX_DATAERR, "no PEM block");
	refused("", 0, 0600, EX_DATAERR, "no PEM block");
	refused(rsa, sizeof(rsa) - 1, 0600, EX_DATAERR, "not an Ed25519 key");
	memset(big, 'x', sizeof(big));
	refused(big, sizeof(big), 0600, EX_DATAERR, "longer");
	refused(pem, sizeof(pem) - 1, 0640, EX_NOPERM, "chmod 600 ");
	refused(pem, sizeof(pem) - 1, 0604, EX_NOPERM, "mode 0604");
	/* Cut anywhere: never a key, never a crash. */
	for (size_t n = 0; n < sizeof(pem) - 3; n++)
		refused(pem, n, 0600, EX_DATAERR, "want an unencrypted");
	/* A character of the base64 that is none. */
	memcpy(copy, pem, sizeof(pem));
	copy[40] = '!';
	refused(copy, sizeof(pem) - 1, 0600, EX_DATAERR, "not base64");
	/* Each byte of the DER's frame changed. */
	for (size_t i = 28; i < 28 + 20; i++) {
		memcpy(copy, pem, sizeof(pem));
		copy[i] = copy[i] == 'Z' ? 'Y' : 'Z';
		refused(copy, sizeof(pem) - 1, 0600, EX_DATAERR, "not ");
	}
}

/* A key handed over by systemd is taken before the one in the directory. */
static void
test_credential(void **state)
{
	static const char pem[] =
	    "-----BEGIN PRIVATE KEY-----\n"
	    "MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n"
	    "-----END PRIVATE KEY-----\n";
	char creds[96], key[256], line[SSH_PUB_MAX];
	struct identity own, id;

	(void)state;
	snprintf(creds, sizeof(creds), "%s/creds", dir);
	assert_int_equal(mkdirat(dirfd_, "creds", 0700), 0);
	/* Nothing of ours in it: as without. */
	assert_int_equal(identity_load(&own, dirfd_, dir, creds, true, err),
	    0);
	assert_int_equal(faccessat(dirfd_, "creds/node.key", F_OK, 0), -1);
	put("creds/node.key", pem, sizeof(pem) - 1, 0440);
	assert_int_equal(identity_load(&id, dirfd_, dir, creds, true, err),
	    0);
	for (uint8_t i = 0; i < 32; i++)
		assert_int_equal(id.node->seed[i], i);
	/* The host key was not among them. */
	assert_memory_equal(id.host->seed, own.host->seed, 32);
	/* People find the public key where it always is. */
	get("identity/node.pub", key, sizeof(key));
	ssh_public_line(id.ed25519_pub, line);
	assert_memory_equal(key, line, strlen(line));
	identity_free(&id);
	/* The file in the directory is neither read nor written. */
	get("identity/node.key", key, sizeof(key));
	assert_int_equal(unlinkat(dirfd_, "identity/node.key", 0), 0);
	assert_int_equal(identity_load(&id, dirfd_, dir, creds, true, err),
	    0);
	assert_int_equal(faccessat(dirfd_, "identity/node.key", F_OK, 0), -1);
	identity_free(&id);
	/* One that is bad is no reason to make or take another. */
	put("creds/node.key", "hello", 5, 0400);
	assert_int_equal(identity_load(&id, dirfd_, dir, creds, true, err),
	    EX_DATAERR);
	assert_non_null(strstr(err, "/creds/node.key: "));
	put("creds/node.key", pem, sizeof(pem) - 1, 0404);
	assert_int_equal(identity_load(&id, dirfd_, dir, creds, true, err),
	    EX_NOPERM);
	identity_free(&own);
	(void)unlinkat(dirfd_, "creds/node.key", 0);
	(void)unlinkat(dirfd_, "creds", AT_REMOVEDIR);
}

static bool
read_pem(const char *fmt, const uint8_t *der, size_t n, uint8_t seed[32],
    const char **why)
{
	char b64[1024], text[2048];

	sodium_bin2base64(b64, sizeof(b64), der, n,
	    sodium_base64_VARIANT_ORIGINAL);
	/* fmt has one place for the text. */
	const char *at = strstr(fmt, "@");

	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - fmt), fmt, b64,
	    at + 1);
	return keypem_read(text, strlen(text), seed, why);
}

/* Forms a v1 node would take, and forms nobody should. */
static void
test_forms(void **state)
{
	static const char plain[] = "-----BEGIN PRIVATE KEY-----\n@\n"
	    "-----END PRIVATE KEY-----\n";
	uint8_t der[128] = { 0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
	    0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20 };
	uint8_t seed[32], want[32];
	const char *why;

	(void)state;
	for (size_t i = 0; i < 32; i++)
		der[16 + i] = want[i] = (uint8_t)(7 * i + 1);
#define TAKEN(fmt, n) do {						\
	memset(seed, 0, sizeof(seed));					\
	assert_true(read_pem((fmt), der, (n), seed, &why));		\
	assert_memory_equal(seed, want, 32);				\
} while (0)
	TAKEN(plain, 48);
	TAKEN("some words\nand more\n-----BEGIN PRIVATE KEY-----\n@\n"
	    "-----END PRIVATE KEY-----\ntrailing\n", 48);
	TAKEN("-----BEGIN ANY LABEL-----\n@\n-----END ANY LABEL-----\n", 48);
	TAKEN("-----BEGIN X-----\r\n@\r\n-----END X-----\r\n", 48);
	TAKEN("-----BEGIN X-----\n@\n-----END X-----", 48);
	assert_false(read_pem("-----BEGIN X-----\n@\n-----END Y-----\n", der,
	    48, seed, &why));
	assert_false(read_pem("-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\n\n"
	    "@\n-----END X-----\n", der, 48, seed, &why));
	assert_false(read_pem(" -----BEGIN X-----\n@\n-----END X-----\n", der,
	    48, seed, &why));
	/* Version 2 with a public key (RFC 5958). */
	der[1] = 0x2e + 35;
	der[4] = 1;
	der[48] = 0x81;
	der[49] = 0x21;
	memset(der + 50, 0, 33);
	TAKEN(plain, 83);
	/* A length that runs over, bytes left over, a short key. */
	der[49] = 0x22;
	assert_false(read_pem(plain, der, 83, seed, &why));
	der[49] = 0x21;
	assert_false(read_pem(plain, der, 84, seed, &why));
	der[48] = 0x04;
	assert_false(read_pem(plain, der, 83, seed, &why));
	der[1] = 0x2d;
	der[4] = 0;
	der[13] = 0x21;
	der[15] = 0x1f;
	assert_false(read_pem(plain, der, 47, seed, &why));
	/* The long form where the short one would do. */
	memmove(der + 3, der + 2, 46);
	der[1] = 0x81;
	der[2] = 0x2e;
	assert_false(read_pem(plain, der, 49, seed, &why));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_vectors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_new, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unreadable, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_crashed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_credential, setup,
		    teardown),
		cmocka_unit_test(test_forms),
	};
	int rc;

	if (sodium_init() == -1)
		return 1;
	vectors = json_vectors();
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	json_free(vectors);
	return rc;
}
