/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the control protocol: what a client sends, through frames and handlers, against a gate without a kernel. */
#include <fcntl.h>
#include <sanitizer/common_interface_defs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/frame.h"
#include "daemon/client.h"
#include "daemon/daemon.h"
#include "daemon/job.h"
#include "gate/rulesfile.h"
#include "lib/fake_gate.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char config_text[] = "[scopes]\ndirect = 5432\npooler = 6432, 7000-7010\n"
                                  "[system]\nmonitoring = 10.99.0.0/16, fd99::/16\n";

static struct pgm_config config;
static char folder[] = "/dev/shm/pgmoat-fuzz-XXXXXX";
static int real_stderr, no_stderr;

static void need(bool holds)
{
	if (holds)
		return;
	dup2(real_stderr, STDERR_FILENO);
	abort();
}

static void path_of(const char *name, char *path, size_t len)
{
	snprintf(path, len, "%s/%s", folder, name);
}

static void remove_file(const char *name)
{
	char path[sizeof(folder) + 64];

	path_of(name, path, sizeof(path));
	unlink(path);
}

static void remove_files(void)
{
	remove_file(PGM_RULES_FILE);
	remove_file(PGM_RULES_FILE ".prev");
	remove_file(PGM_AUDIT_FILE);
}

static void remove_folder(void)
{
	remove_files();
	rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	need(pgm_config_parse(config_text, strlen(config_text), "fuzz", stderr, &config) == 0);
	need(mkdtemp(folder) != NULL);
	atexit(remove_folder);
	snprintf(config.state_dir, sizeof(config.state_dir), "%s", folder);
	real_stderr = dup(STDERR_FILENO);
	no_stderr = open("/dev/null", O_WRONLY | O_CLOEXEC);
	__sanitizer_set_report_fd((void *)(intptr_t)real_stderr);
	return 0;
}

/* Three rules, one of them expired, so that requests have something to find. */
static struct pgm_ruleset *first_list(void)
{
	static const char *const addresses[] = {"10.0.0.0/8", "2001:db8::/32", "10.1.2.3"};
	struct pgm_ruleset *set = pgm_ruleset_new();

	set->mode = PGM_MODE_LIST;
	for (size_t i = 0; i < 3; i++) {
		struct pgm_rule rule = {.scopes = i == 1 ? 1 : PGM_ALL_SCOPES, .class_id = PGM_CLASS_CLIENT};
		need(pgm_range_parse(addresses[i], strlen(addresses[i]), &rule.range, NULL, NULL) == 0);
		if (i == 2)
			rule.expires_utc = 1000;
		need(pgm_ruleset_append(set, &rule) == 0);
	}
	return set;
}

/* What comes out are whole frames of JSON, and the final one is the last. */
static void check_output(struct pgmd_client *client)
{
	const uint8_t *body;
	size_t len, used;
	bool final = false;

	while (pgmd_client_pending(client)) {
		need(!final);
		need(pgm_frame_next(client->out + client->out_sent, pgmd_client_pending(client), &body, &len, &used) ==
		     1);
		json_t *frame = json_loadb((const char *)body, len, JSON_REJECT_DUPLICATES, NULL);
		need(json_is_object(frame));
		json_t *ok = json_object_get(frame, "ok");
		final = ok != NULL;
		if (json_is_false(ok))
			need(json_is_string(json_object_get(frame, "kind")) &&
			     json_is_string(json_object_get(frame, "error")));
		json_decref(frame);
		pgmd_client_sent(client, used);
	}
	need(final == (client->state == PGMD_FINISHED));
}

static void send_frame(struct pgmd_client *client, const uint8_t *body, size_t len)
{
	uint8_t head[4];

	pgm_frame_header((uint32_t)len, head);
	pgmd_client_receive(client, head, sizeof(head));
	pgmd_client_receive(client, body, len);
}

/* A frame header of an allowed size begins with a zero. Such input is a raw stream, cut into pieces by its own bytes;
 * other input is one frame a line, so that the fuzzer need not learn to count. */
static void send_input(struct pgmd_client *client, const uint8_t *data, size_t size)
{
	bool raw = size && data[0] == 0;

	while (size) {
		const uint8_t *newline = raw ? NULL : memchr(data, '\n', size);
		size_t len = raw ? 1u + data[size / 2] : newline ? (size_t)(newline - data) : size;
		if (len > size)
			len = size;
		if (raw)
			pgmd_client_receive(client, data, len);
		else if (len)
			send_frame(client, data, len);
		len += newline != NULL;
		data += len;
		size -= len;
	}
}

static void check_policy(const struct pgmd_daemon *daemon, const struct fake_gate *fake)
{
	struct pgm_ruleset *stored = NULL;
	enum pgm_rules_source source;
	struct pgm_error err;

	need(daemon->current == fake->live && daemon->current->mode != PGM_MODE_UNSET);
	need(daemon->current->generation == fake->policy.generation);
	need(daemon->listing_bytes == 0);
	if (fake->flips == 0)
		return;
	need(pgm_rulesfile_load(&config, &stored, &source, &err) == 0 && source == PGM_RULES_CURRENT);
	need(stored->generation == fake->policy.generation && stored->count == daemon->current->count);
	pgm_ruleset_unref(stored);
}

static void run(const uint8_t *data, size_t size)
{
	static const struct pgmd_peer root = {.pid = 1, .root = true, .reader = true};
	struct fake_gate fake = {.implicit = config.system_count, .policy = {.mode = PGM_MODE_LIST}};
	struct pgmd_daemon daemon = {.config = &config, .gate = {&fake_calls, &fake}};
	struct pgm_error err;

	daemon.problems = json_array();
	daemon.warnings = json_array();
	daemon.current = first_list();
	fake.live = pgm_ruleset_ref(daemon.current);
	fake.answer.counter = size ? data[size - 1] % 8 : 0;
	fake.answer.verdict = size ? data[size / 3] % 20 : 0;
	need(pgmd_auditlog_open(folder, NULL, &daemon.audit, &err) == 0);
	need(pgmd_job_init(&daemon, &err) == 0);
	struct pgmd_client *client = pgmd_client_new(&daemon, &root);
	send_input(client, data, size);
	check_output(client);
	pgmd_client_free(client);
	check_policy(&daemon, &fake);
	pgmd_job_close(&daemon);
	pgmd_auditlog_close(&daemon.audit);
	pgm_ruleset_unref(daemon.current);
	pgm_ruleset_unref(fake.live);
	json_decref(daemon.problems);
	json_decref(daemon.warnings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* The daemon's log is not the fuzzer's. */
	dup2(no_stderr, STDERR_FILENO);
	remove_files();
	run(data, size);
	dup2(real_stderr, STDERR_FILENO);
	return 0;
}
