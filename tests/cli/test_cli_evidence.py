"""`tongguan evidence` as somebody at a terminal has it."""

import json
import os
import stat

import pytest

from tongguan.trust.access import Grant, Principal
from tongguan.trust.opening import open_trust

CONTENT = b"name,phone\n" + os.urandom(300_000)


@pytest.fixture
def piece(tongguan, tmp_path):
    (tmp_path / "rows.csv").write_bytes(CONTENT)
    (tmp_path / "masked").write_text("name,***")
    code, out, err = tongguan(
        "evidence", "add", tmp_path / "rows.csv", "--kind", "rows", "--masked", tmp_path / "masked"
    )
    assert code == 0, err
    return out.strip()


@pytest.fixture
def as_officer(home, monkeypatch):
    """From here on whoever types is a compliance officer, by a token."""

    def become():
        gate = Principal("gate", "system", (Grant("system_administrator"), Grant("security_administrator")), id="gate")
        with open_trust(home) as trust:
            made = trust.identity.create_user("officer", by=gate)
            trust.identity.grant(made.id, "compliance_officer", by=gate)
            scopes = ["evidence.reveal", "evidence.read", "evidence.hold", "evidence.release", "evidence.expire"]
            _, token = trust.identity.issue_token(
                made.id, name="t", scopes=scopes, days=1, by=trust.identity.principal(made.id)
            )
        monkeypatch.setenv("TONGGUAN_TOKEN", token)

    return become


def test_a_file_is_kept_and_shown_masked(tongguan, piece):
    shown = json.loads(tongguan("evidence", "show", piece)[1])
    assert (shown["size"], shown["media_type"], shown["masked"]) == (len(CONTENT), "text/csv", "name,***")
    assert shown["added"].endswith("Z") and shown["history"] == []
    assert [row["id"] for row in json.loads(tongguan("evidence", "list", "--kind", "rows", "--json")[1])] == [piece]
    assert json.loads(tongguan("evidence", "list", "--held", "--json")[1]) == []
    assert "rows.csv" in tongguan("evidence", "list", lang="zh")[1]
    for words in (["show", "nope"], ["add", "/nowhere"], ["add", "/"], ["hold", "nope", "--reason", "r"]):
        code, out, err = tongguan("evidence", *words)
        assert code == 2 and out == "" and err.count("\n") == 1, words


def test_the_original_is_a_compliance_officers(tongguan, piece, as_officer, tmp_path, logged):
    words = ("evidence", "reveal", piece, "--reason", "inquiry 7", "--out", tmp_path / "out")
    code, _, err = tongguan(*words)
    assert code == 2 and not (tmp_path / "out").exists() and logged("denied")
    as_officer()
    code, _, _ = tongguan(*words)
    assert code == 0 and (tmp_path / "out").read_bytes() == CONTENT
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o600
    code, _, err = tongguan(*words)
    assert code == 2 and "there already" in err
    assert len(logged("evidence.revealed")) == 1
    assert tongguan("evidence", "reveal", piece, "--reason", " ", "--out", tmp_path / "o2")[0] == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["home", "masked", "out", "rows.csv"]


def test_an_altered_original_leaves_no_file(tongguan, piece, as_officer, home, tmp_path):
    blob = max((p for p in (home / "evidence").rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
    raw = bytearray(blob.read_bytes())
    raw[-1000] ^= 1
    blob.chmod(0o600)
    blob.write_bytes(raw)
    code, out, err = tongguan("evidence", "sweep")
    assert code == 1 and out.startswith("WRONG: 1") and err
    as_officer()
    assert tongguan("evidence", "reveal", piece, "--reason", "r", "--out", tmp_path / "out")[0] == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["home", "masked", "rows.csv"]


def test_a_hold_is_lifted_with_an_approval_only(tongguan, piece, as_officer):
    as_officer()
    code, out, _ = tongguan("evidence", "hold", piece, "--reason", "court")
    assert code == 0 and "under 1 legal" in out
    assert [row["id"] for row in json.loads(tongguan("evidence", "list", "--held", "--json")[1])] == [piece]
    history = json.loads(tongguan("evidence", "show", piece)[1])["history"]
    assert [(event["act"], event["reason"]) for event in history] == [("held", "court")]
    code, _, err = tongguan("evidence", "release", piece, "--reason", "over")
    assert code == 2 and err.startswith("tongguan: ")
    assert tongguan("evidence", "expire")[1].startswith("removed 0 pieces")


def test_keys_are_renewed_and_all_is_checked(tongguan, piece):
    assert tongguan("evidence", "sweep")[1].startswith("intact: 1 manifests, 1 contents")
    assert tongguan("evidence", "rewrap")[1] == "wrapped 0 data keys anew\n"
    key = json.loads(tongguan("evidence", "show", piece)[1])["key"]
    assert tongguan("keys", "rotate", key)[0] == 0
    code, out, _ = tongguan("evidence", "rewrap")
    assert code == 0 and not out.startswith("wrapped 0")
    assert json.loads(tongguan("evidence", "show", piece)[1])["key_version"] == 2
    assert tongguan("evidence", "expire")[0] == 2  # not at the terminal without a token
