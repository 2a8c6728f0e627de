"""`tongguan audit` as somebody at a terminal has it: what it prints, where, and with which exit code."""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
import yaml

from tongguan.cli import audit
from tongguan.errors import TongguanError
from tongguan.trust.audit import AuditLog

ROOT = Path(__file__).parents[2]
ANVIL = Path(os.environ.get("TONGGUAN_ANVIL") or ROOT / "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil")
KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"  # anvil's well-known first test account


@pytest.fixture
def home(tmp_path, monkeypatch):
    place = tmp_path / "home"
    place.mkdir()
    monkeypatch.setenv("TONGGUAN_HOME", str(place))
    monkeypatch.delenv("TONGGUAN_TOKEN", raising=False)
    monkeypatch.delenv("TONGGUAN_SETTINGS", raising=False)
    with AuditLog(place / "audit.db") as log:
        log.append_many([("run", "kim", {"n": n}) for n in range(600)])
    return place


@pytest.fixture
def tongguan(home, capsys):
    """Runs a command: exit code, standard output, standard error."""

    def run(*words, lang="en"):
        parser = argparse.ArgumentParser()
        audit.arguments(parser)
        given = parser.parse_args([*map(str, words), "--lang", lang])
        try:
            code = given.command(given)
        except TongguanError as error:
            print(f"tongguan: {error}", file=sys.stderr)
            code = error.exit_code
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def verifier(home):
    with AuditLog(home / "audit.db") as log:
        return log.verifier


# ---- as ever


def test_list(tongguan):
    code, out, _ = tongguan("list", "--limit", 3)
    assert code == 0 and [line.split()[0] for line in out.splitlines()] == ["597", "598", "599"]


def test_verify_this_workspace(tongguan, home):
    code, out, err = tongguan("verify")
    assert (code, err) == (0, "") and out.startswith("intact: 600 entries, root ")
    assert tongguan("verify", lang="zh")[1].startswith("intact: 完好，600 条")
    kept = home.parent / "kept"
    shutil.copy(home / "audit.db.checkpoint", kept)
    assert tongguan("verify", "--checkpoint", kept)[0] == 0
    raw = (home / "audit.db").read_bytes()
    (home / "audit.db").write_bytes(raw.replace(b'{"n":17}', b'{"n":71}'))
    code, out, err = tongguan("verify")
    assert code == 1 and out.startswith("BROKEN: ") and "17" in err
    code, out, err = tongguan("verify", lang="zh")
    assert code == 1 and out.startswith("BROKEN: 不完好") and "第 17 条" in err


def test_prove_and_verify_the_proof(tongguan, home, tmp_path):
    code, out, _ = tongguan("prove", 17)
    assert code == 0 and json.loads(out)["index"] == 17
    (tmp_path / "proof").write_text(out)
    assert tongguan("verify", tmp_path / "proof", "--verifier", verifier(home)) == (
        0,
        "holds: the proof is right\n",
        "",
    )
    code, out_, err = tongguan("verify", tmp_path / "proof", lang="zh")
    assert code == 0 and out_ == "holds: 证明成立\n" and "--verifier" in err
    (tmp_path / "proof").write_text(out.replace('\\"n\\":17', '\\"n\\":71'))
    assert tongguan("verify", tmp_path / "proof", "--verifier", verifier(home))[:2] == (
        1,
        "FAILS: the proof is wrong\n",
    )


def test_prove_that_the_log_grew(tongguan, home, tmp_path):
    shutil.copy(home / "audit.db.checkpoint", tmp_path / "early")
    with AuditLog(home / "audit.db") as log:
        log.append("run", "kim", {})
    code, out, _ = tongguan("prove", "--consistency", 600, 601)
    assert code == 0
    (tmp_path / "proof").write_text(out)
    words = ("verify", tmp_path / "proof", "--verifier", verifier(home), "--checkpoint", tmp_path / "early")
    assert tongguan(*words)[0] == 0
    (tmp_path / "proof").write_text(out.replace('"first": 600', '"first": 599'))
    assert tongguan(*words)[0] == 1


