"""Addresses in Latin letters: where they end, what they go on with, what is none."""

import pytest

from tongguan.identify import Detector, Piece


def addresses(text: str) -> list[str]:
    (found,) = Detector(b"k" * 32).scan([Piece(text)])
    return [text[f.start : f.end] for f in found if str(f.type) == "address"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Ms Gu lives at Room 5, No. 9 Heping Road, Heping District, Tianjin.", "Room 5, No. 9 Heping Road, Heping District, Tianjin"),
        ("He resides at 18 Acacia Avenue, Dayton, OH 45402 since May.", "18 Acacia Avenue, Dayton, OH 45402"),
        ("Lieferadresse: Birkenstraße 7, 04177 Leipzig", "Birkenstraße 7, 04177 Leipzig"),
        ("Address: No.8, Sec. 2, Minsheng E. Rd., Zhongshan Dist., Taipei City 104 (bell 3)", "No.8, Sec. 2, Minsheng E. Rd., Zhongshan Dist., Taipei City 104"),
        ("Home address: 3 Rue de Rivoli, 75001 Paris, France and more", "3 Rue de Rivoli, 75001 Paris, France"),
        ("Address: Flat 2, 14 Mill Lane, Oxford OX2 8PT. Please ring.", "Flat 2, 14 Mill Lane, Oxford OX2 8PT"),
        ("Address: 18 Acacia Avenue\nDayton, OH 45402\nUSA", "18 Acacia Avenue\nDayton, OH 45402"),
        ("Anschrift: Am Markt 4\r\n80331 München", "Am Markt 4\r\n80331 München"),
        ("address: room 5, no. 9 heping road, heping district, tianjin", "room 5, no. 9 heping road, heping district, tianjin"),
        ("Address: Rua das Flores 88, apto 12, Centro, Curitiba - PR, 80020-090", "Rua das Flores 88, apto 12, Centro, Curitiba - PR, 80020-090"),
        ("주소: 부산광역시 해운대구 센텀로 45, 803호", "부산광역시 해운대구 센텀로 45, 803호"),
        ("住所：〒530-0001 大阪府大阪市北区梅田3-1-3", "〒530-0001 大阪府大阪市北区梅田3-1-3"),
        ("Parcel for her: 7 Willow Street, Geelong VIC 3220, by noon", "7 Willow Street, Geelong VIC 3220"),
        ("NO 30 ZHONGSHAN ROAD, NINGBO, ZHEJIANG", "NO 30 ZHONGSHAN ROAD, NINGBO, ZHEJIANG"),
        ("住 址 浙江省宁波市鄞州区\n福明街道江城社区8幢302室\n公民", "浙江省宁波市鄞州区\n福明街道江城社区8幢302室"),
    ],
)  # fmt: skip
def test_an_address_ends_where_it_ends(text: str, wanted: str) -> None:
    assert addresses(text) == [wanted]


@pytest.mark.parametrize(
    "text",
    ["address: 10.0.0.1, port 8080", "Address: See Section 3.2, Table 4", "address: 0x7f00 in page, frame 12",
     "She resides at home and works, mostly", "Address: Error 404, Page Not Found"],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    assert addresses(text) == []
