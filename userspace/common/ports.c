/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of ports: "6432, 50001-50032" to a bitmap and back. */
#include <errno.h>
#include <string.h>

#include "common/config_internal.h"
#include "common/quote.h"

#define PORTS 65536u

static bool parse_port(const char *text, size_t len, unsigned *out)
{
	unsigned n = 0;

	if (len == 0 || len > 5 || text[0] == '0')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		n = n * 10 + (unsigned)(text[i] - '0');
	}
	*out = n;
	return n < PORTS;
}

/* Blanks around the dash are fine. */
static bool parse_run(const char *text, size_t len, unsigned *first, unsigned *last)
{
	const char *dash = memchr(text, '-', len);
	size_t head = dash ? (size_t)(dash - text) : len;
	size_t tail = dash ? len - head - 1 : 0;
	const char *second = dash ? dash + 1 : NULL;

	while (head > 0 && (text[head - 1] == ' ' || text[head - 1] == '\t'))
		head--;
	while (tail > 0 && (*second == ' ' || *second == '\t')) {
		second++;
		tail--;
	}
	if (!parse_port(text, head, first))
		return false;
	*last = *first;
	return !dash || parse_port(second, tail, last);
}

int pgm_ports_parse(const char *text, uint64_t out[1024], struct pgm_error *err)
{
	uint64_t ports[1024] = {0};
	char quoted[PGM_QUOTE_TEXT];
	const char *item;
	size_t len;

	if (!text[0])
		return pgm_fail(err, -EINVAL, "has no ports; give some, or leave the scope out");
	while (pgm_list_next(&text, &item, &len)) {
		unsigned first, last;

		if (!parse_run(item, len, &first, &last))
			return pgm_fail(err, -EINVAL, "%s is not a port from 1 to 65535, nor a range of them",
			                pgm_quote(item, len, quoted));
		if (first > last)
			return pgm_fail(err, -EINVAL, "%s ends before it starts", pgm_quote(item, len, quoted));
		for (unsigned port = first; port <= last; port++)
			ports[port >> 6] |= UINT64_C(1) << (port & 63);
	}
	memcpy(out, ports, sizeof(ports));
	return 0;
}

static bool has(const uint64_t ports[1024], unsigned port)
{
	return ports[port >> 6] >> (port & 63) & 1;
}

bool pgm_ports_run(const uint64_t ports[1024], unsigned *first, unsigned *last)
{
	unsigned port = *first;

	while (port < PORTS && !has(ports, port))
		port++;
	if (port >= PORTS)
		return false;
	*first = port;
	while (port + 1 < PORTS && has(ports, port + 1))
		port++;
	*last = port;
	return true;
}

void pgm_ports_format(const uint64_t ports[1024], char *buf, size_t len)
{
	size_t used = 0;
	unsigned last;

	if (len == 0)
		return;
	buf[0] = '\0';
	for (unsigned first = 0; used < len && pgm_ports_run(ports, &first, &last); first = last + 1) {
		const char *comma = used ? ", " : "";
		used += (size_t)(first == last ? snprintf(buf + used, len - used, "%s%u", comma, first)
		                               : snprintf(buf + used, len - used, "%s%u-%u", comma, first, last));
	}
	if (used >= len && len > 4)
		memcpy(buf + len - 4, "...", 4);
}
