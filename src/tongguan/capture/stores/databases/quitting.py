"""PyMySQL's connection that lets go of what it was reading once it is cut.

The driver's own cursors, and their results when they are forgotten, read what is left before they close, also from a
connection that is no more, and fail over that in a way of their own.
"""

from __future__ import annotations

from typing import Any

from pymysql.connections import Connection  # type: ignore[import-untyped]

__all__ = ["QuittingConnection"]


class QuittingConnection(Connection):  # type: ignore[misc]
    """A connection to MySQL or MariaDB."""

    _result: Any

    def _force_close(self) -> None:
        if self._result is not None:
            self._result.unbuffered_active = False
        super()._force_close()

    __del__ = _force_close
