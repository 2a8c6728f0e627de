"""The catalogue as a file: CSV, JSON, Parquet or a workbook by its suffix, whole or not at all."""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from tongguan import whole_file
from tongguan.casework.assets.catalogue import Catalogue
from tongguan.casework.assets.querying import VIEWS, Filter, rows
from tongguan.casework.assets.workbook import write_workbook
from tongguan.errors import BadInput
from tongguan.wording import readable

__all__ = ["FORMATS", "export", "format_of"]

FORMATS = (".csv", ".json", ".parquet", ".xlsx")
BATCH = 5_000
FORMULA = ("=", "+", "-", "@", "\t", "\r")

Rows = Iterator[dict[str, Any]]


def format_of(path: Path) -> str:
    """Its suffix. Raises BadInput where that is no format."""
    if path.suffix.lower() not in FORMATS:
        raise BadInput(f"{readable(str(path))}: expected a name that ends in {', '.join(FORMATS)}")
    return path.suffix.lower()


def export(catalogue: Catalogue, path: Path, view: str = "units", chosen: Filter = Filter()) -> int:  # noqa: B008
    """Write the rows of a view (JSON: of all views), in bounded memory; how many. Raises BadInput, CannotWrite."""
    form = format_of(path)
    with whole_file.replacing(path) as file:
        if form == ".parquet":
            count = _parquet(file, rows(catalogue, view, chosen))
        elif form == ".xlsx":
            count = write_workbook(file, _lines(rows(catalogue, view, chosen)), view)
        elif form == ".csv":
            with _text(file, "utf-8-sig") as text:
                count = _csv(text, rows(catalogue, view, chosen))
        else:
            with _text(file, "utf-8") as text:
                count = _json(text, lambda each: rows(catalogue, each, chosen))
    return count


@contextmanager
def _text(file: BinaryIO, encoding: str) -> Iterator[TextIO]:
    text = TextIOWrapper(file, encoding, newline="")
    yield text
    text.detach()  # the file stays open


def _csv(file: TextIO, found: Rows) -> int:
    """Lists and samples as JSON. A cell that a spreadsheet would take for a formula is led by an apostrophe."""
    writer, count = csv.writer(file, lineterminator="\r\n"), 0
    for count, row in enumerate(found, 1):
        if count == 1:
            writer.writerow(row)
        writer.writerow(_cell(value) for value in row.values())
    return count


def _lines(found: Rows) -> Iterator[list[Any]]:
    """The heads, then the rows; lists and samples as JSON."""
    for number, row in enumerate(found):
        if number == 0:
            yield list(row)
        yield [_packed(value) for value in row.values()]


def _cell(value: Any) -> Any:
    if isinstance(value, (list, dict)):
        value = json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _json(file: TextIO, of_view: Callable[[str], Rows]) -> int:
    count = 0
    for number, view in enumerate(VIEWS):
        file.write(("{" if number == 0 else ",") + f'"{view}":[')
        for place, row in enumerate(of_view(view)):
            file.write(("" if place == 0 else ",") + "\n" + json.dumps(row, ensure_ascii=False))
            count += 1
        file.write("]\n")
    file.write("}\n")
    return count


def _parquet(file: BinaryIO, found: Rows) -> int:
    """Columns of text, whole numbers, fractions or truth by their first values; lists and samples as JSON."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    count, writer = 0, None
    try:
        while batch := list(itertools.islice(found, BATCH)):
            plain = [{name: _packed(value) for name, value in row.items()} for row in batch]
            if writer is None:
                schema = pa.schema([(name, _arrow_type(name)) for name in plain[0]])
                writer = pq.ParquetWriter(file, schema)
            writer.write_table(pa.Table.from_pylist(plain, schema=writer.schema))
            count += len(batch)
        if writer is None:
            pq.write_table(pa.table({}), file)
    finally:
        if writer is not None:
            writer.close()
    return count


_NUMBERS = frozenset(
    {"size", "rows", "persons", "persons_low", "persons_high", "ordinal", "found", "count", "units", "id"}
)


def _arrow_type(name: str) -> Any:
    import pyarrow as pa

    if name in _NUMBERS:
        return pa.int64()
    if name in ("sensitive", "complete", "no_data"):
        return pa.bool_()
    return pa.float64() if name in ("score", "document_probability") else pa.string()


def _packed(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else value
