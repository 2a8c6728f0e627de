"""`tongguan audit`: the log verified and proved, here and away from here; its export, witnesses and anchors.

Exit codes: 0 done, and all is right · 1 something is wrong with what was verified · 2 bad input or usage.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tongguan.errors import BadInput, BadSettings
from tongguan.wording import LANGUAGES, Language, readable, wording

if TYPE_CHECKING:
    from tongguan.trust.audit.report import Report
    from tongguan.trust.settings import Anchor, Settings

__all__ = ["arguments"]

DOCUMENT_LIMIT = 16 << 20  # bytes of a proof
KEY_LIMIT = 4096


def arguments(parser: argparse.ArgumentParser, language: Language = "zh") -> None:
    """The sub-commands of `audit`; `language` is that of the terminal."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")

    def action(name: str, command: Callable[[argparse.Namespace], int], help: str) -> argparse.ArgumentParser:
        made = actions.add_parser(name, help=help)
        made.add_argument("--lang", choices=LANGUAGES, default=language)
        made.set_defaults(command=command)
        return made

    verify = action("verify", _verify, "the whole log of this workspace, an exported log, or a proof")
    verify.add_argument(
        "target", nargs="?", type=Path, metavar="DIR|PROOF.json", help="this workspace's log where absent"
    )
    verify.add_argument(
        "--verifier", metavar="KEY", help="the log's public key as you know it, or a file that holds it"
    )
    verify.add_argument(
        "--checkpoint", action="append", default=[], type=Path, metavar="FILE|DIR", help="an older head"
    )
    verify.add_argument(
        "--witness", action="append", default=[], metavar="KEY", help="a witness that must have cosigned"
    )
    verify.add_argument("--quorum", type=int, metavar="N", help="how many of them are enough; all where absent")
    verify.add_argument("--rpc", metavar="URL", help="ask this node of a chain for the anchors too")
    verify.add_argument("--contract", metavar="ADDRESS", help="the contract that holds them")

    prove = action("prove", _prove, "an inclusion proof of one entry, or that the log only grew, as JSON")
    prove.add_argument("index", type=int, nargs="?")
    prove.add_argument("--consistency", type=int, nargs=2, metavar=("M", "N"), help="that N entries begin with M")

    entries = action("list", _list, "the newest entries")
    entries.add_argument("--limit", type=int, default=20)

    export = action("export", _export, "the log as static files that anybody can verify; again for what is new")
    export.add_argument("folder", type=_named, metavar="DIR")

    anchor = action("anchor", _anchor, "write the newest checkpoint to the chain of the settings")
    anchor.set_defaults(goes_on=True)
    what = anchor.add_mutually_exclusive_group()
    what.add_argument("--deploy", action="store_true", help="put the contract on the chain first")
    what.add_argument("--check", action="store_true", help="hold log and receipts against the chain; write nothing")
    anchor.add_argument("--second", metavar="URL", help="with --check: another node that must agree")

    action("cosign", _cosign, "ask the witnesses of the settings to cosign the newest checkpoint")

    witness = action("witness", _witness, "cosign the logs of others, over HTTP")
    witness.add_argument("--log", action="append", default=[], metavar="KEY", help="verifier key of a log to witness")
    witness.add_argument("--name", help="this witness's name; one from its key where absent")
    witness.add_argument("--host", default="127.0.0.1")
    witness.add_argument("--port", type=int, default=8610)


# ---- verify ------------------------------------------------------------------------------------------------------


def _verify(given: argparse.Namespace) -> int:
    if given.target is None:
        return _verify_here(given)
    if given.target.is_dir():
        return _verify_export(given)
    return _verify_proof(given)


def _verify_here(given: argparse.Namespace) -> int:
    from tongguan import trust
    from tongguan.cli.who import allowed

    if given.verifier or given.witness or given.rpc:
        raise BadInput("--verifier, --witness and --rpc are for an exported log; name its folder")
    allowed("audit.verify")
    with trust.audit_log() as log:
        verdict = log.verify([note for _, note in _notes(given.checkpoint)])
    for problem in verdict.problems:
        print(problem.text[given.lang], file=sys.stderr)
    _say("intact" if verdict.ok else "broken", given.lang, size=verdict.size, root=verdict.root.hex())
    return 0 if verdict.ok else 1


def _verify_export(given: argparse.Namespace) -> int:
    from tongguan.trust.audit.offline import verify_export

    key = _key(given.verifier) if given.verifier else None
    report = verify_export(
        given.target,
        key,
        heads=_notes(given.checkpoint),
        witnesses=[_key(witness) for witness in given.witness],
        quorum=given.quorum,
        chain=_chain(given, key),
    )
    return _told(report, given.lang)


