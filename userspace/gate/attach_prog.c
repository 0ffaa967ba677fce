/* SPDX-License-Identifier: Apache-2.0 */
/* Ids and names of loaded programs, ours and those of others. */
#include <bpf/bpf.h>
#include <stdio.h>

#include "common/cleanup.h"
#include "gate/attach_internal.h"

unsigned pgm_prog_id(int fd)
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) == 0 ? info.id : 0;
}

void pgm_prog_describe(unsigned id, char *buf, size_t len)
{
	PGM_CLOSE int fd = bpf_prog_get_fd_by_id(id);
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);

	if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 && info.name[0])
		snprintf(buf, len, "'%.*s' (id %u)", (int)sizeof(info.name), info.name, id);
	else
		snprintf(buf, len, "(id %u)", id);
}
