"""What a page says when something was refused."""

from __future__ import annotations

from fastapi import HTTPException

from tongguan.errors import Denied, TongguanError
from tongguan.service.console.visit import Visit

__all__ = ["refuse_unseen", "told"]


def told(visit: Visit, error: TongguanError) -> str:
    """What went wrong, in the visitor's language where it comes in both."""
    return visit.say(error.text) if error.text else str(error)


def refuse_unseen(error: TongguanError) -> None:
    """To whoever may not see a record, it looks as if it were not there. Raises 404."""
    if isinstance(error, Denied) and error.scope:
        raise HTTPException(404) from error
