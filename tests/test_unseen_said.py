"""Every sentence that a blind spot says of itself is in the table that says it in Chinese."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import tongguan
from tongguan.model import BlindKind
from tongguan.unseen import detail_in, why_in

SOURCE = Path(tongguan.__file__).parent
CALLS = {"BlindSpot", "blind", "spot", "_spot", "skip", "DecodingError"}
NAMES = {"QUIC"}  # said alike in both
WORDS = re.compile(r"[a-z] [a-z]")
HAN = re.compile(r"[\u4e00-\u9fff]")


def sentences(node: ast.AST, constants: dict[str, str]) -> Iterator[str]:
    """What an argument may be: a literal, one with parts that vary, one of several, a constant of the module."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in parts)
        case ast.IfExp(body=one, orelse=other):
            yield from sentences(one, constants)
            yield from sentences(other, constants)
        case ast.BoolOp(values=values):
            for value in values:
                yield from sentences(value, constants)
        case ast.Name(id=name) if name in constants:
            yield constants[name]


def said() -> Iterator[tuple[str, str]]:
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        # A name may hold several texts in turn: each is looked at.
        named = [
            (target.id, text)
            for node in ast.walk(tree)
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)
            for text in sentences(node.value, {})
        ]
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called not in CALLS:
                continue
            for argument in [*node.args, *(word.value for word in node.keywords if word.arg == "detail")]:
                texts = list(sentences(argument, {}))
                if isinstance(argument, ast.Name):
                    texts += [text for name, text in named if name == argument.id]
                yield from ((f"{path.relative_to(SOURCE)}:{node.lineno}", text) for text in texts if WORDS.search(text))


def test_what_rooms_say_is_found() -> None:
    assert len({text for _, text in said()}) > 80  # or the search below looks at nothing


@pytest.mark.parametrize("text", sorted({text for _, text in said()} - NAMES))
def test_each_is_said_in_chinese(text: str) -> None:
    assert HAN.search(detail_in("zh", text)), [place for place, one in said() if one == text]
    assert detail_in("en", text) == text


def test_no_line_of_the_table_is_dead() -> None:
    table = yaml.safe_load((SOURCE / "unseen.yaml").read_text(encoding="utf-8"))
    source = "\n".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py"))
    for detail in table:
        parts = [part for part in re.split(r"\{\w+\}", detail) if part.strip()]
        assert all(part.strip("() ,:") in source for part in parts), detail


def test_parts_that_vary_and_the_systems_reasons() -> None:
    assert detail_in("zh", "cannot be read: Permission denied") == "无法读取：没有权限"
    assert detail_in("zh", "bytes 5 to 9 of the capture are damaged") == "抓包文件第 5 至 9 字节已损坏"
    assert detail_in("zh", "what nobody wrote {x}") == "what nobody wrote {x}"
    assert why_in("en", "unreadable", "") == "unreadable"


@pytest.mark.parametrize("kind", BlindKind)
def test_kinds_are_said(kind: BlindKind) -> None:
    assert HAN.search(why_in("zh", kind, ""))
