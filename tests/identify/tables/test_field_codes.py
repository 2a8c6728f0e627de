"""Columns named by the field codes of social insurance are known by their digits, which other names lose."""

from __future__ import annotations

import pytest

from tongguan.identify.tables.naming import read_name


@pytest.mark.parametrize(
    ("name", "type"),
    [
        ("AAC001", "social_security"),
        ("aac002", "id_card"),
        ("AAC003", "person_name"),
        ("AAC004", "gender"),
        ("c_aac006", "birth_date"),
        ("AAE004_NEW", "person_name"),
        ("aae005", "phone"),
        ("AAE006", "address"),
        ("aae010", "bank_card"),
    ],
)
def test_codes_say_what_they_hold(name: str, type: str) -> None:
    assert list(read_name(name).types) == [type]


@pytest.mark.parametrize("name", ["AAC", "AAC999", "aac0031", "xaac003", "AAB001", "aac03"])
def test_other_names_do_not(name: str) -> None:
    assert not read_name(name).types


def test_other_names_lose_their_digits() -> None:
    assert read_name("phone2").types == read_name("phone").types
