/* SPDX-License-Identifier: Apache-2.0 */
/* Every request of the control protocol, through frames, against a gate without a kernel. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/audit_chain.h"
#include "common/frame.h"
#include "daemon/client.h"
#include "daemon/daemon.h"
#include "daemon/job.h"
#include "gate/rulesfile.h"
#include "lib/check.h"
#include "lib/fake_gate.h"

static const char config_text[] = "[scopes]\ndirect = 5432\npooler = 6432, 7000-7010\n"
                                  "[system]\nmonitoring = 10.99.0.0/16\n";

static struct pgmd_daemon daemon_;
static struct pgm_config config;
static struct fake_gate fake;
static char folder[] = "/tmp/pgmoat-requests-XXXXXX";
static const struct pgmd_peer root = {.pid = 1, .root = true, .reader = true};

static void remove_file(const char *name)
{
	char path[sizeof(folder) + 64];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	unlink(path);
}

/* The last case leaves everything as valgrind and the leak checker like it. */
static void close_world(void)
{
	if (!daemon_.jobs)
		return;
	pgmd_job_close(&daemon_);
	pgmd_auditlog_close(&daemon_.audit);
	pgm_ruleset_unref(daemon_.current);
	pgm_ruleset_unref(fake.live);
	json_decref(daemon_.problems);
	json_decref(daemon_.warnings);
	pgm_config_free(&config);
	remove_file(PGM_RULES_FILE);
	remove_file(PGM_RULES_FILE ".prev");
	remove_file(PGM_AUDIT_FILE);
}

/* A daemon just after its first start. */
static void fresh(void)
{
	struct pgm_error err;
	static bool made;

	close_world();
	if (!made)
		CHECK(mkdtemp(folder));
	made = true;
	memset(&daemon_, 0, sizeof(daemon_));
	memset(&config, 0, sizeof(config));
	fake = (struct fake_gate){.implicit = 1, .policy.schema = PGM_SCHEMA};
	CHECK_INT(pgm_config_parse(config_text, strlen(config_text), "test", stdout, &config), 0);
	snprintf(config.state_dir, sizeof(config.state_dir), "%s", folder);
	daemon_.config = &config;
	daemon_.gate = (struct pgmd_gate){&fake_calls, &fake};
	daemon_.problems = json_array();
	daemon_.warnings = json_array();
	daemon_.current = pgm_ruleset_new();
	fake.live = pgm_ruleset_ref(daemon_.current);
	CHECK_INT(pgmd_auditlog_open(folder, NULL, &daemon_.audit, &err), 0);
	CHECK_INT(pgmd_job_init(&daemon_, &err), 0);
}

static void put(struct pgmd_client *client, const char *text)
{
	uint8_t head[4];

	pgm_frame_header((uint32_t)strlen(text), head);
	pgmd_client_receive(client, head, 4);
	pgmd_client_receive(client, (const uint8_t *)text, strlen(text));
}

static struct pgmd_client *connect_as(const struct pgmd_peer *peer)
{
	struct pgmd_client *client = pgmd_client_new(&daemon_, peer);

	CHECK(client);
	return client;
}

/* The next frame that is queued, or NULL. */
static json_t *take(struct pgmd_client *client)
{
	const uint8_t *body;
	size_t len, used;

	if (pgm_frame_next(client->out + client->out_sent, pgmd_client_pending(client), &body, &len, &used) != 1)
		return NULL;
	json_t *frame = json_loadb((const char *)body, len, 0, NULL);
	CHECK(frame);
	pgmd_client_sent(client, used);
	return frame;
}

static json_t *final; /* of the last request; owned here */
static size_t rows;   /* that came before it */

static json_t *finish(struct pgmd_client *client)
{
	json_t *frame;

	json_decref(final);
	final = NULL;
	rows = 0;
	while ((frame = take(client))) {
		CHECK(!final);
		rows += json_array_size(json_object_get(json_object_get(frame, "part"), "rules"));
		if (json_object_get(frame, "ok"))
			final = frame;
		else
			json_decref(frame);
	}
	CHECK(final);
	CHECK_INT(client->state, PGMD_FINISHED);
	pgmd_client_free(client);
	return final;
}

/* jansson's json_is_true is a macro that evaluates its argument twice. */
static bool is_ok(json_t *frame)
{
	json_t *value = json_object_get(frame, "ok");

	return json_is_true(value);
}

static json_t *ask_as(const struct pgmd_peer *peer, const char *text)
{
	struct pgmd_client *client = connect_as(peer);

	put(client, text);
	return finish(client);
}

static bool ok(const char *text)
{
	return is_ok(ask_as(&root, text));
}

