"""The audit log: a Merkle tree of what was done, signed checkpoints, proofs, and their check away from the log."""

from tongguan.trust.audit.log import AuditLog, Entry, audit_log
from tongguan.trust.audit.merkle import Proof, leaf_hash, verify_consistency, verify_inclusion
from tongguan.trust.audit.proof import check_proof
from tongguan.trust.audit.verdict import Problem, Verdict

__all__ = [
    "AuditLog",
    "Entry",
    "Problem",
    "Proof",
    "Verdict",
    "audit_log",
    "check_proof",
    "leaf_hash",
    "verify_consistency",
    "verify_inclusion",
]
