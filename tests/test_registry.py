"""Parts of other packages: a real one, built and installed in a folder of its own, and many that are broken."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongguan import registry
from tongguan.capture import Limits
from tongguan.capture.protocols import Ends, Session, Store
from tongguan.cli.main import main
from tongguan.errors import BadPack, BadPlugin
from tongguan.identify import CATEGORIES, RECOGNISERS, TYPES, Detector, Piece, extract
from tongguan.identify.type_packs import read_pack
from tongguan.model import BlindKind, Endpoint, Exchange

EXAMPLE = Path(__file__).parents[1] / "docs/extending.md"


@pytest.fixture(scope="module")
def acme(tmp_path_factory) -> Path:
    """The folder that the example of the manual is installed in, by the tools that everybody uses."""
    source, place = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("installed")
    files = re.findall(r"```\w+\n# (\S+)\n(.*?)```", EXAMPLE.read_text(encoding="utf-8"), re.DOTALL)
    assert [name for name, _ in files] == ["pyproject.toml", "tongguan_acme.py"]
    for name, text in files:
        (source / name).write_text(text, encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--no-build-isolation", "--target", place, source], check=True)
    return place


@pytest.fixture
def typed(monkeypatch, capsys):
    """Runs a command: exit code, standard output, standard error. `off`: the setting."""

    def run(*words: str | Path, off: str = "") -> tuple[int, str, str]:
        monkeypatch.setenv(registry.VARIABLE, off)
        registry.plugins.cache_clear()
        registry.parts.cache_clear()
        code = main([*map(str, words), "--lang", "en"])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def test_a_package_of_others_finds_what_it_knows(acme, tmp_path):
    text = tmp_path / "a.txt"
    text.write_text("电话 13800138000, 客户 ACME-123455, ACME-123456\n")
    path = os.pathsep.join((str(acme), os.environ.get("PYTHONPATH", "")))
    environment = os.environ | {"PYTHONPATH": path, "TONGGUAN_HOME": str(tmp_path / "home")}
    environment.pop(registry.VARIABLE, None)
    command = [sys.executable, "-m", "tongguan.cli", "identify", "--json", text]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found = {line["type"]: line for line in map(json.loads, run.stdout.splitlines())}
    assert set(found) == {"phone", "financial_account"}
    line = found["financial_account"]  # the last digit of the other is wrong
    assert (line["start"], line["end"], line["score"], line["category"]) == (19, 30, 0.9, "property")
    assert "123455" not in line["text"]  # its samples hide as ours do


def test_they_are_listed_and_switched_off(acme, use, typed, tmp_path):
    use(acme)

    def listed(*words: str, off: str = "") -> list[dict]:
        return json.loads(typed("plugins", "--json", *words, off=off)[1])

    def acmes(state: str) -> list[dict]:
        same = {"name": "acme", "package": "tongguan-acme", "version": "1.2", "state": state, "fault": None}
        return [same | {"kind": "protocols"}, same | {"kind": "recognisers"}]

    assert listed() == acmes("on")
    assert listed(off="tongguan.acme") == listed(off="*") == acmes("off")
    code, out, _ = typed("plugins", off="tongguan-acne")
    assert code == 0 and "tongguan-acne is switched off and adds nothing" in out
    ours = [row for row in listed("--all") if row["package"] == "tongguan"]
    assert [row["name"] for row in ours if row["kind"] == "recognisers"] == [*RECOGNISERS.ours]
    text = tmp_path / "a.txt"
    text.write_text("客户 ACME-123455\n")
    assert "financial_account" in typed("identify", text)[1]
    assert "financial_account" not in typed("identify", text, off="Tongguan_ACME")[1]


def test_it_reads_a_protocol_of_its_own(acme, use):
    use(acme)
    ends = Ends("C1", Endpoint("10.20.0.5", 50_000), Endpoint("203.0.113.9", 4_000), "a.pcap")
    session = Session(ends, Store(Limits()))
    for part in ("ACME/1 hello\n客户 ACME".encode(), b"-123455"):
        session.data(0, memoryview(part), 1.0)
    session.close(2.0)
    _, exchange = session.take()
    assert isinstance(exchange, Exchange)
    assert (exchange.protocol, exchange.operation, exchange.blind_spots) == ("acme", "LINE", ())
    assert session.service == "acme"
    found = Detector(b"key").scan(extract(exchange.contents[0]).pieces)[0]
    assert [finding.type for finding in found] == ["financial_account"]


# ---- packages made by hand, in this process


def recogniser(body: str) -> str:
    head = "from tongguan.identify import Candidate\ndef find(view):\n"
    return head + "".join(f"    {line}\n" for line in dedent(body).strip().splitlines())


def find_in(text: str) -> tuple[list, list]:
    detector = Detector(b"key")
    return detector.scan([Piece(text)])[0], detector.blind_spots()


POINT = "[tongguan.recognisers]\n{0} = {0}:find\n"


@pytest.mark.parametrize(
    ("package", "code", "entries", "said"),
    [
        ("absent", "", "[tongguan.recognisers]\na = no_such_module_here:find\n", "ModuleNotFoundError"),
        ("lacks", "x = 1", POINT.format("lacks"), "AttributeError"),
        ("breaks", "1 / 0", POINT.format("breaks"), "ZeroDivisionError"),
        ("leaves", "raise SystemExit(3)", POINT.format("leaves"), "SystemExit"),
        ("no_call", "find = 5", POINT.format("no_call"), "no_call:find is no Recogniser"),
        ("misspelt", "def find(view): return []", "[tongguan.recognizers]\na = misspelt:find\n", "tongguan.recognisers"),
        ("taken", "def find(view): return []", "[tongguan.recognisers]\nphones = taken:find\nnumbers = taken:find\n", "tongguan has a part"),
        ("oddly", "", "[tongguan.recognisers]\na = not a place\n", "cannot be loaded"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_told_at_start(install, package, code, entries, said):
    install(package, code, entries)
    with pytest.raises(BadPlugin) as told:
        Detector(b"key")
    english, chinese = told.value.text["en"], told.value.text["zh"]
    assert said in english and f"({package} 0.1)" in english and f"{registry.VARIABLE}={package}" in english
    assert f"（{package} 0.1）" in chinese or f"({package} 0.1)" in chinese
    with pytest.raises(BadPlugin):  # not only the first time
        Detector(b"key")


def test_what_cannot_be_used_is_told_at_the_terminal(install, typed, tmp_path):
    install("breaks", "1 / 0", POINT.format("breaks"))
    text = tmp_path / "a.txt"
    text.write_text("13800138000\n")
    code, out, error = typed("identify", text)
    assert (code, out, error.count("\n")) == (2, "", 1) and "breaks (breaks 0.1)" in error
    code, out, _ = typed("plugins")
    assert code == 2 and "cannot be used" in out and "ZeroDivisionError" in out
    for off in ("breaks", "*", "other, BREAKS"):
        assert typed("identify", text, off=off)[0] == 0


def test_two_packages_may_not_have_one_name(install):
    install("one", recogniser("return []"), "[tongguan.recognisers]\na = one:find\n")
    install("two", recogniser("return []"), "[tongguan.recognisers]\na = two:find\n")
    with pytest.raises(BadPlugin, match="one has a part of this name already"):
        registry.parts(RECOGNISERS)


def test_of_two_copies_the_first_counts(install, tmp_path):
    install("twin", recogniser("return []"), POINT.format("twin"))
    second = tmp_path / "second" / "twin-0.0.dist-info"
    second.mkdir(parents=True)
    (second / "METADATA").write_text("Metadata-Version: 2.1\nName: twin\nVersion: 0.0\n")
    (second / "entry_points.txt").write_text("[tongguan.recognisers]\nolder = twin:gone\n")
    sys.path.append(str(second.parent))
    try:
        registry.plugins.cache_clear()
        assert [(one.name, one.version) for one in registry.plugins()] == [("twin", "0.1")]
        sys.path.append(str(tmp_path / "twin"))  # the same folder once more
        registry.plugins.cache_clear()
        assert len(registry.plugins()) == 1
        sys.path.remove(str(tmp_path / "twin"))
    finally:
        sys.path.remove(str(second.parent))


def test_entry_points_that_cannot_be_read(install, monkeypatch):
    install("nameless", "", "[tongguan.recognisers]\na = nameless:find\n", metadata="")
    with pytest.raises(BadPlugin, match="nameless"):
        Detector(b"key")
    monkeypatch.setenv(registry.VARIABLE, "*")
    assert Detector(b"key").scan([Piece("13800138000")])[0]


def test_order_is_ours_then_by_package(install):
    install("zeta", recogniser("return []"), "[tongguan.recognisers]\na = zeta:find\n")
    install("alpha", recogniser("return []"), "[tongguan.recognisers]\nz = alpha:find\nb = alpha:find\n")
    names = [part.name for part in registry.parts(RECOGNISERS)]
    assert names == [*RECOGNISERS.ours, "b", "z", "a"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise ValueError(view.text)", "failed: ValueError"),
        ("raise SystemExit(0)", "failed: SystemExit"),
        ("return 5", "failed: TypeError"),
        ("yield 1, 2", "failed: ValueError"),
        ("yield Candidate('0', 4, 'phone', 0.9, 'form', '', '1')", "failed: TypeError"),
        ("yield Candidate(0, 4, 'phone', 'high', 'form', '', '1')", "failed: ValueError"),
        ("yield Candidate(0, 4, ['phone'], 0.9, 'form', '', '1')", "failed: TypeError"),
        ("yield Candidate(0, 4, 'no_such_type', 0.9, 'form', '', '1')", "a data type that there is not: no_such_type"),
        ("yield Candidate(0, 4, view.text, 0.9, 'form', '', '1')", "a data type that there is not: ?"),
        ("yield Candidate(4, 4, 'phone', 0.9, 'form', '', '1')", "cannot be placed"),
        ("yield Candidate(-3, 4, 'phone', 0.9, 'form', '', '1')", "cannot be placed"),
        ("yield Candidate(0, 1 << 70, 'phone', 0.9, 'form', '', '1')", "cannot be placed"),
        ("yield Candidate(0, 4, 'phone', float('nan'), 'form', '', '1')", "cannot be placed"),
        ("yield Candidate(0, 4, 'phone', 7, 'form', '', '1')", "cannot be placed"),
        ("yield Candidate(0, 4, 'phone', 0.9, 'form', '', '')", "cannot be placed"),
        ("while True: yield Candidate(0, 4, 'phone', 0.9, 'form', '', '1')", "more than a text has characters"),
    ],
)  # fmt: skip
def test_one_that_fails_costs_a_blind_spot(install, body, said):
    install("fails", recogniser(body), POINT.format("fails"))
    found, blind = find_in("我的电话是 13800138000，谢谢")
    assert "phone" in {finding.type for finding in found}
    assert [spot.kind for spot in blind] == [BlindKind.UNREADABLE]
    assert said in blind[0].detail and "fails (fails 0.1)" in blind[0].detail and "1380" not in blind[0].detail


ODD = st.one_of(
    st.none(), st.integers(), st.floats(), st.text(max_size=9), st.binary(max_size=3), st.sampled_from([*TYPES, object]),
    st.integers(0, 30), st.floats(0, 1), st.lists(st.integers(), max_size=2),
)  # fmt: skip


@given(proposed=st.lists(st.one_of(ODD, st.lists(ODD, min_size=7, max_size=7)), max_size=9))
def test_whatever_it_proposes(proposed):
    plugin = registry.Plugin("recognisers", "odd", "odd", "0.1", False, None)
    detector = Detector(b"key")
    detector._guests._parts = (registry.Part("odd", lambda view: proposed, plugin),)
    text = "客户 13800138000 与 \0 ACME 张三"
    for finding in detector.scan([Piece(text), Piece(text)])[0]:
        assert 0 <= finding.start < finding.end <= len(text) and 0 < finding.score <= 1 and finding.type in TYPES
    assert all("1380" not in spot.detail for spot in detector.blind_spots())


def test_what_came_before_it_failed_stands(install):
    body = "yield Candidate(0, 4, 'financial_account', 0.9, 'form', 'unwrapping', view.text[:4])\nraise OSError"
    install("half", recogniser(body), POINT.format("half"))
    found, blind = find_in("ACME 13800138000")
    assert [(f.type, f.detector) for f in found if f.start == 0] == [("financial_account", "half:half")]
    assert "OSError" in blind[0].detail
    detector = Detector(b"key")
    for _ in range(3):
        detector.scan([Piece("ACME")])
    assert [spot.count for spot in detector.blind_spots()] == [3] and detector.blind_spots() == []


def test_no_finding_reaches_over_two_pieces(install):
    body = "yield Candidate(0, len(view.text), 'address', 1.0, 'form', '', view.text)"
    install("wide", recogniser(body), POINT.format("wide"))
    detector = Detector(b"key")
    found = detector.scan([Piece("one"), Piece("two")])
    assert found == [[], []] and "cannot be placed" in detector.blind_spots()[0].detail


def test_long_texts_are_read_in_windows(install):
    body = "import re\nfor m in re.finditer('ACME', view.text): yield Candidate(*m.span(), 'financial_account', 0.9, 'form', '', m[0])"
    install("windows", recogniser(body), POINT.format("windows"))
    text = ("x" * 9_995 + " ACME") * 300
    found, blind = find_in(text)
    assert [f.start for f in found if f.type == "financial_account"] == list(range(9_996, len(text), 10_000))
    assert not blind


PACK = """
    format: 1
    types:
      acme_number:
        {zh: 客户编号, en: Acme number, category: property, level: general-3, strength: personal, found_by: %s}
