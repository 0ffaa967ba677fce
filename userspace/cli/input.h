/* SPDX-License-Identifier: Apache-2.0 */
/* A list to upload, whole in memory: it is checked to its end before the first byte is sent. */
#ifndef PGM_CLI_INPUT_H
#define PGM_CLI_INPUT_H

#include <stddef.h>

#define PGM_CLI_INPUT_MAX    (1024u * 1024 * 1024)
#define PGM_CLI_INPUT_ERRORS 100

struct pgm_cli_input {
	char *text; /* not zero-terminated */
	size_t len;
};

/* Read fd to its end. 0, -EFBIG over PGM_CLI_INPUT_MAX, -ENOMEM, or what read() says; input is unchanged on error. */
int pgm_cli_input_read(int fd, struct pgm_cli_input *input);
void pgm_cli_input_free(struct pgm_cli_input *input);

/* How many lines are not UTF-8 text (or hold a NUL); the numbers of the first ones go into lines. */
size_t pgm_cli_input_check(const struct pgm_cli_input *input, size_t lines[static PGM_CLI_INPUT_ERRORS]);

#endif
