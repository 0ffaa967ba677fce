/* SPDX-License-Identifier: Apache-2.0 */
/* What libbpf has to say: to our log as debug lines, and to whoever wants to quote it. */
#ifndef PGM_GATE_LIBBPF_LOG_H
#define PGM_GATE_LIBBPF_LOG_H

#include <stddef.h>

/* Send libbpf's warnings to pgm_log. Idempotent, any thread. */
void pgm_libbpf_log_install(void);

/*
 * Until the next call with NULL, append this thread's libbpf warnings to buf too (always terminated, cut at len; the
 * first call empties buf). The drivers' own words stand behind "Kernel error message: ". buf must stay valid until
 * then. Installs the log if need be.
 */
void pgm_libbpf_capture(char *buf, size_t len);

#endif
