"""The page of evidence where a manifest was altered in the database, or a key is suspended: named, and nothing shown."""

from __future__ import annotations

from pathlib import Path

import httpx
from console_house import PASSWORD, add_user, form_token, new_app, served

from tongguan.trust.access import Grant, Principal
from tongguan.trust.evidence.records import MANIFESTS

OFFICER = Principal("officer", "user", (Grant("compliance_officer"),), id="officer")
GUARD = Principal("guard", "user", (Grant("security_administrator"),), id="guard")


def test_what_is_altered_or_locked_is_named_beside_the_rest(tmp_path: Path) -> None:
    app = new_app(tmp_path, inspected=False)
    trust = app.state.console.trust
    add_user(trust, "keeper", "compliance_officer")
    made = [
        trust.evidence.add(b"x", kind="file", name=f"{n}.txt", media_type="text/plain", entity=entity, by=OFFICER)
        for n, entity in enumerate(("甲", "甲", "乙"))
    ]
    forged = MANIFESTS.update().where(MANIFESTS.c.id == made[0].id).values(masked="forged words", until=1.0)
    with trust.database.write() as connection:
        connection.execute(forged)
    trust.keys.suspend(made[2].key, GUARD)
    trust.evidence._parts.vault._secrets.clear()  # as a minute later
    with served(app) as address, httpx.Client(base_url=address, timeout=30) as client:
        csrf = form_token(client.get("/sign-in").text)
        client.post("/sign-in", data={"user": "keeper", "password": PASSWORD, "csrf": csrf})
        page = client.get("/evidence")
        assert page.status_code == 200 and "1.txt" in page.text and "0.txt" not in page.text
        assert page.text.count("清单被改动") == page.text.count("密钥不可用") == 1
        for one, words in ((made[0], "与写入时不符"), (made[2], "密钥已挂起或销毁")):
            chosen = client.get("/evidence", params={"id": one.id})
            assert chosen.status_code == 200 and words in chosen.text and "forged words" not in chosen.text
            assert "/original" not in chosen.text
        assert "/original" in client.get("/evidence", params={"id": made[1].id}).text
        rows = client.get("/evidence.json").json()["rows"]
        assert {row["id"]: row["state"] for row in rows} == {
            made[0].id: "altered",
            made[1].id: "kept",
            made[2].id: "locked",
        }
