"""YAML that comes with the package: held by tests, so it is read without looking for faults."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Final

import yaml

__all__ = ["LOADER", "shipped_yaml"]

LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Ten times faster where PyYAML was built with libyaml. Both refuse what is no plain data."""


def shipped_yaml(package: str, name: str) -> Any:
    """The content of one YAML file of a package."""
    return yaml.load(files(package).joinpath(name).read_text(encoding="utf-8"), Loader=LOADER)
