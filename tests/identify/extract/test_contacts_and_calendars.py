"""vCard, iCalendar and LDIF: folded lines, values in quoted-printable and base64, parts put together."""

from __future__ import annotations

import base64
import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import open_bytes
from tongguan.identify import Detector
from tongguan.model import BlindKind


def quoted(text: str, codec: str = "utf-8") -> str:
    return "".join(f"={byte:02X}" for byte in text.encode(codec))


CARD = f"""BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:{quoted("孙")};{quoted("小圣")};;;
TEL;CELL:138-0013-8000
ADR;HOME;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:;;{quoted("和平路9")}=
{quoted("号")};{quoted("天津市")};;300000;{quoted("中国")}
BDAY:1990-01-01
END:VCARD
"""


def one(text: str, name: str = "a.vcf") -> str:
    (piece,) = open_bytes(text.encode(), name).pieces
    return piece.text


def test_a_card_of_a_phone() -> None:
    text = one(CARD)
    for line in (
        "name: 孙小圣",
        "tel: 138-0013-8000",
        "address: 中国天津市和平路9号 300000",
        "date of birth: 1990-01-01",
    ):
        assert line in text
    (found,) = Detector(b"k").scan(open_bytes(CARD.encode(), None).pieces)
    assert {"person_name", "phone", "address", "birth_date"} <= {str(f.type) for f in found}


def test_each_card_is_a_record_whatever_the_line_ends() -> None:
    (piece,) = open_bytes((CARD * 3).replace("\n", "\r\n").encode(), "contacts.vcf").pieces
    assert len(piece.records) == 3 and "\r" not in piece.text
    assert [piece.text[start : start + 11] for start in piece.records] == ["begin: VCAR"] * 3


def test_values_in_gbk_escapes_groups_and_latin_names() -> None:
    card = (
        "BEGIN:VCARD\nVERSION:3.0\nitem1.FN:Grace Hopper\nN:Hopper;Grace;B.;Dr.;\nORG:Navy\\, US;Lab\nNOTE:a\\nb\n"
        f"NICKNAME;CHARSET=GBK;ENCODING=QUOTED-PRINTABLE:{quoted('小圣', 'gbk')}\nADR:;Room 5;9 Mill Lane;Oxford;;OX2 8PT;UK\nEND:VCARD\n"
    )
    text = one(card)
    assert "full name: Grace Hopper" in text and "name: Dr. Grace B. Hopper" in text and "company: Navy, US Lab" in text
    assert (
        "nickname: 小圣" in text
        and "note: a\nb" in text
        and "address: Room 5, 9 Mill Lane, Oxford, OX2 8PT, UK" in text
    )


def test_a_calendar_names_those_who_come_and_unfolds() -> None:
    text = one("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nATTENDEE;CN=\"孙小圣\":mailto:s@corp.example\r\nDESCRIPTION:call 138001\r\n 38000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", "a.ics")  # fmt: skip
    assert "name: 孙小圣, attendee: mailto:s@corp.example" in text and "description: call 13800138000" in text


def test_a_directory() -> None:
    name = base64.b64encode("孙小圣".encode()).decode()
    text = one(
        f"version: 1\ndn: uid=s,dc=example\ncn:: {name}\nmobile: 13800138000\n\ndn: uid=t,dc=example\ncn: Tom\n", "a"
    )
    assert "full name: 孙小圣" in text and "mobile: 13800138000" in text and "full name: Tom" in text


def test_pictures_and_other_bytes_are_no_text() -> None:
    picture = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(128, 200))).decode()
    key = base64.b64encode(bytes(range(128, 250))).decode()
    card = f"BEGIN:VCARD\nFN:A B\nPHOTO;ENCODING=b;TYPE=PNG:{picture[:40]}\n {picture[40:]}\nKEY;BASE64:{key}\nTEL;BASE64:%%%a\nEND:VCARD\n"
    found = open_bytes(card.encode(), "a.vcf")
    assert picture[:30] not in found.pieces[0].text
    kinds = {spot.kind for spot in found.blind_spots}
    assert BlindKind.UNSUPPORTED in kinds and any("other bytes" in spot.detail for spot in found.blind_spots)


@pytest.mark.parametrize("text", ["dn\n", "dn: \n", "Begin with a vcard\n", "BEGIN:VCARDS ARE NOT\nx\n"])
def test_what_is_none(text: str) -> None:
    assert one(text, "a.txt") == text


@given(st.text(max_size=200), st.binary(max_size=60))
def test_any_card_is_read(text: str, raw: bytes) -> None:
    body = (
        "BEGIN:VCARD\n" + text + "\nFN;ENCODING=QUOTED-PRINTABLE:" + quopri.encodestring(raw).decode() + "\nEND:VCARD\n"
    )
    found = open_bytes(body.encode("utf-8", "replace"), "a.vcf")
    assert all("fault of the reader" not in spot.detail for spot in found.blind_spots)
    assert all(
        (piece.records[1:] > piece.records[:-1]).all() and piece.records[-1] <= len(piece.text)
        for piece in found.pieces
    )
