"""What a person, a team or an entity may be called, so that no two look the same."""

from __future__ import annotations

import re
import unicodedata

from tongguan.errors import BadInput
from tongguan.trust.access.entities import one_line

__all__ = ["account_name", "email_address", "folded", "label"]

LONGEST_NAME, LONGEST_LABEL, LONGEST_EMAIL = 64, 120, 254

# One script that is told apart from ASCII at a glance. Kana, Cyrillic, Greek and the like have letters that pass for
# Han or Latin ones (ニ 二, а a); compatibility forms are folded by NFKC before they get here.
_NAME = re.compile(
    r"[a-z0-9\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af]"
    r"[a-z0-9._@\-\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af]*"
)
_EMAIL = re.compile(r"[^\s@<>(),;:\\\"\[\]]{1,64}@[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?", re.IGNORECASE)
# What the audit log calls actors that are no accounts.
RESERVED = frozenset(
    {"anonymous", "api", "cli", "console", "local", "nobody", "service", "system", "tongguan", "unknown"}
)


def folded(text: str) -> str:
    """NFKC and case folding, until neither changes anything (Unicode Standard, D146)."""
    text = text[: LONGEST_LABEL * 4]
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def account_name(text: str) -> str:
    """The one form in which an account's name is kept and looked up. Raises BadInput."""
    name = folded(text.strip(" ")) if len(text) <= LONGEST_LABEL else ""
    if not 1 <= len(name) <= LONGEST_NAME:
        raise BadInput(f"a user name has 1 to {LONGEST_NAME} characters")
    if not _NAME.fullmatch(name):
        raise BadInput(
            "a user name holds Latin letters without accents, digits, Chinese characters and . _ - @, and begins with "
            "none of these four; letters of other scripts look like those and are refused"
        )
    if name in RESERVED:
        raise BadInput("this user name is one that the audit log uses for parts of Tongguan; choose another")
    return name


def label(text: str, what: str, *, empty: bool = False) -> str:
    """A display name, a team's name and the like: one line of text without invisible characters. Raises BadInput."""
    return one_line(text, what, LONGEST_LABEL, empty=empty)


def email_address(text: str) -> str:
    """An address of mail, or the empty text. Raises BadInput."""
    text = label(text, "an e-mail address", empty=True) if text else ""
    if text and (len(text) > LONGEST_EMAIL or not _EMAIL.fullmatch(text)):
        raise BadInput("an e-mail address is expected as name@host")
    return text
