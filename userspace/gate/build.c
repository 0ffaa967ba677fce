/* SPDX-License-Identifier: Apache-2.0 */
/* The one way in which a policy changes: built aside into the spare slot, then made live by one store. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/log.h"
#include "gate/kernel_internal.h"

/* What a build produces. in_place: the live slot already says what set says; only the word changes. */
struct pgm_build {
	struct pgm_kernel *kernel;
	struct pgm_ruleset *set;
	bool in_place;
	bool installed;
	__u32 slot;
	struct pgm_counters counters;
	struct pgm_carry *carry;
};

static bool same_rule(const struct pgm_rule *a, const struct pgm_rule *b)
{
	/* A rule of another boot is anchored to the wall clock, which may have been set since. */
	if (a->expires_utc != 0 && !(a->this_boot && b->this_boot))
		return false;
	return memcmp(a->range.lo, b->range.lo, sizeof(a->range.lo)) == 0 &&
	       memcmp(a->range.hi, b->range.hi, sizeof(a->range.hi)) == 0 && a->range.family == b->range.family &&
	       a->class_id == b->class_id && a->scopes == b->scopes && a->expires_utc == b->expires_utc &&
	       a->expires_boot == b->expires_boot;
}

/* Whether both sets compile to the same tries with the same counters. */
static bool same_rules(const struct pgm_ruleset *a, const struct pgm_ruleset *b)
{
	if (!a || a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!same_rule(&a->rules[i], &b->rules[i]))
			return false;
	return true;
}

static int compile_both(const struct pgm_build *build, struct pgm_progress *progress, struct pgm_compiled *compiled[2],
                        struct pgm_error *err)
{
	static const int families[] = {AF_INET, AF_INET6};
	uint64_t utc = pgm_utc_now(), boot_s = pgm_boottime_now_ns() / 1000000000;

	if (utc < build->set->saved_utc) /* a clock that went back must not revive what has expired */
		utc = build->set->saved_utc;
	for (int i = 0; i < 2; i++) {
		int code = pgm_compile(build->set, build->kernel->config, families[i], utc, boot_s, &compiled[i]);

		if (code < 0)
			return pgm_fail(err, code, "cannot compile the rules: %s", strerror(-code));
		if (progress)
			atomic_fetch_add(&progress->total, pgm_compiled_bound(compiled[i]));
	}
	return 0;
}

static int make_trie(const struct pgm_build *build, int family, struct pgm_compiled *compiled,
                     struct pgm_progress *progress, struct pgm_error *err)
{
	const char *name = family == PGM_V4 ? "pgm_v4" : "pgm_v6";
	PGM_CLOSE int fd = pgm_inner_new(&build->kernel->trie_shape[family], name, pgm_compiled_bound(compiled) + 1);

	if (fd < 0)
		return pgm_fail(err, fd, "cannot make the map for %zu prefixes: %s", pgm_compiled_bound(compiled),
		                strerror(-fd));
	int code = pgm_trie_fill(fd, family == PGM_V4 ? AF_INET : AF_INET6, compiled, progress, err);
	return code < 0 ? code : PGM_TAKE_FD(fd);
}

static int make_counters(struct pgm_build *build, struct pgm_error *err)
{
	struct pgm_kernel *kernel = build->kernel;
	PGM_FREE uint64_t *keys = NULL;
	size_t count;
	int code = pgm_ruleset_keys(build->set, kernel->config, &keys, &count);

	if (code == 0)
		code = pgm_counters_new(&kernel->counter_shape, count, &build->counters);
	if (code == 0)
		code = pgm_carry_seed(&kernel->live, &build->counters, keys, &build->carry);
	return code < 0 ? pgm_fail(err, code, "cannot make the rules' counters: %s", strerror(-code)) : 0;
}

static int install(struct pgm_build *build, const int trie_fd[2], struct pgm_error *err)
{
	int code = pgm_table_write(build->kernel, build->slot, &build->counters);

	build->installed = true;
	if (code == 0)
		code = pgm_slot_install(build->kernel, build->slot, trie_fd, build->counters.fd);
	return code < 0 ? pgm_fail(err, code, "cannot put the new list into its slot: %s", strerror(-code)) : 0;
}

