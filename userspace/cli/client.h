/* SPDX-License-Identifier: Apache-2.0 */
/* One connection to pgmoatd: frames out, frames in, nothing waited for without end. */
#ifndef PGM_CLI_CLIENT_H
#define PGM_CLI_CLIENT_H

#include <jansson.h>
#include <stdbool.h>

#include "common/config.h"
#include "common/error.h"

struct pgm_cli_client;

/*
 * Connect to run_dir/control.sock. Returns 0; -ENOENT or -ECONNREFUSED if no daemon is there, -EACCES if the caller may
 * not ask, -ETIMEDOUT if the daemon does not take the connection, or another -errno.
 */
int pgm_cli_client_open(const struct pgm_config *config, struct pgm_cli_client **out, struct pgm_error *err);
void pgm_cli_client_close(struct pgm_cli_client *client); /* NULL is fine */

/* Send one frame. -EPIPE if the daemon hung up (it may have answered before), -ETIMEDOUT, -EMSGSIZE, or -errno. */
int pgm_cli_client_send(struct pgm_cli_client *client, const json_t *message, struct pgm_error *err);

/* Wait for the next frame and give it as a new reference to an object. 0, -ETIMEDOUT, -EBADMSG, or -errno. */
int pgm_cli_client_receive(struct pgm_cli_client *client, json_t **frame, struct pgm_error *err);

/* Is there something to receive already? */
bool pgm_cli_client_pending(const struct pgm_cli_client *client);

#endif
