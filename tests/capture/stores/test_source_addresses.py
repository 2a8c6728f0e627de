"""Sources as they are typed: what is kept of them, and that no secret is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tongguan.capture.stores import parse_address
from tongguan.capture.stores.addresses import password_of
from tongguan.errors import BadInput


@pytest.mark.parametrize(
    ("typed", "kind", "name"),
    [
        ("postgresql://me@db.example/shop", "postgresql", "postgresql://db.example:5432/shop"),
        ("postgres://db.example:6000/shop", "postgresql", "postgres://db.example:6000/shop"),
        ("postgresql+psycopg:///shop?host=/run/pg", "postgresql", "postgresql:///run/pg:5432/shop"),
        ("mysql://me@db.example/", "mysql", "mysql://db.example:3306/"),
        ("mariadb://me@[::1]:7/客户", "mysql", "mariadb://::1:7/客户"),
        ("s3://bucket/a/b", "s3", "s3://bucket/a/b"),
        (
            "s3://bucket?endpoint=https://s3.example:9000&region=x",
            "s3",
            "s3://bucket/?endpoint=https://s3.example:9000",
        ),
        ("mssql+pyodbc://me@db.example/x", "database", "mssql://db.example/x"),
    ],
)
def test_names_tell_the_store_alone(typed: str, kind: str, name: str) -> None:
    address = parse_address(typed)
    assert (address.kind, address.name) == (kind, name)


@pytest.mark.parametrize(
    "typed",
    [
        "postgresql://me:HUSH@db.example/shop",
        "mysql://me:@db.example/HUSH",
        "postgresql://me@db.example/shop?password=HUSH",
        "mysql://me@db.example/shop?ssl_key_password=HUSH",
        "s3://HUSH:HUSH@bucket/x",
        "s3://bucket?endpoint=https://me:HUSH@s3.example",
        "s3://bucket?secret=HUSH",
        "s3:///HUSH",
        "postgresql://me:HUSH@db.example:port/x",
        "nothing://me:HUSH@x/",
        "postgresql://db.example",
        "mysql:///HUSH",
        "sqlite://",
        "sqlite:///:memory:",
    ],
)
def test_secrets_and_nonsense_are_refused_without_an_echo(typed: str) -> None:
    with pytest.raises(BadInput) as raised:
        parse_address(typed)
    assert "HUSH" not in str(raised.value)


def test_paths(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"")
    (tmp_path / "link").symlink_to(tmp_path / "a.db")
    os.mkfifo(tmp_path / "pipe")
    assert parse_address(str(tmp_path)).kind == "folder"
    assert parse_address(str(tmp_path / "link")).name == str(tmp_path / "a.db")
    assert parse_address(f"sqlite:///{tmp_path}/a.db").name == f"sqlite:///{tmp_path}/a.db"
    for wrong in (
        str(tmp_path / "b"),
        str(tmp_path / "pipe"),
        f"sqlite:///{tmp_path}",
        f"sqlite:///{tmp_path}/b",
        "a\0b",
    ):
        with pytest.raises(BadInput):
            parse_address(wrong)


def test_passwords_come_from_a_file_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = parse_address("mysql://me@db.example/shop")
    assert password_of(shop, None) is None
    monkeypatch.setenv("MYSQL_PWD", "driver")
    assert password_of(shop, None) == "driver"
    assert password_of(parse_address("postgresql://db.example/shop"), None) is None  # libpq has ways of its own
    monkeypatch.setenv("TONGGUAN_SOURCE_PASSWORD", "ours")
    assert password_of(shop, None) == "ours"
    file = tmp_path / "credentials.yaml"
    file.touch(0o600)
    for line, found in (
        ('"mysql://db.example:3306/shop": "by: address"', "by: address"),
        ('"db.example:3306": by port', "by port"),
        ("db.example: by host", "by host"),
        ("other.example: another", "ours"),
    ):
        file.write_text(line)
        assert password_of(shop, file) == found


@pytest.mark.parametrize(
    ("text", "mode"),
    [("db.example: HUSH", 0o644), ("db.example: 12345", 0o600), ("[HUSH", 0o600), ("- HUSH", 0o600), ("\udcff", 0o600)],
)
def test_bad_credential_files_are_refused_without_an_echo(tmp_path: Path, text: str, mode: int) -> None:
    file = tmp_path / "credentials.yaml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    file.chmod(mode)
    with pytest.raises(BadInput) as raised:
        password_of(parse_address("mysql://db.example/shop"), file)
    assert "HUSH" not in str(raised.value) and "12345" not in str(raised.value)
    with pytest.raises(BadInput):
        password_of(parse_address("mysql://db.example/shop"), tmp_path)
