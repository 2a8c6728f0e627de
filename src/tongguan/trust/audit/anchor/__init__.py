"""Heads of the log written to a contract on an EVM chain, where nobody can take them back.

`AuditAnchor.sol` is the contract, `contract.json` what `compile.cjs` makes of it. Only `chain` needs web3.
"""

from tongguan.trust.audit.anchor.receipts import Receipt, Receipts, log_id, receipt_lines

__all__ = ["Receipt", "Receipts", "log_id", "receipt_lines"]
