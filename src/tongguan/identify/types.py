"""Data types: names in both languages, category, level, sensitivity and strength, read from `types.yaml` and from the
packs of the organisation (`type_packs`)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Literal

from tongguan.identify.type_packs import OwnType, read_own_types
from tongguan.shipped_yaml import shipped_yaml

__all__ = ["CATEGORIES", "OWN", "TYPES", "DataType", "Strength", "as_data_type", "types_mark"]

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
    loaded: dict[str, Any] = shipped_yaml(__package__, "types.yaml")
    return loaded


def as_data_type(own: OwnType) -> DataType:
    """What an own type is, without how it is found."""
    return DataType(**{field.name: getattr(own, field.name) for field in fields(DataType)})


_LOADED = _load()

CATEGORIES: Mapping[str, Mapping[str, str]] = MappingProxyType(_LOADED["categories"])
"""Names of the categories: id → {"zh": …, "en": …}."""

_OURS = {id: DataType(id=id, **row) for id, row in _LOADED["types"].items()}

OWN: Mapping[str, OwnType] = MappingProxyType(read_own_types(_OURS, CATEGORIES))
"""The data types of the organisation's packs, with how they are found."""

TYPES: Mapping[str, DataType] = MappingProxyType({**_OURS, **{id: as_data_type(own) for id, own in OWN.items()}})
"""Every data type by its id: ours, then those of the organisation."""


def types_mark() -> str:
    """A digest of the organisation's own types: what was found under another is not comparable. Empty for none."""
    return hashlib.sha256(repr(sorted(OWN.items())).encode()).hexdigest() if OWN else ""
