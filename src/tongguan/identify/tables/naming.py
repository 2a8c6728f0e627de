"""What names and comments of columns and tables say.

A name is cut into words (`custMobileNo` → cust, mobile, no; every Han character is a word). Both languages put the head
of a noun last, so a phrase speaks in full where the name ends in it, and not where it only qualifies another word
(手机型号, phone_type). Words are compared joined: mobile_phone, mobilePhone and mobilephone are one.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, Final

from tongguan.identify.types import OWN
from tongguan.shipped_yaml import shipped_yaml

__all__ = ["Reading", "is_key_of_person", "mentions", "read_comment", "read_name", "read_table"]

STRONG, HELD, WEAK, LOOSE = 5.0, 4.5, 2.5, 1.5
ROLE, MENTIONED = 4.0, 1.2  # 退货人: who did something; a phrase within a name that goes on
DENIED = -4.0  # the name speaks of something else about the type: phone_type, is_phone, product_name
KEYED = -2.5  # doctor_id: a number that stands for the person, not the name
_LONGEST: Final = 200  # characters of a name or comment that are read
_SHORT: Final = 2  # letters of abbreviations that mean several things: sj, dh, xm
_PLAIN: Final = frozenset({"qq", "ip"})
_REFERENCES: Final = frozenset(
    {"id", "ids", "code", "cd", "dm", "key", "编号", "标识"}
)  # address_id refers to an address
_NUMBERING: Final = _REFERENCES | {"no", "num", "nbr", "number", "号", "号码", "代码"}
_TOLD: Final = frozenset({"health", "criminal_record", "communication_content", "location_track"})  # told in words
_ROLE: Final = re.compile(r"[\u3400-\u9fff]{3,8}")
# A field code of social insurance (LD/T 92: AAC003) is one word with its digits, which are dropped elsewhere.
_WORD: Final = re.compile(
    r"(?i:(?<![a-z])aa[a-z]\d{3}(?![0-9]))|[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[\u3400-\u9fff]"
)
_CLAUSE: Final = re.compile(r"--+|—+|[,，;；。:：()（）\[\]【】/、|\n\t!！?？\s]+")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a name says: points for (or against) types, each with the words that say so."""

    types: dict[str, tuple[float, str]] = field(default_factory=dict)
    number: str | None = None  # the word that makes it a number or time of no person
    turned: str | None = None  # the word that makes it a remark about something: type, status, is
    refers: bool = False  # it ends in id or the like: a reference to something


@dataclass(frozen=True, slots=True)
class _Lexicon:
    phrases: dict[str, tuple[str, float]]  # joined words → type, points
    held: dict[str, str]  # heads that need a holder → type
    holders: frozenset[str]
    things: frozenset[str]
    qualifiers: frozenset[str]
    endings: frozenset[str]  # of roles
    no_role: frozenset[str]
    tails: frozenset[str]
    tells: frozenset[str]
    questions: frozenset[str]
    turns: frozenset[str]
    numbers: frozenset[str]
    persons: frozenset[str]  # of tables
    objects: frozenset[str]
    keys: frozenset[str]  # words for numbers, behind a holder
    own_keys: frozenset[str]  # names of such numbers


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(unicodedata.normalize("NFKC", name[:_LONGEST]))]


def _joined(phrase: str) -> str:
    return "".join(_words(phrase))


@cache
def _lexicon() -> _Lexicon:
    loaded: dict[str, Any] = shipped_yaml(__package__, "column_names.yaml")
    phrases: dict[str, tuple[str, float]] = {}
    held: dict[str, str] = {}
    for one in OWN.values():  # first, for the organisation knows its own columns
        phrases |= {phrase: (one.id, STRONG) for phrase in map(_joined, one.labels) if phrase}
    for type, rows in loaded["types"].items():
        for phrase in map(_joined, rows.get("strong", ())):
            short = phrase.isascii() and len(phrase) <= _SHORT and phrase not in _PLAIN
            phrases.setdefault(phrase, (type, WEAK if short else STRONG))
        held |= dict.fromkeys(map(_joined, rows.get("held", ())), type)
    for type, rows in loaded["types"].items():
        for phrase in map(_joined, rows.get("weak", ())):
            phrases.setdefault(phrase, (type, WEAK))
    tables = loaded["tables"]

    def words(section: str) -> frozenset[str]:
        return frozenset(map(_joined, loaded[section]))

    return _Lexicon(
        phrases,
        held,
        words("holders"),
        words("things"),
        words("qualifiers"),
        frozenset(loaded["types"]["person_name"]["endings"]),
        words("no_role"),
        words("tails"),
        words("tells"),
        words("questions"),
        words("turns"),
        words("numbers"),
        frozenset(map(_joined, tables["persons"])),
        frozenset(map(_joined, tables["things"])),
        words("keys"),
        words("own_keys"),
    )


@lru_cache(maxsize=20_000)
def read_name(name: str) -> Reading:
    """What the name of a column says."""
    return _read(_words(name))


def _read(words: list[str]) -> Reading:
    lexicon = _lexicon()
    while words and len(words[0]) == 1 and words[0].isascii() and len(words) > 1:
        words = words[1:]  # c_name, f_mobile
    if not words:
        return Reading()
    question = next((w for n in (2, 1) if (w := "".join(words[:n])) in lexicon.questions and len(words) > n), None)
    end, share, number, keyed = len(words), 1.0, None, False
    while end:
        found = _head(words[:end], lexicon)
        if isinstance(found, str):
            number, found = number or found, None
        if found and question:
            return Reading({found[0]: (DENIED, question)}, turned=question)
        if found:
            type, worth, said = found
            if keyed and type == "person_name":
                worth = KEYED
            return Reading({type: (worth if worth < 0 else worth * share, said)})
        if not number and _turn(words[:end], lexicon):
            break
        tail = next((n for n in (2, 1) if "".join(words[end - n : end]) in lexicon.tails and end > n), 0)
        if not tail:
            break
        last = "".join(words[end - tail : end])
        share = 0.5 if last in _REFERENCES else share
        keyed |= last in _NUMBERING
        end -= tail
    return Reading(number=number, refers=keyed) if number else _qualified(words[:end], lexicon, question, keyed)


