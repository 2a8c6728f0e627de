"""Secrets that stand behind no label and sign: given to a command, as the default of a look-up, in an object of a name
and a value, beside an access key or an account, in the file of passwords of a database's client.

Each form is that of the program which reads it: sshpass(1), mysql(1), docker-login(1), redis.conf, ldapsearch(1),
smbclient(1), mongodump, sqlplus, openssl(1), the password file of libpq, schemes of passwords of RFC 2307.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from tongguan.identify.detect import checks
from tongguan.identify.detect.placeholders import is_name, is_placeholder, is_template, is_word
from tongguan.identify.detect.secrets import IN_A_PROGRAM, NO_KEY, is_random, secret_at
from tongguan.identify.detect.view import Candidate, View
from tongguan.identify.detect.words import label_id

__all__ = ["find"]

_DETECTOR: Final = "secrets"
_LINE: Final = 400  # characters of a command
_AROUND: Final = 96  # characters of a name, of a row of a password file
_LABEL: Final = label_id("credential")
_USER: Final = label_id("username")
_VALUE: Final = r"(?:\"([^\"\s]{4,128})\"|'([^'\s]{4,128})'|(?![\"'-])([^\s\"'`;|&<>()]{4,128}))"
_PASSWORD_OF: Final = rf"[^\n\x00]*?\s(?:-p|--password)[ =]{{1,2}}{_VALUE}"
_COMMANDS: Final = {
    "sshpass": re.compile(rf"sshpass\s+-p\s?{_VALUE}"),
    "mysql": re.compile(rf"mysql\w*[^\n\x00]*?\s(?:-p|--password=){_VALUE}"),
    "login": re.compile(_PASSWORD_OF),
    "mongo": re.compile(_PASSWORD_OF),
    "redis-cli": re.compile(rf"[^\n\x00]*?\s(?:-a|--pass)\s{_VALUE}"),
    "auth": re.compile(rf"AUTH\s(?:[\w-]{{1,32}}\s)?{_VALUE}"),
    "requirepass": re.compile(rf"requirepass\s{_VALUE}"),
    "masterauth": re.compile(rf"masterauth\s{_VALUE}"),
    "ldap": re.compile(rf"[^\n\x00]*?\s-w\s?{_VALUE}"),
    "smbclient": re.compile(rf"[^\n\x00]*?\s(?:-U|--user)[ =]?[\"']?[^\s%\"']{{1,64}}%{_VALUE}"),
    "sqlplus": re.compile(r"sqlplus\s(?:-\w+\s){0,3}[\"']?[\w$#]{1,30}/([^\s\"'@/]{4,64})@"),
    "pass": re.compile(rf"[^\n\x00]{{0,12}}pass:{_VALUE}"),
}
"""By how the word begins, or ends, that `marks/secret_given` of `keywords.yaml` holds."""
_AFTER_PROMPT: Final = re.compile(r"(?:\d>|\A|\n)\s?\Z")
_CALLED: Final = re.compile(
    r"(?:get|env|put|set|add|param|prop|option|config|default|lookup|fetch|header)\w{0,12}\(\s?[\"'][\w.: -]{0,48}\Z",
    re.IGNORECASE,
)
"""A call that looks something up, or puts it somewhere, by its name."""
_DEFAULT: Final = re.compile(r"\d{0,2}[\"']\s?,\s{0,2}([\"'`])(?=[!-~])")
_NAMED_VALUE: Final = re.compile(
    r"\d{0,2}(?:"
    r"[\"']\s{0,40},?\s{0,40}[\"']?value[\"']?\s{0,3}(?:=>|[:=])\s{0,3}[\"']"  # "key": "secret", "value": "…"
    r"|[\"']?[ \t]*\r?\n[ \t]*value:[ \t]*[\"']?(?=[!-~])"  # - name: SECRET, and the value in the next line
    r"|</name>\s{0,40}<value>(?=[!-~])"
    r")"
)
_ALIGNED: Final = re.compile(r"\d{0,2}[ \t]{5,60}(?:=>|:=|[:=])[ \t]*[\"'`]?(?=[!-~])")
_CHOSEN: Final = (
    r"(?=[\w-]*[!@#$%^&*])(?=[!-~]{0,40}?\d)(?=[!-~]{0,40}?[A-Za-z])(?![\w.+-]*@[\w-]+\.)"
    r"[\w!@#$%^&*-]{6,40}(?![\w!@#$%^&*/?=]|\.\w)"
)
"""A password as somebody chooses it, and no address of mail: letters, digits and a sign."""
_SCHEME: Final = re.compile(r"::? ?((?:\{[A-Z0-9-]{2,16}\})[A-Za-z0-9+/=.$]{12,160})(?![\w+/=])")  # RFC 2307
_PAIR: Final = re.compile(rf"[\"'`]?[\s:：=]{{0,3}}[\"'`]?[\w.@+-]{{3,64}}[\"'`]?\s?[/|，,、]\s?[\"'`]?({_CHOSEN})")
_LOGIN: Final = re.compile(rf"login\(\s?([\"'])[^\"'\s]{{3,64}}\1\s?,\s?[\"']({_CHOSEN})[\"']", re.IGNORECASE)
_BEHIND_PHONE: Final = re.compile(rf"(?:\s?[/|]\s?|([\"'`])\s?,\s?\1)({_CHOSEN})")
_PARTS: Final = np.zeros(65536, np.bool_)
_PARTS[[ord(c) for c in "/|\"'` "]] = True
_SETTING: Final = re.compile(r"([!#-&(-~][!-~]{5,127})[ \t]*(?=[\r\n]|\Z)")
_NAME_OF_SETTING: Final = re.compile(r"(?:\A|[\r\n])[ \t]*(?:(?:ARG|ENV|export|-) )?[A-Z0-9_]{0,40}\Z")
_KEY_IDS: Final = ("LTAI", "AKID", "AKIA", "ASIA", "AKLT")
_KEY_PAIR: Final = re.compile(
    rf"(?:{'|'.join(_KEY_IDS)})"
    r"[0-9A-Za-z_-]{12,60}[\"']?\s{0,2}[,:;|]\s{0,8}[\"']?([A-Za-z0-9+/]{28,64}={0,2})(?![\w+/=])"
)
_PASSWORD_FILE: Final = re.compile(r"(?:\A|.*[\n\r])[ \t]*[\w.*-]{1,64}\Z", re.DOTALL)
_REST_OF_ROW: Final = re.compile(r":\d{4}:[\w.*-]{1,63}:[\w.*-]{1,63}:([^\s:\"']{4,128})(?=\s|\Z)")
_NUMBER: Final = re.compile(r"\d{1,3}|\d+[.:]\d+")


def find(view: View) -> Iterator[Candidate]:
    """Each secret is one finding over its value only."""
    yield from _given_to_commands(view)
    yield from _behind_names(view)
    yield from _beside_accounts(view)


def _given_to_commands(view: View) -> Iterator[Candidate]:
    text, words = view.text, view.words
    which = words.of("marks/secret_given")
    for start, end in zip(words.start[which].tolist(), words.end[which].tolist(), strict=True):
        word = text[start:end].lower()
        if word == "login(":
            if found := _LOGIN.match(text, start, start + _LINE):
                yield _candidate(found, 2)
        elif word.endswith("="):
            if found := _set_to(text, start, end):
                yield _candidate(found, 1)
        elif word.startswith(":"):
            row = _REST_OF_ROW.match(text, start, start + _LINE)
            if row and _PASSWORD_FILE.match(text, max(0, start - _AROUND), start) and _opens(row[1]):
                yield _candidate(row, 1)
        elif (word != "auth" or _AFTER_PROMPT.search(text, max(0, start - 8), start)) and (form := _form_of(word)):
            found = form.match(text, start, start + _LINE)
            if found and _opens(found[found.lastindex or 1]):
                yield _candidate(found, found.lastindex or 1)


def _set_to(text: str, start: int, end: int) -> re.Match[str] | None:
    """What a variable of the environment whose name ends in _PASS, _PASSWORD or _KEY is set to, in its line."""
    if not text[start:end].isupper() or not _NAME_OF_SETTING.search(text, max(0, start - _AROUND), start):
        return None
    found = _SETTING.match(text, end, end + _LINE)
    if found is None:
        return None
    if text.startswith("_KEY", start):
        return found if is_random(found[1]) and not NO_KEY.search(text, max(0, start - 12), end) else None
    drawn = found[1].isalpha() and not is_word(found[1]) and not is_name(found[1]) and not is_placeholder(found[1])
    return found if drawn or _opens(found[1]) else None


def _form_of(word: str) -> re.Pattern[str] | None:
    return next((form for key, form in _COMMANDS.items() if word.startswith(key) or word.endswith(key)), None)


def _behind_names(view: View) -> Iterator[Candidate]:
    """Behind labels with something else than a sign between: the word `value`, a comma in a call, many blanks."""
    text, labelled = view.text, view.labelled
    which = np.flatnonzero(labelled.label == _LABEL)
    for start, end in zip(labelled.start[which].tolist(), labelled.end[which].tolist(), strict=True):
        found = _SCHEME.match(text, end, end + _LINE)
        if found is None and text[end : end + 1] == "=":
            found = _set_to(text, start, end + 1)
        if found:
            yield _candidate(found, 1)
            continue
        found = _NAMED_VALUE.match(text, end, end + _LINE) or _ALIGNED.match(text, end, end + _LINE)
        if found is None and (found := _DEFAULT.match(text, end, end + _LINE)):
            found = found if _CALLED.search(text, max(0, start - _AROUND), start) else None
        if found:
            at = found.end()
            sure = text[at - 1] not in " \t="
            candidate = secret_at(text, at, min(len(text), at + _LINE), sure, IN_A_PROGRAM)
            if candidate and _opens(candidate.value):
                yield candidate


def _beside_accounts(view: View) -> Iterator[Candidate]:
    text, words, labelled = view.text, view.words, view.labelled
    for end in [*labelled.end[labelled.label == _USER].tolist(), *words.end[words.of("marks/user")].tolist()]:
        if found := _PAIR.match(text, end, end + _LINE):
            yield _candidate(found, 1)
    for end in _followed(view):
        if found := _BEHIND_PHONE.match(text, end, end + _LINE):
            yield _candidate(found, 2)
    for start in words.start[words.of("marks/key")].tolist():
        if text.startswith(_KEY_IDS, start):
            found = _KEY_PAIR.match(text, start, start + _LINE)
            if found and is_random(found[1]):
                yield _candidate(found, 1)


def _followed(view: View) -> list[int]:
    """Ends of telephone numbers with a sign behind them that may part them from a password."""
    ends = view.numbers[view.numbers[:, 0] == checks.PHONE, 2]
    followed: list[int] = ends[_PARTS[view.units[np.minimum(ends, len(view.units) - 1)]]].tolist()
    return followed


def _opens(value: str) -> bool:
    """Whether a value may let in: no template, no word that names what it is, no plain word or number."""
    if value.startswith(("$", "%", "@", "<", "{", "-", "/", "*", "\\")) or is_template(value) or is_placeholder(value):
        return False
    return not value.isalpha() and _NUMBER.fullmatch(value) is None


def _candidate(found: re.Match[str], group: int) -> Candidate:
    return Candidate(*found.span(group), "credential", 0.85, "form", _DETECTOR, found[group])
