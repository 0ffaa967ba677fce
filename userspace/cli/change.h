/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that change the policy: one question, and the CHANGE that it caused. */
#ifndef PGM_CLI_CHANGE_H
#define PGM_CLI_CHANGE_H

#include "cli/ask.h"

/* Ask for the change and tell what it did: "verb: 3 rules (2 added, 1 removed, 5 unchanged), mode list, generation 17",
 * then notes and warnings. Takes request over. Returns an exit code. */
int pgm_cli_change(struct pgm_cli *cli, json_t *request, const char *verb);

/* Tell an answer that is already there. */
void pgm_cli_change_print(struct pgm_cli *cli, json_t *final, const char *verb);

#endif
