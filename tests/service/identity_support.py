"""The providers and keys that the tests of identity bring along."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "trust" / "identity"
sys.path.append(str(FOLDER))

import evil_provider  # noqa: E402
import oidc_server  # noqa: E402
import soft_authenticator  # noqa: E402

__all__ = ["evil_provider", "oidc_server", "soft_authenticator"]
