"""Secrets, addresses of mail and accounts that tests and manuals hold as examples: told, with the reason, not counted.

A key in the code of a test opens what the test makes; a token given to `server.example.com` opens nothing, as no such
host is (RFC 2606, RFC 6761); some were printed in standards for all to read. Where lines are those of a program or a
manual, `me@foo.example` is nobody's. What an issuer's form tells (`AKIA…`, `ghp_…`) counts in a test as anywhere: it
leaked there often enough. So does every secret of a configuration. Never by the name or place of a file.
"""

from __future__ import annotations

import re
from base64 import b64decode
from bisect import bisect_left
from collections.abc import Sequence
from itertools import chain
from typing import Final

from tongguan.identify.detect.surroundings import DOUBTFUL, REACH, Surroundings, is_beside
from tongguan.identify.detect.view import Candidate, View

__all__ = ["weigh"]

_SURE: Final = 0.9  # a secret's score from which its form alone tells it
_NOWHERE: Final = re.compile(
    r"(?<![\w-])(?:[\w-]{1,63}\.)*(?:example\.(?:com|org|net|edu)|example|invalid|test)(?![\w-]|\.\w)", re.IGNORECASE
)
_RESERVED: Final = re.compile(
    r"(?:.+\.)?(?:example(?:\.[a-z]{2,3}){0,2}|test|invalid|localhost|local|localdomain|domain|tld|host|internal|lan)\Z"
)
"""Names under which no mail goes out: RFC 2606, RFC 6761, RFC 6762, and what manuals write in their place."""
_USERS: Final = re.compile(
    r"(?:(?:my|your|some|other|another|the|real|bad|no)?[-_.]?"
    r"(?:foo|bar|baz|qux|quux|foobar|spam|eggs|user|username|nobody|noone|someone|somebody|anyone|example|sample|test\w{0,6}"
    r"|dummy|fake|abc|xyz|xx+|aaa+|blah|recipient|sender|account|address|reply|do-?not-?reply|[a-z])[-_.+]?\d{0,4})\Z"
)
_DOMAINS: Final = re.compile(
    r"(?:[\w-]+\.)*(?:my|your|some|other|another|the|a|real|sub|bad)?[-_]?"
    r"(?:foo|bar|baz|qux|quux|foobar|foobaz|spam|eggs|domain|host|hostname|server|company|example|sample|test\w{0,6}"
    r"|dummy|fake|email|somewhere|anywhere|elsewhere|xyz|xxx+|acme|isp|whatever|blah|dom|[a-z])[-_]?\d{0,3}\Z"
)
"""Names that stand for any name (RFC 3092 tells where the first come from), of users and of domains."""
_PUBLISHED: Final = frozenset({
    "2YotnFZFEjr1zCsicMWpAA", "tGzv3JOkF0XG5Qx2TlKWIA", "SplxlOBeZQQYbYS6WxSbIA", "7Fjfp0ZBr1KtDRbnfVdmIw",
    "A3ddj3w", "45ghiukldjahdnhzdauz", "czZCaGRSa3F0MzpnWDFmQmF0M2JW", "czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3",
    "mF_9.B5f-4.1JqM", "h480djs93hd8", "QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "dGVzdDoxMjPCow==",
    "9djdj82h48djs9d2", "kkk9d7dh3k39sjv7", "dpf43f3p2l4k3l03", "kd94hf93k423kf44", "hh5s93j4hdidpola",
    "hdhd0244k9j7ao03", "nnch734d00sl2jdk", "pfkkdhi9sl3r4s00", "j49sk3j29djd", "dh893hdasih9",
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
    "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==",
})  # fmt: skip
"""Printed for all to read: RFC 5849, 6749, 6750, 7009, 7616 and 7617; the keys of Microsoft's emulators of stores."""
_JWT: Final = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwi"
"""The token of RFC 7519's usual example: its subject is 1234567890."""
_OF_SOMEBODY: Final = frozenset({
    "username", "age", "gender", "birth_date", "postcode", "income", "occupation", "education", "marital_status",
    "nationality", "minor", "wechat", "health",
})  # fmt: skip
_ROLES: Final = re.compile(
    r"(?:[\w.]+[-_.])?(?:bugs?|info|support|security|help|webmaster|postmaster|hostmaster|abuse|sales|admin|root|noc|lists?|devel"
    r"|dev|users|announce|discuss|patches|team|maintainers?|owner|request|feedback|press|office|no-?reply|mailer-daemon)"
    r"(?:-[\w.]+)?@|[^@]+@lists?\."
)
"""Mailboxes of roles (RFC 2142) and lists, which many read."""
_NUMBERS: Final = frozenset({"phone", "landline", "bank_card", "iban", "us_ssn", "us_itin", "imei", "vin", "ip", "mac"})
_WEIGHED: Final = _OF_SOMEBODY | {"email", "credential"}
_WHO: Final = frozenset({"phone", "id_card", "bank_card", "passport"})
_NAMED: Final = _WHO | {"person_name"}
_BESIDE: Final = 4  # findings before and behind that are looked at
_QUOTES: Final = frozenset("\"'`")
_SAID: Final = 20  # characters
_SAYS_SO: Final = re.compile(
    r"(?:(?<![\w.@-])examples?|(?<![A-Za-z])e\.g\.|such as|示例|例如|样例|举例)\W{1,4}\Z", re.IGNORECASE
)
_CHOICE: Final = re.compile(r"[\"\x27`]?\s?(?:,|/|\||or\b|或|、)\s?(?:or )?[\"\x27`]?(?:fe)?male\b", re.IGNORECASE)
"""Behind one of the values that a field may have: male, female or unknown."""
_PARTS: Final = ("例", "xample", "e.g", "such as")
_FEW: Final = 8  # signs of a long value
_NOT_LESS: Final = 4  # different signs, else a value is drawn of too few
_RISES: Final = "0123456789 abcdefghijklmnopqrstuvwxyz qwertyuiop asdfghjkl zxcvbnm 9876543210"
_RUN: Final = 3  # signs that follow one another
_COUNTRIES: Final = 6  # different countries of accounts in a row of examples
_ROW: Final = 2048  # characters


