/* SPDX-License-Identifier: Apache-2.0 */
/* Filling struct pgm_error. */
#include "common/error.h"

#include <stdarg.h>
#include <stdio.h>

void pgm_describe(struct pgm_error *err, const char *fmt, ...)
{
	va_list args;

	if (!err)
		return;
	va_start(args, fmt);
	vsnprintf(err->what, sizeof(err->what), fmt, args);
	va_end(args);
	err->hint[0] = '\0';
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
