/* SPDX-License-Identifier: Apache-2.0 */
/* Why a probe was answered as it was, in one sentence. */
#ifndef PGM_DAEMON_CHECK_REASON_H
#define PGM_DAEMON_CHECK_REASON_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "pgmoat/gate_abi.h"

/* rule: the matching RULE of the protocol, or JSON null. */
void pgmd_check_reason(const struct pgm_probe *probe, const json_t *rule, const char *scope, uint16_t port, char *buf,
                       size_t len);

#endif
