"""`tongguan users` as somebody at a terminal has it."""

import json
import os
import pty
import re
import sys
import time

import pytest

from tongguan.trust.access import Grant, Principal
from tongguan.trust.opening import open_trust


def names(tongguan, *words):
    return {row["name"] for row in json.loads(tongguan("users", "list", "--json", *words)[1])}


def test_an_account_from_its_making_to_its_end(tongguan, home, logged):
    code, out, err = tongguan("users", "add", "li.si", "--display", "李四", "--entity", "总部")
    password = re.search(r"([a-z0-9]+-[a-z0-9-]+)$", out)[1]
    assert (code, err) == (0, "")
    with open_trust(home) as trust:
        assert trust.identity.sign_in("li.si", password, address="x").outcome == "in"
    assert tongguan("users", "grant", "li.si", "viewer", "--entity", "甲公司", "--entity", "乙公司")[0] == 0
    row = json.loads(tongguan("users", "list", "--text", "li.si", "--json")[1])[0]
    assert row["grants"] == [{"role": "viewer", "entities": sorted(["甲公司", "乙公司"]), "teams": None}]
    assert tongguan("users", "revoke", "li.si", "viewer")[0] == 0
    assert tongguan("users", "revoke", "li.si", "viewer")[0] == 2
    assert tongguan("users", "disable", "li.si")[0] == 0 and "li.si" in names(tongguan, "--state", "disabled")
    assert tongguan("users", "enable", "li.si")[0] == 0 and "li.si" in names(tongguan, "--state", "active")
    assert tongguan("users", "factors", "li.si")[0] == 0
    assert not any(password in json.dumps(body) for _, body in logged())
    shown = tongguan("users", "list")[1]
    assert "li.si  李四  user" in shown


def test_a_password_comes_by_standard_input(tongguan, home):
    tongguan("users", "add", "wang.wu")
    assert tongguan("users", "password", "wang.wu", typed="a very good password\n")[:2] == (
        0,
        "done, and in the audit log\n",
    )
    with open_trust(home) as trust:
        user = trust.identity.by_name("wang.wu")
        assert trust.identity.sign_in("wang.wu", "a very good password", address="x").outcome == "in"
        assert user.must_change
    for typed in ("", "\n", "short\n", "x" * 5000 + "\n"):
        code, out, err = tongguan("users", "password", "wang.wu", typed=typed)
        assert code == 2 and out == "" and err.startswith("tongguan: ")
    assert tongguan("users", "password", "nobody", typed="a very good password\n")[0] == 2
    assert "shown this once" in tongguan("users", "password", "wang.wu", "--generate")[1]


def test_a_password_that_is_typed_is_not_shown(tongguan, home):
    tongguan("users", "add", "zhao.liu")
    child, terminal = pty.fork()
    if child == 0:
        os.execv(
            sys.executable, [sys.executable, "-m", "tongguan.cli", "users", "password", "zhao.liu", "--lang", "en"]
        )
    shown, answers, deadline = b"", [b"a very good password\n", b"a very good password\n"], time.monotonic() + 60
    try:
        while time.monotonic() < deadline:
            piece = os.read(terminal, 4096)
            if not piece:
                break
            shown += piece
            if piece.endswith(b": ") and answers:
                os.write(terminal, answers.pop(0))
    except OSError:  # the terminal is closed
        pass
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, shown
    assert b"new password: " in shown and b"once more: " in shown and b"very good" not in shown
    with open_trust(home) as trust:
        assert trust.identity.sign_in("zhao.liu", "a very good password", address="x").outcome == "in"


def test_an_import_is_all_or_nothing(tongguan, tmp_path):
    good = "userName,displayName,email,active\na.b,甲,a@example.com,true\nc.d,乙,c@example.com,true\n"
    (tmp_path / "good.csv").write_bytes(good.encode("gb18030"))
    (tmp_path / "bad.csv").write_text(good + "two words,x,y,maybe\n", encoding="utf-8")
    code, out, _ = tongguan("users", "import", tmp_path / "good.csv", "--dry-run")
    assert code == 0 and "2 new" in out and names(tongguan) == set()
    code, out, err = tongguan("users", "import", tmp_path / "bad.csv")
    assert code == 2 and "line 4" in err and "nothing was imported" in out and names(tongguan) == set()
    code, out, _ = tongguan("users", "import", tmp_path / "good.csv", lang="zh")
    assert code == 0 and "新建 2" in out and names(tongguan) == {"a.b", "c.d"}
    code, _, err = tongguan("users", "import", tmp_path / "none.csv")
    assert code == 2 and err.count("\n") == 1


def test_a_token_of_a_service_account_is_printed_once(tongguan, home, monkeypatch):
    tongguan("users", "add", "robot", "--service")
    tongguan("users", "grant", "robot", "auditor")
    code, out, _ = tongguan("users", "token", "robot", "--label", "nightly", "--scope", "audit.read", "--days", "7")
    assert code == 0 and re.fullmatch(r"tgk_\S+\n", out)
    token = json.loads(tongguan("users", "tokens", "robot", "--json")[1])[0]
    assert token["name"] == "nightly" and token["scopes"] == ["audit.read"] and out.strip() not in json.dumps(token)
    monkeypatch.setenv("TONGGUAN_TOKEN", out.strip())
    assert tongguan("audit", "list")[0] == 0
    code, _, err = tongguan("users", "list")  # the role would let it, the token does not
    assert code == 2 and "people" in err
    monkeypatch.delenv("TONGGUAN_TOKEN")
    assert tongguan("users", "tokens", "robot", "--revoke", "nope")[0] == 2
    assert tongguan("users", "tokens", "robot", "--revoke", token["id"])[0] == 0
    monkeypatch.setenv("TONGGUAN_TOKEN", out.strip())
    assert tongguan("audit", "list")[0] == 2


def test_what_roles_separate_the_terminal_does_not_join(tongguan, logged):
    tongguan("users", "add", "both")
    assert tongguan("users", "grant", "both", "auditor")[0] == 0
    code, _, err = tongguan("users", "grant", "both", "system_administrator")
    assert code == 2 and err.startswith("tongguan: ")
    assert tongguan("users", "grant", "both", "local_operator")[0] == 2
    assert tongguan("users", "grant", "both", "nonsense")[0] == 2
    assert logged("denied")


def test_secrets_are_no_arguments():
    from tongguan.cli.main import main

    for words in (
        ["users", "password", "x", "secret"],
        ["keys", "drill", "academic acid"],
        ["keys", "passphrase", "x"],
    ):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 2


def test_whoever_has_no_such_permission_is_refused(tongguan, home, monkeypatch, logged):
    gate = Principal("gate", "system", (Grant("system_administrator"), Grant("security_administrator")), id="gate")
    with open_trust(home) as trust:
        made = trust.identity.create_user("viewer", by=gate)
        trust.identity.grant(made.id, "viewer", by=gate)
        own = trust.identity.principal(made.id)
        _, token = trust.identity.issue_token(made.id, name="t", scopes=["results.read"], days=1, by=own)
    monkeypatch.setenv("TONGGUAN_TOKEN", token)
    for words in (["users", "list"], ["users", "add", "x"], ["users", "import", "f"], ["keys", "list"], ["keys", "check"],
                  ["keys", "split", "--needed", "2", "--holder", "a", "--holder", "b"], ["evidence", "sweep"],
                  ["evidence", "list"]):  # fmt: skip
        code, out, err = tongguan(*words)
        assert code == 2 and out == "" and err.startswith("tongguan: "), words
    monkeypatch.delenv("TONGGUAN_TOKEN")
    assert len(logged("denied")) >= 8
