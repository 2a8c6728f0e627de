"""Trees and proofs that others published.

`TONGGUAN_MERKLE_VECTORS` names the folder `testdata` of github.com/transparency-dev/merkle (Apache-2.0): with it, each of
its inclusion and consistency cases is tried, right ones and spoilt ones. Its cases of subtrees belong to another draft.
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tongguan.trust.audit.merkle import (
    Proof,
    consistency_path,
    grow,
    inclusion_path,
    root_hash,
    tree_hash,
    verify_consistency,
    verify_inclusion,
)

VECTORS = os.environ.get("TONGGUAN_MERKLE_VECTORS")

# RFC 6962 section 2.1.3 draws the tree of these seven leaves; the eighth is of the certificate-transparency tests.
LEAVES = [
    bytes.fromhex(x)
    for x in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]  # fmt: skip
# (leaf, size) → path, and (first, second) → path, as certificate-transparency implementations print them.
INCLUSION = {
    (0, 8): ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7", "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e", "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"],
    (5, 8): ["bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b", "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
}  # fmt: skip
CONSISTENCY = {
    (1, 1): [],
    (6, 8): ["0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a", "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"],
    (2, 5): ["5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e", "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"],
}  # fmt: skip
SM3_EMPTY = "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b"  # of no bytes: GB/T 32905


def nodes(name: str) -> dict[tuple[int, int], bytes]:
    tree, frontier, found = tree_hash(name), {}, {}
    for index, leaf in enumerate(LEAVES):
        found |= {(level, at): value for level, at, value in grow(frontier, index, tree.leaf(leaf), tree)}
    return found


def test_published_roots_and_paths() -> None:
    found = nodes("sha256")
    at = lambda level, index: found[level, index]  # noqa: E731
    assert [root_hash(at, size).hex() for size in range(9)] == ROOTS
    for (index, size), path in INCLUSION.items():
        assert [step.hex() for step in inclusion_path(at, index, size)] == path
    for (first, second), path in CONSISTENCY.items():
        assert [step.hex() for step in consistency_path(at, first, second)] == path


@pytest.mark.parametrize("name", ["sha256", "sm3"])
def test_all_paths_of_the_example_tree(name: str) -> None:
    tree, found = tree_hash(name), nodes(name)
    at = lambda level, index: found[level, index]  # noqa: E731
    roots = [root_hash(at, size, tree) for size in range(9)]
    assert name == "sha256" or roots[0].hex() == SM3_EMPTY
    other = tree_hash("sm3" if name == "sha256" else "sha256")
    for size in range(1, 9):
        for index in range(size):
            leaf = tree.leaf(LEAVES[index])
            proof = Proof(index, size, leaf, tuple(inclusion_path(at, index, size, tree)), roots[size])
            assert verify_inclusion(leaf, proof, tree)
            assert size == 1 or not verify_inclusion(leaf, proof, other)
            path = consistency_path(at, index + 1, size, tree)
            assert verify_consistency(index + 1, size, roots[index + 1], roots[size], path, tree)


def cases(folder: str) -> list[Any]:
    if VECTORS is None:
        return [pytest.param(None, marks=pytest.mark.skip(reason="TONGGUAN_MERKLE_VECTORS names no folder"))]
    files = sorted((Path(VECTORS) / folder).rglob("*.json"))
    assert files, f"no vectors under {VECTORS}/{folder}"
    return [pytest.param(file, id=str(file.relative_to(VECTORS))) for file in files]


def hashes(values: list[str] | None) -> list[bytes]:
    return [base64.b64decode(value) for value in values or []]


@pytest.mark.parametrize("file", cases("inclusion"))
def test_published_inclusion(file: Path) -> None:
    case = json.loads(file.read_bytes())
    leaf, root = hashes([case["leafHash"] or "", case["root"] or ""])
    proof = Proof(case["leafIdx"], case["treeSize"], leaf, tuple(hashes(case["proof"])), root)
    assert verify_inclusion(leaf, proof) == (not case["wantErr"]), case["desc"]


@pytest.mark.parametrize("file", cases("consistency"))
def test_published_consistency(file: Path) -> None:
    case = json.loads(file.read_bytes())
    first, second = hashes([case["root1"] or "", case["root2"] or ""])
    holds = verify_consistency(case["size1"], case["size2"], first, second, hashes(case["proof"]))
    if case["size1"] == 0 and not case["wantErr"]:
        assert not holds, "RFC 9162 proves consistency from one leaf on; an empty tree is the beginning of all"
        return
    assert holds == (not case["wantErr"]), case["desc"]
