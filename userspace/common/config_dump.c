/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration as it is in force, printed as a file that can be read back. */
#include "common/config_internal.h"

static void dump_interfaces(const struct pgm_config *config, FILE *out)
{
	fprintf(out, "interfaces = %s", config->interfaces_auto ? "auto" : "");
	for (size_t i = 0; i < config->interface_count; i++)
		fprintf(out, "%s%s", i ? ", " : "", config->interfaces[i]);
	fputc('\n', out);
}

static void dump_scope(const struct pgm_scope *scope, FILE *out)
{
	const char *comma = "";
	unsigned last;

	fprintf(out, "%s = ", scope->name);
	for (unsigned first = 0; pgm_ports_run(scope->ports, &first, &last); first = last + 1) {
		fprintf(out, first == last ? "%s%u" : "%s%u-%u", comma, first, last);
		comma = ", ";
	}
	fputc('\n', out);
}

static void dump_system(const struct pgm_config *config, const char *key, enum pgm_class class_id, FILE *out)
{
	char text[PGM_RANGE_TEXT];
	const char *comma = " ";

	fprintf(out, "%s =", key);
	for (size_t i = 0; i < config->system_count; i++) {
		if (config->system[i].class_id != class_id)
			continue;
		pgm_range_format(&config->system[i].range, text);
		fprintf(out, "%s%s", comma, text);
		comma = ", ";
	}
	fputc('\n', out);
}

void pgm_config_dump(const struct pgm_config *config, FILE *out)
{
	fprintf(out, "[daemon]\nstate_dir = %s\nrun_dir = %s\n", config->state_dir, config->run_dir);
	fprintf(out, "\n[gate]\n");
	dump_interfaces(config, out);
	fprintf(out, "mode = %s\npin_dir = %s\nmetrics_group = %s\n", pgm_attach_mode_names[config->attach_mode],
	        config->pin_dir, config->metrics_group);
	fprintf(out, "\n[scopes]\n");
	for (unsigned i = 0; i < config->scope_count; i++)
		dump_scope(&config->scopes[i], out);
	fprintf(out, "\n[system]\n");
	dump_system(config, "replication", PGM_CLASS_REPLICATION, out);
	dump_system(config, "monitoring", PGM_CLASS_MONITORING, out);
}
