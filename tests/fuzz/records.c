/* SPDX-License-Identifier: MIT */
/*
 * Feeds: PeerRecords of m2: what nodes say of themselves and sign.
 * Holds: records and addresses within their limits, addresses are UTF-8;
 * writing gives what reads as the same bytes; the bytes that were signed stay
 * the same.
 * Reads with: proto/m2.c
 */
#include "common/cursor.h"
#include "common/text.h"
#include "fuzz.h"
#include "proto/m2.h"

static void
record(const struct m2_record *a, const struct m2_record *b)
{
	static const uint8_t mesh[16] = { 1 };
	struct wbuf x, y;

	HOLDS(a->pubkey != NULL && a->sig != NULL);
	HOLDS(a->naddrs <= M2_ADDRS_MAX);
	for (size_t i = 0; i < a->naddrs; i++) {
		HOLDS(a->addr[i].n <= M2_ADDR_MAX);
		HOLDS(utf8_valid(a->addr[i].p, a->addr[i].n));
	}
	wbuf_init(&x, M2_LINK_MAX);
	wbuf_init(&y, M2_LINK_MAX);
	m2_record_signed(&x, mesh, a);
	m2_record_signed(&y, mesh, b);
	HOLDS(fuzz_same(x.p, x.len, y.p, y.len));
	wbuf_free(&x);
	wbuf_free(&y);
}

FUZZ_TARGET(records)(const uint8_t *data, size_t size)
{
	struct m2_records r, back;
	struct wbuf once, twice;

	if (!m2_records_read(&r, data, size))
		return 0;
	HOLDS(size <= M2_LINK_MAX && r.n <= M2_RECORDS_MAX);
	wbuf_init(&once, 4 * M2_LINK_MAX);
	wbuf_init(&twice, 4 * M2_LINK_MAX);
	m2_records_write(&once, &r);
	HOLDS(m2_records_read(&back, once.p, once.len));
	HOLDS(back.n == r.n && back.want == r.want);
	for (size_t i = 0; i < r.n; i++)
		record(&r.r[i], &back.r[i]);
	m2_records_write(&twice, &back);
	HOLDS(fuzz_same(once.p, once.len, twice.p, twice.len));
	wbuf_free(&once);
	wbuf_free(&twice);
	return 0;
}
