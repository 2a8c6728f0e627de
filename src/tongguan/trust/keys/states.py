"""What a key is for, what state it is in, and what it may do then (NIST SP 800-57 part 1 rev. 5, §5.2 and §7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from tongguan.errors import BadInput

__all__ = [
    "MOVES",
    "OPERATIONS",
    "PURPOSES",
    "STATES",
    "Operation",
    "Purpose",
    "State",
    "effective",
    "purpose_named",
    "refusal",
]

State = Literal["pre-active", "active", "suspended", "retired", "destroyed"]
Purpose = Literal["seal", "wrap", "sign", "mac", "derive", "decrypt"]
STATES: tuple[State, ...] = get_args(State)
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)

# From a state to those that it may be moved to. An active key must be suspended or retired before it is destroyed.
MOVES: Mapping[State, frozenset[State]] = {
    "pre-active": frozenset({"active", "destroyed"}),
    "active": frozenset({"suspended", "retired"}),
    "suspended": frozenset({"active", "retired", "destroyed"}),
    "retired": frozenset({"destroyed"}),
    "destroyed": frozenset(),
}


@dataclass(frozen=True, slots=True)
class Operation:
    """Something done with a key. `protects`: it makes new protected data, which only an active key may do.

    `public`: the public half is enough for it, so that it goes with another party's key.
    """

    name: str
    purposes: frozenset[Purpose]
    protects: bool
    public: bool = False


def _operation(name: str, *purposes: Purpose, protects: bool, public: bool = False) -> tuple[str, Operation]:
    return name, Operation(name, frozenset(purposes), protects, public)


OPERATIONS: Mapping[str, Operation] = dict(
    (
        _operation("seal", "seal", protects=True),
        _operation("unseal", "seal", protects=False),
        _operation("wrap", "wrap", protects=True),
        _operation("unwrap", "wrap", protects=False),
        _operation("data_key", "wrap", protects=True),
        _operation("open_data_key", "wrap", protects=False),
        _operation("rewrap", "seal", "wrap", protects=True),
        _operation("sign", "sign", protects=True),
        _operation("verify", "sign", protects=False, public=True),
        _operation("mac", "mac", protects=True),
        _operation("check_mac", "mac", protects=False),
        _operation("derive", "derive", protects=True),
        _operation("derive_again", "derive", protects=False),
        _operation("encrypt_to", "decrypt", protects=True, public=True),
        _operation("decrypt", "decrypt", protects=False),
    )
)


def effective(state: State, not_before: int | None, not_after: int | None, now: float) -> State:
    """The state that counts now: an active key before its time is as one not yet active, after it as one retired."""
    if state == "active" and not_before is not None and now < not_before:
        return "pre-active"
    if state == "active" and not_after is not None and now >= not_after:
        return "retired"
    return state


def refusal(operation: Operation, purpose: Purpose, state: State) -> str | None:
    """Why a key of this purpose and state must not do it; None where it may.

    active: everything of its purpose. retired: only what opens or checks what was protected earlier. Others: nothing.
    """
    if purpose not in operation.purposes:
        fitting = " or ".join(sorted(operation.purposes))
        return f"it is for {purpose}; {operation.name} needs a key for {fitting}"
    if state == "active" or (state == "retired" and not operation.protects):
        return None
    if state == "retired":
        return f"it is retired: it only opens and checks what it protected earlier, and {operation.name} protects anew"
    return f"it is {state}: it may do nothing" + {
        "pre-active": " before it is activated and its first day has come",
        "suspended": " until it is activated again",
        "destroyed": " any more",
    }.get(state, "")


def purpose_named(name: object) -> Purpose:
    """The purpose of this name. Raises BadInput."""
    for purpose in PURPOSES:
        if purpose == name:
            return purpose
    raise BadInput(f"{str(name)[:40]!r} is no purpose of a key; expected one of {', '.join(PURPOSES)}")