"""


def test_a_type_of_ones_own_that_a_plug_in_finds(install, tmp_path):
    body = "yield Candidate(0, 4, 'acme_number', 0.9, 'form', '', view.text[:4])"
    install("acme_own", recogniser(body), POINT.format("acme_own"))
    file = tmp_path / "pack.yaml"
    file.write_text(dedent(PACK % "Acme.Own"), encoding="utf-8")
    own = read_pack(file, TYPES, CATEGORIES)
    assert own[0].id == "acme_number" and not own[0].patterns
    found = Detector(b"key", own=own).scan([Piece("4711 is theirs")])[0]
    assert [(finding.type, finding.level) for finding in found] == [("acme_number", "general-3")]
    assert "there is not: acme_number" in find_in("4711 is theirs")[1][0].detail


@pytest.mark.parametrize(("package", "off"), [("tongguan-acme", ""), ("acme-own", "acme_own"), ("acme-own", "*")])
def test_a_type_that_nobody_would_find(install, tmp_path, monkeypatch, package, off):
    install("acme_own", recogniser("return []"), POINT.format("acme_own"))
    monkeypatch.setenv(registry.VARIABLE, off)
    file = tmp_path / "pack.yaml"
    file.write_text(dedent(PACK % package), encoding="utf-8")
    with pytest.raises(BadPack, match="found_by: no installed package of this name has a recogniser"):
        read_pack(file, TYPES, CATEGORIES)
