/* SPDX-License-Identifier: Apache-2.0 */
/* The gate's counters as OpenMetrics text or JSON. */
#ifndef PGM_CLI_OPENMETRICS_H
#define PGM_CLI_OPENMETRICS_H

#include <jansson.h>
#include <stdio.h>

#include "pgmoat/gate_abi.h"

/* OpenMetrics 1.0, "# EOF" included. */
void pgm_cli_openmetrics(const struct pgm_policy *policy, const struct pgm_metrics *metrics, FILE *out);

/* {"schema","mode","generation","rules","packets": {VERDICT: {"count","action"}},"sources_unrecorded"}; a new
 * reference. */
json_t *pgm_cli_metrics_json(const struct pgm_policy *policy, const struct pgm_metrics *metrics);

#endif