static long long number(const char *key)
{
	CHECK(json_is_integer(json_object_get(final, key)));
	return json_integer_value(json_object_get(final, key));
}

static const char *text_of(const char *key)
{
	const char *text = json_string_value(json_object_get(final, key));

	CHECK(text);
	return text;
}

/* All strings of an array of the final frame, joined. */
static const char *all_of(const char *key)
{
	static char text[16384];
	json_t *array = json_object_get(final, key), *item;
	size_t i;

	text[0] = 0;
	json_array_foreach (array, i, item) {
		size_t used = strlen(text);
		snprintf(text + used, sizeof(text) - used, "%s\n", json_string_value(item));
	}
	return text;
}

static void fails(const char *text, const char *kind, const char *part)
{
	CHECK(!ok(text));
	CHECK_STR(text_of("kind"), kind);
	CHECK_HAS(text_of("error"), part);
}

static bool set(const char *lines)
{
	struct pgmd_client *client = connect_as(&root);
	json_t *frame = json_pack("{s:s}", "lines", lines);
	char *text = json_dumps(frame, 0);

	put(client, "{\"cmd\":\"filter.set\"}");
	put(client, text);
	put(client, "{\"end\":true}");
	free(text);
	json_decref(frame);
	return is_ok(finish(client));
}

static void stored_is_live(void)
{
	enum pgm_rules_source source;
	struct pgm_ruleset *stored = NULL;
	struct pgm_error err;
	char path[sizeof(folder) + 32];

	CHECK_INT(pgm_rulesfile_load(&config, &stored, &source, &err), 0);
	CHECK_INT(source, PGM_RULES_CURRENT);
	CHECK_INT(stored->generation, fake.policy.generation);
	CHECK_INT(stored->mode, fake.policy.mode);
	CHECK_INT(stored->count, fake.live->count);
	CHECK(daemon_.current == fake.live);
	pgm_ruleset_unref(stored);
	snprintf(path, sizeof(path), "%s/" PGM_AUDIT_FILE, folder);
	CHECK_INT(pgm_audit_verify(path, NULL, &err), 0);
	CHECK_INT(daemon_.audit.generation, fake.policy.generation);
}

/* --- adding and removing --- */

static void the_first_add_leads_to_list(void)
{
	fresh();
	CHECK(ok("{\"cmd\":\"filter.add\",\"address\":\"10.1.2.3\",\"comment\":\" two words \",\"for\":60}"));
	CHECK_STR(text_of("mode"), "list");
	CHECK_INT(number("generation"), 1);
	CHECK_INT(number("added"), 1);
	CHECK_HAS(all_of("notes"), "mode is now list");
	CHECK_STR(daemon_.current->rules[0].comment, "two words");
	CHECK(daemon_.current->rules[0].expires_utc >= pgm_utc_now() + 60);
	CHECK(daemon_.current->rules[0].this_boot);
	stored_is_live();
}

static void adding_again_updates(void)
{
	fresh();
	CHECK(ok("{\"cmd\":\"filter.add\",\"address\":\"10.1.2.3\",\"comment\":\"old\",\"for\":60}"));
	CHECK(ok("{\"cmd\":\"filter.add\",\"address\":\"10.1.2.3/32\",\"comment\":\"new\"}"));
	CHECK_INT(number("added"), 0);
	CHECK_INT(number("rules"), 1);
	CHECK_HAS(all_of("notes"), "rule 1 was there already");
	CHECK_INT(daemon_.current->rules[0].id, 1);
	CHECK_INT(daemon_.current->rules[0].expires_utc, 0);
	CHECK_STR(daemon_.current->rules[0].comment, "new");
	/* Another scope or class is another rule. */
	CHECK(ok("{\"cmd\":\"filter.add\",\"address\":\"10.1.2.3\",\"scopes\":\"direct\"}"));
	CHECK(ok("{\"cmd\":\"filter.add\",\"address\":\"10.1.2.3\",\"class\":\"replication\"}"));
	CHECK_INT(number("rules"), 3);
	stored_is_live();
}

static void a_folded_address_is_told(void)
{
	fresh();
	CHECK(ok("{\"cmd\":\"filter.add\",\"address\":\"::ffff:10.1.2.3\"}"));
	CHECK_HAS(all_of("notes"), "10.1.2.3");
}

