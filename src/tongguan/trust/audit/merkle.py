"""Merkle trees of RFC 9162 section 2.1: pure functions of hashes, no storage.

The hash is SHA-256 unless a function is given another `TreeHash`; both here have 32 bytes.
A tree of `size` leaves is addressed by complete subtrees: the node (level, index) covers the leaves
`index << level` up to `(index + 1) << level`, exclusive. Whoever stores those nodes can answer for any root, inclusion
or consistency proof; `Nodes` is how this module asks for one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Literal

from tongguan.errors import BadInput

__all__ = [
    "EMPTY_ROOT",
    "SHA256",
    "HashName",
    "Nodes",
    "Proof",
    "TreeHash",
    "consistency_path",
    "frontier_root",
    "grow",
    "inclusion_path",
    "leaf_hash",
    "node_hash",
    "place",
    "root_hash",
    "tree_hash",
    "verify_consistency",
    "verify_inclusion",
]

Nodes = Callable[[int, int], bytes]  # (level, index) of a complete subtree → its hash

HashName = Literal["sha256", "sm3"]
HASH_SIZE = 32

EMPTY_ROOT = sha256(b"").digest()


@dataclass(frozen=True, slots=True)
class Proof:
    """That the leaf at `index` stands in the tree of `size` leaves whose root is `root`.

    The root is only as good as where it came from: compare it with a signed checkpoint or a copy kept elsewhere.
    """

    index: int
    size: int
    leaf: bytes  # leaf hash, 32 bytes
    path: tuple[bytes, ...]  # sibling hashes from the leaf upwards
    root: bytes


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256 of 0x00 and the entry."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01 and the two children."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class TreeHash:
    """The hash of a tree: of leaves, of inner nodes, and of no leaves at all."""

    name: HashName
    leaf: Callable[[bytes], bytes]
    node: Callable[[bytes, bytes], bytes]
    empty: bytes


SHA256 = TreeHash("sha256", leaf_hash, node_hash, EMPTY_ROOT)


@cache
def tree_hash(name: str) -> TreeHash:
    """The tree hash of this name: sha256 (FIPS 180-4) or sm3 (GB/T 32905). Raises BadInput."""
    if name == "sha256":
        return SHA256
    if name != "sm3":
        raise BadInput(f"{name[:40]!r} is no hash of an audit log; expected sha256 or sm3")
    from tongguan.trust.ciphers import digest

    return TreeHash(
        "sm3",
        lambda entry: digest("sm3", b"\x00" + entry),
        lambda left, right: digest("sm3", b"\x01" + left + right),
        digest("sm3", b""),
    )


def place(level: int, index: int) -> int:
    """How many nodes are complete before this one in a tree that grows: where it stands among all of them.

    What a proof needs of the lower levels stands close together, and what `grow` returns follows on one another.
    """
    last = ((index + 1) << level) - 1  # the leaf that completes it
    return 2 * last - last.bit_count() + level


def root_hash(nodes: Nodes, size: int, tree: TreeHash = SHA256) -> bytes:
    """MTH of the first `size` leaves."""
    return _range_hash(nodes, 0, size, tree) if size else tree.empty


def grow(frontier: dict[int, bytes], index: int, leaf: bytes, tree: TreeHash = SHA256) -> list[tuple[int, int, bytes]]:
    """Add the leaf `index` to a frontier (level → hash of the complete subtrees that make up the tree), in place.

    Returns the nodes that are complete now, from the leaf up: (level, index, hash).
    """
    level, made = 0, leaf
    nodes = [(0, index, leaf)]
    while index & 1:
        made = tree.node(frontier.pop(level), made)
        level += 1
        index >>= 1
        nodes.append((level, index, made))
    frontier[level] = made
    return nodes


def frontier_root(frontier: dict[int, bytes], tree: TreeHash = SHA256) -> bytes:
    """Root of the tree that a frontier makes up."""
    found = None
    for level in sorted(frontier):
        found = frontier[level] if found is None else tree.node(frontier[level], found)
    return tree.empty if found is None else found


def inclusion_path(nodes: Nodes, index: int, size: int, tree: TreeHash = SHA256) -> list[bytes]:
    """PATH(index, D[size]) of section 2.1.3.1. Raises IndexError unless 0 <= index < size."""
    if not 0 <= index < size:
        raise IndexError(f"no leaf {index} in a tree of {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_hash(nodes, middle, end, tree))
            end = middle
        else:
            path.append(_range_hash(nodes, start, middle, tree))
            start = middle
    return path[::-1]


def consistency_path(nodes: Nodes, first: int, second: int, tree: TreeHash = SHA256) -> list[bytes]:
    """PROOF(first, D[second]) of section 2.1.4.1. Raises IndexError unless 0 < first <= second."""
    if not 0 < first <= second:
        raise IndexError(f"no consistency proof from size {first} to size {second}")
    path: list[bytes] = []
    start, end, whole = 0, second, True
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            path.append(_range_hash(nodes, middle, end, tree))
            end = middle
        else:
            path.append(_range_hash(nodes, start, middle, tree))
            start, whole = middle, False
    if not whole:
        path.append(_range_hash(nodes, start, end, tree))
    return path[::-1]


def verify_inclusion(leaf: bytes, proof: Proof, tree: TreeHash = SHA256) -> bool:
    """Whether `proof` leads from the leaf hash `leaf` to the proof's root (section 2.1.3.2)."""
    if not 0 <= proof.index < proof.size or leaf != proof.leaf or len(leaf) != HASH_SIZE:
        return False
    index, last, found = proof.index, proof.size - 1, leaf
    for sibling in proof.path:
        if last == 0:
            return False
        if index & 1 or index == last:
            found = tree.node(sibling, found)
            while not index & 1 and index:
                index >>= 1
                last >>= 1
        else:
            found = tree.node(found, sibling)
        index >>= 1
        last >>= 1
    return last == 0 and found == proof.root


def verify_consistency(
    first: int, second: int, first_root: bytes, second_root: bytes, path: Sequence[bytes], tree: TreeHash = SHA256
) -> bool:
    """Whether the tree of `second` leaves begins with the tree of `first` leaves (section 2.1.4.2)."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not path and first_root == second_root
    whole = first & (first - 1) == 0
    steps = [first_root, *path] if whole else list(path)
    if not steps:
        return False
    index, last = first - 1, second - 1
    while index & 1:
        index >>= 1
        last >>= 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if index & 1 or index == last:
            old, new = tree.node(step, old), tree.node(step, new)
            while not index & 1 and index:
                index >>= 1
                last >>= 1
        else:
            new = tree.node(new, step)
        index >>= 1
        last >>= 1
    return last == 0 and old == first_root and new == second_root


def _split(width: int) -> int:
    """The largest power of two smaller than `width`."""
    return 1 << (width - 1).bit_length() - 1


def _range_hash(nodes: Nodes, start: int, end: int, tree: TreeHash) -> bytes:
    """Hash of the leaves from `start` to `end`, where `start` is a multiple of the range's largest complete subtree.

    The range falls into complete subtrees of shrinking size; they are joined from the right.
    """
    parts: list[bytes] = []
    while start < end:
        level = (end - start).bit_length() - 1
        parts.append(nodes(level, start >> level))
        start += 1 << level
    found = parts.pop()
    while parts:
        found = tree.node(parts.pop(), found)
    return found