@pytest.mark.parametrize(
    "words",
    [
        ("prove",),
        ("prove", "600"),
        ("prove", "-1"),
        ("prove", "1", "--consistency", "1", "2"),
        ("prove", "--consistency", "5", "4"),
        ("prove", "--consistency", "5", "599"),
        ("verify", "nothing-there"),
        ("verify", "--verifier", "x+y+z"),
        ("verify", "--checkpoint", "nothing-there"),
        ("verify", ".", "--verifier", "nothing-there"),
        ("verify", ".", "--rpc", "http://127.0.0.1:9"),
        ("verify", ".", "--rpc", "http://127.0.0.1:9", "--contract", "0x00"),
        ("anchor",),
        ("anchor", "--second", "http://127.0.0.1:9"),
        ("cosign",),
        ("witness", "--log", "not a key"),
        ("witness", "--name", "a b"),
    ],
)
def test_bad_input_is_one_clear_line(tongguan, words):
    code, out, err = tongguan(*words)
    assert code == 2 and len(err.strip().splitlines()) == 1 and err.startswith("tongguan: "), (out, err)


# ---- an export


def test_export_and_verify_elsewhere(tongguan, home, tmp_path, monkeypatch):
    out = tmp_path / "out"
    code, said, _ = tongguan("export", out)
    assert code == 0 and "601 entries (601 written now)" in said and verifier(home) in said
    key = tmp_path / "key"
    key.write_text(verifier(home) + "\n")
    shutil.copytree(out, tmp_path / "first")
    assert "602 条（本次写入" in tongguan("export", out, lang="zh")[1]
    monkeypatch.setenv("TONGGUAN_HOME", str(tmp_path / "reader"))  # somebody else, who has nothing of ours
    code, said, err = tongguan("verify", out, "--verifier", key, "--checkpoint", tmp_path / "first")
    assert (code, err) == (0, "") and said.startswith("intact: 602 entries") and "1 other signed checkpoints" in said
    assert not (tmp_path / "reader").exists()
    bundle = out / "tile/entries/001"
    bundle.write_bytes(bundle.read_bytes().replace(b'"n":300', b'"n":301'))
    code, said, err = tongguan("verify", out, "--verifier", key)
    assert code == 1 and said.startswith("BROKEN") and "entries 300 to 300" in err
    code, said, err = tongguan("verify", out, "--verifier", key, lang="zh")
    assert code == 1 and "第 300 至 300 条" in err


def test_what_is_not_an_export(tongguan, home, tmp_path):
    (tmp_path / "export.zip").write_bytes(b"PK\3\4" * 10)
    code, _, err = tongguan("verify", tmp_path / "export.zip", "--verifier", verifier(home))
    assert code == 2 and "unpack it" in err
    (tmp_path / "empty").mkdir()
    assert tongguan("verify", tmp_path / "empty", "--verifier", verifier(home))[0] == 1
    code, _, err = tongguan("export", home)
    assert code == 2 and "something else" in err


# ---- who may


def test_what_a_role_may_not_is_denied_and_written_down(tongguan, home, monkeypatch):
    monkeypatch.setenv("TONGGUAN_TOKEN", "tgk_none")
    for words in (("list",), ("verify",), ("prove", 1), ("export", home / "x"), ("anchor",), ("cosign",), ("witness",)):
        code, out, err = tongguan(*words)
        assert code == 2 and out == "" and "token" in err
    monkeypatch.delenv("TONGGUAN_TOKEN")
    assert "denied" in tongguan("list")[1]


# ---- witnesses and the chain


