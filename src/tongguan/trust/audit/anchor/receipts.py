"""What is kept of each head that was written to a chain, in the log's own folder.

anchors/receipts.jsonl   one line an anchor; a line cut short by a crash is put right from `pending.json`
anchors/pending.json     the signed transaction that was sent last and is not confirmed yet: sent again as it is
anchors/contract.json    the contract that was deployed from here
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any

from tongguan import whole_file
from tongguan.errors import BadInput, Broken, CannotWrite

__all__ = ["Receipt", "Receipts", "log_id", "receipt_lines"]

LINE_LIMIT = 4096


@dataclass(frozen=True, slots=True)
class Receipt:
    """One head on a chain. Hashes, keys and addresses are hex with 0x; it proves nothing without the chain."""

    origin: str
    size: int
    root: str
    chain_id: int
    contract: str
    transaction: str
    block: int
    block_hash: str
    time: int  # of the block, POSIX seconds

    def line(self) -> str:
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":")) + "\n"


def log_id(origin: str) -> bytes:
    """By which name the contract knows a log: SHA-256 of the origin line of its checkpoints, whatever its own hash."""
    return sha256(origin.encode()).digest()


def receipt_lines(data: bytes) -> Iterator[Receipt | int]:
    """The receipts in a file of lines; the line's number (from 1) where one cannot be read."""
    for number, line in enumerate(data.split(b"\n"), 1):
        if line:
            yield _receipt(line) or number


def _receipt(line: bytes) -> Receipt | None:
    try:
        receipt = Receipt(**json.loads(line[:LINE_LIMIT]))
        whole = all(type(getattr(receipt, field.name)).__name__ == field.type for field in fields(Receipt))
        bytes.fromhex(receipt.root.removeprefix("0x"))
    except (TypeError, ValueError, AttributeError, RecursionError):
        return None
    return receipt if whole and len(receipt.root) == 66 and 0 < receipt.size < 1 << 63 else None


class Receipts:
    """The anchors' folder. One process at a time anchors; reading waits for nobody. Raises CannotWrite, Broken."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lines = folder / "receipts.jsonl"
        self._pending = folder / "pending.json"
        self._contract = folder / "contract.json"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other anchorings out."""
        with self._writing():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BadInput("another anchoring of this log is under way; wait until it has ended") from None
            yield
        finally:
            os.close(descriptor)

    def raw(self) -> bytes:
        """The lines as they are, without one that was cut short: what an export takes along."""
        try:
            data = self._lines.read_bytes()
        except FileNotFoundError:
            return b""
        return data[: data.rfind(b"\n") + 1]

    def all(self) -> list[Receipt]:
        """Every receipt, oldest first."""
        found = list(receipt_lines(self.raw()))
        for one in found:
            if isinstance(one, int):
                raise Broken(
                    f"{self._lines}:{one} is not an anchor receipt; restore the file from a backup or an export"
                )
        return [one for one in found if isinstance(one, Receipt)]

    def add(self, receipt: Receipt) -> None:
        """Keep a receipt, on disk when this returns."""
        with self._writing(), self._lines.open("ab") as file:
            os.fchmod(file.fileno(), 0o600)
            file.truncate(len(self.raw()))
            file.write(receipt.line().encode())
            file.flush()
            os.fsync(file.fileno())

    def pending(self) -> dict[str, Any] | None:
        return self._read(self._pending)

    def set_pending(self, value: Mapping[str, Any] | None) -> None:
        self._write(self._pending, value)

    def contract(self) -> dict[str, Any] | None:
        """{"address", "chain_id", "transaction"} of the contract that was deployed from here."""
        return self._read(self._contract)

    def set_contract(self, value: Mapping[str, Any]) -> None:
        self._write(self._contract, value)

    def _read(self, path: Path) -> dict[str, Any] | None:
        try:
            found = json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except (ValueError, RecursionError):
            raise Broken(f"{path} is damaged; restore it from a backup") from None
        if not isinstance(found, dict):
            raise Broken(f"{path} is damaged; restore it from a backup")
        return found

    def _write(self, path: Path, value: Mapping[str, Any] | None) -> None:
        with self._writing():
            if value is None:
                path.unlink(missing_ok=True)
                return
        whole_file.replace(path, json.dumps(value).encode())

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise CannotWrite(f"cannot write {error.filename or self.folder}: {error.strerror}") from error
