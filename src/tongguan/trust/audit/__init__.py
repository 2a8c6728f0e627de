"""The audit log: a Merkle tree of what was done, signed checkpoints, proofs, and their check away from the log."""

from tongguan.trust.audit.checkpoint import NoteSigner, Verifier, verifier_key
from tongguan.trust.audit.entry import Entry
from tongguan.trust.audit.log import AuditLog
from tongguan.trust.audit.merkle import Proof, TreeHash, leaf_hash, tree_hash, verify_consistency, verify_inclusion
from tongguan.trust.audit.opening import audit_log, open_log
from tongguan.trust.audit.proof import check_proof
from tongguan.trust.audit.recording import BatchedRecorder, Record, recorder
from tongguan.trust.audit.search import Count, Page, Query
from tongguan.trust.audit.verdict import Problem, Verdict

__all__ = [
    "AuditLog",
    "BatchedRecorder",
    "Count",
    "Entry",
    "NoteSigner",
    "Page",
    "Problem",
    "Proof",
    "Query",
    "Record",
    "TreeHash",
    "Verdict",
    "Verifier",
    "audit_log",
    "check_proof",
    "leaf_hash",
    "open_log",
    "recorder",
    "tree_hash",
    "verifier_key",
    "verify_consistency",
    "verify_inclusion",
]
