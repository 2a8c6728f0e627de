"""Policies: when content may not pass as it is. Conditions over what stands in it and what is known of it."""

from tongguan.identify.fingerprints.policy.contents import Asked, evidence_of, file_types_of, kinds_in
from tongguan.identify.fingerprints.policy.evaluation import Outcome, Policy, Rule, RuleOutcome, evaluate
from tongguan.identify.fingerprints.policy.evidence import Evidence, Judged
from tongguan.identify.fingerprints.policy.many import evaluate_many
from tongguan.identify.fingerprints.policy.reading import load_policy, parse_policy
from tongguan.identify.fingerprints.policy.registry import Policies, Registered, Version
from tongguan.identify.fingerprints.policy.telling import policy_in_words, stores_of

__all__ = [
    "Asked",
    "Evidence",
    "Judged",
    "Outcome",
    "Policies",
    "Policy",
    "Registered",
    "Rule",
    "RuleOutcome",
    "Version",
    "evaluate",
    "evaluate_many",
    "evidence_of",
    "file_types_of",
    "kinds_in",
    "load_policy",
    "parse_policy",
    "policy_in_words",
    "stores_of",
]
