/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a stream of frames: every frame lies within the buffer, and its header is the one that we would write.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *body;
	size_t body_len, used;

	while (pgm_frame_next(data, size, &body, &body_len, &used) == 1) {
		uint8_t head[4];

		pgm_frame_header((uint32_t)body_len, head);
		if (used > size || body != data + 4 || body_len + 4 != used || memcmp(head, data, 4) != 0)
			abort();
		data += used;
		size -= used;
	}
	return 0;
}
