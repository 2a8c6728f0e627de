from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from known_tables import KEY, Index

from tongguan.identify.fingerprints import TableIndex, build_table


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """Makes the index of a table given by its columns, and opens it."""
    made = iter(range(1000))

    def make(columns: Mapping[str, Sequence[object]]) -> TableIndex:
        path = tmp_path / f"{next(made)}.tgfp"
        build_table([pa.RecordBatch.from_pydict(dict(columns))], path, KEY)
        return TableIndex(path, KEY)

    return make