def weigh(view: View, candidates: list[Candidate], types: Sequence[str], around: Surroundings) -> list[Candidate]:
    """Candidates in order of start, of these types, those of them doubtful that are rather examples."""
    weighed = candidates
    asked = [place for place, type in enumerate(types) if type in _WEIGHED]
    for place in chain(asked, _called_examples(view.text, candidates, types)):
        one = candidates[place]
        if not (reason := _reason(view.text, candidates, place, around)):
            continue
        if weighed is candidates:
            weighed = list(candidates)
        weighed[place] = one._replace(score=DOUBTFUL, validator=reason)
    return _rows(weighed, around) if "iban" in types else weighed


def _reason(text: str, candidates: Sequence[Candidate], place: int, around: Surroundings) -> str:
    """Why a finding is rather an example, or nothing."""
    one = candidates[place]
    if one.type == "email":
        return _mail(text, candidates, place, around)
    if one.type == "credential":
        return _secret(text, candidates, place, around)
    if one.type in _OF_SOMEBODY:
        return _particular(text, candidates, place, around)
    said = _SAYS_SO.search(text, max(0, one.start - _SAID), one.start)
    return "program" if said and _is_written(candidates, place, around) else ""


def _particular(text: str, candidates: Sequence[Candidate], place: int, around: Surroundings) -> str:
    """Why an age, a sex or the like is rather nobody's, or nothing."""
    one = candidates[place]
    if not around.is_written(one.start):
        return ""
    if one.type == "health":  # symptom: a word of the program
        named = (
            one.value.isascii()
            and one.validator == "context"
            and (around.is_code(one.start) or around.is_schema(one.start))
        )
        return "program" if named and not _is_somebodys(candidates, place, _NAMED) else ""
    if one.type == "gender" and _CHOICE.match(text, one.end, one.end + 24):
        return "program"
    if _is_somebodys(candidates, place, _NAMED):
        return ""
    return "test" if around.is_test(one.start) else "program" if around.is_code(one.start) else ""


