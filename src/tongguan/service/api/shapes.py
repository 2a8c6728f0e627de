"""What calls may hold: strict, bounded, and nothing that a database or a log could not keep."""

from __future__ import annotations

import base64
import binascii
import unicodedata
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer
from pydantic_core import PydanticCustomError

__all__ = ["Bytes", "Ident", "Limit", "Line", "Name", "Offset", "Prose", "Shown", "Strict", "encode"]

BYTES = 700_000  # base64 characters of one value: the body's limit stands before


def _line(text: str) -> str:
    """No control characters, so that no line of a log and no header can be forged; one form of each letter."""
    text = unicodedata.normalize("NFC", text)
    if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in text):
        raise PydanticCustomError("one_line", "holds control characters; expected plain text on one line")
    return text


def _prose(text: str) -> str:
    for line in text.replace("\r\n", "\n").split("\n"):
        _line(line.replace("\t", " "))
    return text


def _bytes(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise PydanticCustomError("base64", "is not base64") from None
    return text


Line = Annotated[str, Field(max_length=500), AfterValidator(_line)]
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_line)]
Prose = Annotated[str, Field(max_length=20_000), AfterValidator(_prose)]
Bytes = Annotated[str, Field(max_length=BYTES, json_schema_extra={"contentEncoding": "base64"}), AfterValidator(_bytes)]
Ident = Annotated[str, Path(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_.:@-]+$")]
Offset = Annotated[int, Query(ge=0, le=2**53)]
Limit = Annotated[int, Query(ge=1, le=1000)]


class Strict(BaseModel):
    """What a caller sends: no other fields, no conversions."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _sorted(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset | set) else value


class Shown(BaseModel):
    """What a caller gets, read off a record of the same fields."""

    model_config = ConfigDict(from_attributes=True)


def encode(value: bytes) -> str:
    """Bytes as calls carry them."""
    return base64.b64encode(value).decode()


Sorted = Annotated[list[str], PlainSerializer(_sorted)]
