/* SPDX-License-Identifier: Apache-2.0 */
/* Errors on standard error, in the form that all commands share. */
#include "cli/cli.h"

#include "cli/text.h"

int pgm_cli_complain(const struct pgm_error *err)
{
	fputs("pgmoat: ", stderr);
	pgm_cli_put(stderr, err->what);
	fputc('\n', stderr);
	if (err->hint[0]) {
		fputs("HINT: ", stderr);
		pgm_cli_put(stderr, err->hint);
		fputc('\n', stderr);
	}
	return PGM_CLI_FAILED;
}
