"""`tongguan keys`: the catalogue of keys and the master key, for whoever sets a machine up or rescues it.

Exit codes: 0 done, and all is right · 1 the check found something · 2 bad input, or not allowed.
Passphrases and shares are asked for without echo, or read from standard input; they are never arguments.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tongguan.cli.terminal import DAY_S, Actions, day, lines, moment, new_secret, room, say, secret, table
from tongguan.cli.who import allowed
from tongguan.errors import BadInput
from tongguan.wording import Language, wording

if TYPE_CHECKING:
    from tongguan.trust.keys import Key
    from tongguan.trust.opening import Trust

__all__ = ["arguments"]

TEXTS = "keys.yaml"
PAGE = 500
DOCUMENT_LIMIT = 1 << 20  # bytes
PURPOSES = ("seal", "wrap", "sign", "mac", "derive", "decrypt")
STATES = ("pre-active", "active", "suspended", "retired", "destroyed")
PEM = {"ed25519": "ed25519", "sm2": "sm2", "rsa-pss-3072": "rsa", "rsa-oaep-3072": "rsa"}


def arguments(parser: argparse.ArgumentParser, language: Language = "zh") -> None:
    """The sub-commands of `keys`; `language` is that of the terminal."""
    actions = Actions(parser, language)
    listing = actions.add("list", _list, "the catalogue, by name")
    listing.add_argument("--purpose", choices=PURPOSES)
    listing.add_argument("--state", choices=STATES)
    listing.add_argument("--entity")
    whose = listing.add_mutually_exclusive_group()
    whose.add_argument("--foreign", action="store_const", const=True, default=None, help="other parties' public keys")
    whose.add_argument("--ours", action="store_const", const=False, dest="foreign")
    listing.add_argument("--json", action="store_true")
    actions.add("show", _show, "one key as JSON, with its public half in PEM").add_argument("id")

    create = actions.add("create", _create, "a new key")
    create.add_argument("name")
    create.add_argument("--purpose", choices=PURPOSES, required=True)
    create.add_argument("--algorithm", help="the suite's where absent")
    _about(create)
    create.add_argument("--from", type=day, dest="first", metavar="DATE", help="from this day on, UTC")
    create.add_argument("--waiting", action="store_true", help="not active yet")

    register = actions.add("register", _register, "another party's public key, out of a PEM file")
    register.add_argument("name")
    register.add_argument("file", type=Path)
    register.add_argument("--purpose", choices=("sign", "decrypt"), help="we verify with it, or encrypt to it")
    _about(register)

    for name, help in (
        ("rotate", "a new version; earlier ones still open"),
        ("activate", "from pre-active or suspended"),
        ("suspend", "it does nothing until it is activated again"),
        ("retire", "for good: it only opens and checks"),
        ("destroy", "for good: takes an approval of keys.destroy for the id"),
    ):
        made = actions.add(name, _change, help)
        made.add_argument("id")
        made.set_defaults(change=name)

    policy = actions.add("policy", _policy, "who may use a key; set from JSON as it is shown")
    policy.add_argument("id")
    policy.add_argument("--set", type=Path, metavar="FILE.json")

    master = actions.add("master", _master, "the master keys of this store")
    what = master.add_mutually_exclusive_group()
    what.add_argument("--rotate", action="store_true", help="wrap every key under a new one; the former is kept")
    what.add_argument("--drop", metavar="GENERATION", help="destroy a former one; takes an approval")
    master.add_argument("--json", action="store_true")

    split = actions.add("split", _split, "the master key in shares, printed once: one for each holder")
    split.add_argument("--needed", type=int, required=True, metavar="N", help="so many give it back; 2 to 16")
    split.add_argument("--holder", action="append", required=True, metavar="NAME")
    actions.add("drill", _drill, "whether shares would open the store; changes nothing")
    actions.add("restore", _restore, "give the master key back to a machine that lacks it, out of shares")
    actions.add("passphrase", _passphrase, "seal the master key under another passphrase")
    check = actions.add("check", _check, "hold the key store against the audit log")
    check.add_argument("--json", action="store_true")


def _about(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--owner", required=True, help="who answers for it")
    parser.add_argument("--entity")
    parser.add_argument("--until", type=day, dest="last", metavar="DATE", help="until the end of this day, UTC")


# ---- the catalogue -----------------------------------------------------------------------------------------------


def _list(given: argparse.Namespace) -> int:
    by = allowed("keys.read")
    rows: list[dict[str, Any]] = []
    with room() as trust:
        while True:
            found = trust.keys.list(
                entity=given.entity, purpose=given.purpose, state=given.state, foreign=given.foreign,
                offset=len(rows), limit=PAGE, by=by,
            )  # fmt: skip
            rows += [_row(trust, key) for key in found]
            if len(found) < PAGE:
                break
    table(rows, ["id", "name", "purpose", "algorithm", "state", "version", "owner", "entity"], given.json)
    return 0


def _row(trust: Trust, key: Key) -> dict[str, Any]:
    return {
        "id": key.id, "name": key.name, "purpose": key.purpose, "algorithm": key.algorithm, "owner": key.owner,
        "entity": key.entity, "state": trust.keys.state_now(key), "version": key.version, "foreign": key.foreign,
        "not_before": moment(key.not_before) or None, "not_after": moment(key.not_after) or None,
        "created": moment(key.created), "changed": moment(key.changed), "fingerprint": key.fingerprint,
    }  # fmt: skip


def _show(given: argparse.Namespace) -> int:
    from tongguan.trust.ciphers.pem import public_pem

    by = allowed("keys.read")
    with room() as trust:
        key = trust.keys.get(given.id, by)
        shown = {**_row(trust, key), "policy": key.policy.to_dict(), "public": None}
    if key.public is not None:
        shown["public"] = public_pem(PEM[key.algorithm], key.public)  # type: ignore[arg-type]
    print(json.dumps(shown, ensure_ascii=False, indent=1))
    return 0


def _create(given: argparse.Namespace) -> int:
    by = allowed("keys.create", entity=given.entity)
    with room() as trust:
        key = trust.keys.create(
            name=given.name, purpose=given.purpose, algorithm=given.algorithm, owner=given.owner, entity=given.entity,
            not_before=given.first, not_after=_end(given.last), activate=not given.waiting, by=by,
        )  # fmt: skip
    print(key.id)
    return 0


def _register(given: argparse.Namespace) -> int:
    by = allowed("keys.register", entity=given.entity)
    with room() as trust:
        key = trust.keys.register(
            name=given.name, public=_document(given.file), purpose=given.purpose, owner=given.owner,
            entity=given.entity, not_after=_end(given.last), by=by,
        )  # fmt: skip
    _say("fingerprint", given, to=sys.stderr, fingerprint=key.fingerprint)
    print(key.id)
    return 0


def _change(given: argparse.Namespace) -> int:
    by = allowed("keys.destroy" if given.change == "destroy" else "keys.manage")
    with room() as trust:
        key = getattr(trust.keys, given.change)(given.id, by)
    _say("now", given, id=key.id, state=key.state, version=key.version)
    return 0


def _policy(given: argparse.Namespace) -> int:
    by = allowed("keys.manage" if given.set else "keys.read")
    with room() as trust:
        if given.set:
            try:
                document = json.loads(_document(given.set))
            except (ValueError, RecursionError):
                raise BadInput(f"{given.set}: not JSON; expected what `tongguan keys policy ID` prints") from None
            trust.keys.set_policy(given.id, document, by)
        key = trust.keys.get(given.id, by)
    print(json.dumps(key.policy.to_dict(), ensure_ascii=False, indent=1))
    return 0


# ---- the master key ----------------------------------------------------------------------------------------------


def _master(given: argparse.Namespace) -> int:
    from dataclasses import asdict

    by = allowed("keys.destroy" if given.drop else "keys.master")
    with room() as trust:
        if given.rotate:
            _say("rotated", given, generation=trust.keys.rotate_master(by))
            return 0
        if given.drop:
            trust.keys.drop_master(given.drop, by)
            _say("dropped", given, generation=given.drop)
            return 0
        rows = [{**asdict(one), "made": moment(one.made)} for one in trust.keys.masters(by)]
    table(rows, ["id", "kind", "name", "made", "current", "held", "versions"], given.json)
    return 0


def _split(given: argparse.Namespace) -> int:
    by = allowed("keys.backup")
    with room() as trust:
        shares = trust.keys.split(given.needed, given.holder, by)
    _say("shares", given, to=sys.stderr, needed=given.needed, count=len(shares))
    for share in shares:
        print(f"{share.label}\n{share.words}\n")
    return 0


def _drill(given: argparse.Namespace) -> int:
    by = allowed("keys.restore")
    with room() as trust:
        found = trust.keys.drill(lines(_text("share", given)), by)
    _say("drilled", given, set=found.set_id, master=found.master, keys=found.keys, versions=found.versions)
    return 0


def _restore(given: argparse.Namespace) -> int:
    by = allowed("keys.restore")
    with room() as trust:
        generation = trust.keys.restore(lines(_text("share", given)), by)
    _say("restored", given, generation=generation)
    return 0


def _passphrase(given: argparse.Namespace) -> int:
    by = allowed("keys.master")
    with room() as trust:
        master = trust.settings.master
        known = _known_passphrase(trust)
        old = known if known else secret(_text("old", given))
        trust.keys.change_passphrase(old, new_secret(_text("new", given), _text("again", given)), by)
    _say("passphrase", given, variable=master.passphrase_env, file=master.passphrase_file or "-")
    return 0


def _known_passphrase(trust: Trust) -> str | None:
    """What the settings give already: whoever runs this opens the master key with it anyway."""
    from tongguan.trust.settings import secret_of

    master, own = trust.settings.master, trust.home / "master.passphrase"
    return secret_of(master.passphrase_env, master.passphrase_file) or (
        secret_of(None, str(own)) if own.exists() else None
    )


def _check(given: argparse.Namespace) -> int:
    from dataclasses import asdict

    from tongguan.trust.checking import entries_of

    by = allowed("audit.verify")
    with room() as trust:
        found = trust.keys.check_store(entries_of(trust.audit), by)
    table([asdict(one) for one in found], ["key", "what", "detail"], given.json)
    if not given.json:
        _say("wrong" if found else "right", given, count=len(found))
    return 1 if found else 0


# ---- what several need -------------------------------------------------------------------------------------------


def _end(first: int | None) -> int | None:
    return None if first is None else first + DAY_S


def _document(path: Path) -> str:
    with path.open("rb") as file:
        raw = file.read(DOCUMENT_LIMIT + 1)
    if len(raw) > DOCUMENT_LIMIT:
        raise BadInput(f"{path} has more than {DOCUMENT_LIMIT} bytes")
    return raw.decode("utf-8", "replace")


def _say(key: str, given: argparse.Namespace, *, to: Any = None, **values: object) -> None:
    say(TEXTS, key, given.lang, to=to, **values)


def _text(key: str, given: argparse.Namespace) -> str:
    return wording("tongguan.cli", TEXTS).text(key, given.lang)
