"""Points for and against the types of one column: its name, its comment, its values.

Points are natural logarithms of odds (weights of evidence, I. J. Good 1950). Values speak by how much more often they
pass a type's checks than values of other columns would: n · KL(share ‖ chance), with n distinct values of at most
twelve, for the cells of a column are not independent of each other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.tables import kernel
from tongguan.identify.tables.looks import Looks
from tongguan.identify.tables.naming import KEYED, WEAK, Reading, read_comment, read_name
from tongguan.identify.tables.rules import OWN_CHECK, RULES, Rule
from tongguan.identify.tables.verdict import Part, Protection, Source
from tongguan.identify.types import TYPES
from tongguan.wording import wording

__all__ = ["Candidate", "percent", "said", "weigh"]

PRIOR: Final = -4.0
_NAMED: Final = 7.0  # most that name and comment can say together
_AGAINST: Final = -6.0
_NUMBER: Final = -2.5
_TURNED: Final = -1.5
_AMBIGUOUS: Final = frozenset(
    {"username", "person_name", "bank_card", "organisation", "financial_account", "occupation"}
)
_CONTRADICTED: Final = 0.6  # share of what a name says where the comment says another type
_HALF: Final = 0.5  # share of the values that must fit
_ENOUGH: Final = 12  # distinct values beyond which more say nothing new
_CLOSED_SHARE: Final = 0.9  # share of the values that a short list must take in where nothing else speaks for it
_MASKED: Final = 4.8  # points for values that are hidden in the way usual for a type
_CLOSED: Final = 200  # distinct values of which a short list has fewer
_FEW: Final = 3  # values below which a misfit says little
_ADDRESS: Final = 120  # characters of an address at most; longer texts only mention one
_CERTAIN: Final = 4.0  # points of name and comment from which even unusual values of a person's name are believed
_RUNNING: Final = frozenset({"phone", "bank_card", "imei", "imsi", "qq", "landline", "passport", "id_card"})

_TEXTS: Final = wording("tongguan.identify.tables")


@dataclass(slots=True)
class Candidate:
    """A type that a column may be of, with what speaks for and against it."""

    type: str
    parts: list[Part]
    fits: NDArray[np.bool_]  # distinct values that pass its checks
    named: bool  # by name or comment
    protection: Protection = "clear"
    extra: list[Part] = field(default_factory=list)  # of neighbours

    @property
    def points(self) -> float:
        return sum(part.points for part in self.parts) + sum(part.points for part in self.extra)

    @property
    def score(self) -> float:
        return 1 / (1 + math.exp(-max(-50.0, min(50.0, self.points))))


def said(source: Source, points: float, key: str, **values: object) -> Part:
    """A piece of evidence with its text in both languages; a value `type` is given as a type's id."""
    both = {}
    for language in ("zh", "en"):
        named = {k: getattr(TYPES[str(v)], language) if k == "type" else v for k, v in values.items()}
        both[language] = _TEXTS.texts[key][language].format(**named)
    return Part(source, points, both)


def percent(share: float) -> str:
    """`98 %`; what is neither nothing nor all is not rounded to it."""
    if 0 < share < 0.01:
        return "<1%"
    return f"{min(share, 0.99) if share < 1 else share:.0%}"


def weigh(name: str, comment: str | None, looks: Looks) -> list[Candidate]:
    """Candidates of one column, without regard to its neighbours; best first."""
    by_name = read_name(name)
    by_comment = read_comment(comment) if comment else Reading()
    candidates = []
    for type in _possible(by_name, by_comment, looks):
        rule = RULES[type]
        parts = _named(type, by_name, by_comment)
        told = sum(part.points for part in parts)
        named = told > 0
        fits = _fits(rule, looks, told)
        candidate = Candidate(type, parts, fits, named)
        _judge_values(candidate, rule, looks)
        if not named and (word := by_name.number or by_comment.number):
            parts.append(said("name", _NUMBER, "number", word=word))
        elif not named and type not in by_name.types and (word := by_name.turned):
            parts.append(said("name", _TURNED, "turned", word=word))
        parts.append(said("values", PRIOR, "rare", type=type))
        candidates.append(candidate)
    return sorted(candidates, key=lambda c: -c.points)


def _possible(name: Reading, comment: Reading, looks: Looks) -> Iterable[str]:
    types = dict.fromkeys(t for t in (*name.types, *comment.types) if t in RULES)
    masked = looks.share(looks.has(kernel.MASKED)) >= _HALF
    for type, rule in RULES.items():
        if type not in types and (_passes(rule, looks) or (masked and _is_masked(rule, looks))):
            types[type] = None
    return types


