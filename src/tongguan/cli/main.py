"""One door for people at a terminal.

Exit codes: 0 done · 1 a finding that the user asked to fail on · 2 bad input or usage, with one clear message.
Rooms are imported by the command that needs them, so that each command starts fast.
"""

from __future__ import annotations

import argparse
import gc
import io
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tongguan import __version__, china_time
from tongguan.cli import (
    assets,
    audit,
    evidence,
    fingerprint,
    keys,
    kinds,
    law,
    plugins,
    policy,
    scan,
    templates,
    types,
    users,
)
from tongguan.cli.help import ChineseParser, language_asked
from tongguan.cli.names import names_argument, names_of
from tongguan.cli.ocr import limits_of, ocr_argument
from tongguan.cli.question import readings_argument, readings_of, text_of
from tongguan.cli.terminal import Output, say
from tongguan.cli.who import allowed
from tongguan.errors import TongguanError
from tongguan.unseen import detail_in, why_in
from tongguan.wording import Language, on_one_line, readable, wording

if TYPE_CHECKING:
    from tongguan import border

TEXTS = "main.yaml"
Command = Callable[[argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is returned, also for bad input."""
    for stream in (sys.stdout, sys.stderr):  # what a terminal's encoding lacks is escaped, and ends no command
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    asked = language_asked(sys.argv[1:] if argv is None else argv, _usual_language())
    arguments = _parser(asked).parse_args(argv)
    gc.set_threshold(50_000, 20, 50)  # a run makes millions of small objects that live on: look at them less often
    signal.signal(signal.SIGTERM, _ended)
    try:
        command: Command = arguments.command
        with redirect_stdout(Output(sys.stdout)):
            return command(arguments)
    except TongguanError as error:
        print(f"tongguan: {on_one_line(str(error))}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        stopped = "stopped.goes_on" if getattr(arguments, "goes_on", False) else "stopped"
        say(TEXTS, stopped, getattr(arguments, "lang", _usual_language()), to=sys.stderr)
        return 130
    except OSError as error:
        told = f"{error.filename or 'input or output'}: {error.strerror or error}"
        print(f"tongguan: {on_one_line(told)}", file=sys.stderr)
        return 2


def _ended(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _parser(language: Language) -> argparse.ArgumentParser:
    parser = (ChineseParser if language == "zh" else argparse.ArgumentParser)(
        prog="tongguan",
        description="What data really left, whose it was, which path the law of that day asks, and what was filed.",
    )
    parser.add_argument("--version", action="version", version=f"tongguan {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _decide_arguments(commands.add_parser("decide", help="the path that the law of a day asks, and why"))
    _identify_arguments(commands.add_parser("identify", help="personal data in files, folders or standard input"))
    _restore_arguments(commands.add_parser("restore", help="a capture as Zeek-style logs and extracted files"))
    _inspect_arguments(commands.add_parser("inspect", help="the main job: sources in, verdict, report and ledger out"))
    scan.arguments(
        commands.add_parser("scan", help="databases, folders, buckets into the asset catalogue"), _usual_language()
    )
    assets.arguments(
        commands.add_parser("assets", help="the asset catalogue listed, exported, ruled anew"), _usual_language()
    )
    audit.arguments(
        commands.add_parser("audit", help="the log verified, proved, exported, anchored"), _usual_language()
    )
    law.arguments(commands.add_parser("law", help="the book of the law, and when something is due"), _usual_language())
    users.arguments(commands.add_parser("users", help="accounts, roles, passwords, API tokens"), _usual_language())
    keys.arguments(commands.add_parser("keys", help="keys, the master key and its shares"), _usual_language())
    evidence.arguments(
        commands.add_parser("evidence", help="what is kept sealed: seen, held, checked"), _usual_language()
    )
    fingerprint.arguments(
        commands.add_parser("fingerprint", help="known tables and documents, found again in files"), _usual_language()
    )
    types.arguments(
        commands.add_parser("types", help="the data types that are recognised, and packs of one's own"),
        _usual_language(),
    )
    policy.arguments(
        commands.add_parser("policy", help="when content may not leave as it is: checked, tried, registered"),
        _usual_language(),
    )
    kinds.arguments(commands.add_parser("kinds", help="what kind of document a text is"), _usual_language())
    templates.arguments(
        commands.add_parser("templates", help="rules that class and grade: seen, laid over files, changed, corrected"),
        _usual_language(),
    )
    plugins.arguments(
        commands.add_parser("plugins", help="what other packages add, and whether it can be used"), _usual_language()
    )
    _serve_arguments(commands.add_parser("serve", help="the console on loopback"))
    return parser


# ---- decide ------------------------------------------------------------------------------------------------------


def _decide_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("facts", type=Path, metavar="FACTS.yaml")
    readings_argument(parser)
    parser.add_argument("--json", action="store_true", help="the answer as JSON")
    _language_argument(parser)
    parser.set_defaults(command=_decide)


def _decide(arguments: argparse.Namespace) -> int:
    from tongguan import law, walk

    asked, readings = text_of(arguments.facts), readings_of(arguments.reading, "ground_for_ciio=closed")
    actor = allowed("decisions.ask").name
    decision = walk.decide(asked, readable(str(arguments.facts)), actor, readings=readings)
    if arguments.json:
        print(json.dumps(law.decision_json(decision), ensure_ascii=False, indent=1))
    else:
        print(readable(law.explain(decision, arguments.lang)))
    return 0


# ---- identify ----------------------------------------------------------------------------------------------------


def _identify_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", metavar="PATH", help="files, folders, or - for standard input")
    parser.add_argument("--json", action="store_true", help="one JSON line a finding")
    parser.add_argument("--reveal", action="store_true", help="show values instead of masked samples")
    parser.add_argument("--names", action="store_true", help="read names and what is said of persons in prose (extras)")
    ocr_argument(parser)
    parser.add_argument("--explain", action="store_true", help="what made the score of each finding")
    parser.add_argument("--kinds", action="store_true", help="also a line for the kind of each document")
    _language_argument(parser)
    parser.set_defaults(command=_identify)


def _identify(arguments: argparse.Namespace) -> int:
    from tongguan import identify, trust

    allowed("files.reveal" if arguments.reveal else "files.identify")
    key = trust.workspace_key(trust.home())
    lines = identify.identify_lines(
        arguments.paths, key, arguments.reveal, names=arguments.names, explain=arguments.explain, kinds=arguments.kinds,
        limits=limits_of(arguments),
    )  # fmt: skip
    for line in lines:
        print(json.dumps(line, ensure_ascii=False) if arguments.json else _identified(line, arguments.lang))
    return 0


def _identified(line: dict[str, Any], language: Language) -> str:
    path, member = str(line.get("path") or ""), str(line.get("member") or "")
    where = on_one_line("!".join(part for part in (path, "" if path.endswith(f"/{member}") else member) if part))
    if "blind_spot" in line:
        why = why_in(language, line["blind_spot"], line.get("detail", ""))
        return f"{where}: {detail_in(language, 'not seen')}: {why}"
    if "kind" in line:
        kind = line["name"][language] if line["kind"] else kinds.unknown(line["reason"], language)
        return f"{where}: {kind} ({line['probability']:.0%})"
    mark = " sensitive" if line["sensitive"] else ""
    text = on_one_line(line["text"])
    name = f"{wording(__package__, TEXTS).text('in_name', language)} " if line.get("place") == "name" else ""
    found = f"{name}{line['start']}-{line['end']} {line['type']} {text} ({line['level']}{mark}, {line['score']})"
    return "\n".join([f"{where}:{found}", *(f"    {reason[language]}" for reason in line.get("why", ()))])


# ---- restore -----------------------------------------------------------------------------------------------------


def _restore_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("captures", nargs="+", type=Path, metavar="CAPTURE")
    parser.add_argument("--out", type=_folder, required=True, metavar="DIR")
    parser.set_defaults(command=_restore)


def _restore(arguments: argparse.Namespace) -> int:
    from tongguan import capture, progress

    allowed("inspections.run")
    with progress.shown() as show:
        summary = capture.restore(arguments.captures, arguments.out, progress=show)
    print(f"{summary.packets:,} packets, {summary.bytes:,} bytes, {summary.flows:,} flows → {arguments.out}")
    return 0


# ---- inspect -----------------------------------------------------------------------------------------------------


def _inspect_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sources", nargs="+", type=Path, metavar="SOURCE", help="captures, folders, or files")
    parser.add_argument("--org", type=Path, required=True, metavar="ORG.yaml")
    parser.add_argument("--out", type=_folder, required=True, metavar="DIR")
    parser.add_argument(
        "--as-of", type=_day, default=None, metavar="DATE", help="the day whose law is asked; today where absent"
    )
    parser.add_argument(
        "--evidence", choices=("alerts", "none"), default="alerts",
        help="which originals are sealed in the evidence store: those that alerts rest on, or none",
    )  # fmt: skip
    names_argument(parser)
    ocr_argument(parser)
    parser.add_argument(
        "--policy", action="append", type=Path, default=[], dest="policies", metavar="FILE",
        help="hold what left against a policy; may be repeated",
    )  # fmt: skip
    parser.add_argument("--policies", action="store_true", dest="registered", help="against the registered policies")
    parser.add_argument(
        "--fingerprints", action="append", default=[], metavar="NAME",
        help="against a registered store of fingerprints; may be repeated",
    )  # fmt: skip
    parser.add_argument("--kinds", action="store_true", help="tell which kinds of documents left, for each recipient")
    parser.add_argument("--fail-on", choices=("alert",), help="exit with 1 where there is one")
    _language_argument(parser)
    parser.set_defaults(command=_inspect, goes_on=True)


def _inspect(arguments: argparse.Namespace) -> int:
    from tongguan import law, progress, walk

    by = allowed("inspections.run")
    law.zone_list_ids()  # opens the book: a bad pack is told before the work is done
    watch = _watch(arguments)
    with progress.shown() as show:
        result = walk.inspect(
            arguments.sources,
            arguments.org,
            arguments.out,
            arguments.as_of or china_time.today(),
            by,
            keep=arguments.evidence == "alerts",
            names=names_of(arguments),
            watch=watch,
            ocr=arguments.ocr,
            ocr_seconds=arguments.ocr_seconds,
            progress=show,
        )
    print(walk.verdict(result, arguments.lang))
    print(arguments.out / "report.html")
    return 1 if arguments.fail_on == "alert" and result["alerts"] else 0


def _watch(arguments: argparse.Namespace) -> border.Watch | None:
    """The policies and fingerprints that were asked for."""
    if not (arguments.policies or arguments.registered or arguments.fingerprints or arguments.kinds):
        return None
    from tongguan import trust
    from tongguan.casework.policies import watch_of
    from tongguan.trust import access

    home = trust.home()
    who, rules = allowed("inspections.run"), access.load_policy(home)
    return watch_of(
        home,
        trust.workspace_key(home),
        arguments.policies,
        registered=arguments.registered,
        fingerprints=arguments.fingerprints,
        kinds=arguments.kinds,
        allowed=lambda store: access.may(rules, who, "fingerprints.match", entity=store.entity),
    )


# ---- serve -------------------------------------------------------------------------------------------------------


def _serve_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--workspace", type=Path, required=True, metavar="DIR", help="an output folder of `inspect`")
    parser.add_argument("--org", type=Path, required=True, metavar="ORG.yaml")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8600)
    parser.set_defaults(command=_serve)


def _serve(arguments: argparse.Namespace) -> int:
    from tongguan import identify, law, registry, service, trust

    law.zone_list_ids()  # opens the book: a bad pack is told before anybody asks
    registry.parts(identify.RECOGNISERS)  # likewise a plug-in
    service.serve(arguments.workspace, arguments.org, trust.home(), arguments.host, arguments.port)
    return 0


# ---- arguments that several commands share -----------------------------------------------------------------------


def _language_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lang", choices=("zh", "en"), default=_usual_language())


def _usual_language() -> Language:
    """Chinese, unless the user's locale is English or the terminal cannot show it."""
    try:
        "通关".encode(sys.stdout.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return "en"
    return "en" if os.environ.get("LANG", "").startswith("en") else "zh"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; expected YYYY-MM-DD") from None


def _folder(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("is empty; expected a folder")
    return Path(text)
