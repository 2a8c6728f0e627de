"""The tree against a second, slow implementation written straight from the definitions of RFC 9162 section 2.1."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongguan.trust import Proof, leaf_hash, verify_consistency, verify_inclusion
from tongguan.trust.audit.merkle import (
    EMPTY_ROOT,
    consistency_path,
    frontier_root,
    grow,
    inclusion_path,
    root_hash,
)

LEAVES = [f"entry {n}".encode() for n in range(70)]


def mth(leaves: list[bytes]) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0]).digest()
    k = largest_power_below(len(leaves))
    return sha256(b"\1" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = largest_power_below(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = largest_power_below(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def largest_power_below(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


@pytest.fixture(scope="module")
def nodes() -> dict[tuple[int, int], bytes]:
    """All complete subtrees over LEAVES."""
    frontier: dict[int, bytes] = {}
    found: dict[tuple[int, int], bytes] = {}
    for index, leaf in enumerate(LEAVES):
        for level, place, value in grow(frontier, index, leaf_hash(leaf)):
            found[level, place] = value
        assert frontier_root(frontier) == mth(LEAVES[: index + 1])
    return found


def test_published_roots() -> None:
    """The roots of the eight test leaves that certificate-transparency implementations share."""
    leaves = [bytes.fromhex(x) for x in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
    leaves.append(bytes.fromhex("606162636465666768696a6b6c6d6e6f"))
    frontier: dict[int, bytes] = {}
    roots = []
    for index, leaf in enumerate(leaves):
        grow(frontier, index, leaf_hash(leaf))
        roots.append(frontier_root(frontier).hex())
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert roots[0] == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert roots[-1] == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_every_inclusion(nodes: dict[tuple[int, int], bytes]) -> None:
    at = lambda level, index: nodes[level, index]  # noqa: E731
    for size in range(1, len(LEAVES) + 1):
        root = root_hash(at, size)
        assert root == mth(LEAVES[:size])
        for index in range(size):
            steps = inclusion_path(at, index, size)
            assert steps == path(index, LEAVES[:size])
            leaf = leaf_hash(LEAVES[index])
            assert verify_inclusion(leaf, Proof(index, size, leaf, tuple(steps), root))


def test_every_consistency(nodes: dict[tuple[int, int], bytes]) -> None:
    at = lambda level, index: nodes[level, index]  # noqa: E731
    roots = [mth(LEAVES[:size]) for size in range(len(LEAVES) + 1)]
    for second in range(1, len(LEAVES) + 1):
        for first in range(1, second + 1):
            steps = consistency_path(at, first, second)
            assert steps == subproof(first, LEAVES[:second], True)
            assert verify_consistency(first, second, roots[first], roots[second], steps)
            assert not verify_consistency(first, second, roots[first - 1], roots[second], steps)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_changed_inclusion_proof_fails(nodes: dict[tuple[int, int], bytes], data: st.DataObject) -> None:
    at = lambda level, index: nodes[level, index]  # noqa: E731
    size = data.draw(st.integers(1, len(LEAVES)))
    index = data.draw(st.integers(0, size - 1))
    leaf, steps, root = leaf_hash(LEAVES[index]), inclusion_path(at, index, size), root_hash(at, size)
    match data.draw(st.sampled_from(["index", "leaf", "root", "extra", "short", "step", "other leaf"])):
        case "index":
            index ^= 1 << data.draw(st.integers(0, 7))
        case "leaf":
            leaf = leaf_hash(b"another")
        case "root":
            root = mth(LEAVES[: size - 1])
        case "extra":
            steps.insert(data.draw(st.integers(0, len(steps))), leaf)
        case "short" if steps:
            steps.pop(data.draw(st.integers(0, len(steps) - 1)))
        case "step" if steps:
            at_ = data.draw(st.integers(0, len(steps) - 1))
            steps[at_] = leaf_hash(steps[at_])
        case _:
            proof = Proof(index, size, leaf, tuple(steps), root)
            assert not verify_inclusion(leaf_hash(b"not this one"), proof)
            return
    assert not verify_inclusion(leaf, Proof(index, size, leaf, tuple(steps), root))


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_changed_consistency_proof_fails(nodes: dict[tuple[int, int], bytes], data: st.DataObject) -> None:
    at = lambda level, index: nodes[level, index]  # noqa: E731
    second = data.draw(st.integers(2, len(LEAVES)))
    first = data.draw(st.integers(1, second - 1))
    steps = consistency_path(at, first, second)
    old, new = root_hash(at, first), root_hash(at, second)
    match data.draw(st.sampled_from(["old", "new", "extra", "short", "step", "sizes"])):
        case "old":
            old = leaf_hash(old)
        case "new":
            new = leaf_hash(new)
        case "extra":
            steps.append(old)
        case "short":
            steps.pop(data.draw(st.integers(0, len(steps) - 1)))
        case "step":
            place = data.draw(st.integers(0, len(steps) - 1))
            steps[place] = leaf_hash(steps[place])
        case "sizes":
            first, second = second, first
    assert not verify_consistency(first, second, old, new, steps)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_no_path_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(IndexError):
        inclusion_path(lambda _level, _index: b"", index, size)


@pytest.mark.parametrize(("first", "second"), [(0, 3), (4, 3), (-1, 3)])
def test_no_consistency_outside_the_tree(first: int, second: int) -> None:
    with pytest.raises(IndexError):
        consistency_path(lambda _level, _index: b"", first, second)
    assert not verify_consistency(first, second, EMPTY_ROOT, EMPTY_ROOT, [])
