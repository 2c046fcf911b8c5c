/* SPDX-License-Identifier: MIT */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "ranges.h"

static unsigned __int128
hash_of(const uint8_t *salt, const struct entry_id *id)
{
	uint8_t out[crypto_shorthash_siphashx24_BYTES];
	unsigned __int128 v = 0;

	crypto_shorthash_siphashx24(out, id->b, sizeof(id->b), salt);
	for (unsigned int i = 0; i < sizeof(out); i++)
		v = v << 8 | out[i];
	return v;
}

void
ranges_init(struct ranges *r, const uint8_t salt[RANGES_SALT_LEN],
    const struct entry_id *ids, size_t n)
{
	r->id = ids;
	r->n = n;
	r->sum = xcalloc(n + 1, sizeof(*r->sum));
	for (size_t i = 0; i < n; i++)
		r->sum[i + 1] = r->sum[i] + hash_of(salt, &ids[i]);
}

void
ranges_free(struct ranges *r)
{
	free(r->sum);
	r->sum = NULL;
	r->n = 0;
}

size_t
ranges_find(const struct ranges *r, const struct entry_id *id)
{
	size_t lo = 0, hi = r->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (entry_id_cmp(&r->id[mid], id) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void
print_of(const struct ranges *r, size_t lo, size_t hi,
    uint8_t out[RANGES_PRINT])
{
	unsigned __int128 v = r->sum[hi] - r->sum[lo];

	for (unsigned int i = RANGES_PRINT; i-- > 0; v >>= 8)
		out[i] = (uint8_t)v;
}

/* Our ids lo to hi - 1 under the bounds of a range that was asked for. */
static void
say_print(const struct ranges *r, size_t lo, size_t hi, struct range *o,
    const struct ranges_ops *ops, void *arg)
{
	o->kind = RANGE_PRINT;
	o->ids = NULL;
	o->nids = 0;
	o->count = hi - lo;
	print_of(r, lo, hi, o->print);
	ops->say(arg, o);
}

void
ranges_begin(const struct ranges *r, size_t from,
    const struct ranges_ops *ops, void *arg)
{
	struct range o = { .last = true };

	say_print(r, from, r->n, &o, ops, arg);
}

static void
say_skip(const struct range *in, const struct ranges_ops *ops, void *arg)
{
	struct range o = { .upper = in->upper, .last = in->last,
	    .kind = RANGE_SKIP };

	ops->say(arg, &o);
}

static void
say_ids(const struct ranges *r, size_t lo, size_t hi,
    const struct range *in, const struct ranges_ops *ops, void *arg)
{
	struct range o = { .upper = in->upper, .last = in->last,
	    .kind = RANGE_IDS, .nids = hi - lo, .count = hi - lo };

	o.ids = o.nids > 0 ? &r->id[lo] : NULL;
	ops->say(arg, &o);
}

/*
 * Parts of as many of our ids each; bounds are ids of ours.  No more parts
 * than make the next answer a list: what a print saves where few differ, it
 * costs where many do, and then ranges are used.
 */
static void
say_parts(const struct ranges *r, size_t lo, size_t hi,
    const struct range *in, const struct ranges_ops *ops, void *arg)
{
	size_t parts = (hi - lo + RANGES_PART - 1) / RANGES_PART, end;
	struct range o;

	if (parts > RANGES_SPLIT)
		parts = RANGES_SPLIT;

	for (size_t k = parts; k > 0; k--) {
		memset(&o, 0, sizeof(o));
		end = lo + (hi - lo) / k;
		o.last = k == 1 && in->last;
		o.upper = k == 1 ? in->upper : r->id[end];
		say_print(r, lo, end, &o, ops, arg);
		lo = end;
	}
}

static bool
ids_good(const struct entry_id *lower, const struct range *in)
{
	for (size_t i = 0; i < in->nids; i++)
		if ((i == 0 ? entry_id_cmp(&in->ids[0], lower) < 0 :
		    entry_id_cmp(&in->ids[i], &in->ids[i - 1]) <= 0) ||
		    (!in->last && entry_id_cmp(&in->ids[i],
		    &in->upper) >= 0))
			return false;
	return true;
}

static void
compare_ids(const struct ranges *r, size_t lo, size_t hi,
    const struct range *in, const struct ranges_ops *ops, void *arg)
{
	size_t i = 0;
	int d;

	while (lo < hi || i < in->nids) {
		d = lo == hi ? 1 : i == in->nids ? -1 :
		    entry_id_cmp(&r->id[lo], &in->ids[i]);
		if (d < 0)
			ops->give(arg, &r->id[lo]);
		else if (d > 0)
			ops->need(arg, &in->ids[i]);
		lo += d <= 0;
		i += d >= 0;
	}
}

bool
ranges_answer(const struct ranges *r, size_t *at,
    const struct entry_id *lower, const struct range *in,
    const struct ranges_ops *ops, void *arg)
{
	uint8_t print[RANGES_PRINT];
	size_t lo = *at, hi;

	if (!in->last && entry_id_cmp(&in->upper, lower) <= 0)
		return false;
	hi = in->last ? r->n : ranges_find(r, &in->upper);
	*at = hi;
	switch (in->kind) {
	case RANGE_SKIP:
		say_skip(in, ops, arg);
		return true;
	case RANGE_IDS:
		if (!ids_good(lower, in))
			return false;
		compare_ids(r, lo, hi, in, ops, arg);
		say_skip(in, ops, arg);
		return true;
	case RANGE_PRINT:
		break;
	default:
		return false;
	}
	print_of(r, lo, hi, print);
	if (in->count == hi - lo && memcmp(print, in->print,
	    sizeof(print)) == 0)
		say_skip(in, ops, arg);
	else if (hi - lo <= RANGES_LEAF)
		say_ids(r, lo, hi, in, ops, arg);
	else
		say_parts(r, lo, hi, in, ops, arg);
	return true;
}
