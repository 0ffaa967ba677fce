/* SPDX-License-Identifier: Apache-2.0 */
/* A question to pgmoatd and its answer, as every subcommand asks it. */
#ifndef PGM_CLI_ASK_H
#define PGM_CLI_ASK_H

#include <jansson.h>

#include "cli/cli.h"
#include "cli/client.h"

/* What a command does with a question's frames besides the final one. Each member may be NULL. */
struct pgm_cli_asker {
	/* After the request was sent: sends what belongs to it. An error ends the question, but an answer that the
	 * daemon gave early is still looked for. Returns 0 or -errno. */
	int (*upload)(struct pgm_cli_client *client, void *arg, struct pgm_error *err);
	/* For each part. Returns 0, or an -errno that ends the question. */
	int (*part)(const json_t *part, void *arg);
	/* Instead of the usual lines on standard error, when the daemon says no. */
	void (*refused)(const json_t *final, void *arg);
	void *arg;
};

/*
 * Ask, show progress, and give the final frame if it says ok (*final: caller's reference). Otherwise the reason is told
 * on standard error, with what the pins say if no daemon answers. Takes the reference to request over. Returns
 * PGM_CLI_DONE, PGM_CLI_USAGE (the daemon calls the request wrong), PGM_CLI_FAILED, or PGM_CLI_NOT_ASKED when no daemon
 * answered, which every command but filter check turns into PGM_CLI_FAILED.
 */
int pgm_cli_ask_raw(struct pgm_cli *cli, json_t *request, const struct pgm_cli_asker *asker, json_t **final);

/* The same for most commands: no parts, and PGM_CLI_FAILED instead of PGM_CLI_NOT_ASKED. */
int pgm_cli_ask(struct pgm_cli *cli, json_t *request, json_t **final);

/* Puts a text from the command line into a request; text NULL is left out. PGM_CLI_USAGE if it is not UTF-8. */
int pgm_cli_put_text(const struct pgm_cli *cli, json_t *request, const char *key, const char *text);

/* Prints a whole JSON value with a newline. */
void pgm_cli_print_json(const json_t *value);

/* Prints the final frame without its "ok". */
void pgm_cli_print_final(json_t *final);

#endif
