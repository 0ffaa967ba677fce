/* SPDX-License-Identifier: Apache-2.0 */
/* What a long operation is doing: a bar on a terminal, one line a stage elsewhere, nothing in the first second. */
#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/text.h"
#include "common/clock.h"

#define QUIET_NS  1000000000u
#define REDRAW_NS 100000000u
#define BAR       30

void pgm_cli_progress_start(struct pgm_cli_progress *progress)
{
	*progress = (struct pgm_cli_progress){
	        .terminal = isatty(STDERR_FILENO) == 1,
	        .start_ns = pgm_monotonic_now_ns(),
	};
}

static void draw(const char *stage, uint64_t done, uint64_t total)
{
	char bar[BAR + 1];
	unsigned filled = total ? (unsigned)((double)(done < total ? done : total) / (double)total * BAR) : 0;

	memset(bar, ' ', BAR);
	memset(bar, '#', filled);
	bar[BAR] = '\0';
	fputs("\r\033[K", stderr);
	if (total)
		fprintf(stderr, "[%s] %3u%% ", bar, (unsigned)((double)done / (double)total * 100));
	pgm_cli_put(stderr, stage);
	if (total)
		fprintf(stderr, " %" PRIu64 " of %" PRIu64, done, total);
	fflush(stderr);
}

void pgm_cli_progress_show(struct pgm_cli_progress *progress, const char *stage, uint64_t done, uint64_t total)
{
	uint64_t now = pgm_monotonic_now_ns();
	bool new_stage = strncmp(stage, progress->stage, sizeof(progress->stage) - 1) != 0;

	if (now - progress->start_ns < QUIET_NS)
		return;
	if (progress->terminal && (new_stage || now >= progress->redraw_ns)) {
		draw(stage, done, total);
		progress->drawn = true;
		progress->redraw_ns = now + REDRAW_NS;
	} else if (!progress->terminal && new_stage) {
		pgm_cli_put(stderr, stage);
		fputs(" ...\n", stderr);
	}
	snprintf(progress->stage, sizeof(progress->stage), "%s", stage);
}

void pgm_cli_progress_end(struct pgm_cli_progress *progress)
{
	if (progress->drawn)
		fputs("\r\033[K", stderr);
	progress->drawn = false;
}
