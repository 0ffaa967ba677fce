/* SPDX-License-Identifier: Apache-2.0 */
/* pgmoat, the command line of pgmoatd. */
#include "cli/cli.h"

int main(int argc, char **argv)
{
	return pgm_cli_main(argc, argv);
}
