/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <unistd.h>

#include "footprint.h"

/*
 * Only what is mapped from a file and can never have been written to: neither
 * the data (relocated or not) nor the kernel's own object.
 */
static int
release_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin, end;
	unsigned int *nth = arg;
	const ElfW(Phdr) *ph;

	(void)size;
	/* The program itself, the first, has no name. */
	if ((*nth)++ > 0 && info->dlpi_name[0] != '/')
		return 0;
	for (ph = info->dlpi_phdr; ph < info->dlpi_phdr + info->dlpi_phnum;
	    ph++) {
		if (ph->p_type != PT_LOAD || (ph->p_flags & PF_W))
			continue;
		begin = (info->dlpi_addr + ph->p_vaddr) & ~(page - 1);
		end = info->dlpi_addr + ph->p_vaddr + ph->p_filesz;
		end = (end + page - 1) & ~(page - 1);
		(void)madvise((void *)begin, end - begin, MADV_DONTNEED);
	}
	return 0;
}

void
footprint_settle(void)
{
	unsigned int nth = 0;

	(void)malloc_trim(0);
	(void)dl_iterate_phdr(release_object, &nth);
}