static void bad_adds_change_nothing(void)
{
	fresh();
	fails("{\"cmd\":\"filter.add\"}", "usage", "address");
	fails("{\"cmd\":\"filter.add\",\"address\":\"10.1.2.3/24\"}", "usage", "10.1.2.3");
	CHECK_HAS(text_of("hint"), "10.1.2.0/24");
	fails("{\"cmd\":\"filter.add\",\"address\":\"10.1.2.3\",\"scopes\":\"nope\"}", "usage", "nope");
	fails("{\"cmd\":\"filter.add\",\"address\":\"10.1.2.3\",\"for\":0}", "usage", "for");
	fails("{\"cmd\":\"filter.add\",\"address\":\"10.1.2.3\",\"for\":999999999999}", "usage", "for");
	fails("{\"cmd\":\"filter.add\",\"address\":\"10.1.2.3\",\"class\":\"king\"}", "usage", "class");
	fails("{\"cmd\":\"filter.add\",\"address\":\"10.1.2.3\",\"comment\":\"a\\nb\"}", "usage", "comment");
	fails("{\"cmd\":\"filter.add\",\"address\":\"10.1.2.3\",\"scope\":\"direct\"}", "usage", "scope");
	CHECK_INT(fake.builds, 0);
	CHECK_INT(daemon_.current->mode, PGM_MODE_UNSET);
}

static void removing(void)
{
	fresh();
	CHECK(set("10.1.2.3\n10.1.2.3 scope=direct\n10.0.0.0/8\n"));
	fails("{\"cmd\":\"filter.remove\",\"target\":\"10.1.2.4\"}", "not-found", "10.1.2.4");
	CHECK_HAS(text_of("hint"), "10.0.0.0/8");
	fails("{\"cmd\":\"filter.remove\",\"target\":\"99\"}", "not-found", "99");
	fails("{\"cmd\":\"filter.remove\",\"target\":\"10.99.0.0/16\"}", "not-found", "[system]");
	fails("{\"cmd\":\"filter.remove\",\"target\":\"\"}", "usage", "");
	fails("{\"cmd\":\"filter.remove\",\"target\":\"0\"}", "usage", "0");
	fails("{\"cmd\":\"filter.remove\",\"target\":\"99999999999999999999\"}", "usage", "99999");
	CHECK(ok("{\"cmd\":\"filter.remove\",\"target\":\"10.1.2.3\"}"));
	CHECK_INT(number("removed"), 2);
	CHECK_HAS(all_of("notes"), "removed rule 1");
	CHECK_HAS(all_of("notes"), "removed rule 2");
	CHECK_HAS(all_of("warnings"), "still let in by: rule 3");
	CHECK(ok("{\"cmd\":\"filter.remove\",\"target\":\"3\"}"));
	CHECK_HAS(all_of("warnings"), "nobody can connect");
	CHECK_STR(text_of("mode"), "list");
	CHECK_INT(number("rules"), 0);
	/* Ids are not used again. */
	CHECK(ok("{\"cmd\":\"filter.add\",\"address\":\"10.1.2.3\"}"));
	CHECK_INT(json_integer_value(json_array_get(json_object_get(final, "ids"), 0)), 4);
	stored_is_live();
}

/* --- modes --- */

static void modes(void)
{
	fresh();
	fails("{\"cmd\":\"filter.mode\",\"mode\":\"list\"}", "failed", "no list");
	fails("{\"cmd\":\"filter.mode\",\"mode\":\"unset\"}", "usage", "one of");
	CHECK(ok("{\"cmd\":\"filter.mode\",\"mode\":\"nowhere\"}"));
	stored_is_live();
	CHECK(ok("{\"cmd\":\"filter.add\",\"address\":\"10.1.2.3\"}"));
	CHECK_STR(text_of("mode"), "nowhere");
	CHECK_HAS(all_of("notes"), "still nowhere");
	CHECK(set("10.9.9.9\n"));
	CHECK_STR(text_of("mode"), "nowhere");
	CHECK_HAS(all_of("notes"), "pgmoat filter enforce");
	CHECK(ok("{\"cmd\":\"filter.mode\",\"mode\":\"list\"}"));
	CHECK_INT(number("rules"), 1);
	unsigned flips = fake.flips;
	CHECK(ok("{\"cmd\":\"filter.mode\",\"mode\":\"list\"}"));
	CHECK_HAS(all_of("notes"), "already");
	CHECK_INT(fake.flips, flips);
	stored_is_live();
}

/* --- whole lists --- */