def _head(words: list[str], lexicon: _Lexicon) -> tuple[str, float, str] | str | None:
    """What the last words are: a type, or (as a text) a number of no person. The longest phrase decides."""
    for start in range(len(words)):
        phrase = "".join(words[start:])
        if phrase in lexicon.phrases:
            type, points = lexicon.phrases[phrase]
            if start and len(phrase) <= _SHORT and phrase.isascii() and phrase not in _PLAIN:
                points = points if words[start - 1] in lexicon.holders else LOOSE / 2  # bz_mz
            return type, points, phrase
        if phrase in lexicon.numbers:
            return phrase
        if phrase in lexicon.held:
            return lexicon.held[phrase], _holder(words[:start], lexicon), "".join(words)
    return _glued(words[-1], lexicon)


def _holder(words: list[str], lexicon: _Lexicon) -> float:
    """What a head such as `name` is worth behind these words."""
    for start in range(len(words)):
        before = "".join(words[start:])
        if before in lexicon.qualifiers and start:
            return min(_holder(words[:start], lexicon), HELD)
        if before in lexicon.things:
            return DENIED
        if before in lexicon.holders:
            return HELD
    return LOOSE if not words else 0.5


def _glued(word: str, lexicon: _Lexicon) -> tuple[str, float, str] | None:
    """`custname`, `khsjh`: a holder and a head written as one word."""
    if word.isascii():
        for cut in range(2, len(word) - 1):
            if word[:cut] in lexicon.holders:
                rest = word[cut:]
                if rest in lexicon.held:
                    return lexicon.held[rest], HELD, word
                if rest in lexicon.phrases and len(rest) > _SHORT:
                    type, points = lexicon.phrases[rest]
                    return type, min(points, HELD), word
    return None


def _qualified(words: list[str], lexicon: _Lexicon, question: str | None, keyed: bool) -> Reading:
    """A name that does not end in a phrase, but may hold one before its last words."""
    turn = question or _turn(words, lexicon)
    mentioned: dict[str, tuple[float, str]] = {}
    for end in range(len(words) - 1, 0, -1):
        found = _head(words[:end], lexicon)
        if found and not isinstance(found, str):
            type, points, said = found
            if turn and not question and type in _TOLD and turn in lexicon.tells:
                mentioned[type] = (points, said)
            elif turn:
                mentioned[type] = (DENIED, turn)
            elif points >= HELD:
                mentioned[type] = (MENTIONED, said)
            break
    return Reading(mentioned or ({} if keyed or turn else _role(words, lexicon)), turned=turn, refers=keyed)


def _role(words: list[str], lexicon: _Lexicon) -> dict[str, tuple[float, str]]:
    """Who did something, as Chinese has it: 退货人, 报告者, 采购员."""
    clause = "".join(words)
    if not _ROLE.fullmatch(clause) or clause[-1] not in lexicon.endings:
        return {}
    if any(clause.endswith(word) for word in lexicon.no_role if len(word) > 1):
        return {}
    return {"person_name": (ROLE, clause)}


def _turn(words: list[str], lexicon: _Lexicon) -> str | None:
    return next((word for n in (4, 3, 2, 1) if (word := "".join(words[-n:])) in lexicon.turns), None)


@lru_cache(maxsize=20_000)
def read_comment(comment: str) -> Reading:
    """What a comment says: its clauses are read like names, and the later ones count for less."""
    types: dict[str, tuple[float, str]] = {}
    number, turned = None, None
    for place, clause in enumerate(filter(None, _CLAUSE.split(comment[:_LONGEST]))):
        reading = read_name(clause)
        share = 0.8 if place == 0 else 0.4
        for type, (points, said) in reading.types.items():
            abbreviated = said.isascii() and len(said) <= _SHORT and said not in _PLAIN  # of a column, not of a comment
            if type not in types and (points > 0 or place == 0) and not abbreviated:
                types[type] = (points * share, said)
        if place == 0:
            number, turned = reading.number, reading.turned
    return Reading(types, number, turned)


@lru_cache(maxsize=20_000)
def read_table(text: str) -> int:
    """1 where the name or comment of a table speaks of persons, -1 of things, 0 else. The last word decides."""
    lexicon = _lexicon()
    words = _words(text)
    for end in range(len(words), 0, -1):
        for start in range(end):
            phrase = "".join(words[start:end])
            if phrase in lexicon.persons:
                return 1
            if phrase in lexicon.objects:
                return -1
    return 0


@lru_cache(maxsize=20_000)
def is_key_of_person(name: str) -> bool:
    """Whether a column is an organisation's own number of a person: user_id, cust_no, 客户编号, 工号."""
    lexicon = _lexicon()
    words = _words(name)
    for start in range(len(words)):
        if "".join(words[start:]) in lexicon.own_keys:
            return True
    for cut in range(1, len(words)):
        if "".join(words[cut:]) in lexicon.keys:
            return any("".join(words[start:cut]) in lexicon.holders for start in range(cut))
    return False


@lru_cache(maxsize=50_000)
def mentions(text: str, phrase: str) -> bool:
    """Whether a name or comment holds a phrase as whole words, however they are written together."""
    words, sought = _words(text), _joined(phrase)
    return bool(sought) and any(
        "".join(words[start:end]) == sought for start in range(len(words)) for end in range(start + 1, len(words) + 1)
    )
