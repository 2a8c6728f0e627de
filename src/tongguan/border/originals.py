"""Which originals are worth keeping: those of the exchanges that alerts would show, chosen while they pass by."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from tongguan.border.activities import in_period
from tongguan.border.evidence import SHOWN
from tongguan.border.rows import day_of
from tongguan.border.tally import Tally
from tongguan.model import Activity, Crossing, Finding

__all__ = ["Original", "Originals"]

_NONE: Mapping[str, int] = MappingProxyType({})
_Rank = tuple[int, float, str]


@dataclass(frozen=True, slots=True)
class Original:
    """An exchange to keep, and what may be shown of it without its values."""

    crossing: Crossing
    masked: str


class Originals:
    """Of each recipient, activity and data type the exchanges with most values, the earliest among equals: the same
    choice that `evidence.gather` makes for alerts. What passes by is held until `take`, which each batch calls.
    """

    def __init__(self, cover: Callable[[Crossing, frozenset[str]], Activity | None]) -> None:
        self._cover = cover
        self._best: dict[tuple[str, str | None, bool, str], list[_Rank]] = {}
        self._passing: dict[str, Original] = {}

    def see(self, crossing: Crossing, findings: Sequence[Finding] | Tally, fired: Mapping[str, int] = _NONE) -> None:
        """An exchange that may have left, with what was found in it, and the rules of policies that it set off."""
        found = findings if isinstance(findings, Tally) else Tally(findings)
        counts = Counter({type: one.count for type, one in found.types.items()})
        types = frozenset(counts)
        counts.update(fired)
        if not counts:
            return
        exchange = crossing.exchange
        activity = self._cover(crossing, types)
        late = activity is not None and not in_period(activity, day_of(exchange.ts))
        who = crossing.recipient.id or crossing.recipient.name
        chosen = False
        for kind, count in counts.items():
            best = self._best.setdefault((who, activity.id if activity else None, late, kind), [])
            rank = (-count, exchange.ts, exchange.uid)
            if len(best) < SHOWN or rank < best[-1]:
                insort(best, rank)
                del best[SHOWN:]
                chosen = True
        if chosen:
            self._passing[exchange.uid] = Original(crossing, _masked(found))

    def take(self) -> list[Original]:
        """Those since the last call that are still among the best. Their contents are those of the batch."""
        kept = {uid for best in self._best.values() for _, _, uid in best}
        chosen = [original for uid, original in self._passing.items() if uid in kept]
        self._passing.clear()
        return chosen


def _masked(found: Tally) -> str:
    """Types, how many of each, and a few masked samples. Not the text around them: names in it may go unrecognised."""
    most = sorted(found.types.items(), key=lambda pair: -pair[1].count)
    return "\n".join(f"{type} × {one.count}: {'  '.join(dict.fromkeys(one.samples.values()))}" for type, one in most)
