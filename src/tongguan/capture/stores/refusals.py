"""Why a server, a bucket or a database's file is not opened, in both languages.

Drivers say it in words of their own, and may repeat there what we gave them: their words are only looked at, never told
on. What cannot be told apart has a text that is true of all.
"""

from __future__ import annotations

from typing import Final

from tongguan.errors import BadInput, Unavailable
from tongguan.wording import wording

__all__ = ["TEXTS", "database_refusal", "file_refusal", "unreachable"]

TEXTS: Final = wording("tongguan.capture.stores")

# By what libpq, PyMySQL, urllib3, OpenSSL and the C library say, in the order in which it is asked. They hold blanks or
# signs where names of hosts cannot.
_SAID: Final = (
    ("server.tls", ("ssl error", "support ssl", "ssl validation", "ssl connection", "[ssl", "certificate verify")),
    ("server.unknown", ("failed to resolve", "translate host name", "service not known", "name resolution",
                        "no address associated")),
    ("server.timeout", ("timed out", "timeout expired", "connect timeout", "read timeout")),
    ("server.refused", ("connection refused",)),
    ("server.no_route", ("no route to host", "network is unreachable")),
    ("server.full", ("too many",)),
)  # fmt: skip

# Refusals of PostgreSQL by SQLSTATE and of MySQL by number. libpq hands on no SQLSTATE of a connection that failed, so
# that its words are looked at, also as a Chinese server writes them.
_CODES: Final = {
    "28P01": "login.password", "1045": "login.password", "1698": "login.password",
    "3D000": "login.database", "1049": "login.database",
    "42501": "login.rights", "1044": "login.rights", "1142": "login.rights",
    "1130": "login.host", "28000": "login.refused",
}  # fmt: skip
_REFUSED: Final = (
    (
        "login.password",
        (
            "authentication failed",
            "认证失败",
            "no password",
            'role "',
            '角色 "',
            "ora-01017",
            "login failed",
            "user name and password",
            "invalid username",
        ),
    ),
    ("login.host", ("pg_hba.conf",)),  # behind the password: without TLS libpq tries again, and tells of both
    ("login.database", ("does not exist", "不存在")),
)


def unreachable(name: str, said: str, code: str) -> Unavailable:
    """A server that we did not come to. `said`: by the driver; `code`: what is told of it."""
    return Unavailable(TEXTS.both(_found(_SAID, said) or "server.silent", name=name, code=code))


def database_refusal(name: str, reason: str, code: str, said: str) -> BadInput | Unavailable:
    """A server's database that is not opened: refused, or it does not answer. `reason`: one of the dialect's."""
    if reason == "timeout":
        return Unavailable(TEXTS.both("server.timeout", name=name, code=code))
    why = _CODES.get(code) or _found(_REFUSED, said) or ("login.rights" if reason == "permission" else None)
    return BadInput(TEXTS.both(why, name=name, code=code)) if why else unreachable(name, said, code)


_FILE: Final = {
    "encrypted": "file.encrypted", "permission": "file.permission", "locked": "file.locked", "timeout": "file.timeout",
}  # fmt: skip


def file_refusal(name: str, what: str, reason: str, code: str) -> BadInput:
    """A database's file that is not opened. `what`: SQLite, DuckDB."""
    return BadInput(TEXTS.both(_FILE.get(reason, "file.failed"), name=name, what=what, code=code))


def _found(marks: tuple[tuple[str, tuple[str, ...]], ...], said: str) -> str | None:
    said = said.casefold()
    return next((key for key, words in marks if any(word in said for word in words)), None)
