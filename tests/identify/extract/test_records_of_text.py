"""Plain text, JSON, XML, CSV, SQL and forms: their kinds, and where their records start."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongguan.identify.extract import extract
from tongguan.identify.extract.structured import json_piece
from tongguan.identify.extract.tables import delimited
from tongguan.model import Content

PEOPLE = [{"name": "张三", "phone": "13800138000"}, {"name": "李四", "phone": "13900139000"}]


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_json_without_escapes_keeps_its_offsets(opened, rows) -> None:
    text = json.dumps({"code": 0, "data": {"list": PEOPLE, "total": 2}}, ensure_ascii=False)
    piece = opened(text.encode(), None, "application/json").pieces[0]
    assert (piece.kind, piece.text) == ("json", text)
    found = rows(piece)
    assert [text.find('{"name": "张三"') == piece.records[1], "李四" in found[2]] == [True, True]
    assert "张三" not in found[2]
    assert "total" in found[3]
    assert "李四" not in found[3]


def test_json_with_escapes_is_decoded(opened, rows) -> None:
    piece = opened(
        json.dumps([{"name": "张三", "who": 'a"b\\c/d\ne', "emoji": "😀"}, {"name": "李四"}]).encode()
    ).pieces[0]
    assert '"张三"' in piece.text
    assert '"a"b\\c/d\ne"' in piece.text
    assert "😀" in piece.text
    assert rows(piece)[2] == '{"name": "李四"}]'


def test_json_inside_a_string_of_json_is_decoded_too(opened) -> None:
    inner = json.dumps({"name": "张三", "born": "1990/01/02"})
    piece = opened(json.dumps({"payload": inner}).encode()).pieces[0]
    assert '{"name": "张三"' in piece.text


def test_escaped_slashes_and_newlines_do_not_stick_to_values(opened) -> None:
    piece = opened(rb'{"born":"1990\/01\/02","note":"phone\n13800138000"}').pieces[0]
    assert "1990/01/02" in piece.text
    assert "\n13800138000" in piece.text


def test_json_lines_are_records(opened, rows) -> None:
    text = "".join(json.dumps(person, ensure_ascii=False) + "\n" for person in PEOPLE)
    assert len(rows(opened(text.encode(), "people.jsonl").pieces[0])) == 2


def test_json_in_a_call_is_found(opened, rows) -> None:
    piece = opened(f"callback_1({json.dumps(PEOPLE, ensure_ascii=False)});".encode()).pieces[0]
    assert len(rows(piece)) == 3


@pytest.mark.parametrize(
    "text", ["[INFO] started at 10:00\n[INFO] user 13800138000 in\n", "{not json at all}", "[1] see below"]
)
def test_what_only_begins_like_json_is_prose(opened, text: str) -> None:
    assert opened(text.encode()).pieces[0].kind == "prose"


def test_json_cut_short_is_json(opened, rows) -> None:
    piece = opened(json.dumps(PEOPLE, ensure_ascii=False).encode()[:-12]).pieces[0]
    assert piece.kind == "json"
    assert len(rows(piece)) == 3


def test_json_is_told_by_its_bytes_not_its_declaration(opened) -> None:
    assert opened(json.dumps(PEOPLE).encode(), "a.html", "text/html").pieces[0].kind == "json"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@given(
    value=st.lists(values, max_size=6) | st.dictionaries(st.text(max_size=4), values, max_size=4),
    ascii_only=st.booleans(),
)
def test_json_records_start_where_an_independent_reader_finds_objects_in_arrays(
    value: object, ascii_only: bool
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    try:
        utf8 = text.encode()
    except UnicodeEncodeError:  # hypothesis makes no lone surrogates here, but json.loads would accept them
        return
    piece = json_piece(text, utf8, None, declared=False)
    assert piece is not None
    count = 1
    stack: list[tuple[object, bool]] = [(value, False)]
    while stack:
        node, in_array = stack.pop()
        if isinstance(node, dict):
            count += in_array
            stack += [(child, False) for child in node.values()]
        elif isinstance(node, list):
            stack += [(child, True) for child in node]
    # Starts after a closed array of records come on top; there are none without one.
    assert len(piece.records) >= count
    if not any("\\" in part for part in (text,)):
        assert piece.text == text
        starts = set(piece.records.tolist())
        assert all(text[at] in '[{,"' or at == 0 or text[at - 1] == "," for at in starts)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60))
def test_escapes_decode_as_the_standard_library_decodes_them(text: str) -> None:
    encoded = json.dumps({"k": text})
    piece = json_piece(encoded, encoded.encode(), None, declared=True)
    assert piece is not None
    if "\\" not in text and not any(ord(c) < 0x20 or c == "\x7f" for c in text):
        assert piece.text == '{"k": "' + text + '"}'


# ── CSV ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_csv_stays_as_it_is_and_names_its_columns(opened, rows, cells) -> None:
    text = '姓名,手机,备注\r\n张三,13800138000,"北京,海淀\n""东"""\r\n李四,,\r\n'
    piece = opened(text.encode("gb18030"), "a.csv", "text/csv").pieces[0]
    assert (piece.kind, piece.text, piece.columns) == ("table", text, ("姓名", "手机", "备注"))
    assert [row.split(",")[0] for row in rows(piece)] == ["姓名", "张三", "李四"]
    assert cells(piece)[3:] == [("张三", 0), ("13800138000", 1), ('北京,海淀\n""东""', 2), ("李四", 0)]


