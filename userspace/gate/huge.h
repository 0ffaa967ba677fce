/* SPDX-License-Identifier: Apache-2.0 */
/* Asks for huge pages behind the large arrays: a million rules are 20,000 page faults otherwise, most of a copy's time.
 */
#ifndef PGM_GATE_HUGE_H
#define PGM_GATE_HUGE_H

#include <stdint.h>
#include <sys/mman.h>

#define PGM_HUGE_LEAST (4u * 1024 * 1024) /* bytes; below it malloc may hand out parts of a shared arena */

/* A hint only: call it after malloc or realloc, before the memory is touched. Failing costs time, nothing else. */
static inline void pgm_huge_hint(void *memory, size_t size)
{
	uintptr_t from = ((uintptr_t)memory + 4095) & ~(uintptr_t)4095;
	uintptr_t to = ((uintptr_t)memory + size) & ~(uintptr_t)4095;

	if (size >= PGM_HUGE_LEAST)
		madvise((void *)from, to - from, MADV_HUGEPAGE);
}

#endif
