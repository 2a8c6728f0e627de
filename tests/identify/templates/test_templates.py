from __future__ import annotations

import ast
import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

import tongguan.identify.templates as templates_room
from tongguan.errors import BadInput, BadPack, NotFound
from tongguan.identify.tables import Column, Judge, Table, TableVerdict
from tongguan.identify.templates import (
    ColumnResult,
    Policy,
    Ruling,
    TableResult,
    cases,
    check_template,
    classify,
    correct,
    load_exceptions,
    load_policy,
    load_templates,
    save_exceptions,
)
from tongguan.identify.templates.pack import LEVELS
from tongguan.identify.templates.policy import Change, Filter
from tongguan.identify.types import TYPES

DAY = date(2026, 11, 21)
JUDGE = Judge(b"a key of tests", as_of=DAY)
GENERAL = load_templates(["general"])


def verdict(
    name: str, columns: dict[str, list[Any]], comment: str | None = None, rows: int | None = None
) -> TableVerdict:
    return JUDGE.judge(Table(name, comment, [Column(n, None, v) for n, v in columns.items()], rows))


def phones(count: int = 60) -> list[str]:
    return [f"13{i % 10}{(i * 7919_7919) % 10**8:08}" for i in range(count)]


def cards(count: int = 60) -> list[str]:
    def made(i: int) -> str:
        body = "11010119" + f"{70 + i % 25}{1 + i % 12:02}{1 + i % 28:02}{i:03}"
        total = sum(
            int(d) * w for d, w in zip(body, (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), strict=True)
        )
        return body + "10X98765432"[total % 11]

    return [made(i) for i in range(count)]


def column(result: TableResult, name: str) -> ColumnResult:
    return next(c for c in result.columns if c.name == name)


CUSTOMERS = verdict("t_customer", {
    "mobile": phones(), "sfzh": cards(), "religion": ["佛教", "无", "基督教"] * 20, "note": ["a", "b", "c"] * 20,
})  # fmt: skip


def test_each_result_says_which_rule_and_which_evidence() -> None:
    result = classify(CUSTOMERS, GENERAL, as_of=DAY)
    religion = column(result, "religion")
    assert religion.match is not None
    assert (religion.match.rule, religion.level, religion.sensitive) == ("general/sensitive-belief", "general-4", True)
    assert religion.match.instrument == "数据安全技术 敏感个人信息处理安全要求" and religion.match.article == "附录A"
    assert "religion" in religion.match.evidence[0].text["zh"] and "宗教" in religion.match.evidence[0].text["zh"]
    assert [m.rule for m in religion.matches] == ["general/sensitive-belief", "general/other"]
    assert column(result, "mobile").match.class_id == "general/basic"  # type: ignore[union-attr]
    note = column(result, "note")
    assert (note.match, note.level, note.level_name, note.matches) == (None, None, None, ())
    assert (result.level, result.sensitive) == ("general-4", True)
    assert (
        json.loads(json.dumps(result.to_dict(), ensure_ascii=False))["columns"][0]["match"]["rule"] == "general/basic"
    )


def test_levels_are_renamed() -> None:
    names = {"general-4": {"zh": "机密", "en": "Secret"}}
    result = classify(CUSTOMERS, GENERAL, policy=Policy(levels=names), as_of=DAY)
    assert result.level_name == names["general-4"]
    assert column(result, "mobile").level_name == {"zh": "一般数据3级", "en": "General data 3"}


def test_rules_and_templates_are_switched_off_changed_and_columns_left_out() -> None:
    off = classify(CUSTOMERS, GENERAL, policy=Policy(disabled=frozenset({"general/sensitive-belief"})), as_of=DAY)
    assert column(off, "religion").match.rule == "general/other"  # type: ignore[union-attr]
    none = classify(CUSTOMERS, GENERAL, policy=Policy(disabled=frozenset({"general"})), as_of=DAY)
    assert none.level is None and not any(c.matches for c in none.columns)
    changed = Policy(changes={"general/basic": Change(level="general-1", sensitive=True)})
    mobile = column(classify(CUSTOMERS, GENERAL, policy=changed, as_of=DAY), "mobile")
    assert (mobile.level, mobile.sensitive) == ("general-1", True)
    left = Policy(filters=(Filter("T_*", "REL*", "agreed with the owner"),))
    religion = column(classify(CUSTOMERS, GENERAL, policy=left, as_of=DAY), "religion")
    assert (religion.filtered, religion.match, religion.level) == ("agreed with the owner", None, None)
    assert not classify(CUSTOMERS, GENERAL, policy=left, as_of=DAY).sensitive


