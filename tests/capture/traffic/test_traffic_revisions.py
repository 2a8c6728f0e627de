"""Compiled kernels are cached by the file that they stand in: what they take from others is noted there."""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path

import pytest

import tongguan.capture.traffic as room

FOLDER = Path(room.__file__).parent
ENTRIES = sorted(path.stem for path in FOLDER.glob("*.py") if "@njit([" in path.read_text(encoding="utf-8"))


def taken(name: str) -> set[str]:
    """The modules of the room that a module takes from, and those that they take from."""
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    sources = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    direct = {source.rpartition(".")[2] for source in sources if source.startswith(f"{room.__name__}.")}
    return direct.union(*(taken(each) for each in direct))


def test_the_kernels_that_are_compiled_at_import_are_known() -> None:
    assert ENTRIES == ["assemble", "decode", "gathering", "keeping", "records"]


@pytest.mark.parametrize("name", ENTRIES)
def test_the_revision_is_that_of_what_is_compiled_in(name: str) -> None:
    texts = "".join((FOLDER / f"{each}.py").read_text(encoding="utf-8") for each in sorted(taken(name)))
    revision = hashlib.sha256(texts.encode()).hexdigest()[:8]
    assert f'REVISION = "{revision}"' in (FOLDER / f"{name}.py").read_text(encoding="utf-8"), (
        f'{name}.py: write REVISION = "{revision}", so that its kernels are compiled anew'
    )
