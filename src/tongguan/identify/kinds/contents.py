"""The kinds of what a content holds: the content itself, or each document in an archive or a mail."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tongguan.identify.kinds.model import Model, Verdict
from tongguan.identify.pieces import Piece

__all__ = ["kind_of", "kinds_of"]

_READ: Final = 1 << 20  # characters of one document that are joined; a model reads a sample of them
_PARTS: Final = re.compile(
    r"(?:^|/)(?:word|ppt|xl|docProps|customXml|META-INF|Object \d+)(?:/.*)?$"
    r"|(?:^|/)(?:content|meta|styles|settings)\.xml$"
)
"""Where the parts of an office document begin in the path of a member."""
_DOCUMENT: Final = re.compile(
    r"^(.*?\.(?:docx|docm|dotx|doc|wps|xlsx|xlsm|xlsb|xls|et|pptx|pptm|ppt|dps|odt|ods|odp|pdf|rtf|msg|eml))(?:/.*)?$",
    re.IGNORECASE,
)


def kinds_of(model: Model, pieces: Sequence[Piece], name: str | None) -> list[tuple[str | None, Verdict]]:
    """The kind of each document in a content called `name`: its path inside the content (None for the content itself)
    and the verdict, in the order in which they stand."""
    return [(place, model.classify(text)) for place, text in _texts(pieces, name).items()]


def kind_of(model: Model, pieces: Sequence[Piece], name: str | None) -> Verdict | None:
    """The kind of the content itself, or of the one document in it, without evidence; None where there are several."""
    texts = _texts(pieces, name)
    text = texts.get(None) if None in texts or len(texts) != 1 else next(iter(texts.values()))
    return None if text is None else model.classify(text, why=False)


def _texts(pieces: Sequence[Piece], name: str | None) -> dict[str | None, str]:
    """The text of each document."""
    whole = name is not None and _DOCUMENT.match(name.rpartition("/")[2]) is not None
    texts: dict[str | None, list[str]] = {}
    sizes: dict[str | None, int] = {}
    for piece in pieces:
        if piece.kind == "name":
            continue
        place = None if whole else _document_of(piece.member)
        if sizes.get(place, 0) < _READ:
            texts.setdefault(place, []).append(piece.text[:_READ])
            sizes[place] = sizes.get(place, 0) + len(piece.text)
    return {place: "\n".join(parts) for place, parts in texts.items()}


def _document_of(member: str | None) -> str | None:
    """The document that a member is, or is a part of."""
    if member is None:
        return None
    if found := _DOCUMENT.match(member):
        return found[1]
    return _PARTS.sub("", member) or None
