/* SPDX-License-Identifier: Apache-2.0 */
/* The packet table: what each frame becomes in the modes list and nowhere. */
#ifndef PGM_TESTS_PACKET_ROWS_H
#define PGM_TESTS_PACKET_ROWS_H

#include <stdint.h>

#include "pgmoat/gate_abi.h"

/*
 * The world of the table. Scopes: 0 has port 5432; 1 has 6432 and 50001; 2 has 65535. Sources 203.0.113.N and
 * 2001:db8::N, N in hexadecimal for IPv6:
 *   10 client, everywhere         11 client, scope 0 only        12 client, scope 0 until long ago
 *   13 client, scope 0, temporary 14 as 12, and system scope 0   15 system, everywhere
 *   16 system, scope 0, expired   17 client, scopes 0 and 1      18 client in scope 0, system in 1 and 2
 *   19 client, scope 1 until long ago      99 not listed
 * 192.0.2.0/24 and 2001:db8:1::/48 client everywhere; in them 192.0.2.128/25 and 2001:db8:1:1::/64 until long ago.
 */
struct packet_row {
	const char *name;
	const char *spec; /* pkt_make */
	enum pgm_verdict list;
	enum pgm_verdict nowhere;
	uint32_t gso_size; /* only tc has such packets */
};

#define V(name)    PGM_VERDICT_##name
#define BOTH(name) V(name), V(name)
#define A4         "ip4=203.0.113.10 " /* allowed everywhere */
#define N4         "ip4=203.0.113.99 " /* not listed */
#define A6         "ip6=2001:db8::10 "
#define N6         "ip6=2001:db8::99 "
#define EXT7       "ext=60 ext=43 ext=60 ext=135 ext=60 ext=51 ext=60 "

