"""What manuals, tests and forms write where a secret would stand: `user:password@localhost`, `<token>`, `"nextToken"`.

A value is none where it is a template, one sign again and again, or made of words without a digit that name what it is
(`my-api-token`, `changeme`), or the name of something in a program (`nextToken`). A single plain word is weighed by
what stands beside it: a host that is nobody's, a user of the same name. Never by the name or place of a file.

The same choice is made by detect-secrets (filters of templated, sequential, not alphanumeric values and of indirect
references), by gitleaks (allow lists and stop words) and by TruffleHog (words of false positives). Hosts are those of
RFC 2606 and RFC 6761, and names without a point, which mean something only where they are used; `tiger` is the
password of Oracle's sample account SCOTT since its first releases.
"""

from __future__ import annotations

import re
from base64 import b64decode
from typing import Final
from urllib.parse import unquote

__all__ = [
    "is_for_documents",
    "is_name",
    "is_placeholder",
    "is_prose",
    "is_sample_basic",
    "is_sample_login",
    "is_template",
    "is_word",
]

_TEMPLATE: Final = re.compile(
    r"%[sdr](?![A-Za-z0-9])|%\(|\$\{|\$\(|\$\w+\Z|\{\{|#\{|<[^>]*>|[A-Z]?\{[^}]*\}?\Z|.*(?:\.\.\.|…|\*{3})"
    r"|\[[A-Za-z_ -]*\]?\Z|(.)\1*\Z|[xX]{4,}|[^%]*%[sdr][^0-9]*\Z|.*\$\{[\w.:-]*(?:\}|\Z)|.*EXAMPLE"
)
_CODE: Final = re.compile(
    r"[.+!-][A-Za-z_]\w*\Z|[~!][A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\Z|.*(?:\?\.|\?\?|===|!!|=>|\(\))"
    r"|[A-Za-z.]+\[[A-Za-z., |]*\]?\Z"
)
"""A piece of a program: the call behind a string, a type, an expression, a reference in its manual."""
_SAYS_IT: Final = re.compile(
    r"pass(?:w(?:or)?d|phrase|code)?|pwd|s[e3][ck]r[e3]t|tokens?\b|(?:^|[^a-z])(?:api)?keys?(?:$|[^a-z])|credential|login|username"
    r"|example|sample|dummy|fake|mock|bogus|placeholder|redacted|change.?me|change.?it|your|hunter2|\A(?:test|wrong|bad|some|db|user|my)[-_]?pass\Z|tiger\Z|\Atest(?:ing)?\Z"
    r"|\A(?:foo|bar|baz|qux|spam|eggs|default|none|guest|admin|value|string|text|todo|encrypted|unencrypted|wrong|invalid)\Z",
    re.IGNORECASE,
)
_PARTS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+")
_JOINED: Final = re.compile(r"[^\W\d]+(?:[-_./:+=?|@\\ ]+[^\W\d]+)*[-_./:+=?|@]*")
_FEW, _LONG = 2, 20
_SHORT_PART: Final = 3  # letters: names are made of longer words, random letters of shorter ones
_CONSONANTS: Final = re.compile(r"[^aeiouyAEIOUY\u0080-\uffff]{6}")
_WORD: Final = re.compile(r"[^\W\d_]{2,16}")
_NOWHERE: Final = re.compile(
    r"(?:[^.:/\s\"']*|(?:[\w-]+\.)*(?:example|test|invalid|localhost|local)|(?:[\w-]+\.)*example\.(?:com|org|net|edu|cn)"
    r"|127(?:\.\d{1,3}){3}|0\.0\.0\.0|\[::1\])(?=[:/?\s\"'`,;)>\]]|\.(?:\s|\Z)|\Z)",
    re.IGNORECASE,
)
_ADDRESS: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?![\w.])")


def is_template(value: str) -> bool:
    """Whether something is to be put in its place, or was blotted out: `${PASS}`, `%s`, `<token>`, `xxxx`, `***`."""
    return _TEMPLATE.match(value) is not None or _CODE.match(value) is not None


def is_placeholder(value: str) -> bool:
    """Whether a value without a digit says what it stands for: `secret`, `my-api-token`, `changeme`."""
    if value.lower() in _WITH_DIGITS:
        return True
    value = value.replace("\\-", "-")  # as manual pages write it
    return _JOINED.fullmatch(value.strip("_-@")) is not None and _SAYS_IT.search(value) is not None


_WITH_DIGITS: Final = frozenset({"s3cret", "s3cr3t", "secr3t", "hunter2"})


def is_name(value: str) -> bool:
    """Whether a value is made of several words, as names in programs are: `nextToken`, `reset_url`, `key.pem`."""
    value = value.strip("_-:.")
    if "-" in value and value.islower():  # rather words that somebody chose: correct-horse-battery
        return False
    if sum(map(str.isdigit, value)) <= _FEW and len(value) >= _LONG:  # PassWordMustBeAtLeast6Chars, per_5m_tokens
        value = re.sub(r"(?<=[a-z])[0-9]+(?=[A-Z])|(?<=[a-z]_)[0-9][a-z]?(?=_[a-z])", "", value)
    if not value or _JOINED.fullmatch(value) is None:
        return False
    parts = [part for word in re.findall(r"[^\W\d_]+", value) for part in _PARTS.findall(word)]
    return len(parts) > 1 and sum(map(len, parts)) >= _SHORT_PART * len(parts) and all(map(_is_spoken, parts))


def is_word(value: str) -> bool:
    """Whether a value is one word that can be spoken, in one case: it may be somebody's weak password, or a text."""
    return _WORD.fullmatch(value) is not None and len(_PARTS.findall(value)) == 1 and _is_spoken(value)


def is_prose(text: str, end: int) -> bool:
    """Whether what ends at `end` goes on with a blank and a word: the first word of a sentence in quotes."""
    return text[end : end + 1] == " " and text[end + 1 : end + 2].isalpha()


def is_sample_login(user: str, password: str, text: str, host: int) -> bool:
    """Whether `user:password@host` is an example: `host` is where the host begins in the text."""
    password = unquote(password)
    if is_template(password) or is_placeholder(password) or password.lower() == unquote(user).lower():
        return True
    if not is_word(password) and _JOINED.fullmatch(password) is None:
        return False
    if _NOWHERE.match(text, host, host + 128):
        return True
    address = _ADDRESS.match(text, host, host + 16)
    return address is not None and is_for_documents(address.group())


def is_sample_basic(encoded: str) -> bool:
    """Whether what `Basic` gives in base64 (RFC 7617) is an example: `testuser:testpass`."""
    try:
        user, sign, password = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return False
    password = password.strip()
    return bool(sign) and (is_template(password) or is_placeholder(password) or password.lower() == user.lower())


def is_for_documents(address: str) -> bool:
    """Whether an address of IP is kept for manuals: RFC 5737, RFC 3849 and RFC 9637. No host has it."""
    return address.startswith(("192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:", "3fff:"))


def _is_spoken(part: str) -> bool:
    """Whether letters have vowels where words have them."""
    return len(part) < _SHORT_PART or part.isupper() or _CONSONANTS.search(part) is None