def _passes(rule: Rule, looks: Looks) -> bool:
    """Whether enough values pass a rule's checks by themselves."""
    least = _CLOSED_SHARE if rule.closed else _HALF
    return _may_speak(rule, looks) and looks.share(_any(rule.checks, looks)) >= least


def _may_speak(rule: Rule, looks: Looks) -> bool:
    """Whether it is worth while to try a rule's checks on a column that nothing else speaks for."""
    if not rule.checks or not looks.distinct or (rule.closed and looks.distinct > _CLOSED):
        return False
    for name in rule.checks:
        known = looks.passed.get(name)
        tried = known is not None or name.startswith(OWN_CHECK) or not looks.is_plain
        if tried and looks.is_hopeful(name) and (known is not looks.none or len(rule.checks) > 1):
            return True
    return False


def _named(type: str, name: Reading, comment: Reading) -> list[Part]:
    parts: list[Part] = []
    left = _NAMED
    for source, reading in (("name", name), ("comment", comment)):
        if type in reading.types:
            points, word = reading.types[type]
            if source == "name" and points > 0 and type in _AMBIGUOUS and _is_other(type, comment):
                points *= _CONTRADICTED  # user_name, whose comment is 收货人姓名: comments are written to explain
            elif source == "comment" and points > 0 and name.refers and type == "person_name":
                points = KEYED  # owner_user_id, whose comment is 负责人: a number that stands for them
            elif source == "comment" and points > 0 and name.turned not in (None, "by"):
                points /= 2  # request_url, whose comment is 请求地址
            key = source if points > 0 else f"{source}_against"
            points = min(points, left)
            left -= max(points, 0.0)
            parts.append(said(source, points, key, word=word, type=type))  # type: ignore[arg-type]
    return parts


def _is_other(type: str, comment: Reading) -> bool:
    """Whether a comment plainly speaks of another type."""
    return type not in comment.types and any(points >= WEAK for points, _ in comment.types.values())


def _any(names: Iterable[str], looks: Looks) -> NDArray[np.bool_]:
    masks = [mask for name in names if (mask := _mask(name, looks)) is not looks.none]
    if not masks:
        return looks.none
    return masks[0] if len(masks) == 1 else np.logical_or.reduce(masks)


def _mask(name: str, looks: Looks) -> NDArray[np.bool_]:
    """Checks of the detectors and forms by their names, and those that are put together here."""
    if name == "name":
        return looks.has(kernel.NAME_LIKELY) | looks.first_words()
    if name == "name_loose":
        return looks.has(kernel.NAME | kernel.LATIN_NAME) | _foreign_names(looks)
    if name == "address":
        whole: NDArray[np.bool_] = looks.has(kernel.ADDRESS) & (looks.size <= _ADDRESS)
        return whole
    if name == "han_short":
        short: NDArray[np.bool_] = (looks.han == looks.size) & (looks.size >= 2) & (looks.size <= 4)
        return short
    if name == "place_name":
        return (looks.han >= 2) & (looks.size >= 3) & (looks.digits * 2 <= looks.size)
    if name == "birth":
        return looks.has(kernel.DATE | kernel.DATETIME) & (looks.days >= 19000101) & (looks.days <= looks.latest)
    if name == "words":
        return (
            (looks.size > looks.digits) & (looks.size >= 2) & ~looks.has(kernel.DECIMAL | kernel.DATE | kernel.DATETIME)
        )
    if name == "two_digits":
        return looks.has(kernel.DIGITS) & (looks.size <= 2)
    if name == "opaque":
        return (looks.size >= 4) & ~looks.has(kernel.DATE | kernel.DATETIME)
    if name == "degrees":
        return looks.has(kernel.DECIMAL) & (looks.size <= 24)
    return looks.check(name)


def _foreign_names(looks: Looks) -> NDArray[np.bool_]:
    """Names of other writings: letters, spaces and points only."""
    letters: NDArray[np.bool_] = (looks.digits == 0) & (looks.size >= 2) & (looks.size <= 40) & (looks.han == 0)
    return letters & looks.check("latin_word")


def _fits(rule: Rule, looks: Looks, told: float) -> NDArray[np.bool_]:
    """Distinct values that may be of a type of which name and comment say so much."""
    names = rule.checks + (rule.named if told > 0 else ()) + (rule.damaged if told > 0 else ())
    return _any(names + (rule.believed if told >= _CERTAIN else ()), looks)


