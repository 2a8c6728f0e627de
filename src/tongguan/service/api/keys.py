"""Key management, in the manner of a KMS: keys never leave it; what is done with them is done here."""

from __future__ import annotations

from fastapi import APIRouter

__all__ = ["router"]

router = APIRouter(prefix="/keys", tags=["keys"])
