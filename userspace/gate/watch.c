/* SPDX-License-Identifier: Apache-2.0 */
/* Ties the watch to the event loop: messages as they come, a tick for what no message tells. */
#include "gate/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/log.h"
#include "gate/watch_internal.h"

/* Not every loss of a guard makes a message (bpf_link detach, tcx), and a driver may change its mind. */
#define TICK (5 * 1000000ull)

/* Bring the table up to date, then the guards. */
static int catch_up(struct pgm_watch *watch)
{
	int r = 0;

	if (watch->lost)
		r = pgm_watch_dump(watch);
	else if (watch->recount)
		r = pgm_watch_recount(watch);
	if (r == 0)
		r = pgm_watch_missing(watch);
	pgm_watch_settle(watch);
	return r;
}

/* What failed here is tried again by the next tick. */
static void catch_up_or_log(struct pgm_watch *watch)
{
	int r = catch_up(watch);

	if (r < 0) {
		watch->lost = true;
		pgm_log(LOG_ERR, "cannot list the interfaces: %s", strerror(-r));
	}
}

static int on_message(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct pgm_watch *watch = arg;

	(void)source;
	(void)fd;
	(void)events;
	pgm_watch_receive(watch);
	if (watch->lost)
		pgm_log(LOG_NOTICE, "netlink lost messages: looking at all interfaces again");
	catch_up_or_log(watch);
	return 0;
}

static int on_tick(sd_event_source *source, uint64_t usec, void *arg)
{
	struct pgm_watch *watch = arg;

	(void)usec;
	for (size_t i = 0; i < watch->count; i++)
		watch->ifaces[i].repairs = 0;
	pgm_watch_all_dirty(watch);
	catch_up_or_log(watch);
	(void)sd_event_source_set_time_relative(source, TICK);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int add_sources(struct pgm_watch *watch, struct pgm_error *err)
{
	int r = sd_event_add_io(watch->event, &watch->io, nl_socket_get_fd(watch->listener), EPOLLIN, on_message,
	                        watch);

	if (r >= 0)
		r = sd_event_add_time_relative(watch->event, &watch->timer, CLOCK_MONOTONIC, TICK, 0, on_tick, watch);
	return r < 0 ? pgm_fail(err, r, "cannot watch the interfaces: %s", strerror(-r)) : 0;
}

int pgm_watch_start(sd_event *event, struct pgm_kernel *kernel, const struct pgm_config *config, struct pgm_watch **out,
                    struct pgm_error *err)
{
	struct pgm_watch *watch = calloc(1, sizeof(*watch));
	int r;

	if (!watch)
		return pgm_fail(err, -ENOMEM, "cannot watch the interfaces: out of memory");
	watch->event = sd_event_ref(event);
	watch->kernel = kernel;
	watch->config = config;
	watch->lost = true;
	/* Subscribed first: what happens during the dump is told again. */
	r = pgm_watch_listen(watch, err);
	if (r == 0)
		r = add_sources(watch, err);
	if (r == 0) {
		r = catch_up(watch);
		if (r < 0)
			pgm_fail(err, r, "cannot list the interfaces: %s", strerror(-r));
	}
	if (r < 0) {
		pgm_watch_free(watch);
		return r;
	}
	*out = watch;
	return 0;
}

void pgm_watch_free(struct pgm_watch *watch)
{
	if (!watch)
		return;
	sd_event_source_disable_unref(watch->timer);
	sd_event_source_disable_unref(watch->io);
	sd_event_unref(watch->event);
	nl_socket_free(watch->listener);
	for (size_t i = 0; i < watch->count; i++)
		if (watch->rows[i].guard.link_fd >= 0)
			close(watch->rows[i].guard.link_fd);
	free(watch->rows);
	free(watch->ifaces);
	free(watch);
}

size_t pgm_watch_rows(const struct pgm_watch *watch, const struct pgm_watch_row **rows)
{
	*rows = watch->rows;
	return watch->count;
}

size_t pgm_watch_unguarded(const struct pgm_watch *watch)
{
	size_t count = 0;

	for (size_t i = 0; i < watch->count; i++)
		count += watch->rows[i].wanted && watch->rows[i].guard.hook == PGM_HOOK_NONE;
	return count;
}
