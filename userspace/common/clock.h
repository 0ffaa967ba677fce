/* SPDX-License-Identifier: Apache-2.0 */
/* The clocks that pgmoat uses and how their readings are written. */
#ifndef PGM_COMMON_CLOCK_H
#define PGM_COMMON_CLOCK_H

#include <stddef.h>
#include <stdint.h>

uint64_t pgm_utc_now(void);          /* CLOCK_REALTIME, whole seconds */
uint64_t pgm_boottime_now_ns(void);  /* CLOCK_BOOTTIME */
uint64_t pgm_monotonic_now_ns(void); /* CLOCK_MONOTONIC: what the kernel's coarse clock counts */

#define PGM_BOOT_ID 37 /* 36 characters and a zero */
/* This boot's id from /proc/sys/kernel/random/boot_id. Returns 0 or -errno. */
int pgm_boot_id(char out[static PGM_BOOT_ID]);

#define PGM_TIME_TEXT 32
/* "2026-11-24T05:00:00Z" (RFC 3339, UTC); what lies behind the year 9999 is written as its last second. */
void pgm_utc_format(uint64_t utc, char *buf);
/* The same back, from (text, len). Returns 0 or -EINVAL. */
int pgm_utc_parse(const char *text, size_t len, uint64_t *out);

/* "90s", "15m", "2h", "7d", "2h30m": each unit once, the larger first; a bare number and zero are refused. At most 10
 * years (3653 days). Returns 0 or -EINVAL. */
int pgm_duration_parse(const char *text, size_t len, uint64_t *seconds);
/* Two most significant units: "2h 5m", "6d 3h", "14s". */
void pgm_duration_format(uint64_t seconds, char *buf, size_t len);

#endif
