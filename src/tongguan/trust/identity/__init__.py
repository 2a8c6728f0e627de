"""Identities: people, programs and teams, how they prove who they are, and what stays of it (sessions, tokens)."""

from __future__ import annotations

from tongguan.trust.identity.accounts import User
from tongguan.trust.identity.checking import Contradiction
from tongguan.trust.identity.context import Context, Sealer
from tongguan.trust.identity.identity import Identity
from tongguan.trust.identity.import_file import LineError
from tongguan.trust.identity.imports import ImportReport
from tongguan.trust.identity.passwords import Hashing
from tongguan.trust.identity.principals import Factor
from tongguan.trust.identity.sessions import Session
from tongguan.trust.identity.sign_in import SignIn
from tongguan.trust.identity.teams import Team
from tongguan.trust.identity.tokens import ApiToken, is_token
from tongguan.trust.identity.totp import TotpOffer

__all__ = [
    "ApiToken",
    "Context",
    "Contradiction",
    "Factor",
    "Hashing",
    "Identity",
    "ImportReport",
    "LineError",
    "Sealer",
    "Session",
    "SignIn",
    "Team",
    "TotpOffer",
    "User",
    "is_token",
]