def _chain(given: argparse.Namespace, key: str | None) -> Sequence[tuple[int, bytes]] | None:
    if (given.rpc is None) != (given.contract is None):
        raise BadInput("--rpc and --contract go together: a node, and the contract's address")
    if given.rpc is None:
        return None
    if key is None:
        raise BadInput("--rpc needs --verifier: without the log's key, it is not known which log to look for")
    from tongguan.trust.audit.anchor.anchoring import anchors_of
    from tongguan.trust.settings import Anchor

    return anchors_of(key.partition("+")[0], Anchor(rpc=given.rpc, contract=given.contract))


def _verify_proof(given: argparse.Namespace) -> int:
    from tongguan.trust.audit.consistency import KIND, check_consistency
    from tongguan.trust.audit.proof import check_proof

    document = _document(given.target)
    key = _key(given.verifier) if given.verifier else None
    notes = [note for _, note in _notes(given.checkpoint)]
    if document.get("kind") == KIND:
        holds = check_consistency(document, key, notes)
    else:
        if notes:
            raise BadInput(
                "--checkpoint goes with an exported log or a consistency proof, not with a proof of one entry"
            )
        holds = check_proof(document, key)
    if key is None:
        _say("own_key", given.lang, file=sys.stderr)
    _say("holds" if holds else "fails", given.lang)
    return 0 if holds else 1


def _told(report: Report, language: Language) -> int:
    """Print a report: problems and remarks on standard error, the verdict on standard output."""
    for problem in report.problems:
        print(readable(problem.text[language]), file=sys.stderr)
    for remark in report.remarks:
        print(readable(remark[language]), file=sys.stderr)
    _say("intact" if report.ok else "broken", language, size=report.size, root=report.root.hex())
    for name, count in (("heads", report.heads), ("receipts", report.receipts)):
        if count:
            _say(name, language, count=count)
    for name, size in (("cosigned", report.cosigned), ("anchored", report.anchored)):
        if size:
            _say(name, language, size=size)
    return 0 if report.ok else 1


# ---- prove and list ----------------------------------------------------------------------------------------------


def _prove(given: argparse.Namespace) -> int:
    from tongguan import trust
    from tongguan.cli.who import allowed
    from tongguan.trust.audit.consistency import consistency_json

    if (given.index is None) == (given.consistency is None):
        raise BadInput("name either the entry to prove, or --consistency and two sizes")
    allowed("audit.export")
    with trust.audit_log() as log:
        if given.consistency:
            document = consistency_json(log, *given.consistency)
        elif 0 <= given.index < log.size:
            document = log.proof_json(given.index)
        else:
            raise BadInput(f"there is no entry {given.index}; the log holds {log.size}, counted from 0")
    print(json.dumps(document, ensure_ascii=False, indent=1))
    return 0


def _list(given: argparse.Namespace) -> int:
    from tongguan import trust
    from tongguan.cli.who import allowed

    allowed("audit.read")
    with trust.audit_log() as log:
        for entry in log.entries(max(0, log.size - given.limit), given.limit):
            body = json.dumps(entry.body, ensure_ascii=False)
            print(f"{entry.index:>6}  {entry.ts}  {entry.kind:<12} {entry.actor:<12} {body}")
    return 0


# ---- export ------------------------------------------------------------------------------------------------------


def _export(given: argparse.Namespace) -> int:
    from tongguan import trust
    from tongguan.cli.who import allowed
    from tongguan.trust.audit.anchor.anchoring import receipts_of
    from tongguan.trust.audit.export import export
    from tongguan.trust.audit.witness import Cosigned

    who = allowed("audit.export")
    with trust.audit_log() as log:
        log.append("export", who.name, {"what": "audit", "entries": log.size})
        made = export(
            log, given.folder, heads=list(map(str, Cosigned.of(log).notes())), receipts=receipts_of(log).raw()
        )
        key = log.verifier
    about: dict[str, Any] = {"folder": readable(str(given.folder)), "size": made.size, "entries": made.entries}
    _say("exported", given.lang, **about, root=made.root.hex())
    _say("verifier", given.lang, verifier=key)
    return 0


# ---- anchor ------------------------------------------------------------------------------------------------------


