"""Builds the shipped model of document kinds, and measures it on documents of other sources and templates.

    python scripts/kinds/build.py --repositories DIR [--work DIR] [--model FILE]

DIR holds clones of the repositories of material.yaml as OWNER/NAME. Documents made from templates, the material and the
noise are laid into two folders of labelled texts below --work, `train` and `measure`, and the model is trained on the
first and measured on the second. Same material, same model.
"""

from __future__ import annotations

import argparse
import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from grammar import read_templates, write
from material import documents, head
from noise import noise

from tongguan.identify import kinds

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
MADE_TRAIN, MADE_MEASURE, NOISE = 60, 12, 25  # documents of a template, of a family of noise
SEED = 20261121


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repositories", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("var/kinds"))
    parser.add_argument("--model", type=Path, default=ROOT / "src/tongguan/identify/kinds/shipped.kinds")
    parser.add_argument("--again", action="store_true", help="take the texts that lie in --work already")
    given = parser.parse_args()
    if not given.again:
        lay(given.repositories, given.work)
    model = kinds.train(
        kinds.read_corpus(given.work / "train" / "list.jsonl"), seed=SEED, today=date(2026, 11, 21), progress=print
    )
    model.save(given.model)
    print({key: model.manifest[key] for key in ("temperature", "threshold", "coverage", "held_out", "texts", "ngrams")})
    report(model, given.work)


def lay(repositories: Path, work: Path) -> None:
    """Both folders of labelled texts, anew."""
    listed = yaml.safe_load((HERE / "material.yaml").read_text(encoding="utf-8"))
    for name, templates, made in (
        ("train", sorted((HERE / "templates").glob("*.txt")), MADE_TRAIN),
        ("measure", sorted((ROOT / "bench/kinds").glob("*.txt")), MADE_MEASURE),
    ):
        shutil.rmtree(work / name, ignore_errors=True)
        laid = _Laid(work / name)
        for entry in listed[name]:
            commit = head(repositories, entry["repository"])
            laid.about(entry["repository"], {"licence": entry["licence"], "commit": commit})
            for source, text in documents(repositories, entry):
                laid.add(entry["kind"], source, text)
        for path, template in ((file, template) for file in templates for template in read_templates(file)):
            origin = "templates-late" if path.stem.endswith("late") else "templates"
            source = f"{origin}#{template.kind}-{template.language}-{template.family}"
            for number in range(made):
                laid.add(template.kind, source, write(template, number if name == "train" else 10_000 + number))
        laid.about("templates", {"licence": "Apache-2.0, made up by scripts/kinds"})
        if name == "train":
            for family, text in noise(SEED, NOISE):
                laid.add(kinds.NONE, f"noise#{family}", text)
            laid.about("noise", {"licence": "Apache-2.0, made up by scripts/kinds"})
        laid.close()


def report(model: kinds.Model, work: Path) -> None:
    """Figures on the texts of other sources; those of repositories and those made up apart."""
    corpus = kinds.read_corpus(work / "measure" / "list.jsonl")
    groups = {
        "all": "",
        "templates seen while the trainer was made": "templates#",
        "templates written last": "templates-late#",
    }
    for name, start in (*groups.items(), ("written by others", None)):
        chosen = [d for d in corpus.documents if _in(d.source, start)]
        found = kinds.evaluate(model, kinds.Corpus(chosen, corpus.names))
        whole = found.to_dict()
        print(name, {key: value for key, value in whole.items() if not isinstance(value, (dict, list))})
        for kind, figures in found.kinds.items():
            print(f"  {kind:18} {figures.texts:5} P {figures.precision} R {figures.recall} F1 {figures.f1}")
        print("  ", {f"{a}→{b}": n for (a, b), n in sorted(found.confusion.items(), key=lambda row: -row[1]) if a != b})


def _in(source: str, start: str | None) -> bool:
    return not source.startswith("templates") if start is None else source.startswith(start)


class _Laid:
    """A folder of texts with its list, written as it is filled."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._rows: list[str] = []
        self._about: dict[str, Any] = {}

    def add(self, kind: str, source: str, text: str) -> None:
        name = f"{len(self._rows):06}.txt"
        (self._folder / name).write_text(text, encoding="utf-8", errors="replace")
        self._rows.append(json.dumps({"path": name, "kind": kind, "source": source}, ensure_ascii=False))

    def about(self, source: str, facts: dict[str, str]) -> None:
        self._about[source] = facts

    def close(self) -> None:
        (self._folder / "list.jsonl").write_text("\n".join(self._rows) + "\n", encoding="utf-8")
        (self._folder / "sources.yaml").write_text(yaml.safe_dump(self._about, allow_unicode=True), encoding="utf-8")


if __name__ == "__main__":
    main()
