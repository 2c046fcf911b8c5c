/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "mtime.h"
#include "progress.h"

void
progress_text(uint64_t entries, uint64_t bytes, uint64_t total, uint64_t ms,
    char out[PROGRESS_TEXT_MAX])
{
	char count[48] = "", of[TIME_TEXT_MAX + 8] = "", rate[48];
	char left[TIME_TEXT_MAX + 16] = "", t[TIME_TEXT_MAX];
	double s = (double)(ms > 0 ? ms : 1) / 1000;

	if (entries > 0) {
		(void)snprintf(count, sizeof(count), "%llu entries, ",
		    (unsigned long long)entries);
		(void)snprintf(rate, sizeof(rate), "%.0f entries/s",
		    (double)entries / s);
	} else
		(void)snprintf(rate, sizeof(rate), "%s/s",
		    size_text((uint64_t)((double)bytes / s), t));
	if (total > 0)
		(void)snprintf(of, sizeof(of), " of %s", size_text(total, t));
	if (total > bytes && bytes > 0)
		(void)snprintf(left, sizeof(left), ", %s left", span_text(
		    (uint64_t)((double)(total - bytes) / (double)bytes *
		    s * 1000), t));
	(void)snprintf(out, PROGRESS_TEXT_MAX, "%s%s%s, %s%s", count,
	    size_text(bytes, t), of, rate, left);
}
