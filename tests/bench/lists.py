# SPDX-License-Identifier: Apache-2.0
"""Random, disjoint, ascending prefixes of mixed lengths: the same list for everybody who is compared."""
import ipaddress
import random

# Length: share. Like lists that people keep: mostly single addresses, some offices, a few providers.
LENGTHS = {4: {32: 60, 28: 15, 24: 20, 22: 4, 20: 1},
           6: {128: 50, 64: 30, 56: 10, 48: 9, 40: 1}}
SPACE = {4: (0x0B000000, 0xDF000000, 32), 6: (0x2 << 124, 0x4 << 124, 128)}  # first address, end, bits


def prefixes(family, count):
    """A generator of (first address as a number, length)."""
    rng = random.Random(count * 10 + family)
    lengths = rng.choices(list(LENGTHS[family]), list(LENGTHS[family].values()), k=count)
    low, end, bits = SPACE[family]
    at = low
    for left, length in zip(range(count, 0, -1), lengths):
        size = 1 << (bits - length)
        # A gap that leaves room for the rest, on average; then the next place where such a prefix may begin.
        at += rng.randrange((end - at) // left) if left > 1 else 0
        at = (at + size - 1) & -size
        yield at, length
        at += size


def write(path, family, count):
    """One prefix a line, as `filter set` and nft read it."""
    kind = ipaddress.IPv4Address if family == 4 else ipaddress.IPv6Address
    with open(path, "w") as out:
        out.writelines(f"{kind(first)}/{length}\n" for first, length in prefixes(family, count))
    return path
