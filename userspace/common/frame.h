/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of the control socket: four bytes of length, big endian, then that many bytes of JSON. */
#ifndef PGM_COMMON_FRAME_H
#define PGM_COMMON_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define PGM_FRAME_MAX (256u * 1024)

/*
 * Look at the head of a receive buffer. Returns 1 with *body and *body_len of one whole frame (*used bytes of buf
 * consumed), 0 if more bytes are needed, -EMSGSIZE if the frame says it is larger than PGM_FRAME_MAX, -EBADMSG if
 * empty.
 */
int pgm_frame_next(const uint8_t *buf, size_t len, const uint8_t **body, size_t *body_len, size_t *used);

/* Write the four header bytes for a body of len bytes. */
void pgm_frame_header(uint32_t len, uint8_t out[4]);

#endif
