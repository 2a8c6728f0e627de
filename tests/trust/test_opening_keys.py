"""Keys of the house are the house's alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tongguan.errors import Denied
from tongguan.trust.access import Grant, Principal
from tongguan.trust.opening import HOUSE, open_trust

OFFICER = Principal("officer", "user", (Grant("compliance_officer"),), id="o")
GATE = Principal("gate", "system", (Grant("system_administrator"), Grant("security_administrator")), id="gate")
BOUND = b"tongguan/identity/totp/"


def test_nobody_opens_the_second_factors_of_others(tmp_path: Path) -> None:
    with open_trust(tmp_path) as room:
        old = room.keys.ensure(name="identity", purpose="seal", owner="tongguan", by=HOUSE)  # as homes were made before
        user = room.identity.create_user("wang", by=GATE)
        room.identity.totp_begin(user.id, room.identity.principal(user.id))
        key = room.keys.get(old.id, GATE)
        assert [sorted(rule.principals) for rule in key.policy.allow] == [["tongguan"]]
        sealed = room.keys.seal(key.id, b"secret", BOUND, HOUSE)
        for who in (OFFICER, GATE):
            with pytest.raises(Denied):
                room.keys.unseal(key.id, sealed, BOUND, who)
            with pytest.raises(Denied):
                room.keys.seal(key.id, b"mine", BOUND, who)
        assert room.audit.entries(0, 1, kind="denied", newest=True)[0].actor == GATE.name
