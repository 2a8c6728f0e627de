"""Tables as spreadsheets write them in plain text: SYLK and DIF."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tongguan.identify import Detector, extract
from tongguan.model import Content

SYLK = """ID;PWXL;N;E
P;PGeneral
B;Y3;X3;D0 0 2 2
C;Y1;X1;K"姓名"
C;X3;K"手机"
F;FG0L;Y2
C;X1;K"李;;建国"
C;X3;K13812345678
C;Y3;X1;K"王小明"
C;X3;K15912345678
E
"""
DIF = """TABLE
0,1
"EXCEL"
VECTORS
0,2
""
TUPLES
0,2
""
DATA
0,0
""
-1,0
BOT
1,0
"姓名"
1,0
"手机"
-1,0
BOT
1,0
"王小明"
0,13812345678
V
-1,0
EOD
"""


def cells(text: str, name: str, encoding: str = "gb18030") -> tuple[list[list[str]], list[tuple[str, str]]]:
    data = text.replace("\n", "\r\n").encode(encoding)
    read = extract(Content(name, "", len(data), data))
    assert not read.blind_spots
    (piece,) = read.pieces
    assert piece.kind == "table"
    (told,) = Detector(b"a key of tests").scan([piece])
    rows = [line.split("\t") for line in piece.text.splitlines()]
    return rows, [(one.type, piece.text[one.start : one.end]) for one in told]


def test_sylk_with_places_that_go_on() -> None:
    rows, found = cells(SYLK, "list.slk")
    assert rows == [["姓名", "", "手机"], ["李;建国", "", "13812345678"], ["王小明", "", "15912345678"]]
    assert {("person_name", "王小明"), ("phone", "13812345678"), ("phone", "15912345678")} <= set(found)


def test_dif_in_two_encodings() -> None:
    for encoding in ("gb18030", "utf-8"):
        rows, found = cells(DIF, "list.dif", encoding)
        assert rows == [["姓名", "手机"], ["王小明", "13812345678"]]
        assert found == [("person_name", "王小明"), ("phone", "13812345678")]


def test_cells_far_out_take_no_room() -> None:
    far = "ID;P\n" + "".join(f'C;Y{y};X16384;K"13812345678"\n' for y in range(1, 500)) + "E\n"
    (piece,) = extract(Content("far.slk", "", None, far.encode())).pieces
    assert len(piece.text) < 20_000 and piece.text.count("13812345678") == 499


@given(st.text(st.sampled_from('CFXYK;"10-1,\nBOTEDV'), max_size=200), st.sampled_from(("ID;P\n", 'TABLE\n0,1\n"x"\n')))
def test_anything_behind_the_mark(rest: str, mark: str) -> None:
    assert all(
        not spot.detail.startswith("fault")
        for spot in extract(Content("x", "", None, (mark + rest).encode())).blind_spots
    )
