"""Parts of office documents that are read in one pass hold what is read of them tag by tag."""

from __future__ import annotations

import io
import zipfile

import docx
import pytest
from faker import Faker
from hypothesis import given, settings
from hypothesis import strategies as st

from tongguan.identify.extract import office

_NAMES = (
    "w:p", "w:r", "w:t", "w:tbl", "w:tr", "w:tc", "w:br", "w:tab", "w:noBreakHyphen", "w:instrText", "text:s", "text:h",
    "table:table", "table:table-row", "table:covered-table-cell", "c:v", "title", "office:styles", "a", "author", "x:y:p",
)  # fmt: skip
_ATTRIBUTES = (
    ' descr="张三 &amp; co"', " Target='mailto:a@example.com'", ' xlink:href="tel:1"', ' w:rsidR="00A"', ' name="N&#10;x"',
    ' v="1"', ' x:title="a&gt;b\tc"', ' Target="http://x"', " y = \"'/>'\" alt='>'", ' displayName=" "',
)  # fmt: skip
_TEXTS = (
    "", " ", "\n", "a\r\nb\rc", "张三", "&lt;b&gt; &amp;amp;", "&#x4E2D;&#25991;&#128512;&#13;", "HYPERLINK mailto:b@example.com",
    "<![CDATA[<raw> & ]]>", "<![CDATA[]]>", "<!-- <w:p> -->", "<?pi <w:p> ?>", "]", "> \"'",
)  # fmt: skip


def _same(data: bytes) -> bool:
    """Whether it was read at once; fails where that gave something else."""
    found, walked = office._at_once(data), office._walked(data)
    if found is None:
        return False
    told = [(one.prose, list(one.codes), list(one.spoken), list(one.tables)) for one in (found, walked)]
    assert told[0] == _stripped(told[1])
    return True


def _stripped(told):
    prose, codes, spoken, tables = told
    return prose, codes, spoken, [list(rows) for rows in tables]


_text = st.sampled_from(_TEXTS)
_element = st.recursive(
    _text,
    lambda inner: st.builds(
        lambda name, attributes, children, empty: (
            f"<{name}{''.join(attributes)}/>" if empty else f"<{name}{''.join(attributes)}>{''.join(children)}</{name}>"
        ),
        st.sampled_from(_NAMES),
        st.lists(st.sampled_from(_ATTRIBUTES), max_size=2, unique_by=lambda text: text.split("=")[0].strip()),
        st.lists(inner, max_size=4),
        st.booleans(),
    ),
    max_leaves=30,
)


@settings(max_examples=600, deadline=None)
@given(st.lists(_element, max_size=5))
def test_one_pass_gives_what_the_walk_gives(elements):
    data = f"<?xml version='1.0' encoding='UTF-8'?>\r\n<root>{''.join(elements)}</root>\n".encode()
    if office._parse(data):
        _same(data)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(st.lists(_text, max_size=3), max_size=3), min_size=1, max_size=3), st.sampled_from(_TEXTS))
def test_tables_keep_their_rows_and_cells(tables, between):
    body = between.join(
        "<w:tbl><w:tblPr/>"
        + "".join(
            "<w:tr><w:sdt>" + "".join(f"<w:tc><w:p>{cell}</w:p></w:tc>" for cell in row) + "</w:sdt></w:tr>"
            for row in rows
        )
        + "</w:tbl>"
        for rows in tables
    )
    data = f"\ufeff<w:document>{body}</w:document>".encode()
    if office._parse(data):
        assert _same(data)


@pytest.mark.parametrize(
    "body",
    [
        "<w:tbl><w:tc>x</w:tc></w:tbl>",
        "<w:tbl><w:tr><w:tc>a<w:tc>b</w:tc></w:tc></w:tr></w:tbl>",
        "<w:tbl><w:tr><w:tr><w:tc>a</w:tc></w:tr></w:tr></w:tbl>",
        "<a>" * 2100 + "</a>" * 2100,
        "<s v='1'/>" * 70_000,
        "<w:instrText>x<b/></w:instrText>" * 70_000,
    ],
)
def test_what_is_built_oddly_is_left_to_the_walk(body):
    assert office._at_once(f"<r>{body}</r>".encode()) is None


@pytest.mark.parametrize(
    ("head", "encoding"),
    [("<?xml version='1.0' encoding='gb18030'?>", "gb18030"), ("", "utf-16"), ("<!DOCTYPE r>", "utf-8")],
)
def test_other_encodings_and_doctypes_are_left_to_the_walk(head, encoding):
    assert office._at_once(f"{head}<r>张三</r>".encode(encoding)) is None


def test_tables_within_cells_join_them():
    inner = "<w:tbl><w:tr><w:tc>inner</w:tc></w:tr></w:tbl>"
    data = f"<r><w:tbl><w:tr><w:tc>a{inner}b</w:tc><w:tc/></w:tr></w:tbl>after</r>".encode()
    assert _same(data)
    found = office._at_once(data)
    assert found is not None
    assert list(found.tables) == [[["ainnerb", ""]]]


def test_a_document_of_word_is_read_at_once():
    fake = Faker("zh_CN")
    fake.seed_instance(5)
    document = docx.Document()
    for _ in range(200):
        document.add_paragraph(f"{fake.name()}：{fake.phone_number()} <{fake.email()}> & {fake.sentence()}")
    table = document.add_table(rows=1, cols=3)
    for cell, name in zip(table.rows[0].cells, ("姓名", "手机号", "备注"), strict=True):
        cell.text = name
    for _ in range(30):
        for cell, value in zip(table.add_row().cells, (fake.name(), fake.phone_number(), "一\n二"), strict=True):
            cell.text = value
    out = io.BytesIO()
    document.save(out)
    with zipfile.ZipFile(out) as archive:
        for name in archive.namelist():
            if name.endswith((".xml", ".rels")):
                assert _same(archive.read(name)), name
