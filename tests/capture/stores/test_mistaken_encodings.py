"""Chinese that lies in columns of Latin letters is read as it was meant, and nothing else is touched."""

from __future__ import annotations

import pyarrow as pa
import pytest
from faker import Faker
from mariadb_server import MariaServer

from tongguan.capture.stores import TableUnit, parse_address
from tongguan.capture.stores.databases import DatabaseStore
from tongguan.capture.stores.databases.mistaken import mended, mended_text


def column(*cells: str | None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(cells, pa.large_string())])


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
@pytest.mark.parametrize("latin", ["latin-1", "cp1252"])
def test_chinese_as_latin_letters(encoding: str, latin: str) -> None:
    fake = Faker("zh_CN")
    fake.seed_instance(5)
    meant = [fake.name() + "，" + fake.address() for _ in range(100)]
    wrong = [text.encode(encoding).decode(latin, "replace") for text in meant]
    if latin == "cp1252":
        pairs = [(a, b) for a, b in zip(meant, wrong, strict=True) if "\ufffd" not in b]
        meant, wrong = [a for a, _ in pairs], [b for _, b in pairs]
    if not meant:
        pytest.skip("no address without a byte that this code page lacks")
    found = mended(column(*wrong, None, "", "plain 13812345678"))
    assert found is not None and found[1] == encoding
    assert found[0].to_pylist() == [*meant, None, "", "plain 13812345678"]


@pytest.mark.parametrize(
    "texts",
    [
        ["Müller", "François Lefèvre", "Åse Østergård", "naïve café", "Straße", "ÀÉÎÕÜ ñandú"],
        ["张三", "李四，北京"],
        ["Ñoño", "garçon", "Übergröße", "ÄÖÜ äöü", "þæð"],
        ["plain", None, ""],
        [],
    ],
)
def test_what_is_right_stays(texts: list[str | None]) -> None:
    assert mended(column(*texts)) is None
    assert all(mended_text(text) == text for text in texts if text)


def test_a_real_server_with_gbk_in_latin1(maria: MariaServer) -> None:
    name = maria.database()
    with maria.root(name) as connection, connection.cursor() as cursor:
        cursor.execute(
            "create table people (who varchar(40) character set latin1, city varchar(40) character set latin1)"
        )
        for who in ("张三丰", "欧阳修", "王小明", "诸葛亮"):
            data = who.encode("gbk").hex()
            cursor.execute(f"insert into people values (_binary x'{data}', 'Besançon')")
        connection.commit()
    user = maria.reader(f"select on {name}.*")
    with DatabaseStore(parse_address(maria.url(user, name)), "对:口令/@ 1") as store:
        (unit,) = [unit for unit in store.units() if isinstance(unit, TableUnit)]
        rows = unit.read(100)
    assert sorted(rows.table.column(0).to_pylist()) == sorted(["张三丰", "欧阳修", "王小明", "诸葛亮"])
    assert set(rows.table.column(1).to_pylist()) == {"Besançon"}
    (told,) = [one for one in rows.unseen if one.reason == "encoding"]
    assert "who" in told.detail and "gb18030" in told.detail and "张" not in told.detail
