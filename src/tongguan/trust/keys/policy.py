"""Who may use one key, on top of the roles: an empty policy leaves it to the permission keys.use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tongguan.errors import BadInput
from tongguan.trust.access import Policy, Principal
from tongguan.trust.keys.states import OPERATIONS

__all__ = ["Allow", "KeyPolicy"]

MOST = 200  # rules of one policy, names in one rule
LONGEST = 200  # characters of one name


@dataclass(frozen=True, slots=True)
class Allow:
    """Lets principals of these names or ids, or with one of these roles, do these operations. None: all of them.

    A name may change hands, an id does not.
    """

    principals: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    operations: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class KeyPolicy:
    """Rules of one key. Where there are any, a use must be let through by one of them."""

    allow: tuple[Allow, ...] = field(default=())

    def lets(self, who: Principal, operation: str) -> bool:
        """Whether `who` may do the operation by this policy; keys.use is asked for apart from it."""
        return not self.allow or any(
            (rule.operations is None or operation in rule.operations)
            and (not rule.principals.isdisjoint({who.name, who.id}) or not who.roles.isdisjoint(rule.roles))
            for rule in self.allow
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "allow": [
                {
                    "principals": sorted(rule.principals),
                    "roles": sorted(rule.roles),
                    "operations": None if rule.operations is None else sorted(rule.operations),
                }
                for rule in self.allow
            ]
        }

    def text(self) -> str:
        """Canonical JSON: what is stored."""
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))

    @classmethod
    def read(cls, document: object, access: Policy | None = None) -> KeyPolicy:
        """From what `to_dict` gives. With `access`, roles must be known there. Raises BadInput."""
        if not isinstance(document, Mapping) or set(document) - {"allow"}:
            raise BadInput('the policy of a key is {"allow": [{"principals", "roles", "operations"}]}')
        rules = document.get("allow", [])
        if not isinstance(rules, list) or len(rules) > MOST:
            raise BadInput(f"allow is a list of at most {MOST} rules")
        return cls(tuple(_rule(rule, access) for rule in rules))


def _rule(rule: object, access: Policy | None) -> Allow:
    if not isinstance(rule, Mapping) or set(rule) - {"principals", "roles", "operations"}:
        raise BadInput("a rule of a key's policy has principals, roles and operations")
    principals, roles = _names(rule.get("principals"), "principals"), _names(rule.get("roles"), "roles")
    operations = None if rule.get("operations") is None else _names(rule["operations"], "operations")
    if not principals and not roles:
        raise BadInput("a rule of a key's policy names at least one principal or role")
    if operations is not None and (unknown := sorted(operations - OPERATIONS.keys())):
        raise BadInput(f"{unknown[0][:40]!r} is nothing that a key does; expected some of {', '.join(OPERATIONS)}")
    if access is not None and (strange := sorted(roles - access.roles.keys())):
        raise BadInput(f"{strange[0][:40]!r} is no role; expected some of {', '.join(access.roles)}")
    return Allow(principals, roles, operations)


def _names(value: object, what: str) -> frozenset[str]:
    if value is None:
        return frozenset()
    if not isinstance(value, list) or len(value) > MOST:
        raise BadInput(f"{what} of a key's policy is a list of at most {MOST} names")
    if not all(isinstance(name, str) and 0 < len(name) <= LONGEST and name.isprintable() for name in value):
        raise BadInput(f"{what} of a key's policy are names of 1 to {LONGEST} characters that can be shown")
    return frozenset(value)
