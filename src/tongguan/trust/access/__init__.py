"""Who may do what: roles and operations as data, and the one place where they are held against a request."""

from __future__ import annotations

from tongguan.trust.access.check import UNNAMED, Grant, Principal, check, grounds, may, within
from tongguan.trust.access.entities import entity_name
from tongguan.trust.access.policy import Operation, Policy, Role, load_policy

__all__ = [
    "UNNAMED",
    "Grant",
    "Operation",
    "Policy",
    "Principal",
    "Role",
    "check",
    "entity_name",
    "grounds",
    "load_policy",
    "may",
    "within",
]
