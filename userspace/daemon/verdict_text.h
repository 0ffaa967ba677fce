/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts in words. */
#ifndef PGM_DAEMON_VERDICT_TEXT_H
#define PGM_DAEMON_VERDICT_TEXT_H

/* The name that the metrics use, and the sentence that explains it; "unknown" for other numbers. */
const char *pgmd_verdict_name(unsigned verdict);
const char *pgmd_verdict_help(unsigned verdict);

#endif
