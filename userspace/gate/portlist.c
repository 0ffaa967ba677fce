/* SPDX-License-Identifier: Apache-2.0 */
/* Parses and prints the kernel's form of a set of ports. */
#include "gate/portlist.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads a decimal port at *pos. */
static bool read_port(const char *text, size_t len, size_t *pos, unsigned *port)
{
	size_t start = *pos;
	unsigned value = 0;

	while (*pos < len && text[*pos] >= '0' && text[*pos] <= '9' && value <= 65535)
		value = value * 10 + (unsigned)(text[(*pos)++] - '0');
	*port = value;
	return *pos > start && value <= 65535;
}

int pgm_portlist_parse(const char *text, size_t len, uint64_t ports[PGM_PORT_WORDS])
{
	uint64_t found[PGM_PORT_WORDS] = {0};
	size_t pos = 0;

	while (len > 0 && text[len - 1] == '\n')
		len--;
	while (pos < len) {
		unsigned first, last;

		if (!read_port(text, len, &pos, &first))
			return -EINVAL;
		last = first;
		if (pos < len && text[pos] == '-') {
			pos++;
			if (!read_port(text, len, &pos, &last) || last < first)
				return -EINVAL;
		}
		for (unsigned port = first; port <= last; port++)
			found[port >> 6] |= 1ull << (port & 63);
		if (pos < len && (text[pos++] != ',' || pos == len))
			return -EINVAL;
	}
	memcpy(ports, found, sizeof(found));
	return 0;
}

static bool has(const uint64_t ports[PGM_PORT_WORDS], unsigned port)
{
	return port <= 65535 && (ports[port >> 6] >> (port & 63) & 1);
}

char *pgm_portlist_format(const uint64_t ports[PGM_PORT_WORDS])
{
	char *text = malloc(PGM_PORTLIST_MAX), *end = text;

	for (unsigned port = 0; text && port <= 65535; port++) {
		unsigned first = port;

		if (!has(ports, port))
			continue;
		while (has(ports, port + 1))
			port++;
		end += sprintf(end, "%s%u", end == text ? "" : ",", first);
		if (port > first)
			end += sprintf(end, "-%u", port);
	}
	if (text)
		memcpy(end, "\n", 2);
	return text;
}