static void unchanged_rules_keep_their_ids(void)
{
	fresh();
	CHECK(set("10.0.0.1 # one\n10.0.0.2\n10.0.0.2\n10.0.0.3 scope=direct\n"));
	CHECK_INT(number("added"), 4);
	CHECK_HAS(all_of("notes"), "mode is now list");
	CHECK(ok("{\"cmd\":\"filter.add\",\"address\":\"10.5.0.0/16\",\"class\":\"private\"}"));
	CHECK(set("10.0.0.2\n10.0.0.9\n10.0.0.1 # uno\n10.0.0.3 scope=pooler\n"));
	CHECK_INT(number("added"), 2);
	CHECK_INT(number("removed"), 2);
	CHECK_INT(number("unchanged"), 3);
	CHECK_INT(number("rules"), 5);
	CHECK_HAS(all_of("notes"), "1 unchanged rule has a new end or comment");
	static const uint32_t ids[] = {5, 2, 6, 1, 7};
	for (size_t i = 0; i < 5; i++)
		CHECK_INT(daemon_.current->rules[i].id, ids[i]);
	CHECK_STR(daemon_.current->rules[3].comment, "uno");
	stored_is_live();
}

static void the_same_list_changes_nothing(void)
{
	fresh();
	CHECK(set("10.0.0.1\n10.0.0.2\n"));
	CHECK(set("10.0.0.1\n# a remark\n\n10.0.0.2\n"));
	CHECK_INT(number("generation"), 1);
	CHECK_INT(number("unchanged"), 2);
	CHECK(set("10.0.0.2\n10.0.0.1\n"));
	CHECK_INT(number("generation"), 2);
}

static void an_empty_list_is_an_error(void)
{
	fresh();
	CHECK(set("10.0.0.1\n"));
	CHECK(!set(""));
	CHECK(!set("# nothing\n\n"));
	CHECK_STR(text_of("kind"), "usage");
	CHECK_HAS(text_of("hint"), "filter nowhere");
	CHECK_INT(daemon_.current->count, 1);
}

static void all_errors_are_told(void)
{
	fresh();
	CHECK(!set("10.0.0.1\nx\n\n10.0.0.0/33\n10.0.0.2"));
	CHECK_INT(number("error_count"), 2);
	json_t *errors = json_object_get(final, "errors");
	CHECK_INT(json_integer_value(json_object_get(json_array_get(errors, 0), "line")), 2);
	CHECK_INT(json_integer_value(json_object_get(json_array_get(errors, 1), "line")), 4);
	CHECK_INT(fake.builds, 0);

	char *many = malloc(3000), *at = many;
	for (int i = 0; i < 1000; i++, at += 2)
		memcpy(at, "x\n", 3);
	CHECK(!set(many));
	free(many);
	CHECK_INT(number("error_count"), 1000);
	CHECK_INT(json_array_size(json_object_get(final, "errors")), 100);
}

static void a_list_may_be_cut_anywhere(void)
{
	static const char text[] = "10.0.0.1 scope=direct # one\r\n10.0.0.2\n\n10.0.0.0/24";

	fresh();
	for (size_t cut = 0; cut <= strlen(text); cut++) {
		struct pgmd_client *client = connect_as(&root);
		char frame[256];
		json_t *part;
		put(client, "{\"cmd\":\"filter.set\"}");
		for (int half = 0; half < 2; half++) {
			part = json_pack("{s:s%}", "lines", half ? text + cut : text, half ? strlen(text) - cut : cut);
			CHECK(json_dumpb(part, frame, sizeof(frame) - 1, JSON_COMPACT) < sizeof(frame) - 1);
			frame[json_dumpb(part, frame, sizeof(frame) - 1, JSON_COMPACT)] = 0;
			put(client, frame);
			json_decref(part);
		}
		put(client, "{\"end\":true}");
		CHECK(is_ok(finish(client)));
		CHECK_INT(number("rules"), 3);
		CHECK_INT(number("generation"), 1);
	}
}

static void a_long_line_is_one_error(void)
{
	char *text = malloc(50000);

	fresh();
	memset(text, '1', 20000);
	snprintf(text + 20000, 30000, "\n10.0.0.1\nx\n");
	CHECK(!set(text));
	free(text);
	CHECK_INT(number("error_count"), 2);
	CHECK_HAS(json_string_value(json_object_get(json_array_get(json_object_get(final, "errors"), 0), "text")),
	          "longer");
	CHECK_INT(json_integer_value(json_object_get(json_array_get(json_object_get(final, "errors"), 1), "line")), 3);
}

static void an_upload_that_ends_early_changes_nothing(void)
{
	fresh();
	struct pgmd_client *client = connect_as(&root);
	put(client, "{\"cmd\":\"filter.set\"}");
	put(client, "{\"lines\":\"10.0.0.1\\n\"}");
	CHECK_INT(client->state, PGMD_UPLOADING);
	pgmd_client_free(client);
	CHECK_INT(fake.builds, 0);
	CHECK_INT(daemon_.current->mode, PGM_MODE_UNSET);
}