def test_a_witness_at_another_terminal(tongguan, home, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = (
        "import argparse, sys; from tongguan.cli import audit\n"
        "parser = argparse.ArgumentParser(); audit.arguments(parser, 'en'); given = parser.parse_args()\n"
        "sys.exit(given.command(given))"
    )
    words = ["witness", "--log", verifier(home), "--port", str(port), "--name", "witness.example/w"]
    process = subprocess.Popen(
        [sys.executable, "-c", program, *words],
        env={**os.environ, "TONGGUAN_HOME": str(tmp_path / "witness")},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        key = process.stdout.readline().split()[-1]
        assert key.startswith("witness.example/w+") and f":{port}" in process.stdout.readline()
        about = {"name": "w", "verifier": key, "url": f"http://127.0.0.1:{port}"}
        gone = {"name": "gone", "verifier": key, "url": "http://127.0.0.1:9"}
        (home / "settings.yaml").write_text(yaml.safe_dump({"witnesses": [about]}))
        code, out, _ = tongguan("cosign")
        assert code == 0 and out.startswith("w has signed (20")
        (home / "settings.yaml").write_text(yaml.safe_dump({"witnesses": [about, gone]}))
        code, out, err = tongguan("cosign", lang="zh")
        assert code == 1 and "w 已签名" in out and "gone 未签名" in err
        code, _, err = tongguan("witness", "--log", verifier(home), "--port", port)
        assert code == 2 and "cannot listen" in err
    finally:
        process.terminate()  # an interrupt is ignored by what a shell runs in the background
        process.wait(timeout=10)
        process.stdout.close()
    assert tongguan("export", tmp_path / "out")[0] == 0
    words = ("verify", tmp_path / "out", "--verifier", verifier(home), "--witness", key)
    code, out, _ = tongguan(*words)
    assert code == 0 and "witnesses cosigned the first 601 entries" in out
    assert tongguan(*words, "--quorum", 2)[0] == 2
    with AuditLog(tmp_path / "witness/audit.db") as log:
        assert [entry.body["size"] for entry in log.entries(kind="witness")] == [600, 601]


@pytest.mark.skipif(not ANVIL.exists(), reason="no anvil; npm ci brings it")
def test_anchored_checked_and_verified_from_elsewhere(tongguan, home, tmp_path, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen([ANVIL, "--port", str(port), "--silent"], stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 20
        while True:
            try:
                httpx.post(url, json={"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []})
                break
            except httpx.HTTPError:
                assert time.monotonic() < until
                time.sleep(0.05)
        (home / "settings.yaml").write_text(yaml.safe_dump({"anchor": {"rpc": url}}))
        assert tongguan("anchor")[0] == 2  # no key, no contract
        monkeypatch.setenv("TONGGUAN_ANCHOR_KEY", KEY)
        code, out, _ = tongguan("anchor", "--deploy")
        contract = out.split()[4].rstrip(";")
        assert code == 0 and contract.startswith("0x") and len(contract) == 42
        code, out, _ = tongguan("anchor")
        assert code == 0 and out.startswith("anchored 601 entries") and contract in out
        code, out, _ = tongguan("anchor", "--check", "--second", url)
        assert code == 0 and "the chain anchors the first 601 entries" in out and "1 anchor receipts agree" in out
        tongguan("export", tmp_path / "out")
        key = verifier(home)
        words = ("verify", tmp_path / "out", "--verifier", key)
        assert "1 anchor receipts agree" in tongguan(*words)[1]
        code, out, _ = tongguan(*words, "--rpc", url, "--contract", contract)
        assert code == 0 and "the chain anchors the first 601 entries" in out
        assert tongguan("verify", tmp_path / "out", "--rpc", url, "--contract", contract)[0] == 2
    finally:
        process.kill()
        process.wait()
    code, _, err = tongguan("anchor", "--check")
    assert code == 2 and "does not answer" in err
    code, _, err = tongguan(*words, "--rpc", url, "--contract", contract)
    assert code == 2 and "does not answer" in err
