from __future__ import annotations

import ipaddress
import re
from datetime import date
from pathlib import Path

import pytest
from border_scenes import RETAILER, org_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tongguan.border import load_org
from tongguan.errors import BadOrg

DOCUMENT = Path(__file__).parents[2] / "docs" / "org.md"

GOOD = """\
exporter:
  name: 晨星零售
networks:
  - cidr: 10.21.0.0/16
    site: 机房
recipients:
  - id: lumora
    name: Lumora
    country: US
    domains: [lumora.example]
  - id: other
    name: Other
    country: HK
activities:
  - id: A-1
    name: 营销
    purpose: 分析
    recipient: lumora
    types: [phone, email]
    ground: hr
    conditions:
      necessary: true
    starts: 2026-01-01
    approval:
      path: standard_contract
      persons: 500
      expires: 2029-01-01
exported_before:
  - {from: 2026-01-01, to: 2026-06-30, persons: 100}
files:
  - {path: "*.csv", recipient: lumora}
"""


def test_reads_what_is_declared(tmp_path: Path) -> None:
    org = org_of(GOOD, tmp_path)
    assert org.exporter.name == "晨星零售"
    assert org.exporter.ciio is None
    assert org.networks[0].cidr == ipaddress.ip_network("10.21.0.0/16")
    assert org.networks[0].country == "CN"
    assert org.recipients["lumora"].domains == ("lumora.example",)
    activity = org.activities["A-1"]
    assert activity.types == ("phone", "email")
    assert activity.conditions == {"necessary": True}
    assert activity.starts == "2026-01-01"
    assert activity.approval is not None
    assert activity.approval.persons == 500
    assert org.exported_before[0].end == date(2026, 6, 30)
    assert org.exported_before[0].sensitive_persons == 0
    assert org.files[0].recipient == "lumora"


