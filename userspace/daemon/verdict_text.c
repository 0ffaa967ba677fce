/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts in words. */
#include "daemon/verdict_text.h"

#include "pgmoat/gate_abi.h"

static const struct {
	const char *name;
	const char *help;
} verdicts[] = {
#define X(id, name, drop, help) [PGM_VERDICT_##id] = {#name, help},
        PGM_VERDICTS(X)
#undef X
};

const char *pgmd_verdict_name(unsigned verdict)
{
	return verdict < PGM_VERDICT_COUNT ? verdicts[verdict].name : "unknown";
}

const char *pgmd_verdict_help(unsigned verdict)
{
	return verdict < PGM_VERDICT_COUNT ? verdicts[verdict].help : "unknown";
}
