/* SPDX-License-Identifier: Apache-2.0 */
/* The gate's counters as OpenMetrics text or JSON. */
#include "cli/openmetrics.h"

#include <inttypes.h>

#include "cli/pins.h"

static const struct verdict_row {
	const char *name;
	const char *action;
	size_t offset; /* in struct pgm_metrics */
} verdicts[] = {
#define X(id, name, drop, help) {#name, (drop) ? "dropped" : "passed", offsetof(struct pgm_metrics, name)},
        PGM_VERDICTS(X)
#undef X
};
#define VERDICTS (sizeof(verdicts) / sizeof(verdicts[0]))

static uint64_t count_of(const struct pgm_metrics *metrics, const struct verdict_row *row)
{
	return *(const __u64 *)((const char *)metrics + row->offset);
}

static void family(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# TYPE %s %s\n# HELP %s %s\n", name, type, name, help);
}

static void gauge(FILE *out, const char *name, const char *help, uint64_t value)
{
	family(out, name, "gauge", help);
	fprintf(out, "%s %" PRIu64 "\n", name, value);
}

void pgm_cli_openmetrics(const struct pgm_policy *policy, const struct pgm_metrics *metrics, FILE *out)
{
	family(out, "pgmoat_gate_packets", "counter", "Packets that the gate saw, by verdict.");
	for (size_t i = 0; i < VERDICTS; i++)
		fprintf(out, "pgmoat_gate_packets_total{verdict=\"%s\",action=\"%s\"} %" PRIu64 "\n", verdicts[i].name,
		        verdicts[i].action, count_of(metrics, &verdicts[i]));
	family(out, "pgmoat_gate_sources_unrecorded", "counter",
	       "Refused packets whose source found no room in the table of refused sources.");
	fprintf(out, "pgmoat_gate_sources_unrecorded_total %" PRIu64 "\n", (uint64_t)metrics->sources_unrecorded);
	family(out, "pgmoat_gate_mode", "gauge",
	       "1 for the mode in force. In unset and anywhere everyone may connect.");
	for (unsigned mode = PGM_MODE_UNSET; mode <= PGM_MODE_LIST; mode++)
		fprintf(out, "pgmoat_gate_mode{mode=\"%s\"} %d\n", pgm_cli_mode_name(mode), policy->mode == mode);
	gauge(out, "pgmoat_gate_generation", "Number of the policy in force; every change raises it.",
	      policy->generation);
	gauge(out, "pgmoat_gate_rules", "Stored rules of the policy in force.", policy->rules);
	gauge(out, "pgmoat_gate_schema", "Version of the layout of the pinned maps.", policy->schema);
	fputs("# EOF\n", out);
}

json_t *pgm_cli_metrics_json(const struct pgm_policy *policy, const struct pgm_metrics *metrics)
{
	json_t *packets = json_object();

	for (size_t i = 0; i < VERDICTS; i++)
		json_object_set_new(packets, verdicts[i].name,
		                    json_pack("{s:I, s:s}", "count", (json_int_t)count_of(metrics, &verdicts[i]),
		                              "action", verdicts[i].action));
	return json_pack("{s:I, s:s, s:I, s:I, s:o, s:I}", "schema", (json_int_t)policy->schema, "mode",
	                 pgm_cli_mode_name(policy->mode), "generation", (json_int_t)policy->generation, "rules",
	                 (json_int_t)policy->rules, "packets", packets, "sources_unrecorded",
	                 (json_int_t)metrics->sources_unrecorded);
}
