/* SPDX-License-Identifier: Apache-2.0 */
/* filter.rules on disk: the old list or the new one after a crash and on a full disk; which file is loaded. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/durable.h"
#include "unit/rulesfile_fix.h"

static const char *path_of(const char *name)
{
	static char path[2 * PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", config.state_dir, name);
	return path;
}

static void write_file(const char *name, const char *text, size_t len)
{
	PGM_FCLOSE FILE *file = fopen(path_of(name), "w");

	CHECK(file);
	CHECK_INT(fwrite(text, 1, len, file), len);
}

static int try_save(uint32_t generation, size_t rules, struct pgm_error *err)
{
	struct pgm_ruleset *set = pgm_ruleset_new();

	set->generation = generation;
	set->mode = PGM_MODE_LIST;
	for (size_t i = 0; i < rules; i++)
		append(set, "10.0.0.0/8", PGM_ALL_SCOPES, 0, NULL);
	int rc = pgm_rulesfile_save(&config, set, true, err);
	pgm_ruleset_unref(set);
	return rc;
}

static void save_generation(uint32_t generation, size_t rules)
{
	struct pgm_error err;

	if (try_save(generation, rules, &err) < 0)
		check_fail(__FILE__, __LINE__, "%s", err.what);
}

/* Loads and returns the generation, 0 if there is none. */
static uint32_t load(enum pgm_rules_source want, struct pgm_error *problem)
{
	enum pgm_rules_source source = PGM_RULES_ABSENT;
	struct pgm_ruleset *set = (struct pgm_ruleset *)&source;
	uint32_t generation = 0;

	*problem = (struct pgm_error){0};
	CHECK_INT(pgm_rulesfile_load(&config, &set, &source, problem), 0);
	if (source != want)
		check_fail(__FILE__, __LINE__, "source %d, not %d: %s", (int)source, (int)want, problem->what);
	CHECK_INT(set != NULL, source == PGM_RULES_CURRENT || source == PGM_RULES_PREVIOUS);
	CHECK_INT(problem->what[0] != 0, source == PGM_RULES_PREVIOUS || source == PGM_RULES_DAMAGED);
	if (set)
		generation = set->generation;
	pgm_ruleset_unref(set);
	return generation;
}

static void first_start(void)
{
	struct pgm_error err;
	struct stat st;

	fresh();
	CHECK_INT(load(PGM_RULES_ABSENT, &err), 0);
	CHECK_INT(pgm_rulesfile_restore(&config, &err), -ENOENT);
	save_generation(1, 3);
	CHECK_INT(load(PGM_RULES_CURRENT, &err), 1);
	CHECK_INT(stat(path_of(PGM_RULES_FILE), &st), 0);
	CHECK_INT(st.st_mode & 07777, 0600);
	CHECK_INT(pgm_rulesfile_restore(&config, &err), -ENOENT);
	CHECK_INT(load(PGM_RULES_CURRENT, &err), 1);
	strcat(config.state_dir, "/missing");
	CHECK_INT(load(PGM_RULES_ABSENT, &err), 0);
	CHECK(pgm_rulesfile_save(&config, &(struct pgm_ruleset){0}, true, &err) < 0);
	CHECK_HAS(err.what, "missing");
}

static void damage_leads_to_the_previous(void)
{
	struct pgm_error err;
	PGM_FREE char *text = NULL;
	size_t len;

	fresh();
	save_generation(1, 3);
	save_generation(2, 3);
	CHECK_INT(load(PGM_RULES_CURRENT, &err), 2);
	CHECK_INT(pgm_read_file(path_of(PGM_RULES_FILE), 4096, &text, &len), 0);

	write_file(PGM_RULES_FILE, "", 0);
	CHECK_INT(load(PGM_RULES_PREVIOUS, &err), 1);
	CHECK_HAS(err.what, "empty");
	write_file(PGM_RULES_FILE, text, len - 1);
	CHECK_INT(load(PGM_RULES_PREVIOUS, &err), 1);
	text[20] ^= 1;
	write_file(PGM_RULES_FILE, text, len);
	CHECK_INT(load(PGM_RULES_PREVIOUS, &err), 1);
	CHECK_HAS(err.what, "checksum");
	text[20] ^= 1;
	text[13] = '2';
	write_file(PGM_RULES_FILE, text, len);
	CHECK_INT(load(PGM_RULES_PREVIOUS, &err), 1);
	CHECK_HAS(err.what, "first line");
	CHECK_INT(unlink(path_of(PGM_RULES_FILE)), 0);
	CHECK_INT(load(PGM_RULES_PREVIOUS, &err), 1);
	CHECK_HAS(err.what, "No such file");

	write_file(PGM_RULES_FILE ".prev", "", 0);
	CHECK_INT(load(PGM_RULES_DAMAGED, &err), 0);
	CHECK_HAS(err.what, "filter.rules.prev");
	CHECK(err.hint[0]);
	write_file(PGM_RULES_FILE, "x", 1);
	CHECK_INT(load(PGM_RULES_DAMAGED, &err), 0);
	CHECK_INT(unlink(path_of(PGM_RULES_FILE ".prev")), 0);
	CHECK_INT(load(PGM_RULES_DAMAGED, &err), 0);
	CHECK_HAS(err.what, "there is no filter.rules.prev");
}

