/* SPDX-License-Identifier: Apache-2.0 */
/* One change at a time: it runs in a thread, so that the event loop goes on, and the others wait in a queue. */
#include "daemon/job.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <syslog.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "daemon/change.h"
#include "gate/rulesfile.h"

#define TICK_US     (200u * 1000)
#define PATIENCE_NS (30ull * 1000 * 1000 * 1000)
#define AFTER_MAX   4

struct pgmd_jobs {
	struct pgmd_change *running;
	pthread_t thread;
	pthread_mutex_t switching; /* held during the switch, and by who reads counters by the rules' places */
	int done_fd;               /* eventfd: the thread is through */
	sd_event_source *done_source;
	sd_event_source *tick;
	struct pgmd_client *waiting;
	void (*after[AFTER_MAX])(struct pgmd_daemon *daemon);
};

/* --- in the thread --- */

/*
 * The saved change does not take place: put the file back to what is in force. The first file ever has none before it.
 * The one before may have been damaged, and is not put back then: the list in force is written anew; a lost one stays
 * lost.
 */
static void take_back(const struct pgmd_change *change, const char *path, bool first)
{
	const struct pgmd_daemon *daemon = change->daemon;
	struct pgm_error err = {0};
	int code = -EBADMSG;

	if (first)
		code = unlink(path);
	else if (!daemon->previous_in_force) /* whose mode may be another than the one in force */
		code = pgm_rulesfile_restore(daemon->config, &err);
	if (code < 0 && !first) {
		err = (struct pgm_error){0};
		code = daemon->list_lost ? unlink(path) : pgm_rulesfile_save(daemon->config, change->base, false, &err);
	}
	if (code < 0)
		pgm_log(LOG_CRIT, "%s holds a change that did not take place, and the next start will apply it: %s",
		        path, err.what[0] ? err.what : strerror(errno));
}

/*
 * Why this order is safe at every moment. Building changes nothing that is in force. The file is saved before the
 * switch, so that a change that was seen working is never lost; after a crash between the two, the next start applies
 * what the file says. The audit line is on the disk before the switch, so that no change takes place unwritten; after a
 * crash between file and line, the next start writes the line (audit_missing in start.c). The switch itself can't fail.
 * Where a step fails, the file is put back, the build is thrown away, and the old policy was never touched.
 */
static int record(struct pgmd_change *change, struct pgm_error *err)
{
	const struct pgm_config *config = change->daemon->config;
	char path[sizeof(config->state_dir) + sizeof(PGM_RULES_FILE) + 1];

	snprintf(path, sizeof(path), "%s/" PGM_RULES_FILE, config->state_dir);
	bool first = access(path, F_OK) < 0;
	change->stage = "saving";
	int result =
	        change->rebuild ? 0 : pgm_rulesfile_save(config, change->next, !change->daemon->previous_in_force, err);
	if (result < 0 || !change->command)
		return result;
	json_t *line = pgmd_change_audit(change);
	result = line ? pgmd_auditlog_append(&change->daemon->audit, line, err)
	              : pgm_fail(err, -ENOMEM, "out of memory for a line of the audit log");
	json_decref(line);
	if (result < 0 && !change->rebuild)
		take_back(change, path, first);
	return result;
}

static int carry_out(struct pgmd_change *change, struct pgm_error *err)
{
	const struct pgmd_gate *gate = &change->daemon->gate;
	struct pgm_build *build = NULL;

	int result = change->prepare(change, err);
	if (result < 0 || !change->next)
		return result;
	if (!change->rebuild)
		pgmd_change_complete(change);
	change->stage = "loading";
	result = gate->calls->build(gate->gate, change->next, &change->progress, &build, err);
	if (result < 0)
		return result;
	if (change->progress.cancel)
		result = pgm_fail(err, -ECANCELED, "pgmoatd is being stopped: nothing was changed");
	else
		result = record(change, err);
	if (result < 0) {
		gate->calls->build_free(gate->gate, build);
		return result;
	}
	change->stage = "switching";
	pthread_mutex_lock(&change->daemon->jobs->switching);
	gate->calls->flip(gate->gate, build);
	pthread_mutex_unlock(&change->daemon->jobs->switching);
	return 0;
}

static void *job_thread(void *arg)
{
	struct pgmd_change *change = arg;

	change->result = carry_out(change, &change->err);
	eventfd_write(change->daemon->jobs->done_fd, 1);
	return NULL;
}

/* --- on the main thread --- */

