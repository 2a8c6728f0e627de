"""Numbers behind words of many countries, by the country that the row or the line names; words beside Han characters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from marked_text import marked

from tongguan.identify import identify_lines
from tongguan.identify.detect import foreign_countries
from tongguan.model import Finding

ROWS = """Country,Customer,{header},Mobile
DE,Ada Pfeiffer,86095742719,1
NL,Bo de Wit,111222333,1
CA,Cy Martin,130 692 544,1
AU,Di Marsh,123 456 782,1
PL,Eva Nowak,44051401359,1
JP,Fumi Oda,123456789018,1
"""
TYPES = ["de_tax_id", "nl_bsn", "ca_sin", "au_tfn", "pl_pesel", "jp_my_number"]


@pytest.mark.parametrize("header", ["National ID", "Local ID", "Tax ID", "税号", "证件号码"])
def test_the_country_of_the_row_tells_whose_number_it_is(header: str, tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text(ROWS.format(header=header), encoding="utf-8")
    lines = [line for line in identify_lines([tmp_path], b"a key", reveal=True) if "type" in line]
    found = {line["text"]: line["type"] for line in lines}
    wanted = dict(zip([row.split(",")[2] for row in ROWS.splitlines()[1:]], TYPES, strict=True))
    assert {text: found.get(text) for text in wanted} == wanted


def test_a_country_is_a_cell_or_a_label_and_no_part_of_a_name() -> None:
    beside = foreign_countries.types_beside
    assert beside("NL,Bo,111222333", 6)[0] == "nl_bsn"
    assert "de_tax_id" in beside("德国：Bo 税号 86095742719", 9)
    assert beside("德国大众 税号 86095742719", 8) == []
    assert beside("NL,Bo,1\nX,Cy,111222333", 13) == []  # of another row


FOUND = [
    "新加坡身份证no.⟦sg_nric|S1234567D⟧",
    "申请人毕业University of Leeds，学位⟦education|Master⟧",
]


@pytest.mark.parametrize("source", FOUND)
def test_words_in_latin_letters_beside_han(source: str, find: Callable[[str], list[Finding]]) -> None:
    case = marked(source)
    types = {type for type, _, _ in case.spans}
    assert [(f.type, f.start, f.end) for f in find(case.text) if f.type in types] == list(case.spans)
