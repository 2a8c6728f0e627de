"""Names in running prose and what is said of persons there, as runs of `inspect` and `scan` have it read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from tongguan.errors import Missing
from tongguan.identify.detect import Prose, SaidInProse
from tongguan.identify.readers import EntityReader, StatementReader
from tongguan.nets.process import NetProcess

__all__ = ["NAME_TYPES", "names_in_prose"]

NAME_TYPES: Final = ("organisation", "person_name", "place")
"""Types that are not looked for in running prose without the model."""


@contextmanager
def names_in_prose(wanted: bool | None = None, *, least: int | None = None) -> Iterator[Prose]:
    """What reads names in prose and what is said of persons there, for as long as a run lasts. One process holds the
    nets, and starts with the first text for one.

    True: by the models; raises Missing where the extra `names` is not installed. None: by those that are installed.
    False: not at all. Without them what would have been read is counted and told as a blind spot. `least`: characters
    of a text that are read whatever their share of it.
    """
    process = NetProcess()
    names: EntityReader | None = None
    said: StatementReader | None = None
    if wanted is not False:
        try:
            names = EntityReader(process)
        except Missing:
            if wanted:
                raise
        with suppress(Missing):
            said = StatementReader(process)
    some = {} if least is None else {"least": least}
    try:
        yield Prose(names, said=SaidInProse(said, **some), **some)
    finally:
        process.close()
