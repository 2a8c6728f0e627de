"""`tongguan kinds`: what kind of document a text is, and the model that says so: trained, measured, shown."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tongguan.cli.terminal import Actions, say, table
from tongguan.cli.who import allowed
from tongguan.errors import BadInput
from tongguan.unseen import why_in
from tongguan.wording import Language, on_one_line, readable, wording

if TYPE_CHECKING:
    from tongguan.identify.kinds import Model, Report, Verdict
    from tongguan.model import BlindSpot

__all__ = ["arguments", "unknown"]

TEXTS = "kinds.yaml"


def arguments(parser: argparse.ArgumentParser, language: Language = "zh") -> None:
    """The sub-commands of `kinds`; `language` is that of the terminal."""
    actions = Actions(parser, language)
    classify = actions.add("classify", _classify, "the kind of files, and what spoke for it")
    classify.add_argument("paths", nargs="+", type=Path, metavar="FILE", help="files or folders of any type")
    train = actions.add("train", _train, "a model from labelled texts: KIND/file, KIND/SOURCE/file, or a list")
    train.add_argument("material", type=Path, metavar="FOLDER|LIST.jsonl")
    train.add_argument("--out", type=Path, required=True, metavar="MODEL")
    train.add_argument("--seed", type=int, default=0)
    evaluate = actions.add("evaluate", _evaluate, "a model held against labelled texts that it was not trained on")
    evaluate.add_argument("material", type=Path, metavar="FOLDER|LIST.jsonl")
    show = actions.add("show", _show, "what a model knows, and what it was trained on")
    for action in (classify, evaluate, show):
        action.add_argument("--model", type=Path, metavar="MODEL", help="the one that came along where absent")
        action.add_argument("--json", action="store_true")


def _classify(given: argparse.Namespace) -> int:
    from tongguan.identify import kinds

    allowed("files.identify")
    model = _model(given.model)
    for path in given.paths:
        if not path.exists():
            raise BadInput(f"{path}: no such file or folder")
        for file in sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]:
            try:
                text, spots = kinds.read_text(file)
            except OSError as error:
                text, spots = "", []
                print(f"{on_one_line(str(file))}: {error.strerror}", file=sys.stderr)
            verdict = model.classify(text)
            if given.json:
                print(json.dumps(_line(str(file), verdict) | {"blind_spots": _listed(spots)}, ensure_ascii=False))
            else:
                print(_sentence(str(file), model, verdict, given.lang))
                _tell_unseen(spots, given.lang, str(file))
    return 0


def _train(given: argparse.Namespace) -> int:
    from tongguan.identify import kinds

    allowed("files.identify")
    corpus = kinds.read_corpus(given.material)
    model = kinds.train(corpus, seed=given.seed, progress=lambda step: print(step, file=sys.stderr))
    model.save(given.out)
    _tell_unseen(corpus.blind_spots, given.lang)
    held = model.manifest["held_out"]
    say(TEXTS, "trained", given.lang, texts=len(corpus.documents), kinds=len(model.kinds), file=given.out)
    if held:
        say(TEXTS, "held_out", given.lang, accuracy=f"{held['accuracy']:.1%}", texts=held["texts"])
    return 0


def _evaluate(given: argparse.Namespace) -> int:
    from tongguan.identify import kinds

    allowed("files.identify")
    model = _model(given.model)
    corpus = kinds.read_corpus(given.material)
    report = kinds.evaluate(model, corpus)
    if given.json:
        told = report.to_dict() | {"blind_spots": _listed(corpus.blind_spots)}
        print(json.dumps(told, ensure_ascii=False, indent=1))
        return 0
    _tell(report, model, given.lang)
    if corpus.blind_spots:
        _tell_unseen(corpus.blind_spots, given.lang)
        say(TEXTS, "unseen", given.lang, places=len(corpus.blind_spots))
    return 0


def _listed(spots: list[BlindSpot]) -> list[dict[str, Any]]:
    return [{"where": spot.where, "kind": str(spot.kind), "detail": spot.detail} for spot in spots]


def _tell_unseen(spots: list[BlindSpot], language: Language, inside: str = "") -> None:
    """What could not be read, on standard error. `inside`: the file, of spots that are named by their place in it."""
    for spot in spots:
        where = spot.where if not inside or spot.where == inside else f"{inside}: {spot.where}"
        print(f"{on_one_line(where)}: {why_in(language, spot.kind, spot.detail)}", file=sys.stderr)


def _tell(report: Report, model: Model, language: Language) -> None:
    def share(value: float | None) -> str:
        return "-" if value is None else f"{value:.1%}"

    rows = [
        {"kind": f"{model.name(kind)[language]} ({kind})", "texts": f.texts}
        | {"p": f"P {share(f.precision)}", "r": f"R {share(f.recall)}", "f1": f"F1 {share(f.f1)}"}
        for kind, f in report.kinds.items()
    ]
    table(rows, ("kind", "texts", "p", "r", "f1"), as_json=False)
    wrong = [(a, b, n) for (a, b), n in report.confusion.items() if a != b]
    for label, answer, count in sorted(wrong, key=lambda row: -row[2])[:10]:
        print(f"  {label} → {answer}: {count}")
    say(
        TEXTS, "measured", language, texts=report.texts, accuracy=share(report.accuracy), f1=share(report.macro_f1),
        refused=share(report.refused), false=share(report.false_answers), error=f"{report.calibration_error:.3f}",
    )  # fmt: skip


def _show(given: argparse.Namespace) -> int:
    allowed("files.identify")
    model = _model(given.model)
    if given.json:
        print(json.dumps({**model.manifest, "digest": model.digest}, ensure_ascii=False, indent=1))
        return 0
    for kind in model.kinds:
        print(f"{kind}  {model.name(kind)[given.lang]}")
    for source in model.manifest["sources"]:
        told = "  ".join(f"{key}: {value}" for key, value in source.items() if key != "name")
        print(readable(f"{source['name']}  {told}"))
    say(
        TEXTS, "model", given.lang, day=model.manifest["trained"], texts=model.manifest["texts"], digest=model.digest,
        threshold=model.manifest["threshold"],
    )  # fmt: skip
    return 0


def _model(path: Path | None) -> Model:
    from tongguan.identify import kinds

    return kinds.load(path) if path else kinds.shipped()


def _line(path: str, verdict: Verdict) -> dict[str, Any]:
    return {
        "path": path,
        "kind": verdict.kind,
        "probability": round(verdict.probability, 4),
        "reason": verdict.reason,
        "likely": [[kind, round(chance, 4)] for kind, chance in verdict.likely],
        "evidence": [{"text": e.text, "weight": e.weight, "start": e.start} for e in verdict.evidence],
        "read": verdict.read,
        "length": verdict.length,
    }


def _sentence(path: str, model: Model, verdict: Verdict, language: Language) -> str:
    why = " ".join(f"“{evidence.text}”" for evidence in verdict.evidence[:5])
    if verdict.kind is None:
        return on_one_line(f"{path}: {unknown(verdict.reason, language)}")
    return on_one_line(f"{path}: {model.name(verdict.kind)[language]} {verdict.probability:.0%}  {why}")


def unknown(reason: str | None, language: Language) -> str:
    """Why no kind is named."""
    return wording("tongguan.cli", TEXTS).text(f"unknown_{reason}", language)
