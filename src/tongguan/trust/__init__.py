"""Trust: who may do what, keys and ciphers, sealed evidence, and a log that nobody can quietly change.

What short commands need is here; the whole room opens by `tongguan.trust.opening.open_trust`.
"""

from tongguan.trust.audit import (
    AuditLog,
    Entry,
    Problem,
    Proof,
    Verdict,
    audit_log,
    check_proof,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from tongguan.trust.places import home, workspace_key

__all__ = [
    "AuditLog",
    "Entry",
    "Problem",
    "Proof",
    "Verdict",
    "audit_log",
    "check_proof",
    "home",
    "leaf_hash",
    "verify_consistency",
    "verify_inclusion",
    "workspace_key",
]
