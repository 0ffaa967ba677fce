/* SPDX-License-Identifier: Apache-2.0 */
/* What a long operation is doing: a bar on a terminal, one line a stage elsewhere, nothing in the first second. */
#ifndef PGM_CLI_PROGRESS_H
#define PGM_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct pgm_cli_progress {
	bool terminal;
	bool drawn;         /* a bar stands on the last line */
	uint64_t start_ns;  /* CLOCK_MONOTONIC */
	uint64_t redraw_ns; /* not before */
	char stage[64];     /* the last one told */
};

/* For standard error. */
void pgm_cli_progress_start(struct pgm_cli_progress *progress);
/* done of total, in whatever unit; total is 0 if it is unknown. */
void pgm_cli_progress_show(struct pgm_cli_progress *progress, const char *stage, uint64_t done, uint64_t total);
/* Wipes the bar; call it before anything else is printed. */
void pgm_cli_progress_end(struct pgm_cli_progress *progress);

#endif
