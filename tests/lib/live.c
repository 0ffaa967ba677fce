/* SPDX-License-Identifier: Apache-2.0 */
/* A whole gate for tests, opened, filled and asked only through gate/kernel.h, as the daemon does it. */
#include "lib/live.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdlib.h>

#include "common/clock.h"
#include "lib/check.h"
#include "lib/packet.h"
#include "lib/sandbox.h"

void live_close(struct live *live)
{
	if (live->kernel)
		pgm_kernel_close(live->kernel);
	live->kernel = NULL;
	pgm_config_free(&live->config);
	memset(&live->config, 0, sizeof(live->config));
}

static void open_kernel(struct live *live)
{
	struct pgm_error err = {0};

	if (pgm_kernel_open(&live->config, &live->kernel, &err) < 0) {
		live->kernel = NULL;
		check_fail(__FILE__, __LINE__, "%s (%s)", err.what, err.hint);
	}
}

void live_open(struct live *live, const char *config)
{
	char text[4096];

	live_close(live);
	sandbox_sh("rm -rf %s", LIVE_PINS);
	snprintf(text, sizeof(text), "[gate]\npin_dir = %s\nmetrics_group = adm\n%s", LIVE_PINS,
	         config ? config : "[scopes]\ndirect = 5432\npooler = 6432\n");
	CHECK_INT(pgm_config_parse(text, strlen(text), "live", stderr, &live->config), 0);
	live->generation = 0;
	open_kernel(live);
}

void live_reopen(struct live *live)
{
	pgm_kernel_close(live->kernel);
	open_kernel(live);
}

static struct pgm_ruleset *new_set(struct live *live, enum pgm_mode mode)
{
	struct pgm_ruleset *set = pgm_ruleset_new();

	CHECK(set != NULL);
	set->mode = mode;
	set->generation = ++live->generation;
	return set;
}

struct pgm_ruleset *live_rules(struct live *live, enum pgm_mode mode, const char *lines)
{
	struct pgm_ruleset *set = new_set(live, mode);
	uint64_t utc = pgm_utc_now(), boot = pgm_boottime_now_ns() / 1000000000;

	for (const char *line = lines; *line;) {
		size_t len = strcspn(line, "\n");
		struct pgm_rule rule;
		struct pgm_error err;

		if (pgm_rule_parse_line(&live->config, line, len, utc, boot, &rule, NULL, &err) != 1)
			check_fail(__FILE__, __LINE__, "%.*s: %s", (int)len, line, err.what);
		CHECK_INT(pgm_ruleset_append(set, &rule), 0);
		line += len + (line[len] == '\n');
	}
	return set;
}

struct pgm_ruleset *live_many(struct live *live, size_t first, size_t count)
{
	struct pgm_ruleset *set = new_set(live, PGM_MODE_LIST);

	for (size_t i = first; i < first + count; i++) {
		struct pgm_rule rule = {.range = {.family = AF_INET, .prefix_len = 32}, .scopes = PGM_ALL_SCOPES};
		uint32_t addr = htonl(0x0a000000u + (uint32_t)i);

		memcpy(rule.range.lo, &addr, sizeof(addr));
		memcpy(rule.range.hi, &addr, sizeof(addr));
		CHECK_INT(pgm_ruleset_append(set, &rule), 0);
	}
	return set;
}

void live_apply(struct live *live, struct pgm_ruleset *set)
{
	struct pgm_build *build;
	struct pgm_error err;

	if (pgm_kernel_build(live->kernel, set, NULL, &build, &err) < 0)
		check_fail(__FILE__, __LINE__, "%s (%s)", err.what, err.hint);
	pgm_kernel_flip(live->kernel, build);
	pgm_ruleset_unref(set);
}

bool live_run(int program, enum pgm_flavour flavour, const char *source, uint16_t port, bool syn)
{
	struct pkt pkt;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = pkt.bytes);

	pkt_start(&pkt);
	if (strchr(source, ':'))
		pkt_ipv6(&pkt, source);
	else
		pkt_ipv4(&pkt, source);
	pkt_tcp(&pkt, port, syn ? "S" : "A");
	pkt_finish(&pkt);
	opts.data_size_in = (__u32)pkt.len;
	CHECK_INT(bpf_prog_test_run_opts(program, &opts), 0);
	return flavour == PGM_FLAVOUR_TC ? opts.retval == (__u32)TC_ACT_UNSPEC : opts.retval == XDP_PASS;
}

bool live_send(const struct live *live, enum pgm_flavour flavour, const char *source, uint16_t port, bool syn)
{
	return live_run(pgm_kernel_program(live->kernel, flavour), flavour, source, port, syn);
}

struct pgm_probe live_ask(const struct live *live, enum pgm_flavour flavour, const char *source, uint16_t port)
{
	struct pgm_range range;
	struct pgm_probe answer;
	struct pgm_error err;
	bool passed;

	CHECK_INT(pgm_range_parse(source, strlen(source), &range, NULL, &err), 0);
	CHECK_INT(pgm_kernel_probe(live->kernel, flavour, &range, port, &passed, &answer, &err), 0);
	return answer;
}

struct pgm_metrics live_metrics(const struct live *live)
{
	struct pgm_metrics metrics;

	CHECK_INT(pgm_kernel_metrics(live->kernel, &metrics), 0);
	return metrics;
}

struct pgm_hits live_hits(const struct live *live, size_t rule)
{
	struct pgm_hits hits;

	CHECK_INT(pgm_kernel_hits(live->kernel, rule, 1, &hits), 0);
	return hits;
}
