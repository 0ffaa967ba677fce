/* SPDX-License-Identifier: Apache-2.0 */
/* Scope masks by exactly their names: a stored rule must not grow when the configuration changes. */
#ifndef PGM_GATE_SCOPE_NAMES_H
#define PGM_GATE_SCOPE_NAMES_H

#include <string.h>

#include "common/config.h"
#include "pgmoat/gate_abi.h"

#define PGM_SCOPE_NAMES (PGM_SCOPES * (PGM_SCOPE_NAME + 1))

/*
 * Names joined by commas, "all" only for PGM_ALL_SCOPES. Unlike pgm_scopes_format it doesn't say "all" for a mask of
 * every scope that is configured now: a scope that is configured later would slip in.
 */
static inline void pgm_scope_names(const struct pgm_config *config, uint8_t mask, char buf[static PGM_SCOPE_NAMES])
{
	char *at = buf;

	if (mask == PGM_ALL_SCOPES) {
		memcpy(buf, "all", sizeof("all"));
		return;
	}
	for (unsigned i = 0; i < config->scope_count; i++) {
		if (!(mask & 1u << i))
			continue;
		if (at != buf)
			*at++ = ',';
		at = stpcpy(at, config->scopes[i].name);
	}
	*at = '\0';
}

#endif
