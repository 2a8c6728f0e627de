"""Compiled kernels are cached by the file that they stand in: what they take from other files is noted there."""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path

import pytest

from tongguan.identify.extract import kernels

FOLDER = Path(kernels.__file__).parent
ENTRIES = sorted(path.stem for path in FOLDER.glob("*.py") if "\n@compiled(" in path.read_text(encoding="utf-8"))


def taken(name: str) -> set[str]:
    """The modules of the kernels that a module takes from, and those that they take from."""
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    sources = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    direct = {source.rpartition(".")[2] for source in sources if source.startswith(f"{kernels.__name__}.")}
    return direct.union(*(taken(each) for each in direct))


@pytest.mark.parametrize("name", [name for name in ENTRIES if taken(name) - {"compiled"}])
def test_the_revision_is_that_of_what_is_compiled_in(name: str) -> None:
    texts = "".join((FOLDER / f"{each}.py").read_text(encoding="utf-8") for each in sorted(taken(name)))
    revision = hashlib.sha256(texts.encode()).hexdigest()[:8]
    assert f'REVISION = "{revision}"' in (FOLDER / f"{name}.py").read_text(encoding="utf-8"), (
        f'{name}.py: write REVISION = "{revision}", so that its kernels are compiled anew'
    )


def test_kernels_that_take_from_others_are_known() -> None:
    assert {"document", "page", "sheet_cells", "sheet_text", "tags"} <= set(ENTRIES)