static const struct packet_row packet_rows[] = {
        /* What no allowlist may stop. */
        {"ARP", "type=0806 zeros=28", BOTH(NOT_IP), 0},
        {"LLDP", "type=88cc zeros=40", BOTH(NOT_IP), 0},
        {"802.3 length", "type=0026 zeros=38", BOTH(NOT_IP), 0},
        {"ARP in a VLAN", "vlan type=0806 zeros=28", BOTH(NOT_IP), 0},
        {"only an Ethernet header", "type=0806", BOTH(NOT_IP), 0},
        {"VLAN tag cut", "vlan cut=16", BOTH(NOT_IP), 0},
        {"VLAN tag missing", "vlan cut=14", BOTH(NOT_IP), 0},
        {"second VLAN tag cut", "vlan vlan cut=20", BOTH(NOT_IP), 0},
        {"ICMP", N4 "proto=1 zeros=8", BOTH(NOT_TCP), 0},
        {"UDP to the same port", N4 "proto=17 zeros=8", BOTH(NOT_TCP), 0},
        {"IP in IP", N4 "proto=4 zeros=40", BOTH(NOT_TCP), 0},
        {"ICMPv6 (neighbour discovery)", N6 "proto=58 zeros=24", BOTH(NOT_TCP), 0},
        {"ICMPv6 behind hop-by-hop (MLD)", N6 "ext=0 proto=58 zeros=24", BOTH(NOT_TCP), 0},
        {"UDP over IPv6", N6 "proto=17 zeros=8", BOTH(NOT_TCP), 0},
        {"no next header", N6 "proto=59", BOTH(NOT_TCP), 0},
        {"ESP", N6 "proto=50 zeros=24", BOTH(NOT_TCP), 0},
        {"SSH", N4 "tcp=22", BOTH(PORT_NOT_GUARDED), 0},
        {"SSH over IPv6", N6 "tcp=22", BOTH(PORT_NOT_GUARDED), 0},
        {"reply to our own connection", N4 "tcp=40001:SA", BOTH(PORT_NOT_GUARDED), 0},
        {"port 0", N4 "tcp=0", BOTH(PORT_NOT_GUARDED), 0},
        {"port beside a guarded one", N4 "tcp=5433", BOTH(PORT_NOT_GUARDED), 0},
        {"port of the same bitmap bit", N4 "tcp=5368", BOTH(PORT_NOT_GUARDED), 0},

        /* Sources and scopes. */
        {"allowed", A4 "tcp=5432", V(ALLOWED_LIST), V(REFUSED_NOWHERE), 0},
        {"allowed, no SYN", A4 "tcp=5432:A zeros=100", V(ALLOWED_LIST), V(REFUSED_NOWHERE), 0},
        {"not listed", N4 "tcp=5432", V(REFUSED_NOT_LISTED), V(REFUSED_NOWHERE), 0},
        {"not listed, no SYN", N4 "tcp=5432:A", V(REFUSED_NOT_LISTED), V(REFUSED_NOWHERE), 0},
        {"not listed, no flag", N4 "tcp=5432:-", V(REFUSED_NOT_LISTED), V(REFUSED_NOWHERE), 0},
        {"not listed, highest port", N4 "tcp=65535", V(REFUSED_NOT_LISTED), V(REFUSED_NOWHERE), 0},
        {"other scope, allowed", A4 "tcp=6432", V(ALLOWED_LIST), V(REFUSED_NOWHERE), 0},
        {"other port of that scope", A4 "tcp=50001", V(ALLOWED_LIST), V(REFUSED_NOWHERE), 0},
        {"highest port, allowed", A4 "tcp=65535", V(ALLOWED_LIST), V(REFUSED_NOWHERE), 0},
        {"in scope", "ip4=203.0.113.11 tcp=5432", V(ALLOWED_LIST), V(REFUSED_NOWHERE), 0},
        {"out of scope", "ip4=203.0.113.11 tcp=6432", V(REFUSED_OUT_OF_SCOPE), V(REFUSED_NOWHERE), 0},
        {"expired", "ip4=203.0.113.12 tcp=5432", V(REFUSED_EXPIRED), V(REFUSED_NOWHERE), 0},
        {"expired in one scope, asks for another", "ip4=203.0.113.12 tcp=6432", V(REFUSED_OUT_OF_SCOPE),
         V(REFUSED_NOWHERE), 0},
        {"expired in another scope", "ip4=203.0.113.19 tcp=5432", V(REFUSED_OUT_OF_SCOPE), V(REFUSED_NOWHERE), 0},
        {"temporary and live", "ip4=203.0.113.13 tcp=5432", V(ALLOWED_LIST), V(REFUSED_NOWHERE), 0},
        {"client expired, system live", "ip4=203.0.113.14 tcp=5432", BOTH(ALLOWED_SYSTEM), 0},
        {"system", "ip4=203.0.113.15 tcp=6432", BOTH(ALLOWED_SYSTEM), 0},
        {"system expired", "ip4=203.0.113.16 tcp=5432", BOTH(REFUSED_EXPIRED), 0},
        {"system expired, other scope", "ip4=203.0.113.16 tcp=6432", V(REFUSED_OUT_OF_SCOPE), V(REFUSED_NOWHERE), 0},
        {"client and system, client's scope", "ip4=203.0.113.18 tcp=5432", V(ALLOWED_LIST), V(REFUSED_NOWHERE), 0},
        {"client and system, system's scope", "ip4=203.0.113.18 tcp=6432", BOTH(ALLOWED_SYSTEM), 0},
        {"in a network", "ip4=192.0.2.1 tcp=5432", V(ALLOWED_LIST), V(REFUSED_NOWHERE), 0},
        {"the longest prefix alone decides", "ip4=192.0.2.129 tcp=5432", V(REFUSED_EXPIRED), V(REFUSED_NOWHERE), 0},
        {"below the network", "ip4=192.0.1.255 tcp=5432", V(REFUSED_NOT_LISTED), V(REFUSED_NOWHERE), 0},
        {"above the network", "ip4=192.0.3.0 tcp=5432", V(REFUSED_NOT_LISTED), V(REFUSED_NOWHERE), 0},
        {"IPv6 allowed", A6 "tcp=5432", V(ALLOWED_LIST), V(REFUSED_NOWHERE), 0},
        {"IPv6 not listed", N6 "tcp=5432", V(REFUSED_NOT_LISTED), V(REFUSED_NOWHERE), 0},
        {"IPv6 out of scope", "ip6=2001:db8::11 tcp=65535", V(REFUSED_OUT_OF_SCOPE), V(REFUSED_NOWHERE), 0},
        {"IPv6 expired", "ip6=2001:db8::12 tcp=5432", V(REFUSED_EXPIRED), V(REFUSED_NOWHERE), 0},
        {"IPv6 temporary and live", "ip6=2001:db8::13 tcp=5432", V(ALLOWED_LIST), V(REFUSED_NOWHERE), 0},
        {"IPv6 client expired, system live", "ip6=2001:db8::14 tcp=5432", BOTH(ALLOWED_SYSTEM), 0},
        {"IPv6 system", "ip6=2001:db8::15 tcp=5432", BOTH(ALLOWED_SYSTEM), 0},
        {"IPv6 system expired", "ip6=2001:db8::16 tcp=5432", BOTH(REFUSED_EXPIRED), 0},
        {"in an IPv6 network", "ip6=2001:db8:1:2::1 tcp=5432", V(ALLOWED_LIST), V(REFUSED_NOWHERE), 0},
        {"the longest IPv6 prefix decides", "ip6=2001:db8:1:1::1 tcp=5432", V(REFUSED_EXPIRED), V(REFUSED_NOWHERE), 0},
        {"an IPv4 grant is none for the mapped address", "ip6=::ffff:203.0.113.10 tcp=5432", V(REFUSED_NOT_LISTED),
         V(REFUSED_NOWHERE), 0},

        /* VLAN. */
        {"one tag, allowed", "vlan " A4 "tcp=5432", V(ALLOWED_LIST), V(REFUSED_NOWHERE), 0},
        {"one tag", "vlan " N4 "tcp=5432", V(REFUSED_NOT_LISTED), V(REFUSED_NOWHERE), 0},
        {"one service tag", "vlan=88a8 " N4 "tcp=5432", V(REFUSED_NOT_LISTED), V(REFUSED_NOWHERE), 0},
        {"one tag, IPv6", "vlan " N6 "tcp=5432", V(REFUSED_NOT_LISTED), V(REFUSED_NOWHERE), 0},
        {"two tags, allowed", "vlan=88a8 vlan " A4 "tcp=5432", V(ALLOWED_LIST), V(REFUSED_NOWHERE), 0},
        {"two tags", "vlan=88a8 vlan " N4 "tcp=5432", V(REFUSED_NOT_LISTED), V(REFUSED_NOWHERE), 0},
        {"two tags, IPv6, allowed", "vlan vlan " A6 "tcp=5432", V(ALLOWED_LIST), V(REFUSED_NOWHERE), 0},
        {"two tags, not guarded", "vlan vlan " N4 "tcp=22", BOTH(PORT_NOT_GUARDED), 0},
        {"three tags", "vlan vlan vlan " N4 "tcp=5432", BOTH(TOO_MANY_VLAN_TAGS), 0},
        {"three tags, allowed source", "vlan vlan vlan " A4 "tcp=5432", BOTH(TOO_MANY_VLAN_TAGS), 0},
        {"third tag cut", "vlan vlan vlan cut=22", BOTH(TOO_MANY_VLAN_TAGS), 0},
        {"four tags", "vlan vlan vlan vlan " N4 "tcp=5432", BOTH(TOO_MANY_VLAN_TAGS), 0},
        {"five tags", "vlan vlan vlan vlan vlan " N4 "tcp=5432", BOTH(TOO_MANY_VLAN_TAGS), 0},
        {"six tags", "vlan vlan vlan vlan vlan vlan " N4 "tcp=5432", BOTH(TOO_MANY_VLAN_TAGS), 0},
        {"seven tags", "vlan vlan vlan vlan vlan vlan vlan " N4 "tcp=5432", BOTH(TOO_MANY_VLAN_TAGS), 0},
        {"eight tags", "vlan vlan vlan vlan vlan vlan vlan vlan " N4 "tcp=5432", BOTH(TOO_MANY_VLAN_TAGS), 0},

        /* IPv4 headers. */
        {"four bytes of options, allowed", A4 "opt=4 tcp=5432", V(ALLOWED_LIST), V(REFUSED_NOWHERE), 0},
        {"forty bytes of options, allowed", A4 "opt=40 tcp=5432", V(ALLOWED_LIST), V(REFUSED_NOWHERE), 0},
        {"forty bytes of options", N4 "opt=40 tcp=5432", V(REFUSED_NOT_LISTED), V(REFUSED_NOWHERE), 0},
        {"IHL 4", A4 "tcp=5432 ihl=4", BOTH(MALFORMED_IPV4), 0},
        {"IHL 0", A4 "tcp=5432 ihl=0", BOTH(MALFORMED_IPV4), 0},
        {"IHL 4, not TCP", N4 "proto=17 zeros=8 ihl=4", BOTH(MALFORMED_IPV4), 0},
        {"IHL beyond the packet", A4 "tcp=5432 ihl=15", BOTH(MALFORMED_IPV4), 0},
        {"version 5", A4 "tcp=5432 version=5", BOTH(MALFORMED_IPV4), 0},
        {"version 6 in an IPv4 frame", A4 "tcp=5432 version=6", BOTH(MALFORMED_IPV4), 0},
        {"nothing behind the EtherType", "type=0800", BOTH(MALFORMED_IPV4), 0},
        {"one byte of IPv4", A4 "tcp=5432 cut=15", BOTH(MALFORMED_IPV4), 0},
        {"19 bytes of IPv4", A4 "tcp=5432 cut=33", BOTH(MALFORMED_IPV4), 0},
        {"options cut", A4 "opt=40 tcp=5432 cut=50", BOTH(MALFORMED_IPV4), 0},
        {"total length 0", A4 "tcp=5432 total=0", BOTH(MALFORMED_IPV4), 0},
        {"total length 19", A4 "tcp=5432 total=19", BOTH(MALFORMED_IPV4), 0},
        {"total length 0, not TCP", N4 "proto=17 zeros=8 total=0", BOTH(MALFORMED_IPV4), 0},
        {"total length 19, not TCP", N4 "proto=17 zeros=8 total=19", BOTH(MALFORMED_IPV4), 0},
        {"total length inside the options, later fragment", N4 "opt=40 frag=8 tcp=5432 total=40", BOTH(MALFORMED_IPV4),
         0},
        {"total length inside the options", A4 "opt=40 tcp=5432 total=40", BOTH(MALFORMED_IPV4), 0},
        {"total length one more than the frame", A4 "tcp=5432 total=41", BOTH(MALFORMED_IPV4), 0},
        {"total length 65535", A4 "tcp=5432 total=65535", BOTH(MALFORMED_IPV4), 0},
        {"padded to 60 bytes", A4 "tcp=5432 pad=60", V(ALLOWED_LIST), V(REFUSED_NOWHERE), 0},
        {"padded", N4 "tcp=5432 pad=60", V(REFUSED_NOT_LISTED), V(REFUSED_NOWHERE), 0},
        {"no TCP header", A4 "tcp=5432 total=20", BOTH(MALFORMED_IPV4), 0},
        {"no TCP header, frame cut", A4 "tcp=5432 total=20 cut=34", BOTH(MALFORMED_IPV4), 0},
        {"ports cut by the total length", A4 "tcp=5432 total=23", BOTH(MALFORMED_IPV4), 0},
        {"ports cut by the frame", A4 "tcp=5432 cut=37", BOTH(MALFORMED_IPV4), 0},
        {"only the ports", N4 "tcp=5432 total=24 cut=38", V(REFUSED_NOT_LISTED), V(REFUSED_NOWHERE), 0},
        {"flags cut", A4 "tcp=5432 total=33 cut=47", V(ALLOWED_LIST), V(REFUSED_NOWHERE), 0},
        {"VLAN and IPv4 cut", "vlan " A4 "tcp=5432 cut=37", BOTH(MALFORMED_IPV4), 0},
        {"aggregate of 64 KiB and more", A4 "tcp=5432:A zeros=3000 total=0", V(ALLOWED_LIST), V(REFUSED_NOWHERE), 1448},
        {"such an aggregate", N4 "tcp=5432:A zeros=3000 total=0", V(REFUSED_NOT_LISTED), V(REFUSED_NOWHERE), 1448},
        {"an aggregate with a length of its own", A4 "tcp=5432:A zeros=3000 total=19", BOTH(MALFORMED_IPV4), 1448},

        /* IPv4 fragments. */
        {"first fragment, allowed", A4 "frag=0+ tcp=5432 zeros=4", V(ALLOWED_LIST), V(FIRST_FRAGMENT_REFUSED), 0},
        {"first fragment", N4 "frag=0+ tcp=5432 zeros=4", BOTH(FIRST_FRAGMENT_REFUSED), 0},
        {"first fragment of eight bytes", N4 "frag=0+ tcp=5432 total=28 cut=42", BOTH(FIRST_FRAGMENT_REFUSED), 0},
        {"first fragment, out of scope", "ip4=203.0.113.11 frag=0+ tcp=6432 zeros=4", BOTH(FIRST_FRAGMENT_REFUSED), 0},
        {"first fragment, not guarded", N4 "frag=0+ tcp=22 zeros=4", BOTH(PORT_NOT_GUARDED), 0},
        {"first fragment of UDP", N4 "frag=0+ proto=17 zeros=16", BOTH(NOT_TCP), 0},
        {"first fragment with the ports cut", A4 "frag=0+ tcp=5432 total=23 cut=37", BOTH(MALFORMED_IPV4), 0},
        {"second fragment", N4 "frag=8 tcp=5432", BOTH(LATER_FRAGMENT_PASSED), 0},
        {"middle fragment", N4 "frag=8+ tcp=5432 zeros=4", BOTH(LATER_FRAGMENT_PASSED), 0},
        {"overlapping: a second first fragment", N4 "frag=0+ tcp=5432 zeros=12", BOTH(FIRST_FRAGMENT_REFUSED), 0},
        {"overlapping: from the eighth byte on", N4 "frag=8+ proto=6 zeros=24", BOTH(LATER_FRAGMENT_PASSED), 0},
        {"later fragment whose bytes look like the port", N4 "frag=65528 tcp=5432", BOTH(LATER_FRAGMENT_PASSED), 0},
        {"later fragment of UDP", N4 "frag=8 proto=17 zeros=8", BOTH(NOT_TCP), 0},
        {"last fragment without payload", N4 "frag=8 proto=6", BOTH(LATER_FRAGMENT_PASSED), 0},

        /* IPv6 headers. */
        {"nothing behind the EtherType, IPv6", "type=86dd", BOTH(MALFORMED_IPV6), 0},
        {"39 bytes of IPv6", A6 "tcp=5432 cut=53", BOTH(MALFORMED_IPV6), 0},
        {"20 bytes of IPv6", A6 "tcp=5432 cut=34", BOTH(MALFORMED_IPV6), 0},
        {"version 4 in an IPv6 frame", A6 "tcp=5432 version=4", BOTH(MALFORMED_IPV6), 0},
        {"IPv6 ports cut", N6 "tcp=5432 cut=57", BOTH(MALFORMED_IPV6), 0},
        {"IPv6 ports cut, allowed everywhere", A6 "tcp=5432 cut=57", V(ALLOWED_LIST), V(MALFORMED_IPV6), 0},
        {"IPv6 ports cut, system", "ip6=2001:db8::15 tcp=5432 cut=57", BOTH(ALLOWED_SYSTEM), 0},
        {"IPv6 ports cut, allowed in two scopes of three", "ip6=2001:db8::17 tcp=5432 cut=57", BOTH(MALFORMED_IPV6), 0},
        {"IPv6 ports cut, client and system together everywhere", "ip6=2001:db8::18 tcp=5432 cut=57", V(ALLOWED_LIST),
         V(MALFORMED_IPV6), 0},
        {"IPv6 ports cut, expired", "ip6=2001:db8::12 tcp=5432 cut=57", BOTH(MALFORMED_IPV6), 0},
        {"no TCP header, IPv6", N6 "tcp=5432 cut=54", BOTH(MALFORMED_IPV6), 0},
        {"only the ports, IPv6", N6 "tcp=5432 cut=58", V(REFUSED_NOT_LISTED), V(REFUSED_NOWHERE), 0},
        {"flags cut, IPv6", A6 "tcp=5432 cut=67", V(ALLOWED_LIST), V(REFUSED_NOWHERE), 0},
        {"VLAN and IPv6 cut", "vlan " A6 "tcp=5432 cut=57", BOTH(MALFORMED_IPV6), 0},

        /* IPv6 extension headers. */
        {"hop-by-hop", N6 "ext=0 tcp=5432", V(REFUSED_NOT_LISTED), V(REFUSED_NOWHERE), 0},
        {"hop-by-hop, allowed", A6 "ext=0 tcp=5432", V(ALLOWED_LIST), V(REFUSED_NOWHERE), 0},
        {"routing", N6 "ext=43 tcp=5432", V(REFUSED_NOT_LISTED), V(REFUSED_NOWHERE), 0},
        {"destination options", N6 "ext=60 tcp=5432", V(REFUSED_NOT_LISTED), V(REFUSED_NOWHERE), 0},
        {"AH", N6 "ext=51:24 tcp=5432", V(REFUSED_NOT_LISTED), V(REFUSED_NOWHERE), 0},
        {"AH, shortest", N6 "ext=51:8 tcp=5432", V(REFUSED_NOT_LISTED), V(REFUSED_NOWHERE), 0},
        {"AH, odd length, allowed", A6 "ext=51:12 tcp=5432", V(ALLOWED_LIST), V(REFUSED_NOWHERE), 0},
        {"mobility", N6 "ext=135:16 tcp=5432", V(REFUSED_NOT_LISTED), V(REFUSED_NOWHERE), 0},
        {"mobility, allowed", A6 "ext=135:16 tcp=5432", V(ALLOWED_LIST), V(REFUSED_NOWHERE), 0},
        {"extension header, not guarded", N6 "ext=60 tcp=22", BOTH(PORT_NOT_GUARDED), 0},
        {"2048 bytes of options", N6 "ext=60:2048 tcp=5432", V(REFUSED_NOT_LISTED), V(REFUSED_NOWHERE), 0},
        {"2048 bytes of options, allowed", A6 "ext=60:2048 tcp=5432", V(ALLOWED_LIST), V(REFUSED_NOWHERE), 0},
        {"ports beyond the first page", N6 "ext=60:2048 ext=60:2048 tcp=5432", V(REFUSED_NOT_LISTED),
         V(REFUSED_NOWHERE), 0},
        {"ports beyond the first page, allowed", A6 "ext=60:2048 ext=60:2048 tcp=5432", V(ALLOWED_LIST),
         V(REFUSED_NOWHERE), 0},
        {"AH of 1028 bytes", N6 "ext=51:1028 ext=51:1028 tcp=5432", V(REFUSED_NOT_LISTED), V(REFUSED_NOWHERE), 0},
        {"eight headers", N6 EXT7 "ext=60 tcp=5432", V(REFUSED_NOT_LISTED), V(REFUSED_NOWHERE), 0},
        {"eight headers, allowed", A6 EXT7 "ext=60 tcp=5432", V(ALLOWED_LIST), V(REFUSED_NOWHERE), 0},
        {"eight headers, not guarded", N6 EXT7 "ext=60 tcp=22", BOTH(PORT_NOT_GUARDED), 0},
        {"eight headers, UDP", N6 EXT7 "ext=60 proto=17 zeros=8", BOTH(NOT_TCP), 0},
        {"nine headers", N6 EXT7 "ext=60 ext=60 tcp=5432", BOTH(CHAIN_TOO_LONG), 0},
        {"nine headers, not guarded", N6 EXT7 "ext=60 ext=60 tcp=22", BOTH(CHAIN_TOO_LONG), 0},
        {"nine headers, allowed everywhere", A6 EXT7 "ext=60 ext=60 tcp=5432", V(ALLOWED_LIST), V(CHAIN_TOO_LONG), 0},
        {"nine headers, system", "ip6=2001:db8::15 " EXT7 "ext=60 ext=60 tcp=22", BOTH(ALLOWED_SYSTEM), 0},
        {"nine headers, allowed in one scope", "ip6=2001:db8::11 " EXT7 "ext=60 ext=60 tcp=5432", BOTH(CHAIN_TOO_LONG),
         0},
        {"sixteen headers", N6 EXT7 EXT7 "ext=60 ext=60 tcp=5432", BOTH(CHAIN_TOO_LONG), 0},
        {"chain cut", N6 "ext=60 tcp=5432 cut=61", BOTH(MALFORMED_IPV6), 0},
        {"chain cut, allowed everywhere", A6 "ext=60 tcp=5432 cut=61", V(ALLOWED_LIST), V(MALFORMED_IPV6), 0},
        {"chain cut inside a long header", N6 "ext=60:64 proto=17 cut=100", BOTH(MALFORMED_IPV6), 0},
        {"chain announced, nothing there", N6 "ext=60 cut=54", BOTH(MALFORMED_IPV6), 0},
        {"eighth header cut", N6 EXT7 "ext=60 cut=114", BOTH(MALFORMED_IPV6), 0},
        {"VLAN and a chain", "vlan " N6 "ext=60 tcp=5432", V(REFUSED_NOT_LISTED), V(REFUSED_NOWHERE), 0},

        /* IPv6 fragments. */
        {"whole packet in a fragment header", N6 "frag=0 tcp=5432", V(REFUSED_NOT_LISTED), V(REFUSED_NOWHERE), 0},
        {"whole packet in a fragment header, allowed", A6 "frag=0 tcp=5432", V(ALLOWED_LIST), V(REFUSED_NOWHERE), 0},
        {"reserved byte of a fragment header", N6 "frag=0 reserved=1 tcp=5432", V(REFUSED_NOT_LISTED),
         V(REFUSED_NOWHERE), 0},
        {"reserved byte that skips to an unguarded port", N6 "frag=0 reserved=3 tcp=5432 zeros=4 tcp=22",
         V(REFUSED_NOT_LISTED), V(REFUSED_NOWHERE), 0},
        {"reserved byte, allowed", A6 "frag=0 reserved=255 tcp=5432", V(ALLOWED_LIST), V(REFUSED_NOWHERE), 0},
        {"IPv6 first fragment", N6 "frag=0+ tcp=5432 zeros=4", BOTH(FIRST_FRAGMENT_REFUSED), 0},
        {"IPv6 first fragment, allowed", A6 "frag=0+ tcp=5432 zeros=4", V(ALLOWED_LIST), V(FIRST_FRAGMENT_REFUSED), 0},
        {"IPv6 first fragment, not guarded", N6 "frag=0+ tcp=22 zeros=4", BOTH(PORT_NOT_GUARDED), 0},
        {"IPv6 first fragment of UDP", N6 "frag=0+ proto=17 zeros=16", BOTH(NOT_TCP), 0},
        {"IPv6 first fragment, no ports", N6 "frag=0+ tcp=5432 cut=62", BOTH(FIRST_FRAGMENT_REFUSED), 0},
        {"IPv6 first fragment, no ports, allowed everywhere", A6 "frag=0+ tcp=5432 cut=62", V(ALLOWED_LIST),
         V(FIRST_FRAGMENT_REFUSED), 0},
        {"IPv6 first fragment, no ports, allowed in one scope", "ip6=2001:db8::11 frag=0+ tcp=5432 cut=62",
         BOTH(FIRST_FRAGMENT_REFUSED), 0},
        {"IPv6 first fragment that ends in its options", N6 "frag=0+ ext=60 tcp=5432 cut=70",
         BOTH(FIRST_FRAGMENT_REFUSED), 0},
        {"IPv6 first fragment with the chain behind it", N6 "frag=0+ ext=60 tcp=5432 zeros=4",
         BOTH(FIRST_FRAGMENT_REFUSED), 0},
        {"IPv6 first fragment of nine headers", N6 "frag=0+ " EXT7 "ext=60 ext=60 tcp=5432", BOTH(CHAIN_TOO_LONG), 0},
        {"IPv6 second fragment", N6 "frag=8 tcp=5432", BOTH(LATER_FRAGMENT_PASSED), 0},
        {"IPv6 middle fragment", N6 "frag=1024+ tcp=5432 zeros=4", BOTH(LATER_FRAGMENT_PASSED), 0},
        {"IPv6 later fragment with a reserved byte", N6 "frag=8 reserved=255 tcp=5432", BOTH(LATER_FRAGMENT_PASSED), 0},
        {"IPv6 later fragment behind options", N6 "ext=60 frag=8 tcp=5432", BOTH(LATER_FRAGMENT_PASSED), 0},
        {"IPv6 later fragment of a chain", N6 "frag=8 ext=60 cut=62", BOTH(LATER_FRAGMENT_PASSED), 0},
        {"a fragment in a fragment", N6 "frag=0 frag=0+ tcp=5432 zeros=4", BOTH(FIRST_FRAGMENT_REFUSED), 0},
        {"fragment header cut", N6 "frag=8 cut=58", BOTH(MALFORMED_IPV6), 0},
};

#endif
