/* SPDX-License-Identifier: MIT */
#include <sys/resource.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "row.h"
#include "usage.h"

#define STATM_MAX	256	/* seven numbers, proc(5) */

static int	statm_fd = -1;

void
usage_open(void)
{
	if (statm_fd == -1)
		statm_fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
}

/* The second number is of pages resident; 0: not known. */
static uint64_t
resident(void)
{
	char text[STATM_MAX], *end;
	ssize_t n;

	if (statm_fd == -1 || lseek(statm_fd, 0, SEEK_SET) == -1 ||
	    (n = read(statm_fd, text, sizeof(text) - 1)) <= 0)
		return 0;
	text[n] = '\0';
	(void)strtoull(text, &end, 10);
	return strtoull(end, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t
span_us(const struct timeval *tv)
{
	return (uint64_t)tv->tv_sec * 1000000 + (uint64_t)tv->tv_usec;
}

void
usage_row(struct wbuf *w)
{
	uint64_t memory = resident(), peak;
	struct rusage u;

	if (getrusage(RUSAGE_SELF, &u) == -1)
		return;
	/* The kernel brings the two up to date at different times. */
	peak = (uint64_t)u.ru_maxrss * 1024;
	peak = peak < memory ? memory : peak;
	row_num(w, "cpu_user", ROW_US, span_us(&u.ru_utime));
	row_num(w, "cpu_system", ROW_US, span_us(&u.ru_stime));
	if (memory > 0)
		row_num(w, "memory", ROW_BYTES, memory);
	else
		row_none(w, "memory", ROW_BYTES);
	row_num(w, "memory_peak", ROW_BYTES, peak);
}
