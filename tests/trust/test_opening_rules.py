"""Changed files of rules are seen in the log."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from tongguan.trust.opening import open_trust

ROLES = files("tongguan.trust.access").joinpath("roles.yaml").read_text(encoding="utf-8")


def noted(home: Path) -> list[dict[str, str]]:
    with open_trust(home) as room:
        return [entry.body for entry in room.audit.entries(0, 100, kind="rules_changed")]


def test_the_rules_of_the_package_are_no_change(tmp_path: Path) -> None:
    assert noted(tmp_path) == noted(tmp_path) == []


def test_each_change_of_roles_and_settings_is_one_entry(tmp_path: Path) -> None:
    roles, settings = tmp_path / "roles.yaml", tmp_path / "settings.yaml"
    roles.write_text(ROLES, encoding="utf-8")
    assert noted(tmp_path) == []  # the same in another place
    more = ROLES.replace(
        "grants: [profile.own, law.read, results.read, assets.read, decisions.ask]",
        "grants: [profile.own, evidence.reveal]",
    )
    assert more != ROLES
    roles.write_text(more, encoding="utf-8")
    assert len(noted(tmp_path)) == len(noted(tmp_path)) == 1
    settings.write_text("database: null\nidentity: {lock_after: 9}\n", encoding="utf-8")
    changed = noted(tmp_path)
    assert len(changed) == 2 and changed[0]["policy"] == changed[1]["policy"]
    assert changed[0]["settings"] != changed[1]["settings"]
    roles.unlink()
    settings.unlink()
    back = noted(tmp_path)
    assert len(back) == 3 and back[0]["settings"] == back[2]["settings"] and back[0]["policy"] != back[2]["policy"]
