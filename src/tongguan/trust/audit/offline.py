"""Verifying an exported log with nothing but the folder and a public key: no key of ours, no database, no network.

Every entry is hashed into its leaf, every leaf into the tiles, the tiles into the root that the checkpoint signs; the
heads of earlier days, witnesses' cosignatures and anchors are held against the tree at their own size.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path

from tongguan.errors import BadInput
from tongguan.trust.audit import tiles
from tongguan.trust.audit.anchor.receipts import receipt_lines
from tongguan.trust.audit.checkpoint import Checkpoint, Verifier
from tongguan.trust.audit.cosignature import NOTE_LIMIT, CosignatureKey, head, open_note
from tongguan.trust.audit.listing import Listing, read_regular
from tongguan.trust.audit.report import Report
from tongguan.trust.audit.walk import Claim, Walk

__all__ = ["Report", "heads_in", "log_key", "verify_export", "witness_key"]

RECEIPTS_LIMIT = 1 << 28
HEADS_LIMIT = 100_000


def verify_export(
    folder: Path,
    verifier: str | None = None,
    *,
    heads: Iterable[tuple[str, str]] = (),
    witnesses: Sequence[str] = (),
    quorum: int | None = None,
    chain: Sequence[tuple[int, bytes]] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Verify an export.

    `verifier`: the log's public key as the reader knows it; without it the export's own is used, and a remark says so.
    `heads`: (what to call it, signed note) of checkpoints kept elsewhere. `witnesses`: verifier keys of cosigners, of
    whom `quorum` (all, where None) must have signed some head. `chain`: (size, root) of all anchors in the contract, as
    a node gives them. Memory: one bundle, and 8 bytes a file. Raises BadInput where `folder` is no folder, or a key is
    none.
    """
    if not folder.is_dir():
        raise BadInput(f"{folder} is not a folder; expected an exported log, unpacked")
    return _Verification(folder, verifier, witnesses, quorum).run(heads, chain, progress)


def heads_in(path: Path) -> list[tuple[str, str]]:
    """The signed notes in a file, or in the folder of an earlier export. Raises BadInput where there is none."""
    if path.is_dir():
        files = [path / tiles.CHECKPOINT, *sorted((path / tiles.HEADS).glob("[0-9]*"))[:HEADS_LIMIT]]
    else:
        files = [path]
    found = [(str(file), raw.decode("utf-8", "replace")) for file in files if (raw := read_regular(file, NOTE_LIMIT))]
    if not found:
        raise BadInput(f"{path}: no checkpoint there; expected a signed note in a file, or an export's folder")
    return found


