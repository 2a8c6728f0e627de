"""Writing the newest checkpoint to the chain, reading it back, and holding log, receipts and chain against each other.

A transaction is kept before it is sent. Whatever breaks off in between, the next run sends the very same one again and
goes on: nothing is anchored twice, and nothing that was paid for is forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tongguan.errors import BadInput, BadSettings, Broken, Unavailable
from tongguan.trust.audit.anchor.chain import Anchored, Chain, Mined, Signed
from tongguan.trust.audit.anchor.node import Refused
from tongguan.trust.audit.anchor.receipts import Receipt, Receipts
from tongguan.trust.audit.checkpoint import Checkpoint, Verifier, parse
from tongguan.trust.audit.log import AuditLog
from tongguan.trust.audit.recording import Record
from tongguan.trust.audit.report import Report
from tongguan.trust.settings import Anchor

__all__ = ["anchor", "anchors_of", "check", "deploy", "receipts_of"]

ATTEMPTS = 3
RECENT = 50  # entries of the log that are looked through for one about a transaction


def receipts_of(log: AuditLog) -> Receipts:
    """The folder `anchors` beside the log."""
    return Receipts(log.path.parent / "anchors")


def deploy(log: AuditLog, settings: Anchor, record: Record, actor: str) -> str:
    """Put the contract on the chain and return its address, which is kept and used where settings name none."""
    receipts = receipts_of(log)
    with receipts.alone():
        known = receipts.contract()
        if known is not None and receipts.pending() is None:
            raise BadInput(
                f"a contract was deployed from here already: {known['address']} on chain {known['chain_id']}"
            )
        chain = Chain(settings, None)
        work = _Work(log, chain, receipts, record, actor)
        if receipts.pending() is None:
            work.begin(chain.deployment(), {"kind": "deploy"})
        else:
            work.resume()
        made = receipts.contract()
        if made is None:
            raise BadInput("an anchoring was under way and has been finished; run --deploy again if it is still needed")
        return str(made["address"])


def anchor(log: AuditLog, settings: Anchor, record: Record, actor: str) -> Receipt:
    """Write the newest checkpoint to the contract, wait until it stands, read it back and keep a receipt.

    Where it stands there already, its receipt is returned. Raises Unavailable where the node does not answer or the
    chain takes too long (the next run goes on from there), BadSettings, and Broken where the chain holds a head that
    this log does not lead up to.
    """
    receipts = receipts_of(log)
    with receipts.alone():
        chain = Chain(settings, _contract(settings, receipts))
        if not chain.genuine():
            raise Broken(f"the code at {chain.contract} is not the anchor contract of this software; nothing was sent")
        work = _Work(log, chain, receipts, record, actor)
        if receipts.pending() is not None:
            work.resume()
        head = _newest(log)
        before = chain.newest(head.origin)
        if before:
            _refuse_contradiction(log, head, before)
            if before.size == head.size:
                return _receipt_for(receipts, chain, head)
        about = {"kind": "anchor", "origin": head.origin, "size": head.size, "root": head.root.hex()}
        work.begin(chain.anchoring(head.origin, head.size, head.root), about)
        return _receipt_for(receipts, chain, head)


def anchors_of(origin: str, settings: Anchor, contract: str | None = None) -> list[tuple[int, bytes]]:
    """(size, root) of every anchor of a log, for the verification of an export. Raises Broken on a foreign contract."""
    chain = Chain(settings, contract or settings.contract)
    if not chain.genuine():
        raise Broken(f"the code at {chain.contract} is not the anchor contract of this software")
    return [(one.size, one.root) for one in chain.anchors(origin)]


def check(log: AuditLog, settings: Anchor, *, second: str | None = None) -> Report:
    """Hold the log and its receipts against the chain, as one node sees it, or two. Raises Unavailable, BadSettings."""
    receipts = receipts_of(log)
    chain = Chain(settings, _contract(settings, receipts))
    origin = log.verifier.partition("+")[0]
    report = Report(origin=origin, size=log.size, authenticated=True)
    kept = [one for one in receipts.all() if one.origin == origin]
    if not _same_chain(report, chain, kept):
        return report
    if not chain.genuine():
        report.problem("contract_code", detail=str(chain.contract))
        return report
    anchors = chain.anchors(origin)
    _log_against(log, report, anchors)
    _receipts_against(report, chain, kept, anchors)
    if second:
        _nodes_against(report, chain, Chain(settings, chain.contract, rpc=second), origin, kept, anchors)
    report.end()
    return report


# ---- sending


class _Work:
    """One transaction from its making to its receipt. `pending` in the receipts' folder is its state."""

    def __init__(self, log: AuditLog, chain: Chain, receipts: Receipts, record: Record, actor: str) -> None:
        self.log = log
        self.chain = chain
        self.receipts = receipts
        self.record = record
        self.actor = actor

    def begin(self, data: str, about: Mapping[str, Any]) -> None:
        """Sign, keep, then send, and bring to an end."""
        for attempt in range(1, ATTEMPTS + 1):
            signed = self.chain.sign(data)
            self._keep({**about, "data": data, "hashes": []}, signed)
            try:
                self.chain.send(signed)
            except Refused as error:
                self.receipts.set_pending(None)  # it was refused, so it will not be mined
                if attempt == ATTEMPTS or not _nonce(error):
                    raise self.chain.unusable(error) from None
            else:
                break
        self._finish()

    def resume(self) -> None:
        """Take up the kept transaction: send it again where it is not mined, and bring it to an end."""
        pending = self.receipts.pending()
        if pending is None:
            return
        if (pending["chain_id"], pending["contract"]) != (self.chain.id, self.chain.contract):
            raise BadSettings(
                f"a transaction to {pending['contract']} on chain {pending['chain_id']} is not confirmed yet, and the "
                f"settings name {self.chain.contract} on chain {self.chain.id}: put them back, or move "
                "anchors/pending.json aside"
            )
        if self._mined(pending) is not None or self._again(pending):
            self._finish()

    def _finish(self) -> None:
        """Wait until the transaction stands, read back, and keep the receipt."""
        pending = self.receipts.pending() or {}
        mined = self.chain.wait(lambda: self._mined(pending))
        if mined is None:
            raise Unavailable("the transaction was sent but does not stand deep enough yet; run this again later")
        if not mined.done:
            self.receipts.set_pending(None)
            raise Broken("the contract refused the transaction; run `tongguan audit anchor --check`")
        self._conclude(pending, mined)
        self.receipts.set_pending(None)

    def _keep(self, about: Mapping[str, Any], signed: Signed) -> None:
        more = {"raw": signed.raw, "nonce": signed.nonce, "gas_price": signed.gas_price}
        place = {"chain_id": self.chain.id, "contract": self.chain.contract}
        self.receipts.set_pending({**about, **more, **place, "hashes": [*about["hashes"], signed.hash]})

    def _mined(self, pending: Mapping[str, Any]) -> Mined | None:
        for transaction in pending["hashes"]:
            if mined := self.chain.mined(transaction):
                return mined
        return None

    def _again(self, pending: Mapping[str, Any]) -> bool:
        """Send once more what is not mined, dearer where gas has become dearer. False where it never can be."""
        signed = Signed(pending["raw"], pending["hashes"][-1], pending["nonce"], pending["gas_price"])
        try:
            if self.chain.price() > signed.gas_price:
                signed = self.chain.sign(pending["data"], nonce=signed.nonce, above=signed.gas_price)
                self._keep(pending, signed)
            self.chain.send(signed)
        except Refused as error:
            if self._mined(self.receipts.pending() or pending):
                return True
            if not _nonce(error):
                raise self.chain.unusable(error) from None
            self.receipts.set_pending(None)  # another transaction of this account took its place
            return False
        return True

    def _conclude(self, pending: Mapping[str, Any], mined: Mined) -> None:
        if pending["kind"] == "deploy":
            self._deployed(mined)
        else:
            self._anchored(pending, mined)

    def _deployed(self, mined: Mined) -> None:
        if mined.contract is None:
            raise Unavailable("the node does not say at which address the contract was made")
        place = {"address": mined.contract, "chain_id": self.chain.id, "transaction": mined.hash}
        self.chain.contract = mined.contract
        if not self.chain.genuine():
            raise Broken(
                f"the code that was deployed at {mined.contract} is not what was sent; is the node to be trusted?"
            )
        self.receipts.set_contract(place)
        self._entry("anchor_deploy", {**place, "contract": mined.contract, "block": mined.block})

    def _anchored(self, pending: Mapping[str, Any], mined: Mined) -> None:
        size, root = int(pending["size"]), bytes.fromhex(pending["root"])
        anchors = {one.size: one.root for one in self.chain.anchors(pending["origin"])}
        if anchors.get(size) != root or self.chain.event(mined, pending["origin"]) != (size, root):
            raise Broken(
                f"the chain gives another root for {size} entries than was sent; compare with a second node: "
                "`tongguan audit anchor --check --second URL`"
            )
        receipt = Receipt(
            origin=str(pending["origin"]),
            size=size,
            root="0x" + root.hex(),
            chain_id=self.chain.id,
            contract=str(self.chain.contract),
            transaction=mined.hash,
            block=mined.block,
            block_hash=mined.block_hash,
            time=mined.time,
        )
        if not any(one.transaction == mined.hash for one in self.receipts.all()):
            self.receipts.add(receipt)
        about = {"size": size, "root": root.hex(), "chain_id": self.chain.id, "contract": receipt.contract}
        self._entry(
            "anchor", {**about, "transaction": mined.hash, "block": mined.block, "block_hash": mined.block_hash}
        )

    def _entry(self, kind: str, body: Mapping[str, Any]) -> None:
        """One entry a transaction, also where a crash came between it and the end of the work."""
        recent = self.log.entries(limit=RECENT, kind=kind, newest=True)
        if not any(entry.body.get("transaction") == body["transaction"] for entry in recent):
            self.record(kind, self.actor, body)


