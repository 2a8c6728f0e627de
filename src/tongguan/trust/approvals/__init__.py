"""Four-eyes approval: what one person asks for, another decides, and the first may then do once."""

from __future__ import annotations

from tongguan.trust.approvals.approvals import Approvals
from tongguan.trust.approvals.records import STATES, Approval, State

__all__ = ["STATES", "Approval", "Approvals", "State"]
