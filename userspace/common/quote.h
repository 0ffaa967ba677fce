/* SPDX-License-Identifier: Apache-2.0 */
/* Text from outside, made fit to stand in a message. */
#ifndef PGM_COMMON_QUOTE_H
#define PGM_COMMON_QUOTE_H

#include <stddef.h>

#define PGM_QUOTE_TEXT 96

/*
 * Writes text with quotes around it; what is not printable ASCII becomes \xNN, so that a message is always valid UTF-8
 * and can't steer a terminal. Long text is cut and ends in "...". buf holds PGM_QUOTE_TEXT bytes. Returns buf.
 */
const char *pgm_quote(const char *text, size_t len, char *buf);

#endif
