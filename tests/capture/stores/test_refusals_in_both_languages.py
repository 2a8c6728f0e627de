"""Why a source is not read, told in both languages, by real refusals as far as they can be had."""

from __future__ import annotations

import os
import re
import socket
import string
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mariadb_server import MariaServer
from postgres_server import PostgresServer
from swift_server import ACCESS_KEY, Swift

from tongguan.capture import stores
from tongguan.capture.stores import open_store, parse_address
from tongguan.capture.stores.databases import DatabaseStore, Limits
from tongguan.capture.stores.refusals import database_refusal, unreachable
from tongguan.errors import BadInput, Missing, TongguanError, Unavailable
from tongguan.wording import wording

HUSH = "Made-up!HUSH-5512"
TEXTS = wording("tongguan.capture.stores").texts
KINDS = ("postgresql", "mysql")


def told(error: TongguanError) -> str:
    """The Chinese text, after a look at both: no English sentence in it, no secret."""
    assert error.text is not None and str(error) == error.text["en"]
    assert re.search("[一-鿿]", error.text["zh"]) and not re.search("[一-鿿]", error.text["en"])
    assert HUSH not in str(error.text)
    return error.text["zh"]


def refused(url: str, error: type[TongguanError], password: str | None = HUSH) -> str:
    with pytest.raises(error) as raised:
        DatabaseStore(parse_address(url), password, Limits(statement_s=1, answer_s=1, connect_s=2))
    return told(raised.value)


def test_texts_are_in_both_languages_and_all_are_used() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in Path(stores.__file__).parent.rglob("*.py"))
    for key, both in TEXTS.items():
        assert f'"{key}"' in sources, key
        assert re.search("[一-鿿]", both["zh"]) and not re.search("[一-鿿]", both["en"]), key
        fields = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in both.values()]
        assert fields[0] - {"code"} == fields[1] - {"code"}, key
    assert set(re.findall(r'TEXTS\.both\("([a-z_.]+)"', sources)) <= set(TEXTS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_port_at_which_nobody_listens(kind: str) -> None:
    with socket.socket() as taken:  # bound and not listening: nobody else comes there meanwhile
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert "连接被拒绝" in refused(f"{kind}://me@127.0.0.1:{port}/d", Unavailable)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("host", ["nobody.invalid", "tls.timeout.refused.invalid"])
def test_a_name_without_an_address(kind: str, host: str) -> None:
    assert "没有地址" in refused(f"{kind}://me@{host}/d", Unavailable)


@pytest.fixture
def silent() -> Iterator[int]:
    """A port at which somebody listens and says nothing."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_says_nothing(kind: str, silent: int) -> None:
    assert "没有在时限内应答" in refused(f"{kind}://me@127.0.0.1:{silent}/d", Unavailable)


def test_refusals_of_postgresql(postgres: PostgresServer) -> None:
    url = postgres.database().replace("+psycopg", "")
    assert "没有这个数据库" in refused(url + "x", BadInput)
    assert "用户与口令" in refused(url.replace("//tongguan@", "//nobody@"), BadInput)
    assert "TLS" in refused(url + "?sslmode=require", Unavailable)


def test_refusals_of_mariadb(maria: MariaServer) -> None:
    name = maria.database()
    url = maria.url(maria.reader(f"select on {name}.*"), name)
    assert "用户与口令" in refused(url, BadInput)


@pytest.mark.parametrize(
    ("code", "said", "zh"),
    [
        ("OperationalError", 'FATAL:  password authentication failed for user "u"\nFATAL:  no pg_hba.conf entry', "用户与口令"),
        ("OperationalError", "致命错误:  用户 \"u\" Password 认证失败", "用户与口令"),
        ("OperationalError", '致命错误:  数据库 "d" 不存在', "没有这个数据库"),
        ("OperationalError", 'FATAL:  no pg_hba.conf entry for host "10.0.0.9"', "从本机登录"),
        ("1049", "Unknown database 'd'", "没有这个数据库"),
        ("1044", "Access denied for user 'u'@'%' to database 'd'", "没有所需的权限"),
        ("1130", "Host '10.0.0.9' is not allowed to connect", "从本机登录"),
    ],
)  # fmt: skip
def test_what_servers_say_is_understood_and_not_told_on(code: str, said: str, zh: str) -> None:
    error = database_refusal("db", "failed", code, said)
    assert zh in told(error) and isinstance(error, BadInput) and "10.0.0.9" not in str(error.text)


@pytest.mark.parametrize(
    ("said", "zh"),
    [
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate", "TLS"),
        ("SSL error: certificate verify failed", "TLS"),
        ("[Errno 113] No route to host", "没有通往该主机"),
        ("FATAL:  sorry, too many clients already", "连接数已满"),
        ("connection to ssl-timeout.example failed for reasons of its own", "没有应答"),
    ],
)
def test_servers_that_are_not_reached(said: str, zh: str) -> None:
    assert zh in told(unreachable("db", said, "OperationalError"))


def test_refusals_of_buckets(swift: Swift, silent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def open_bucket(endpoint: str, error: type[TongguanError]) -> str:
        with pytest.raises(error) as raised:
            open_store(parse_address(f"s3://nothing-{os.urandom(4).hex()}?endpoint={endpoint}"))
        return told(raised.value)

    monkeypatch.setattr("tongguan.capture.stores.objects.TRIES", 1)
    monkeypatch.setattr("tongguan.capture.stores.objects.READ_S", 1)
    monkeypatch.setenv("TONGGUAN_S3_ACCESS_KEY", ACCESS_KEY)
    monkeypatch.setenv("TONGGUAN_S3_SECRET_KEY", HUSH)
    assert "密钥" in open_bucket(swift.endpoint, BadInput)
    assert "连接被拒绝" in open_bucket("http://127.0.0.1:1", Unavailable)
    assert "没有地址" in open_bucket("http://nobody.invalid", Unavailable)
    assert "没有在时限内应答" in open_bucket(f"http://127.0.0.1:{silent}", Unavailable)
    assert "TLS" in open_bucket(swift.endpoint.replace("http://", "https://"), Unavailable)
    assert "不是 URL" in open_bucket("nonsense", BadInput)


@pytest.mark.parametrize(("typed", "module", "extra"), [
    ("mysql://me@127.0.0.1:1/x", "pymysql", "mysql"), ("postgresql://me@127.0.0.1:1/x", "psycopg", "postgresql"),
    ("s3://bucket", "boto3", "s3"),
])  # fmt: skip
def test_drivers_that_are_missing(typed: str, module: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(Missing) as raised:
        open_store(parse_address(typed))
    assert told(raised.value) == f"未安装驱动 {module}；请执行 pip install 'tongguan[{extra}]'"


def test_folders_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "noise.db").write_bytes(os.urandom(8192))
    with pytest.raises(BadInput) as raised:
        open_store(parse_address(f"sqlite:///{tmp_path}/noise.db"))
    assert "或已加密" in told(raised.value)
    with pytest.raises(BadInput) as raised:
        parse_address(str(tmp_path / "none"))
    assert "没有这个文件或文件夹" in told(raised.value)
    address = parse_address(str(tmp_path))

    def closed(path: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", closed)
    with pytest.raises(BadInput) as raised:
        open_store(address)
    assert "没有权限" in told(raised.value) and "Permission" not in told(raised.value)
