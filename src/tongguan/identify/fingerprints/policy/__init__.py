"""Policies: when content may not pass as it is. Conditions over what stands in it and what is known of it."""

from tongguan.identify.fingerprints.policy.evaluation import Outcome, Policy, Rule, RuleOutcome, evaluate
from tongguan.identify.fingerprints.policy.evidence import Evidence
from tongguan.identify.fingerprints.policy.reading import load_policy, parse_policy

__all__ = ["Evidence", "Outcome", "Policy", "Rule", "RuleOutcome", "evaluate", "load_policy", "parse_policy"]
