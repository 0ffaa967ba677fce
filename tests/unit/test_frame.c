/* SPDX-License-Identifier: Apache-2.0 */
/* Frames: whole, in pieces, several at once, too large and empty. */
#include "common/frame.h"

#include <errno.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "lib/check.h"

static void header(void)
{
	uint8_t head[4];

	pgm_frame_header(0x00012345, head);
	CHECK(memcmp(head, "\x00\x01\x23\x45", 4) == 0);
}

static void one_frame_byte_by_byte(void)
{
	const uint8_t frame[] = {0, 0, 0, 3, 'a', 'b', 'c', 'x'};
	const uint8_t *body = NULL;
	size_t body_len = 0, used = 0;

	for (size_t len = 0; len < 7; len++)
		CHECK_INT(pgm_frame_next(frame, len, &body, &body_len, &used), 0);
	CHECK(!body && body_len == 0 && used == 0);
	for (size_t len = 7; len <= 8; len++) {
		CHECK_INT(pgm_frame_next(frame, len, &body, &body_len, &used), 1);
		CHECK(body == frame + 4);
		CHECK_INT(body_len, 3);
		CHECK_INT(used, 7);
	}
}

static int next(const char *bytes, size_t len)
{
	const uint8_t *body;
	size_t body_len, used;

	return pgm_frame_next((const uint8_t *)bytes, len, &body, &body_len, &used);
}

static void limits(void)
{
	CHECK_INT(next("\x00\x00\x00\x00", 4), -EBADMSG);
	CHECK_INT(next("\x00\x04\x00\x00", 4), 0); /* PGM_FRAME_MAX itself */
	CHECK_INT(next("\x00\x04\x00\x01", 4), -EMSGSIZE);
	CHECK_INT(next("\xff\xff\xff\xff", 4), -EMSGSIZE);
	CHECK_INT(next("{\"cm", 4), -EMSGSIZE); /* JSON without a header */
}

static void largest(void)
{
	PGM_FREE uint8_t *buf = calloc(1, 4 + PGM_FRAME_MAX);
	const uint8_t *body;
	size_t body_len, used;

	pgm_frame_header(PGM_FRAME_MAX, buf);
	CHECK_INT(pgm_frame_next(buf, 3 + PGM_FRAME_MAX, &body, &body_len, &used), 0);
	CHECK_INT(pgm_frame_next(buf, 4 + PGM_FRAME_MAX, &body, &body_len, &used), 1);
	CHECK_INT(body_len, PGM_FRAME_MAX);
}

/* A stream of random frames comes back frame by frame. */
static void stream(void)
{
	for (unsigned round = 0; round < 500 * check_scale(); round++) {
		uint8_t buf[4096];
		size_t len = 0, at = 0, sizes[64], count = 0;

		while (count < 64) {
			size_t size = 1 + check_below(200);
			if (len + 4 + size > sizeof(buf))
				break;
			pgm_frame_header((uint32_t)size, buf + len);
			memset(buf + len + 4, (int)count, size);
			len += 4 + size;
			sizes[count++] = size;
		}
		for (size_t i = 0; i < count; i++) {
			const uint8_t *body;
			size_t body_len, used;

			CHECK_INT(pgm_frame_next(buf + at, len - at, &body, &body_len, &used), 1);
			CHECK_INT(body_len, sizes[i]);
			CHECK(body[0] == i && body[body_len - 1] == i);
			at += used;
		}
		CHECK_INT(at, len);
	}
}

CHECK_MAIN(CASE(header), CASE(one_frame_byte_by_byte), CASE(limits), CASE(largest), CASE(stream))
