"""`tongguan policy`: policies checked, tried on files, and registered in the workspace.

Exit codes: 0 done · 1 a rule fired (or, asked for, could not be decided), with --fail-on · 2 bad input, or not allowed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tongguan import trust
from tongguan.cli.terminal import Actions, moment, say, table
from tongguan.cli.who import allowed
from tongguan.errors import BadInput, Broken
from tongguan.trust import access
from tongguan.wording import Language, readable, wording

if TYPE_CHECKING:
    from tongguan.identify.fingerprints.policy import Policies, Policy

__all__ = ["arguments"]

TEXTS = "policy.yaml"
MARKS = {True: "fires", False: "fires_not", None: "undecided"}


def arguments(parser: argparse.ArgumentParser, language: Language = "zh") -> None:
    """The sub-commands of `policy`; `language` is that of the terminal."""
    actions = Actions(parser, language)
    check = actions.add("check", _check, "whether policy files are well formed, and what they say")
    check.add_argument("files", nargs="+", type=Path, metavar="FILE")
    test = actions.add("test", _test, "which rules files and folders would set off, and why")
    test.add_argument("policy", metavar="NAME|FILE")
    test.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    test.add_argument("--fail-on", choices=("fire", "undecided"), help="exit with 1 where a rule fires, or may fire")
    listing = actions.add("list", _list, "the policies of this workspace")
    for action in (check, test, listing):
        action.add_argument("--json", action="store_true")
    add = actions.add("add", _add, "register a policy, or a new version of one")
    add.add_argument("name", metavar="NAME")
    add.add_argument("file", type=Path, metavar="FILE")
    add.add_argument("--off", action="store_true", help="registered, but not in force yet")
    show = actions.add("show", _show, "a registered policy in words, or as it was written")
    show.add_argument("name", metavar="NAME")
    show.add_argument("--version", type=int, metavar="N")
    show.add_argument("--text", action="store_true", help="as it was written")
    for verb, about, on in (
        ("enable", "put a policy in force", True),
        ("disable", "take a policy out of force", False),
    ):
        switch = actions.add(verb, _enable, about)
        switch.add_argument("name", metavar="NAME")
        switch.set_defaults(on=on)
    actions.add("remove", _remove, "remove a policy with all its versions").add_argument("name", metavar="NAME")


def _check(given: argparse.Namespace) -> int:
    from tongguan.identify.fingerprints.policy import load_policy, policy_in_words

    allowed("policies.read")
    for file in given.files:
        policy = load_policy(file)
        if given.json:
            told = {"file": str(file), "policy": policy.name, "rules": policy_in_words(policy)}
            print(json.dumps(told, ensure_ascii=False))
        else:
            say(TEXTS, "good", given.lang, file=readable(str(file)), policy=policy.name, rules=len(policy.rules))
            _tell(policy, given.lang)
    return 0


def _tell(policy: Policy, language: Language) -> None:
    from tongguan.identify.fingerprints.policy import policy_in_words

    for rule in policy_in_words(policy):
        print(f"{rule['rule']} ({rule['severity']})")
        _tell_condition(rule["when"], language, 1)
        if rule["except"]:
            say(TEXTS, "except", language)
            _tell_condition(rule["except"], language, 2)


def _tell_condition(condition: Mapping[str, Any], language: Language, depth: int) -> None:
    print("  " * depth + readable(condition["text"][language]))
    for part in condition["parts"]:
        _tell_condition(part, language, depth + 1)


# ---- test


def _test(given: argparse.Namespace) -> int:
    allowed("files.identify")
    policy = _policy(given.policy)
    worst: bool | None = False
    for path, outcome in _outcomes(policy, given.paths):
        worst = True if outcome["fires"] or worst else (None if outcome["fires"] is None else worst)
        if given.json:
            print(json.dumps({"path": path, **outcome}, ensure_ascii=False))
        else:
            _tell_outcome(path, outcome, given.lang)
    failed = worst is True or (worst is None and given.fail_on == "undecided")
    return 1 if given.fail_on and failed else 0


def _policy(which: str) -> Policy:
    """A file, or the registered policy of a name."""
    from tongguan.identify.fingerprints.policy import load_policy

    return load_policy(Path(which)) if Path(which).exists() else _policies().policy(which)


def _outcomes(policy: Policy, paths: list[Path]) -> Iterator[tuple[str, dict[str, Any]]]:
    from tongguan.identify import Detector
    from tongguan.identify.fingerprints.policy import Asked, evaluate, evidence_of
    from tongguan.model import Content

    key, asked = trust.workspace_key(trust.home()), Asked([policy])
    detector, (tables, documents) = Detector(key), _stores(policy, key)
    for path in _files(paths):
        content = Content(path.name, "", path.stat().st_size, path)
        evidence, _ = evidence_of(content, asked, detector=detector, tables=tables, documents=documents)
        members = [piece.member for piece in evidence.pieces]
        yield str(path), evaluate(policy, evidence).to_dict() | {"members": members}


def _stores(policy: Policy, key: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """The registered fingerprints that it asks and that may be used; any other is told as not loaded."""
    from tongguan.identify.fingerprints.policy import stores_of
    from tongguan.identify.fingerprints.stores import Stores

    who = allowed("fingerprints.match")
    rules, stores = access.load_policy(trust.home()), Stores(trust.home() / "fingerprints", key)
    there = {store.name: store for store in stores.all()}
    found: dict[str, dict[str, Any]] = {"table": {}, "documents": {}}
    for kind, names in stores_of(policy).items():
        for name in names:
            store = there.get(name)
            if store and store.kind == kind and access.may(rules, who, "fingerprints.match", entity=store.entity):
                found[kind][name] = stores.open(name)
    return found["table"], found["documents"]


def _files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.exists():
            raise BadInput(f"{path}: no such file or folder")
    for path in paths:
        yield from sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]


def _tell_outcome(path: str, outcome: Mapping[str, Any], language: Language) -> None:
    say(TEXTS, MARKS[outcome["fires"]], language, path=readable(path), policy=outcome["policy"])
    for rule in outcome["rules"]:
        if rule["fires"] is not False:
            print(f"  {readable(rule['text'][language])} ({rule['severity']})")
            _tell_judged(rule["when"], outcome["members"], language, 2)


def _tell_judged(judged: Mapping[str, Any], members: list[str | None], language: Language, depth: int) -> None:
    mark = {True: "+", False: "-", None: "?"}[judged["truth"]]
    places = " ".join(
        f"{members[piece] + ':' if members[piece] else ''}{start}-{end}"
        for piece, start, end in judged.get("spans", ())[:3]
    )
    print(readable("  " * depth + f"{mark} {judged['text'][language]} {places}".rstrip()))
    for part in judged.get("parts", ()):
        _tell_judged(part, members, language, depth + 1)


# ---- registered


def _list(given: argparse.Namespace) -> int:
    allowed("policies.read")
    rows = [found.to_dict() | {"changed": moment(found.latest.made)} for found in _policies().all()]
    table(rows, ("name", "title", "enabled", "version", "rules", "changed"), given.json)
    return 0


def _add(given: argparse.Namespace) -> int:
    who = allowed("policies.manage")
    try:
        text = given.file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{given.file}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    found = _policies().register(given.name, text, who.name, enabled=not given.off)
    body = {"name": found.name, "version": found.latest.number, "sha256": found.latest.sha256, "on": found.enabled}
    _record("policy_registered", who.name, body)
    say(
        TEXTS,
        "added",
        given.lang,
        name=found.name,
        version=found.latest.number,
        state=_state(found.enabled, given.lang),
    )
    return 0


def _state(enabled: bool, language: Language) -> str:
    return wording("tongguan.cli", TEXTS).text("state.on" if enabled else "state.off", language)


def _show(given: argparse.Namespace) -> int:
    allowed("policies.read")
    policies = _policies()
    if given.text:
        print(readable(policies.text(given.name, given.version)), end="")
    else:
        _tell(policies.policy(given.name, given.version), given.lang)
    return 0


def _enable(given: argparse.Namespace) -> int:
    who = allowed("policies.manage")
    found = _policies().enable(given.name, given.on)
    _record("policy_enabled" if found.enabled else "policy_disabled", who.name, {"name": found.name})
    say(TEXTS, "switched", given.lang, name=found.name, state=_state(found.enabled, given.lang))
    return 0


def _remove(given: argparse.Namespace) -> int:
    who = allowed("policies.manage")
    policies = _policies()
    try:
        name = policies.get(given.name).name
    except Broken:
        name = given.name
    policies.remove(given.name)
    _record("policy_removed", who.name, {"name": name})
    say(TEXTS, "removed", given.lang, name=name)
    return 0


def _policies() -> Policies:
    from tongguan.identify.fingerprints.policy import Policies

    return Policies(trust.home() / "policies", trust.workspace_key(trust.home()))


def _record(kind: str, who: str, body: Mapping[str, Any]) -> None:
    with trust.audit_log() as log:
        log.append(kind, who, body)