def test_policies_of_tables_and_columns() -> None:
    names = ["张伟", "王芳", "李娜", "刘洋", "陈静", "杨磊"] * 10
    roads = [f"北京市海淀区学院路{i}号" for i in range(60)]
    contact = verdict("t_contact", {"xm": names, "mobile": phones(), "addr": roads})
    together = classify(contact, GENERAL, as_of=DAY)
    assert together.level == "general-4" and [m.rule for m in together.matches] == ["general/together"]
    assert together.matches[0].review is not None
    assert classify(contact, GENERAL, policy=Policy(tables="columns"), as_of=DAY).level == "general-3"
    alike = classify(contact, GENERAL, policy=Policy(columns="table"), as_of=DAY)
    assert {c.level for c in alike.columns} == {"general-4"}


def test_a_rule_has_its_days() -> None:
    drivers = verdict("t_driver", {"sfzh": cards()})
    automotive = load_templates(sector="automotive")
    then, now = (
        column(classify(drivers, automotive, as_of=day), "sfzh") for day in (date(2026, 5, 10), date(2026, 5, 11))
    )
    assert (then.sensitive, then.level, then.match.rule) == (True, "general-4", "automotive/numbers-sensitive-beijing")  # type: ignore[union-attr]
    assert (now.sensitive, now.level) == (False, "general-3")
    assert not classify(drivers, automotive, as_of=date(2024, 8, 29)).sensitive


def test_persons_are_weighed_with_their_bounds() -> None:
    cars = {"owner_id_card": cards(), "vin": ["x"] * 60}
    automotive = load_templates(sector="automotive")
    for rows, expected in ((None, []), (60, []), (2_000_000, ["automotive/hundred-thousand"])):
        result = classify(verdict("t_vehicle_owner", cars, rows=rows), automotive, as_of=DAY)
        assert [m.rule for m in result.matches if m.rule.startswith("automotive")] == expected
    assert "may be reached" in result.matches[0].evidence[0].text["en"]


def test_words_are_whole_words() -> None:
    bank = load_templates(["finance"])
    plain = verdict("t_settle", {"acct_balance": [1.5, 2.5], "rebalanced": [1.5, 2.5], "globalId": [1, 2]})
    result = classify(plain, bank, as_of=DAY)
    assert [c.name for c in result.columns if c.match] == ["acct_balance"]
    assert column(result, "acct_balance").match.known == "digest"  # type: ignore[union-attr]


def test_our_templates() -> None:
    every = load_templates(["general", "finance", "telecom", "automotive", "health", "retail", "industry"])
    ids = [rule.id for template in every for rule in template.rules]
    assert len(ids) == len(set(ids))
    for template in every:
        assert template.dated <= DAY
        used = {rule.class_id for rule in template.rules} - {None}
        assert used <= set(template.classes)
        for rule in template.rules:
            assert rule.level in (None, *LEVELS[:4]), "a rule alone makes nothing important or core data"
            assert rule.article is None or (rule.basis and rule.known != "unverified"), rule.id
            assert rule.known == "unverified" or (rule.basis and rule.basis.known != "unverified"), rule.id
    assert [t.id for t in load_templates(sector="health")] == ["general", "health"]
    with pytest.raises(NotFound, match="no template 'aviation'; there are"):
        load_templates(["aviation"])


MINE = """\
format: 1
id: mine
names: {zh: 我的, en: Mine}
dated: 2026-11-01
classes:
  vip: {zh: 贵宾, en: Important guests}
rules:
  - id: vip
    zh: 贵宾电话
    en: Phones of important guests
    when: {types: [phone], table: [vip]}
    class: vip
    level: general-4
"""


def test_a_template_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(MINE, "utf-8")
    assert check_template(path).rules[0].id == "mine/vip"
    both = load_templates(["general"], paths=[path])
    for table, level in (("t_vip_guest", "general-4"), ("t_guest", "general-3")):
        result = classify(verdict(table, {"mobile": phones()}), both, as_of=DAY)
        assert column(result, "mobile").level == level
    ours = tmp_path / "general.yaml"
    ours.write_text(MINE.replace("id: mine", "id: general"), "utf-8")
    assert [len(t.rules) for t in load_templates(["general"], paths=[ours])] == [1]
    with pytest.raises(BadPack, match="another file has the id"):
        load_templates([], paths=[path, path])


