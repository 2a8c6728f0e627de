"""What people hand in to be looked at, never to be kept: a text or one file, in memory only, one at a time."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.types import Scope

from tongguan.errors import BadInput
from tongguan.identify import Limits
from tongguan.model import Content
from tongguan.service.console.names import texts
from tongguan.service.limits import Places

__all__ = [
    "FILE_LIMIT", "FORM_LIMIT", "LIMITS", "TEXT_LIMIT", "Handed", "HandedIn", "Raw", "digest_of", "file_content",
    "looking", "takes_file", "text_content",
]  # fmt: skip

FILE_LIMIT: Final = 16 << 20  # bytes of a file
FORM_LIMIT: Final = FILE_LIMIT + (2 << 20)  # bytes of a form with a file, and of a call with one
TEXT_LIMIT: Final = 300_000  # characters of a text
NAME_LIMIT: Final = 200
LIMITS: Final = Limits(depth=4, total_bytes=64 << 20, members=2000, seconds=20.0, images=4)
"""How far a file is unfolded that somebody waits for; what lies beyond is a blind spot."""

_FIELDS: Final = 16
_PLACES: Final = re.compile(
    r"/api/v1/(?:identify|fingerprints/[^/]{1,400}/match|policies/[^/]{1,400}/test)/file"
    r"|/(?:recognition|fingerprints|policies)"
)
_looking: Final = Places(total=2, each=1)


def takes_file(scope: Scope) -> bool:
    """Whether a request may carry a file to be looked at."""
    return scope["method"] == "POST" and _PLACES.fullmatch(scope["path"]) is not None


@contextmanager
def looking(who: str) -> Iterator[None]:
    """Room for one look: one of a caller, and two in all. Raises Full."""
    with _looking.one(who):
        yield


@dataclass(frozen=True, slots=True)
class Handed:
    """What came in a form: its fields, and the text or the file in it."""

    fields: dict[str, str]
    content: Content | None
    is_file: bool

    def get(self, name: str) -> str:
        return self.fields.get(name, "").strip()


async def _form(request: Request) -> Handed:
    """A form with a text or a file, held in memory: nothing of it is written to a disk. Raises BadInput."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise BadInput(texts().both("uploads.form"))
    parser = MultiPartParser(
        request.headers, request.stream(), max_files=1, max_fields=_FIELDS, max_part_size=4 * TEXT_LIMIT + 4
    )
    parser.spool_max_size = FILE_LIMIT << 1
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, UnicodeDecodeError):
        raise BadInput(texts().both("uploads.form")) from None
    fields: dict[str, str] = {}
    content, is_file = None, False
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            data = await value.read()
            if data or value.filename:
                content, is_file = file_content(data, value.filename), True
            await value.close()
        else:
            fields[name] = value
    if content is None and fields.get("text", "").strip():
        content = text_content(fields["text"])
    return Handed(fields, content, is_file)


HandedIn = Annotated[Handed, Depends(_form)]
"""A page's form, read once the caller is known."""


async def _raw(request: Request) -> bytes:
    return await request.body()


Raw = Annotated[bytes, Depends(_raw)]
"""The body of a call, bounded by the guard."""


def text_content(text: str) -> Content:
    """Raises BadInput where it is too long."""
    if len(text) > TEXT_LIMIT:
        raise BadInput(texts().both("uploads.text.long", n=f"{len(text):,}", most=f"{TEXT_LIMIT:,}"))
    data = text.encode("utf-8", "replace")
    return Content(None, "text/plain", len(data), data, "utf-8")


def file_content(data: bytes, name: str | None) -> Content:
    """Raises BadInput where it is too large."""
    if len(data) > FILE_LIMIT:
        raise BadInput(texts().both("uploads.file.large", n=f"{len(data):,}", most=f"{FILE_LIMIT:,}"))
    bare = (name or "").replace("\\", "/").rpartition("/")[2]
    clean = "".join(c if c.isprintable() else "\ufffd" for c in bare)[-NAME_LIMIT:]
    return Content(clean or None, "", len(data), data)


def digest_of(content: Content, key: bytes) -> str:
    """What the log keeps of a content: a keyed hash, for the plain one of a short text can be tried out."""
    return hashlib.blake2b(content.read(), digest_size=16, key=key[:64], person=b"tongguan look").hexdigest()