def test_the_documented_example_is_read_as_documented(tmp_path: Path) -> None:
    example = re.search(r"```yaml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.S)
    assert example is not None
    org = org_of(example[1], tmp_path)
    assert set(org.recipients) == {"lumora", "xingye-intl"}
    assert org.activities["ACT-2026-014"].systems == ("会员中心",)
    assert [network.country for network in org.networks] == ["CN", "CN", "CN", "SG"]


def test_only_a_name_is_required(tmp_path: Path) -> None:
    org = org_of("exporter: {name: 晨星}", tmp_path)
    assert not org.networks
    assert not org.recipients
    assert not org.activities


# What stands there, what is put in its place, the line that is blamed, and what the message says.
MALFORMED = [
    ("  name: 晨星零售\n", "  city: 成都\n", 2, "`name` is missing"),
    ("  name: 晨星零售", "  nmae: 晨星零售", 2, "unknown key `nmae`; did you mean `name`?"),
    ("  name: 晨星零售", "  name: [a]", 2, "expected text, found a list"),
    ("  name: 晨星零售", "  name: 晨星\n  name: 晨星", 3, "the key `name` stands twice"),
    ("  name: 晨星零售", "  name: 晨星\n  ciio: maybe", 3, "expected true or false, found `maybe`"),
    ("  name: 晨星零售", "  name: 晨星\n  zone: bejing", 3, "did you mean `beijing`?"),
    ("  name: 晨星零售", "  name: 晨星\n  processes_persons: -4", 3, "expected a whole number"),
    ("  name: 晨星零售", "  name: " + "长" * 101, 2, "1 to 100 characters"),
    ("networks:", "network:", 3, "did you mean `networks`?"),
    ("10.21.0.0/16", "10.21.0.0/33", 4, "expected a network such as"),
    ("10.21.0.0/16", "10.21.3.0/16", 4, "did you mean `10.21.0.0/16`?"),
    ("10.21.0.0/16", "[10.0.0.0/8, 10.0.0.0/8]", 4, "`10.0.0.0/8` stands twice"),
    ("    site: 机房\n", "", 4, "`site` is missing"),
    ("    site: 机房\n", "    site: 机房\n    recipient: lumora\n", 6, "give it a `country` abroad"),
    ("country: US", "country: USA", 9, "expected a country's two capital letters"),
    ("country: US", "country: XX", 9, "found `XX`"),
    ("country: HK", "country: HK\n    domains: lumora.example", 14, "already belongs to the recipient `lumora`"),
    ("[lumora.example]", "[https://lumora.example/x]", 10, "expected a domain name"),
    ("id: other", "id: lumora", 11, "the id `lumora` stands twice, first on line 7"),
    ("    recipient: lumora\n    types", "    recipient: lumra\n    types", 18, "did you mean `lumora`?"),
    ("[phone, email]", "[phone, emial]", 19, "unknown value `emial`; did you mean `email`?"),
    ("    types: [phone, email]\n", "", 15, "`types` is missing"),
    ("ground: hr", "ground: human", 20, "unknown value `human`"),
    ("    ground: hr\n", "", 21, "conditions need a `ground`"),
    ("necessary: true", "neccessary: true", 22, "did you mean `necessary`?"),
    ("starts: 2026-01-01", "starts: 2026-1-1", 23, "expected a date written 2026-11-20"),
    ("starts: 2026-01-01", "starts: 2026-02-30", 23, "expected a date"),
    ("starts: 2026-01-01", "starts: 2026-01-01\n    ends: 2025-01-01", 24, "ends before it starts"),
    ("starts: 2026-01-01", "starts: 2026-01-01\n    scenario: nowhere/nothing", 24, "expected one of"),
    ("starts: 2026-01-01", "starts: 2026-01-01\n    zone_list_part: both", 24, "unknown value `both`"),
    ("starts: 2026-01-01", "on_zone_list: false\n    zone_list_part: contract", 24, "in no part of the list"),
    ("path: standard_contract", "path: standard", 25, "did you mean `standard_contract`?"),
    ("      path: standard_contract\n", "", 25, "`path` is missing"),
    ("expires: 2029-01-01", "expires: 2029-01-01\n      granted: 2030-01-01", 27, "expires before it was granted"),
    ("to: 2026-06-30", "to: 2025-06-30", 29, "ends before it starts"),
    ('{path: "*.csv", recipient: lumora}', "csv", 31, "expected `key: value` lines, found `csv`"),
    ("exporter:\n", "exporter:\n\tx: 1\n", 2, "not valid YAML"),
    ("types: [phone, email]", "types: [phone, email", 20, "not valid YAML"),
    ("exporter:", "[" * 100_000 + "exporter:", 1, "nested deeper"),
    ("晨星零售", "\x00", 2, "not valid YAML"),
]


@pytest.mark.parametrize(
    ("old", "new", "line", "said"), MALFORMED, ids=[f"{row[2]}-{row[3][:30]}" for row in MALFORMED]
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    assert old in GOOD
    with pytest.raises(BadOrg) as refused:
        org_of(GOOD.replace(old, new, 1), tmp_path)
    assert f"org.yaml: line {line}: " in str(refused.value)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a\n- b\n", "just text"])
def test_a_file_without_sections_says_what_was_expected(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadOrg, match="exporter:"):
        org_of(text, tmp_path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadOrg, match=r"absent\.yaml: cannot be read"):
        load_org(tmp_path / "absent.yaml")
    with pytest.raises(BadOrg, match="cannot be read"):
        load_org(tmp_path)


def test_another_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "org.yaml"
    path.write_bytes("# 星\nexporter:\n  name: ".encode() + "晨星".encode("gb18030"))
    with pytest.raises(BadOrg, match="line 3: not UTF-8"):
        load_org(path)


def test_a_bomb_of_aliases_is_refused_quickly(tmp_path: Path) -> None:
    bomb = "\n".join(f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]" for i in range(20))
    with pytest.raises(BadOrg, match="unknown key `a`"):
        org_of("a: &a [x]\n" + bomb, tmp_path)


def test_yes_no_and_norway(tmp_path: Path) -> None:
    org = org_of("exporter: {name: no, ciio: no}\nrecipients: [{id: n, name: N, country: NO}]", tmp_path)
    assert org.exporter.name == "no"
    assert org.exporter.ciio is False
    assert org.recipients["n"].country == "NO"


def test_the_digest_changes_with_what_is_said_and_not_with_how(tmp_path: Path) -> None:
    first = org_of(RETAILER, tmp_path).digest
    assert org_of("# a remark\n" + RETAILER, tmp_path).digest == first
    assert org_of(RETAILER.replace("会员中心}", "会员机房}"), tmp_path).digest != first


WORDS = """
exporter networks recipients activities approval name id types cidr country US CN true null 晨星 << 10.0.0.0/8 2026-01-01
999999999999999999999999 --- ... [ ] { } ' # % @ &a *a " \x07 \ud7ff
"""
PIECES = st.sampled_from([*WORDS.split(), ": ", "- ", "\n", "\n  ", "\n    ", ", ", "!!int ", "? ", "|\n", " "])


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PIECES, max_size=40).map("".join), st.integers(0, len(GOOD)))
def test_whatever_is_written_is_read_or_refused(tmp_path: Path, noise: str, at: int) -> None:
    for text in (noise, GOOD[:at] + noise + GOOD[at:], GOOD[:at] + noise):
        try:
            org_of(text, tmp_path)
        except BadOrg as refused:
            assert "org.yaml" in str(refused)


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bytes_of_any_kind_are_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "org.yaml"
    path.write_bytes(raw)
    with pytest.raises(BadOrg):
        load_org(path)
