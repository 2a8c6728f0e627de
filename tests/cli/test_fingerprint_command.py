"""`tongguan fingerprint`: made of a table and of documents, found again in files, told to people and to programs."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tongguan.cli import fingerprint
from tongguan.wording import wording


def people(tmp_path: Path) -> Path:
    table = tmp_path / "people.csv"
    table.write_text("姓名,手机\n王小明,13800138000\n李雷,13900139000\n", encoding="utf-8")
    return table


def test_rows_of_a_table_are_found_in_a_folder(tongguan, tmp_path: Path) -> None:
    index, mails = tmp_path / "people.tgfp", tmp_path / "mails"
    code, out, _ = tongguan("fingerprint", "make", "table", people(tmp_path), "--out", index)
    assert code == 0 and out.startswith("4 values of 2 rows and 2 columns")
    mails.mkdir()
    (mails / "a.txt").write_text("李雷的手机是１３９-００１３-９０００", encoding="utf-8")
    (mails / "b.txt").write_text("王小明的手机是13900139000", encoding="utf-8")
    code, out, _ = tongguan("fingerprint", "match", index, mails, "--rows", 2, "--json", "--fail-on", "match")
    (line,) = map(json.loads, out.splitlines())
    assert code == 1 and (line["row"], line["columns"], Path(line["path"]).name) == (1, ["姓名", "手机"], "a.txt")
    code, out, _ = tongguan("fingerprint", "match", index, mails)
    assert code == 0 and len(out.splitlines()) == 4 and "13900139000" not in out and "李雷" not in out


def test_copies_of_documents_are_found(tongguan, tmp_path: Path) -> None:
    (tmp_path / "known").mkdir()
    contract = "".join(f"第{i}条 双方就第{i * 7919}号事项另行约定，期限{i * 37}天。\n" for i in range(1, 60))
    (tmp_path / "known" / "contract.txt").write_text(contract, encoding="utf-8")
    (tmp_path / "mail.txt").write_text("请看：" + contract[: len(contract) // 2], encoding="utf-8")
    code, out, _ = tongguan("fingerprint", "make", "documents", tmp_path / "known", "--out", tmp_path / "d.tgfp")
    assert code == 0 and "1 documents" in out
    code, out, _ = tongguan("fingerprint", "match", tmp_path / "d.tgfp", tmp_path / "mail.txt", "--json")
    line = json.loads(out)
    assert (
        code == 0 and 0.4 < line["share_of_document"] < 0.55 and line["share_of_text"] > 0.9
    )  # grams are chosen by the key
    code, _, err = tongguan("fingerprint", "match", tmp_path / "d.tgfp", tmp_path / "mail.txt", "--rows", 2)
    assert code == 2 and "--rows is for those of a table" in err


def test_bad_input_gives_one_message(tongguan, tmp_path: Path, monkeypatch) -> None:
    table, index = people(tmp_path), tmp_path / "t.tgfp"
    for words, says in (
        (("make", "table", table, "--out", index, "--column", "年龄"), "no column '年龄'"),
        (("make", "table", tmp_path / "absent", "--out", index), "cannot be read"),
        (("make", "documents", tmp_path / "absent", "--out", index), "no such file"),
        (("make", "table", table, table, "--out", index), "one table"),
        (("match", table, table), "no file of fingerprints"),
    ):
        code, out, err = tongguan("fingerprint", *words)
        assert code == 2 and says in err and err.count("\n") == 1 and not out, words
        assert not index.exists()
    assert tongguan("fingerprint", "make", "table", table, "--out", index)[0] == 0
    monkeypatch.setenv("TONGGUAN_HOME", str(tmp_path))
    code, _, err = tongguan("fingerprint", "match", index, table)
    assert code == 2 and "another workspace's key" in err


def test_every_text_is_in_both_languages_and_used() -> None:
    source = Path(fingerprint.__file__).read_text(encoding="utf-8")
    for key, texts in wording("tongguan.cli", fingerprint.TEXTS).texts.items():
        assert set(texts) == {"zh", "en"} and f'"{key}"' in source, key
        assert sorted(re.findall(r"\{(\w+)\}", texts["zh"])) == sorted(re.findall(r"\{(\w+)\}", texts["en"])), key


def test_a_store_of_the_workspace_through_its_life(tongguan, home: Path, tmp_path: Path, logged) -> None:
    code, out, _ = tongguan(
        "fingerprint", "make", "table", people(tmp_path), "--name", "people", "--entity", "星野零售"
    )
    assert code == 0 and out == "people: 2 rows, 4 values, 1 files\n"
    more = tmp_path / "more.csv"
    more.write_text("手机,姓名,备注\n13700137000,韩梅梅,x\n", encoding="utf-8")
    code, out, _ = tongguan("fingerprint", "extend", "people", more)
    assert code == 0 and out == "people: 3 rows, 6 values, 2 files\n"
    (tmp_path / "mail.txt").write_text("韩梅梅 13700137000；李雷 13900139000", encoding="utf-8")
    code, out, _ = tongguan("fingerprint", "match", "people", tmp_path / "mail.txt", "--rows", 2, "--json")
    assert code == 0 and sorted(json.loads(line)["row"] for line in out.splitlines()) == [1, 2]
    code, out, _ = tongguan("fingerprint", "list", "--json")
    (row,) = json.loads(out)
    assert code == 0 and row["columns"] == ["姓名", "手机"] and row["segments"][1]["source"] == "more.csv"
    code, out, _ = tongguan("fingerprint", "list")
    assert code == 0 and "people  table  3" in out
    code, out, _ = tongguan("fingerprint", "merge", "people")
    assert code == 0 and out == "people: 3 rows, 6 values, 1 files\n"
    code, out, _ = tongguan("fingerprint", "remove", "people")
    assert code == 0 and tongguan("fingerprint", "list", "--json")[1] == "[]\n"
    kinds = [kind for kind, _ in logged() if kind.startswith("fingerprints_")]
    assert kinds == [f"fingerprints_{what}" for what in ("made", "extended", "matched", "merged", "removed")]
    told = json.dumps([body for _, body in logged()], ensure_ascii=False)
    assert "13700137000" not in told and "韩梅梅" not in told and '"found": 2' in told


def test_bad_orders_about_stores(tongguan, home: Path, tmp_path: Path) -> None:
    table = people(tmp_path)
    assert tongguan("fingerprint", "make", "table", table, "--name", "people")[0] == 0
    for words, says in (
        (("make", "table", table, "--name", "people"), "extend them, or remove"),
        (("make", "table", table, "--name", "../people"), "expected 1 to 60 letters"),
        (("make", "table", table, "--out", tmp_path / "o", "--entity", "x"), "--entity is for stores"),
        (("extend", "absent", table), "no fingerprints of this name"),
        (("extend", "people", table, table), "one table"),
        (("match", "absent", table), "no fingerprints of this name"),
        (("remove", "absent"), "no fingerprints of this name"),
    ):
        code, out, err = tongguan("fingerprint", *words)
        assert code == 2 and says in err and err.count("\n") == 1 and not out, words
