/* SPDX-License-Identifier: Apache-2.0 */
/* Frames for tests, built layer by layer or from a line of text. */
#ifndef PGM_TESTS_PACKET_H
#define PGM_TESTS_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PKT_MAX 20000

/* A frame under construction. Start with pkt_start, end with pkt_finish; in between each call appends a layer. */
struct pkt {
	size_t len;
	size_t type_at;  /* where the type of the next layer goes */
	size_t type_len; /* 2 in Ethernet and VLAN, 1 in IP, 0 when nothing waits for a type */
	size_t ip;       /* offset of the IP header, 0: none */
	size_t tcp;      /* offset of the TCP header, 0: none */
	uint8_t bytes[PKT_MAX];
};

/* Ethernet header; the type is filled in by the next layer. */
void pkt_start(struct pkt *pkt);
/* Set the open type field by hand. */
void pkt_type(struct pkt *pkt, uint16_t type);
void pkt_vlan(struct pkt *pkt, uint16_t tpid, uint16_t tci);

/* Addresses as text. To 198.51.100.1 or 2001:db8:ffff::1. */
void pkt_ipv4(struct pkt *pkt, const char *source);
/* NOPs, len is a multiple of 4; directly after pkt_ipv4. */
void pkt_ipv4_options(struct pkt *pkt, size_t len);
/* offset in bytes. */
void pkt_ipv4_fragment(struct pkt *pkt, uint16_t offset, bool more);
void pkt_ipv6(struct pkt *pkt, const char *source);
/* An extension header of any type, len bytes long (a multiple of 8; of 4 for AH), its own length field set. */
void pkt_extension(struct pkt *pkt, uint8_t type, size_t len);
/* offset in bytes; reserved is the byte that other headers keep their length in. */
void pkt_ipv6_fragment(struct pkt *pkt, uint16_t offset, bool more, uint8_t reserved);

/* A TCP header of 20 bytes. flags: letters of "SAFRP". */
void pkt_tcp(struct pkt *pkt, uint16_t port, const char *flags);
void pkt_bytes(struct pkt *pkt, const void *bytes, size_t len);
void pkt_zeros(struct pkt *pkt, size_t len);

/* IP lengths and the checksums of IPv4 and TCP. */
void pkt_finish(struct pkt *pkt);

/*
 * The same from words: a finished frame. A spec that is wrong ends the test.
 *   vlan[=TPID]  type=HEX  ip4=SOURCE  opt=BYTES  frag=OFFSET[+] (+: more follow; IPv4, or an IPv6 fragment header)
 *   ip6=SOURCE  ext=TYPE[:BYTES]  reserved=N (of the fragment header before it)  proto=N  tcp=PORT[:FLAGS]  zeros=N
 * and, done to the finished frame whatever their place:
 *   version=N  ihl=N  total=N (raw IPv4 fields)  cut=N (bytes of the frame that stay)  pad=N (zeros up to N bytes)
 */
void pkt_make(struct pkt *pkt, const char *spec);

#endif
