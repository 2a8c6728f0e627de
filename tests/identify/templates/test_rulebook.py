"""Changes of policy, templates and corrections: held against the templates, on record, whole or not at all."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from faker import Faker

from tongguan.errors import BadInput, BadPack, CannotWrite, NotFound, TongguanError
from tongguan.identify.tables import Column, Judge, Table
from tongguan.identify.templates import (
    ChangeRule,
    Edit,
    LeaveOut,
    Policy,
    RenameLevel,
    Rulebook,
    SetScope,
    Switch,
    TableResult,
    TakeIn,
    cases,
    classify,
    load_policy,
    load_templates,
)
from tongguan.identify.templates.policy import parse_policy, policy_text

DAY = date(2026, 11, 21)


class Log(list[tuple[str, str, dict[str, Any]]]):
    def __call__(self, kind: str, actor: str, body: Mapping[str, Any]) -> int:
        self.append((kind, actor, dict(body)))
        return len(self) - 1


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def book(tmp_path: Path) -> Rulebook:
    return Rulebook(tmp_path / "assets")


def customers() -> Table:
    fake = Faker("zh_CN")
    fake.seed_instance(5)
    rows = range(60)
    return Table("crm_customer", "客户", [
        Column("cust_name", None, [fake.name() for _ in rows]),
        Column("mobile", None, [fake.phone_number() for _ in rows]),
        Column("tmp_mail", None, [fake.email() for _ in rows]),
    ])  # fmt: skip


def classified(book: Rulebook, sector: str | None = None) -> TableResult:
    rules = book.rules(sector)
    verdict = Judge(b"a key of tests", as_of=DAY).judge(customers())
    return classify(verdict, rules.templates, policy=rules.policy, exceptions=rules.exceptions, as_of=DAY)


EDITS: list[Edit] = [
    Switch("general/basic", False),
    Switch("finance", True),
    ChangeRule("general/basic", "general-4", "identity", True),
    RenameLevel("general-4", {"zh": "机密", "en": "Secret"}),
    LeaveOut("tmp_*", "*", "临时表: 不含真实数据"),
    LeaveOut("*", "备注", "#reason"),
    SetScope("columns", "table"),
]


@pytest.mark.parametrize("edit", EDITS, ids=repr)
def test_a_change_is_kept_as_it_was_meant_and_told(book: Rulebook, log: Log, tmp_path: Path, edit: Edit) -> None:
    after = book.edit(edit, by="li", record=log)
    assert after != Policy() and book.policy() == after == load_policy(tmp_path / "assets" / "policy.yaml")
    assert [(kind, actor, body["edit"]) for kind, actor, body in log] == [
        ("asset_rules_changed", "li", type(edit).__name__)
    ]
    assert (tmp_path / "assets" / "policy.yaml").stat().st_mode & 0o077 == 0


def test_all_changes_together_read_as_written(book: Rulebook, log: Log) -> None:
    for edit in EDITS:
        book.edit(edit, by="li", record=log)
    assert parse_policy(policy_text(book.policy()).encode(), "p") == book.policy()
    assert len(log) == len(EDITS)


def test_the_same_change_again_is_no_change(book: Rulebook, log: Log) -> None:
    for _ in range(3):
        book.edit(Switch("general/basic", False), by="li", record=log)
    assert len(log) == 1


def test_changes_can_be_taken_back(book: Rulebook, log: Log) -> None:
    for edit in (*EDITS, Switch("general/basic", True), Switch("finance", False), ChangeRule("general/basic"),
                 RenameLevel("general-4", None), TakeIn("tmp_*"), TakeIn("*", "备注"), SetScope("highest", "own")):  # fmt: skip
        book.edit(edit, by="li", record=log)
    assert book.policy() == Policy(disabled=frozenset({"finance"}))


WRONG: list[tuple[Edit, type[TongguanError], str]] = [
    (Switch("generic", False), NotFound, "general"),
    (Switch("general/mail", False), NotFound, "general/basic"),
    (ChangeRule("general/basic", "secret"), BadInput, "general-1"),
    (ChangeRule("general/basic", None, "guests"), NotFound, "basic"),
    (RenameLevel("level-9", {"zh": "密", "en": "S"}), BadInput, "general-1"),
    (RenameLevel("general-1", {"zh": "", "en": "S"}), BadInput, "one line"),
    (LeaveOut("*", "*", "all"), BadInput, "nothing"),
    (LeaveOut("tmp_*", "*", ""), BadInput, "reason"),
    (LeaveOut("tmp\n*", "*", "x"), BadInput, "one line"),
    (TakeIn("tmp_*"), NotFound, "tmp_"),
]


@pytest.mark.parametrize(("edit", "error", "says"), WRONG, ids=lambda x: repr(x)[:60])
def test_what_cannot_be_is_refused_and_leaves_everything(
    book: Rulebook, log: Log, edit: Edit, error: type[TongguanError], says: str
) -> None:
    book.edit(EDITS[0], by="li", record=log)
    before = book.policy()
    with pytest.raises(error, match=says.replace("*", r"\*")) as raised:
        book.edit(edit, by="li", record=log)
    assert raised.value.text and re.search("[一-鿿]", raised.value.text["zh"])
    assert book.policy() == before and len(log) == 1


def test_what_is_not_recorded_is_not_done(book: Rulebook) -> None:
    def full(kind: str, actor: str, body: Mapping[str, Any]) -> int:
        raise CannotWrite("the disk is full")

    with pytest.raises(CannotWrite):
        book.edit(EDITS[0], by="li", record=full)
    assert book.policy() == Policy()


def test_a_malformed_policy_is_told_and_not_overwritten(book: Rulebook, log: Log, tmp_path: Path) -> None:
    path = tmp_path / "assets" / "policy.yaml"
    path.parent.mkdir()
    path.write_text("disabled: [general/basic]\nlevel: {}\n")
    with pytest.raises(BadPack, match="line 2"):
        book.edit(EDITS[1], by="li", record=log)
    assert "level: {}" in path.read_text() and not log


def test_several_writers_lose_nothing(book: Rulebook, log: Log) -> None:
    rules = [rule.id for rule in load_templates(["general"])[0].rules][:12]
    threads = [
        threading.Thread(target=book.edit, args=(Switch(rule, False),), kwargs={"by": "li", "record": log})
        for rule in rules
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert book.policy().disabled == set(rules)


def test_changes_change_the_verdict(book: Rulebook, log: Log) -> None:
    before = classified(book)
    assert [c.level for c in before.columns] == ["general-2", "general-3", "general-2"]
    book.edit(ChangeRule("general/basic", level="general-4"), by="li", record=log)
    book.edit(RenameLevel("general-4", {"zh": "机密", "en": "Secret"}), by="li", record=log)
    book.edit(LeaveOut("*", "tmp_*", "副本"), by="li", record=log)
    after = classified(book)
    assert after.columns[0].level == "general-4" and after.columns[0].level_name == {"zh": "机密", "en": "Secret"}
    assert after.columns[2].level is None and after.columns[2].filtered == "副本"


def test_a_sector_is_used_once_it_is_enabled(book: Rulebook, log: Log) -> None:
    assert {t.id for t in book.rules().templates} == {"general"}
    assert {t.id for t in book.rules("health").templates} == {"general", "health"}
    book.edit(Switch("finance", True), by="li", record=log)
    assert {t.id for t in book.rules().templates} == {"general", "finance"}
    assert any(m.rule.startswith("finance/") for m in classified(book).columns[0].matches)


OWN = """
format: 1
id: our-guests
names: {zh: 住客, en: Guests}
dated: 2026-11-21
rules:
  - {id: phone, zh: 住客手机, en: Guests' phones, when: {types: [phone]}, level: general-4}
"""


def test_a_template_of_its_own_comes_and_goes(book: Rulebook, log: Log, tmp_path: Path) -> None:
    given = tmp_path / "given.yaml"
    given.write_text(OWN, encoding="utf-8")
    book.add_template(given, by="li", record=log)
    assert classified(book).columns[1].level == "general-4"
    given.write_text(OWN.replace("general-4", "general-2"), encoding="utf-8")
    book.add_template(given, by="li", record=log)
    assert classified(book).columns[1].level == "general-3"  # the general one is higher now
    book.edit(Switch("our-guests/phone", False), by="li", record=log)
    book.remove_template("our-guests", by="li", record=log)
    assert {t.id for t in book.rules().templates} == {"general"}
    with pytest.raises(NotFound, match="switched off"):
        book.remove_template("general", by="li", record=log)
    given.write_text(OWN.replace("[phone]", "[telephone]"), encoding="utf-8")
    with pytest.raises(BadPack, match="telephone"):
        book.add_template(given, by="li", record=log)
    assert [kind for kind, *_ in log].count("asset_template_added") == 2


def test_a_correction_holds_until_it_is_withdrawn(book: Rulebook, log: Log) -> None:
    made = book.correct(classified(book).columns[1], None, "样例号码", by="wang", record=log)
    assert classified(book).columns[1].type is None and classified(book).columns[1].exception == made.id
    rules = book.rules()
    (case,) = cases(rules.exceptions)
    assert case.check(rules.templates, policy=rules.policy, exceptions=rules.exceptions).ok
    assert not case.check(rules.templates, policy=rules.policy).ok
    book.withdraw(made.id, by="wang", record=log)
    assert classified(book).columns[1].type == "phone" and not book.exceptions()
    with pytest.raises(NotFound):
        book.withdraw(made.id, by="wang", record=log)
    assert [kind for kind, *_ in log] == ["asset_corrected", "asset_correction_withdrawn"]


def test_thousands_of_corrections_are_read_again(book: Rulebook, log: Log) -> None:
    """They are past the size of a template, and must not lock the organisation out of its own file."""
    from tongguan.identify.templates import correct, save_exceptions

    column = classified(book).columns[1]
    made = [correct(column, "landline", f"更正之{n}：" + "电话" * 100) for n in range(2000)]
    place = book._exceptions
    place.parent.mkdir(exist_ok=True)
    save_exceptions(place, made)
    assert place.stat().st_size > 1 << 20 and book.exceptions() == tuple(made)
