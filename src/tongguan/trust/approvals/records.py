"""Approvals as rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import sqlalchemy as sa

from tongguan.trust.access import Principal
from tongguan.trust.database import METADATA

__all__ = ["STATES", "TABLE", "Approval", "State", "approval", "asked_by"]

State = Literal["asked", "approved", "refused", "withdrawn", "used", "expired"]
STATES: tuple[State, ...] = get_args(State)

TABLE = sa.Table(
    "approvals",
    METADATA,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("operation", sa.String(80), nullable=False),
    sa.Column("resource", sa.String(400), nullable=False),
    sa.Column("entity", sa.String(200)),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("salt", sa.LargeBinary, nullable=False),  # of the hashes that stand for reason and note in the audit log
    sa.Column("requester", sa.String(200), nullable=False),
    sa.Column("requester_kind", sa.String(10), nullable=False),
    sa.Column("requester_id", sa.String(80), nullable=False),
    sa.Column("asked", sa.Double, nullable=False),
    sa.Column("expires", sa.Double, nullable=False),
    sa.Column("decider", sa.String(200)),
    sa.Column("decider_id", sa.String(80)),
    sa.Column("decided", sa.Double),
    sa.Column("note", sa.Text, nullable=False, default=""),
    sa.Column("closed", sa.Double),  # used, withdrawn, refused or expired
    sa.Index("approvals_state", "state", "expires"),
    sa.Index("approvals_what", "operation", "resource"),
)


@dataclass(frozen=True, slots=True)
class Approval:
    """One request and what became of it. Times are seconds since the epoch.

    `reason`, `note` and `detail` are what people typed: they may hold personal data and belong in no log.
    """

    id: str
    state: State
    operation: str
    resource: str
    entity: str | None
    reason: str
    detail: Mapping[str, Any]
    requester: str
    requester_kind: str
    requester_id: str
    asked: float
    expires: float
    decider: str | None
    decider_id: str | None
    decided: float | None
    note: str
    closed: float | None


def approval(row: Any) -> Approval:
    """A row of TABLE as an Approval."""
    values = dict(row._mapping)
    del values["salt"]
    return Approval(**values | {"detail": json.loads(values["detail"])})


def asked_by(who: Principal) -> sa.ColumnElement[bool]:
    """Rows that `who` asked for: by id where he has one, for names may change hands."""
    if who.id:
        return TABLE.c.requester_id == who.id
    return sa.and_(TABLE.c.requester_id == "", TABLE.c.requester == who.name, TABLE.c.requester_kind == who.kind)