static void trouble_is_not_damage(void)
{
	enum pgm_rules_source source;
	struct pgm_ruleset *set;
	struct pgm_error err = {0};

	fresh();
	save_generation(1, 1);
	save_generation(2, 1);
	CHECK_INT(unlink(path_of(PGM_RULES_FILE)), 0);
	CHECK_INT(mkdir(path_of(PGM_RULES_FILE), 0700), 0);
	CHECK(pgm_rulesfile_load(&config, &set, &source, &err) < 0);
	CHECK_HAS(err.what, "filter.rules");
}

static void unknown_scope_is_no_reason_to_go_back(void)
{
	struct pgm_ruleset *set;
	struct pgm_config fewer = {0};
	struct pgm_error err;

	fresh();
	save_generation(1, 3);
	set = small();
	CHECK_INT(pgm_rulesfile_save(&config, set, true, &err), 0);
	pgm_ruleset_unref(set);
	use_scopes(&fewer, "direct = 5432\nreports = 7000\n");
	strcpy(fewer.state_dir, config.state_dir);
	config = fewer;
	CHECK_INT(load(PGM_RULES_DAMAGED, &err), 0);
	CHECK_HAS(err.what, "rule 2 names scope 'pooler'");
	CHECK_HAS(err.hint, "put the scope back");
}

static void going_back(void)
{
	struct pgm_error err;

	fresh();
	save_generation(1, 3);
	save_generation(2, 3);
	CHECK_INT(pgm_rulesfile_restore(&config, &err), 0);
	CHECK_INT(load(PGM_RULES_CURRENT, &err), 1);
	save_generation(3, 3);
	CHECK_INT(load(PGM_RULES_CURRENT, &err), 3);
	CHECK_INT(pgm_rulesfile_restore(&config, &err), 0);
	CHECK_INT(load(PGM_RULES_CURRENT, &err), 1);

	/* A save over a damaged file: the damaged one must not come back. */
	write_file(PGM_RULES_FILE, "x", 1);
	save_generation(4, 3);
	CHECK_INT(pgm_rulesfile_restore(&config, &err), -EBADMSG);
	CHECK_INT(load(PGM_RULES_CURRENT, &err), 4);
}

static unsigned files_in_state_dir(void)
{
	DIR *dir = opendir(config.state_dir);
	unsigned count = 0;

	CHECK(dir);
	for (const struct dirent *entry; (entry = readdir(dir));)
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(dir);
	return count;
}

static void full_disk(void)
{
	struct pgm_error err = {0};

	fresh();
	sandbox_sh("mount -t tmpfs -o size=64k tmpfs %s", config.state_dir);
	save_generation(1, 3);
	struct pgm_ruleset *set = random_rules(20000, AF_INET6);
	CHECK_INT(pgm_rulesfile_save(&config, set, true, &err), -ENOSPC);
	CHECK_HAS(err.what, "filter.rules");
	CHECK_HAS(err.what, "No space left");
	CHECK(err.hint[0]);
	CHECK_INT(load(PGM_RULES_CURRENT, &err), 1);
	CHECK_INT(files_in_state_dir(), 1);
	save_generation(2, 3);
	CHECK_INT(load(PGM_RULES_CURRENT, &err), 2);
	pgm_ruleset_unref(set);
	sandbox_sh("umount %s", config.state_dir);
}

/* Saves generations 2, 3, ... of as many rules each until it is killed. */
static _Noreturn void save_for_ever(int ready)
{
	char byte = 1;

	for (uint32_t generation = 2;; generation++) {
		if (try_save(generation, 3000 + generation, NULL) < 0 ||
		    (generation == 2 && write(ready, &byte, 1) != 1))
			_exit(1);
	}
}

static void killed_while_saving(void)
{
	for (unsigned i = 0; i < 30 * check_scale(); i++) {
		enum pgm_rules_source source;
		struct pgm_ruleset *set;
		struct pgm_error err;
		int ready[2];
		char byte;

		fresh();
		save_generation(1, 3001);
		CHECK_INT(pipe(ready), 0);
		pid_t child = fork();
		if (child == 0)
			save_for_ever(ready[1]);
		CHECK(child > 0);
		CHECK_INT(read(ready[0], &byte, 1), 1);
		nanosleep(&(struct timespec){.tv_nsec = (long)check_below(8 * 1000 * 1000)}, NULL);
		CHECK_INT(kill(child, SIGKILL), 0);
		CHECK_INT(waitpid(child, NULL, 0), child);
		close(ready[0]);
		close(ready[1]);
		CHECK_INT(pgm_rulesfile_load(&config, &set, &source, &err), 0);
		CHECK_INT(source, PGM_RULES_CURRENT);
		CHECK(set->generation >= 2);
		CHECK_INT(set->count, 3000 + set->generation);
		pgm_ruleset_unref(set);
		save_generation(1, 1);
		CHECK_INT(files_in_state_dir(), 2); /* the killed one's leftovers are gone */
	}
}

int main(int argc, char **argv)
{
	static const struct check_case cases[] = {
	        CASE(first_start),
	        CASE(damage_leads_to_the_previous),
	        CASE(trouble_is_not_damage),
	        CASE(unknown_scope_is_no_reason_to_go_back),
	        CASE(going_back),
	        CASE(full_disk),
	        CASE(killed_while_saving),
	};

	sandbox_enter();
	return check_main(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
}
