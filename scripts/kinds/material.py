"""Documents out of git repositories, as `material.yaml` lists them."""

from __future__ import annotations

import html
import io
import json
import re
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

__all__ = ["documents"]

_PART = 4000  # characters of a part of a large file
_BLOB_MAX = 8 << 20
_TEXT_MIN = 60
_STRING_MIN = 30
_ABOUT_THE_PAGE = re.compile(
    r"^\s*\* |Use of this file|Document Metadata|```|^---|^\s*This file is generated|^# .*USLM ref|^\[.*\]\(.*\)\s*$"
)


def documents(repositories: Path, entry: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(source, text) of an entry of material.yaml: at most `limit`, spread evenly over all that fit."""
    repository = entry["repository"]
    git = _git(repositories / repository)
    wanted = re.compile(entry["paths"])
    paths = [path for path in _listed(git) if wanted.search(path)]
    found = []
    for path in _spread(paths, 2 * entry["limit"]):
        for text in _READERS[entry.get("reader", "whole")](_blob(git, path)):
            if len(text.strip()) >= _TEXT_MIN:
                apart = "/".join(path.split("/")[: entry.get("apart", 0)])
                found.append((f"{repository}#{apart}" if apart else repository, text))
    yield from _spread(found, entry["limit"])


def head(repositories: Path, repository: str) -> str:
    """The commit that is read."""
    return subprocess.run(
        [*_git(repositories / repository), "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()


def _git(folder: Path) -> list[str]:
    git = folder / ".git" if (folder / ".git").exists() else folder
    return ["git", f"--git-dir={git}", "-c", "core.quotepath=off"]


def _listed(git: list[str]) -> list[str]:
    listed = subprocess.run([*git, "ls-tree", "-r", "-l", "-z", "HEAD"], capture_output=True, check=True).stdout
    paths = []
    for row in listed.decode("utf-8", "replace").split("\0"):
        about, _, path = row.partition("\t")
        if path and about.split()[-1].isdigit() and int(about.split()[-1]) <= _BLOB_MAX:
            paths.append(path)
    return sorted(paths)


def _blob(git: list[str], path: str) -> bytes:
    return subprocess.run([*git, "cat-file", "blob", f"HEAD:{path}"], capture_output=True, check=True).stdout


def _spread(items: list[Any], limit: int) -> list[Any]:
    return items if len(items) <= limit else [items[i * len(items) // limit] for i in range(limit)]


def _whole(data: bytes) -> Iterator[str]:
    yield data.decode("utf-8", "replace")[:200_000]


def _parts(data: bytes) -> Iterator[str]:
    part: list[str] = []
    for line in data.decode("utf-8", "replace").splitlines():
        part.append(line)
        if sum(map(len, part[-1:])) and len("\n".join(part)) >= _PART:
            yield "\n".join(part)
            part = []
    yield "\n".join(part)


def _markup(data: bytes) -> Iterator[str]:
    text = re.sub(r"<annotations>.*?</annotations>", "", data.decode("utf-8", "replace"), flags=re.DOTALL)
    text = html.unescape(re.sub(r"<[^>]+>", " ", text))
    yield re.sub(r"[ \t]+", " ", re.sub(r"\s*\n\s*", "\n", text)).strip()


def _plain(data: bytes) -> Iterator[str]:
    """The text of a page of Markdown, without its front matter, notes about the page, marks and links."""
    text = re.sub(r"\A---\n.*?---\n|<!--.*?-->", "", data.decode("utf-8", "replace"), flags=re.DOTALL)
    lines = (line for line in text.splitlines() if not _ABOUT_THE_PAGE.search(line))
    yield re.sub(r"\*\*|^#+ ", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", "\n".join(lines)), flags=re.MULTILINE)


def _treebank(data: bytes) -> Iterator[str]:
    rows = data.decode("utf-8").splitlines()
    sentences = [row[len("# text = ") :] for row in rows if row.startswith("# text = ")]
    chinese = any("\u4e00" <= c <= "\u9fff" for c in "".join(sentences[:5]))
    for start in range(0, len(sentences), 12):
        yield ("" if chinese else " ").join(sentences[start : start + 12])


def _dialogues(data: bytes) -> Iterator[str]:
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            data = archive.read(archive.namelist()[0])
    loaded = json.loads(data)
    for number, dialogue in enumerate(loaded.values() if isinstance(loaded, dict) else loaded):
        said = [turn.get("content") or turn.get("message") or "" for turn in dialogue["messages"]]
        first, second = [
            ("用户：", "客服："),
            ("A: ", "B: "),
            ("小王 10:21\n", "小李 10:22\n"),
            ("", ""),
            ("[甲] ", "[乙] "),
        ][number % 5]
        yield "\n".join((second if i % 2 else first) + text for i, text in enumerate(said))


def _mail(data: bytes) -> Iterator[str]:
    text = data.decode("utf-8", "replace")
    if re.search(r"^(From|Received|Return-Path|Subject|To): ", text[:3000], re.MULTILINE):
        yield text[:40_000]


def _pdf(data: bytes) -> Iterator[str]:
    if data[:4] != b"%PDF":
        yield data.decode("utf-8", "replace")
        return
    from pypdf import PdfReader

    yield "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)


def _strings(data: bytes) -> Iterator[str]:
    """The longer texts in a JSON file, without marks of a page; in Chinese, lines are joined."""
    lines = []
    for text in _texts(json.loads(data.decode("utf-8-sig", "replace"))):
        text = re.sub(r"<[^>]+>", " ", html.unescape(text)).strip()
        lines.append(re.sub(r"\s*\n\s*", "", text) if re.search("[\u4e00-\u9fff]", text) else text)
    yield "\n".join(lines)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from [value] if len(value) > _STRING_MIN else []
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def _simplified(data: bytes) -> Iterator[str]:
    """Parts of a book in traditional characters, lines of a paragraph joined, most of it in simplified ones."""
    from tongguan.identify.detect.traditional import SIMPLIFIED

    for part in _parts(data):
        yield re.sub(r"\n(?=[^ \u3000\n])", "", part).translate(str.maketrans(dict(SIMPLIFIED)))


_READERS: dict[str, Callable[[bytes], Iterator[str]]] = {
    "whole": _whole, "parts": _parts, "markup": _markup, "treebank": _treebank, "dialogues": _dialogues,
    "mail": _mail, "plain": _plain, "pdf": _pdf,
    "strings": _strings, "simplified": _simplified,
}  # fmt: skip
