/* SPDX-License-Identifier: MIT */
/* Logins with real signatures, and with everything a liar might try. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "addr.h"
#include "auth.h"
#include "authkeys.h"
#include "cursor.h"
#include "sshkey.h"
#include "testkeys.h"

static const uint8_t sid[32] = { 1, 2, 3, 4, 5, 6, 7, 8 };
static const uint8_t other_sid[32] = { 9 };
static struct testkey ours, theirs, rsa;
static struct authkeys keys;
static struct addr from;
static struct login_answer answer;

static enum login_verdict
ask(struct wbuf *body)
{
	struct login_request q;

	assert_true(login_request_read(&q, body->p, body->len));
	auth_decide(&keys, &q, sid, &from, 1000, &answer);
	return answer.verdict;
}

static enum login_verdict
question(const struct testkey *k, const char *alg)
{
	enum login_verdict v;
	struct wbuf body;

	wbuf_init(&body, 16384);
	auth_body(&body, false, "alice", alg, k, NULL, NULL, 0);
	v = ask(&body);
	wbuf_free(&body);
	return v;
}

/* Signs what a client of session sign_sid, user sign_user would sign. */
static enum login_verdict
login(const struct testkey *claimed, const struct testkey *signer,
    const char *alg, const uint8_t *sign_sid, const char *sign_user,
    const char *sign_alg, int spoil)
{
	enum login_verdict v;
	struct wbuf body, data;
	uint8_t sig[1024];
	size_t n;

	wbuf_init(&body, 16384);
	wbuf_init(&data, 8192);
	signed_bytes(&data, sign_sid, sign_user, sign_alg, claimed);
	if (spoil >= 0 && (size_t)spoil < data.len)
		data.p[spoil] ^= 1;
	if (spoil == -2)
		wbuf_u8(&data, 0);
	n = testkey_sign(signer, sign_alg, data.p, data.len, sig,
	    sizeof(sig));
	auth_body(&body, true, "alice", alg, claimed, &data, sig, n);
	v = ask(&body);
	wbuf_free(&body);
	wbuf_free(&data);
	return v;
}

#define ED	"ssh-ed25519"

static void
test_good(void **state)
{
	(void)state;
	assert_int_equal(question(&ours, ED), LOGIN_MAY);
	assert_int_equal(login(&ours, &ours, ED, sid, "alice", ED, -1),
	    LOGIN_IN);
	assert_non_null(answer.key);
	assert_int_equal(answer.key->line, 1);
	assert_string_equal(answer.key->name, "al");
	assert_int_equal(login(&rsa, &rsa, "rsa-sha2-256", sid, "alice",
	    "rsa-sha2-256", -1), LOGIN_IN);
	assert_int_equal(login(&rsa, &rsa, "rsa-sha2-512", sid, "alice",
	    "rsa-sha2-512", -1), LOGIN_IN);
}

static void
test_refused(void **state)
{
	struct addr keep = from;

	(void)state;
	assert_int_equal(question(&theirs, ED), LOGIN_REFUSE);
	assert_string_equal(answer.cause, "unknown-key");
	/* Even with a good signature: not in the file is not in. */
	assert_int_equal(login(&theirs, &theirs, ED, sid, "alice", ED, -1),
	    LOGIN_REFUSE);
	assert_null(answer.key);
	assert_int_equal(question(&rsa, "ssh-rsa"), LOGIN_REFUSE);
	assert_string_equal(answer.cause, "algorithm");
	assert_int_equal(login(&rsa, &rsa, "ssh-rsa", sid, "alice", "ssh-rsa",
	    -1), LOGIN_REFUSE);
	assert_true(addr_from_host("198.51.100.9", 5, &from));
	assert_int_equal(login(&ours, &ours, ED, sid, "alice", ED, -1),
	    LOGIN_REFUSE);
	assert_string_equal(answer.cause, "not-from-there");
	from = keep;
}

static void
test_lies(void **state)
{
	struct wbuf body, data;

	(void)state;
	/* A signature of another key, of another session, of another user. */
	assert_int_equal(login(&ours, &theirs, ED, sid, "alice", ED, -1),
	    LOGIN_LIED);
	assert_string_equal(answer.cause, "bad-signature");
	assert_int_equal(login(&ours, &ours, ED, other_sid, "alice", ED, -1),
	    LOGIN_LIED);
	assert_string_equal(answer.cause, "signature-for-another-session");
	assert_int_equal(login(&ours, &ours, ED, sid, "bob", ED, -1),
	    LOGIN_LIED);
	assert_string_equal(answer.cause, "signature-for-another-user");
	assert_int_equal(login(&rsa, &rsa, "rsa-sha2-512", sid, "alice",
	    "rsa-sha2-256", -1), LOGIN_LIED);
	assert_string_equal(answer.cause, "signature-for-another-algorithm");
	/* One byte more than the request. */
	assert_int_equal(login(&ours, &ours, ED, sid, "alice", ED, -2),
	    LOGIN_LIED);
	/* No signature at all. */
	wbuf_init(&body, 16384);
	wbuf_init(&data, 8192);
	signed_bytes(&data, sid, "alice", ED, &ours);
	auth_body(&body, true, "alice", ED, &ours, &data, "", 0);
	assert_int_equal(ask(&body), LOGIN_LIED);
	assert_null(answer.key);
	/* Nor bytes. */
	wbuf_reset(&body);
	wbuf_reset(&data);
	auth_body(&body, true, "alice", ED, &ours, &data, "", 0);
	assert_int_equal(ask(&body), LOGIN_LIED);
	wbuf_free(&body);
	wbuf_free(&data);
}