FAULTS = {
    "no such type": ("types: [phone]", "types: [telephone]", "line 11: rules[0].when.types[0]: no data type 'telephone'"),
    "no such level": ("level: general-4", "level: secret", "line 13: rules[0].level: expected one of general-1"),
    "no such class": ("class: vip", "class: vips", "line 12: rules[0].class: no class 'vips'"),
    "unknown key": ("class: vip", "klass: vip", "line 12: rules[0].klass: unknown key"),
    "one language": ("    en: Phones of important guests\n", "", "line 8: rules[0]: `en` is missing"),
    "empty condition": ("{types: [phone], table: [vip]}", "{score: 0.5}", "line 11: rules[0].when: says nothing"),
    "no rules": ("rules:", "ruls:", "line 7: ruls: unknown key"),
    "a key twice": ("    class: vip", "    class: vip\n    class: vip", "line 13: rules[0].class: this key is given twice"),
    "an anchor": ("id: mine", "id: &a mine", "line 2: anchors and aliases"),
    "a tag": ("id: mine", "id: !!python/object:os.system mine", "line 2: tags"),
    "no day": ("dated: 2026-11-01", "dated: November", "line 4: dated: expected a day"),
    "another format": ("format: 1", "format: 2", "line 1: format: expected `format: 1`"),
    "bad YAML": ("names: {", "names: {{", "not readable as YAML"),
    "days turned round": ("class: vip", "from: 2026-02-01\n    to: 2026-01-01", "rules[0].to: the last day lies before"),
    "a text over two lines": ("zh: 贵宾电话", 'zh: "贵宾\\n电话"', "rules[0].zh: expected one line of text"),
    "persons as text": ("table: [vip]", "persons: many", "rules[0].when.persons: expected a whole number"),
    "a list as the basis": ("class: vip", "basis: [vip]", "rules[0].basis: no basis"),
    "a list as the class": ("class: vip", "class: [vip]", "rules[0].class: no class"),
    "id with spaces": ("id: mine", "id: my own", "line 2: id: expected small letters"),
    "a list as the pack": (MINE, "- a\n- b\n", "line 1: expected keys such as"),
    "nothing": (MINE, "", "expected keys such as"),
    "two documents": ("format: 1", "---\nformat: 1\n---\na: 1\n", "second document"),
    "too deep": ("id: vip\n", "id: " + "[" * 40 + "]" * 40 + "\n", "too deep"),
}  # fmt: skip


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_one_clear_message(case: str, tmp_path: Path) -> None:
    old, new, expected = FAULTS[case]
    assert old in MINE
    path = tmp_path / "mine.yaml"
    path.write_text(MINE.replace(old, new, 1), "utf-8")
    with pytest.raises(BadPack) as raised:
        check_template(path)
    message = str(raised.value)
    assert expected in message and message.startswith("mine.yaml") and "\n" not in message
    both = raised.value.text
    assert both and both["en"] == message and re.search("[一-鿿]", both["zh"]) and "; expected" not in both["zh"]


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(BadPack, match="No such file"):
        check_template(tmp_path / "absent.yaml")
    with pytest.raises(BadPack, match="directory"):
        check_template(tmp_path)
    (tmp_path / "a").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadPack, match="not UTF-8"):
        check_template(tmp_path / "a")
    (tmp_path / "b").write_bytes(b"a: b\n" * 300_000)
    with pytest.raises(BadPack, match="more than"):
        check_template(tmp_path / "b")


POLICY = """\
disabled: [general/browsing]
changes:
  general/basic: {level: general-1}
filters:
  - {table: tmp_*, why: 临时表}
levels:
  general-4: {zh: 机密, en: Secret}
tables: columns
columns: own
"""


def test_policies_from_files(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY, "utf-8")
    policy = load_policy(path)
    assert policy.changes["general/basic"].level == "general-1" and policy.filters[0].takes("TMP_1", "x")
    for old, new, expected in (
        ("general-1", "general-9", "line 3: changes.general/basic.level"),
        ("general-4:", "top:", "line 7: levels.top: no such level"),
        ("tables: columns", "tables: all", "line 8: tables: expected highest or columns"),
        ("{zh: 机密, en: Secret}", "机密", "expected its name in both languages"),
        ("why: 临时表", "because: x", "filters[0].because: unknown key"),
        ("[general/browsing]", "{a: b}", "line 1: disabled: expected a list"),
    ):
        path.write_text(POLICY.replace(old, new), "utf-8")
        with pytest.raises(BadPack) as raised:
            load_policy(path)
        assert expected in str(raised.value)
        assert raised.value.text and "expected" not in raised.value.text["zh"]


AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def test_after_a_correction_the_column_is_judged_as_corrected() -> None:
    before = classify(CUSTOMERS, GENERAL, as_of=DAY)
    wrong = correct(column(before, "religion"), None, "names of product lines", by="lin", at=AT)
    after = classify(CUSTOMERS, GENERAL, exceptions=[wrong], as_of=DAY)
    religion = column(after, "religion")
    assert (religion.type, religion.level, religion.sensitive, religion.exception) == (None, None, False, wrong.id)
    assert religion.verdict.type == "religion"  # what the judge said is still there
    assert [column(after, n).level for n in ("mobile", "sfzh")] == [column(before, n).level for n in ("mobile", "sfzh")]
    assert (wrong.by, wrong.at, wrong.reason) == ("lin", "2026-11-21T09:30:00+00:00", "names of product lines")


@pytest.mark.parametrize(
    "ruling",
    [
        None,
        "occupation",
        "bank_card",
        Ruling(level="general-1"),
        Ruling(sensitive=False),
        Ruling("health", "general-3", sensitive=True),
    ],
    ids=str,
)
def test_its_regression_case_fails_once_the_exception_is_gone(ruling: Ruling | str | None) -> None:
    before = classify(CUSTOMERS, GENERAL, as_of=DAY)
    exception = correct(column(before, "religion"), ruling, "checked with the owner", by="lin", at=AT)
    (case,) = cases([exception])
    assert case.check(GENERAL, exceptions=[exception]).ok
    gone = case.check(GENERAL, exceptions=[])
    assert not gone.ok and gone.got != gone.expected
    after = column(classify(CUSTOMERS, GENERAL, exceptions=[exception], as_of=DAY), "religion")
    for key, value in case.expected.items():
        assert getattr(after, key) == value


def test_a_correction_takes_what_hung_on_it_along() -> None:
    names = ["张伟", "王芳", "李娜", "刘洋", "陈静", "杨磊"] * 10
    roads = [f"北京市海淀区学院路{i}号" for i in range(60)]
    contact = verdict("t_contact", {"xm": names, "mobile": phones(), "addr": roads})
    before = classify(contact, GENERAL, as_of=DAY)
    wrong = correct(column(before, "addr"), None, "addresses of our own shops", by="lin", at=AT)
    after = classify(contact, GENERAL, exceptions=[wrong], as_of=DAY)
    assert (before.level, after.level) == ("general-4", "general-3") and not after.matches


def test_an_exception_ends_where_the_column_became_something_else() -> None:
    before = classify(CUSTOMERS, GENERAL, as_of=DAY)
    wrong = correct(column(before, "religion"), None, "names of product lines", by="lin", at=AT)
    changed = verdict("t_customer", {"religion": phones()})
    result = column(classify(changed, GENERAL, exceptions=[wrong], as_of=DAY), "religion")
    assert (result.type, result.exception) == ("phone", None)
    elsewhere = verdict("t_supplier", {"religion": ["佛教", "无", "基督教"] * 20})
    assert column(classify(elsewhere, GENERAL, exceptions=[wrong], as_of=DAY), "religion").exception is None


def test_a_column_that_was_missed_is_corrected_too() -> None:
    before = classify(CUSTOMERS, GENERAL, as_of=DAY)
    missed = correct(column(before, "note"), "health", "codes of illnesses", by="lin", at=AT)
    note = column(classify(CUSTOMERS, GENERAL, exceptions=[missed], as_of=DAY), "note")
    assert (note.type, note.level, note.sensitive, note.match.rule) == (
        "health",
        "general-4",
        True,
        "general/sensitive-health",
    )  # type: ignore[union-attr]
    (case,) = cases([missed])
    assert case.check(GENERAL, exceptions=[missed]).ok and not case.check(GENERAL).ok


def test_of_several_corrections_the_last_stands() -> None:
    before = classify(CUSTOMERS, GENERAL, as_of=DAY)
    first, last = (correct(column(before, "note"), t, "a reason", by="lin", at=AT) for t in ("health", "occupation"))
    assert column(classify(CUSTOMERS, GENERAL, exceptions=[first, last], as_of=DAY), "note").type == "occupation"


