/* SPDX-License-Identifier: Apache-2.0 */
/* Filling struct pgm_error. */
#include "common/error.h"

#include <stdarg.h>
#include <stdio.h>

int pgm_fail(struct pgm_error *err, int code, const char *fmt, ...)
{
	va_list args;

	if (!err)
		return code;
	va_start(args, fmt);
	vsnprintf(err->what, sizeof(err->what), fmt, args);
	va_end(args);
	err->hint[0] = '\0';
	return code;
}

void pgm_hint(struct pgm_error *err, const char *fmt, ...)
{
	va_list args;

	if (!err)
		return;
	va_start(args, fmt);
	vsnprintf(err->hint, sizeof(err->hint), fmt, args);
	va_end(args);
}