def _judge_values(candidate: Candidate, rule: Rule, looks: Looks) -> None:
    type, parts = candidate.type, candidate.parts
    numbers = looks.cells.numbers
    if numbers is not None and len(numbers):
        fits = _fractions(type, numbers) if rule.numbers else 0.0
        key = "shaped" if fits >= _HALF else "contradicts"
        parts.append(
            said("values", 2.0 if fits >= _HALF else _AGAINST, key, share=percent(fits), type=type, values=len(numbers))
        )
        return
    if not looks.distinct:
        parts.append(said("values", 0.0, "empty"))
        return
    if candidate.named and _protected(candidate, rule, looks):
        return
    if not candidate.named and _is_masked(rule, looks):
        candidate.protection, candidate.fits = "masked", looks.check(rule.masked)
        parts.append(said("values", _MASKED, "masked", share=percent(looks.share(candidate.fits))))
        return
    flags = looks.share(looks.check("flags"))
    if flags >= 0.95 and not (rule.closed and looks.share(candidate.fits) >= 0.95):
        parts.append(said("values", _AGAINST, "flag"))
        return
    if not rule.checks and not rule.named:
        _judge_formless(candidate, looks)
        return
    share = looks.share(candidate.fits)
    n = min(looks.cells.filled if rule.closed else looks.distinct, _ENOUGH)
    if share < _HALF:
        points = _AGAINST if share < 0.1 and n >= _FEW else -1.5
        parts.append(said("values", points, "contradicts", share=percent(share), type=type, values=looks.distinct))
        return
    strict = looks.share(_any(rule.checks, looks)) if rule.checks else 0.0
    if strict >= _HALF:
        points = min(rule.most, n * _divergence(strict, rule.chance))
        chance = f"{rule.chance:.2%}" if rule.chance < 0.01 else f"{rule.chance:.0%}"
        parts.append(
            said("checks", points, "checked", share=percent(strict), type=type, values=looks.distinct, chance=chance)
        )
    else:
        points = min(2.0, n * 0.4)
        parts.append(said("values", points, "shaped", share=percent(share), type=type, values=looks.distinct))
        if rule.damaged and (harmed := looks.share(_any(rule.damaged, looks))) >= _HALF:
            parts.append(said("values", 0.0, "damaged", share=percent(harmed)))
    if type in _RUNNING and _is_running(candidate.fits, looks):
        parts.append(said("values", _AGAINST, "running"))


def _divergence(share: float, chance: float) -> float:
    """Kullback and Leibler's divergence of two shares in nats; of a share below chance 0."""
    share = min(share, 0.995)
    if share <= chance:
        return 0.0
    return share * math.log(share / chance) + (1 - share) * math.log((1 - share) / (1 - chance))


def _protected(candidate: Candidate, rule: Rule, looks: Looks) -> bool:
    """Whether the values are hidden in part, or hashes; said in the candidate."""
    masked = looks.share(looks.has(kernel.MASKED))
    if masked >= _HALF:
        candidate.protection = "masked"
        candidate.parts.append(said("values", 1.5, "masked", share=percent(masked)))
        return True
    if not rule.hashed:
        return False
    hashed = looks.share(looks.check("digest") & (looks.digits < looks.size))
    if hashed >= 0.9:
        candidate.protection = "hashed"
        candidate.parts.append(said("values", 0.5, "hashed", share=percent(hashed)))
        return True
    return False


def _is_masked(rule: Rule, looks: Looks) -> bool:
    """Whether most values are hidden in part, in the way usual for a type: 138****5678."""
    if not rule.masked or looks.share(looks.has(kernel.MASKED)) < _HALF:
        return False
    return looks.share(looks.check(rule.masked)) >= 0.9


def _judge_formless(candidate: Candidate, looks: Looks) -> None:
    """Types without a form: long opaque values or texts speak for them a little, small numbers and times against."""
    plain = looks.has(kernel.DATE | kernel.DATETIME) | ((looks.size <= 4) & (looks.size == looks.digits))
    share = 1 - looks.share(plain)
    points = 1.0 if share >= 0.9 else _AGAINST if share < 0.1 else -1.5
    key = "shaped" if points > 0 else "contradicts"
    candidate.fits = ~plain
    candidate.parts.append(
        said("values", points, key, share=percent(share), type=candidate.type, values=looks.distinct)
    )


def _fractions(type: str, numbers: NDArray[np.float64]) -> float:
    """The share of fractions that can be values of a type."""
    if type == "location":
        return float(((np.abs(numbers) <= 180) & (numbers != np.trunc(numbers))).mean())
    return float((numbers >= 0).mean())


def _is_running(fits: NDArray[np.bool_], looks: Looks) -> bool:
    """Whether the values are numbers of which most are followed by the next one."""
    chosen = np.flatnonzero(fits & looks.check("whole_number"))
    if len(chosen) < _ENOUGH:
        return False
    values = np.sort(looks.cells.texts.take(chosen).cast("int64").to_numpy(zero_copy_only=False))
    return bool((np.diff(values) <= 2).mean() > 0.5)
