"""Templates, policies and corrections that nobody in good faith writes: read, or refused with one message."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from odd_values import altered

import tongguan.identify.templates as room
from tongguan.errors import BadPack
from tongguan.identify.tables import Column, Judge, Table
from tongguan.identify.templates import cases, check_template, classify, correct, load_exceptions, load_templates
from tongguan.identify.templates.corrections import Ruling, exceptions_text
from tongguan.identify.templates.policy import load_policy, policy_text

FEW = settings(max_examples=120)
PACKS = Path(room.__file__).parent / "packs"
TEMPLATE = yaml.safe_load((PACKS / "a-general.yaml").read_text(encoding="utf-8"))
TEMPLATE["rules"] = TEMPLATE["rules"][:3]
POLICY = {
    "enabled": ["finance"],
    "disabled": ["general/contact"],
    "changes": {"general/identity": {"level": "general-4", "class": "basic", "sensitive": True}},
    "filters": [{"table": "tmp_*", "column": "*", "why": "临时表"}],
    "levels": {"general-4": {"zh": "机密", "en": "Secret"}},
    "tables": "columns",
    "columns": "table",
}
GENERAL = load_templates(["general"])
MOBILE = Table("t", None, [Column("mobile", None, ["13800138000", "13900139000"] * 9)])
JUDGED = classify(Judge(b"a key of the tests").judge(MOBILE), GENERAL)
RULINGS = (None, Ruling(level="general-1", sensitive=False))
EXCEPTIONS = yaml.safe_load(exceptions_text([correct(JUDGED.columns[0], r, "测试号", by="lin") for r in RULINGS]))


def read(values: Any, path: Path, load: Callable[[Path], object]) -> None:
    text = yaml.safe_dump(values, allow_unicode=True, sort_keys=False)
    path.write_text(text, encoding="utf-8")
    try:
        load(path)
    except BadPack as error:
        assert str(error).startswith("a.yaml, line ") and "\n" not in str(error)


def checked(path: Path) -> None:
    for case in cases(load_exceptions(path)):
        case.check(GENERAL, exceptions=load_exceptions(path))


@pytest.mark.parametrize(
    ("good", "load"),
    [(TEMPLATE, check_template), (POLICY, load_policy), (EXCEPTIONS, checked)],
    ids=["template", "policy", "exceptions"],
)
def test_what_is_good_is_read(good: Any, load: Callable[[Path], object], tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(good, allow_unicode=True, sort_keys=False), encoding="utf-8")
    load(tmp_path / "a.yaml")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("odd") / "a.yaml"


@FEW
@given(values=altered(TEMPLATE))
def test_templates(place: Path, values: Any) -> None:
    read(values, place, lambda path: classify(Judge(b"k").judge(MOBILE), (check_template(path),)))


@FEW
@given(values=altered(POLICY))
def test_policies(place: Path, values: Any) -> None:
    def use(path: Path) -> None:
        policy = load_policy(path)
        classify(Judge(b"k").judge(MOBILE), GENERAL, policy=policy)
        path.write_text(policy_text(policy), encoding="utf-8")
        assert load_policy(path) == policy

    read(values, place, use)


@FEW
@given(values=altered(EXCEPTIONS))
def test_corrections(place: Path, values: Any) -> None:
    read(values, place, checked)


@given(raw=st.binary(max_size=60) | st.text("- :{}[]&*!|>'\"#\n a1", max_size=60).map(str.encode))
def test_anything_at_all(place: Path, raw: bytes) -> None:
    place.write_bytes(raw)
    for load in (check_template, load_policy, load_exceptions):
        try:
            load(place)
        except BadPack as error:
            assert "\n" not in str(error)
