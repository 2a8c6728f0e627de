"""Sealed data that does not open, and the checks that every argument passes first."""

from __future__ import annotations

from tongguan.errors import BadInput, Broken

__all__ = ["Buffer", "Tampered", "octets", "sized_key"]

Buffer = bytes | bytearray | memoryview


class Tampered(Broken):
    """Sealed data that does not open: altered, cut off, under another key, or sealed for another context.

    Which of these it was cannot be known, and the message does not guess.
    """

    def __init__(self, what: str = "sealed data") -> None:
        super().__init__(
            f"{what} does not open: it was altered or cut off, or the key or the context is not the one it was sealed "
            "with; nothing of it was accepted"
        )


def octets(what: str, value: object) -> bytes:
    """The value as bytes; BadInput where it is text or anything else."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    raise BadInput(f"{what}: expected bytes, not {type(value).__name__}")


def sized_key(what: str, key: object, size: int) -> bytes:
    """A key of exactly that many bytes. BadInput names the lengths, never the key."""
    key = octets(f"the key for {what}", key)
    if len(key) != size:
        raise BadInput(f"the key for {what} must have {size} bytes, not {len(key)}")
    return key
