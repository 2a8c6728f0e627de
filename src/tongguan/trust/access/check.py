"""The one place where a request is held against the roles: pure, without I/O, a few microseconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from tongguan.errors import Denied
from tongguan.trust.access.policy import Policy
from tongguan.wording import wording

__all__ = ["UNNAMED", "Grant", "Principal", "check", "grounds", "may", "within"]

UNNAMED = "\0"  # an entity that no grant can name: only roles held for all entities cover it


@dataclass(frozen=True, slots=True)
class Grant:
    """A role held for some entities and teams; None means all of them."""

    role: str
    entities: frozenset[str] | None = None
    teams: frozenset[str] | None = None


@dataclass(frozen=True)
class Principal:
    """Whoever asks. `name` is the actor in the audit log.

    `only`: the operations that an API token is limited to, None where it is no token.
    `pending`: why it may only put its own affairs in order yet ("password": must be changed, "second_factor": must be
    set up), None otherwise.
    """

    name: str
    kind: Literal["user", "service", "local", "system"]
    grants: tuple[Grant, ...] = ()
    only: frozenset[str] | None = None
    pending: Literal["password", "second_factor"] | None = None
    id: str = ""

    @cached_property
    def roles(self) -> frozenset[str]:
        return frozenset(grant.role for grant in self.grants)


def may(policy: Policy, who: Principal, operation: str, *, entity: str | None = None, team: str | None = None) -> bool:
    """Whether `who` may do it, to records of `entity` and `team` where those are given.

    A record without an entity is open to all that may do the operation at all; one of an entity only to roles held for
    it, and for teams one of theirs. An unknown operation is a KeyError: a fault of ours.
    """
    scoped = policy.operations[operation].scoped
    if who.only is not None and operation not in who.only:
        return False
    if operation == "profile.own" and who.kind == "user" and who.only is None:
        return True  # also without a role: whoever may sign in may put their own affairs in order
    if who.pending is not None and operation != "profile.own":
        return False
    for grant in who.grants:
        role = policy.roles.get(grant.role)
        if role is not None and operation in role.grants and (not scoped or _covers(grant, entity, team)):
            return True
    return False


def within(policy: Policy, inner: Principal, outer: Principal, operation: str) -> bool:
    """Whether `outer` may do it wherever `inner` may: nobody hands out more than they have."""
    if outer.pending is not None or (outer.only is not None and operation not in outer.only):
        return False
    if not policy.operations[operation].scoped:
        return may(policy, outer, operation)
    return all(
        any(
            _wider(theirs.entities, own.entities) and _wider(theirs.teams, own.teams)
            for theirs in _of(policy, outer, operation)
        )
        for own in _of(policy, inner, operation)
    )


def _of(policy: Policy, who: Principal, operation: str) -> list[Grant]:
    return [g for g in who.grants if g.role in policy.roles and operation in policy.roles[g.role].grants]


def _wider(one: frozenset[str] | None, other: frozenset[str] | None) -> bool:
    return one is None or (other is not None and other <= one)


def check(
    policy: Policy, who: Principal, operation: str, *, entity: str | None = None, team: str | None = None
) -> None:
    """Raises Denied, which says why and who may, unless `may`."""
    if not may(policy, who, operation, entity=entity, team=team):
        beyond = (entity is not None or team is not None) and may(policy, who, operation)
        raise Denied(grounds(policy, who, operation, entity=entity, team=team), scope=beyond)


def grounds(
    policy: Policy, who: Principal, operation: str, *, entity: str | None = None, team: str | None = None
) -> dict[str, str]:
    """Why `who` may not do it, in both languages."""
    if who.only is not None and operation not in who.only:
        return _why("token", policy, operation)
    if who.pending is not None and operation != "profile.own":
        return _why(f"pending_{who.pending}", policy, operation)
    if any(operation in policy.roles[g.role].grants for g in who.grants if g.role in policy.roles):
        return _why("scope" if entity != UNNAMED else "unnamed", policy, operation, place=entity or team or "")
    return _why("role", policy, operation)


def _covers(grant: Grant, entity: str | None, team: str | None) -> bool:
    """Nothing named: whether it covers anything at all. A record of an entity, but of no team, is outside every grant
    for teams: as long as records know no team, such a grant opens none of them rather than all."""
    return (grant.entities is None or entity is None or entity in grant.entities) and (
        grant.teams is None or (entity is None if team is None else team in grant.teams)
    )


def _why(kind: str, policy: Policy, operation: str, place: str = "") -> dict[str, str]:
    names = policy.operations[operation].name
    texts: Mapping[str, dict[str, str]] = wording("tongguan.trust.access").texts
    return {
        language: texts[kind][language].format(
            what=names[language],
            operation=operation,
            place=place,
            roles=("、" if language == "zh" else ", ").join(r.name[language] for r in policy.holders(operation)) or "—",
        )
        for language in ("zh", "en")
    }