/* --- failures on the way --- */

static void a_failed_build_changes_nothing(void)
{
	fresh();
	CHECK(set("10.0.0.1\n"));
	fake.build_error = -ENOMEM;
	fails("{\"cmd\":\"filter.add\",\"address\":\"10.0.0.2\"}", "failed", "told to fail");
	CHECK_INT(daemon_.current->count, 1);
	stored_is_live();
	fake.build_error = 0;
	CHECK(ok("{\"cmd\":\"filter.add\",\"address\":\"10.0.0.2\"}"));
	stored_is_live();
}

static void a_failed_save_changes_nothing(void)
{
	fresh();
	CHECK(set("10.0.0.1\n"));
	snprintf(config.state_dir, sizeof(config.state_dir), "%s/gone", folder);
	fails("{\"cmd\":\"filter.add\",\"address\":\"10.0.0.2\"}", "failed", "gone");
	snprintf(config.state_dir, sizeof(config.state_dir), "%s", folder);
	CHECK_INT(fake.flips, 1);
	stored_is_live();
}

/* The first list ever has no previous file to go back to; later ones do. */
static void what_cannot_be_audited_does_not_happen(void)
{
	fresh();
	for (int turn = 0; turn < 2; turn++) {
		int good = daemon_.audit.fd;
		daemon_.audit.fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
		fails("{\"cmd\":\"filter.add\",\"address\":\"10.0.0.2\"}", "failed", "audit log");
		close(daemon_.audit.fd);
		daemon_.audit.fd = good;
		daemon_.audit.torn = false; /* /dev/full can't be cut back; the real file was not touched */
		CHECK_INT(fake.flips, turn);
		if (turn == 0) {
			char path[sizeof(folder) + 32];
			snprintf(path, sizeof(path), "%s/" PGM_RULES_FILE, folder);
			CHECK(access(path, F_OK) < 0);
			CHECK(set("10.0.0.1\n"));
		}
		stored_is_live();
	}
}

static void damage_file(void)
{
	char path[sizeof(folder) + 32];

	snprintf(path, sizeof(path), "%s/" PGM_RULES_FILE, folder);
	FILE *file = fopen(path, "a");
	CHECK(file && fputs("damage\n", file) >= 0 && fclose(file) == 0);
}

/* The file before stays the last good one: a damaged one does not take its place. */
static void the_last_good_file_is_kept(void)
{
	enum pgm_rules_source source;
	struct pgm_ruleset *stored = NULL;
	struct pgm_error err;

	fresh();
	CHECK(set("10.0.0.1\n10.0.0.3\n"));
	CHECK(set("10.0.0.1\n"));
	damage_file();
	daemon_.previous_in_force = true;
	CHECK(ok("{\"cmd\":\"filter.add\",\"address\":\"10.0.0.2\"}"));
	stored_is_live();
	CHECK(!daemon_.previous_in_force);
	damage_file();
	CHECK_INT(pgm_rulesfile_load(&config, &stored, &source, &err), 0);
	CHECK_INT(source, PGM_RULES_PREVIOUS);
	CHECK_INT(stored->count, 2);
	pgm_ruleset_unref(stored);
}

/* What is put back is what is in force, not the damaged file that the undone change had replaced. */
static void a_damaged_file_is_not_put_back(void)
{
	fresh();
	CHECK(set("10.0.0.1\n10.0.0.3\n"));
	damage_file();
	int good = daemon_.audit.fd;
	daemon_.audit.fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	fails("{\"cmd\":\"filter.add\",\"address\":\"10.0.0.2\"}", "failed", "audit log");
	close(daemon_.audit.fd);
	daemon_.audit.fd = good;
	daemon_.audit.torn = false; /* as above */
	stored_is_live();
}

/* A clock that went back must not revive rules of an earlier boot. */
static void a_wrong_clock_revives_nothing(void)
{
	uint64_t future = pgm_utc_now() + 100000;

	fresh();
	CHECK(set("10.0.0.1 for=1h\n"));
	daemon_.current->saved_utc = future;
	daemon_.current->rules[0].this_boot = false;
	CHECK(ok("{\"cmd\":\"status\"}"));
	CHECK_INT(json_integer_value(json_object_get(json_object_get(final, "gate"), "expired")), 1);
	CHECK(ok("{\"cmd\":\"filter.add\",\"address\":\"10.0.0.2\"}"));
	CHECK(daemon_.current->saved_utc >= future);
}

