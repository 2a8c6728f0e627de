"""Trust: an audit log that shows tampering, the workspace's keys, and sign-in for the console."""

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
from tongguan.trust.door import Door
from tongguan.trust.places import home, workspace_key

__all__ = [
    "AuditLog",
    "Door",
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