def test_a_first_row_of_data_is_no_header(opened) -> None:
    piece = opened("张三,13800138000\n李四,13900139000\n".encode(), "a.csv").pieces[0]
    assert piece.columns == ()


def test_a_header_may_stand_below_a_title(opened) -> None:
    piece = opened("客户名单,,\n姓名,手机,城市\n张三,13800138000,北京\n".encode(), "a.csv").pieces[0]
    assert piece.columns == ("姓名", "手机", "城市")


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_found_without_a_hint(opened, cells, delimiter: str) -> None:
    text = "\n".join(delimiter.join(row) for row in [("id", "name", "phone"), ("1", "a", "138"), ("2", "b", "139")])
    piece = opened(text.encode()).pieces[0]
    assert piece.kind == "table"
    assert ("139", 2) in cells(piece)


def test_prose_with_commas_is_no_table(opened) -> None:
    assert opened(b"Dear Sir, how are you?\nWell, I hope, and in good spirits.\nYours, A.\n").pieces[0].kind == "prose"


def test_a_stray_quote_does_not_swallow_the_file(opened, rows) -> None:
    text = "a,b\n" + '"stray,1\n' + "x,2\n" * 1000
    assert len(rows(opened(text.encode(), "a.csv").pieces[0])) > 800


@given(
    st.lists(
        st.lists(st.text(alphabet='ab1 ,;"\n\té张\U0001f600', max_size=6), min_size=2, max_size=4),
        min_size=1,
        max_size=8,
    )
)
def test_cells_agree_with_the_csv_module(table: list[list[str]]) -> None:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(table)
    text = buffer.getvalue()
    piece = delimited(text, text.encode(), ord(","), None)
    assert piece.cells is not None
    found = [(text[a:b].replace('""', '"'), c) for a, b, c in piece.cells.tolist()]
    assert found == [(cell, column) for row in table for column, cell in enumerate(row) if cell]


# ── XML, SQL, prose, forms ───────────────────────────────────────────────────────────────────────────────────────────


def test_xml_records_are_repeated_elements_with_content(opened, rows) -> None:
    text = "<?xml version='1.0'?><r><tag>x</tag><tag>y</tag><p><n>张三</n></p><p><n>李四</n></p></r>"
    piece = opened(text.encode(), None, "text/xml").pieces[0]
    assert piece.text == text
    assert [("张三" in row, "李四" in row) for row in rows(piece)] == [(False, False), (True, False), (False, True)]


def test_xml_character_references_are_decoded(opened) -> None:
    piece = opened(b"<r><n>&#x5F20;&#19977; &lt;b&gt; &amp;</n></r>", "a.xml").pieces[0]
    assert "张三 &lt;b&gt; &" in piece.text


def test_xml_in_utf16(opened) -> None:
    assert "张三" in opened("<?xml version='1.0' encoding='utf-16'?><n>张三</n>".encode("utf-16")).pieces[0].text


def test_xml_whose_prefix_looks_like_an_html_tag_is_not_lost(opened) -> None:
    found = opened(b'<a:list xmlns:a="urn:x"><a:n v="13800138000"/></a:list>')
    assert "13800138000" in found.pieces[0].text