def _called_examples(text: str, candidates: Sequence[Candidate], types: Sequence[str]) -> list[int]:
    """Numbers closely behind a part of the words of `_SAYS_SO`."""
    places = [place for place, type in enumerate(types) if type in _NUMBERS]
    starts = [candidates[place].start for place in places]
    before = [text[max(0, start - _SAID) : start] for start in starts]
    together = "\n".join(before)
    if not any(part in together for part in _PARTS):
        return []
    return [place for place, words in zip(places, before, strict=True) if any(part in words for part in _PARTS)]


def _secret(text: str, candidates: Sequence[Candidate], place: int, around: Surroundings) -> str:
    """Why a secret is rather an example, or nothing."""
    one = candidates[place]
    if one.value in _PUBLISHED or one.value.startswith(_JWT):
        return "published"
    if one.validator == "form" and one.score > _SURE and not one.value.startswith("-----BEGIN"):
        linked = one.score <= _LINKS
        if one.value.startswith("eyJ"):
            return _token(candidates, place, around)
        if linked and around.is_test(one.start):
            return "test"
        return "nowhere" if linked and _is_nowhere(text, one) and _is_written(candidates, place, around) else ""
    if around.is_test(one.start):
        return "test"
    if not _is_written(candidates, place, around):
        return ""
    if _is_nowhere(text, one):
        return "nowhere"
    if around.is_schema(one.start) or _is_shown(text, one.start, around):
        return "program"
    told = around.is_fenced(one.start) or around.is_code(one.start)
    return "simple" if told and (_is_simple(one.value) or _is_worded(text, one)) else ""


def _is_shown(text: str, start: int, around: Surroundings) -> bool:
    """Whether it stands behind words for an example, or among what a program shows of its own use (doctest)."""
    low = max(0, start - REACH)
    return _EXAMPLE.search(text, low, start) is not None or (
        around.is_code(start) and _PROMPT.search(text, max(0, start - 3 * REACH), start) is not None
    )


def _is_worded(text: str, one: Candidate) -> bool:
    """Whether it is made of words that say what it is or stand around it, and some digits: Password123!, minio123."""
    value = one.value
    if sum(map(str.isdigit, value)) > _SOME_DIGITS:
        return False
    letters = _NO_LETTERS.sub("", value).lower()
    around = text[max(0, one.start - REACH) : one.start] + " " + text[one.end : one.end + REACH]
    for word in sorted(set(_LATIN.findall(around.lower())), key=len, reverse=True):
        letters = letters.replace(word, "")
    return not letters or _WORDED.fullmatch(letters) is not None


def _token(candidates: Sequence[Candidate], place: int, around: Surroundings) -> str:
    """Why a JSON Web Token (RFC 7519) is rather an example, or nothing: in a test, or in a program or manual where
    it says neither who gave it nor until when it is good."""
    one = candidates[place]
    if around.is_test(one.start):
        return "test"
    parts = one.value.split(".")
    try:
        claims = b64decode(parts[1] + "=" * (-len(parts[1]) % 4), altchars=b"-_")
    except (ValueError, IndexError):
        return ""
    bare = b'"exp"' not in claims and b'"iss"' not in claims and len(claims) <= _BARE
    return "program" if bare and _is_written(candidates, place, around) else ""


_BARE: Final = 80  # bytes of the claims of a token that says next to nothing
_EXAMPLE: Final = re.compile(
    r"(?:(?<![\w.@-])examples?|(?<![A-Za-z])e\.g\.|for instance|例如|示例|样例)\W{0,3}"
    r"(?:[^\n]{0,60}\n){0,3}[^\n]{0,80}\Z",
    re.IGNORECASE,
)
_PROMPT: Final = re.compile(r"\n[ \t*#]*>>> [^\n]*\n(?:[^\n]+\n){0,12}[^\n]*\Z")
_LATIN: Final = re.compile(r"(?<![a-z\d])[a-z]{4,}(?![a-z\d])")
_NO_LETTERS: Final = re.compile(r"[\d\W_]+")
_SOME_DIGITS: Final = 6
_WORDED: Final = re.compile(
    r"(?:test|pass(?:word|wd|phrase)?|pwd|secret|key|token|user|random|admin|example|sample|demo|foo|bar|baz|my|new|old|change"
    r"|wrong|bad|some|for|pool|db|root|abc|api|client|access|refresh|login|name|hello|world|qwerty|letmein|dummy|fake|mock|the"
    r"|is|of|me|pssw|ssw|rd|valid|invalid|super|very|long|strong|auth|app|service|open|id|consumer|session|value|string)+"
)
_LINKS: Final = 0.96  # score of a password in a link: what scores more has an issuer's form


