/* SPDX-License-Identifier: Apache-2.0 */
/* Cleanup attributes: an owner that leaves its scope lets go of what it owns. */
#ifndef PGM_COMMON_CLEANUP_H
#define PGM_COMMON_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void pgm_cleanup_free(void *p)
{
	free(*(void **)p);
}
static inline void pgm_cleanup_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
static inline void pgm_cleanup_fclose(FILE **f)
{
	if (*f)
		fclose(*f);
}
#define PGM_FREE   __attribute__((cleanup(pgm_cleanup_free)))
#define PGM_CLOSE  __attribute__((cleanup(pgm_cleanup_close)))
#define PGM_FCLOSE __attribute__((cleanup(pgm_cleanup_fclose)))

/* Hand ownership on: the variable gives its value away and forgets it. */
#define PGM_TAKE_FD(fd)                                                                                                \
	({                                                                                                             \
		int _fd = (fd);                                                                                        \
		(fd) = -1;                                                                                             \
		_fd;                                                                                                   \
	})
#define PGM_TAKE(p)                                                                                                    \
	({                                                                                                             \
		__typeof__(p) _p = (p);                                                                                \
		(p) = NULL;                                                                                            \
		_p;                                                                                                    \
	})

#endif
