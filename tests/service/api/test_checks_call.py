"""The check of all records against the log, by the API."""

from __future__ import annotations

import httpx
import sqlalchemy as sa
from api_house import House, folder_in_memory, served
from console_house import GATE

from tongguan.service.api import checks

V1 = "/api/v1"


def ask(client: httpx.Client) -> dict[str, object]:
    answer = client.post(f"{V1}/checks")
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


def test_records_are_held_against_the_log() -> None:
    with folder_in_memory() as folder:
        house = House(folder)
        house.evidence("甲")
        with served(house.app) as address, house.caller(address, house.people["auditor"]) as auditor:
            assert ask(auditor) == {"ok": True, "count": 0, "contradictions": []}
            with house.trust.database.write() as connection:
                connection.execute(sa.text("update users set state = 'disabled' where name = 'the-viewer'"))
            found = ask(auditor)
            assert found["ok"] is False and found["count"] == 1
            said = {"store": "users", "subject": "the-viewer", "what": "state"}
            assert said.items() <= found["contradictions"][0].items()  # type: ignore[index]
            with checks._checking:
                assert auditor.post(f"{V1}/checks").status_code == 409
            house.trust.identity.enable(house.people["viewer"], GATE)
            assert ask(auditor)["ok"] is True
            with house.caller(address, house.people["compliance_officer"]) as officer:
                assert officer.post(f"{V1}/checks").status_code == 403