def test_corrections_that_cannot_be() -> None:
    mobile = column(classify(CUSTOMERS, GENERAL, as_of=DAY), "mobile")
    for ruling, reason, expected in (
        ("telephone", "x", "no data type 'telephone'"),
        (Ruling(level="top"), "x", "no level 'top'"),
        (Ruling(), "x", "changes nothing"),
        ("phone", "x", "changes nothing"),
        (None, "  ", "needs a reason"),
        (None, "x" * 2000, "needs a reason"),
    ):
        with pytest.raises(BadInput, match=expected) as raised:
            correct(mobile, ruling, reason)
        assert raised.value.text and re.search("[一-鿿]", raised.value.text["zh"])


def test_exceptions_are_kept_in_a_file_without_values(tmp_path: Path) -> None:
    before = classify(CUSTOMERS, GENERAL, as_of=DAY)
    kept = [
        correct(column(before, "religion"), None, '产品线名称: "A" #1\n第二行', by="林", at=AT),
        correct(column(before, "mobile"), Ruling(level="general-1"), "hotline", by="lin", at=AT),
    ]
    path = tmp_path / "exceptions.yaml"
    assert load_exceptions(path) == ()
    save_exceptions(path, kept)
    assert list(load_exceptions(path)) == kept
    assert path.stat().st_mode & 0o077 == 0 and list(tmp_path.iterdir()) == [path]
    text = path.read_text("utf-8")
    assert not any(value in text for value in (*phones(), *cards(), "佛教"))
    path.write_text(text.replace("now:", "then:", 1), "utf-8")
    with pytest.raises(BadPack, match="exceptions"):
        load_exceptions(path)


def test_every_text_of_the_room_is_used_and_there_in_both_languages() -> None:
    folder = Path(templates_room.__file__).parent
    code = "".join(p.read_text("utf-8") for p in folder.glob("*.py"))
    for key, texts in yaml.safe_load((folder / "wording.yaml").read_text("utf-8")).items():
        assert set(texts) == {"zh", "en"} and all(texts.values())
        assert key.startswith("level.") or f'"{key}"' in code, key
    for key, texts in yaml.safe_load((folder / "faults.yaml").read_text("utf-8")).items():
        assert re.search("[一-鿿]", texts["zh"]) and not re.search("[一-鿿]", texts["en"]), key
        assert sorted(re.findall(r"\{(\w+)\}", texts["zh"])) == sorted(re.findall(r"\{(\w+)\}", texts["en"])), key
        assert f'"{key}"' in code, key
    tables = folder.parent / "tables"
    code = "".join(p.read_text("utf-8") for p in tables.glob("*.py"))
    for key, texts in yaml.safe_load((tables / "wording.yaml").read_text("utf-8")).items():
        assert set(texts) == {"zh", "en"} and all(texts.values())
        assert f'"{key}"' in code or key.removesuffix("_against") in ("name", "comment"), key


def test_every_fault_that_is_raised_has_its_text_and_values() -> None:
    folder = Path(templates_room.__file__).parent
    texts = yaml.safe_load((folder / "faults.yaml").read_text("utf-8"))
    raised = 0
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
            if name not in ("fault", "_fault", "_say") or not isinstance(node, ast.Call):
                continue
            key = node.args[0 if name == "_say" else 1]
            if isinstance(key, ast.Constant):
                fields = set(re.findall(r"\{(\w+)\}", texts[key.value]["en"]))
                assert fields == {keyword.arg for keyword in node.keywords}, (path.name, key.value)
                raised += 1
    assert raised > 60


def test_no_personal_type_lies_below_what_the_standard_suggests() -> None:
    """GB/T 43697-2024 annex H: sensitive personal information not below 4, other personal information not below 2."""
    for type in TYPES.values():
        if type.category != "non_personal":
            assert type.level >= ("general-4" if type.sensitive else "general-2"), type.id


def test_every_sector_says_what_its_rules_rest_on() -> None:
    for sector in ("finance", "telecom", "industry", "health", "automotive", "retail"):
        (template,) = load_templates([sector])
        known = [rule.known for rule in template.rules]
        assert known.count("digest") + known.count("text") > 0 or sector == "telecom", sector
        assert all(rule.level not in ("important", "core") for rule in template.rules)
