/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a configuration: refused with a reason, or dumped so that it reads back as the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *dump(const struct pgm_config *config, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	pgm_config_dump(config, out);
	fclose(out);
	return text;
}

static void read_back(const struct pgm_config *config)
{
	static struct pgm_config again;
	size_t len, len_again;
	char *text = dump(config, &len);

	if (pgm_config_parse(text, len, "dump", stderr, &again) != 0)
		abort();
	char *text_again = dump(&again, &len_again);
	if (len != len_again || memcmp(text, text_again, len) != 0)
		abort();
	free(text);
	free(text_again);
	pgm_config_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct pgm_config config;
	char *said = NULL;
	size_t said_len;
	FILE *errors = open_memstream(&said, &said_len);
	int r = pgm_config_parse((const char *)data, size, "fuzz", errors, &config);

	fclose(errors);
	if ((r == 0) != (said_len == 0))
		abort();
	free(said);
	if (r == 0) {
		read_back(&config);
		pgm_config_free(&config);
	}
	return 0;
}
