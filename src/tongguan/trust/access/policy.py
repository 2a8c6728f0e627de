"""Roles and operations, read from YAML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tongguan.errors import BadSettings
from tongguan.shipped_yaml import LOADER, shipped_yaml

__all__ = ["Operation", "Policy", "Role", "load_policy"]

ANY = "any"  # a duty that goes with every other


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that one may or may not do. `scoped`: it touches records of one entity or team.

    `approvers`: the roles whose holders may approve it for somebody else.
    """

    id: str
    name: Mapping[str, str]  # {"zh": …, "en": …}
    scoped: bool = False
    approvers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Role:
    """A named set of operations. Roles of different duties must lie in different hands."""

    id: str
    name: Mapping[str, str]
    about: Mapping[str, str]
    duty: str
    grants: frozenset[str]


@dataclass(frozen=True, slots=True)
class Policy:
    """All roles and operations of an installation."""

    operations: Mapping[str, Operation]
    roles: Mapping[str, Role]
    separation: frozenset[str]

    def conflict(self, roles: Iterable[str]) -> tuple[str, str] | None:
        """Two of these roles that one person must not hold together, None where all go together."""
        seen: dict[str, str] = {}
        for role in sorted(set(roles)):
            duty = self.roles[role].duty
            for other, held in seen.items():
                if other != duty and {other, duty} <= self.separation:
                    return held, role
            seen[duty] = role
        return None

    def holders(self, operation: str) -> list[Role]:
        """The roles that may do it."""
        return [role for role in self.roles.values() if operation in role.grants]


def load_policy(home: Path | None = None) -> Policy:
    """The policy of this home: its own roles.yaml, else the one that comes with Tongguan. Raises BadSettings."""
    own = home / "roles.yaml" if home else None
    if own is None or not own.exists():
        return _default()
    try:
        return _policy(yaml.load(own.read_text(encoding="utf-8"), Loader=LOADER), str(own))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadSettings(f"{own}: cannot be read as YAML: {type(error).__name__}") from None


@cache
def _default() -> Policy:
    return _policy(shipped_yaml("tongguan.trust.access", "roles.yaml"), "roles.yaml")


def _policy(document: Any, place: str) -> Policy:
    try:
        operations = {
            str(name): Operation(str(name), _both(about), bool(about.get("scoped", False)))
            for name, about in document["operations"].items()
        }
        roles = {
            str(name): Role(
                str(name), _both(about["name"]), _both(about["about"]), str(about["duty"]), frozenset(about["grants"])
            )
            for name, about in document["roles"].items()
        }
        operations = {
            name: replace(operation, approvers=_approvers(document["operations"][name], name, roles))
            for name, operation in operations.items()
        }
        separation = frozenset(document["separation"])
    except (KeyError, TypeError, AttributeError) as error:
        raise BadSettings(
            f"{place}: not of the expected shape near {error}; see the roles.yaml of the package"
        ) from None
    for role in roles.values():
        if unknown := sorted(role.grants - operations.keys()):
            raise BadSettings(f"{place}: role {role.id} grants {unknown[0]}, which is no operation")
        if role.duty != ANY and role.duty not in separation:
            raise BadSettings(f"{place}: role {role.id} has the duty {role.duty}, which is not under separation")
    for operation in operations.values():
        if unknown := sorted(operation.approvers - roles.keys()):
            raise BadSettings(f"{place}: {operation.id} is approved by {unknown[0]}, which is no role")
    if missing := sorted(_default_operations() - operations.keys()) if place != "roles.yaml" else []:
        raise BadSettings(f"{place}: the operation {missing[0]} is missing; nobody could do it")
    return Policy(operations, roles, separation)


def _approvers(about: Mapping[str, Any], operation: str, roles: Mapping[str, Role]) -> frozenset[str]:
    """Those that are named; where none is, the roles that may do it themselves."""
    named = frozenset(map(str, about.get("approvers") or ()))
    return named or frozenset(role.id for role in roles.values() if operation in role.grants)


def _default_operations() -> set[str]:
    return set(_default().operations)


def _both(texts: Mapping[str, Any]) -> Mapping[str, str]:
    return {"zh": str(texts["zh"]), "en": str(texts["en"])}
