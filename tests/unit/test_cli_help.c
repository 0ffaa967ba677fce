/* SPDX-License-Identifier: Apache-2.0 */
/* One truth in three places: --help of every command, the man page's synopsis and the completion agree. Runs in the
 * root of the source tree. */
#include <stdlib.h>

#include "cli/cli.h"
#include "common/durable.h"
#include "lib/check.h"

#define MAN_PAGE   "docs/man/pgmoat.1"
#define COMPLETION "tools/completion/pgmoat.bash"

static char *help_of(const struct pgm_cli_entry *entry)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	CHECK(out);
	pgm_cli_print_help(entry, out);
	fclose(out);
	return text;
}

static void help_starts_with_the_synopsis(void)
{
	for (size_t i = 0; i < pgm_cli_command_count; i++) {
		const struct pgm_cli_entry *entry = &pgm_cli_table_of_commands[i];
		char synopsis[512], want[600];
		char *text = help_of(entry);

		pgm_cli_synopsis(entry, synopsis, sizeof(synopsis));
		snprintf(want, sizeof(want), "usage: %s\n\n", synopsis);
		CHECK_INT(strncmp(text, want, strlen(want)), 0);
		CHECK_HAS(synopsis, entry->words);
		CHECK_HAS(text, entry->command->details);
		CHECK_HAS(text, "\n  --help");
		free(text);
	}
}

static void overview_names_every_command(void)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	CHECK(out);
	pgm_cli_print_overview(NULL, out);
	fclose(out);
	for (size_t i = 0; i < pgm_cli_command_count; i++) {
		CHECK_HAS(text, pgm_cli_table_of_commands[i].words);
		CHECK_HAS(text, pgm_cli_table_of_commands[i].command->about);
	}
	free(text);
}

/* The page without its fonts: "\fBpgmoat filter set\fR \fIFILE\fR|\fB\-\fR" becomes "pgmoat filter set FILE|-". */
static char *man_page(void)
{
	char *text;
	size_t len, to = 0;

	if (pgm_read_file(MAN_PAGE, 1 << 20, &text, &len) < 0)
		check_skip("not run in the root of the source tree");
	for (size_t from = 0; from < len; from++) {
		if (text[from] == '\\' && text[from + 1] == 'f')
			from += 2;
		else if (text[from] != '\\')
			text[to++] = text[from];
	}
	text[to] = '\0';
	return text;
}

static void man_page_has_every_synopsis(void)
{
	char *page = man_page();

	for (size_t i = 0; i < pgm_cli_command_count; i++) {
		char synopsis[512], want[600];

		pgm_cli_synopsis(&pgm_cli_table_of_commands[i], synopsis, sizeof(synopsis));
		snprintf(want, sizeof(want), "\n%s\n", synopsis);
		CHECK_HAS(page, want);
	}
	free(page);
}

/* The completion asks "pgmoat --help", so it is handed this program's own help through a function. */
static char *complete(const char *help, const char *words)
{
	char command[1024];
	static char answer[2048];

	setenv("HELP", help, 1);
	snprintf(command, sizeof(command),
	         "bash -c '. " COMPLETION "; pgmoat() { printf \"%%s\" \"$HELP\"; }; COMP_WORDS=(pgmoat %s);"
	         " COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _pgmoat; printf \"%%s \" \"${COMPREPLY[@]}\"'",
	         words);
	FILE *bash = popen(command, "r");
	CHECK(bash);
	size_t len = fread(answer, 1, sizeof(answer) - 1, bash);
	answer[len] = '\0';
	CHECK_INT(pclose(bash), 0);
	return answer;
}

static void completion_offers_commands(void)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	CHECK(out);
	free(man_page()); /* skips elsewhere */
	pgm_cli_print_overview(NULL, out);
	fclose(out);
	CHECK_STR(complete(text, "\"\""), "audit-log filter metrics status ");
	CHECK_STR(complete(text, "filter a"), "add anywhere ");
	CHECK_STR(complete(text, "--config x filter \"\""),
	          "add anywhere check denied enforce list nowhere remove set show ");
	CHECK_STR(complete(text, "filter add --class re"), "replication ");
	free(text);
}

static void completion_offers_options(void)
{
	free(man_page());
	for (size_t i = 0; i < pgm_cli_command_count; i++) {
		const struct pgm_cli_entry *entry = &pgm_cli_table_of_commands[i];
		char *help = help_of(entry), both[4096], words[64];

		/* What looks like the overview's line makes the command known, the rest are its options. */
		snprintf(both, sizeof(both), "  %s x\n%s", entry->words, help);
		snprintf(words, sizeof(words), "%s --", entry->words);
		const char *offered = complete(both, words);
		for (const char *at = help; (at = strstr(at, "\n  --")); at++) {
			char name[32];
			CHECK_INT(sscanf(at, " %31s", name), 1);
			CHECK_HAS(offered, name);
		}
		free(help);
	}
}

CHECK_MAIN(CASE(help_starts_with_the_synopsis), CASE(overview_names_every_command), CASE(man_page_has_every_synopsis),
           CASE(completion_offers_commands), CASE(completion_offers_options))
