/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of ports as the kernel writes them: "5432,6432,50001-50032". */
#ifndef PGM_GATE_PORTLIST_H
#define PGM_GATE_PORTLIST_H

#include <stddef.h>
#include <stdint.h>

#define PGM_PORT_WORDS 1024
/* Every second port alone makes the longest list: 32768 times "65534,". */
#define PGM_PORTLIST_MAX (256u * 1024)

/* Parse a list; the text may end in newlines. 0 or -EINVAL; ports is unchanged on error. */
int pgm_portlist_parse(const char *text, size_t len, uint64_t ports[PGM_PORT_WORDS]);

/* The list with a newline behind it, malloc'ed; NULL: out of memory. */
char *pgm_portlist_format(const uint64_t ports[PGM_PORT_WORDS]);

#endif
