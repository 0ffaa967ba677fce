/* SPDX-License-Identifier: Apache-2.0 */
/* One change at a time: it runs in a thread, so that the event loop goes on, and the others wait in a queue. */
#ifndef PGM_DAEMON_JOB_H
#define PGM_DAEMON_JOB_H

#include <stdbool.h>

struct pgm_error;
struct pgmd_change;
struct pgmd_client;
struct pgmd_daemon;

/* Set up daemon->jobs; before it, jobs can't be started. 0 or -errno. */
int pgmd_job_init(struct pgmd_daemon *daemon, struct pgm_error *err);
/* Cancels what runs, as far as it still can be, waits for its end, and lets go of everything. */
void pgmd_job_close(struct pgmd_daemon *daemon);

bool pgmd_job_running(const struct pgmd_daemon *daemon);

/*
 * Run a change (taken over), when none is running. Its client is answered at the end. Errors are answered too; a
 * change without a client has them logged.
 */
void pgmd_job_start(struct pgmd_daemon *daemon, struct pgmd_change *change);

/*
 * Keep the kernel's policy and daemon->current the same for a moment: true if they are, and will be until
 * pgmd_job_let_switch. False if a change is just taking effect; the end of the job is worth waiting for then.
 */
bool pgmd_job_hold_switch(struct pgmd_daemon *daemon);
void pgmd_job_let_switch(struct pgmd_daemon *daemon);

/* Put client to sleep until it is its turn; resume is called then. After 30 seconds it is told that we are busy. */
void pgmd_job_wait(struct pgmd_client *client, void (*resume)(struct pgmd_client *client));

/* The client goes away: out of the queue, and its change runs on without it. */
void pgmd_job_forget(struct pgmd_client *client);

/* Call after() on the main thread as soon as no change is running: at once, or after the queue's next gap. */
void pgmd_job_when_free(struct pgmd_daemon *daemon, void (*after)(struct pgmd_daemon *daemon));

#endif
