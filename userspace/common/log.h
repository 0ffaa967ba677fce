/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines to the journal, when standard error is connected to it, or else to standard error. */
#ifndef PGM_COMMON_LOG_H
#define PGM_COMMON_LOG_H

#include "common/error.h"

/* priority is a syslog level (LOG_ERR ... LOG_DEBUG); one call is one line. Safe from any thread. */
void pgm_log(int priority, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Logs err->what and, if there is one, "HINT: ..." behind it. */
void pgm_log_error(int priority, const struct pgm_error *err);

#endif
