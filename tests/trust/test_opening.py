"""The whole trust room over one home."""

from __future__ import annotations

from pathlib import Path

import pyotp
import pytest

from tongguan.errors import BadInput
from tongguan.trust.access import Grant, Principal
from tongguan.trust.opening import open_trust

OFFICER = Principal("officer", "user", (Grant("compliance_officer"),), id="o")
HOLDER = Principal("holder", "user", (Grant("compliance_officer"),), id="h")
AUDITOR = Principal("auditor", "user", (Grant("auditor"),), id="a")
GATE = Principal("gate", "system", (Grant("system_administrator"), Grant("security_administrator")), id="gate")


@pytest.mark.parametrize("suite", ["international", "guomi"])
def test_every_part_works_and_is_there_again_after_a_restart(tmp_path: Path, suite: str) -> None:
    (tmp_path / "settings.yaml").write_text(f"suite: {suite}\n", encoding="utf-8")
    with open_trust(tmp_path) as room:
        kept = room.evidence.add(
            b"\x00original", kind="message", name="a", media_type="text/plain", entity="E", by=OFFICER
        )
        key = room.keys.create(name="k", purpose="sign", owner="E", by=GATE)
        signature = room.keys.sign(key.id, b"text", HOLDER)
        assert room.audit.verify().ok
    with open_trust(tmp_path) as room:
        assert b"".join(room.evidence.reveal(kept.id, "for the test", OFFICER)) == b"\x00original"
        assert room.keys.verify(key.id, b"text", signature, HOLDER)
        verdict = room.audit.verify()
        assert verdict.ok and {"evidence.revealed", "key.use"} <= set(room.audit.kinds())
        assert room.keys.check_store(room.audit.entries(0, room.audit.size), AUDITOR) == []
        assert not any("original" in entry.text for entry in room.audit.entries(0, 1000))
    note = (tmp_path / "audit.db.checkpoint").read_text(encoding="utf-8")
    assert note.startswith("tongguan/audit-")


def test_second_factors_are_sealed_by_a_key_of_the_house(tmp_path: Path) -> None:
    with open_trust(tmp_path) as room:
        user = room.identity.create_user("wang", by=GATE)
        room.identity.set_password(user.id, "correct horse battery", GATE, must_change=False)
        offer = room.identity.totp_begin(user.id, room.identity.principal(user.id))
        room.identity.totp_confirm(user.id, pyotp.TOTP(offer.secret).now(), room.identity.principal(user.id))
    for path in tmp_path.iterdir():
        if path.is_file():
            assert offer.secret.encode() not in path.read_bytes()
    with open_trust(tmp_path) as room:
        signed = room.identity.sign_in("wang", "correct horse battery", address="127.0.0.1")
        assert signed.outcome == "second_factor"
    (tmp_path / "master.passphrase").write_text("another\n", encoding="utf-8")
    with open_trust(tmp_path) as room, pytest.raises(BadInput, match="passphrase"):
        _ = room.keys


def test_whoever_only_signs_in_needs_no_master_key(tmp_path: Path) -> None:
    with open_trust(tmp_path) as room:
        assert room.identity.first_accounts()
    assert not (tmp_path / "master.json").exists()