static void log_end(const struct pgmd_change *change)
{
	const char *name = change->command ? change->command : "rebuild";

	if (change->result < 0)
		pgm_log_error(strcmp(change->kind, "failed") == 0 ? LOG_ERR : LOG_INFO, &change->err);
	else if (!change->next)
		pgm_log(LOG_INFO, "%s by uid %u: nothing to change", name, change->peer.uid);
	else
		pgm_log(LOG_NOTICE,
		        "%s by uid %u (pid %d): generation %" PRIu32 ", mode %s, %zu rules, %zu added, %zu removed",
		        name, change->peer.uid, (int)change->peer.pid, change->next->generation,
		        pgm_mode_name(change->next->mode), change->next->count, change->added, change->removed);
}

static void answer(struct pgmd_change *change)
{
	struct pgmd_client *client = change->client;

	if (!client)
		return;
	client->change = NULL;
	if (change->result < 0)
		pgmd_client_fail(client, change->kind, &change->err);
	else
		pgmd_client_finish(client, pgmd_change_answer(change, change->daemon->current));
}

static void take_effect(struct pgmd_change *change)
{
	struct pgmd_daemon *daemon = change->daemon;

	pgmd_set_current(daemon, change->next);
	change->next = pgm_ruleset_ref(daemon->current);
	if (!change->rebuild) {
		daemon->list_lost = false;
		daemon->audit.generation = daemon->current->generation;
		json_array_clear(daemon->problems);
		daemon->previous_in_force = false;
	}
}

static void next_turn(struct pgmd_daemon *daemon)
{
	struct pgmd_jobs *jobs = daemon->jobs;

	while (jobs->waiting && !jobs->running) {
		struct pgmd_client *client = jobs->waiting;
		jobs->waiting = client->next_waiting;
		client->next_waiting = NULL;
		client->state = PGMD_READING;
		client->resume(client);
	}
	for (size_t i = 0; i < AFTER_MAX && !jobs->running; i++) {
		void (*after)(struct pgmd_daemon *) = jobs->after[i];
		jobs->after[i] = NULL;
		if (after)
			after(daemon);
	}
}

static void finish(struct pgmd_daemon *daemon)
{
	struct pgmd_change *change = daemon->jobs->running;

	daemon->jobs->running = NULL;
	if (daemon->jobs->tick)
		sd_event_source_set_enabled(daemon->jobs->tick, SD_EVENT_OFF);
	log_end(change);
	if (change->result == 0 && change->next)
		take_effect(change);
	if (change->done)
		change->done(change);
	answer(change);
	pgmd_change_free(change);
	next_turn(daemon);
}

static int on_done(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct pgmd_daemon *daemon = userdata;
	eventfd_t ignored;

	(void)source;
	(void)events;
	if (eventfd_read(fd, &ignored) < 0)
		return 0;
	pthread_join(daemon->jobs->thread, NULL);
	finish(daemon);
	return 0;
}

static void tell_progress(struct pgmd_change *change)
{
	struct pgmd_client *client = change->client;

	/* A client that does not read gets no pile of them. */
	if (!client || pgmd_client_pending(client) > 4096)
		return;
	pgmd_client_send(client,
	                 json_pack("{s:{s:s, s:I, s:I}}", "progress", "stage", change->stage, "done",
	                           (json_int_t)change->progress.done, "total", (json_int_t)change->progress.total));
}

