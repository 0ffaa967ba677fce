/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of the control socket: four bytes of length, big endian, then that many bytes of JSON. */
#include "common/frame.h"

#include <errno.h>

#define HEADER 4

int pgm_frame_next(const uint8_t *buf, size_t len, const uint8_t **body, size_t *body_len, size_t *used)
{
	if (len < HEADER)
		return 0;
	uint32_t size = (uint32_t)buf[0] << 24 | (uint32_t)buf[1] << 16 | (uint32_t)buf[2] << 8 | buf[3];
	if (size == 0)
		return -EBADMSG;
	if (size > PGM_FRAME_MAX)
		return -EMSGSIZE;
	if (len - HEADER < size)
		return 0;
	*body = buf + HEADER;
	*body_len = size;
	*used = HEADER + (size_t)size;
	return 1;
}

void pgm_frame_header(uint32_t len, uint8_t out[4])
{
	out[0] = (uint8_t)(len >> 24);
	out[1] = (uint8_t)(len >> 16);
	out[2] = (uint8_t)(len >> 8);
	out[3] = (uint8_t)len;
}
