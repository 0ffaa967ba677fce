/* SPDX-License-Identifier: Apache-2.0 */
/* A veth pair in the sandbox: raw frames go in at one end and meet a program at the other. */
#ifndef PGM_TESTS_WIRE_H
#define PGM_TESTS_WIRE_H

#include <stdbool.h>

#include "lib/packet.h"

struct wire {
	int socket;  /* sends at the near end */
	int ifindex; /* the far end, where programs are attached */
	int xdp;     /* attached there, or -1 */
};

/* No address, no IPv6, MTU 9000: nothing is on the wire but what a test sends. Ends the case on an error. */
void wire_open(struct wire *wire);
/* Deletes the pair, and with it what is attached. */
void wire_close(struct wire *wire);

void wire_attach_xdp(struct wire *wire, int program);
void wire_attach_tc(struct wire *wire, int program);

/* paged: only the Ethernet header is in the linear part of the skb; the frame must be longer than a page. */
void wire_send(const struct wire *wire, const struct pkt *pkt, bool paged);

#endif
