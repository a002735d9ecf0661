"""Hashes of seals: a Merkle tree over leaves, and a chain over roots. SHA-256 throughout.

The tree is that of RFC 6962, section 2.1: a leaf is hashed behind a byte 0, a node behind a byte 1,
so that no node passes for a leaf; what has no neighbour goes up as it is. The head of a seal is
hashed behind a byte 2. Lists of hashes are never empty; a hash is 32 bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import zip_longest

from upheld.calendar.instant import Instant


def leaf_hash(subject: str, seq: int, link: bytes) -> bytes:
    """The leaf of a subject whose chain ended in ``link`` at event ``seq``."""
    return sha256(b"\0" + f"{seq} {subject}\n".encode() + link).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The node above two others."""
    return sha256(b"\1" + left + right).digest()


def head_hash(previous: bytes, number: int, at: Instant, root: bytes, leaves: int) -> bytes:
    """The head of a seal; ``previous`` is that of the seal before, b"" for the first."""
    return sha256(b"\2" + f"{number} {at} {leaves}\n".encode() + root + previous).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over the leaves in their order."""
    return levels(hashes)[-1][0]


def levels(hashes: Sequence[bytes]) -> list[Sequence[bytes]]:
    """The tree from its leaves to its root, a list a level."""
    tree = [hashes]
    while len(tree[-1]) > 1:
        below = tree[-1]
        pairs = zip_longest(below[::2], below[1::2])
        tree.append([a if b is None else node_hash(a, b) for a, b in pairs])
    return tree


def path_of(tree: Sequence[Sequence[bytes]], place: int) -> list[bytes]:
    """What to hash the leaf at ``place`` (from 0) with on its way to the root, lowest first."""
    path = []
    for level in tree:
        neighbour = place ^ 1
        if neighbour < len(level):
            path.append(level[neighbour])
        place //= 2
    return path


def climb(leaf: bytes, place: int, leaves: int, path: Iterable[bytes]) -> bytes | None:
    """The root that a path leads to from the leaf at ``place`` of ``leaves``; None: no such path."""
    if not 0 <= place < leaves:
        return None
    found, steps = leaf, list(path)
    while leaves > 1:
        if place ^ 1 < leaves:
            if not steps:
                return None
            step = steps.pop(0)
            found = node_hash(step, found) if place % 2 else node_hash(found, step)
        place, leaves = place // 2, (leaves + 1) // 2
    return None if steps else found
