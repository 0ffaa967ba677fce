/* SPDX-License-Identifier: Apache-2.0 */
/* A whole gate for tests, opened, filled and asked only through gate/kernel.h, as the daemon does it. */
#ifndef PGM_TESTS_LIVE_H
#define PGM_TESTS_LIVE_H

#include "gate/kernel.h"

#define LIVE_PINS "/sys/fs/bpf/pgmoat"

/* Every function ends the running case on an error. */
struct live {
	struct pgm_config config;
	struct pgm_kernel *kernel;
	uint32_t generation;
};

/* Take away what the case before left and open a gate with nothing pinned. config: lines behind [gate] pin_dir and
 * metrics_group = adm; NULL: guards 5432 (direct) and 6432 (pooler). */
void live_open(struct live *live, const char *config);
/* Close and open again over what is pinned. */
void live_reopen(struct live *live);
void live_close(struct live *live);

/* A ruleset of the next generation from lines as in a list. */
struct pgm_ruleset *live_rules(struct live *live, enum pgm_mode mode, const char *lines);
/* The same with count times "10.x.y.z", the first one 10.0.0.0 + first, one after the other. */
struct pgm_ruleset *live_many(struct live *live, size_t first, size_t count);
/* Build and flip; lets go of set. */
void live_apply(struct live *live, struct pgm_ruleset *set);

/* A TCP packet through BPF_PROG_TEST_RUN, as from the wire. True if it passed. */
bool live_send(const struct live *live, enum pgm_flavour flavour, const char *source, uint16_t port, bool syn);
/* The same to any program of that flavour. */
bool live_run(int program, enum pgm_flavour flavour, const char *source, uint16_t port, bool syn);
/* The program's answer to a question. */
struct pgm_probe live_ask(const struct live *live, enum pgm_flavour flavour, const char *source, uint16_t port);
struct pgm_metrics live_metrics(const struct live *live);
struct pgm_hits live_hits(const struct live *live, size_t rule);

#endif
