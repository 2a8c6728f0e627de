"""Parties and geography, persons, the ledger, reconciliation: whose data crossed the border, and to whom."""

from __future__ import annotations

from tongguan.border.activities import coverer
from tongguan.border.ledger import Ledger
from tongguan.border.locate import COUNTRY_TABLE, Locator
from tongguan.border.org import Org, load_org
from tongguan.border.originals import Original, Originals
from tongguan.border.policies import HeldBatch, InForce, Watch, kinds_by_recipient
from tongguan.border.questions import facts_for
from tongguan.border.reconcile import alert_dict, differences, reconcile
from tongguan.border.rows import LedgerBatch
from tongguan.border.subjects import subjects
from tongguan.border.summarise import summarise
from tongguan.border.summary import Summary
from tongguan.border.tally import Tally

__all__ = [
    "COUNTRY_TABLE",
    "HeldBatch",
    "InForce",
    "Ledger",
    "LedgerBatch",
    "Locator",
    "Org",
    "Original",
    "Originals",
    "Summary",
    "Tally",
    "Watch",
    "alert_dict",
    "coverer",
    "differences",
    "facts_for",
    "kinds_by_recipient",
    "load_org",
    "reconcile",
    "subjects",
    "summarise",
]