static void a_lost_list_takes_only_a_whole_one(void)
{
	fresh();
	daemon_.list_lost = true;
	daemon_.current->mode = PGM_MODE_LIST;
	fake.policy.mode = PGM_MODE_LIST;
	fails("{\"cmd\":\"filter.add\",\"address\":\"10.0.0.2\"}", "failed", "lost");
	fails("{\"cmd\":\"filter.mode\",\"mode\":\"anywhere\"}", "failed", "lost");
	fails("{\"cmd\":\"filter.list\"}", "failed", "lost");
	json_array_append_new(daemon_.problems, json_string("the list is lost"));
	CHECK(ok("{\"cmd\":\"status\"}"));
	CHECK_HAS(all_of("problems"), "lost");
	CHECK(set("10.0.0.1\n"));
	CHECK(ok("{\"cmd\":\"status\"}"));
	CHECK_STR(all_of("problems"), "");
	CHECK(ok("{\"cmd\":\"filter.add\",\"address\":\"10.0.0.2\"}"));
	stored_is_live();
}

static void long_expired_rules_are_dropped(void)
{
	fresh();
	CHECK(set("10.0.0.1 for=1h\n10.0.0.2 for=1h\n10.0.0.3\n"));
	struct pgm_rule *rules = daemon_.current->rules;
	rules[0].this_boot = rules[1].this_boot = false; /* so that the wall clock rules */
	rules[0].expires_utc = pgm_utc_now() - 25 * 60 * 60;
	rules[1].expires_utc = pgm_utc_now() - 23 * 60 * 60;
	CHECK(ok("{\"cmd\":\"status\"}"));
	CHECK_INT(json_integer_value(json_object_get(json_object_get(final, "gate"), "expired")), 2);
	CHECK(ok("{\"cmd\":\"filter.add\",\"address\":\"10.0.0.4\"}"));
	CHECK_INT(number("rules"), 3);
	CHECK_INT(number("removed"), 1);
	CHECK_HAS(all_of("notes"), "expired more than a day ago");
}

/* --- reading --- */

static void listing(void)
{
	fresh();
	CHECK(ok("{\"cmd\":\"filter.list\"}"));
	CHECK_INT(rows, 1);
	char *text = malloc(100000), *at = text;
	for (int i = 0; i < 3000; i++)
		at += sprintf(at, "10.%d.%d.1 # %d\n", i >> 8, i & 255, i);
	CHECK(set(text));
	free(text);
	CHECK(ok("{\"cmd\":\"filter.list\"}"));
	CHECK_INT(rows, 3001);
	CHECK_INT(number("total"), 3001);
	CHECK_INT(daemon_.listing_bytes, 0);
}

/* The list is of one moment, although it changes while it goes out. */
static void a_list_that_changes_meanwhile(void)
{
	fresh();
	char *text = malloc(100000), *at = text;
	for (int i = 0; i < 5000; i++)
		at += sprintf(at, "10.%d.%d.1\n", i >> 8, i & 255);
	CHECK(set(text));
	free(text);
	struct pgmd_client *slow = connect_as(&root);
	put(slow, "{\"cmd\":\"filter.list\"}");
	CHECK_INT(slow->state, PGMD_LISTING);
	CHECK(pgmd_client_pending(slow) < 600 * 1024);
	CHECK(set("10.0.0.1\n"));
	finish(slow);
	CHECK_INT(rows, 5001);
	CHECK_INT(number("total"), 5001);
	CHECK_INT(number("generation"), 1);
}

static void showing(void)
{
	fresh();
	CHECK(set("10.0.0.1\n10.0.0.2 for=1h # hi\n"));
	CHECK(ok("{\"cmd\":\"filter.show\",\"id\":2}"));
	json_t *rule = json_object_get(final, "rule");
	CHECK_STR(json_string_value(json_object_get(rule, "address")), "10.0.0.2");
	CHECK_STR(json_string_value(json_object_get(rule, "comment")), "hi");
	CHECK_STR(json_string_value(json_object_get(rule, "scopes")), "all");
	CHECK(json_is_false(json_object_get(rule, "expired")));
	CHECK_INT(json_integer_value(json_object_get(rule, "packets")), 1);
	CHECK(json_integer_value(json_object_get(rule, "remaining")) >= 3595);
	fails("{\"cmd\":\"filter.show\",\"id\":3}", "not-found", "no rule 3");
	fails("{\"cmd\":\"filter.show\",\"id\":\"1\"}", "usage", "number");
	fails("{\"cmd\":\"filter.show\"}", "usage", "number");
}

static json_t *first_answer(void)
{
	return json_array_get(json_object_get(final, "answers"), 0);
}

