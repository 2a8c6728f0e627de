"""Document kinds: our model beside scikit-learn's on the same texts, in one run.

    python bench/bench_kinds.py --work DIR [--peer PYTHON]

DIR is the work folder of `scripts/kinds/build.py`: labelled texts to train on and texts of other sources to measure on.
PYTHON is an interpreter with scikit-learn (a virtual environment of its own; it is no dependency of ours). The peer is
the usual baseline: TfidfVectorizer on characters (2 to 4, 200,000 features, sublinear) or on words and a linear SVM.
Both see the same samples of the texts. Figures are CPU seconds, one thread.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

PEER = """
import json, pickle, sys, time
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC
train, measure = (json.load(open(path)) for path in sys.argv[1:3])
chars = dict(analyzer="char", ngram_range=(2, 4), max_features=200_000, sublinear_tf=True)
words = dict(max_features=200_000, sublinear_tf=True, ngram_range=(1, 3), analyzer="word",
             token_pattern=r"[a-z]+|[0-9]|[^\\sa-z0-9]")
for name, options in (("characters", chars), ("words", words)):
    begun = time.process_time()
    vectors = TfidfVectorizer(min_df=2, **options)
    model = LinearSVC(class_weight="balanced").fit(vectors.fit_transform([t for t, _ in train]), [k for _, k in train])
    trained = time.process_time() - begun
    begun = time.process_time()
    said = [str(model.predict(vectors.transform([text]))[0]) for text, _ in measure]
    spent = time.process_time() - begun
    size = len(pickle.dumps((vectors.vocabulary_, vectors.idf_, model.coef_, model.intercept_)))
    figures = {"train_s": trained, "classify_s": spent, "bytes": size}
    print(json.dumps({"name": f"scikit-learn, {name}", "said": said, **figures}))
"""


def main() -> None:
    from tongguan.identify import kinds

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--peer", type=Path)
    given = parser.parse_args()
    train, measure = (kinds.read_corpus(given.work / name / "list.jsonl") for name in ("train", "measure"))
    pairs = [(document.text, document.kind) for document in measure.documents]
    groups = [_group(document.source) for document in measure.documents]
    megabytes = sum(len(text.encode("utf-8", "replace")) for text, _ in pairs) / 1e6

    begun = time.process_time()
    model = kinds.train(train, seed=1)
    trained = time.process_time() - begun
    model.classify("")
    begun = time.process_time()
    verdicts = [model.classify(text) for text, _ in pairs]
    spent = time.process_time() - begun
    model.save(given.work / "bench.kinds")
    size = (given.work / "bench.kinds").stat().st_size
    _row("ours, likeliest kind", [v.likely[0][0] for v in verdicts], pairs, groups, trained, spent, megabytes, size)
    answered = [(v.kind, kind) for v, (_, kind) in zip(verdicts, pairs, strict=True) if v.kind]
    known = sum(kind != kinds.NONE for _, kind in pairs)
    right = sum(a == b for a, b in answered) / len(answered)
    print(
        f"ours, answers: to {sum(b != kinds.NONE for _, b in answered) / known:.3f} of known kinds, {right:.4f} right"
    )
    _long(model)
    if given.peer:
        paths = []
        for name, rows in (("train", [(d.text, d.kind) for d in train.documents]), ("measure", pairs)):
            paths.append(given.work / f"bench-{name}.json")
            paths[-1].write_text(json.dumps(rows), encoding="utf-8")
        done = subprocess.run([given.peer, "-c", PEER, *paths], stdout=subprocess.PIPE, check=True, text=True)
        for line in done.stdout.splitlines():
            peer = json.loads(line)
            _row(
                peer["name"], peer["said"], pairs, groups, peer["train_s"], peer["classify_s"], megabytes, peer["bytes"]
            )


def _group(source: str) -> str:
    return source.partition("#")[0] if source.startswith("templates") else "written by others"


def _row(
    name: str,
    said: list[str],
    pairs: list,
    groups: list[str],
    trained: float,
    spent: float,
    megabytes: float,
    size: int,
) -> None:
    print(
        f"{name}: training {trained:.1f} s, {megabytes / spent:.1f} MB/s, "
        f"{1e3 * spent / len(said):.2f} ms a text, {size / 1e6:.1f} MB"
    )
    for group in sorted(set(groups)):
        chosen = Counter(
            (kind, answer) for (_, kind), answer, at in zip(pairs, said, groups, strict=True) if at == group
        )
        names = {kind for kind, _ in chosen} - {"none"}
        scores = []
        for kind in names:
            found = sum(n for (label, answer), n in chosen.items() for part in (label, answer) if part == kind)
            scores.append(2 * chosen[kind, kind] / found)
        right = sum(n for (a, b), n in chosen.items() if a == b) / sum(chosen.values())
        print(
            f"  {group}: accuracy {right:.4f}, macro F1 {sum(scores) / len(scores):.4f}, {sum(chosen.values())} texts",
            flush=True,
        )


def _long(model: object) -> None:
    """A text of 100 MB: what is read is bounded."""
    text = "The snow was falling again, and nobody spoke. " * 2_200_000
    begun = time.process_time()
    verdict = model.classify(text)  # type: ignore[attr-defined]
    print(
        f"ours, {len(text) / 1e6:.0f} MB in one text: {1e3 * (time.process_time() - begun):.1f} ms, "
        f"{verdict.read} characters read"
    )


if __name__ == "__main__":
    sys.exit(main())