def test_sql_tuples_are_records(opened, rows) -> None:
    text = "INSERT INTO `u` VALUES (1,'张三','a;b('),(2,'李''四','x');\nINSERT INTO `u` VALUES (3,'王五','');\n"
    found = rows(opened(text.encode(), "dump.sql").pieces[0])
    assert [sum(name in row for name in ("张三", "李''四", "王五")) for row in found] == [0, 1, 1, 0, 1]


def test_lines_of_key_and_value_are_one_record_until_a_key_repeats(opened, rows) -> None:
    found = rows(opened("姓名：张三\n电话：13800138000\n姓名：李四\n电话：13900139000\n".encode()).pieces[0])
    assert [row.split("\n")[0] for row in found] == ["姓名：张三", "姓名：李四"]


def test_key_and_value_with_blank_lines_between_stay_one_record(opened, rows) -> None:
    assert len(rows(opened("姓名：张三\n\n电话：13800138000\n\n地址：北京\n".encode()).pieces[0])) == 1


def test_lines_that_each_hold_an_identifier_are_records(opened, rows) -> None:
    assert (
        len(rows(opened("张三 13800138000\n李四 １３９００１３９０００\n王五 wang@example.com\n".encode()).pieces[0]))
        == 3
    )


def test_a_paragraph_is_one_record(opened, rows) -> None:
    found = rows(opened("张三先生，\n您的电话 13800138000 已登记，\n请确认。\n\n李女士，\n您好。\n".encode()).pieces[0])
    assert len(found) == 2


def test_long_text_is_cut_into_bounded_records(opened, rows) -> None:
    assert max(map(len, rows(opened("今天天气很好我们去公园散步".encode() * 2000).pieces[0]))) <= 4000
    assert max(map(len, rows(opened(b"x" * 100_000).pieces[0]))) <= 4001


@pytest.mark.parametrize("charset", ["utf-8", "gb18030"])
def test_an_urlencoded_form_is_decoded(opened, charset: str) -> None:
    body = "name=" + "".join(f"%{b:02X}" for b in "张三李四".encode(charset)) + "&phone=%2B86+13800138000&x="
    piece = opened(body.encode(), None, "application/x-www-form-urlencoded").pieces[0]
    assert (piece.kind, piece.text) == ("form", "name=张三李四\nphone=+86 13800138000\nx=".replace("+86", "+86"))


def test_a_form_without_a_declaration_is_known_by_its_shape(opened) -> None:
    assert opened(b"user=a&phone=13800138000").pieces[0].kind == "form"
    assert opened(b"1 + 1 = 2, as we know & love").pieces[0].kind == "prose"


def test_a_multipart_form_gives_fields_and_files(opened) -> None:
    body = (
        b'--XyZ\r\nContent-Disposition: form-data; name="name"\r\n\r\n' + "张三".encode() + b"\r\n--XyZ\r\n"
        b'Content-Disposition: form-data; name="f"; filename="list.csv"\r\nContent-Type: text/csv\r\n\r\n'
        b"name,phone\nzhang,13800138000\n\r\n--XyZ--\r\n"
    )
    pieces = opened(body, None, "multipart/form-data").pieces
    assert {(p.kind, p.member) for p in pieces} == {("form", None), ("table", "list.csv")}
    assert next(p for p in pieces if p.kind == "form").text == "name=张三"


def test_empty_content_is_nothing(opened) -> None:
    assert opened(b"").pieces == opened(b" \n").pieces == []


def test_content_that_cannot_be_read_is_a_blind_spot() -> None:
    def gone() -> bytes:
        raise FileNotFoundError(2, "No such file or directory")

    found = extract(Content("a.csv", "", 10, gone))
    assert [(s.kind.value, s.where) for s in found.blind_spots] == [("unreadable", "a.csv")]


@pytest.mark.parametrize("sign", ["\t", ",", ";", "|", " "])
@pytest.mark.parametrize("lines", [1, 30, 3000])
def test_rows_of_nothing_above_text_lose_nothing(opened, sign: str, lines: int) -> None:
    found = opened(f"{sign}\n".encode() * lines + "张三 手机13800138000\n".encode())
    assert "13800138000" in "".join(piece.text for piece in found.pieces)
    assert found.blind_spots == []
