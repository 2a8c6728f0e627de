"""Any other database that SQLAlchemy has a dialect for: what its inspector tells, and the first rows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import sqlalchemy as sa

from tongguan.capture.stores.databases.dialect import Limits, Listed, Run, Special, Texts
from tongguan.capture.stores.units import Column, Unseen

__all__ = ["Generic"]


class Generic:
    """Neither read-only sessions nor limits of time are known here: give it an account that may only read."""

    raw = False

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.texts = Texts()

    def begin(self) -> None: ...

    def prepare(self, connection: Any) -> None: ...

    def listing(self, run: Run) -> Iterator[Listed | Unseen]:
        for schema in run(lambda connection: sa.inspect(connection).get_schema_names()):
            if schema.lower() in ("information_schema", "sys"):
                continue
            tables, views = run(partial(_names, schema))
            yield from (Listed(schema, name) for name in tables)
            yield from (Listed(schema, name, why_not="view") for name in views)

    def size(self, run: Run) -> int:
        return 0

    def columns(self, connection: sa.Connection, schema: str, name: str) -> list[Column]:
        inspector = sa.inspect(connection)
        keys = set(inspector.get_pk_constraint(name, schema).get("constrained_columns") or ())
        alone = {c[0] for c in _unique(inspector, name, schema) if len(c) == 1}
        return [
            Column(
                each["name"],
                str(each["type"]),
                each.get("comment") or "",
                bool(each["nullable"]),
                each["name"] in keys,
                unique=each["name"] in alone,
            )
            for each in inspector.get_columns(name, schema)
        ]

    def cell(self, column: Any, about: Column, most: int) -> Any:
        return column

    def key(self, connection: sa.Connection, listed: Listed, columns: list[Column]) -> str | None:
        return None

    def estimate(self, connection: sa.Connection, listed: Listed, table: Any) -> int | None:
        return None

    def special(self, listed: Listed, table: Any, estimate: int, rows: int) -> Special | None:
        return None

    def coin(self, share: float) -> Any | None:
        return None

    def sever(self, connection: Any) -> None: ...

    def reason(self, error: BaseException) -> tuple[str, str]:
        return "failed", type(error).__name__


def _names(schema: str, connection: sa.Connection) -> tuple[list[str], list[str]]:
    inspector = sa.inspect(connection)
    return inspector.get_table_names(schema), inspector.get_view_names(schema)


def _unique(inspector: sa.Inspector, name: str, schema: str) -> list[list[str]]:
    """Columns of the constraints by which no values come twice; not every dialect tells them."""
    try:
        return [each["column_names"] for each in inspector.get_unique_constraints(name, schema)]
    except NotImplementedError:
        return []
