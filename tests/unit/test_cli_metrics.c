/* SPDX-License-Identifier: Apache-2.0 */
/* The gate's counters as OpenMetrics and JSON, from structs; an independent parser reads them too where it is
 * installed. */
#include <stdlib.h>

#include "cli/openmetrics.h"
#include "lib/check.h"

static const struct pgm_policy policy = {.mode = PGM_MODE_LIST, .rules = 3, .generation = 17, .schema = PGM_SCHEMA};

/* Every counter has a value of its own, so that none can be printed in another's place. */
static struct pgm_metrics numbered(void)
{
	struct pgm_metrics metrics;
	__u64 values[sizeof(metrics) / sizeof(__u64)] = {0};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		values[i] = 1000 + i;
	memcpy(&metrics, values, sizeof(metrics));
	return metrics;
}

static char *render(void)
{
	struct pgm_metrics metrics = numbered();
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	CHECK(out);
	pgm_cli_openmetrics(&policy, &metrics, out);
	fclose(out);
	return text;
}

static void every_verdict_once(void)
{
	char *text = render(), want[160];

#define X(id, name, drop, help)                                                                                        \
	snprintf(want, sizeof(want), "\npgmoat_gate_packets_total{verdict=\"%s\",action=\"%s\"} %d\n", #name,          \
	         (drop) ? "dropped" : "passed", 1000 + PGM_VERDICT_##id);                                              \
	CHECK_HAS(text, want);
	PGM_VERDICTS(X)
#undef X
	free(text);
}

static void policy_and_end(void)
{
	char *text = render();

	CHECK_HAS(text, "\npgmoat_gate_sources_unrecorded_total 1016\n");
	CHECK_HAS(text, "\npgmoat_gate_mode{mode=\"unset\"} 0\n");
	CHECK_HAS(text, "\npgmoat_gate_mode{mode=\"list\"} 1\n");
	CHECK_HAS(text, "\npgmoat_gate_generation 17\n");
	CHECK_HAS(text, "\npgmoat_gate_rules 3\n");
	CHECK_HAS(text, "\npgmoat_gate_schema 1\n");
	CHECK_STR(strstr(text, "# EOF"), "# EOF\n");
	free(text);
}

static void json(void)
{
	struct pgm_metrics metrics = numbered();
	json_t *answer = pgm_cli_metrics_json(&policy, &metrics);
	const json_t *packets = json_object_get(answer, "packets");

	CHECK(answer);
	CHECK_INT(json_object_size(packets), PGM_VERDICT_COUNT);
#define X(id, name, drop, help)                                                                                        \
	CHECK_INT(json_integer_value(json_object_get(json_object_get(packets, #name), "count")),                       \
	          1000 + PGM_VERDICT_##id);
	PGM_VERDICTS(X)
#undef X
	CHECK_STR(json_string_value(json_object_get(answer, "mode")), "list");
	CHECK_INT(json_integer_value(json_object_get(answer, "sources_unrecorded")), 1016);
	json_decref(answer);
}

static const char parser[] = "import sys\n"
                             "from prometheus_client.openmetrics.parser import text_string_to_metric_families\n"
                             "families = list(text_string_to_metric_families(sys.stdin.read()))\n"
                             "assert len(families) == 6, families\n"
                             "assert all(f.documentation for f in families), families\n"
                             "assert sum(len(f.samples) for f in families) == 16 + 1 + 4 + 3\n";

static void read_by_an_independent_parser(void)
{
	if (system("/usr/bin/python3 -c 'import prometheus_client.openmetrics.parser' 2>/dev/null") != 0)
		check_skip("python3-prometheus-client is not installed");
	setenv("PROGRAM", parser, 1);
	FILE *python = popen("/usr/bin/python3 -c \"$PROGRAM\"", "w");
	CHECK(python);
	char *text = render();
	fputs(text, python);
	free(text);
	CHECK_INT(pclose(python), 0);
}

CHECK_MAIN(CASE(every_verdict_once), CASE(policy_and_end), CASE(json), CASE(read_by_an_independent_parser))