def _nonce(error: Refused) -> bool:
    """Whether another transaction of the account has that number already."""
    text = str(error).lower()
    return "nonce" in text or "replacement" in text


def _contract(settings: Anchor, receipts: Receipts) -> str | None:
    if settings.contract:
        return settings.contract
    made = receipts.contract()
    return str(made["address"]) if made else None


def _newest(log: AuditLog) -> Checkpoint:
    note = log.checkpoint()
    head = parse(note or "")
    if note is None or head is None or not head.size:
        raise BadInput("the audit log holds no signed checkpoint yet; there is nothing to anchor")
    if not Verifier(log.verifier).signed(note) or head.size > log.size or log.root(head.size) != head.root:
        raise Broken("the newest checkpoint does not hold for this log; run `tongguan audit verify`")
    return head


def _refuse_contradiction(log: AuditLog, head: Checkpoint, before: Anchored) -> None:
    if before.size > head.size:
        raise Broken(
            f"the log holds {head.size} entries, but {before.size} are anchored on the chain: it was set back or cut. "
            "Keep it as evidence; run `tongguan audit anchor --check`"
        )
    if log.root(before.size) != before.root:
        raise Broken(
            f"the log's first {before.size} entries are not those that were anchored: they were rewritten since. Keep "
            "it as evidence; run `tongguan audit anchor --check`"
        )