def _is_written(candidates: Sequence[Candidate], place: int, around: Surroundings) -> bool:
    """Whether the lines are those of a program or a manual, and tell nothing of anybody beside it."""
    start = candidates[place].start
    return (around.is_code(start) or around.is_manual(start)) and not _is_somebodys(candidates, place)


def _is_somebodys(candidates: Sequence[Candidate], place: int, who: frozenset[str] = _WHO) -> bool:
    """Whether somebody's number stands beside it."""
    return is_beside(candidates, place, who, _BESIDE)


def _is_nowhere(text: str, one: Candidate) -> bool:
    """Whether a host that is kept for manuals stands in the same paragraph."""
    low, high = max(0, one.start - REACH), one.end + REACH
    low = max(low, text.rfind("\n\n", low, one.start) + 1)
    stop = text.find("\n\n", one.end, high)
    return _NOWHERE.search(text, low, stop if stop >= 0 else min(high, len(text))) is not None


def _is_simple(value: str) -> bool:
    """Whether a value is drawn of few signs, or of runs of signs one behind the other: 123456, abcd1234."""
    plain = "".join(c for c in value.lower() if c.isalnum())
    if len(set(plain)) < _NOT_LESS or (len(set(plain)) <= _FEW and 3 * len(set(plain)) <= len(plain)):
        return True
    covered = at = 0
    while at < len(plain):
        run = 1
        while at + run < len(plain) and (plain[at : at + run + 1] in _RISES or len(set(plain[at : at + run + 1])) == 1):
            run += 1
        covered += run if run >= _RUN else 0
        at += run
    return covered == len(plain)


def _mail(text: str, candidates: Sequence[Candidate], place: int, around: Surroundings) -> str:
    """Why an address of mail is rather an example, or nothing."""
    one = candidates[place]
    start = one.start
    if not around.is_written(start) or _is_somebodys(candidates, place):
        return ""
    user, _, domain = one.value.rpartition("@")
    reserved = _RESERVED.match(domain) is not None
    nobodys = reserved or _is_nobodys(one.value, user, domain)
    quoted = text[start - 1 : start] in _QUOTES and text[one.end : one.end + 1] in _QUOTES
    if (nobodys or quoted) and around.is_test(start):
        return "test"
    return "program" if (nobodys and around.is_code(start)) or (reserved and around.is_manual(start)) else ""


def _is_nobodys(address: str, user: str, domain: str) -> bool:
    """Whether it names any user, any domain or a role."""
    return (
        _USERS.match(user) is not None
        or _DOMAINS.match(domain.rpartition(".")[0]) is not None
        or _ROLES.match(address) is not None
    )


def _rows(candidates: list[Candidate], around: Surroundings) -> list[Candidate]:
    """Accounts doubtful that stand in a row of one for each country, among lines of a program."""
    accounts = [place for place, one in enumerate(candidates) if one.type == "iban"]
    if len(accounts) < _COUNTRIES:
        return candidates
    weighed = list(candidates)
    starts = [candidates[place].start for place in accounts]
    for place, here in zip(accounts, starts, strict=True):
        low, high = bisect_left(starts, here - _ROW), bisect_left(starts, here + _ROW)
        countries = {candidates[one].value[:2] for one in accounts[low:high]}
        if len(countries) >= _COUNTRIES and (around.is_code(here) or around.is_test(here)):
            weighed[place] = candidates[place]._replace(score=DOUBTFUL, validator="program")
    return weighed
