/* SPDX-License-Identifier: Apache-2.0 */
/* pgmoatd: the options of the command line. */
#include <getopt.h>
#include <stdlib.h>

#include "common/config.h"
#include "daemon/detach.h"
#include "daemon/run.h"

enum task { RUN, CHECK, DUMP, DETACH };

struct options {
	const char *path;
	bool named;
	bool strict;
	enum task task;
};

static const char help[] =
        "pgmoatd guards this machine's PostgreSQL ports. It runs in the foreground until it is stopped;\n"
        "the gate stays in force when it stops.\n"
        "\n"
        "Usage: pgmoatd [OPTION]...\n"
        "\n"
        "  --config FILE   read this config (default " PGM_CONFIG_DEFAULT ")\n"
        "  --check         check the config, say what is wrong with it, and exit\n"
        "  --dump-config   print the config in force, defaults included, and exit\n"
        "  --detach        take the gate off all interfaces: everybody can connect again\n"
        "  --strict        exit with 1 if an interface can't be guarded\n"
        "  --version       print the version and exit\n"
        "  --help          print this and exit\n"
        "\n"
        "Exit codes: 0 done, 1 failed, 2 wrong usage. SIGHUP makes a running pgmoatd read its config again.\n";

static int usage(void)
{
	fputs("Try \"pgmoatd --help\".\n", stderr);
	return 2;
}

/* Returns -1 to go on, or an exit code. */
static int parse(int argc, char **argv, struct options *out)
{
	enum { CONFIG = 1, TASK_CHECK, TASK_DUMP, TASK_DETACH, STRICT, VERSION, HELP };
	static const struct option longs[] = {
	        {"config", required_argument, NULL, CONFIG},
	        {"check", no_argument, NULL, TASK_CHECK},
	        {"dump-config", no_argument, NULL, TASK_DUMP},
	        {"detach", no_argument, NULL, TASK_DETACH},
	        {"strict", no_argument, NULL, STRICT},
	        {"version", no_argument, NULL, VERSION},
	        {"help", no_argument, NULL, HELP},
	        {0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (option) {
		case CONFIG:
			out->path = optarg;
			out->named = true;
			break;
		case TASK_CHECK:
		case TASK_DUMP:
		case TASK_DETACH:
			if (out->task != RUN) {
				fputs("pgmoatd: only one of --check, --dump-config and --detach can be given\n",
				      stderr);
				return usage();
			}
			out->task = (enum task)(option - TASK_CHECK + CHECK);
			break;
		case STRICT:
			out->strict = true;
			break;
		case VERSION:
			puts("pgmoatd " PGM_VERSION);
			return 0;
		case HELP:
			fputs(help, stdout);
			return 0;
		default:
			return usage();
		}
	}
	if (optind == argc)
		return -1;
	fprintf(stderr, "pgmoatd: unexpected argument \"%s\"\n", argv[optind]);
	return usage();
}

int main(int argc, char **argv)
{
	struct options options = {.path = PGM_CONFIG_DEFAULT};
	int code = parse(argc, argv, &options);

	if (code >= 0)
		return code;
	struct pgm_config *config = calloc(1, sizeof(*config));
	if (!config || pgm_config_load(options.path, options.named, stderr, config) < 0) {
		free(config);
		return 1;
	}
	if (options.task == RUN)
		return pgmd_run(config, options.named, options.strict);
	code = 0;
	if (options.task == CHECK)
		printf("%s: no errors\n", options.path);
	else if (options.task == DUMP)
		pgm_config_dump(config, stdout);
	else
		code = pgmd_detach(config);
	pgm_config_free(config);
	free(config);
	return code;
}
