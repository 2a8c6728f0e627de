"""The contract on its chain: reading anchors, and signing and sending the transactions that add them.

Transactions are of the plain kind (gas price, chain id as in EIP-155), which every EVM chain takes.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

from tongguan.errors import BadSettings, Broken, Missing, Unavailable
from tongguan.trust.audit.anchor.node import Node, Refused
from tongguan.trust.audit.anchor.receipts import log_id
from tongguan.trust.settings import Anchor, secret_of

__all__ = ["Anchored", "Chain", "Mined", "Signed", "compiled"]

PAGE = 256  # anchors that one call asks for
ANCHORS_LIMIT = 1 << 20
POLL_S = 0.1
POLL_MAX_S = 2.0


@cache
def compiled() -> Mapping[str, Any]:
    """abi, bytecode, runtime, source_sha256, compiler, evm of the contract."""
    found: Mapping[str, Any] = json.loads(files(__package__).joinpath("contract.json").read_text(encoding="utf-8"))
    return found


@dataclass(frozen=True, slots=True)
class Anchored:
    """An anchor as it stands in the contract."""

    size: int
    root: bytes
    time: int  # POSIX seconds


@dataclass(frozen=True, slots=True)
class Signed:
    """A transaction ready to be sent. `raw` holds no secret: whoever sends it, it does the same."""

    raw: str
    hash: str
    nonce: int
    gas_price: int


@dataclass(frozen=True, slots=True)
class Mined:
    """Where a transaction came to stand."""

    hash: str
    block: int
    block_hash: str
    time: int
    contract: str | None  # that it made
    done: bool  # False where it was reverted
    logs: tuple[Mapping[str, Any], ...]


class Chain:
    """One contract as one node sees it; `contract` may be None before it is deployed.

    Raises BadSettings where the chain is another than the settings ask for, Missing without web3, Unavailable.
    """

    def __init__(self, settings: Anchor, contract: str | None, *, rpc: str | None = None) -> None:
        self._settings = settings
        self._web3 = _web3()
        self.node = Node(rpc or settings.rpc)
        self.contract = _address(self._web3, contract) if contract else None
        self._abi = self._web3.eth.contract(abi=compiled()["abi"])
        self.id = self._number("eth_chainId")
        if settings.chain_id is not None and self.id != settings.chain_id:
            raise BadSettings(f"anchor: {self.node.name} is on chain {self.id}, not on {settings.chain_id} (chain_id)")

    # ---- read

    def genuine(self) -> bool:
        """Whether the code at the contract's address is the contract's."""
        code = self._data("eth_getCode", self._to(), "latest")
        return code == bytes.fromhex(compiled()["runtime"][2:])

    def count(self, origin: str) -> int:
        """How many anchors a log has."""
        return int(self._view("count", log_id(origin))[0])

    def anchors(self, origin: str, first: int = 0) -> list[Anchored]:
        """A log's anchors, oldest first. Raises Broken where they do not grow, as they must."""
        number = self.count(origin)
        if number > ANCHORS_LIMIT:
            raise Unavailable(f"{self.node.name} speaks of {number} anchors, more than can be true")
        found: list[Anchored] = []
        while first < number:
            page = self._view("list", log_id(origin), first, PAGE)[0]
            if not page:
                raise Unavailable(f"{self.node.name} has fewer anchors than it says")
            found += [Anchored(size, root, when) for root, size, when in page]
            first += len(page)
        if any(before.size >= after.size for before, after in pairwise(found)):
            raise Broken(f"{self.node.name} gives anchors that do not grow: it is not to be trusted")
        return found

    def newest(self, origin: str) -> Anchored | None:
        number = self.count(origin)
        return self.anchors(origin, number - 1)[-1] if number else None

    def writer(self, address: str) -> bool:
        """Whether an account may add anchors."""
        return bool(self._view("writers", _address(self._web3, address))[0])

    def mined(self, transaction: str) -> Mined | None:
        """Where a transaction stands, None where it does not yet, or no longer."""
        found = self._table("eth_getTransactionReceipt", transaction)
        if found is None or found.get("blockNumber") is None:
            return None
        node, number = self.node, self.node.number(found.get("blockNumber"))
        block = self.block(number)
        logs = found.get("logs")
        made = found.get("contractAddress")
        return Mined(
            hash=transaction,
            block=number,
            block_hash=node.text(found.get("blockHash")),
            time=block[1] if block else 0,
            contract=_address(self._web3, made) if isinstance(made, str) and len(made) == 42 else None,
            done=node.number(found.get("status", "0x0")) == 1,
            logs=tuple(one for one in logs if isinstance(one, dict)) if isinstance(logs, list) else (),
        )

    def block(self, number: int) -> tuple[str, int] | None:
        """Hash and time of a block, None where the chain is not that long."""
        found = self._table("eth_getBlockByNumber", hex(number), False)
        return None if found is None else (self.node.text(found.get("hash")), self._time(found.get("timestamp")))

    def event(self, mined: Mined, origin: str) -> tuple[int, bytes] | None:
        """Size and root that a transaction anchored for a log, as its event says."""
        topic = "0x" + self._web3.keccak(text="Anchored(bytes32,uint64,bytes32,address)").hex().removeprefix("0x")
        for one in mined.logs:
            topics = [str(part).lower() for part in one.get("topics", ())]
            where = str(one.get("address", "")).lower()
            if topics[:2] == [topic, "0x" + log_id(origin).hex()] and where == self._to().lower():
                return self.node.number(topics[2]), bytes.fromhex(self.node.text(one.get("data"))[2:])
        return None

    # ---- write

    @property
    def account(self) -> Any:
        """The sending account. Raises BadSettings; the key is never shown."""
        settings = self._settings
        secret = secret_of(settings.key_env, settings.key_file)
        if secret is None:
            raise BadSettings(f"anchor: no private key: set {settings.key_env}, or key_file to the name of a file")
        try:
            return self._web3.eth.account.from_key(secret)
        except Exception:  # web3 raises many kinds, some of which quote what they were given
            raise BadSettings("anchor: the private key is not 32 bytes of hex") from None

    def deployment(self) -> str:
        return str(compiled()["bytecode"])

    def anchoring(self, origin: str, size: int, root: bytes) -> str:
        """What a transaction that anchors a head says."""
        return str(self._abi.encode_abi("anchor", args=[log_id(origin), size, root]))

    def sign(self, data: str, *, nonce: int | None = None, above: int = 0) -> Signed:
        """A transaction to the contract, or one that makes it. `above`: a gas price that was too low."""
        account = self.account
        settings, to = self._settings, self.contract
        about: dict[str, Any] = {"from": account.address, "data": data} | ({"to": to} if to else {})
        gas = self._estimate(about)
        price = settings.gas_price if settings.gas_price is not None else self._number("eth_gasPrice")
        price = max(price, above + above // 8 + 1 if above else 0)
        if nonce is None:
            nonce = self._number("eth_getTransactionCount", account.address, "pending")
        transaction = {
            "nonce": nonce,
            "gasPrice": price,
            "gas": gas + gas // 4,
            "value": 0,
            "data": data,
            "chainId": self.id,
        } | ({"to": to} if to else {})
        signed = account.sign_transaction(transaction)
        return Signed(_hex(signed.raw_transaction), _hex(signed.hash), nonce, price)

    def send(self, signed: Signed) -> None:
        """Hand a transaction to the node, which may know it already. Raises Refused."""
        try:
            self.node.ask("eth_sendRawTransaction", signed.raw)
        except Refused as error:
            text = str(error).lower()
            if "nonce" in text or not ("already" in text or "known transaction" in text):
                raise

    def price(self) -> int:
        """What gas costs now."""
        return self._settings.gas_price if self._settings.gas_price is not None else self._number("eth_gasPrice")

    def wait(self, look: Callable[[], Mined | None]) -> Mined | None:
        """The transaction once it stands as deep as the settings ask, None where that takes too long."""
        until = time.monotonic() + self._settings.timeout_s
        pause = POLL_S
        while True:
            mined = look()
            if mined and self._number("eth_blockNumber") - mined.block + 1 >= self._settings.confirmations:
                block = self.block(mined.block)
                if block and block[0] == mined.block_hash:
                    return mined
            if time.monotonic() > until:
                return None
            time.sleep(pause)
            pause = min(POLL_MAX_S, pause * 1.5)

    def _estimate(self, about: Mapping[str, Any]) -> int:
        try:
            return self.node.quantity("eth_estimateGas", about)
        except Refused as error:
            raise self._reason(error, str(about["from"])) from None

    def _reason(self, error: Refused, account: str) -> Exception:
        selector = {name: "0x" + self._web3.keccak(text=name).hex().removeprefix("0x")[:8] for name in _ERRORS}
        if error.data.startswith(selector["NotWriter()"]):
            return BadSettings(f"anchor: the account {account} may not write to the contract {self.contract}")
        if error.data.startswith(selector["NotGrown(uint64)"]):
            return Broken("the chain holds a newer head of this log; run `tongguan audit anchor --check`")
        return self.unusable(error)

    def unusable(self, error: Refused) -> Exception:
        """An error of the node as one of ours."""
        text = str(error).lower()
        if "insufficient funds" in text or "insufficient balance" in text:
            return Unavailable(f"the sending account cannot pay for the transaction: {error}")
        if "fee" in text or "underpriced" in text:
            return BadSettings(f"anchor: the gas price is too low for this chain: {error}")
        return Unavailable(f"{self.node.name} refuses: {error}")

    # ---- within

    def _view(self, name: str, *values: object) -> Any:
        data = self._abi.encode_abi(name, args=list(values))
        found = self._data("eth_call", {"to": self._to(), "data": data}, "latest")
        try:
            return self._web3.codec.decode(_ANSWERS[name], found)
        except Exception:  # eth_abi raises many kinds
            raise Unavailable(
                f"{self.node.name} finds no anchor contract at {self.contract}; is the address right, and the node up "
                "to date?"
            ) from None

    def _to(self) -> str:
        if self.contract is None:
            raise BadSettings("anchor: no contract yet; run `tongguan audit anchor --deploy`, or set `contract`")
        return self.contract

    def _time(self, found: object) -> int:
        seconds = self.node.number(found)
        return seconds // 1000 if seconds > 1 << 36 else seconds  # FISCO BCOS counts milliseconds

    def _number(self, method: str, *params: object) -> int:
        return int(self._plainly(self.node.quantity, method, *params))

    def _data(self, method: str, *params: object) -> bytes:
        return bytes(self._plainly(self.node.data, method, *params))

    def _table(self, method: str, *params: object) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self._plainly(self.node.table, method, *params)
        return found

    def _plainly(self, ask: Callable[..., Any], method: str, *params: object) -> Any:
        try:
            return ask(method, *params)
        except Refused as error:
            raise Unavailable(f"{self.node.name} refuses {method}: {error}") from None


_ANSWERS = {"count": ["uint256"], "list": ["(bytes32,uint64,uint64)[]"], "writers": ["bool"]}
_ERRORS = ("NotWriter()", "NotGrown(uint64)")


def _web3() -> Any:
    limit = sys.getrecursionlimit()
    try:
        from web3 import Web3
    except ImportError:
        raise Missing("anchoring needs web3; install it with: pip install 'tongguan[anchor]'") from None
    finally:
        sys.setrecursionlimit(limit)  # a part of web3 raises it so high that deep JSON would crash the interpreter
    return Web3()


def _address(web3: Any, text: str) -> str:
    if not web3.is_address(text):
        raise BadSettings(f"anchor: {text[:60]!r} is not the address of a contract; expected 0x and 40 hex digits")
    return str(web3.to_checksum_address(text))


def _hex(value: bytes) -> str:
    return "0x" + bytes(value).hex()