static void checking(void)
{
	fresh();
	CHECK(set("10.0.0.0/8 for=1h\n"));
	fake.rows = 1;
	fake.row = (struct pgm_watch_row){
	        .guard = {.ifindex = 2, .name = "eth0", .hook = PGM_HOOK_TC, .flavour = PGM_FLAVOUR_TC},
	        .wanted = true};
	fake.passed = true;
	fake.answer = (struct pgm_probe){.magic = PGM_PROBE_ANSWER,
	                                 .verdict = PGM_VERDICT_ALLOWED_LIST,
	                                 .counter = 0,
	                                 .until = (uint32_t)daemon_.current->rules[0].expires_boot};
	CHECK(ok("{\"cmd\":\"filter.check\",\"address\":\"10.1.2.3\"}"));
	CHECK_INT(json_array_size(json_object_get(final, "answers")), 2);
	CHECK_STR(json_string_value(json_object_get(first_answer(), "interfaces")), "eth0 (tc)");
	CHECK_STR(json_string_value(json_object_get(first_answer(), "verdict")), "allowed_list");
	CHECK_HAS(json_string_value(json_object_get(first_answer(), "reason")), "rule 1 (10.0.0.0/8, client)");
	CHECK(json_integer_value(json_object_get(first_answer(), "remaining")) > 3590);
	CHECK_INT(fake.probed_port, 6432);
	/* The counter behind the stored rules is the config's. */
	fake.answer = (struct pgm_probe){.verdict = PGM_VERDICT_ALLOWED_SYSTEM, .counter = 1, .until = PGM_FOREVER};
	CHECK(ok("{\"cmd\":\"filter.check\",\"address\":\"10.99.2.3\",\"port\":7005}"));
	CHECK_INT(json_array_size(json_object_get(final, "answers")), 1);
	CHECK_HAS(json_string_value(json_object_get(first_answer(), "reason")), "[system] monitoring");
	CHECK_STR(json_string_value(json_object_get(first_answer(), "scope")), "pooler");
	CHECK_INT(fake.probed_port, 7005);
	fake.rows = 0;
	fake.passed = false;
	fake.answer = (struct pgm_probe){.verdict = PGM_VERDICT_REFUSED_NOT_LISTED, .counter = UINT32_MAX};
	CHECK(ok("{\"cmd\":\"filter.check\",\"address\":\"::1\",\"port\":5432}"));
	CHECK(json_is_null(json_object_get(first_answer(), "rule")));
	CHECK_HAS(json_string_value(json_object_get(first_answer(), "interfaces")), "no interface is guarded");
	fails("{\"cmd\":\"filter.check\",\"address\":\"10.0.0.0/8\"}", "usage", "more than one");
	fails("{\"cmd\":\"filter.check\",\"address\":\"10.0.0.1\",\"port\":0}", "usage", "port");
	fails("{\"cmd\":\"filter.check\",\"address\":\"10.0.0.1\",\"port\":\"x\"}", "usage", "port");
	fails("{\"cmd\":\"filter.check\"}", "usage", "address");
}

static void refused_sources(void)
{
	fresh();
	fake.denied_count = PGM_DENIED_MAX;
	fake.denied.source.family = AF_INET6;
	memset(fake.denied.source.lo, 0xab, 16);
	memset(fake.denied.source.hi, 0xab, 16);
	fake.denied.source.prefix_len = 128;
	fake.denied.info = (struct pgm_denied){
	        .count = INT64_MAX, .first = 1, .last = 2, .port = 65535, .verdict = PGM_VERDICT_REFUSED_OUT_OF_SCOPE};
	/* As many as may be asked for, each as long as it gets, still fit into one frame. */
	CHECK(ok("{\"cmd\":\"filter.denied\",\"top\":100000}"));
	CHECK_INT(json_array_size(json_object_get(final, "sources")), 1000);
	CHECK_INT(number("known"), PGM_DENIED_MAX);
	CHECK_INT(number("unrecorded"), 3);
	CHECK(ok("{\"cmd\":\"filter.denied\"}"));
	fails("{\"cmd\":\"filter.denied\",\"top\":0}", "usage", "top");
}

static void status(void)
{
	fresh();
	CHECK(ok("{\"cmd\":\"status\"}"));
	CHECK_HAS(all_of("warnings"), "everybody can connect");
	fake.rows = 1;
	fake.row = (struct pgm_watch_row){.guard = {.name = "e\xff"
	                                                    "h",
	                                            .why = "driver says \xfe"},
	                                  .wanted = true};
	CHECK(ok("{\"cmd\":\"status\"}"));
	json_t *gate = json_object_get(final, "gate");
	CHECK_STR(json_string_value(json_object_get(gate, "mode")), "unset");
	CHECK_INT(json_integer_value(json_object_get(gate, "unguarded")), 1);
	CHECK_INT(json_integer_value(json_object_get(gate, "implicit")), 1);
	CHECK_INT(json_array_size(json_object_get(gate, "scopes")), 2);
	CHECK_HAS(all_of("problems"), "interface e?h is not guarded");
}

