/* SPDX-License-Identifier: MIT */
/*
 * vector group frames_invalid: equal
 * vector group keepalive: equal
 * parity rows of wire-v1 9.3: FrameRoundTrip, FrameEmptyPayload,
 * FrameInvalidMagic, FramePayloadTooLarge, FrameInvalidVersion,
 * FrameMultipleRoundTrips, FrameTruncatedHeader, FrameMaxPayloadExact,
 * NoiseConnPartialRead.  FrameWriteTooLarge: superseded by the channel's own
 * limit (FRAME_OUT carries at most FRAME_MAX), our test asserts ours.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/imsg.h"
#include "json.h"
#include "micelio-transportd/frame.h"

#define STREAM_MAX	(3u * 1024 * 1024)

static struct bufpool pool;
static struct frame_cutter cut;
static uint8_t *stream;

static int
setup(void **state)
{
	(void)state;
	bufpool_init(&pool, 64u * 1024 * 1024, 8u * 1024 * 1024);
	stream = malloc(STREAM_MAX);
	return stream != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	free(stream);
	bufpool_free(&pool);
	return 0;
}

/* Is a frame begun but not complete, or one waiting? */
static bool
pending(void)
{
	return buf_len(cut.part) > 0 || cut.in_len > 0;
}

static int
test_begin(void **state)
{
	(void)state;
	frame_init(&cut, &pool, FRAME_MAX);
	return 0;
}

/* Whatever a test did, nothing of the pool is still in use after it. */
static int
test_end(void **state)
{
	(void)state;
	frame_clear(&cut);
	return pool.live == 0 ? 0 : -1;
}

static uint8_t
pattern(size_t i)
{
	return (uint8_t)(31 * i + (i >> 8));
}

static size_t
frame_put(uint8_t *p, size_t len)
{
	frame_header(p, len);
	for (size_t i = 0; i < len; i++)
		p[FRAME_HEADER + i] = pattern(i);
	return FRAME_HEADER + len;
}

static void
frame_expect(size_t len)
{
	const uint8_t *p;
	size_t n;

	assert_int_equal(frame_next(&cut, &p, &n), FRAME_OK);
	assert_int_equal(n, len);
	for (size_t i = 0; i < len; i++)
		if (p[i] != pattern(i))
			fail();
}

static void
more_expect(void)
{
	const uint8_t *p;
	size_t n;

	assert_int_equal(frame_next(&cut, &p, &n), FRAME_MORE);
}

static void
test_keepalive_vector(void **state)
{
	struct json *v = json_vectors();
	const struct json *k = json_get(v, "keepalive");
	uint8_t want[16], got[16], env[8];
	size_t n = json_hex(json_get(k, "envelope_hex"), env, sizeof(env));
	const uint8_t *p;
	size_t len;

	(void)state;
	assert_int_equal(json_hex(json_get(k, "frame_hex"), want,
	    sizeof(want)), FRAME_HEADER + n);
	frame_header(got, n);
	memcpy(got + FRAME_HEADER, env, n);
	assert_memory_equal(got, want, FRAME_HEADER + n);
	frame_feed(&cut, want, FRAME_HEADER + n);
	assert_int_equal(frame_next(&cut, &p, &len), FRAME_OK);
	assert_int_equal(len, n);
	assert_memory_equal(p, env, n);
	json_free(v);
}

static void
test_invalid_vectors(void **state)
{
	static const struct {
		const char		*note;
		enum frame_status	 st;
	} want[] = {
		{ "bad magic", FRAME_BAD_MAGIC },
		{ "bad version", FRAME_BAD_VERSION },
		{ "length 1048577", FRAME_TOO_LONG },
		/* the stream ends here: the session's end finds it pending */
		{ "truncated header", FRAME_MORE },
	};
	struct json *v = json_vectors();
	const struct json *g = json_get(v, "frames_invalid");
	const uint8_t *p;
	uint8_t raw[64];
	size_t n, len;

	(void)state;
	assert_int_equal(json_len(g), 4);
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(json_str(json_get(json_at(g, i), "note")),
		    want[i].note);
		n = json_hex(json_get(json_at(g, i), "hex"), raw, sizeof(raw));
		frame_feed(&cut, raw, n);
		assert_int_equal(frame_next(&cut, &p, &len), want[i].st);
		assert_true(pending());
		frame_clear(&cut);
		/* and byte by byte */
		for (size_t b = 0; b < n; b++) {
			enum frame_status st;

			frame_feed(&cut, raw + b, 1);
			st = frame_next(&cut, &p, &len);
			assert_int_equal(st, b + 1 < FRAME_HEADER ?
			    FRAME_MORE : want[i].st);
			if (st != FRAME_MORE)
				break;
		}
		frame_clear(&cut);
	}
	json_free(v);
}

