"""Identifiers that apps send of a device: nothing but their names tells them."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongguan.identify import Detector, Piece
from tongguan.identify.tables import Column, Judge, Table

UUID = "7fd4bf1e-6a3b-4c7d-9f2e-52cbb9eb0e11"
OPEN_ID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"


def found(text: str) -> list[tuple[str, str]]:
    (findings,) = Detector(b"a key of tests").scan([Piece(text)])
    return [(finding.type, text[finding.start : finding.end]) for finding in findings]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (f"OAID：{UUID}", UUID),
        (f'{{"idfa":"{UUID.upper()}","n":1}}', UUID.upper()),
        (f"https://t.example/x?gaid={UUID}&v=2", UUID),
        ('{"android_id": "9774d56d682e549c"}', "9774d56d682e549c"),
        ("udid=00008030-001C2D223EE8802E", "00008030-001C2D223EE8802E"),
        ("CAID: 20220111_f5a7f2b1c3d4e5f60718293a4b5c6d7e", "20220111_f5a7f2b1c3d4e5f60718293a4b5c6d7e"),
        ("设备指纹：d41d8cd98f00b204e9800998ecf8427ed41d8cd98f00b204e9800998ecf84271", None),
    ],
)
def test_behind_their_names(text: str, value: str | None) -> None:
    assert found(text) == [("device_id", value or text.partition("：")[2])]


def test_in_what_an_app_sends_of_itself() -> None:
    escaped = f'{{"body":"{{\\"oaid\\":\\"{UUID}\\",\\"model\\":\\"P40\\"}}"}}'
    assert found(escaped) == [("device_id", UUID)]


def test_an_imei_behind_a_general_name_stays_one() -> None:
    assert found("deviceId: 490154203237518") == [("imei", "490154203237518")]


@pytest.mark.parametrize(
    "text",
    [
        "idfa=00000000-0000-0000-0000-000000000000",  # where tracking is refused
        "const deviceId = generateDeviceIdentifierForTests;",
        "device_id = 0x1234abcd",
        "device id: com.example.application.main.activity",
        f"request_id={UUID}",
        f"trace {UUID}",
        "adid=",
        "scope=openid profile_email1",
        "openid: tiger_2020",
    ],
)
def test_what_is_none(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize("name", ["openid", "open_id", "unionid", "微信openid"])
def test_accounts_as_a_platform_tells_them_to_others(name: str) -> None:
    assert found(f'"{name}": "{OPEN_ID}"') == [("wechat", OPEN_ID)]


UUIDS = [str(uuid.UUID(int=n * 0x1234567890ABCDEF1234567 % 2**128)) for n in range(11, 200)]
COLUMNS = [
    ("oaid", UUIDS, "device_id"),
    ("idfa", [one.upper() for one in UUIDS], "device_id"),
    ("android_id", [one[-16:].replace("-", "a") for one in UUIDS], "device_id"),
    ("设备指纹", [one.replace("-", "") for one in UUIDS], "device_id"),
    ("request_id", UUIDS, None),
    ("openid", [f"oUpF8uMuAJO_M2pxb1Q9zNjW{n:04}" for n in range(200)], "wechat"),
]


@pytest.mark.parametrize(("name", "values", "type"), COLUMNS, ids=[name for name, *_ in COLUMNS])
def test_columns_of_them(name: str, values: list[str], type: str | None) -> None:
    judge = Judge(b"a key of tests")
    assert judge.judge(Table("events", None, [Column(name, None, values)])).columns[0].type == type


@given(st.uuids(version=4))
def test_any_uuid_behind_the_name_and_none_without(number: uuid.UUID) -> None:
    assert found(f"oaid={number}&x=1") == [("device_id", str(number))]
    assert found(f"x={number}&y=1") == []
