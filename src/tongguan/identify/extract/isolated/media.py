"""Formats that hold no text we can read, by their first bytes."""

from __future__ import annotations

__all__ = ["IMAGE", "media"]

IMAGE = "image"  # one whose text can be recognised, where that is installed
_DRAWING = "image of a format without text recognition"
_PREFIXES: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", IMAGE),
    (b"\x89PNG\r\n\x1a\n", IMAGE),
    (b"GIF87a", IMAGE),
    (b"GIF89a", IMAGE),
    (b"II*\0", IMAGE),
    (b"MM\0*", IMAGE),
    (b"\0\0\x01\0\x01\0", _DRAWING),
    (b"\xd7\xcd\xc6\x9a", _DRAWING),
    (b"8BPS", _DRAWING),
    (b"AT&TFORM", _DRAWING),
    (b"\xff\x4f\xff\x51", IMAGE),
    (b"\0\0\0\x0cjP  ", IMAGE),
    (b"\0\0\0\x0cJXL ", _DRAWING),
    (b"ID3", "audio"),
    (b"fLaC", "audio"),
    (b"OggS", "audio or video"),
    (b"#!AMR", "audio"),
    (b"#!SILK", "audio"),
    (b"\xff\xfb", "audio"),
    (b"\xff\xf3", "audio"),
    (b"\xff\xf1", "audio"),
    (b"\x1aE\xdf\xa3", "video"),
    (b"FLV\x01", "video"),
    (b"\0\0\x01\xba", "video"),
    (b"\0\0\x01\xb3", "video"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "audio or video"),
    (b"\x7fELF", "executable"),
    (b"\xca\xfe\xba\xbe", "executable"),
    (b"\xcf\xfa\xed\xfe", "executable"),
    (b"\xce\xfa\xed\xfe", "executable"),
    (b"\0asm", "executable"),
    (b"dex\n03", "executable"),
    (b"\0\x01\0\0Standard Jet DB", "Access database"),
    (b"\0\x01\0\0Standard ACE DB", "Access database"),
    (b"\0\x01\0\0\0", "font"),
    (b"OTTO\0", "font"),
    (b"wOFF", "font"),
    (b"wOF2", "font"),
    (b"ttcf", "font"),
    (b"Obj\x01", "Avro table"),
    (b"PARE", "Parquet table with an encrypted footer"),
    (b"\x89HDF\r\n\x1a\n", "HDF5 data"),
)
_FIRST = tuple(prefix for prefix, _ in _PREFIXES)
_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"hevc", b"heim", b"mif1", b"msf1")


def media(head: bytes) -> str | None:
    """What a content is, where its first 64 bytes show a format without readable text; else None."""
    if head.startswith(_FIRST):
        return next(label for prefix, label in _PREFIXES if head.startswith(prefix))
    if head[4:8] == b"ftyp":
        return _DRAWING if head[8:12] in _BRANDS else "audio or video"
    if head.startswith(b"RIFF") and len(head) >= 12:
        return IMAGE if head[8:12] == b"WEBP" else "audio or video"
    if head.startswith(b"BM") and len(head) >= 18 and head[14:18] in (b"\x28\0\0\0", b"\x6c\0\0\0", b"\x7c\0\0\0"):
        return IMAGE
    if head.startswith(b"VCLMTF") or (head.startswith(b"\1\0\0\0") and head[40:44] == b" EMF"):
        return _DRAWING
    if head.startswith(b"MZ") and b"\0" in head[:64]:
        return "executable"
    return None