static void send_impatient_away(struct pgmd_jobs *jobs)
{
	struct pgmd_client **link = &jobs->waiting;
	uint64_t now = pgm_monotonic_now_ns();

	while (*link) {
		struct pgmd_client *client = *link;
		if (now - client->waiting_since < PATIENCE_NS) {
			link = &client->next_waiting;
			continue;
		}
		*link = client->next_waiting;
		client->next_waiting = NULL;
		pgmd_client_refuse(client, "busy", "try again later",
		                   "another change (%s) has been running for more than 30 seconds",
		                   jobs->running->command ? jobs->running->command : "rebuild");
	}
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct pgmd_jobs *jobs = userdata;

	(void)usec;
	if (!jobs->running)
		return 0;
	tell_progress(jobs->running);
	send_impatient_away(jobs);
	if (sd_event_source_set_time_relative(source, TICK_US) >= 0)
		sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

bool pgmd_job_running(const struct pgmd_daemon *daemon)
{
	return daemon->jobs->running != NULL;
}

bool pgmd_job_hold_switch(struct pgmd_daemon *daemon)
{
	if (pthread_mutex_trylock(&daemon->jobs->switching) != 0)
		return false;
	if (pgmd_consistent(daemon))
		return true;
	pthread_mutex_unlock(&daemon->jobs->switching);
	return false;
}

void pgmd_job_let_switch(struct pgmd_daemon *daemon)
{
	pthread_mutex_unlock(&daemon->jobs->switching);
}

/* The reason why this change may not even begin, or 0. */
static int refuse(struct pgmd_daemon *daemon, struct pgmd_change *change, struct pgm_error *err)
{
	if (!daemon->list_lost || change->whole)
		return 0;
	pgm_fail(err, -EUCLEAN, "the stored list is lost, so nothing can be added, removed or switched");
	pgm_hint(err, "give a whole new list: pgmoat filter set FILE; \"pgmoat status\" says more");
	return -EUCLEAN;
}

void pgmd_job_start(struct pgmd_daemon *daemon, struct pgmd_change *change)
{
	struct pgmd_jobs *jobs = daemon->jobs;

	jobs->running = change;
	change->result = refuse(daemon, change, &change->err);
	if (change->client) {
		change->client->state = PGMD_WORKING;
		change->client->change = change;
	}
	if (change->result < 0) {
		finish(daemon);
		return;
	}
	if (daemon->event) {
		int code = pthread_create(&jobs->thread, NULL, job_thread, change);
		if (code == 0) {
			if (sd_event_source_set_time_relative(jobs->tick, TICK_US) >= 0)
				sd_event_source_set_enabled(jobs->tick, SD_EVENT_ONESHOT);
			return;
		}
		change->result = pgm_fail(&change->err, -code, "cannot start a thread: %s", strerror(code));
	} else {
		change->result = carry_out(change, &change->err);
	}
	finish(daemon);
}

void pgmd_job_wait(struct pgmd_client *client, void (*resume)(struct pgmd_client *client))
{
	struct pgmd_client **link = &client->daemon->jobs->waiting;

	while (*link)
		link = &(*link)->next_waiting;
	client->state = PGMD_WAITING;
	client->resume = resume;
	client->waiting_since = pgm_monotonic_now_ns();
	client->next_waiting = NULL;
	*link = client;
}

void pgmd_job_forget(struct pgmd_client *client)
{
	struct pgmd_jobs *jobs = client->daemon->jobs;
	struct pgmd_client **link = jobs ? &jobs->waiting : NULL;

	while (link && *link && *link != client)
		link = &(*link)->next_waiting;
	if (link && *link)
		*link = client->next_waiting;
	if (client->change)
		client->change->client = NULL;
}

void pgmd_job_when_free(struct pgmd_daemon *daemon, void (*after)(struct pgmd_daemon *daemon))
{
	struct pgmd_jobs *jobs = daemon->jobs;

	if (!jobs->running) {
		after(daemon);
		return;
	}
	for (size_t i = 0; i < AFTER_MAX; i++) {
		if (jobs->after[i] == after)
			return;
		if (!jobs->after[i]) {
			jobs->after[i] = after;
			return;
		}
	}
}

static int attach_loop(struct pgmd_daemon *daemon)
{
	struct pgmd_jobs *jobs = daemon->jobs;

	int code = sd_event_add_io(daemon->event, &jobs->done_source, jobs->done_fd, EPOLLIN, on_done, daemon);
	if (code >= 0)
		code = sd_event_add_time_relative(daemon->event, &jobs->tick, CLOCK_MONOTONIC, TICK_US, 0, on_tick,
		                                  jobs);
	if (code >= 0)
		code = sd_event_source_set_enabled(jobs->tick, SD_EVENT_OFF);
	return code;
}

int pgmd_job_init(struct pgmd_daemon *daemon, struct pgm_error *err)
{
	struct pgmd_jobs *jobs = calloc(1, sizeof(*jobs));

	if (!jobs)
		return pgm_fail(err, -ENOMEM, "out of memory");
	daemon->jobs = jobs;
	pthread_mutex_init(&jobs->switching, NULL);
	jobs->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int code = jobs->done_fd < 0 ? -errno : 0;
	if (code == 0 && daemon->event)
		code = attach_loop(daemon);
	if (code >= 0)
		return 0;
	pgmd_job_close(daemon);
	return pgm_fail(err, code, "cannot set up the job queue: %s", strerror(-code));
}

void pgmd_job_close(struct pgmd_daemon *daemon)
{
	struct pgmd_jobs *jobs = daemon->jobs;

	if (!jobs)
		return;
	if (jobs->running) {
		struct pgmd_change *change = jobs->running;
		change->progress.cancel = true;
		pthread_join(jobs->thread, NULL);
		memset(jobs->after, 0, sizeof(jobs->after));
		jobs->running = NULL;
		log_end(change);
		if (change->result == 0 && change->next)
			pgmd_set_current(daemon, pgm_ruleset_ref(change->next));
		answer(change);
		pgmd_change_free(change);
	}
	sd_event_source_disable_unref(jobs->done_source);
	sd_event_source_disable_unref(jobs->tick);
	if (jobs->done_fd >= 0)
		close(jobs->done_fd);
	pthread_mutex_destroy(&jobs->switching);
	free(jobs);
	daemon->jobs = NULL;
}
