/* SPDX-License-Identifier: Apache-2.0 */
/* A veth pair in the sandbox: raw frames go in at one end and meet a program at the other. */
#include "lib/wire.h"

#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/check.h"
#include "lib/sandbox.h"

void wire_open(struct wire *wire)
{
	struct sockaddr_ll near = {.sll_family = AF_PACKET};
	int on = 1;

	sandbox_sh("ip link add near mtu 9000 type veth peer name far mtu 9000");
	sandbox_sh("echo 1 > /proc/sys/net/ipv6/conf/near/disable_ipv6");
	sandbox_sh("echo 1 > /proc/sys/net/ipv6/conf/far/disable_ipv6");
	sandbox_sh("ip link set near up && ip link set far up");
	*wire = (struct wire){.ifindex = (int)if_nametoindex("far"), .xdp = -1};
	wire->socket = socket(AF_PACKET, SOCK_RAW, 0);
	CHECK(wire->socket >= 0);
	near.sll_ifindex = (int)if_nametoindex("near");
	CHECK_INT(bind(wire->socket, (struct sockaddr *)&near, sizeof(near)), 0);
	CHECK_INT(setsockopt(wire->socket, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)), 0);
}

void wire_close(struct wire *wire)
{
	close(wire->socket);
	sandbox_sh("ip link del near");
}

void wire_attach_xdp(struct wire *wire, int program)
{
	CHECK_INT(bpf_xdp_attach(wire->ifindex, program, XDP_FLAGS_DRV_MODE, NULL), 0);
}

void wire_attach_tc(struct wire *wire, int program)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = wire->ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = 1, .priority = 1, .prog_fd = program);

	CHECK_INT(bpf_tc_hook_create(&hook), 0);
	CHECK_INT(bpf_tc_attach(&hook, &opts), 0);
}

void wire_send(const struct wire *wire, const struct pkt *pkt, bool paged)
{
	/* The kernel makes hdr_len bytes linear, and pages of the rest, once a frame no longer fits into one page. */
	struct virtio_net_hdr header = {.hdr_len = paged ? ETH_HLEN : 0};
	struct iovec parts[] = {{&header, sizeof(header)}, {(void *)(uintptr_t)pkt->bytes, pkt->len}};

	CHECK(!paged || pkt->len > (size_t)sysconf(_SC_PAGESIZE));
	CHECK_INT(writev(wire->socket, parts, 2), sizeof(header) + pkt->len);
}
