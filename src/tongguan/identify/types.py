"""Data types: names in both languages, category, level, sensitivity and strength, read from `types.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal

import yaml

__all__ = ["CATEGORIES", "TYPES", "DataType", "Strength"]

Strength = Literal["document", "personal", "weak", "none"]


@dataclass(frozen=True, slots=True)
class DataType:
    """One kind of data that the detectors know."""

    id: str
    zh: str
    en: str
    category: str  # a key of `CATEGORIES`: class of GB/T 35273-2020 annex A
    level: str  # general-1 … general-4 (GB/T 43697-2024)
    sensitive: bool  # PIPL article 28, GB/T 45574-2025 annex A
    strength: Strength


def _load() -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = files(__package__).joinpath("types.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.load(text, Loader=loader)
    return loaded


_LOADED = _load()

TYPES: Mapping[str, DataType] = MappingProxyType({id: DataType(id=id, **row) for id, row in _LOADED["types"].items()})
"""Every data type by its id."""

CATEGORIES: Mapping[str, Mapping[str, str]] = MappingProxyType(_LOADED["categories"])
"""Names of the categories: id → {"zh": …, "en": …}."""
