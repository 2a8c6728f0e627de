"""Which policies and fingerprints a run holds content against: files, registered ones, stores by name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from tongguan.border import InForce, Watch
from tongguan.errors import BadInput
from tongguan.identify.fingerprints import DocumentSegments, Store, Stores, TableSegments
from tongguan.identify.fingerprints.policy import Policies, load_policy, parse_policy, stores_of

__all__ = ["watch_of"]

_NAME: Final = "fingerprints"
_NEAR: Final = 300  # characters between cells of one row
_COPIED: Final = "10 %"  # of a document, or of the text


def watch_of(
    home: Path,
    key: bytes,
    files: Sequence[Path] = (),
    *,
    registered: bool = False,
    fingerprints: Sequence[str] = (),
    kinds: bool = False,
    allowed: Callable[[Store], bool] = lambda store: True,
) -> Watch | None:
    """What content is held against; None where nothing was asked.

    `registered`: also the policies of the workspace that are in force. `fingerprints`: stores whose rows and copies
    alone set off an alert. `allowed`: whether a store may be used; a rule over one that may not stays undecided.
    Raises BadInput, with the file and line, NotFound, Broken.
    """
    in_force = [InForce(path.stem, _digest(path), load_policy(path)) for path in files]
    if registered:
        policies = Policies(home / "policies", key)
        in_force += [InForce(found.name, found.latest.sha256, policy) for found, policy in policies.enabled()]
    stores = Stores(home / "fingerprints", key)
    if fingerprints:
        text = json.dumps({"policy": _NAME, "rules": [_rule(stores.get(name)) for name in dict.fromkeys(fingerprints)]})
        in_force.append(InForce(_NAME, hashlib.sha256(text.encode()).hexdigest(), parse_policy(text, _NAME)))
    names = [one.name for one in in_force]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadInput(f"two policies are called {', '.join(twice)}; give one of them another name")
    if not in_force and not kinds and not registered:
        return None
    tables, documents, marks = _opened(stores, in_force, allowed)
    return Watch(in_force, tables, documents, kinds=kinds, stores=marks)


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from None


def _rule(store: Store) -> dict[str, Any]:
    """A rule that a row, or a copy of a document, sets off."""
    when: dict[str, Any]
    if store.kind == "documents":
        when = {
            "any": [{"documents": {"store": store.name, "share": _COPIED, "of": of}} for of in ("document", "text")]
        }
    elif len(store.columns) > 1:
        when = {"table": {"index": store.name, "least": 2, "within": _NEAR}}
    else:
        when = {"table": {"index": store.name, "cells": 1}}
    return {"id": store.name, "severity": "high", "when": when}


def _opened(
    stores: Stores, policies: Sequence[InForce], allowed: Callable[[Store], bool]
) -> tuple[dict[str, TableSegments], dict[str, DocumentSegments], list[str]]:
    """The fingerprints that the policies ask, and what tells them from those of another day."""
    tables, documents = dict[str, TableSegments](), dict[str, DocumentSegments]()
    marks = []
    there = frozenset(stores.names())
    for name in sorted(set[str]().union(*(names for one in policies for names in stores_of(one.policy).values()))):
        store = stores.get(name) if name in there else None
        if store is None or not allowed(store):
            marks.append(f"{name} absent")
            continue
        known = stores.open(name)
        marks.append(f"{name} " + " ".join(f"{s.file} {s.made} {s.bytes}" for s in store.segments))
        if isinstance(known, TableSegments):
            tables[name] = known
        else:
            documents[name] = known
    return tables, documents, marks