class _Verification:
    def __init__(self, folder: Path, verifier: str | None, witnesses: Sequence[str], quorum: int | None) -> None:
        self.folder = folder
        self.report = Report(authenticated=verifier is not None)
        self.about = self._described()
        self.key = log_key(verifier or str(self.about.get("verifier", "")))
        self.witnesses = list(map(witness_key, dict.fromkeys(witnesses)))
        self.quorum = len(self.witnesses) if quorum is None else quorum
        if not min(1, len(self.witnesses)) <= self.quorum <= len(self.witnesses):
            raise BadInput(f"a quorum of {self.quorum} cannot be had of {len(self.witnesses)} witnesses")
        self.quorate: set[tuple[int, bytes]] = set()  # size and root of heads with enough cosignatures

    def run(
        self,
        heads: Iterable[tuple[str, str]],
        chain: Sequence[tuple[int, bytes]] | None,
        progress: Callable[[int, int], None] | None,
    ) -> Report:
        report = self.report
        if not report.authenticated:
            report.remark("unauthenticated")
        listing = Listing(self.folder)
        for name in listing.refused:
            report.problem("not_a_file", detail=name)
        if listing.strays:
            report.remark("stray", last=listing.strays, detail=listing.stray)
        raw = read_regular(self.folder / tiles.CHECKPOINT, NOTE_LIMIT)
        if raw is None:
            report.problem("no_checkpoint", detail=tiles.CHECKPOINT)
        elif top := self._signed(tiles.CHECKPOINT, raw):
            report.origin, report.size = top.origin, top.size
            if self.about and (self.about.get("origin"), self.about.get("hash")) != (top.origin, top.hash):
                report.problem("described", detail=f"{top.origin}, {top.hash}")
            walk = Walk(listing, top, report.problem)
            walk.claims += self._heads(heads)
            walk.claims += self._receipts(top.origin, chain)
            walk.claims += [Claim(size, root, "chain", f"{size}") for size, root in chain or ()]
            walk.run(progress)
            report.root, report.entries = walk.root, walk.entries
            self._conclude(walk.claims, top.size)
        report.end()
        return report

    def _described(self) -> Mapping[str, object]:
        try:
            found = json.loads(read_regular(self.folder / tiles.LOG, NOTE_LIMIT) or b"{}")
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            return found
        self.report.problem("described", detail=tiles.LOG)
        return {}

    def _signed(self, label: str, raw: bytes | str) -> Checkpoint | None:
        """The head that a note of this log states; None, and a problem, where it is none of its."""
        try:
            note = open_note(raw)
            found = head(note.text)
        except ValueError as error:
            self.report.problem("no_checkpoint", detail=f"{label}: {error}")
            return None
        if found.origin != self.key.origin:
            self.report.problem("other_key", detail=label)
            return None
        if not self.key.signed(str(note)):
            self.report.problem("forged", last=found.size, detail=label)
            return None
        signed = 0
        for witness in self.witnesses:
            held = [witness.time(note.text, line) is not None for line in note.signatures if witness.owns(line)]
            signed += bool(held) and all(held)
            if not all(held):
                self.report.problem("cosignature", last=found.size, detail=witness.name)
        if self.witnesses and signed >= self.quorum:
            self.quorate.add((found.size, found.root))
        return found

    def _heads(self, outside: Iterable[tuple[str, str]]) -> list[Claim]:
        """What other signed heads say, from within the export and from elsewhere."""
        kept = (self.folder / tiles.HEADS).is_dir() and not (self.folder / tiles.HEADS).is_symlink()
        notes: list[tuple[str, bytes | str]] = list(outside)
        for path in islice((self.folder / tiles.HEADS).iterdir(), HEADS_LIMIT) if kept else ():
            if raw := read_regular(path, NOTE_LIMIT):
                notes.append((f"{tiles.HEADS}/{ascii(path.name)[1:-1][:40]}", raw))
        signed = [(label, self._signed(label, raw)) for label, raw in notes]
        return [Claim(known.size, known.root, "head", label) for label, known in signed if known]

    def _receipts(self, origin: str, chain: Sequence[tuple[int, bytes]] | None) -> list[Claim]:
        """What anchor receipts say; each must stand in the contract, where that was asked."""
        claims = []
        written = set(chain or ())
        path = self.folder / tiles.RECEIPTS
        raw = read_regular(path, RECEIPTS_LIMIT)
        if raw is None and path.exists():
            self.report.problem("receipt", detail=tiles.RECEIPTS)
        for receipt in receipt_lines(raw or b""):
            if isinstance(receipt, int) or receipt.origin != origin:
                where = receipt if isinstance(receipt, int) else receipt.size
                self.report.problem("receipt", detail=f"{tiles.RECEIPTS}: {where}")
                continue
            root = bytes.fromhex(receipt.root[2:])
            if chain is not None and (receipt.size, root) not in written:
                self.report.problem("anchor_absent", last=receipt.size, detail=ascii(receipt.transaction)[1:-1][:80])
            claims.append(Claim(receipt.size, root, "receipt", ascii(receipt.transaction)[1:-1][:80]))
        return claims

    def _conclude(self, claims: Sequence[Claim], size: int) -> None:
        """Report the claims that do not hold: of each source the first only, for the others follow from it."""
        report = self.report
        told: set[tuple[str, bool | None]] = set()
        for claim in sorted(claims, key=lambda claim: claim.size):
            anchored = claim.source in ("receipt", "chain")
            if claim.agreed:
                report.heads += claim.source == "head"
                report.receipts += claim.source == "receipt"
                report.anchored = claim.size if claim.source == "chain" else report.anchored
                report.cosigned = claim.size if (claim.size, claim.root) in self.quorate else report.cosigned
            elif claim.source == "chain" and claim.size > size:
                report.remark("behind", size, claim.size)
            elif (claim.source, claim.agreed) not in told:
                told.add((claim.source, claim.agreed))
                if claim.agreed is False:
                    held = max((one.size for one in claims if one.agreed and one.size < claim.size), default=0)
                    report.problem("anchor_differs" if anchored else "contradicts", held, claim.size, claim.label)
                elif claim.size > size:
                    report.problem("cut", size, claim.size - 1, claim.label)
                else:
                    report.problem("unprovable", last=claim.size, detail=claim.label)
        if self.witnesses and not report.cosigned:
            report.problem("quorum", detail=f"{self.quorum} / {len(self.witnesses)}")


def log_key(verifier: str) -> Verifier:
    """The log's public key. Raises BadInput."""
    try:
        return Verifier(verifier)
    except ValueError:
        raise BadInput(
            "that is not the verifier key of a log; expected name+id+key, as `tongguan audit export` prints it"
        ) from None


def witness_key(verifier: str) -> CosignatureKey:
    """A witness's public key. Raises BadInput."""
    try:
        return CosignatureKey(verifier)
    except ValueError:
        raise BadInput(
            f"{verifier[:80]!r} is not the verifier key of a witness; expected name+id+key, type 4"
        ) from None
