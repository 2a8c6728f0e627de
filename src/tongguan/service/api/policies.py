"""Policies: when content may not leave as it is. Registered with versions, told in words, tried on texts and files."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field

from tongguan.errors import Broken
from tongguan.identify.fingerprints.policy import Registered, parse_policy, policy_in_words
from tongguan.service.api.calling import TrustRoom
from tongguan.service.api.identify import FILE_BODY, FileName, Spot, Words
from tongguan.service.api.shapes import Shown, Strict
from tongguan.service.console.policylist import held, policies_of, remove_policy
from tongguan.service.console.uploads import TEXT_LIMIT, Raw, file_content, text_content
from tongguan.service.permission import needs
from tongguan.trust.access import Principal

__all__ = ["router"]

router = APIRouter(prefix="/policies", tags=["policies"])
Reader = Annotated[Principal, needs("policies.read")]
Keeper = Annotated[Principal, needs("policies.manage")]
PolicyName = Annotated[str, Path(min_length=1, max_length=60)]
PolicyText = Annotated[str, Field(max_length=TEXT_LIMIT, description="YAML, as docs/fingerprints.md says")]


class VersionShown(Shown):
    number: int
    sha256: str
    made: float
    by: str
    rules: int
    title: str


class PolicyShown(Shown):
    """A registered policy. The last of its versions is in force, where it is on."""

    name: str
    enabled: bool
    title: str
    rules: int
    version: int
    sha256: str
    changed: float
    versions: list[VersionShown]


class PoliciesShown(Shown):
    """All policies. `damaged`: names of those that cannot be read."""

    policies: list[PolicyShown]
    damaged: list[str]


class RuleShown(Shown):
    """A rule in words. A condition is `text` in both languages and `parts`."""

    rule: str
    severity: str
    when: dict[str, Any]
    exception: dict[str, Any] | None


class PolicyTold(Shown):
    """One version of a policy: as it was written, and in words."""

    policy: PolicyShown
    text: str
    rules: list[RuleShown]


class Checked(Shown):
    """What a policy says."""

    title: str
    rules: list[RuleShown]


class Written(Strict):
    text: PolicyText


class Kept(Strict):
    """`enabled` is of a new policy; one that is there stays on or off as it was."""

    text: PolicyText
    enabled: bool = True


class Tried(Strict):
    text: Annotated[str, Field(max_length=TEXT_LIMIT)]


class RuleHeld(Shown):
    """Whether a rule fires: true, false, or null where something hides it; and why."""

    rule: str
    severity: str
    fires: bool | None
    text: Words
    when: dict[str, Any]
    exception: dict[str, Any] | None


class Outcome(Shown):
    fires: bool | None
    rules: list[RuleHeld]
    blind_spots: list[Spot]


class Done(Shown):
    entry: int


@router.get("")
def policies(trust: TrustRoom, by: Reader) -> PoliciesShown:
    """The policies of this workspace."""
    there, found, damaged = policies_of(trust), list[PolicyShown](), list[str]()
    for name in there.names():
        try:
            found.append(_shown(there.get(name)))
        except Broken:
            damaged.append(name)
    return PoliciesShown(policies=found, damaged=damaged)


@router.post("/check")
def check(by: Reader, written: Written) -> Checked:
    """What a policy says, in words; 400 with the line where it is malformed. Nothing is kept."""
    policy = parse_policy(written.text, "policy")
    return Checked(title=policy.name, rules=_rules(policy_in_words(policy)))


@router.get("/{name}")
def policy(
    trust: TrustRoom, by: Reader, name: PolicyName, version: Annotated[int | None, Query(ge=1, le=9999)] = None
) -> PolicyTold:
    """One policy, in its last version or another."""
    there = policies_of(trust)
    return PolicyTold(
        policy=_shown(there.get(name)), text=there.text(name, version),
        rules=_rules(policy_in_words(there.policy(name, version))),
    )  # fmt: skip


@router.put("/{name}")
def keep(trust: TrustRoom, by: Keeper, name: PolicyName, kept: Kept) -> PolicyShown:
    """Register a policy, or a new version of one. 409 where this is the version in force already."""
    found = policies_of(trust).register(name, kept.text, by.name, enabled=kept.enabled)
    body = {"name": found.name, "version": found.latest.number, "sha256": found.latest.sha256, "on": found.enabled}
    trust.record("policy_registered", by.name, body)
    return _shown(found)


@router.post("/{name}/{switch}")
def enable(trust: TrustRoom, by: Keeper, name: PolicyName, switch: Literal["enable", "disable"]) -> PolicyShown:
    """Put a policy in force, or take it out."""
    found = policies_of(trust).enable(name, switch == "enable")
    trust.record("policy_enabled" if found.enabled else "policy_disabled", by.name, {"name": found.name})
    return _shown(found)


@router.delete("/{name}")
def remove(trust: TrustRoom, by: Keeper, name: PolicyName) -> Done:
    """Remove a policy with all its versions."""
    return Done(entry=remove_policy(trust, by, name))


@router.post("/{name}/test/text")
def try_text(trust: TrustRoom, by: Reader, name: PolicyName, tried: Tried) -> Outcome:
    """Which rules a text would set off, and why. Fingerprints count where the caller may match against them; without
    that, rules over them are undecided."""
    return _outcome(held(trust, by, name, policies_of(trust).policy(name), text_content(tried.text)))


@router.post("/{name}/test/file", openapi_extra=FILE_BODY)
def try_file(trust: TrustRoom, by: Reader, name: PolicyName, body: Raw, file: FileName = "") -> Outcome:
    """The same of a file: the body, at most 16 MiB, in memory only."""
    return _outcome(held(trust, by, name, policies_of(trust).policy(name), file_content(body, file or None)))


def _shown(found: Registered) -> PolicyShown:
    return PolicyShown.model_validate(found.to_dict())


def _rules(told: list[dict[str, Any]]) -> list[RuleShown]:
    return [RuleShown.model_validate({**rule, "exception": rule["except"]}) for rule in told]


def _outcome(found: dict[str, Any]) -> Outcome:
    rules = [{**rule, "exception": rule["except"]} for rule in found["rules"]]
    return Outcome.model_validate({**found, "rules": rules})
