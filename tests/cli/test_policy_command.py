"""`tongguan policy`: files checked and tried, policies registered, switched and removed."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest

from tongguan.cli import policy
from tongguan.wording import wording

POLICY = """
policy: 出境检查
rules:
  - id: secret
    severity: high
    when: {keyword: {any: [机密, confidential]}}
    except: {keyword: {any: [已解密]}}
  - id: phones
    when: {identifier: {type: phone, count: 2}}
"""
TABLE = """
policy: 客户
rules:
  - id: rows
    when: {table: {index: people, columns: [姓名, 手机], least: 2}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY, encoding="utf-8")
    return path


def test_a_file_is_checked_and_told(tongguan, file: Path) -> None:
    code, out, _ = tongguan("policy", "check", file)
    assert code == 0 and "2 rules" in out and "any of the keywords 机密、confidential" in out and "except:" in out
    code, out, _ = tongguan("policy", "check", file, "--json")
    assert code == 0 and [rule["rule"] for rule in json.loads(out)["rules"]] == ["secret", "phones"]
    file.write_text(
        "policy: x\nrules:\n  - id: a\n    when: {keyword: {any: [机密]}, size: {over: 3}}\n", encoding="utf-8"
    )
    code, out, err = tongguan("policy", "check", file)
    assert code == 2 and "line 4" in err and not out


def test_files_are_tried(tongguan, file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.txt").write_text("此件机密", encoding="utf-8")
    (folder / "b.txt").write_text("此件机密，已解密", encoding="utf-8")
    (folder / "c.txt").write_text("手机 13700137000，电话 13800138000", encoding="utf-8")
    (folder / "d.bin").write_bytes(b"\x7fELF" + bytes(4000))
    with zipfile.ZipFile(folder / "e.zip", "w") as archive:
        archive.writestr("in/x.txt", "confidential")
    code, out, _ = tongguan("policy", "test", file, folder, "--json", "--fail-on", "fire")
    found = {Path(line["path"]).name: line for line in map(json.loads, out.splitlines())}
    assert code == 1
    assert {name: line["fires"] for name, line in found.items()} == {
        "a.txt": True, "b.txt": False, "c.txt": True, "d.bin": None, "e.zip": True,
    }  # fmt: skip
    code, out, _ = tongguan("policy", "test", file, folder)
    assert code == 0 and "13700137000" not in out and "in/x.txt:0-12" in out and "cannot be decided" in out
    assert tongguan("policy", "test", file, folder / "d.bin", "--fail-on", "fire")[0] == 0
    assert tongguan("policy", "test", file, folder / "d.bin", "--fail-on", "undecided")[0] == 1
    assert tongguan("policy", "test", file, folder / "b.txt", "--fail-on", "undecided")[0] == 0


def test_a_registered_policy_over_registered_fingerprints(tongguan, tmp_path: Path, home: Path, logged) -> None:
    written, table, mail = tmp_path / "p.yaml", tmp_path / "t.csv", tmp_path / "m.txt"
    written.write_text(TABLE, encoding="utf-8")
    table.write_text("姓名,手机\n王小明,13800138000\n", encoding="utf-8")
    mail.write_text("王小明的手机是 13800138000", encoding="utf-8")
    code, out, _ = tongguan("policy", "add", "customers", written, "--off")
    assert code == 0 and out == "customers: version 1 is registered (not in force)\n"
    assert json.loads(tongguan("policy", "test", "customers", mail, "--json")[1])["fires"] is None
    assert tongguan("fingerprint", "make", "table", table, "--name", "people")[0] == 0
    assert json.loads(tongguan("policy", "test", "customers", mail, "--json")[1])["fires"] is True
    assert tongguan("policy", "enable", "customers")[1] == "customers: in force\n"
    written.write_text(TABLE.replace("least: 2", "least: 1"), encoding="utf-8")
    assert tongguan("policy", "add", "customers", written)[1] == "customers: version 2 is registered (in force)\n"
    (row,) = json.loads(tongguan("policy", "list", "--json")[1])
    assert (row["enabled"], row["version"], row["title"]) == (True, 2, "客户")
    assert "customers" in tongguan("policy", "list")[1]
    assert tongguan("policy", "show", "customers", "--text", "--version", "1")[1] == TABLE
    assert "1 or more of 姓名, 手机" in tongguan("policy", "show", "customers")[1]
    assert tongguan("policy", "disable", "customers")[0] == 0
    assert tongguan("policy", "remove", "customers")[0] == 0 and tongguan("policy", "list", "--json")[1] == "[]\n"
    kinds = [kind for kind, _ in logged() if kind.startswith("policy_")]
    assert kinds == [f"policy_{what}" for what in ("registered", "enabled", "registered", "disabled", "removed")]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("test", "absent", "."), "no policy of this name"),
        (("show", "absent"), "no policy of this name"),
        (("remove", "../x"), "expected 1 to 60 letters"),
        (("add", "x", "/nowhere/p.yaml"), "No such file"),
        (("check", "/nowhere/p.yaml"), "cannot be read"),
    ],
)
def test_bad_input_gives_one_message(tongguan, words: tuple[str, ...], says: str) -> None:
    code, out, err = tongguan("policy", *words)
    assert code == 2 and says in err and err.count("\n") == 1 and not out


def test_every_text_is_in_both_languages_and_used() -> None:
    source = Path(policy.__file__).read_text(encoding="utf-8")
    for key, texts in wording("tongguan.cli", policy.TEXTS).texts.items():
        assert set(texts) == {"zh", "en"}, key
        assert sorted(re.findall(r"\{(\w+)\}", texts["zh"])) == sorted(re.findall(r"\{(\w+)\}", texts["en"])), key
        assert f'"{key}"' in source, key
