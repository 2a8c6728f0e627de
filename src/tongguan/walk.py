"""The walk on one page: what the terminal, the console and jobs call.

capture ─► restore ─► identify ─► locate ─► count ─► judge ─► reconcile ─► act
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tongguan import law, trust, whole_file
from tongguan.errors import BadInput, CannotWrite
from tongguan.model import BlindKind, Decision
from tongguan.plain_file import blocks
from tongguan.wording import Language, readable, wording

if TYPE_CHECKING:
    from tongguan import border
    from tongguan.casework.keeping import Safe
    from tongguan.casework.seeing import Reader
    from tongguan.trust.access import Principal

__all__ = ["decide", "inspect", "verdict"]

Progress = Callable[[int, int, str], None]
Result = dict[str, Any]

_IMAGES = 1000  # pictures that one run looks into


# ---- the two things that are asked -------------------------------------------------------------------------------


def decide(text: str, name: str, actor: str, *, readings: Mapping[str, str] | None = None) -> Decision:
    """The path that the law asks for these facts (YAML) by the readings taken, sealed in the audit log.

    Raises BadFacts where the facts are malformed, CannotWrite where the log cannot be written.
    """
    decision = law.decide(law.parse_facts(text, name), readings=readings)
    body: dict[str, Any] = {"facts": _digest(text.encode()), "date": decision.date, "pathway": decision.pathway.value}
    if readings:
        body["readings"] = dict(readings)
    with trust.audit_log() as log:
        log.append("decision", actor, body)
    return decision


def inspect(
    sources: Sequence[Path],
    org_path: Path,
    out: Path,
    as_of: date,
    by: Principal,
    *,
    keep: bool = True,
    names: bool | None = None,
    watch: border.Watch | None = None,
    ocr: bool = True,
    ocr_seconds: float | None = None,
    progress: Progress | None = None,
) -> Result:
    """Read the sources, judge what left by the law of `as_of`, and write result, reports and ledger into `out`.

    `names`: read names in running prose by a model; None where its extra is installed. True raises Missing without it.
    `ocr`: look into pictures, where that extra is installed, up to 1000 of them in a run, for `ocr_seconds` of each
    content.
    `watch`: policies and fingerprints that what may have left is held against; see `casework.policies`.
    `keep`: seal the originals that alerts rest on, and the reports, in the evidence store; `by` does so.

    The ledger in `out` grows from run to run. What it holds is not read into it twice, so that an interrupted run goes
    on where it stopped. Raises BadInput for unusable sources or an unusable organisation, CannotWrite.
    """
    from tongguan import border, identify
    from tongguan.casework.keeping import Safe
    from tongguan.casework.seeing import Reader
    from tongguan.trust.opening import open_trust

    started = time.monotonic()
    org = border.load_org(org_path)
    _make_folder(out)
    with open_trust(trust.home()) as room, border.Ledger(out / "ledger") as ledger:
        begun = room.record(
            "run_started", by.name, {"as_of": as_of.isoformat(), "org": org.digest, "sources": len(sources)}
        )
        run = f"RUN-{begun:06d}"
        safe = Safe(room.evidence, org.exporter.name, run, by) if keep else None
        with identify.names_in_prose(names) as prose:
            detector = identify.Detector(trust.workspace_key(trust.home()), as_of=as_of, prose=prose)
            reader = Reader(detector, identify.Limits.of_pictures(ocr, ocr_seconds), _IMAGES)
            read = _read(sources, org, ledger, reader, safe, watch, progress)
        result = _judge(org, ledger, as_of, watch)
        if not prose.reads_names or _names_unread(result):
            result["coverage"]["detectors_off"] = list(identify.NAME_TYPES)
        result["run"] |= {"id": run, "sources": read, "seconds": round(time.monotonic() - started, 2)}
        if safe:
            safe.name_evidence(result["alerts"])
        index = room.record("run", by.name, _sealed(result))
        result["run"]["audit"] = {"index": index, "root": room.audit.root().hex()}
        _write(result, out)
        if safe:
            safe.keep_reports(out)
    return result


def verdict(result: Result, language: Language) -> str:
    """What a person wants to know first, in a few lines."""
    words = wording("tongguan", "walk.yaml")
    totals, coverage = result["totals"], result["coverage"]
    lines = [
        words.text(
            "verdict", language, exporter=result["exporter"]["name"], as_of=result["as_of"],
            pathway=law.pathway_name(result["decision"]["pathway"], language),
        ),
        words.text("left", language, crossings=totals["crossings"], **totals["persons"]),
        words.text(
            "counted", language, **totals["counted"]["persons"],
            sensitive=totals["counted"]["sensitive_persons"]["count"],
        ),
    ]  # fmt: skip
    for recipient in result["recipients"]:
        country = law.country_name(recipient["country"], language) if recipient["country"] else "?"
        lines.append(words.text(
            "recipient", language, name=recipient["name"], country=country, persons=recipient["persons"]["count"],
            pathway=law.pathway_name(recipient["decision"]["pathway"], language),
        ))  # fmt: skip
    title = "title" if language == "zh" else "title_en"
    lines += [words.text("alert", language, severity=a["severity"], title=a[title]) for a in result["alerts"]]
    lines.append(
        words.text(
            "unseen",
            language,
            unread=coverage["unread"],
            exchanges=coverage["exchanges"],
            size=coverage["unread_bytes"],
        )
    )
    told = [warning["text"][language] for warning in result["decision"]["warnings"] if warning.get("rule") == "unread"]
    lines[1:1] = told
    lines += [
        words.text("outside", language, count=spot["count"], days=spot["where"])
        for spot in result["blind_spots"]
        if spot["kind"] == "out_of_window"
    ]
    return "\n".join(lines)


# ---- capture, restore, identify, locate --------------------------------------------------------------------------


def _read(
    sources: Sequence[Path],
    org: border.Org,
    ledger: border.Ledger,
    reader: Reader,
    safe: Safe | None,
    watch: border.Watch | None,
    progress: Progress | None,
) -> list[dict[str, Any]]:
    """Every batch of the sources that the ledger does not hold yet, located, read and committed."""
    from tongguan import border, capture
    from tongguan.casework.seeing import see

    locator, cover = border.Locator(org), border.coverer(org)
    originals = border.Originals(cover) if safe else None
    seen: dict[str, dict[str, Any]] = {}
    batches = capture.read(sources, progress=progress)
    for batch in batches:
        source = batch.source
        if source.path not in seen:
            if not seen:
                _same_organisation(ledger, org, sources, watch.mark if watch else "")
            seen[source.path] = {
                "path": readable(source.path),
                "kind": source.kind,
                "size": source.size,
                "sha256": _file_digest(source.path),
            }
        identity = f"{seen[source.path]['sha256']}:{source.path}"
        if batch.ordinal in ledger.done(identity):
            continue
        rows = border.LedgerBatch(cover=cover)
        held = border.HeldBatch(watch) if watch else None
        see(map(locator.locate, batch.exchanges), reader, rows, originals, held, ledger.put_aside)
        rows.blind(batch.blind_spots, source.path)
        rows.blind(reader.detector.blind_spots())
        if safe and originals:  # before the batch counts as read: a run that is killed here keeps them again
            safe.keep(originals.take())
        tally = {"packets": batch.packets, "bytes": batch.bytes, "flows": len(batch.connections)}
        ledger.commit(identity, batch.ordinal, rows, tally)
    return list(seen.values())


def _names_unread(result: Result) -> bool:
    """Whether the model was off, or ended, while anything in the ledger was read."""
    from tongguan import identify

    spots = (spot for spot in result["blind_spots"] if spot["kind"] == BlindKind.DETECTOR_DISABLED)
    return any(spot["detail"].startswith(identify.NAMES_IN_PROSE) for spot in spots)


def _same_organisation(ledger: border.Ledger, org: border.Org, sources: Sequence[Path], watched: str) -> None:
    """Rows located by another organisation file, read under other data types or by other plug-ins, or held against
    other policies, are not comparable: their sources are read again, if they are given."""
    from tongguan import identify, registry

    mark, read_by = ledger.folder / "organisation", org.digest + identify.types_mark() + registry.mark() + watched
    if mark.exists() and mark.read_text(encoding="utf-8") == read_by:
        return
    held = {row["capture"] for row in ledger.query("SELECT DISTINCT capture FROM exchanges").to_pylist()}
    given = {readable(str(path)) for path in sources}
    if lost := sorted(path for path in held if given.isdisjoint((path, *map(str, Path(path).parents)))):
        raise BadInput(
            f"{ledger.folder} holds {len(lost)} sources read under another organisation file, other data types, "
            f"plug-ins or policies, {lost[0]} among them, which are not given now; give them again, or choose "
            "another --out"
        )
    ledger.clear()
    mark.write_text(read_by, encoding="utf-8")


# ---- count, judge, reconcile -------------------------------------------------------------------------------------


def _judge(org: border.Org, ledger: border.Ledger, as_of: date, watch: border.Watch | None) -> Result:
    """The ledger held against the law of a day and against what was filed, in the shape of result.json."""
    from tongguan import border

    summary = border.summarise(ledger, org, as_of)
    decisions = {total.id: _decision(org, summary, total.id, as_of) for total in summary.recipients}
    alerts = border.reconcile(org, summary, as_of, ledger)
    parts = summary.to_dict()
    tally = {"packets": 0, "bytes": 0, "flows": 0} | ledger.tally()
    for recipient in parts["recipients"]:
        recipient["decision"] = decisions[recipient["id"]]
        recipient["differences"] = border.differences(alerts, recipient["id"])
    if watch and watch.kinds:
        kinds = border.kinds_by_recipient(ledger, summary.window)
        for recipient in parts["recipients"]:
            recipient["kinds"] = kinds.get(recipient["id"], {})
    for flow in parts["flows"]:
        flow["pathway"] = decisions[flow["recipient_id"]]["pathway"] if flow["recipient_id"] in decisions else ""
    return {
        "version": 1,
        "as_of": as_of.isoformat(),
        "generated": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "exporter": {key: getattr(org.exporter, key) for key in ("name", "city", "ciio", "zone")},
        "run": {"window": parts.pop("window")},
        "coverage": {**tally, **parts.pop("coverage"), "detectors_off": []},
        "totals": parts["totals"],
        "decision": _decision(org, summary, None, as_of),
        "recipients": parts["recipients"],
        "flows": parts["flows"],
        "unlisted": parts["unlisted"],
        "alerts": [border.alert_dict(alert) for alert in alerts],
        "policies": [] if watch is None else [{"name": p.name, "title": p.policy.name} for p in watch.policies],
        "blind_spots": parts["blind_spots"],
    }  # fmt: skip


def _decision(org: border.Org, summary: border.Summary, recipient: str | None, as_of: date) -> dict[str, Any]:
    """The decision at the estimated number of persons; where the bounds would decide otherwise, it says so."""
    from tongguan import border

    decision = law.decision_json(law.decide(border.facts_for(org, summary, recipient, as_of)))
    bounds = {
        bound: law.decide(border.facts_for(org, summary, recipient, as_of, bound)).pathway.value
        for bound in ("low", "high")
    }
    if set(bounds.values()) != {decision["pathway"]}:
        named = {language: {b: law.pathway_name(p, language) for b, p in bounds.items()} for language in ("zh", "en")}
        texts = wording("tongguan", "walk.yaml").texts["bounds"]
        text = {language: texts[language].format(**named[language]) for language in ("zh", "en")}
        decision["warnings"] = [*decision["warnings"], {"rule": "bounds", **bounds, "text": text}]
    scope = [total for total in summary.recipients if recipient in (None, total.id) and not total.exempt]
    if unread := sum(total.unread for total in scope):
        text = wording("tongguan", "walk.yaml").both("unread", unread=unread)
        decision["warnings"] = [*decision["warnings"], {"rule": "unread", "crossings": unread, "text": text}]
    return decision


# ---- act ---------------------------------------------------------------------------------------------------------


def _sealed(result: Result) -> Mapping[str, Any]:
    """What the audit log keeps of a run: what was read, what was concluded, and the digest of the whole."""
    return {
        "run": result["run"]["id"],
        "as_of": result["as_of"],
        "pathway": result["decision"]["pathway"],
        "crossings": result["totals"]["crossings"],
        "persons": result["totals"]["persons"],
        "alerts": [{"id": alert["id"], "rule": alert["rule"]} for alert in result["alerts"]],
        "blind_spots": sum(spot["count"] for spot in result["blind_spots"]),
        "sources": [{"sha256": source["sha256"], "size": source["size"]} for source in result["run"]["sources"]],
        "result": _digest(_json(result)),
    }


def _write(result: Result, out: Path) -> None:
    """Report first, result last: whoever sees the new result finds its report beside it."""
    from tongguan.casework import report

    report.write_html(result, out / "report.html", "both")
    report.write_docx(result, out / "report.docx", "zh")
    whole_file.replace(out / "result.json", _json(result), private=False)


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        if not os.access(out, os.W_OK | os.X_OK):
            raise PermissionError(13, "permission denied")
    except OSError as error:
        raise CannotWrite(f"{out}: cannot be written: {error.strerror}; choose another --out") from None


def _json(result: Result) -> bytes:
    return json.dumps(result, ensure_ascii=False, indent=1, default=str).encode()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _file_digest(path: str) -> str:
    digest = hashlib.sha256()
    try:
        for block in blocks(Path(path)):
            digest.update(block)
    except OSError:
        return ""  # unreadable: the batch carries its blind spot
    return digest.hexdigest()
