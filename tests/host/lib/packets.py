# SPDX-License-Identifier: Apache-2.0
"""Frames made by hand: TCP over IPv4 and IPv6, with right checksums; and the way back."""
import ipaddress
import struct

SYN, ACK, RST, FIN = 0x02, 0x10, 0x04, 0x01


def _sum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def tcp(src_mac, dst_mac, src, dst, sport, dport, flags=SYN, seq=1, ack=0, payload=b""):
    """An Ethernet frame with one segment."""
    a, b = ipaddress.ip_address(src), ipaddress.ip_address(dst)
    length = 20 + len(payload)
    segment = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 5 << 4, flags, 65535, 0, 0) + payload
    if a.version == 4:
        pseudo = a.packed + b.packed + struct.pack("!BBH", 0, 6, length)
        header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + length, 0, 0, 64, 6, 0, a.packed, b.packed)
        header = header[:10] + struct.pack("!H", _sum(header)) + header[12:]
        ethertype = 0x0800
    else:
        pseudo = a.packed + b.packed + struct.pack("!II", length, 6)
        header = struct.pack("!IHBB", 6 << 28, length, 6, 64) + a.packed + b.packed
        ethertype = 0x86DD
    segment = segment[:16] + struct.pack("!H", _sum(pseudo + segment)) + segment[18:]
    return mac(dst_mac) + mac(src_mac) + struct.pack("!H", ethertype) + header + segment


def parse_tcp(frame):
    """(source, sport, destination, dport, flags) of a frame without options in its IP header, or None."""
    if len(frame) < 54:
        return None
    ethertype = struct.unpack("!H", frame[12:14])[0]
    if ethertype == 0x0800 and frame[23] == 6:
        at, src, dst = 14 + (frame[14] & 15) * 4, frame[26:30], frame[30:34]
    elif ethertype == 0x86DD and frame[20] == 6:
        at, src, dst = 54, frame[22:38], frame[38:54]
    else:
        return None
    if len(frame) < at + 14:
        return None
    sport, dport = struct.unpack("!HH", frame[at:at + 4])
    return str(ipaddress.ip_address(src)), sport, str(ipaddress.ip_address(dst)), dport, frame[at + 13]