def _anchor(given: argparse.Namespace) -> int:
    from tongguan import trust
    from tongguan.cli.who import allowed
    from tongguan.trust.audit.anchor import anchoring

    if given.second and not given.check:
        raise BadInput("--second goes with --check")
    who = allowed("audit.anchor")
    settings = _anchor_settings(_settings())
    with trust.audit_log() as log:
        if given.check:
            report = anchoring.check(log, settings, second=given.second)
            kinds = sorted({problem.kind for problem in report.problems})
            log.append("anchor_check", who.name, {"size": report.size, "ok": report.ok, "problems": kinds})
            report.root = report.root or log.root(report.size)
            return _told(report, given.lang)
        if given.deploy:
            _say("deployed", given.lang, address=anchoring.deploy(log, settings, log.append, who.name))
            return 0
        made = anchoring.anchor(log, settings, log.append, who.name)
    about: dict[str, Any] = {"transaction": made.transaction or "?", "block": made.block, "contract": made.contract}
    _say("anchor", given.lang, size=made.size, chain=made.chain_id, **about)
    return 0


def _anchor_settings(settings: Settings) -> Anchor:
    if settings.anchor is None:
        raise BadSettings("settings.yaml names no chain; expected `anchor: {rpc: http://…}`, see docs/anchoring.md")
    return settings.anchor


# ---- witnesses ---------------------------------------------------------------------------------------------------


def _cosign(given: argparse.Namespace) -> int:
    from tongguan import trust
    from tongguan.cli.who import allowed
    from tongguan.trust.audit.witness import cosign

    who = allowed("audit.anchor")
    with trust.audit_log() as log:
        found = cosign(log, _settings().witnesses, log.append, who.name)
    for name, when in found.signed.items():
        _say("signed", given.lang, name=name, time=datetime.fromtimestamp(when, UTC).isoformat())
    for name, why in found.refused.items():
        _say("refused", given.lang, name=name, why=why, file=sys.stderr)
    return 1 if found.refused else 0


def _witness(given: argparse.Namespace) -> int:
    from tongguan import trust
    from tongguan.cli.who import allowed
    from tongguan.trust.audit.cosignature import Cosigner
    from tongguan.trust.audit.witness import Witness
    from tongguan.trust.audit.witness_server import WitnessServer
    from tongguan.trust.places import secret

    allowed("audit.anchor")
    home = trust.home()
    try:
        key = Cosigner(secret(home / "witness.key"), given.name)
    except ValueError as error:
        raise BadInput(f"--name: {error}") from None
    _say("witness", given.lang, verifier=key.verifier)
    if not given.log:
        return 0
    with trust.audit_log() as log:
        witness = Witness(home / "witnessed", key, [_key(one) for one in given.log], log.append)
        with closing(_listening(WitnessServer, witness, given)) as server:
            address = f"http://{given.host}:{server.server_address[1]}"
            _say("serving", given.lang, address=address, count=len(given.log))
            server.serve_forever()
    return 0


def _listening(server: Any, witness: object, given: argparse.Namespace) -> Any:
    try:
        made = server(witness, given.host, given.port)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadInput(f"cannot listen at {given.host}:{given.port}: {reason}; name another --port") from None
    made.close = made.server_close
    return made


# ---- what several need -------------------------------------------------------------------------------------------


def _settings() -> Settings:
    from tongguan import trust
    from tongguan.trust.settings import load_settings

    return load_settings(trust.home())


def _notes(paths: Sequence[Path]) -> list[tuple[str, str]]:
    from tongguan.trust.audit.offline import heads_in

    return [note for path in paths for note in heads_in(path)]


def _key(given: str) -> str:
    """A verifier key, or what is in the file of that name."""
    from tongguan.trust.audit.listing import read_regular

    if given.count("+") >= 2:
        return given.strip()
    found = read_regular(Path(given), KEY_LIMIT)
    if found is None:
        raise BadInput(f"{given[:80]!r} is neither a verifier key (name+id+key) nor a file that holds one")
    return found.decode("utf-8", "replace").strip()


def _document(path: Path) -> dict[str, Any]:
    from tongguan.trust.audit.listing import read_regular

    if not path.exists():
        raise BadInput(f"{path}: no such file; expected the folder of an exported log, or a proof")
    raw = read_regular(path, DOCUMENT_LIMIT)
    try:
        found = json.loads(raw or b"")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadInput(
            f"{path}: not a proof; expected the JSON of `tongguan audit prove`. An export is verified as a folder: "
            "unpack it first"
        )
    return found


def _named(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("is empty; expected a folder")
    return Path(text)


def _say(text: str, language: Language, /, *, file: Any = None, **values: object) -> None:
    print(wording("tongguan.cli", "audit.yaml").text(text, language, **values), file=file, flush=True)
