"""`tongguan templates`: seen, checked, laid over files, changed, corrected, as somebody types it."""

from __future__ import annotations

import csv
import json

import pytest
from faker import Faker

from tongguan.wording import wording


@pytest.fixture
def customers(tmp_path):
    fake = Faker("zh_CN")
    fake.seed_instance(11)
    path = tmp_path / "crm_customer.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "cust_name", "mobile", "sfzh", "amount"])
        for n in range(80):
            rows.writerow([n, fake.name(), fake.phone_number(), fake.ssn(), f"{n * 1.7:.2f}"])
    return path


def answer(tongguan, *words):
    code, out, err = tongguan(*words, "--json")
    return code, json.loads(out), err


def column_of(told, name):
    return next(column for column in told["tables"][0]["columns"] if column["name"] == name)


def test_templates_are_seen(tongguan):
    code, rows, _ = answer(tongguan, "templates", "list")
    assert code == 0
    used = {row["id"]: row["used"] for row in rows}
    assert used["general"] and not used["finance"] and "telecom" in used
    assert all(sum(row["known"].values()) == row["rules"] for row in rows)
    code, out, _ = tongguan("templates", "list", "--sector", "finance")
    assert code == 0 and "finance" in out
    code, rows, _ = answer(tongguan, "templates", "show", "general")
    assert code == 0 and {row["rule"] for row in rows} >= {"general/basic", "general/identity"}
    for lang, says in (("zh", "个人基本资料"), ("en", "Basic personal data")):
        assert says in tongguan("templates", "show", "general", lang=lang)[1]
    assert tongguan("templates", "show", "generic")[0] == 2


def test_a_file_is_classified_with_rule_and_evidence(tongguan, customers):
    code, told, _ = answer(tongguan, "templates", "classify", customers)
    assert code == 0 and told["tables"][0]["name"] == "crm_customer" and told["blind_spots"] == []
    phone = column_of(told, "mobile")
    assert (phone["type"], phone["level"]) == ("phone", "general-3")
    assert phone["match"]["rule"] == "general/basic" and phone["match"]["evidence"][0]["text"]["zh"]
    assert column_of(told, "amount")["level"] is None
    code, out, _ = tongguan("templates", "classify", customers, lang="zh")
    assert code == 0 and "mobile" in out and "amount" not in out and "一般数据3级" in out
    assert "amount" in tongguan("templates", "classify", customers, "--all")[1]
    for number in {row[2] for row in csv.reader(customers.open(encoding="utf-8"))} - {"mobile"}:
        assert number not in out


def test_it_can_fail_for_a_pipeline(tongguan, customers):
    assert tongguan("templates", "classify", customers, "--fail-on", "general-3")[0] == 1
    assert tongguan("templates", "classify", customers, "--fail-on", "core")[0] == 0


def test_what_cannot_be_read_is_said(tongguan, tmp_path):
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04 nothing more")
    code, told, err = answer(tongguan, "templates", "classify", tmp_path / "broken.xlsx")
    assert code == 0 and told["tables"] == [] and told["blind_spots"] and "broken.xlsx" in err
    code, _, err = tongguan("templates", "classify", tmp_path / "absent.csv")
    assert code == 2 and "absent.csv" in err


def test_from_a_fault_to_a_template_in_use(tongguan, tmp_path, customers, logged):
    file = tmp_path / "ours.yaml"
    text = (
        "format: 1\nid: ours\nnames: {zh: 我们的, en: Ours}\ndated: 2026-11-21\n"
        "rules:\n  - {id: p, zh: 电话, en: Phones, when: {types: [telefone]}, level: general-4}\n"
    )
    file.write_text(text, encoding="utf-8")
    code, _, err = tongguan("templates", "check", file)
    assert code == 2 and "line 6" in err and "telefone" in err
    file.write_text(text.replace("telefone", "phone"), encoding="utf-8")
    code, told, _ = answer(tongguan, "templates", "check", file)
    assert code == 0 and told == {"id": "ours", "sector": None, "rules": 1, "known": {"unverified": 1}}
    assert tongguan("templates", "add", file)[0] == 0
    assert column_of(answer(tongguan, "templates", "classify", customers)[1], "mobile")["level"] == "general-4"
    assert tongguan("templates", "remove", "ours")[0] == 0
    assert column_of(answer(tongguan, "templates", "classify", customers)[1], "mobile")["level"] == "general-3"
    assert [kind for kind, _ in logged() if kind.startswith("asset_template")] == [
        "asset_template_added", "asset_template_removed",
    ]  # fmt: skip