/* Properly signed bytes with any one bit changed are not a login. */
static void
test_every_byte(void **state)
{
	struct wbuf data;
	size_t n;

	(void)state;
	wbuf_init(&data, 8192);
	signed_bytes(&data, sid, "alice", ED, &ours);
	n = data.len;
	wbuf_free(&data);
	for (size_t i = 0; i < n; i++)
		if (login(&ours, &ours, ED, sid, "alice", ED, (int)i) !=
		    LOGIN_LIED)
			fail_msg("byte %zu does not matter", i);
}

static void
test_request_bounds(void **state)
{
	struct login_request q;
	struct wbuf body;

	(void)state;
	wbuf_init(&body, 16384);
	auth_body(&body, false, "alice", ED, &ours, NULL, NULL, 0);
	for (size_t i = 0; i < body.len; i++)
		assert_false(login_request_read(&q, body.p, i));
	wbuf_u8(&body, 0);
	assert_false(login_request_read(&q, body.p, body.len));
	body.len--;
	body.p[0] = 2;
	assert_false(login_request_read(&q, body.p, body.len));
	wbuf_free(&body);
}

static void
test_refusal_text(void **state)
{
	struct login_request q;
	struct wbuf body;
	char text[1000];

	(void)state;
	wbuf_init(&body, 16384);
	auth_body(&body, false, "alice", ED, &theirs, NULL, NULL, 0);
	assert_true(login_request_read(&q, body.p, body.len));
	auth_decide(&keys, &q, sid, &from, 1000, &answer);
	auth_refusal_text(&q, &answer, "/d/authorized_keys", text,
	    sizeof(text));
	assert_non_null(strstr(text, answer.fp));
	assert_non_null(strstr(text, theirs.line));
	assert_non_null(strstr(text, " alice' >> /d/authorized_keys\n"));
	/* A user name that would end the quotes is left out. */
	wbuf_reset(&body);
	auth_body(&body, false, "a';rm", ED, &theirs, NULL, NULL, 0);
	assert_true(login_request_read(&q, body.p, body.len));
	auth_decide(&keys, &q, sid, &from, 1000, &answer);
	auth_refusal_text(&q, &answer, "F", text, sizeof(text));
	/* with the ";": "rm" may well be in a key */
	assert_null(strstr(text, ";rm"));
	wbuf_free(&body);
}

/* A key that is listed is not to be added again; why is not told. */
static void
test_listed_text(void **state)
{
	static const char *const lines[][2] = {
		{ "nosuchoption", "line-refused" },
		{ "from=\"10.*\"", "not-from-there" },
		{ "expiry-time=\"20200101\"", "expired-key" } };
	struct authkeys listed = { 0 };
	struct login_request q;
	char text[16384];
	struct wbuf body;
	int n;

	(void)state;
	wbuf_init(&body, 16384);
	auth_body(&body, false, "alice", ED, &theirs, NULL, NULL, 0);
	assert_true(login_request_read(&q, body.p, body.len));
	for (size_t i = 0; i < 3; i++) {
		n = snprintf(text, sizeof(text), "%s %s\n", lines[i][0],
		    theirs.line);
		authkeys_parse(&listed, text, (size_t)n, 0, NULL, NULL);
		auth_decide(&listed, &q, sid, &from, 1700000000, &answer);
		assert_string_equal(answer.cause, lines[i][1]);
		auth_refusal_text(&q, &answer, "F", text, 1000);
		assert_non_null(strstr(text, "is listed, but not accepted"));
		assert_null(strstr(text, ">>"));
		assert_null(strstr(text, "from="));
		assert_null(strstr(text, "expir"));
	}
	authkeys_free(&listed);
	wbuf_free(&body);
}

static int
setup(void **state)
{
	char text[16384];
	int n;

	(void)state;
	testkey_make(&ours, SSHKEY_ED25519);
	testkey_make(&theirs, SSHKEY_ED25519);
	testkey_make(&rsa, SSHKEY_RSA);
	n = snprintf(text, sizeof(text), "from=\"127.*\",name=\"al\" %s\n%s\n",
	    ours.line, rsa.line);
	authkeys_parse(&keys, text, (size_t)n, 0, NULL, NULL);
	return keys.n == 2 && addr_from_host("127.0.0.1", 5, &from) ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	testkey_free(&ours);
	testkey_free(&theirs);
	testkey_free(&rsa);
	authkeys_free(&keys);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_request_bounds),
		cmocka_unit_test(test_refusal_text),
		cmocka_unit_test(test_listed_text),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
