from __future__ import annotations

import pytest

from tongguan.errors import BadInput
from tongguan.trust.access import entity_name


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("上海样例贸易有限公司", "上海样例贸易有限公司"),
        ("  甲\u3000", "甲"),
        ("Cafe\u0301", "Café"),
        ("A B", "A B"),
        ("x" * 120, "x" * 120),
    ],
)
def test_one_form(given: str, kept: str) -> None:
    assert entity_name(given) == kept == entity_name(kept)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "  ",
        "\u3000",
        "a\0",
        "a\nb",
        "a\u200bb",
        "a\u202eb",
        "\ud800",
        "\ufeffa",
        "x" * 121,
        "\u0958" * 120,
        "＝a",
        "-a",
        7,
    ],
)
def test_refused(given: object) -> None:
    with pytest.raises(BadInput, match="an entity"):
        entity_name(given)  # type: ignore[arg-type]
