"""SQL text: what it does, told without its values."""

from __future__ import annotations

import re

__all__ = ["operation", "without_passwords"]

_LITERAL = re.compile(
    r"""'(?:[^'\\]|\\.|'')*(?:'|\Z)|"(?:[^"\\]|\\.|"")*(?:"|\Z)|/\*.*?(?:\*/|\Z)|--[ \t][^\n]*|\#[^\n]*""", re.DOTALL
)
_TABLE = re.compile(
    r"\b(?:FROM|JOIN|INTO|UPDATE|TABLE(?:\s+IF\s+(?:NOT\s+)?EXISTS)?)\s+((?:`[^`]{1,64}`|[\w$]{1,64})"
    r"(?:\s*\.\s*(?:`[^`]{1,64}`|[\w$]{1,64}))?)",
    re.IGNORECASE,
)
_NO_TABLES = frozenset({"SELECT", "DUAL", "LOW_PRIORITY", "IGNORE", "ONLY", "LATERAL"})
_VERB = re.compile(r"[\s(;]*([A-Za-z]{2,20})")
_PASSWORD = re.compile(
    r"""(?i)(\b(?:IDENTIFIED\b[^'"]{0,60}|(?:OLD_)?PASSWORD\b[^'"]{0,40}))('(?:[^'\\]|\\.)*'|"[^"]*")"""
)
_LOOKED_AT = 1 << 16  # characters; what a statement does stands at its beginning
_MOST_TABLES = 5


def operation(statement: str) -> str:
    """The verb of a statement and the tables it names: "SELECT orders, members". Never a literal."""
    plain = _LITERAL.sub(" ", statement[:_LOOKED_AT])
    verb = _VERB.match(plain)
    if verb is None:
        return "QUERY"
    tables: list[str] = []
    for match in _TABLE.finditer(plain):
        name = re.sub(r"[`\s]", "", match[1])
        if name.upper() not in _NO_TABLES and not name.isdigit() and name not in tables:
            tables.append(name)
    return f"{verb[1].upper()} {', '.join(tables[:_MOST_TABLES])}".rstrip()


def without_passwords(statement: str) -> str:
    """The statement with passwords blanked."""
    return _PASSWORD.sub(r"\1'<hidden>'", statement)
