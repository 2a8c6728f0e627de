"""What is wrong with a request is said in the caller's language, field by field, without the values given."""

from __future__ import annotations

import re
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from tongguan.service.api.facts import Day
from tongguan.service.api.facts import _Mapping as Asked
from tongguan.service.api.faults import told
from tongguan.service.api.shapes import Bytes, Line
from tongguan.wording import wording


class Colour(Enum):
    RED = "red"


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid", from_attributes=True)
    name: str


class Checked(BaseModel):
    value: int

    @field_validator("value")
    @classmethod
    def _even(cls, value: int) -> int:
        if value % 2:
            raise ValueError("expected an even number")
        return value


def deep() -> Any:
    found: Any = 1
    for _ in range(100_000):
        found = [found]
    return found


CASES: list[tuple[str, Any, Any]] = [
    ("missing", Inner, {}),
    ("extra_forbidden", Inner, {"name": "x", "SECRET": 1}),
    ("string_type", str, 7),
    ("string_too_short", Annotated[str, Field(min_length=3)], "SE"),
    ("string_too_long", Annotated[str, Field(max_length=3)], "SECRET"),
    ("string_pattern_mismatch", Annotated[str, Field(pattern="^a+$")], "SECRET"),
    ("string_unicode", str, b"\xff"),
    ("int_type", int, []),
    ("int_parsing", int, "SECRET"),
    ("int_from_float", int, 1.5),
    ("int_parsing_size", int, "1" * 5000),
    ("float_type", float, []),
    ("float_parsing", float, "SECRET"),
    ("finite_number", Annotated[float, Field(allow_inf_nan=False)], float("inf")),
    ("bool_type", bool, []),
    ("bool_parsing", bool, "SECRET"),
    ("greater_than", Annotated[int, Field(gt=3)], 1),
    ("greater_than_equal", Annotated[int, Field(ge=3)], 1),
    ("less_than", Annotated[int, Field(lt=3)], 7),
    ("less_than_equal", Annotated[int, Field(le=3)], 7),
    ("too_short", Annotated[list[int], Field(min_length=2)], [1]),
    ("too_long", Annotated[list[int], Field(max_length=2)], [1, 2, 3]),
    ("literal_error", Literal["a", "b", "c"], "SECRET"),
    ("enum", Colour, "SECRET"),
    ("list_type", list[int], "SECRET"),
    ("tuple_type", tuple[int, ...], 7),
    ("set_type", set[int], 7),
    ("dict_type", dict[str, int], "SECRET"),
    ("model_type", Checked, "SECRET"),
    ("model_attributes_type", Inner, "SECRET"),
    ("none_required", None, 7),
    ("date_type", date, []),
    ("date_parsing", date, "SECRET"),
    ("date_from_datetime_parsing", date, "2026-13-45"),
    ("date_from_datetime_inexact", date, "2026-11-21T08:00:00"),
    ("datetime_type", datetime, []),
    ("datetime_parsing", datetime, float("nan")),
    ("datetime_from_date_parsing", datetime, "2026-13-45"),
    ("one_line", Line, "SECRET\x00"),
    ("base64", Bytes, "SECRET!"),
    ("day", Day, "SECRET"),
    ("surrogate", Asked, {"SECRET": "\ud800"}),
    ("deep", Asked, {"SECRET": deep()}),
    ("other", Checked, {"value": 3}),
]


@pytest.mark.parametrize(("kind", "shape", "value"), CASES, ids=[case[0] for case in CASES])
def test_each_kind_is_told_in_both_languages(kind: str, shape: Any, value: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        if kind == "date_parsing":  # of JSON, where nothing else is taken for a day
            TypeAdapter(shape).validate_json(f'"{value}"', strict=True)
        TypeAdapter(shape).validate_python(value)
    errors = [{**error, "loc": ("body", "field")} for error in caught.value.errors()]
    texts = told(errors)
    assert texts["zh"].startswith("body.field: ") and re.search(r"[\u4e00-\u9fff]", texts["zh"])
    assert re.search(r"[\u4e00-\u9fff]", texts["en"]) is None
    assert "SECRET" not in texts["zh"] + texts["en"].replace("body", "")
    if kind != "other":
        assert {error["type"] for error in errors} == {kind}
        assert re.search(r"[a-z]{4,} [a-z]{3,}", texts["zh"]) is None, "English words in the Chinese text"


def test_every_text_has_a_case() -> None:
    known = set(wording("tongguan.service.api", "faults.yaml").texts)
    assert known == {case[0] for case in CASES} | {"json_invalid"}


def test_bad_json_and_long_lists_are_bounded() -> None:
    one = {"type": "json_invalid", "loc": ("body", 3), "msg": "JSON decode error", "ctx": {"error": "Expecting value"}}
    texts = told([one] * 1000)
    assert texts["zh"].count("JSON") == 8
    assert told([{"type": "new_kind", "loc": ("query",), "msg": "Odd\x1b[0m", "ctx": {}}])["zh"] == (
        "query: 不合要求（Odd\\u001b[0m）"
    )


def test_a_text_is_counted_in_characters() -> None:
    for value, kind in (("x" * 501, "too_long"), ("", "too_short")):
        with pytest.raises(ValidationError) as caught:
            TypeAdapter(Annotated[Line, Field(min_length=1)]).validate_python(value)
        errors = caught.value.errors()
        assert [error["type"].removeprefix("string_") for error in errors] == [kind]
        assert "字符" in told(errors)["zh"] and "characters" in told(errors)["en"]


def test_what_python_says_of_a_value_error_is_left_out() -> None:
    with pytest.raises(ValidationError) as caught:
        Checked(value=3)
    assert told(caught.value.errors())["en"] == "value: expected an even number"
