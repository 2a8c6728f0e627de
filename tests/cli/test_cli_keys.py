"""`tongguan keys` as somebody at a terminal has it."""

import json
import re
import sqlite3

import pytest

from tongguan.trust.access import Grant, Principal
from tongguan.trust.ciphers import SigningKey
from tongguan.trust.ciphers.pem import public_pem
from tongguan.trust.opening import open_trust


@pytest.fixture
def key(tongguan):
    code, out, _ = tongguan("keys", "create", "字段", "--purpose", "seal", "--owner", "数据部", "--until", "2031-05-04")
    assert code == 0
    return out.strip()


def officer():
    return Principal("officer", "user", (Grant("compliance_officer"),), id="o")


def test_a_key_lives(tongguan, key, logged):
    shown = json.loads(tongguan("keys", "show", key)[1])
    assert (shown["state"], shown["algorithm"], shown["not_after"]) == ("active", "aes-256-gcm", "2031-05-05T00:00:00Z")
    for act, said in (("rotate", "active, version 2"), ("suspend", "suspended"), ("activate", "active"), ("retire", "retired")):  # fmt: skip
        code, out, _ = tongguan("keys", act, key)
        assert code == 0 and said in out
    code, _, err = tongguan("keys", "activate", key)
    assert code == 2 and err.count("\n") == 1
    assert [row["id"] for row in json.loads(tongguan("keys", "list", "--json", "--state", "retired")[1])] == [key]
    assert json.loads(tongguan("keys", "list", "--json", "--foreign")[1]) == []
    assert key in tongguan("keys", "list", "--ours", lang="zh")[1]
    code, _, err = tongguan("keys", "destroy", key)
    assert code == 2 and "keys.destroy" in str(logged("denied"))  # not at the terminal: it takes two people


def test_what_is_no_key_is_told(tongguan):
    for words in (["show", "nope"], ["rotate", "key_" + "0" * 24], ["policy", "x"]):
        code, out, err = tongguan("keys", *words)
        assert code == 2 and out == "" and err.startswith("tongguan: ") and err.count("\n") == 1


def test_a_public_key_is_registered_only_with_the_permission(tongguan, home, tmp_path, monkeypatch):
    (tmp_path / "p.pem").write_text(public_pem("ed25519", SigningKey.generate("ed25519").public.encoded))
    words = ("keys", "register", "对方", tmp_path / "p.pem", "--owner", "Lumora")
    assert tongguan(*words)[0] == 2  # a provider's act, or the security administrator's
    gate = Principal("gate", "system", (Grant("system_administrator"), Grant("security_administrator")), id="gate")
    with open_trust(home) as trust:
        made = trust.identity.create_user("keeper", by=gate)
        trust.identity.grant(made.id, "security_administrator", by=gate)
        scopes = ["keys.register", "keys.read"]
        _, token = trust.identity.issue_token(
            made.id, name="t", scopes=scopes, days=1, by=trust.identity.principal(made.id)
        )
    monkeypatch.setenv("TONGGUAN_TOKEN", token)
    code, out, err = tongguan(*words)
    shown = json.loads(tongguan("keys", "show", out.strip())[1])
    assert code == 0 and shown["foreign"] and shown["fingerprint"] in err
    assert shown["public"] == (tmp_path / "p.pem").read_text()
    (tmp_path / "p.pem").write_text("nothing")
    assert tongguan("keys", "register", "x", tmp_path / "p.pem", "--owner", "o")[0] == 2


def test_a_policy_is_set_from_what_is_shown(tongguan, key, tmp_path):
    assert json.loads(tongguan("keys", "policy", key)[1]) == {"allow": []}
    wanted = {"allow": [{"principals": ["officer"], "roles": [], "operations": ["seal", "unseal"]}]}
    (tmp_path / "policy.json").write_text(json.dumps(wanted))
    assert json.loads(tongguan("keys", "policy", key, "--set", tmp_path / "policy.json")[1]) == wanted
    for bad in ("no", "[]", '{"allow": [{"roles": ["nobody"]}]}', "[" * 100_000):
        (tmp_path / "policy.json").write_text(bad)
        assert tongguan("keys", "policy", key, "--set", tmp_path / "policy.json")[0] == 2
    assert json.loads(tongguan("keys", "policy", key)[1]) == wanted


def test_a_lost_master_key_comes_back_from_its_shares(tongguan, home, key, logged):
    with open_trust(home) as trust:
        sealed = trust.keys.seal(key, b"secret", b"c", officer())
    code, out, _ = tongguan(
        "keys", "split", "--needed", "2", "--holder", "张三", "--holder", "李四", "--holder", "王五"
    )
    shares = re.findall(r"^(?:[a-z]+ ){32}[a-z]+$", out, re.MULTILINE)
    assert code == 0 and len(shares) == 3
    code, out, _ = tongguan("keys", "drill", typed=f"{shares[0]}\n\n{shares[2]}\n")
    assert code == 0 and out.startswith("drilled: ") and "1 keys" in out
    code, out, err = tongguan("keys", "drill", typed=shares[0])
    assert code == 2 and shares[0] not in err
    assert tongguan("keys", "drill")[0] == 2
    (home / "master.json").unlink()
    (home / "master.passphrase").unlink()
    assert tongguan("keys", "show", key)[0] == 2
    code, out, _ = tongguan("keys", "restore", typed=f"{shares[1]}\n{shares[2]}\n")
    assert code == 0 and out.startswith("restored: ")
    with open_trust(home) as trust:
        assert trust.keys.unseal(key, sealed, b"c", officer()) == b"secret"
    assert tongguan("keys", "restore", typed=f"{shares[1]}\n{shares[2]}\n")[0] == 2  # nothing is lost
    assert not any(share in str(logged()) for share in shares)


def test_the_master_key_is_rotated_and_its_passphrase_changed(tongguan, home, key, monkeypatch, logged):
    assert tongguan("keys", "master", "--rotate")[0] == 0
    rows = json.loads(tongguan("keys", "master", "--json")[1])
    assert [(row["current"], row["held"], row["versions"]) for row in rows] == [(True, True, 1), (False, True, 0)]
    assert tongguan("keys", "master", "--drop", rows[1]["id"])[0] == 2  # not at the terminal: it takes two people
    assert tongguan("keys", "passphrase", typed="short\n")[0] == 2
    code, out, _ = tongguan("keys", "passphrase", typed="a passphrase of my own\n")
    assert code == 0 and "TONGGUAN_PASSPHRASE" in out and not (home / "master.passphrase").exists()
    assert tongguan("keys", "show", key)[0] == 2
    monkeypatch.setenv("TONGGUAN_PASSPHRASE", "a passphrase of my own")
    assert tongguan("keys", "show", key)[0] == 0
    assert "a passphrase of my own" not in str(logged())


def test_the_check_names_what_was_changed_behind_its_back(tongguan, home, key):
    code, out, _ = tongguan("keys", "check")
    assert code == 0 and out.startswith("right: ")
    connection = sqlite3.connect(home / "trust.db")
    connection.execute("update keys set owner = 'mallory'")
    connection.commit()
    connection.close()
    code, out, _ = tongguan("keys", "check")
    assert code == 1 and key in out and "WRONG: 1" in out
    found = json.loads(tongguan("keys", "check", "--json")[1])
    assert [(one["key"], one["what"]) for one in found] == [(key, "altered")]
