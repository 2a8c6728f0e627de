"""Anchors on a real chain: anvil, started here, with a contract of its own for every test."""

import hashlib
import http.server
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tongguan.errors import BadInput, BadSettings, Broken, Unavailable
from tongguan.trust.audit import AuditLog
from tongguan.trust.audit.anchor import Receipts, log_id
from tongguan.trust.audit.anchor.anchoring import anchor, anchors_of, check, deploy, receipts_of
from tongguan.trust.audit.anchor.chain import Chain, compiled
from tongguan.trust.settings import Anchor

ROOT = Path(__file__).parents[3]
ANCHOR = ROOT / "src/tongguan/trust/audit/anchor"
ANVIL = Path(os.environ.get("TONGGUAN_ANVIL") or ROOT / "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil")
# Accounts of anvil's well-known test mnemonic; they hold money on test chains only.
KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
OTHER = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"

pytestmark = pytest.mark.skipif(not ANVIL.exists(), reason="no anvil; npm ci brings it")


@contextmanager
def chain_at(*options):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [ANVIL, "--port", str(port), "--silent", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 20
        while True:
            try:
                rpc(url, "eth_chainId")
                break
            except httpx.HTTPError:
                assert process.poll() is None and time.monotonic() < until, "anvil did not start"
                time.sleep(0.05)
        yield url
    finally:
        process.kill()
        process.wait()


def rpc(url, method, *params):
    answer = httpx.post(url, json={"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}).json()
    assert "error" not in answer, answer
    return answer["result"]


@pytest.fixture(scope="module")
def node():
    with chain_at() as url:
        yield url


@pytest.fixture(autouse=True)
def account(monkeypatch, request):
    monkeypatch.setenv("TONGGUAN_ANCHOR_KEY", KEY)
    if "node" in request.fixturenames:
        rpc(request.getfixturevalue("node"), "evm_setAutomine", True)


@pytest.fixture
def log(tmp_path):
    with AuditLog(tmp_path / "audit.db") as made:
        made.append_many([("run", "kim", {"n": n}) for n in range(10)])
        yield made


@pytest.fixture
def settings(node, log):
    plain = Anchor(rpc=node, timeout_s=10)
    return replace(plain, contract=deploy(log, plain, log.append, "kim"))


def put(chain, origin, size, root):
    """Anchor something, whatever log it is of, and wait for it."""
    signed = chain.sign(chain.anchoring(origin, size, root))
    chain.send(signed)
    assert chain.wait(lambda: chain.mined(signed.hash)).done


def kinds(report):
    return sorted({problem.kind for problem in report.problems})


# ---- the contract


def test_the_compiled_contract_is_of_this_source():
    source = (ANCHOR / "AuditAnchor.sol").read_bytes()
    assert compiled()["source_sha256"] == hashlib.sha256(source).hexdigest()


@pytest.mark.skipif(not (ROOT / "node_modules/solc").exists(), reason="no solc; npm ci brings it")
def test_compiling_again_gives_the_same():
    made = subprocess.run(
        ["node", ANCHOR / "compile.cjs"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    assert json.loads(made.stdout) == compiled()


def test_the_contract_only_grows_and_only_writers_write(settings, log, monkeypatch):
    chain = Chain(settings, settings.contract)
    anchor(log, settings, log.append, "kim")
    before = chain.anchors("a")
    assert before == []
    for size, root in ((5, b"\1" * 32), (9, b"\2" * 32)):
        put(chain, "a", size, root)
    assert [(one.size, one.root) for one in chain.anchors("a")] == [(5, b"\1" * 32), (9, b"\2" * 32)]
    for size in (0, 4, 5, 9):
        with pytest.raises(Broken, match="newer head"):
            chain.sign(chain.anchoring("a", size, b"\3" * 32))
    monkeypatch.setenv("TONGGUAN_ANCHOR_KEY", OTHER)
    with pytest.raises(BadSettings, match="may not write"):
        chain.sign(chain.anchoring("a", 10, b"\3" * 32))
    assert [one.size for one in chain.anchors("a")] == [5, 9]


def test_many_anchors_are_read_page_by_page(settings, monkeypatch):
    monkeypatch.setattr("tongguan.trust.audit.anchor.chain.PAGE", 4)
    chain = Chain(settings, settings.contract)
    for size in range(1, 10):
        put(chain, "many", size, size.to_bytes(32, "big"))
        assert [one.size for one in chain.anchors("many")] == list(range(1, size + 1))
    assert chain.newest("many").size == 9 and chain.count("many") == 9


# ---- anchoring


def test_anchor_read_back_and_check(settings, log):
    size, root = log.size, log.root()
    made = anchor(log, settings, log.append, "kim")
    assert (made.size, bytes.fromhex(made.root[2:]), made.chain_id) == (size, root, 31337)
    assert anchors_of(log.verifier.partition("+")[0], settings) == [(size, root)]
    entry = log.entries(newest=True, limit=1)[0]
    assert (entry.kind, entry.actor, entry.body["transaction"]) == ("anchor", "kim", made.transaction)
    assert receipts_of(log).all() == [made]
    second = anchor(log, settings, log.append, "kim")
    assert second.size == size + 1
    found = check(log, settings)
    assert found.ok, found.problems
    assert (found.anchored, found.receipts, found.remarks) == (size + 1, 2, [])


def test_deployed_once_and_used_without_naming_it(node, log):
    plain = Anchor(rpc=node, timeout_s=10)
    with pytest.raises(BadSettings, match="--deploy"):
        anchor(log, plain, log.append, "kim")
    address = deploy(log, plain, log.append, "kim")
    assert anchor(log, plain, log.append, "kim").contract == address
    with pytest.raises(BadInput, match=address):
        deploy(log, plain, log.append, "kim")
    assert log.kinds()["anchor_deploy"] == 1


def test_a_head_that_stands_there_is_not_sent_again(settings, log):
    silent = []

    def record(*entry):
        silent.append(entry)
        return 0

    first = anchor(log, settings, record, "kim")
    again = anchor(log, settings, record, "kim")
    assert first == again and len(silent) == 1
    assert Chain(settings, settings.contract).count(first.origin) == 1


def test_sm3_log(node, tmp_path):
    with AuditLog(tmp_path / "audit.db", suite="guomi") as log:
        log.append("run", "kim", {})
        plain = Anchor(rpc=node, timeout_s=10)
        deploy(log, plain, log.append, "kim")
        root = log.root()
        assert anchor(log, plain, log.append, "kim").root == "0x" + root.hex()
        assert check(log, plain).ok


def test_a_chain_without_fees(log):
    with chain_at(
        "--gas-price", "0", "--block-base-fee-per-gas", "0", "--chain-id", "20200", "--hardfork", "london"
    ) as url:
        plain = Anchor(rpc=url, gas_price=0, chain_id=20200, timeout_s=10)
        deploy(log, plain, log.append, "kim")
        assert anchor(log, plain, log.append, "kim").chain_id == 20200
        assert check(log, plain).ok


def test_confirmations_are_waited_for(settings, log, node):
    deep = replace(settings, confirmations=2, timeout_s=0.3)
    with pytest.raises(Unavailable, match="again later"):
        anchor(log, deep, log.append, "kim")
    assert receipts_of(log).all() == []
    rpc(node, "evm_setIntervalMining", 1)
    try:
        anchor(log, replace(deep, timeout_s=20), log.append, "kim")
    finally:
        rpc(node, "evm_setIntervalMining", 0)
    assert [one.size for one in receipts_of(log).all()] == [11, 12]


# ---- faults on the way


def test_stopped_before_it_was_mined_and_gone_on_with(settings, log, node):
    rpc(node, "evm_setAutomine", False)
    with pytest.raises(Unavailable):
        anchor(log, replace(settings, timeout_s=0.3), log.append, "kim")
    pending = receipts_of(log).pending()
    log.append("run", "kim", {"more": True})
    rpc(node, "evm_setAutomine", True)
    rpc(node, "anvil_mine", "0x1")
    anchor(log, settings, log.append, "kim")
    receipts = receipts_of(log).all()
    assert receipts[0].transaction in pending["hashes"] and receipts[0].size == pending["size"]
    assert [one.size for one in Chain(settings, settings.contract).anchors(receipts[0].origin)] == [11, 13]
    assert check(log, settings).ok


def test_a_transaction_that_the_node_forgot_is_sent_again(settings, log, node):
    rpc(node, "evm_setAutomine", False)
    with pytest.raises(Unavailable):
        anchor(log, replace(settings, timeout_s=0.3), log.append, "kim")
    pending = receipts_of(log).pending()
    rpc(node, "anvil_dropAllTransactions")
    rpc(node, "evm_setAutomine", True)
    made = anchor(log, settings, log.append, "kim")
    assert receipts_of(log).all()[0].transaction == pending["hashes"][0]
    assert made.size == 12 and receipts_of(log).pending() is None


def test_dearer_gas_does_not_hold_it_up(settings, log, node):
    rpc(node, "evm_setAutomine", False)
    with pytest.raises(Unavailable):
        anchor(log, replace(settings, timeout_s=0.3, gas_price=3_000_000_000), log.append, "kim")
    rpc(node, "anvil_setNextBlockBaseFeePerGas", hex(5_000_000_000))
    with pytest.raises(Unavailable):  # sent again, dearer, and still not mined
        anchor(log, replace(settings, timeout_s=0.3, gas_price=9_000_000_000), log.append, "kim")
    assert len(receipts_of(log).pending()["hashes"]) == 2
    rpc(node, "anvil_mine", "0x1")
    rpc(node, "evm_setAutomine", True)
    rpc(node, "anvil_setNextBlockBaseFeePerGas", hex(1_000_000_000))
    anchor(log, replace(settings, gas_price=9_000_000_000), log.append, "kim")
    assert Chain(settings, settings.contract).count(receipts_of(log).all()[0].origin) == 2


def test_another_transaction_took_its_number(settings, log, node):
    rpc(node, "evm_setAutomine", False)
    with pytest.raises(Unavailable):
        anchor(log, replace(settings, timeout_s=0.3), log.append, "kim")
    rpc(node, "anvil_dropAllTransactions")
    rpc(node, "evm_setAutomine", True)
    rpc(node, "eth_sendTransaction", {"from": ADDRESS, "to": ADDRESS, "value": "0x1"})
    made = anchor(log, settings, log.append, "kim")
    assert made.size == 11
    assert len(receipts_of(log).all()) == 1 and check(log, settings).ok


@pytest.mark.parametrize("step", ["add", "set_pending", "record"])
def test_killed_at_every_step(settings, log, monkeypatch, step):
    class Killed(BaseException):
        pass

    def killed(*_):
        raise Killed

    record = log.append
    with monkeypatch.context() as broken:
        if step == "add":
            broken.setattr(Receipts, "add", killed)
        elif step == "set_pending":
            real = Receipts.set_pending
            broken.setattr(
                Receipts, "set_pending", lambda self, value: killed() if value is None else real(self, value)
            )
        else:
            record = killed
        with pytest.raises(Killed):
            anchor(log, settings, record, "kim")
    anchor(log, settings, log.append, "kim")
    receipts = receipts_of(log).all()
    written = [entry.body["transaction"] for entry in log.entries(kind="anchor")]
    assert written == [one.transaction for one in receipts] and len(set(written)) == len(written)
    assert check(log, settings).ok and check(log, settings).remarks == []


def test_a_line_cut_short_is_put_right(settings, log):
    anchor(log, settings, log.append, "kim")
    lines = receipts_of(log).folder / "receipts.jsonl"
    with lines.open("ab") as file:
        file.write(b'{"origin":"ton')
    anchor(log, settings, log.append, "kim")
    assert len(receipts_of(log).all()) == 2


def test_two_at_once(settings, log):
    with receipts_of(log).alone(), pytest.raises(BadInput, match="under way"):
        anchor(log, settings, log.append, "kim")


def test_node_down(settings, log):
    anchor(log, settings, log.append, "kim")
    gone = replace(settings, rpc="http://127.0.0.1:9")
    for act in (lambda: anchor(log, gone, log.append, "kim"), lambda: check(log, gone)):
        with pytest.raises(Unavailable, match="does not answer"):
            act()
    anchor(log, settings, log.append, "kim")
    assert check(log, settings).ok


def test_an_account_without_money(node, log, monkeypatch):
    monkeypatch.setenv("TONGGUAN_ANCHOR_KEY", "0x" + "11" * 32)
    with pytest.raises(Unavailable, match=r"pay|funds"):
        deploy(log, Anchor(rpc=node, timeout_s=5, gas_price=10**10), log.append, "kim")
    assert receipts_of(log).pending() is None


@pytest.mark.parametrize("key", ["", "not a key at all", "0x1234", "0x" + "00" * 32])
def test_keys_that_are_none(node, log, monkeypatch, key):
    monkeypatch.setenv("TONGGUAN_ANCHOR_KEY", key)
    with pytest.raises(BadSettings) as refused:
        deploy(log, Anchor(rpc=node), log.append, "kim")
    assert not key or key not in str(refused.value)


def test_the_key_from_a_file(node, log, monkeypatch, tmp_path):
    monkeypatch.delenv("TONGGUAN_ANCHOR_KEY")
    (tmp_path / "key").write_text(KEY + "\n")
    assert deploy(log, Anchor(rpc=node, timeout_s=10, key_file=str(tmp_path / "key")), log.append, "kim")
    for file in tmp_path.rglob("*"):
        assert file.name == "key" or not file.is_file() or KEY[2:].encode() not in file.read_bytes()


@pytest.mark.parametrize("address", ["", "0x12", "a contract", "0x" + "g" * 40])
def test_addresses_that_are_none(settings, log, address):
    with pytest.raises(BadSettings):
        anchor(log, replace(settings, contract=address or "x"), log.append, "kim")


@pytest.mark.parametrize(
    "rpc", ["", "localhost:8545", "ftp://x", "http://", "http://x:y", "http://[", "file:///etc/passwd"]
)
def test_nodes_that_are_none(log, rpc):
    with pytest.raises(BadSettings, match="rpc is not an address"):
        deploy(log, Anchor(rpc=rpc), log.append, "kim")


def test_secrets_in_an_address_are_not_shown(log):
    with pytest.raises(Unavailable) as refused:
        deploy(log, Anchor(rpc="http://me:secret1@127.0.0.1:9/secret2?key=secret3"), log.append, "kim")
    assert "127.0.0.1:9" in str(refused.value) and "secret" not in str(refused.value)


def test_another_chain_than_the_settings_name(settings, log):
    with pytest.raises(BadSettings, match="chain 31337, not on 1 "):
        anchor(log, replace(settings, chain_id=1), log.append, "kim")


# ---- what checking finds


def copied(log, place):
    """All the files of a log as they are now, as somebody who owns the machine could keep them."""
    shutil.copytree(log.path.parent, place)
    return place / log.path.name


def test_a_log_that_was_set_back_and_written_on(settings, log, tmp_path):
    old = copied(log, tmp_path / "old")
    log.append("run", "kim", {"secret": "deed"})
    anchor(log, settings, log.append, "kim")
    with AuditLog(old) as back:
        back.append_many([("run", "eve", {})] * 3)
        assert back.verify().ok  # on its own it looks well
        found = check(back, settings)
        assert kinds(found) == ["anchor_differs"]
        with pytest.raises(Broken, match="rewritten"):
            anchor(back, settings, back.append, "kim")


def test_a_log_that_was_cut(settings, log, tmp_path):
    old = copied(log, tmp_path / "old")
    log.append("run", "kim", {"secret": "deed"})
    anchor(log, settings, log.append, "kim")
    with AuditLog(old) as back:
        found = check(back, settings)
        assert kinds(found) == ["rolled_back"]
        assert (found.problems[0].first, found.problems[0].last) == (back.size, 12)
        assert set(found.problems[0].text) == {"zh", "en"}
        with pytest.raises(Broken, match="set back or cut"):
            anchor(back, settings, back.append, "kim")


def test_a_chain_that_was_reorganised(settings, log, node):
    anchor(log, settings, log.append, "kim")
    before = rpc(node, "evm_snapshot")
    anchor(log, settings, log.append, "kim")
    rpc(node, "evm_revert", before)
    rpc(node, "eth_sendTransaction", {"from": ADDRESS, "to": ADDRESS, "value": "0x7"})
    found = check(log, settings)
    assert kinds(found) == ["anchor_absent", "reorganised", "transaction"]
    assert all(problem.last == 12 for problem in found.problems)
    assert found.receipts == 1
    anchor(log, settings, log.append, "kim")  # and the log is anchored again


def test_a_contract_that_was_replaced(settings, log, node):
    anchor(log, settings, log.append, "kim")
    rpc(node, "anvil_setCode", settings.contract, "0x6001600155")
    assert kinds(check(log, settings)) == ["contract_code"]
    with pytest.raises(Broken, match="not the anchor contract"):
        anchor(log, settings, log.append, "kim")
    with pytest.raises(Broken, match="not the anchor contract"):
        anchors_of("x", settings)


def test_a_root_changed_on_the_chain(settings, log, node):
    made = anchor(log, settings, log.append, "kim")
    chain = Chain(settings, settings.contract)
    line = chain._web3.keccak(log_id(made.origin) + (2).to_bytes(32, "big"))
    slot = chain._web3.keccak(line).hex()
    rpc(node, "anvil_setStorageAt", settings.contract, "0x" + slot.removeprefix("0x"), "0x" + "ab" * 32)
    assert {"anchor_differs", "anchor_absent"} <= set(kinds(check(log, settings)))


def test_receipts_of_another_chain(settings, log):
    anchor(log, settings, log.append, "kim")
    with chain_at("--chain-id", "555") as other:
        found = check(log, replace(settings, rpc=other))
        assert kinds(found) == ["chain_id"]


def test_receipts_of_another_contract(settings, log, node, tmp_path):
    anchor(log, settings, log.append, "kim")
    (receipts_of(log).folder / "contract.json").unlink()
    newer = deploy(log, Anchor(rpc=node, timeout_s=10), log.append, "kim")
    found = check(log, replace(settings, contract=newer))
    assert kinds(found) == ["contract_moved"]
    assert settings.contract in found.problems[0].text["en"]


def test_receipts_that_were_lost(settings, log):
    anchor(log, settings, log.append, "kim")
    (receipts_of(log).folder / "receipts.jsonl").unlink()
    found = check(log, settings)
    assert found.ok and found.anchored == 11 and len(found.remarks) == 1


def test_receipts_that_were_forged(settings, log):
    made = anchor(log, settings, log.append, "kim")
    receipts_of(log).add(replace(made, size=made.size + 1, root="0x" + "77" * 32))
    assert {"anchor_absent", "transaction"} <= set(kinds(check(log, settings)))


# ---- nodes that lie


@contextmanager
def proxy(change):
    """A node's answers, changed on the way."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = change(asked)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def test_a_node_that_lies_about_a_block(settings, log, node):
    anchor(log, settings, log.append, "kim")

    def lie(asked):
        answer = httpx.post(node, json=asked).json()
        if asked["method"] == "eth_getBlockByNumber":
            answer["result"]["hash"] = "0x" + "66" * 32
        return json.dumps(answer).encode()

    with proxy(lie) as liar:
        found = check(log, replace(settings, rpc=liar), second=node)
        assert kinds(found) == ["nodes_disagree", "reorganised"]
        assert kinds(check(log, settings, second=liar)) == ["nodes_disagree"]
    assert check(log, settings, second=node).ok


def test_a_node_that_hides_the_newest_anchor(settings, log, node):
    anchor(log, settings, log.append, "kim")

    def hide(asked):
        answer = httpx.post(node, json=asked).json()
        if asked["method"] == "eth_call":
            answer["result"] = "0x" + "00" * 32
        return json.dumps(answer).encode()

    with proxy(hide) as liar:
        assert "nodes_disagree" in kinds(check(log, settings, second=liar))


def test_answers_that_are_none(settings, log):
    answers = [
        b"<html>not a node</html>",
        b"",
        b"[]",
        b"{}",
        b"null",
        b'{"result": null}',
        b'{"result": "0x"}',
        b'{"result": 5}',
        b'{"result": "0x' + b"f" * 100 + b'"}',
        b'{"error": "no"}',
        b'{"error": {"code": -1, "message": 7, "data": []}}',
        b"[" * 100_000,
        b" " * (9 << 20),
    ]
    said = [b""]
    with proxy(lambda asked: said[0]) as url:
        for said[0] in answers:
            for act in (lambda s: anchor(log, s, log.append, "kim"), lambda s: check(log, s)):
                with pytest.raises((Unavailable, BadSettings)):
                    act(replace(settings, rpc=url))
    assert check(log, settings).ok


@pytest.mark.parametrize("method", ["eth_getCode", "eth_call", "eth_getTransactionReceipt", "eth_getBlockByNumber"])
def test_one_answer_that_is_none(settings, log, node, method):
    anchor(log, settings, log.append, "kim")
    said = [None]

    def change(asked):
        if asked["method"] == method:
            return json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": said[0]}).encode()
        return httpx.post(node, json=asked).content

    seen = 0
    with proxy(change) as url:
        for said[0] in (None, 7, "0xzz", "0x01", {}, {"hash": 3}, {"blockNumber": "0x1"}, [], "0x" + "ff" * 64):
            try:
                seen += not check(log, replace(settings, rpc=url)).ok
            except (Unavailable, Broken):
                seen += 1
    assert seen == 9