static void
test_sizes(void **state)
{
	static const size_t sizes[] = { 0, 1, 7, 8, 100, 65536, FRAME_MAX - 1,
	    FRAME_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		frame_feed(&cut, stream, frame_put(stream, sizes[i]));
		frame_expect(sizes[i]);
		more_expect();
		assert_false(pending());
		/* whole frames are not copied */
		assert_int_equal(pool.live, 0);
	}
}

/* However the stream is cut, the same frames come out. */
static void
test_alignments(void **state)
{
	static const size_t lens[] = { 0, 3, 500, 0, 70000, 1, 8, 4096 };
	static const size_t pieces[] = { 1, 2, 7, 8, 9, 100, 4095, 65000,
	    STREAM_MAX };
	const uint8_t *p;
	size_t total = 0, n;

	(void)state;
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
		total += frame_put(stream + total, lens[i]);
	for (size_t k = 0; k < sizeof(pieces) / sizeof(pieces[0]); k++) {
		size_t seen = 0;

		for (size_t off = 0; off < total; off += pieces[k]) {
			size_t len = total - off < pieces[k] ? total - off :
			    pieces[k];

			frame_feed(&cut, stream + off, len);
			while (frame_next(&cut, &p, &n) == FRAME_OK) {
				assert_int_equal(n, lens[seen]);
				for (size_t i = 0; i < n; i++)
					if (p[i] != pattern(i))
						fail();
				seen++;
			}
		}
		assert_int_equal(seen, sizeof(lens) / sizeof(lens[0]));
		assert_false(pending());
	}
}

/* Stopping between two frames of one message keeps the rest. */
static void
test_keep(void **state)
{
	size_t n = 0;

	(void)state;
	n += frame_put(stream + n, 100);
	n += frame_put(stream + n, 20000);
	n += frame_put(stream + n, 300);
	frame_feed(&cut, stream, n - 50);
	frame_expect(100);
	assert_true(frame_keep(&cut));
	memset(stream, 0, n - 50);	/* the plaintext is gone */
	assert_true(pending());
	frame_expect(20000);
	assert_true(frame_keep(&cut));
	/* a little is kept in a little buffer */
	assert_int_equal(pool.live, BUF_MIN);
	more_expect();
	frame_feed(&cut, stream + n - 50, 50);
	frame_expect(300);
	more_expect();
	assert_false(pending());
}

/* A length of 1 MiB allocates nothing by itself. */
static void
test_grows_with_data(void **state)
{
	size_t n = frame_put(stream, FRAME_MAX);

	(void)state;
	frame_feed(&cut, stream, 9);
	more_expect();
	assert_int_equal(pool.live, BUF_MIN);
	frame_feed(&cut, stream + 9, 60000);
	more_expect();
	assert_true(pool.live <= 65536);
	frame_feed(&cut, stream + 60009, n - 60009);
	frame_expect(FRAME_MAX);
	more_expect();
	assert_int_equal(pool.live, 0);
}

static void
test_small_cap(void **state)
{
	const uint8_t *p;
	size_t len;

	(void)state;
	cut.max = 65536;
	frame_feed(&cut, stream, frame_put(stream, 65536));
	frame_expect(65536);
	more_expect();
	frame_feed(&cut, stream, frame_put(stream, 65537));
	assert_int_equal(frame_next(&cut, &p, &len), FRAME_TOO_LONG);
}

static void
test_texts(void **state)
{
	(void)state;
	assert_string_equal(frame_status_text(FRAME_BAD_MAGIC),
	    "bad frame magic");
	assert_string_equal(frame_status_text(FRAME_TOO_LONG),
	    "frame too long");
}

/* FrameWriteTooLarge: nobody can give us such a frame to write. */
static void
test_write_limit(void **state)
{
	(void)state;
	assert_int_equal(imsg_rules[IMSG_FRAME_OUT].max, 1048576);
	assert_int_equal(NOISE_MESSAGE_MAX, 1048600);
	assert_true(BUF_MAX >= NOISE_MESSAGE_MAX + 4);
}

#define T(f)	cmocka_unit_test_setup_teardown(f, test_begin, test_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_keepalive_vector),
		T(test_invalid_vectors),
		T(test_sizes),
		T(test_alignments),
		T(test_keep),
		T(test_grows_with_data),
		T(test_small_cap),
		T(test_texts),
		T(test_write_limit),
	};

	return cmocka_run_group_tests_name("frame", tests, setup, teardown);
}
