"""Names in running prose, as runs of `inspect` and `scan` have them read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tongguan.errors import Missing
from tongguan.identify.detect import Prose
from tongguan.identify.entities import EntityReader

__all__ = ["NAME_TYPES", "names_in_prose"]

NAME_TYPES: Final = ("organisation", "person_name", "place")
"""Types that are not looked for in running prose without the model."""


@contextmanager
def names_in_prose(wanted: bool | None = None) -> Iterator[Prose]:
    """What reads names in prose, for as long as a run lasts. The model starts with the first sentence for it.

    True: by the model; raises Missing where the extra `names` is not installed. None: by the model where it is
    installed. False: not at all. Without it what would have been read is counted and told as a blind spot.
    """
    reader: EntityReader | None = None
    if wanted is not False:
        try:
            reader = EntityReader()
        except Missing:
            if wanted:
                raise
    try:
        yield Prose(reader)
    finally:
        if reader is not None:
            reader.close()