static int fill_aside(struct pgm_build *build, struct pgm_progress *progress, struct pgm_error *err)
{
	struct pgm_compiled *compiled[2] = {NULL, NULL};
	int trie_fd[2] = {-1, -1};
	int code = compile_both(build, progress, compiled, err);

	for (int family = 0; code == 0 && family < 2; family++) {
		trie_fd[family] = make_trie(build, family, compiled[family], progress, err);
		code = trie_fd[family] < 0 ? trie_fd[family] : 0;
		pgm_compiled_free(compiled[family]);
		compiled[family] = NULL;
	}
	if (code == 0)
		code = make_counters(build, err);
	if (code == 0)
		code = install(build, trie_fd, err);
	for (int family = 0; family < 2; family++) {
		pgm_cleanup_close(&trie_fd[family]);
		if (compiled[family])
			pgm_compiled_free(compiled[family]);
	}
	if (code == 0 && progress)
		atomic_store(&progress->done, atomic_load(&progress->total));
	return code;
}

static struct pgm_build *build_new(struct pgm_kernel *kernel, const struct pgm_ruleset *set)
{
	struct pgm_build *build = calloc(1, sizeof(*build));

	if (!build)
		return NULL;
	build->kernel = kernel;
	build->set = pgm_ruleset_ref((struct pgm_ruleset *)set);
	build->slot = !pgm_kernel_policy(kernel).slot;
	return build;
}

int pgm_kernel_build(struct pgm_kernel *kernel, const struct pgm_ruleset *set, struct pgm_progress *progress,
                     struct pgm_build **out, struct pgm_error *err)
{
	if (atomic_exchange(&kernel->building, true))
		return pgm_fail(err, -EBUSY, "another list is being built");
	struct pgm_build *build = build_new(kernel, set);
	if (!build) {
		atomic_store(&kernel->building, false);
		return pgm_fail(err, -ENOMEM, "cannot build the list: out of memory");
	}
	int code = 0;
	build->in_place = same_rules(kernel->live_set, set);
	if (!build->in_place) {
		code = pgm_grace_period(kernel);
		if (code < 0)
			pgm_fail(err, code, "cannot wait for the kernel's readers: %s", strerror(-code));
		else
			code = fill_aside(build, progress, err);
	}
	if (code < 0)
		pgm_build_free(build);
	else
		*out = build;
	return code;
}

void pgm_build_free(struct pgm_build *build)
{
	if (!build)
		return;
	if (build->installed)
		pgm_slot_clear(build->kernel, build->slot);
	pgm_counters_close(&build->counters);
	pgm_carry_free(build->carry);
	pgm_ruleset_unref(build->set);
	atomic_store(&build->kernel->building, false);
	free(build);
}

static void store_word(struct pgm_kernel *kernel, const struct pgm_build *build)
{
	struct pgm_policy policy = pgm_kernel_policy(kernel);

	if (!build->in_place)
		policy.slot = build->slot & 1;
	policy.mode = build->set->mode & 7;
	policy.rules = build->set->count & PGM_RULES_MAX;
	policy.generation = build->set->generation;
	pgm_policy_store(kernel, &policy);
}

/* Everything after the store: the old slot's last counts come over, then it is let go. */
static void retire_old(struct pgm_kernel *kernel, struct pgm_build *build)
{
	struct pgm_counters old = kernel->live;
	int code = pgm_grace_period(kernel);

	pgm_carry_finish(build->carry, &old, &build->counters);
	pthread_mutex_lock(&kernel->live_lock);
	kernel->live = build->counters;
	pthread_mutex_unlock(&kernel->live_lock);
	build->counters = (struct pgm_counters){.fd = -1};
	build->installed = false;
	/* Without a grace period somebody may still read the old slot; the next build replaces what is in it. */
	if (code == 0)
		pgm_slot_clear(kernel, !build->slot);
	else
		pgm_log(LOG_WARNING, "cannot wait for the kernel's readers: %s; the old list stays in memory",
		        strerror(-code));
	pgm_counters_close(&old);
}

/* From now on a restart finds this gate and not the one before. If that fails, the next flip tries again. */
static void supersede(struct pgm_kernel *kernel)
{
	struct pgm_error err;

	if (pgm_pins_place(kernel, true, &err) < 0)
		pgm_log_error(LOG_ERR, &err);
	else
		kernel->superseding = false;
}

void pgm_kernel_flip(struct pgm_kernel *kernel, struct pgm_build *build)
{
	store_word(kernel, build);
	if (kernel->superseding)
		supersede(kernel);
	if (!build->in_place)
		retire_old(kernel, build);
	pgm_ruleset_unref(kernel->live_set);
	kernel->live_set = PGM_TAKE(build->set);
	pgm_build_free(build);
}
