/* SPDX-License-Identifier: Apache-2.0 */
/* pgmoat metrics: the gate's counters, read from the pinned maps without the daemon and without root. */
#include <bpf/libbpf.h>

#include "cli/ask.h"
#include "cli/openmetrics.h"
#include "cli/pins.h"

static int run(struct pgm_cli *cli)
{
	struct pgm_policy policy;
	struct pgm_metrics metrics;
	struct pgm_error err = {0};

	libbpf_set_print(NULL); /* errors are told in our words */
	if (pgm_cli_pins_policy(&cli->config, &policy, &err) < 0 ||
	    pgm_cli_pins_metrics(&cli->config, &metrics, &err) < 0)
		return pgm_cli_complain(&err);
	if (!cli->json) {
		pgm_cli_openmetrics(&policy, &metrics, stdout);
		return PGM_CLI_DONE;
	}
	json_t *answer = pgm_cli_metrics_json(&policy, &metrics);
	pgm_cli_print_json(answer);
	json_decref(answer);
	return PGM_CLI_DONE;
}

const struct pgm_cli_command pgm_cli_metrics = {
        .operands = "",
        .about = "the gate's counters as OpenMetrics text",
        .details = "Reads the pinned maps itself: it works without the daemon, and without root for members of the\n"
                   "metrics group. The counters are sums over the CPUs since the gate was first loaded.\n",
        .run = run,
};
