"""Packs that nobody in good faith writes: one clear message, in short time, and never another exception."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tongguan.errors import BadPack
from tongguan.law.book import load
from tongguan.law.packs.checking import check, checked_json, checked_text
from tongguan.law.packs.reading import LARGEST, read, spelled
from tongguan.law.packs.sense import Known, all_faults
from tongguan.law.packs.shelf import fault_line, our_shelf
from tongguan.law.packs.telling import zone_list_json, zone_list_text

GOOD = (Path(__file__).parents[3] / "examples/law/packs/linjiang-2026.yaml").read_text(encoding="utf-8")
KNOWN = our_shelf(load("zones")["zones"], load("instruments")).known()
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{b}: &{b} [{', '.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (BOMB.encode(), "anchors and aliases"),
        (b"a: &x 1\n", "anchors and aliases"),
        (b"a: *x\n", "anchors and aliases"),
        (b"a: !!python/object/apply:os.system [id]\n", "tags"),
        (b"a: !!str 1\n", "tags"),
        (b"!x\na: 1\n", "tags"),
        (b"[" * 100_000, "nested more than 12"),
        (b"{a: " * 100_000, "nested more than 12"),
        (b"- " * 50_000, "nested more than 12"),
        (b"? " * 50_000, "as a key"),
        (b"a: 1\nb: 2\na: 3\n", "line 3: the pack: the key 'a' is given twice"),
        (b"s: {a: 1, a: 2}\n", "s: the key 'a' is given twice"),
        (b"a: 1\n---\nb: 2\n", "line 2: a second document"),
        (b"x" * (LARGEST + 1), "more than 1,048,576 bytes"),
        (b"- 1\n" * 210_000, "more than 200,000 entries"),
        (b"a: \xff\xfe\n", "byte 3 is not UTF-8"),
        ("id: 北京".encode("gb18030"), "is not UTF-8"),
        ("id: 北京".encode("utf-16"), "is not UTF-8"),
        (b"a: \x00\n", "not readable as YAML"),
        (b"a: \x1b[31m\n", "not readable as YAML"),
        (b"a: [1\n", "not readable as YAML"),
        (b"\ta: 1\n", "not readable as YAML"),
        (b"[a, b]: 1\n", "found a list or keys as a key"),
        (b"{}: 1\n", "found a list or keys as a key"),
        (b"%YAML 9.9\n---\na: 1\n", "not readable as YAML"),
    ],
)
def test_what_is_refused_before_it_is_looked_at(raw: bytes, message: str) -> None:
    started = time.perf_counter()
    with pytest.raises(BadPack) as refused:
        read(raw, "p.yaml")
    assert message in str(refused.value) and str(refused.value).startswith("p.yaml")
    assert "\n" not in str(refused.value)
    assert time.perf_counter() - started < 5


def test_as_many_faults_as_fit_are_told_within_seconds(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("".join(f"key{n}: 1\n" for n in range(80_000)), encoding="utf-8")
    started = time.perf_counter()
    [found] = check([path])
    assert len(found.faults) == 100 and time.perf_counter() - started < 20


@pytest.mark.parametrize("raw", [b"", b"# nothing\n", b"text", b"[]", b"- - - a", b"null", b"12", b"2026-10-01"])
def test_what_is_no_pack_at_all(raw: bytes) -> None:
    document = read(raw, "p.yaml")
    [fault] = all_faults(document.values, KNOWN)
    line = fault_line(document, fault)
    assert line.startswith("p.yaml, line 1: the pack: expected keys with values (format, id,")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("0", 0),
        ("-1", "-1"),
        ("+1", "+1"),
        ("1.0", "1.0"),
        ("1_000", "1_000"),
        ("010", "010"),
        ("0x10", "0x10"),
        ("1:30", "1:30"),
        ("9999999999999999", "9999999999999999"),
        ("'1'", "1"),
        ("no", "no"),
        ("yes", "yes"),
        ("true", True),
        ("~", None),
        ("2026-02-28", date(2026, 2, 28)),
        ("2026-02-29", "2026-02-29"),
        ("2026-2-8", "2026-2-8"),
        ("２０２６-02-28", "２０２６-02-28"),
        ("<<", "<<"),
    ],
)
def test_only_what_is_written_exactly_so_is_no_text(text: str, value: Any) -> None:
    assert read(f"a: {text}\n".encode(), "p").values == {"a": value}
    assert type(read(f"a: {text}\n".encode(), "p").values["a"]) is type(value)


def test_a_byte_order_mark_and_windows_lines_are_read() -> None:
    raw = b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()
    assert read(raw, "p").values == read(GOOD.encode(), "p").values


# ---- Anything ----------------------------------------------------------------------------------------------------

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.dates(),
    st.text(max_size=20),
    st.sampled_from(["zh", "en", "BJ-2025", "beijing", "negative_list", "official", "retail", "2026"]),
)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(place for key, child in items for place in places(child, (*path, key)))]


PLACES = places(read(GOOD.encode(), "p").values)[1:]


def replaced(path: tuple[Any, ...], value: Any) -> Any:
    tree = read(GOOD.encode(), "p").values
    node = tree
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    return tree


def judged(values: Any, known: Known = KNOWN) -> None:
    """Either it has faults, each of one line and with a place, or it can be added, told in both languages and as JSON."""
    faults = all_faults(values, known)
    for fault in faults:
        assert fault.message and "\n" not in fault.message
        assert spelled(fault.path)
    if not faults:
        shelf = our_shelf(load("zones")["zones"], load("instruments"))
        one = shelf.add(values, "p.yaml")
        assert one.id in shelf.lists and sum(1 for _ in one.statements()) >= 0


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PLACES), trees)
def test_any_value_at_any_place(path: tuple[Any, ...], value: Any) -> None:
    judged(replaced(path, value))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), trees), min_size=2, max_size=4))
def test_any_values_at_some_places(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    tree = read(GOOD.encode(), "p").values
    for path, value in changes:
        node = tree
        for step in path[:-1]:
            try:
                node = node[step]
            except (LookupError, TypeError):
                break
        else:
            if isinstance(node, dict):
                node[path[-1]] = value
    judged(tree)


@settings(max_examples=200, deadline=None)
@given(trees)
def test_any_tree(values: Any) -> None:
    judged(values)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(raw: bytes) -> None:
    try:
        judged(read(raw, "p").values)
    except BadPack as refused:
        assert str(refused).startswith("p")


PIECES = st.sampled_from(
    [
        "a",
        ": ",
        "\n",
        "- ",
        "{",
        "}",
        "[",
        "]",
        ", ",
        "&a ",
        "*a",
        "!!int ",
        "'",
        '"',
        "|\n ",
        "? ",
        "# ",
        "---\n",
        "<<: ",
        "~",
        "0",
        "\t",
        "%",
        "é",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_any_pieces_of_yaml(text: str) -> None:
    """What is read is read as the ordinary loader reads its structure."""
    try:
        values = read(text.encode(), "p").values
    except BadPack:
        return
    judged(values)
    try:
        ordinary = yaml.load(text, Loader=yaml.BaseLoader)  # BaseLoader makes every scalar a text
    except (yaml.YAMLError, TypeError):
        return
    assert shape_of(values) == shape_of(ordinary)


def shape_of(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: shape_of(child) for key, child in node.items()}
    return [shape_of(child) for child in node] if isinstance(node, list) else "scalar"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(GOOD)), st.integers(0, 40), st.text(max_size=6))
def test_any_edit_of_a_good_file(tmp_path_factory: pytest.TempPathFactory, at: int, cut: int, put: str) -> None:
    """Through the whole check: never an exception, and every fault names the file."""
    path = tmp_path_factory.mktemp("packs") / "p.yaml"
    path.write_bytes((GOOD[:at] + put + GOOD[at + cut :]).encode("utf-8", "surrogatepass"))
    found = check([path])
    for fault in found[0].faults:
        assert fault.startswith(str(path)) and "\n" not in fault
    assert checked_text(found, "zh") and checked_text(found, "en") and checked_json(found)


# ---- Good packs of any size --------------------------------------------------------------------------------------

slugs = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True)
words = st.text(st.characters(categories=("L", "N", "P")), min_size=1, max_size=12)
both = st.fixed_dictionaries({"zh": words, "en": words})
statements = st.builds(lambda texts, more: {**texts, **more}, both, st.sampled_from([{}, {"confidence": "official"}, {"about": "x", "treatment": "exempt"}]))  # fmt: skip
sections = st.dictionaries(
    st.sampled_from(["rules", "free", "documents"]), st.lists(statements, min_size=1, max_size=3)
)
limits = st.tuples(*[st.integers(1, 10**6)] * 4).map(
    lambda n: {
        "persons_for_contract": n[0],
        "persons_for_assessment": n[0] + n[1],
        "sensitive_persons_for_contract": n[2],
        "sensitive_persons_for_assessment": n[2] + n[3],
    }
)
scenarios = st.builds(
    lambda key, texts, parts, own: {"id": key, **texts, **parts, **({"limits": own} if own else {})},
    slugs, both, sections, st.none() | limits,
)  # fmt: skip
sectors = st.builds(
    lambda key, texts, parts, below: {"id": key, **texts, **parts, **({"scenarios": below} if below else {})},
    slugs, both, sections, st.lists(scenarios, max_size=3, unique_by=lambda one: one["id"]),
)  # fmt: skip
good_packs: Any = st.builds(
    lambda names, begins, lasts, parts, below: {
        "format": 1, "id": "XX-1", "kind": "negative_list", "zone": "tianjin", "edition": "2030", "names": names,
        "instrument": "PROMO-2024", "from": begins, "to": date.fromordinal(begins.toordinal() + lasts), **parts,
        **({"sectors": below} if below else {}),
    },
    both, st.dates(date(2024, 3, 22), date(2090, 1, 1)), st.integers(0, 4000), sections,
    st.lists(sectors, max_size=3, unique_by=lambda one: one["id"]),
)  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(good_packs)
def test_a_good_pack_is_written_and_read_and_told_unchanged(pack: dict[str, Any]) -> None:
    raw = yaml.safe_dump(pack, allow_unicode=True, sort_keys=False).encode()
    document = read(raw, "p.yaml")
    assert document.values == pack
    assert all_faults(document.values, KNOWN) == []
    one = our_shelf(load("zones")["zones"], load("instruments")).add(document.values, "p.yaml")
    assert (
        one.in_force(pack["from"])
        and one.in_force(pack["to"])
        and not one.in_force(date.fromordinal(pack["from"].toordinal() - 1))
    )
    assert [s.limits for _, s in one.scenarios()] == [
        scenario.get("limits", {}) for sector in pack.get("sectors", ()) for scenario in sector.get("scenarios", ())
    ]
    text = zone_list_text(one, pack["from"], "en")
    assert all(said.text["en"] in text for _, _, said in one.statements())
    assert zone_list_json(one, pack["from"])["in_force"]


def test_every_key_that_is_needed_is_missed(tmp_path: Path) -> None:
    values = read(GOOD.encode(), "p").values
    needed: list[tuple[Any, ...]] = [
        ("format",),
        ("id",),
        ("kind",),
        ("edition",),
        ("names",),
        ("instrument",),
        ("from",),
    ]
    needed += [("zone",), ("sectors", 0, "id"), ("sectors", 0, "zh"), ("sectors", 0, "scenarios", 1, "en"), ("instrument", "issuer")]  # fmt: skip
    assert all_faults(values, KNOWN) == []
    for path in needed:
        tree = replaced(path, None)
        faults = all_faults(tree, KNOWN)
        assert [fault.path for fault in faults] == [path], path
        assert "is missing; such as" in faults[0].message
