"""The few parts of ASN.1 DER (X.690) that SM2 signatures, ciphertexts and keys need, read strictly.

OpenSSL as `cryptography` builds it has no SM2 and refuses its keys, hence this.
"""

from __future__ import annotations

__all__ = ["BIT_STRING", "INTEGER", "NULL", "OCTET_STRING", "OID", "SEQUENCE", "Malformed", "Reader", "integer", "wrap"]

INTEGER, BIT_STRING, OCTET_STRING, NULL, OID, SEQUENCE = 0x02, 0x03, 0x04, 0x05, 0x06, 0x30


class Malformed(ValueError):
    """Not DER, or not what was expected there."""


class Reader:
    """Reads elements one after the other. Every fault is Malformed."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def next(self, tag: int) -> bytes:
        """The contents of the next element, which must bear this tag."""
        if self.peek() != tag:
            raise Malformed
        self._at += 1
        size = self._length()
        if self._at + size > len(self._data):
            raise Malformed
        self._at += size
        return self._data[self._at - size : self._at]

    def peek(self) -> int | None:
        """The tag of the next element; None at the end."""
        return self._data[self._at] if self._at < len(self._data) else None

    def integer(self, *, below: int) -> int:
        """A whole number from 0 on."""
        found = self.next(INTEGER)
        if not found or found[0] & 0x80 or (len(found) > 1 and found[0] == 0 and not found[1] & 0x80):
            raise Malformed
        value = int.from_bytes(found)
        if value >= below:
            raise Malformed
        return value

    def inner(self, tag: int = SEQUENCE) -> Reader:
        """A reader of the next element's contents."""
        return Reader(self.next(tag))

    def end(self) -> None:
        """Nothing may follow."""
        if self._at != len(self._data):
            raise Malformed

    def _length(self) -> int:
        first = self._byte()
        if first < 0x80:
            return first
        count = first & 0x7F
        if not 1 <= count <= 4:
            raise Malformed
        octets = bytes(self._byte() for _ in range(count))
        size = int.from_bytes(octets)
        if octets[0] == 0 or size < 0x80:
            raise Malformed
        return size

    def _byte(self) -> int:
        if self._at >= len(self._data):
            raise Malformed
        self._at += 1
        return self._data[self._at - 1]


def wrap(tag: int, *contents: bytes) -> bytes:
    """One element around the contents."""
    body = b"".join(contents)
    if len(body) < 0x80:
        return bytes((tag, len(body))) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(size))) + size + body


def integer(value: int) -> bytes:
    """An INTEGER from 0 on."""
    return wrap(INTEGER, value.to_bytes(value.bit_length() // 8 + 1))
