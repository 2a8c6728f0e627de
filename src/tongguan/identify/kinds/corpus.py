"""Labelled texts: a folder of folders, or a manifest that lists files.

A folder: `KIND/…/file`. What stands below the kind's folder in a folder of its own is one source (a customer, a system,
a template): `KIND/SOURCE/file`; files right below the kind are a source each. Sources matter: an n-gram of one source
only is not learnt, and calibration holds whole sources out. `none/` holds texts of no kind. `kinds.yaml` may name the
kinds (`KIND: {zh: …, en: …}`), `sources.yaml` the licences (`SOURCE: {licence: …, from: …}`).

A manifest: JSON lines `{"path": …, "kind": …, "source": …}`, paths relative to it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from tongguan.errors import BadInput
from tongguan.identify.extract import extract
from tongguan.identify.kinds.sampling import sample
from tongguan.model import BlindKind, BlindSpot, Content
from tongguan.shipped_yaml import shipped_yaml

__all__ = ["Corpus", "Document", "known_names", "read_corpus", "read_text"]

_KIND: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_FILE_MAX: Final = 256 << 20  # bytes
_NAMES, _SOURCES = "kinds.yaml", "sources.yaml"


@dataclass(frozen=True, slots=True)
class Document:
    """One labelled text: the part of it that a model reads."""

    text: str
    kind: str
    source: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents in a fixed order; `names` of the kinds in both languages; what was said of the sources."""

    documents: list[Document]
    names: dict[str, dict[str, str]]
    sources: dict[str, Any] = field(default_factory=dict)
    blind_spots: list[BlindSpot] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """SHA-256 of all texts and labels, hex."""
        total = hashlib.sha256()
        for document in self.documents:
            for part in (document.kind, document.source, document.text):
                total.update(len(part).to_bytes(8, "little") + part.encode("utf-8", "surrogatepass"))
        return total.hexdigest()


@cache
def known_names() -> dict[str, dict[str, str]]:
    """The kinds that we know by name."""
    names: dict[str, dict[str, str]] = shipped_yaml(__package__, _NAMES)
    return names


def read_corpus(path: Path) -> Corpus:
    """Labelled texts of a folder or a manifest. Raises BadInput; files without text are blind spots."""
    if not path.exists():
        raise BadInput(f"{path}: no such folder or manifest")
    folder = path if path.is_dir() else path.parent
    documents, spots = [], []
    for file, kind, source in sorted(_walked(path) if path.is_dir() else _listed(path)):
        try:
            text, seen = read_text(file)
        except OSError as error:
            spots.append(BlindSpot(BlindKind.UNREADABLE, str(file), error.strerror or "cannot be read"))
            continue
        spots += [replace(spot, where=_place(file, spot.where)) for spot in seen]
        if text.strip():
            documents.append(Document(sample(text).text, kind, source))
        elif not seen and file.stat().st_size:
            spots.append(BlindSpot(BlindKind.UNREADABLE, str(file), "holds no text"))
    if not documents:
        raise BadInput(f"{path}: no labelled text; expected KIND/file, KIND/SOURCE/file, or a manifest of JSON lines")
    kinds = {document.kind for document in documents}
    return Corpus(documents, _names(folder / _NAMES, kinds), _mapping(folder / _SOURCES), spots)


def _place(file: Path, where: str) -> str:
    """A place inside a file, under the file's whole path: names repeat from kind to kind."""
    return str(file) if where in (file.name, str(file)) else f"{file}: {where}"


def read_text(path: Path) -> tuple[str, list[BlindSpot]]:
    """The text of a file of any type, its pieces one after the other. Raises OSError."""
    about = path.stat()
    if not stat.S_ISREG(about.st_mode):  # a pipe would keep us waiting
        return "", [BlindSpot(BlindKind.UNSUPPORTED, str(path), "not a plain file")]
    if about.st_size > _FILE_MAX:
        return "", [BlindSpot(BlindKind.TRUNCATED, str(path), "larger than a labelled text may be")]
    extraction = extract(Content(path.name, "", about.st_size, path))
    return "\n".join(piece.text for piece in extraction.pieces), extraction.blind_spots


def _walked(folder: Path) -> Iterator[tuple[Path, str, str]]:
    for kind in sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")):
        _check(kind, str(folder / kind))
        for below, folders, names in os.walk(folder / kind):
            folders.sort()
            parts = Path(below).relative_to(folder / kind).parts
            for name in sorted(names):
                yield Path(below, name), kind, parts[0] if parts else name


def _listed(manifest: Path) -> Iterator[tuple[Path, str, str]]:
    for number, line in enumerate(manifest.read_bytes().splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            path, kind = str(row["path"]), str(row["kind"])
            source = str(row.get("source", path))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise BadInput(f'{manifest}:{number}: expected {{"path": …, "kind": …, "source": …}}') from None
        _check(kind, f"{manifest}:{number}")
        yield manifest.parent / path, kind, source


def _check(kind: str, where: str) -> None:
    if not _KIND.fullmatch(kind):
        raise BadInput(f"{where}: a kind is named by small letters, digits and _, beginning with a letter, at most 40")


def _names(path: Path, kinds: set[str]) -> dict[str, dict[str, str]]:
    given = {**known_names(), **_mapping(path)}
    names = {}
    for kind in sorted(kinds):
        name = given.get(kind, {"zh": kind, "en": kind})
        if not (isinstance(name, dict) and isinstance(name.get("zh"), str) and isinstance(name.get("en"), str)):
            raise BadInput(f"{path}: {kind}: expected a name in both languages, {{zh: …, en: …}}")
        names[kind] = {"zh": name["zh"], "en": name["en"]}
    return names


def _mapping(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, OSError, ValueError) as error:
        raise BadInput(f"{path}: not readable as YAML ({type(error).__name__})") from None
    if not isinstance(loaded, dict):
        raise BadInput(f"{path}: expected a mapping")
    return {str(key): value for key, value in loaded.items()}