/* --- who may, and who speaks nonsense --- */

static void rights(void)
{
	static const struct pgmd_peer member = {.pid = 2, .uid = 7, .reader = true}, nobody = {.pid = 3, .uid = 8};
	static const char *const reads[] = {"{\"cmd\":\"status\"}", "{\"cmd\":\"filter.list\"}"};
	static const char *const changes[] = {
	        "{\"cmd\":\"filter.add\",\"address\":\"10.0.0.1\"}", "{\"cmd\":\"filter.remove\",\"target\":\"1\"}",
	        "{\"cmd\":\"filter.mode\",\"mode\":\"anywhere\"}", "{\"cmd\":\"filter.set\"}"};

	fresh();
	for (size_t i = 0; i < 2; i++) {
		CHECK(is_ok(ask_as(&member, reads[i])));
		ask_as(&nobody, reads[i]);
		CHECK_STR(text_of("kind"), "denied");
	}
	for (size_t i = 0; i < 4; i++) {
		ask_as(&member, changes[i]);
		CHECK_STR(text_of("kind"), "denied");
		CHECK_HAS(text_of("error"), "root");
		ask_as(&nobody, changes[i]);
		CHECK_STR(text_of("kind"), "denied");
	}
	CHECK_INT(fake.builds, 0);
}

static void nonsense(void)
{
	fresh();
	fails("[]", "usage", "JSON object");
	fails("{", "usage", "JSON");
	fails("{}", "usage", "cmd");
	fails("{\"cmd\":5}", "usage", "cmd");
	fails("{\"cmd\":\"nope\"}", "usage", "nope");
	fails("{\"cmd\":\"status\",\"cmd\":\"status\"}", "usage", "JSON");
	fails("{\"cmd\":\"status\",\"verbose\":true}", "usage", "verbose");
	struct pgmd_client *client = connect_as(&root);
	pgmd_client_receive(client, (const uint8_t *)"\xff\xff\xff\xff", 4);
	finish(client);
	CHECK_HAS(text_of("error"), "256 KiB");
	client = connect_as(&root);
	pgmd_client_receive(client, (const uint8_t *)"\0\0\0\0", 4);
	finish(client);
	CHECK_HAS(text_of("error"), "empty");
}

static void one_request_a_connection(void)
{
	fresh();
	struct pgmd_client *client = connect_as(&root);
	put(client, "{\"cmd\":\"status\"}");
	put(client, "{\"cmd\":\"filter.mode\",\"mode\":\"anywhere\"}");
	finish(client);
	CHECK_INT(daemon_.current->mode, PGM_MODE_UNSET);
}

static void bytes_one_by_one(void)
{
	static const char text[] = "\0\0\0\x10{\"cmd\":\"status\"}";

	fresh();
	struct pgmd_client *client = connect_as(&root);
	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		CHECK_INT(client->state, PGMD_READING);
		pgmd_client_receive(client, (const uint8_t *)text + i, 1);
	}
	CHECK(is_ok(finish(client)));
}

static void clean_up(void)
{
	close_world();
	json_decref(final);
	CHECK_INT(rmdir(folder), 0);
}

CHECK_MAIN(CASE(the_first_add_leads_to_list), CASE(adding_again_updates), CASE(a_folded_address_is_told),
           CASE(bad_adds_change_nothing), CASE(removing), CASE(modes), CASE(unchanged_rules_keep_their_ids),
           CASE(the_same_list_changes_nothing), CASE(an_empty_list_is_an_error), CASE(all_errors_are_told),
           CASE(a_list_may_be_cut_anywhere), CASE(a_long_line_is_one_error),
           CASE(an_upload_that_ends_early_changes_nothing), CASE(a_failed_build_changes_nothing),
           CASE(a_failed_save_changes_nothing), CASE(what_cannot_be_audited_does_not_happen),
           CASE(the_last_good_file_is_kept), CASE(a_damaged_file_is_not_put_back), CASE(a_wrong_clock_revives_nothing),
           CASE(a_lost_list_takes_only_a_whole_one), CASE(long_expired_rules_are_dropped), CASE(listing),
           CASE(a_list_that_changes_meanwhile), CASE(showing), CASE(checking), CASE(refused_sources), CASE(status),
           CASE(rights), CASE(nonsense), CASE(one_request_a_connection), CASE(bytes_one_by_one), CASE(clean_up))