def test_the_policy_is_changed_step_by_step(tongguan, customers, logged):
    steps = [
        ("enable", "finance"),
        ("disable", "general/organisation"),
        ("change", "general/basic", "--level", "general-4", "--sensitive", "yes"),
        ("rename", "general-4", "--zh", "机密", "--en", "Secret"),
        ("leave-out", "--column", "id", "--why", "序号"),
        ("scope", "--columns", "table"),
    ]
    for step in steps:
        assert tongguan("templates", *step)[0] == 0
    told = answer(tongguan, "templates", "classify", customers)[1]
    assert (
        column_of(told, "mobile")["level_name"] == {"zh": "机密", "en": "Secret"}
        and column_of(told, "mobile")["sensitive"]
    )
    assert column_of(told, "id")["filtered"] == "序号"
    assert [body["edit"] for kind, body in logged("asset_rules_changed")] == [
        "Switch", "Switch", "ChangeRule", "RenameLevel", "LeaveOut", "SetScope",
    ]  # fmt: skip
    assert tongguan("templates", "take-in", "--column", "id")[0] == 0
    for wrong in (("enable", "finances"), ("change", "general/none", "--level", "core"), ("rename", "core", "--zh", "核"),
                  ("take-in", "--column", "id"), ("scope",)):  # fmt: skip
        assert tongguan("templates", *wrong)[0] == 2


def test_a_correction_becomes_a_case(tongguan, customers, logged):
    code, made, _ = answer(
        tongguan, "templates", "correct", customers, "--column", "mobile", "--is", "none", "--reason", "测试号段"
    )
    assert code == 0 and made["found"] == "phone"
    assert column_of(answer(tongguan, "templates", "classify", customers)[1], "mobile")["type"] is None
    code, rows, _ = answer(tongguan, "templates", "cases", "--fail-on", "case")
    assert code == 0 and [row["ok"] for row in rows] == [True] and rows[0]["reason"] == "测试号段"
    assert tongguan("templates", "withdraw", made["id"])[0] == 0
    assert answer(tongguan, "templates", "cases")[1] == []
    assert [kind for kind, _ in logged() if kind.startswith("asset_corr")] == [
        "asset_corrected", "asset_correction_withdrawn",
    ]  # fmt: skip


def test_a_case_that_no_longer_holds_fails(tongguan, customers):
    words = ("--column", "mobile", "--is", "landline", "--reason", "分机")
    assert tongguan("templates", "correct", customers, *words, "--level", "general-2")[0] == 0
    assert tongguan("templates", "leave-out", "--column", "mobile", "--why", "不看")[0] == 0
    code, rows, _ = answer(tongguan, "templates", "cases", "--fail-on", "case")
    assert code == 1 and rows[0]["got"]["level"] is None


@pytest.mark.parametrize(
    "words",
    [("--column", "phone", "--is", "none"), ("--column", "mobile"), ("--column", "mobile", "--is", "fone")],
)
def test_corrections_that_cannot_be_are_refused(tongguan, customers, words):
    code, _, err = tongguan("templates", "correct", customers, *words, "--reason", "x")
    assert code == 2 and err.startswith("tongguan: ")


def test_every_text_is_there_in_both_languages():
    texts = wording("tongguan.cli", "templates.yaml").texts
    assert all(set(both) == {"zh", "en"} and all(both.values()) for both in texts.values())
