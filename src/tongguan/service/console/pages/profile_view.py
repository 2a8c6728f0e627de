"""What the own profile shows."""

from __future__ import annotations

from typing import Any

from fastapi.responses import Response

from tongguan.errors import BadInput, Denied
from tongguan.service.console.address import link
from tongguan.service.console.pages.signin import by_name, party_of
from tongguan.service.console.visit import Visit
from tongguan.service.console.workspace import Row
from tongguan.trust.access import Principal, may

__all__ = ["PROVED", "TABS", "proof_page", "told", "view"]

TABS = ("access", "sessions", "tokens", "display")
DONE = (
    "password", "totp", "totp_remove", "key", "key_remove", "sessions", "token", "link", "unlink", "proof"
)  # fmt: skip
PROVED = ("access", "tokens")  # tabs whose changes ask for a proof
PROBLEMS = ("linked", "last")
DAYS = (30, 90, 180, 365)
# Each names the next ones too in what it sends, so the first that is found counts.
_BROWSERS = (
    ("Edge", "Edg/"), ("360", "360SE"), ("QQ", "QQBrowser/"), ("Firefox", "Firefox/"), ("Chrome", "Chrome/"),
    ("Safari", "Safari/"),
)  # fmt: skip
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"), ("Android", "Android"), ("iOS", "iPhone"), ("iPadOS", "iPad"), ("Windows", "Windows"),
    ("macOS", "Macintosh"), ("Linux", "Linux"),
)  # fmt: skip


def view(visit: Visit, tab: str = "", status: int = 200, **more: Any) -> Response:
    """The page, on one tab. `more`: what came of a form: `problem` and `at` which form, or a secret shown once."""
    by = visit.principal
    assert by
    asked = tab or visit.get("tab")
    asked = asked if asked in TABS else TABS[0]
    done, problem = visit.get("done"), visit.get("problem")
    data = {
        "tabs": TABS,
        "tab": asked,
        "done": done if done in DONE and not more else "",
        "problem": visit.t(f"profile.problem.{problem}") if problem in PROBLEMS else "",
        "at": "",
        "account": _account(visit, by),
        "pending": by.pending,
        "proof": _proof(visit, asked),
        "offer": None,
        "codes": [],
        "token": "",
        "typed": {},
        **_TABS[asked](visit, by),
        **more,
    }
    return visit.page("profile.html", data, status)


def told(visit: Visit, error: BadInput | Denied, key: str, **values: object) -> str:
    """What went wrong. Rules that are told in English only are told in the words of `key` elsewhere."""
    if isinstance(error, Denied):
        return visit.say(error.text)
    text = str(error)
    return text[:1].upper() + text[1:] + "." if visit.language == "en" else visit.t(key, **values)


def _proof(visit: Visit, tab: str) -> str:
    """Where a proof is asked for before this tab's changes; "" where there was one lately, or none is needed."""
    if tab not in PROVED or not visit.session or visit.console.trust.identity.proved_until(visit.session):
        return ""
    return proof_page(tab)


def proof_page(tab: str) -> str:
    """The address of the page that asks for a proof and leads back to this tab."""
    return link("/profile/proof", {"tab": tab if tab != TABS[0] else None})


def _account(visit: Visit, by: Principal) -> Row:
    trust = visit.console.trust
    user = trust.identity.user(by.id, by)
    return {
        "name": user.name,
        "display": user.display,
        "email": user.email,
        "entity": user.entity,
        "last_sign_in": user.last_sign_in,
        "has_password": user.has_password,
        "roles": [trust.policy.roles[r].name[visit.language] for r in sorted(by.roles) if r in trust.policy.roles],
    }


def _access(visit: Visit, by: Principal) -> Row:
    identity = visit.console.trust.identity
    user = identity.user(by.id, by)
    linked = identity.providers.linked(by.id)
    keys = identity.security_keys.keys(by.id, by)
    return {
        "least": visit.console.trust.settings.identity.password_min,
        "totp": "totp" in user.second_factors,
        "keys": [
            {"id": k.id, "name": k.name, "created": k.created, "last_used": k.last_used, "synced": k.synced,
             "suspect": k.suspect} for k in keys
        ],
        "codes_left": identity.recovery_left(by.id, by),
        "providers": [{"id": p.id, "name": p.name, "linked": p.id in linked} for p in identity.providers.offered],
        "passkeys": party_of(visit) is not None,
        "elsewhere": by_name(visit, "/profile"),
    }  # fmt: skip


def _sessions(visit: Visit, by: Principal) -> Row:
    identity = visit.console.trust.identity
    mine = identity.session_id(visit.session)
    return {
        "sessions": [
            {"id": s.id, "opened": s.opened, "used": s.used, "address": s.address, "agent": s.agent,
             "browser": _browser(s.agent),
             "ways": s.method.split("+"), "current": s.id == mine} for s in identity.sessions(by.id, by)
        ]
    }  # fmt: skip


def _tokens(visit: Visit, by: Principal) -> Row:
    trust = visit.console.trust
    mine = [
        {"id": o.id, "name": o.name[visit.language]}
        for o in trust.policy.operations.values()
        if o.id != "profile.own" and may(trust.policy, by, o.id)
    ]
    names = {o.id: o.name[visit.language] for o in trust.policy.operations.values()}
    issued = trust.identity.tokens(by.id, by)
    return {
        "tokens": [
            {"id": t.id, "name": t.name, "scopes": [names.get(s, s) for s in sorted(t.scopes)], "created": t.created,
             "expires": t.expires, "last_used": t.last_used, "revoked": t.revoked} for t in issued
        ],
        "operations": mine,
        "days": DAYS,
    }  # fmt: skip


def _display(visit: Visit, by: Principal) -> Row:
    return {"language": visit.language, "theme": visit.theme}


def _browser(agent: str) -> str:
    """The name by which people know a browser and its system; "" where we do not know them."""
    name = next((name for name, mark in _BROWSERS if mark in agent), "")
    system = next((name for name, mark in _SYSTEMS if mark in agent), "")
    return f"{name} · {system}" if name and system else name


_TABS = {"access": _access, "sessions": _sessions, "tokens": _tokens, "display": _display}
