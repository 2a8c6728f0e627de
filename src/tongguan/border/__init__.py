"""Parties and geography, persons, the ledger, reconciliation: whose data crossed the border, and to whom."""

from __future__ import annotations

from tongguan.border.org import Org, load_org

__all__ = ["Org", "load_org"]