def _receipt_for(receipts: Receipts, chain: Chain, head: Checkpoint) -> Receipt:
    """The receipt of a head that stands in the contract; a bare one where the receipts were lost."""
    for one in reversed(receipts.all()):
        if (one.origin, one.size, one.contract) == (head.origin, head.size, chain.contract):
            return one
    return Receipt(head.origin, head.size, "0x" + head.root.hex(), chain.id, str(chain.contract), "", 0, "", 0)


# ---- comparing


def _same_chain(report: Report, chain: Chain, kept: list[Receipt]) -> bool:
    others = sorted({one.chain_id for one in kept} - {chain.id})
    if others:
        report.problem("chain_id", detail=f"{chain.id} / {', '.join(map(str, others))}")
    return not others


def _log_against(log: AuditLog, report: Report, anchors: list[Anchored]) -> None:
    """The log's own roots against the contract's: of those that differ, the first."""
    held, size = 0, log.size
    for one in anchors:
        if one.size > size:
            report.problem("rolled_back", size, anchors[-1].size)
            return
        if log.root(one.size) != one.root:
            report.problem("anchor_differs", held, one.size, f"0x{one.root.hex()}")
            return
        held = report.anchored = one.size


def _receipts_against(report: Report, chain: Chain, kept: list[Receipt], anchors: list[Anchored]) -> None:
    """Every receipt against contract, transaction and block; anchors without one are named."""
    written = {(one.size, "0x" + one.root.hex()) for one in anchors}
    here = [one for one in kept if one.contract == chain.contract]
    for other in sorted({one.contract for one in kept} - {chain.contract}, key=str):
        report.problem("contract_moved", detail=ascii(other)[1:-1][:60])
    for one in here:
        before = len(report.problems)
        if (one.size, one.root) not in written:
            report.problem("anchor_absent", last=one.size, detail=one.transaction[:80])
        _receipt_against(report, chain, one)
        report.receipts += len(report.problems) == before
    known = {(one.size, one.root) for one in here}
    for size, _ in sorted(written - known):
        report.remark("unknown_anchor", last=size)


def _receipt_against(report: Report, chain: Chain, one: Receipt) -> None:
    mined = chain.mined(one.transaction)
    block = chain.block(one.block)
    if block is None or block[0] != one.block_hash.lower():
        report.problem("reorganised", last=one.size, detail=f"{one.block} {one.block_hash}"[:100])
    if mined is None or not mined.done or chain.event(mined, one.origin) != (one.size, bytes.fromhex(one.root[2:])):
        report.problem("transaction", last=one.size, detail=one.transaction[:80])
    elif (mined.block, mined.block_hash) != (one.block, one.block_hash.lower()) and block:
        report.problem("reorganised", last=one.size, detail=f"{mined.block} {mined.block_hash}")


def _nodes_against(
    report: Report, chain: Chain, other: Chain, origin: str, kept: list[Receipt], anchors: list[Anchored]
) -> None:
    """What a second node says of the same things."""
    names = f"{chain.node.name}, {other.node.name}"
    if other.id != chain.id:
        report.problem("nodes_disagree", detail=f"{names}: chain {chain.id} / {other.id}")
        return
    if not other.genuine() or other.anchors(origin) != anchors:
        report.problem("nodes_disagree", detail=f"{names}: {chain.contract}")
    for one in kept:
        if chain.block(one.block) != other.block(one.block):
            report.problem("nodes_disagree", detail=f"{names}: {one.block}")
