"""Settings of the installation: what is in force, and the few that may be changed from outside of the machine."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import yaml
from fastapi import APIRouter
from pydantic import Field

from tongguan import whole_file
from tongguan.errors import CannotWrite
from tongguan.service.api.calling import TrustRoom
from tongguan.service.api.shapes import Shown, Strict
from tongguan.service.permission import needs
from tongguan.trust.access import Principal
from tongguan.trust.settings import load_settings

__all__ = ["router"]

router = APIRouter(prefix="/settings", tags=["settings"])
_changing = threading.Lock()
Minutes = Annotated[int, Field(ge=1, le=60 * 24 * 30)]


class SettingsShown(Shown):
    """What is in force since the service started, and the health of its parts. Secrets never stand in settings."""

    settings: dict[str, Any]
    health: dict[str, Any]


class SignInRules(Strict):
    """Rules of signing in. Absent ones stay."""

    password_min: Annotated[int, Field(ge=10, le=128)] | None = None
    password_history: Annotated[int, Field(ge=0, le=24)] | None = None
    password_max_age_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    lock_after: Annotated[int, Field(ge=1, le=20)] | None = None
    session_idle_minutes: Minutes | None = None
    session_hours: Annotated[int, Field(ge=1, le=24 * 7)] | None = None
    sessions_per_user: Annotated[int, Field(ge=1, le=100)] | None = None
    second_factor: Literal["optional", "administrators", "everyone"] | None = None


class Limits(Strict):
    """Limits of the service. Absent ones stay."""

    requests_per_minute: Annotated[int, Field(ge=60, le=100_000)] | None = None
    sign_ins_per_minute: Annotated[int, Field(ge=1, le=1000)] | None = None
    upload_limit: Annotated[int, Field(ge=1 << 20, le=1 << 40)] | None = None


class Changes(Strict):
    """What may be changed here. Where keys, records and evidence lie is decided at the machine's terminal: who could
    change that from outside could lead them elsewhere."""

    identity: SignInRules = SignInRules()
    service: Limits = Limits()


@router.get("")
def settings(trust: TrustRoom, by: Annotated[Principal, needs("settings.read")]) -> SettingsShown:
    """What is in force."""
    shown = asdict(trust.settings)
    shown["database"] = trust.database.name
    if trust.settings.anchor:  # the address of a node may hold a key to it
        shown["anchor"]["rpc"] = urlsplit(trust.settings.anchor.rpc).hostname
    health = {"audit_entries": trust.audit.size, "database": trust.database.name}
    return SettingsShown(settings=shown, health=health)


@router.patch("")
def change(trust: TrustRoom, by: Annotated[Principal, needs("settings.manage")], changes: Changes) -> dict[str, Any]:
    """Change the settings file; what was changed is in force when the service starts again. Comments in the file are
    lost; the file as it was stays beside it as settings.yaml.before."""
    given = {part: some for part, some in changes.model_dump(exclude_none=True).items() if some}
    if given:
        with _changing:
            load_settings(trust.home)  # a file that is broken is not built upon
            # First: an entry without its change is looked into, a change without an entry is not seen.
            trust.record("settings_changed", by.name, {"changes": given})
            _write(trust.home, given)
    return {"changed": given, "in_force": "at the next start"}


def _write(home: Path, changes: Mapping[str, Mapping[str, Any]]) -> None:
    """Put the changes into the settings file; the file as it was stays beside it. Raises CannotWrite."""
    path = Path(os.environ.get("TONGGUAN_SETTINGS") or home / "settings.yaml")
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
    except OSError as error:
        raise CannotWrite(f"{path}: cannot be read: {error.strerror}") from None
    document = yaml.safe_load(text) or {}
    for part, some in changes.items():
        document[part] = {**(document.get(part) or {}), **some}
    whole_file.replace(path.with_name(path.name + ".before"), text.encode())
    whole_file.replace(path, yaml.safe_dump(document, allow_unicode=True, sort_keys=False).encode())
