"""The report's pictures as PNG, for documents that cannot hold SVG."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

__all__ = ["Font", "cjk_font", "png"]

ZOOM = 3  # pixels a unit: sharp on paper at the width of a page

# Where systems keep fonts, and files that hold Chinese characters with the name of the family inside.
_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/System/Library/Fonts",
    "/mnt/c/Windows/Fonts",
)
_FAMILIES = (
    ("NotoSansCJK-Regular.ttc", "Noto Sans CJK SC"),
    ("NotoSansCJKsc-Regular.otf", "Noto Sans CJK SC"),
    ("NotoSansSC-Regular.*", "Noto Sans SC"),
    ("SourceHanSansSC-Regular.*", "Source Han Sans SC"),
    ("PingFang.ttc", "PingFang SC"),
    ("msyh.ttc", "Microsoft YaHei"),
    ("wqy-microhei.ttc", "WenQuanYi Micro Hei"),
    ("wqy-zenhei.ttc", "WenQuanYi Zen Hei"),
)


@dataclass(frozen=True, slots=True)
class Font:
    """A font that holds Chinese characters."""

    family: str
    files: tuple[str, ...]  # the regular face, and the bold one where there is one


@cache
def cjk_font() -> Font | None:
    """The first that is installed, None where none is."""
    for pattern, family in _FAMILIES:
        for found in _found(pattern):
            bold = found.with_name(found.name.replace("Regular", "Bold"))
            return Font(family, (str(found), str(bold)) if bold != found and bold.exists() else (str(found),))
    return None


def png(svg: str, font: Font) -> bytes:
    """The picture on white, in the colours of paper."""
    import resvg_py

    drawn: bytes = resvg_py.svg_to_bytes(
        svg_string=svg,
        background="#ffffff",
        skip_system_fonts=True,
        font_files=list(font.files),
        font_family=font.family,
        sans_serif_family=font.family,
        zoom=ZOOM,
        style_sheet=_style(font.family),
    )
    return bytes(drawn)


def _found(pattern: str) -> Iterator[Path]:
    for folder in _FOLDERS:
        yield from sorted(Path(folder).expanduser().rglob(pattern))


@cache
def _style(family: str) -> str:
    """The pictures' style sheet with every token replaced by its light value: resvg knows no CSS variables."""
    folder = files("tongguan.casework.report")
    light = folder.joinpath("tokens.css").read_text(encoding="utf-8").split("@media")[0]
    tokens = dict(re.findall(r"(--[\w-]+):\s*([^;]+);", light)) | {"--font": f'"{family}"'}
    sheet = folder.joinpath("pictures.css").read_text(encoding="utf-8")
    return re.sub(r"var\((--[\w-]+)\)", lambda use: tokens[use[1]], sheet)
