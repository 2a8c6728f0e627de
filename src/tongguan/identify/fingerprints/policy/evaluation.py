"""A policy held against evidence: for each rule whether it fires, in three values, with every reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tongguan.identify.fingerprints.policy.conditions import Condition
from tongguan.identify.fingerprints.policy.evidence import Evidence, Judged, Look, Truth, said, say

__all__ = ["Outcome", "Policy", "Rule", "RuleOutcome", "evaluate", "judge"]


@dataclass(frozen=True, slots=True)
class Rule:
    """Fires where `when` holds and no exception does."""

    id: str
    severity: str  # high, mid, low
    when: Condition
    unless: Condition | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules under a name."""

    name: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """Whether a rule fires: True, False, or None where something hides it. `text` says so in both languages."""

    rule: str
    severity: str
    truth: Truth
    verdict: str  # true, false, unknown, or excepted
    when: Judged
    unless: Judged | None

    @property
    def text(self) -> dict[str, str]:
        return said(say(f"rule.{self.verdict}", rule=self.rule))

    def to_dict(self) -> dict[str, Any]:
        return {
            "rule": self.rule, "severity": self.severity, "fires": self.truth, "text": self.text,
            "when": self.when.to_dict(), "except": self.unless.to_dict() if self.unless else None,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a policy says of some evidence."""

    policy: str
    rules: tuple[RuleOutcome, ...]

    @property
    def truth(self) -> Truth:
        """True where a rule fires; None where none does, but one may; False only where all are known not to."""
        truths = [rule.truth for rule in self.rules]
        return True if True in truths else (None if None in truths else False)

    def to_dict(self) -> dict[str, Any]:
        return {"policy": self.policy, "fires": self.truth, "rules": [rule.to_dict() for rule in self.rules]}


def evaluate(policy: Policy, evidence: Evidence) -> Outcome:
    """Hold a policy against evidence. Nothing of a value stands in the answer: places, counts and the policy's words.

    Raises BadInput where a rule names a column that its index lacks.
    """
    return judge(policy, Look(evidence))


def judge(policy: Policy, look: Look) -> Outcome:
    """The same of a look at some evidence, which several policies may share."""
    return Outcome(policy.name, tuple(_judged(rule, look) for rule in policy.rules))


def _judged(rule: Rule, look: Look) -> RuleOutcome:
    when = rule.when.judge(look)
    unless = rule.unless.judge(look) if rule.unless else None
    truth, verdict = when.truth, {True: "true", False: "false", None: "unknown"}[when.truth]
    if unless and truth is not False:
        if unless.truth:
            truth, verdict = False, "excepted"
        elif unless.truth is None:
            truth, verdict = None, "unknown"
    return RuleOutcome(rule.id, rule.severity, truth, verdict, when, unless)
