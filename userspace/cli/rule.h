/* SPDX-License-Identifier: Apache-2.0 */
/* A RULE of the control protocol, told to people. */
#ifndef PGM_CLI_RULE_H
#define PGM_CLI_RULE_H

#include <jansson.h>
#include <stdint.h>

#define PGM_CLI_RULE_TEXT 96

/* "in 1h 59m", "never", "expired 3m ago". now is UTC. */
void pgm_cli_rule_expiry(const json_t *rule, uint64_t now, char buf[static PGM_CLI_RULE_TEXT]);

/* The rule's number as people name it: "17", or "config" for an implicit one. */
void pgm_cli_rule_name(const json_t *rule, char buf[static PGM_CLI_RULE_TEXT]);

#endif
