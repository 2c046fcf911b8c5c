/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>
#include <sys/syscall.h>

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "keymem.h"

#ifndef SYS_memfd_secret
#define SYS_memfd_secret	447
#endif

static const char *kind = "none yet";

static size_t
page_round(size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (n + page - 1) / page * page;
}

/* Unmapped from the kernel's own view too; off by default on old kernels. */
static void *
secret_alloc(size_t n)
{
	int fd = (int)syscall(SYS_memfd_secret, 0);
	void *p;

	if (fd == -1)
		return NULL;
	if (ftruncate(fd, (off_t)n) == -1 ||
	    (p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)) ==
	    MAP_FAILED) {
		close(fd);
		return NULL;
	}
	close(fd);
	kind = "memfd_secret";
	return p;
}

/* A guard page on each side, locked, left out of cores. */
static void *
locked_alloc(size_t n)
{
	size_t page = page_round(1);
	char *p = mmap(NULL, n + 2 * page, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (mprotect(p + page, n, PROT_READ | PROT_WRITE) == -1 ||
	    mlock(p + page, n) == -1 ||
	    madvise(p + page, n, MADV_DONTDUMP) == -1) {
		munmap(p, n + 2 * page);
		return NULL;
	}
	kind = "locked pages";
	return p + page;
}

void *
keymem_alloc(size_t size)
{
	size_t n = page_round(size);
	void *p = secret_alloc(n);

	if (p == NULL)
		p = locked_alloc(n);
	if (p == NULL)
		return NULL;
	if (madvise(p, n, MADV_DONTFORK) == -1) {
		int saved = errno;

		munmap(p, n);
		errno = saved;
		return NULL;
	}
	return p;
}

void
keymem_free(void *p, size_t size)
{
	if (p == NULL)
		return;
	explicit_bzero(p, page_round(size));
	munmap(p, page_round(size));
}

const char *
keymem_kind(void)
{
	return kind;
}
