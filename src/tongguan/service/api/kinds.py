"""Kinds of documents that are told apart."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter

from tongguan.identify.kinds import shipped
from tongguan.service.api.shapes import Shown
from tongguan.service.permission import needs
from tongguan.trust.access import Principal

__all__ = ["router"]

router = APIRouter(prefix="/kinds", tags=["identify"])


class ModelShown(Shown):
    """The model: kinds and their names, the day on which it was trained, on how many texts, and from which
    probability on it answers."""

    kinds: dict[str, dict[str, str]]
    trained: str
    texts: int
    threshold: float
    digest: str
    sources: list[dict[str, Any]]


@router.get("")
def kinds(by: Annotated[Principal, needs("files.identify")]) -> ModelShown:
    """The kinds of documents that are told apart, and the material that the model was trained on."""
    model = shipped()
    about = model.manifest
    return ModelShown(
        kinds={kind: model.name(kind) for kind in model.kinds}, trained=str(about["trained"]),
        texts=int(about["texts"]), threshold=float(about["threshold"]), digest=model.digest, sources=about["sources"],
    )  # fmt: skip
