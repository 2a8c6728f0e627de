"""Who types, and whether they may: the same check as behind the API and the pages.

With TONGGUAN_TOKEN set, the owner of that API token; else the system user, who holds the role `local_operator`: whoever
may write the home folder could do all of that anyway.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from typing import Any

from tongguan import trust
from tongguan.errors import Denied
from tongguan.trust import access

__all__ = ["allowed"]


def allowed(operation: str, *, entity: str | None = None) -> access.Principal:
    """The one who types. Raises Denied, with an entry in the audit log, where they may not do it."""
    who = _principal()
    try:
        access.check(access.load_policy(trust.home()), who, operation, entity=entity)
    except Denied:
        _entry("denied", who.name, {"operation": operation, "by": "terminal"})
        raise
    return who


def _principal() -> access.Principal:
    if token := os.environ.get("TONGGUAN_TOKEN"):
        return _of_token(token)
    return access.Principal(_system_user(), "local", (access.Grant("local_operator"),))


def _of_token(token: str) -> access.Principal:
    from tongguan.trust.opening import open_trust

    with open_trust(trust.home()) as room:
        who = room.identity.token(token, address="terminal")
    if who is None:
        _entry("denied", "?", {"operation": "token", "by": "terminal"})
        raise Denied(
            {
                "zh": "TONGGUAN_TOKEN 中的接口令牌无效、已过期或已吊销；请换一个，或取消该变量",
                "en": "the API token in TONGGUAN_TOKEN is not valid, expired or revoked; use another, or unset it",
            }
        )
    return who


def _entry(kind: str, actor: str, body: Mapping[str, Any]) -> None:
    with trust.audit_log() as log:
        log.append(kind, actor, body)


def _system_user() -> str:
    """As the system knows whoever runs this, not as an environment variable says; marked, lest it be taken for an
    account."""
    try:
        return f"local:{pwd.getpwuid(os.geteuid()).pw_name}"
    except KeyError:  # no entry in the user table, as in a bare container
        return f"local:{os.geteuid()}"
